/** The programmatic API. Everything else is internal. */

export type {
  Analysis,
  CategoryFigures,
  CpuScheduling,
  HostSummary,
  MajorCategory,
  Metric,
  MinorCategory,
  Peak,
  ProcessEntry,
  RecordingSummary,
  Series,
  Trust,
} from './analysis/contract.ts'
export { type AnalyseOptions, analyse } from './analysis/index.ts'
export { loadRules, type Rules } from './classify/rules.ts'
export { type ErrorCode, MyMonitorError } from './errors.ts'
export type { Metadata } from './metadata.ts'
export { openRecording, type Recording } from './recording/recording.ts'
export { renderReport, renderRunPlot, renderSummaryLog } from './report/index.ts'
export type { LevelSpread, Spread } from './report/spread.ts'
export type { RunOptions } from './run/options.ts'
export type { LargestCategory } from './sample/largest-category.ts'
export { type SampleHandle, sample } from './sample/sample.ts'
export type { LevelPosition, LevelResult, LiveSnapshot, SampleOptions, SampleResult } from './sample/types.ts'
