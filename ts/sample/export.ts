import { readdirSync, statSync } from 'node:fs'
import { basename, join, resolve } from 'node:path'
import type { Analysis } from '../analysis/contract.ts'
import { analyse } from '../analysis/index.ts'
import { loadRules } from '../classify/rules.ts'
import { loadConfig } from '../config/load.ts'
import { MyMonitorError } from '../errors.ts'
import type { Metadata } from '../metadata.ts'
import type { Recording } from '../recording/recording.ts'
import { type LevelSpread, spreadByLevel } from '../report/spread.ts'
import { messageOf, reasonOf, workingDirectory } from '../run/files.ts'
import { METADATA_FILE } from '../run/level-metadata.ts'
import { RUN_FILE, readRunRecord } from '../run/run-record.ts'
import { openOrRecover } from './recover-recording.ts'

export interface OpenOptions {
  /** A recording, or a run with all its recordings. */
  dir: string
  /** Path of config.toml, for its rules. Default: searched for, else the shipped one. */
  config?: string
  /** Leave secrets in arguments unhidden. Default false. */
  noRedact?: boolean
}
export interface Surroundings {
  /** Absolute; relative paths start here. */
  cwd: string
  env: NodeJS.ProcessEnv
}

export function ownSurroundings(): Surroundings {
  return { cwd: workingDirectory(), env: process.env }
}

export interface Summaries {
  isRun: boolean
  analyses: Analysis[]
  /** Of a run: time and peak of each level over its repeats. */
  spread: LevelSpread[]
  /** Recordings of the run that could not be opened, one line each. */
  problems: string[]
}

/**
 * Analyses one recording, or every recording of a run; one whose mymonitor died is recovered first. Without `surroundings`: the directory and environment of
 * this process. Rejects with ERR_MYMONITOR_NOT_A_RECORDING, ERR_MYMONITOR_DAMAGED or ERR_MYMONITOR_NEWER_FORMAT where nothing can be opened.
 */
export async function summarize(options: OpenOptions, surroundings: Surroundings = ownSurroundings()): Promise<Summaries> {
  const { dir, recordings, problems } = await analyseAll(options, surroundings)
  const spread = isRun(dir) ? spreadByLevel(countedAnalyses(recordings)) : []
  return { isRun: isRun(dir), analyses: recordings.map(({ analysis }) => analysis), spread, problems }
}

/** Those that stand for their level. */
export function countedAnalyses(recordings: Analysed['recordings']): Analysis[] {
  return recordings.filter(({ isCounted }) => isCounted).map(({ analysis }) => analysis)
}

export interface AnalyseAllOptions extends OpenOptions {
  /** Of a run, which levels. Default: all. */
  select?: (level: Pick<Metadata, 'project' | 'jobs'>) => boolean
  /** Most time points of the series. */
  points?: number
}

export interface Analysed {
  /** Absolute. */
  dir: string
  /** In the order of the run's levels. One that was interrupted and then run again does not count for its level. */
  recordings: { recording: Recording; analysis: Analysis; isCounted: boolean }[]
  problems: string[]
  /** Levels that were not selected. */
  others: Pick<Metadata, 'project' | 'jobs'>[]
}

/** A recording of a run that cannot be opened (a level that did not start, a crash) is a problem of that one only, as long as there is another. */
export async function analyseAll(options: AnalyseAllOptions, { cwd, env }: Surroundings): Promise<Analysed> {
  const { dir, config, noRedact = false, select = () => true, points } = options
  const analysed: Analysed = { dir: resolve(cwd, dir), recordings: [], problems: [], others: [] }
  const { rulesFile, compression } = loadConfig(config, { cwd, env })
  const rules = loadRules(rulesFile)
  const levels = isRun(analysed.dir) ? readable(analysed.dir, () => readRunRecord(join(analysed.dir, RUN_FILE)).levels) : undefined
  const failures: unknown[] = []
  for (const recordingDir of recordingsIn(analysed.dir)) {
    try {
      const recording = openOrRecover(recordingDir, compression)
      const { metadata } = recording
      if (!select(metadata)) {
        analysed.others.push(metadata)
        continue
      }
      const analysis = await analyse(recording, { rules, metric: metadata.metric, noRedact, ...(points === undefined ? {} : { points }) })
      const isCounted = levels?.every(({ interrupted_recordings: earlier }) => !earlier.includes(basename(recordingDir))) ?? true
      analysed.recordings.push({ recording, analysis, isCounted })
    } catch (error) {
      failures.push(error)
    }
  }
  if (analysed.recordings.length === 0 && analysed.others.length === 0) throw failures[0]
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

export function isRun(dir: string): boolean {
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
