import { randomUUID } from 'node:crypto'
import { rmdirSync } from 'node:fs'
import { join } from 'node:path'
import { isoWithZone, makeFreshDirectory, safeName, stampOf, writeFileAtomic } from './files.ts'
import { hostFacts } from './host.ts'
import type { Level, Plan } from './plan.ts'
import { makeReserve, releaseReserve, withReserve } from './reserve.ts'
import { type LevelRecord, RUN_FILE, RUN_SCHEMA, type RunRecord, startTicksOf, storedPlan } from './run-record.ts'
import { packageVersion } from './version.ts'

export interface Run {
  id: string
  /** Absolute. */
  dir: string
  record: RunRecord
}

/** Makes `run_<stamp>` in the plan's output directory and writes the first run.json. */
export function openRun(plan: Plan, now: Date): Run {
  const id = randomUUID()
  const run: Run = {
    id,
    dir: makeFreshDirectory(plan.outputDir, `run_${stampOf(now)}`),
    record: {
      schema: RUN_SCHEMA,
      run_id: id,
      mymonitor_version: packageVersion(),
      state: 'running',
      started_at: isoWithZone(now),
      interrupted_by: null,
      recorder: { pid: process.pid, start_ticks: startTicksOf('self') },
      host: hostFacts(),
      plan: storedPlan(plan),
      levels: plan.levels.map((level) => pendingRecord(level, plan)),
      spread: [],
    },
  }
  try {
    saveRun(run)
    makeReserve(run.dir, reserveBytes(run))
  } catch (error) {
    rmdirSync(run.dir)
    throw error
  }
  return run
}

/** Takes over the directory of an earlier process. */
export function reopenRun(dir: string, record: RunRecord): Run {
  const run: Run = {
    id: record.run_id,
    dir,
    record: {
      ...record,
      mymonitor_version: packageVersion(),
      state: 'running',
      interrupted_by: null,
      recorder: { pid: process.pid, start_ticks: startTicksOf('self') },
      host: hostFacts(),
    },
  }
  saveRun(run)
  makeReserve(dir, reserveBytes(run))
  return run
}

export function saveRun(run: Run): void {
  withReserve(run.dir, () => writeFileAtomic(join(run.dir, RUN_FILE), textOf(run)))
}

/** The last time: nothing more will be written. */
export function closeRun(run: Run, state: RunRecord['state']): void {
  run.record.state = state
  try {
    saveRun(run)
  } finally {
    releaseReserve(run.dir)
  }
}

function textOf({ record }: Run): string {
  return `${JSON.stringify(record, null, 2)}\n`
}

/** For run.json at its end, which has a result for each level, and for the metadata of the last one. */
function reserveBytes(run: Run): number {
  return 4 * textOf(run).length + 16_384
}

/** What of a command may be stored: of a project its build command as a text; with --no-argv only what runs, not its arguments. */
export function storedCommand(level: Level, plan: Pick<Plan, 'storeArgv'>): string[] {
  if (!plan.storeArgv) return level.command.slice(0, 1)
  return level.text === undefined ? level.command : [level.text]
}

/** qemu_j8_pss_20260102_030405; with repeats qemu_j8_pss_20260102_030405_r2 */
export function recordingName(level: Level, { metric, repeat }: Pick<Plan, 'metric' | 'repeat'>, now: Date): string {
  return `${fileStem(level)}_${metric}_${stampOf(now)}${repeat > 1 ? `_r${level.repeat}` : ''}`
}

/** qemu_j8_PSS_KB_report.html */
export function reportName(level: Pick<Level, 'project' | 'jobs'>, metric: Plan['metric'], ending: string): string {
  return `${fileStem(level)}_${metric.toUpperCase()}_KB_report.${ending}`
}

/** qemu_build_summary_plot.html */
export function runPlotName(project: string): string {
  return `${safeName(project)}_build_summary_plot.html`
}

function fileStem({ project, jobs }: Pick<Level, 'project' | 'jobs'>): string {
  return jobs === null ? safeName(project) : `${safeName(project)}_j${jobs}`
}

export function pendingRecord(level: Level, plan: Plan): LevelRecord {
  return {
    project: level.project,
    jobs: level.jobs,
    repeat: level.repeat,
    command: storedCommand(level, plan),
    cwd: level.cwd,
    state: 'pending',
    recording: null,
    interrupted_recordings: [],
    exit_status: null,
    duration_us: null,
    timed_out: false,
    interrupted_by: null,
    peak_kb: null,
    peak_elapsed_us: null,
    measurement_errors: [],
  }
}
