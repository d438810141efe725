/** The programmatic API: what each verb of the command line calls. Everything else is internal. */

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
export type { OutsideProcess, ScopeVerdict } from './analysis/scope.ts'
export { type Classification, type Explanation, explain } from './classify/classify.ts'
export type { Rule } from './classify/rule.ts'
export { loadRules, type Rules } from './classify/rules.ts'
export type { Command, ProcessInput, Unwrapped } from './classify/unwrap.ts'
export type { Build } from './config/builds.ts'
export { type Initialized, initialize } from './config/init.ts'
export { type ConfigDescription, describeConfig, type ShownValue } from './config/show.ts'
export { type Converted, type ConvertedFile, type ConvertOptions, convert, type SkippedFile } from './convert/convert.ts'
export type { Compression, TableFormat } from './convert/formats.ts'
export { type ErrorCode, MyMonitorError } from './errors.ts'
export type { Metadata } from './metadata.ts'
export { openRecording, type Recording } from './recording/recording.ts'
export { type ExporterName, type ReportView, renderReport, renderRunPlot, renderSummaryLog } from './report/index.ts'
export type { LevelSpread, Spread } from './report/spread.ts'
export { examine, type Finding } from './run/examine.ts'
export type { RunOptions } from './run/options.ts'
export { type AttachOptions, attach } from './sample/attach.ts'
export { type OpenOptions, type Summaries, type Surroundings, summarize } from './sample/export.ts'
export type { LargestCategory } from './sample/largest-category.ts'
export {
  type Reclassification,
  type Reclassified,
  type ReclassifyOptions,
  reclassify,
  type UnmatchedCommand,
  type Weight,
} from './sample/reclassify.ts'
export { type RecoveredRecording, type Recoveries, recoverAll } from './sample/recover.ts'
export { type Exported, type ExportOptions, exportRecordings } from './sample/reports.ts'
export { type SampleHandle, sample } from './sample/sample.ts'
export type { LevelPosition, LevelResult, LiveSnapshot, SampleOptions, SampleResult } from './sample/types.ts'
export { type Verification, type VerifyOptions, verifyScope } from './sample/verify.ts'
