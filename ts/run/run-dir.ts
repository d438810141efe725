import { randomUUID } from 'node:crypto'
import { rmdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Metadata } from '../metadata.ts'
import { isoWithZone, makeFreshDirectory, safeName, stampOf, writeFileAtomic } from './files.ts'
import { hostFacts } from './host.ts'
import type { Level, Plan } from './plan.ts'
import { packageVersion } from './version.ts'

export const RUN_FILE = 'run.json'
/** Version of run.json. */
export const RUN_SCHEMA = 1

/** run.json: the plan, the host and the result of each level; rewritten after each level. Field names as in metadata.json. */
export interface RunRecord {
  schema: typeof RUN_SCHEMA
  run_id: string
  mymonitor_version: string
  /** failed: no build could be started */
  state: 'running' | 'finished' | 'interrupted' | 'failed'
  /** ISO 8601 with zone offset. */
  started_at: string
  interrupted_by: number | null
  host: Metadata['host']
  plan: {
    kind: Plan['kind']
    interval_us: number
    metric: Plan['metric']
    compression: string
    timeout_ms: number | null
    fail_fast: boolean
    store_argv: boolean
  }
  levels: LevelRecord[]
}

interface LevelRecord {
  project: string
  jobs: number | null
  repeat: number
  command: string[]
  cwd: string
  /** pending: not ended (yet) · finished: the build ran · failed: it could not be started */
  state: 'pending' | 'finished' | 'failed'
  /** Name of its directory beside run.json. */
  recording: string | null
  exit_status: number | null
  duration_us: number | null
  timed_out: boolean
  interrupted_by: number | null
  peak_kb: number | null
  peak_elapsed_us: number | null
  /** What went wrong on our side. */
  measurement_errors: string[]
}

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
      host: hostFacts(),
      plan: {
        kind: plan.kind,
        interval_us: plan.intervalUs,
        metric: plan.metric,
        compression: plan.compression,
        timeout_ms: plan.timeoutMs ?? null,
        fail_fast: plan.failFast,
        store_argv: plan.storeArgv,
      },
      levels: plan.levels.map((level) => pendingRecord(level, plan)),
    },
  }
  try {
    saveRun(run)
  } catch (error) {
    rmdirSync(run.dir)
    throw error
  }
  return run
}

export function saveRun(run: Run): void {
  writeFileAtomic(join(run.dir, RUN_FILE), `${JSON.stringify(run.record, null, 2)}\n`)
}

/** What of a command may be stored: of a project its build command as a text; with --no-argv only what runs, not its arguments. */
export function storedCommand(level: Level, plan: Pick<Plan, 'storeArgv'>): string[] {
  if (!plan.storeArgv) return level.command.slice(0, 1)
  return level.text === undefined ? level.command : [level.text]
}

/** qemu_j8_pss_20260102_030405 */
export function recordingName(level: Level, metric: Plan['metric'], now: Date): string {
  return `${fileStem(level)}_${metric}_${stampOf(now)}`
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

function pendingRecord(level: Level, plan: Plan): LevelRecord {
  return {
    project: level.project,
    jobs: level.jobs,
    repeat: level.repeat,
    command: storedCommand(level, plan),
    cwd: level.cwd,
    state: 'pending',
    recording: null,
    exit_status: null,
    duration_us: null,
    timed_out: false,
    interrupted_by: null,
    peak_kb: null,
    peak_elapsed_us: null,
    measurement_errors: [],
  }
}
