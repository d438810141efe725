import { realpathSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { analyse } from '../analysis/index.ts'
import type { Rules } from '../classify/rules.ts'
import { MyMonitorError } from '../errors.ts'
import { openRecording } from '../recording/recording.ts'
import { CURRENT_DIRECTORY_LINK, messageOf } from '../run/files.ts'
import { hostFacts } from '../run/host.ts'
import type { Plan } from '../run/plan.ts'
import { pendingRecord, type Run, reportName, runPlotName, saveRun } from '../run/run-dir.ts'
import { type LevelRecord, planOf, RUN_FILE, type RunRecord, readRunRecord } from '../run/run-record.ts'
import { isStillRecorded, launcherOf } from '../run/still-running.ts'
import { isFile } from './export.ts'
import { recoverRecording } from './recover-recording.ts'
import type { LevelResult } from './types.ts'

export interface StoredRun {
  /** Absolute. */
  dir: string
  record: RunRecord
  plan: Plan
}

/** Reads what is to be gone on with; changes nothing. */
export function readStoredRun(given: string, cwd: string): StoredRun {
  const dir = resolve(cwd, given)
  const file = join(dir, RUN_FILE)
  if (!isFile(file)) {
    const above = isFile(join(dirname(dir), RUN_FILE)) ? `; its run is ${dirname(dir)}` : ''
    throw usage(`cannot resume ${dir}: it has no ${RUN_FILE}, expected the directory of a run, such as logs/run_20260102_030405${above}`)
  }
  const record = readRunRecord(file)
  const plan = planOf(record, file)
  if (isStillRecorded(record)) throw usage(`cannot resume ${dir}: the run still goes on (pid ${record.recorder.pid}); wait for its end`)
  for (const { state, recording } of record.levels) {
    const launcher = state === 'running' && recording !== null ? launcherOf(join(realpathSync(dir), recording)) : null
    if (launcher !== null)
      throw usage(`cannot resume ${dir}: the build of ${recording} still goes on, below pid ${launcher}; wait for its end, or end it`)
  }
  if (plan.levels.some(({ cwd: directory }) => directory.startsWith(CURRENT_DIRECTORY_LINK)))
    throw usage(`cannot resume ${dir}: the name of the build's directory is not UTF-8, so it could not be stored; record again`)
  return { dir, record, plan }
}

/** The levels to be run (again), by index: what is neither finished nor was interrupted. */
export function unfinishedLevels({ levels }: RunRecord): number[] {
  return levels.flatMap(({ state, interrupted_by }, index) => (state === 'finished' && interrupted_by === null ? [] : [index]))
}

/** Saves what can be saved of levels that were interrupted, and makes them pending. Returns what could not be saved, one line each. */
export async function setAsideUnfinished(run: Run, plan: Plan): Promise<string[]> {
  const problems: string[] = []
  for (const index of unfinishedLevels(run.record)) {
    const level = run.record.levels[index] as LevelRecord
    const { recording, state, interrupted_recordings: earlier } = level
    if (state === 'running' && recording !== null) {
      try {
        recoverRecording(join(run.dir, recording), plan.compression)
      } catch (error) {
        problems.push(messageOf(error))
      }
    }
    // A build that could not be started left nothing behind that could be told from a measurement.
    const kept = recording === null || state === 'failed' ? earlier : [...earlier, recording]
    run.record.levels[index] = { ...pendingRecord(plan.levels[index] as Plan['levels'][number], plan), interrupted_recordings: kept }
  }
  saveRun(run)
  return problems
}

/** What the finished levels came to, as if they had just been recorded. */
export async function finishedResults(
  { dir, record, plan }: StoredRun,
  rules: Rules,
  noRedact: boolean,
): Promise<(LevelResult | undefined)[]> {
  const unfinished = unfinishedLevels(record)
  const results: (LevelResult | undefined)[] = []
  for (const [index, level] of record.levels.entries()) {
    if (unfinished.includes(index)) {
      results.push(undefined)
      continue
    }
    const recording = level.recording === null ? null : join(dir, level.recording)
    const errors = [...level.measurement_errors]
    let analysis: LevelResult['analysis'] = null
    try {
      if (recording !== null) analysis = await analyse(openRecording(recording), { rules, metric: plan.metric, noRedact })
    } catch (error) {
      errors.push(messageOf(error))
    }
    results.push({
      project: level.project,
      jobs: level.jobs,
      repeat: level.repeat,
      exitStatus: level.exit_status ?? 0,
      startError: null,
      recording,
      report: recording === null ? null : existing(join(recording, reportName(level, plan.metric, 'html'))),
      summaryPlot: existing(join(dir, runPlotName(level.project))),
      analysis,
      measurementErrors: errors,
    })
  }
  return results
}

/** What makes earlier and later levels of the run hard to compare; null where nothing does. */
export function hostChange({ record: { host: before } }: StoredRun): string | null {
  const now = hostFacts()
  const same = (['hostname', 'cpus', 'mem_total_kb', 'kernel'] as const).every((fact) => before[fact] === now[fact])
  if (same) return null
  const text = ({ hostname, cpus, kernel }: RunRecord['host']): string => `${hostname} (${cpus} CPUs, Linux ${kernel})`
  return `the earlier levels were recorded on ${text(before)}, this is ${text(now)}: times and peaks may not compare`
}

function existing(file: string): string | null {
  return isFile(file) ? file : null
}

function usage(message: string): MyMonitorError {
  return new MyMonitorError('ERR_MYMONITOR_USAGE', message)
}
