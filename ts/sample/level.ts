import { basename } from 'node:path'
import type { Rules } from '../classify/rules.ts'
import { writeLevelFormats } from '../convert/level-formats.ts'
import { MyMonitorError } from '../errors.ts'
import { openRecording } from '../recording/recording.ts'
import { spreadByLevel } from '../report/spread.ts'
import { executeLevel, type LevelOutcome } from '../run/execute.ts'
import { messageOf, withNextStep } from '../run/files.ts'
import { saveMetadata } from '../run/level-metadata.ts'
import type { Level, Plan, Step } from '../run/plan.ts'
import { type Run, saveRun } from '../run/run-dir.ts'
import { inSnakeCase, type LevelRecord } from '../run/run-record.ts'
import { OWN_FAILURE } from '../run/status.ts'
import { runStep } from '../run/step.ts'
import { expectedUs } from './expected.ts'
import { largestCategories } from './largest-category.ts'
import { endedInSetup, type LevelReport, reportLevel, writeRunPlot } from './level-report.ts'
import { redactedCommands } from './redacted-commands.ts'
import type { LevelPosition, LevelResult, SampleObserver } from './types.ts'

export interface RunContext {
  plan: Plan
  run: Run
  rules: Rules
  observer: SampleObserver
  /** Ends the build, or the clean command that runs now. */
  stop: AbortSignal
  env: NodeJS.ProcessEnv
  handleSignals: boolean
  noRedact: boolean
  /** By the index of the level in the plan; undefined: not done. */
  results: (LevelResult | undefined)[]
}

/** Those that are done, in the order of the plan. */
export function resultsOf({ results }: Pick<RunContext, 'results'>): LevelResult[] {
  return results.filter((result) => result !== undefined)
}

/** One level from clean to report. Null when it was stopped before its build. Throws only when nothing was built yet and nothing else is to be. */
export async function sampleLevel(
  context: RunContext,
  index: number,
): Promise<{ result: LevelResult; interruptedBy: number | null } | null> {
  const { plan, observer } = context
  const level = plan.levels[index] as Level
  const position = positionOf(context, level, index)
  const isFirst = resultsOf(context).length === 0
  let outcome: LevelOutcome | null
  let result: LevelResult
  try {
    outcome = await record(context, index, position)
    if (outcome === null) return null
    result = await analyse(context, index, outcome)
  } catch (error) {
    if (isFirst) throw error
    outcome = null
    result = notRecorded(level, error)
  }
  context.results[index] = result
  noteInRun(context, index, outcome, result)
  // With several levels, that one could not be started is the result of that one.
  if (outcome?.startError && plan.levels.length === 1) throw outcome.startError
  observer.levelFinished?.(position, result)
  return { result, interruptedBy: outcome?.metadata.interrupted_by ?? null }
}

function positionOf(context: RunContext, level: Level, index: number): LevelPosition {
  const { plan } = context
  const earlier = resultsOf(context).filter(({ project, exitStatus }) => project === level.project && exitStatus === 0)
  const done = earlier.flatMap(({ jobs, analysis }) => (analysis === null ? [] : [{ jobs, durationUs: analysis.recording.durationUs }]))
  return {
    project: level.project,
    jobs: level.jobs,
    repeat: level.repeat,
    repeats: plan.repeat,
    number: index + 1,
    of: plan.levels.length,
    expectedUs: expectedUs(level.jobs, done),
  }
}

/** The left side of the wall. */
async function record(context: RunContext, index: number, position: LevelPosition): Promise<LevelOutcome | null> {
  const { plan, run, observer, stop } = context
  const level = plan.levels[index] as Level
  const step = async (wanted: Step | null): Promise<void> => {
    if (wanted === null || stop.aborted) return
    observer.step?.(position, wanted)
    const failure = await runStep(wanted, context.env, stop)
    if (failure !== null && !stop.aborted) observer.stepFailed?.(position, failure)
  }
  await step(level.before)
  if (stop.aborted) return null
  observer.levelStarted?.(position)
  const largestCategory = largestCategories(context.rules, plan.metric)
  const outcome = await executeLevel(level, {
    ...context,
    onRecording(recordingDir) {
      Object.assign(run.record.levels[index] as LevelRecord, { state: 'running', recording: basename(recordingDir) })
      saveRun(run)
    },
    onSnapshot({ programs, ...snapshot }) {
      observer.snapshot?.({ ...snapshot, ...position, largestCategory: largestCategory({ programs }) })
    },
  })
  if (outcome.startError === null && outcome.metadata.interrupted_by === null) await step(level.after)
  return outcome
}

