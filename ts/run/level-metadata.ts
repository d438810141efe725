import { constants } from 'node:os'
import { join } from 'node:path'
import { formatCpuList } from '../config/cpu-list.ts'
import { type ConnectorFacts, type CpuScheduling, type ExitRecords, METADATA_VERSION, type Metadata, type PssFacts } from '../metadata.ts'
import { type ConnectorCounts, type ConnectorUse, loadRecorder, type Recovered, type SessionResult } from '../native.ts'
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
    attached_pid: level.attach ?? null,
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
    cpu_scheduling: cpuScheduling(level),
    full_scan:
      level.processPattern === undefined ? null : { process_pattern: level.processPattern, period_us: loadRecorder().SCAN_PERIOD_US },
    source_commit: commit,
    tools: { mymonitor: run.record.mymonitor_version, node: process.versions.node },
    sources: [],
    exit_records: null,
    connector: null,
    exec_check_ticks: 0,
    counts: null,
    own_cost: null,
    pss: null,
    build_cpu_us: null,
    oom_score_adj: null,
    measurement_error: null,
  }
}

/** The same, completed by what the session says. */
export function finishedMetadata(running: Metadata, plan: Plan, result: SessionResult): Metadata {
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
    sources: sources(running, {
      last_pid: result.lastPid,
      exit_records: result.exitRecords?.state === 'on',
      connector: result.connector.state === 'on',
    }),
    exit_records: result.exitRecords === undefined ? null : exitRecords(result.exitRecords, result.exits, result.privilegeLost),
    connector: connectorFacts(result.connector, result.connectorCounts),
    exec_check_ticks: result.execCheckTicks,
    counts: {
      ticks: result.ticks,
      skipped_ticks: result.skippedTicks,
      late_ticks: result.lateTicks,
      max_late_us: result.maxLateUs,
      rows: result.rows,
      processes: result.processes,
      unreadable_processes: result.unreadableProcesses,
      short_of_descriptors: result.shortOfDescriptors,
      discovery_lag_ticks: result.discoveryLagTicks,
      lost_frames: result.lostFrames,
    },
    own_cost: {
      sampler_cpu_us: result.samplerCpuUs,
      cpu_us: result.ownCpuUs,
      launcher_cpu_us: result.launcherCpuUs,
      peak_rss_kb: result.ownPeakRssKb,
      phase_cpu_us: {
        read: result.phaseCpu.readUs,
        discover: result.phaseCpu.discoverUs,
        rollup: result.phaseCpu.rollupUs,
        encode: result.phaseCpu.encodeUs,
      },
    },
    pss: pssFacts(plan, result),
    build_cpu_us: result.buildCpuUs ?? null,
    oom_score_adj: result.oomScoreAdj ?? null,
    measurement_error: result.measurementError ?? null,
  }
}

/** The same, completed by what the journals told after mymonitor had died. */
export function recoveredMetadata(running: Metadata, { exits, ...recovered }: Recovered): Metadata {
  return {
    ...running,
    state: 'recovered',
    started_at_unix_us: Date.parse(running.started_at) * 1000,
    duration_us: recovered.durationUs ?? null,
    exit_code: recovered.exitCode ?? null,
    signal: recovered.signal ?? null,
    sources: sources(running, { exit_records: exits.records > 0, connector: recovered.connectorCounts !== undefined }),
    exit_records: exitRecords({ state: exits.records > 0 ? 'on' : 'off' }, exits, null),
    connector: recovered.connectorCounts === undefined ? null : connectorFacts({ state: 'on' }, recovered.connectorCounts),
    own_cost: recovered.samplerCpuUs === undefined ? null : { ...UNKNOWN_COST, sampler_cpu_us: recovered.samplerCpuUs },
    build_cpu_us: recovered.buildCpuUs ?? null,
    measurement_error:
      recovered.unreadBytes > 0
        ? `${recovered.unreadBytes} bytes at the end of its journals could not be used; they are still there`
        : null,
  }
}

const UNKNOWN_COST = { cpu_us: null, launcher_cpu_us: null, peak_rss_kb: null, phase_cpu_us: null }

function cpuScheduling({ cpus }: Level): CpuScheduling | null {
  if (cpus === undefined) return null
  const list = (numbers: number[] | null): string | null => (numbers === null ? null : formatCpuList(numbers))
  return { policy: cpus.policy, build_cpus: list(cpus.build), sampler_cpus: list(cpus.sampler) }
}

function sources({ full_scan: fullScan }: Metadata, used: Record<string, boolean>): string[] {
  const found = Object.entries({ children_walk: true, ...used, full_scan: fullScan !== null })
  return found.filter(([, isUsed]) => isUsed).map(([source]) => source)
}

function connectorFacts({ state, reason }: ConnectorUse, counts: ConnectorCounts): ConnectorFacts {
  return {
    state,
    reason: reason ?? null,
    existed: counts.existed,
    unrecorded: counts.unrecorded,
    execs_seen: counts.execs,
    overflows: counts.overflows,
  }
}

function pssFacts(plan: Plan, result: SessionResult): PssFacts {
  const { confirmedPeakTick: tick, confirmedPeakKb: kb } = result
  const { modelCheckTick: checked, modelCheckEstimateKb: estimate, modelCheckMeasuredKb: measured } = result
  return {
    mode: plan.metric === 'rss' ? 'off' : plan.pss,
    budget_percent: plan.pssBudgetPercent,
    rollups: result.rollups,
    rollup_cpu_us: result.rollupCpuUs,
    postponed: result.rollupsPostponed,
    denied: result.pssDenied,
    confirmed_peak: tick === undefined || kb === undefined ? null : { tick, pss_kb: kb },
    model_check:
      checked === undefined || estimate === undefined || measured === undefined
        ? null
        : { tick: checked, estimate_kb: estimate, measured_kb: measured },
  }
}

function exitRecords(
  { state, killable, noNewPrivs, message }: NonNullable<SessionResult['exitRecords']>,
  exits: SessionResult['exits'],
  privilegeLost: string[] | null,
): ExitRecords {
  return {
    state,
    killable: killable ?? null,
    no_new_privs: noNewPrivs ?? null,
    reason: message ?? null,
    records: exits.records,
    dropped: exits.dropped,
    unreadable: exits.unreadable,
    attributed_cpu_us: exits.attributedCpuUs,
    refused_listeners: exits.refusedListeners,
    privilege_lost: privilegeLost,
  }
}

/** The TERM by which a timeout ends the build is nobody's interruption. */
function interruptedBy({ timedOut, interruptedBy: signal }: SessionResult): number | null {
  return timedOut && signal === constants.signals.SIGTERM ? null : (signal ?? null)
}
