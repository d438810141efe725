import { constants } from 'node:os'
import { join } from 'node:path'
import { METADATA_VERSION, type Metadata } from '../metadata.ts'
import type { SessionResult } from '../native.ts'
import { isoWithZone, writeFileAtomic } from './files.ts'
import { limitFacts } from './host.ts'
import type { Level, Plan } from './plan.ts'
import { type Run, storedCommand } from './run-dir.ts'

export const METADATA_FILE = 'metadata.json'

export function saveMetadata(recordingDir: string, metadata: Metadata): void {
  writeFileAtomic(join(recordingDir, METADATA_FILE), `${JSON.stringify(metadata, null, 2)}\n`)
}

/** What is known before the start; it stays as it is when mymonitor dies. */
export function runningMetadata(run: Run, plan: Plan, level: Level, commit: string | null, now: Date): Metadata {
  return {
    format_version: METADATA_VERSION,
    mymonitor_version: run.record.mymonitor_version,
    state: 'running',
    run_id: run.id,
    project: level.project,
    jobs: level.jobs,
    repeat: level.repeat,
    metric: plan.metric,
    interval_us: plan.intervalUs,
    command: storedCommand(level, plan),
    cwd: level.cwd,
    started_at: isoWithZone(now),
    started_at_unix_us: null,
    duration_us: null,
    exit_code: null,
    signal: null,
    timed_out: false,
    interrupted_by: null,
    start_error: null,
    host: run.record.host,
    limits: limitFacts(),
    source_commit: commit,
    tools: { mymonitor: run.record.mymonitor_version, node: process.versions.node },
    sources: [],
    exec_check_ticks: 0,
    counts: null,
    own_cost: null,
    build_cpu_us: null,
    measurement_error: null,
  }
}

/** The same, completed by what the session says. */
export function finishedMetadata(running: Metadata, result: SessionResult): Metadata {
  return {
    ...running,
    state: result.startError ? 'failed' : 'finished',
    started_at: isoWithZone(new Date(result.startedAtUnixUs / 1000)),
    started_at_unix_us: result.startedAtUnixUs,
    duration_us: result.durationUs,
    exit_code: result.exitCode ?? null,
    signal: result.signal ?? null,
    timed_out: result.timedOut,
    interrupted_by: interruptedBy(result),
    start_error: result.startError?.message ?? null,
    sources: result.sources,
    exec_check_ticks: result.execCheckTicks,
    counts: {
      ticks: result.ticks,
      skipped_ticks: result.skippedTicks,
      late_ticks: result.lateTicks,
      max_late_us: result.maxLateUs,
      rows: result.rows,
      processes: result.processes,
      unreadable_processes: result.unreadableProcesses,
      lost_frames: result.lostFrames,
    },
    own_cost: {
      sampler_cpu_us: result.samplerCpuUs,
      cpu_us: result.ownCpuUs,
      launcher_cpu_us: result.launcherCpuUs,
      peak_rss_kb: result.ownPeakRssKb,
    },
    build_cpu_us: result.buildCpuUs ?? null,
    measurement_error: result.measurementError ?? null,
  }
}

/** The TERM by which a timeout ends the build is nobody's interruption. */
function interruptedBy({ timedOut, interruptedBy: signal }: SessionResult): number | null {
  return timedOut && signal === constants.signals.SIGTERM ? null : (signal ?? null)
}
