import { readdirSync, statSync } from 'node:fs'
import { basename, join, resolve } from 'node:path'
import type { Analysis } from '../analysis/contract.ts'
import { analyse } from '../analysis/index.ts'
import { loadRules } from '../classify/rules.ts'
import { loadConfig } from '../config/load.ts'
import { MyMonitorError } from '../errors.ts'
import type { Recording } from '../recording/recording.ts'
import { type ExporterName, exporters } from '../report/index.ts'
import { type LevelSpread, spreadByLevel } from '../report/spread.ts'
import { ensureDirectory, messageOf, reasonOf, writeFileAtomic } from '../run/files.ts'
import { METADATA_FILE } from '../run/level-metadata.ts'
import { reportName } from '../run/run-dir.ts'
import { RUN_FILE, readRunRecord } from '../run/run-record.ts'
import { writeRunPlot } from './level-report.ts'
import { openOrRecover } from './recover-recording.ts'

export interface OpenOptions {
  /** A recording, or a run with all its recordings. */
  dir: string
  /** Path of config.toml, for its rules. Default: searched for, else the shipped one. */
  config?: string
  /** Leave secrets in arguments unhidden. Default false. */
  noRedact?: boolean
}
export interface ExportOptions extends OpenOptions {
  formats: readonly ExporterName[]
  /** Default: beside each recording. */
  outputDir?: string
}
export interface Surroundings {
  cwd: string
  env: NodeJS.ProcessEnv
}

export interface Exported {
  /** Absolute paths of what was written. */
  files: string[]
  /** Recordings of the run that could not be opened, one line each. */
  problems: string[]
}
export interface Summaries {
  isRun: boolean
  analyses: Analysis[]
  /** Of a run: time and peak of each level over its repeats. */
  spread: LevelSpread[]
  /** Recordings of the run that could not be opened, one line each. */
  problems: string[]
}

/** Writes the reports of one recording or of every recording of a run again; for a run its plot across levels, too, when HTML is among the formats. */
export async function exportRecordings({ formats, outputDir, ...options }: ExportOptions, surroundings: Surroundings): Promise<Exported> {
  const { dir, recordings, problems } = await analyseAll(options, surroundings)
  const target = outputDir === undefined ? undefined : resolve(surroundings.cwd, outputDir)
  if (target !== undefined) ensureDirectory(target)
  const files: string[] = []
  for (const { recording, analysis } of recordings) {
    for (const format of formats) {
      const { ending, render } = exporters[format]
      const name = format === 'text' && target === undefined ? 'summary.log' : reportName(analysis.recording, analysis.metric, ending)
      const file = freeName(join(target ?? recording.dir, name), files)
      writeFileAtomic(file, render(analysis))
      files.push(file)
    }
  }
  if (formats.includes('html') && isRun(dir)) {
    const analyses = countedAnalyses(recordings)
    for (const project of new Set(analyses.map(({ recording }) => recording.project))) {
      const levels = analyses.filter(({ recording }) => recording.project === project)
      files.push(writeRunPlot(target ?? dir, project, levels))
    }
  }
  return { files, problems }
}

/** Analyses one recording, or every recording of a run. */
export async function summarize(options: OpenOptions, surroundings: Surroundings): Promise<Summaries> {
  const { dir, recordings, problems } = await analyseAll(options, surroundings)
  const spread = isRun(dir) ? spreadByLevel(countedAnalyses(recordings)) : []
  return { isRun: isRun(dir), analyses: recordings.map(({ analysis }) => analysis), spread, problems }
}

/** Repeats of a level have the same name; in one directory the later ones get a suffix. */
function freeName(file: string, taken: readonly string[]): string {
  const dot = file.lastIndexOf('.')
  for (let count = 1; ; count += 1) {
    const name = count === 1 ? file : `${file.slice(0, dot)}_${count}${file.slice(dot)}`
    if (!taken.includes(name)) return name
  }
}

function countedAnalyses(recordings: Analysed['recordings']): Analysis[] {
  return recordings.filter(({ isCounted }) => isCounted).map(({ analysis }) => analysis)
}

interface Analysed {
  /** Absolute. */
  dir: string
  /** In the order of the run's levels. One that was interrupted and then run again does not count for its level. */
  recordings: { recording: Recording; analysis: Analysis; isCounted: boolean }[]
  problems: string[]
}

/** A recording of a run that cannot be opened (a level that did not start, a crash) is a problem of that one only, as long as there is another. */
async function analyseAll({ dir, config, noRedact = false }: OpenOptions, { cwd, env }: Surroundings): Promise<Analysed> {
  const analysed: Analysed = { dir: resolve(cwd, dir), recordings: [], problems: [] }
  const { rulesFile, compression } = loadConfig(config, { cwd, env })
  const rules = loadRules(rulesFile)
  const levels = isRun(analysed.dir) ? readable(analysed.dir, () => readRunRecord(join(analysed.dir, RUN_FILE)).levels) : undefined
  const failures: unknown[] = []
  for (const recordingDir of recordingsIn(analysed.dir)) {
    try {
      const recording = openOrRecover(recordingDir, compression)
      const analysis = await analyse(recording, { rules, metric: recording.metadata.metric, noRedact })
      const isCounted = levels?.every(({ interrupted_recordings: earlier }) => !earlier.includes(basename(recordingDir))) ?? true
      analysed.recordings.push({ recording, analysis, isCounted })
    } catch (error) {
      failures.push(error)
    }
  }
  if (analysed.recordings.length === 0) throw failures[0]
  const place = ({ dir: path }: Recording): number => levels?.findIndex(({ recording }) => recording === basename(path)) ?? -1
  analysed.recordings.sort((a, b) => place(a.recording) - place(b.recording) || startedAt(a.recording) - startedAt(b.recording))
  analysed.problems = failures.map(messageOf)
  return analysed
}

/** The directory itself, unless it is a run: then those below it. */
export function recordingsIn(dir: string): string[] {
  const entries = readable(dir, () => readdirSync(dir, { withFileTypes: true }))
  if (entries === undefined || !isRun(dir)) return [dir]
  const recordings = entries
    .filter((entry) => entry.isDirectory() && isFile(join(dir, entry.name, METADATA_FILE)))
    .map(({ name }) => join(dir, name))
  if (recordings.length === 0)
    throw new MyMonitorError('ERR_MYMONITOR_NOT_A_RECORDING', `not a recording: ${dir} is a run without recordings`)
  return recordings
}

function startedAt({ metadata }: Recording): number {
  return metadata.started_at_unix_us ?? 0
}

function isRun(dir: string): boolean {
  return isFile(join(dir, RUN_FILE))
}

/** Throws a typed error where one may not look. */
export function isFile(path: string): boolean {
  return readable(path, () => statSync(path, { throwIfNoEntry: false }))?.isFile() ?? false
}

/** Undefined where there is nothing; a typed error where one may not look. */
export function readable<T>(path: string, look: () => T): T | undefined {
  try {
    return look()
  } catch (cause) {
    if (cause instanceof MyMonitorError) throw cause
    const { code } = cause as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined
    const message = `cannot read ${path}: ${reasonOf(cause)}; make it readable, or pass another recording or run`
    throw new MyMonitorError('ERR_MYMONITOR_NOT_A_RECORDING', message, { cause })
  }
}
