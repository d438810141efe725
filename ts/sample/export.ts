import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { Analysis } from '../analysis/contract.ts'
import { analyse } from '../analysis/index.ts'
import { loadRules } from '../classify/rules.ts'
import { loadConfig } from '../config/load.ts'
import { MyMonitorError } from '../errors.ts'
import { openRecording, type Recording } from '../recording/recording.ts'
import { type ExporterName, exporters } from '../report/index.ts'
import { ensureDirectory, messageOf, reasonOf, writeFileAtomic } from '../run/files.ts'
import { METADATA_FILE } from '../run/level-metadata.ts'
import { RUN_FILE, RUN_SCHEMA, reportName } from '../run/run-dir.ts'
import { writeRunPlot } from './level-report.ts'

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
interface Surroundings {
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
      const file = join(target ?? recording.dir, name)
      writeFileAtomic(file, render(analysis))
      files.push(file)
    }
  }
  if (formats.includes('html') && isRun(dir)) {
    const analyses = recordings.map(({ analysis }) => analysis)
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
  return { isRun: isRun(dir), analyses: recordings.map(({ analysis }) => analysis), problems }
}

interface Analysed {
  /** Absolute. */
  dir: string
  /** By the start of the build. */
  recordings: { recording: Recording; analysis: Analysis }[]
  problems: string[]
}

/** A recording of a run that cannot be opened (a level that did not start, a crash) is a problem of that one only, as long as there is another. */
async function analyseAll({ dir, config, noRedact = false }: OpenOptions, { cwd, env }: Surroundings): Promise<Analysed> {
  const analysed: Analysed = { dir: resolve(cwd, dir), recordings: [], problems: [] }
  const rules = loadRules(loadConfig(config, { cwd, env }).rulesFile)
  const failures: unknown[] = []
  for (const recordingDir of recordingsIn(analysed.dir)) {
    try {
      const recording = openRecording(recordingDir)
      const analysis = await analyse(recording, { rules, metric: recording.metadata.metric, noRedact })
      analysed.recordings.push({ recording, analysis })
    } catch (error) {
      failures.push(error)
    }
  }
  if (analysed.recordings.length === 0) throw failures[0]
  analysed.recordings.sort((a, b) => startedAt(a.recording) - startedAt(b.recording))
  analysed.problems = failures.map(messageOf)
  return analysed
}

/** The directory itself, unless it is a run: then those below it. */
function recordingsIn(dir: string): string[] {
  const entries = readable(dir, () => readdirSync(dir, { withFileTypes: true }))
  if (entries === undefined || !isRun(dir)) return [dir]
  checkRunFile(join(dir, RUN_FILE))
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

/** A run whose layout a later version has changed must not be half understood. */
function checkRunFile(file: string): void {
  let schema: unknown
  try {
    const record = JSON.parse(readable(file, () => readFileSync(file, 'utf8')) ?? '') as { schema?: unknown } | null
    schema = record?.schema
  } catch (cause) {
    if (cause instanceof MyMonitorError) throw cause
  }
  if (schema === RUN_SCHEMA) return
  if (typeof schema === 'number' && schema > RUN_SCHEMA)
    throw new MyMonitorError(
      'ERR_MYMONITOR_NEWER_FORMAT',
      `${file} has schema ${schema}, this mymonitor knows ${RUN_SCHEMA}: use a newer mymonitor, or pass one recording of the run`,
    )
  throw new MyMonitorError(
    'ERR_MYMONITOR_DAMAGED',
    `${file} is damaged: expected JSON with "schema": ${RUN_SCHEMA}; pass one recording of the run`,
  )
}

function isFile(path: string): boolean {
  return readable(path, () => statSync(path, { throwIfNoEntry: false }))?.isFile() ?? false
}

/** Undefined where there is nothing; a typed error where one may not look. */
export function readable<T>(path: string, look: () => T): T | undefined {
  try {
    return look()
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined
    const message = `cannot read ${path}: ${reasonOf(cause)}; make it readable, or pass another recording or run`
    throw new MyMonitorError('ERR_MYMONITOR_NOT_A_RECORDING', message, { cause })
  }
}
