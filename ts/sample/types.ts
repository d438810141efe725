import type { Analysis } from '../analysis/contract.ts'
import type { Snapshot } from '../native.ts'
import type { LevelSpread } from '../report/spread.ts'
import type { RunOptions } from '../run/options.ts'
import type { Plan, Step } from '../run/plan.ts'
import type { StepFailure } from '../run/step.ts'
import type { LargestCategory } from './largest-category.ts'

/** What `sample` takes: what to run, and how to treat this process. */
export interface SampleOptions extends RunOptions {
  /** Path of config.toml. Default: searched for (see README), else the shipped one. */
  config?: string
  /** Directory of a run that was interrupted: its plan is gone on with, and nothing else may be asked for but `signal` and `noRedact`. */
  resume?: string
  /** Ends the build with TERM, then KILL; what was recorded until then is kept and analysed. */
  signal?: AbortSignal
  /** Leave secrets in arguments unhidden in reports. Default false: they are redacted. */
  noRedact?: boolean
}

export interface SampleResult {
  runId: string
  /** Absolute path of the run's directory. */
  dir: string
  /** The build's own; of several levels the first that failed; 128 + n when signal n kept levels from being run. See README for 124 to 127. */
  exitStatus: number
  /** Number of levels that were asked for. */
  planned: number
  /** The signal that ended the run early. */
  interruptedBy: number | null
  /** `signal` fired. */
  aborted: boolean
  /** Those that were begun, in the order of the run; after `resume` also what was there. */
  levels: LevelResult[]
  /** Time and peak of each level over its repeats. */
  spread: LevelSpread[]
}

export interface LevelResult {
  project: string
  jobs: number | null
  repeat: number
  exitStatus: number
  /** The build did not start because of this. */
  startError: string | null
  /** Absolute paths. */
  recording: string | null
  report: string | null
  /** Across the levels of this project so far. */
  summaryPlot: string | null
  /** Null when the build did not start or the recording could not be analysed. */
  analysis: Analysis | null
  /** What went wrong on our side; the build's status stands. */
  measurementErrors: string[]
}

/** Which level of how many. */
export interface LevelPosition {
  project: string
  jobs: number | null
  /** From 1. */
  repeat: number
  repeats: number
  /** From 1. */
  number: number
  of: number
  /** How long earlier levels say that the build will take, microseconds; null where they say nothing. */
  expectedUs: number | null
}

/** The build as it is now. */
export interface LiveSnapshot extends Omit<Snapshot, 'programs'>, LevelPosition {
  /** The major category that takes the most memory, by the largest programs; null where nothing lives. */
  largestCategory: LargestCategory | null
}

/** What a run says while it goes on; every call returns at once. */
export interface SampleObserver {
  planned?(plan: Plan): void
  warning?(message: string): void
  step?(position: LevelPosition, step: Step): void
  stepFailed?(position: LevelPosition, failure: StepFailure): void
  levelStarted?(position: LevelPosition): void
  snapshot?(snapshot: LiveSnapshot): void
  levelFinished?(position: LevelPosition, result: LevelResult): void
}