/** The right side of the wall. Never throws: the build has ended and its status stands. */
async function analyse(context: RunContext, index: number, outcome: LevelOutcome): Promise<LevelResult> {
  const { plan, run, rules, noRedact, results } = context
  const level = plan.levels[index] as Level
  const errors = [...outcome.measurementErrors]
  const attempt = async <T>(work: () => T | Promise<T>): Promise<T | null> => {
    try {
      return await work()
    } catch (error) {
      // After a recording that could not be written, that there is none is only the consequence.
      const isConsequence =
        outcome.measurementErrors.length > 0 && error instanceof MyMonitorError && error.code === 'ERR_MYMONITOR_NOT_A_RECORDING'
      if (!isConsequence) errors.push(messageOf(error))
      return null
    }
  }
  const { metric, report: html } = plan
  let reported: LevelReport | null = null
  let summaryPlot: string | null = null
  let startError = outcome.startError?.message ?? null
  if (outcome.startError === null) {
    const { exit_code: exitCode } = outcome.metadata
    if (level.phases && exitCode !== null && exitCode !== 0 && (await attempt(() => endedInSetup(outcome.recordingDir)))) {
      startError = 'setup failed, the build was not run'
      await attempt(() => saveMetadata(outcome.recordingDir, { ...outcome.metadata, start_error: startError }))
    }
    reported = await attempt(() => reportLevel(outcome.recordingDir, { metric, rules, noRedact, html }))
    if (reported !== null) {
      const shown = () => (noRedact ? [] : redactedCommands(openRecording(outcome.recordingDir)))
      errors.push(...(await writeLevelFormats(outcome.recordingDir, outcome.metadata.started_at_unix_us ?? 0, plan.formats, shown)))
    }
    errors.push(...(reported?.errors ?? []))
    const inOrder = plan.levels.map((_, other) => (other === index ? reported?.analysis : results[other]?.analysis))
    const analyses = inOrder.filter((analysis) => analysis?.recording.project === level.project).filter((analysis) => analysis != null)
    if (html && analyses.length > 0) summaryPlot = await attempt(() => writeRunPlot(run.dir, level.project, analyses))
  }
  return {
    project: level.project,
    jobs: level.jobs,
    repeat: level.repeat,
    exitStatus: outcome.status,
    startError,
    recording: outcome.recordingDir,
    report: reported?.report ?? null,
    summaryPlot,
    analysis: reported?.analysis ?? null,
    measurementErrors: [...new Set(errors.map(withNextStep))],
  }
}

function notRecorded(level: Level, error: unknown): LevelResult {
  return {
    project: level.project,
    jobs: level.jobs,
    repeat: level.repeat,
    exitStatus: OWN_FAILURE,
    startError: messageOf(error),
    recording: null,
    report: null,
    summaryPlot: null,
    analysis: null,
    measurementErrors: [],
  }
}

function noteInRun({ run, results }: RunContext, index: number, outcome: LevelOutcome | null, result: LevelResult): void {
  const record = run.record.levels[index]
  if (record === undefined) return
  record.state = result.startError === null ? 'finished' : 'failed'
  if (result.recording !== null) record.recording = basename(result.recording)
  record.exit_status = result.exitStatus
  record.duration_us = outcome?.metadata.duration_us ?? null
  record.timed_out = outcome?.metadata.timed_out ?? false
  record.interrupted_by = outcome?.metadata.interrupted_by ?? null
  record.peak_kb = result.analysis?.peak?.kb ?? null
  record.peak_elapsed_us = result.analysis?.peak?.elapsedUs ?? null
  record.measurement_errors = [...result.measurementErrors]
  const analyses = resultsOf({ results }).flatMap(({ analysis }) => analysis ?? [])
  run.record.spread = inSnakeCase(spreadByLevel(analyses))
  try {
    saveRun(run)
  } catch (error) {
    result.measurementErrors.push(messageOf(error))
  }
}
