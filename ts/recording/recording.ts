import { readdirSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { MyMonitorError } from '../errors.ts'
import type { Metadata } from '../metadata.ts'
import {
  type Aggregate,
  type AggregateOptions,
  type ClassBatch,
  type ClassColumns,
  fromNative,
  loadBinding,
  type ProcessColumns,
  type RecordingInfo,
  type TickFacts,
} from '../native.ts'
import { readMetadata } from './metadata.ts'

/** One recording on disk, read-only but for its derived table. Every failure is a MyMonitorError. */
export interface Recording {
  readonly dir: string
  readonly metadata: Metadata
  readonly info: RecordingInfo
  tickFacts(): TickFacts
  /** All images in the order of their ends, `batch` at a time. */
  processes(batch?: number): Generator<ProcessColumns>
  aggregate(options: AggregateOptions): Promise<Aggregate>
  /** The stored classification, or null where there is none. */
  classes(): ClassColumns | null
  /** Targets of these rows of the stored classification, which ascend. */
  targets(rows: Uint32Array): (string | null)[]
  /** Replaces the stored classification whole, or leaves it as it was. */
  writeClasses(rulesDigest: string, batches: Iterable<ClassBatch>): void
}

/** Images that are in JavaScript at the same time while all are walked through. */
const BATCH = 512

/**
 * Opens a recording directory. Throws ERR_MYMONITOR_NOT_A_RECORDING, which says what was found there and what to pass instead,
 * ERR_MYMONITOR_DAMAGED or ERR_MYMONITOR_NEWER_FORMAT, which name the file, or ERR_MYMONITOR_UNSUPPORTED.
 */
export function openRecording(dir: string): Recording {
  const files = listRecording(dir)
  const metadata = readMetadata(join(dir, 'metadata.json'))
  if (metadata.state === 'failed') {
    throw notARecording(dir, `holds no measurement, as the build could not be started: ${metadata.start_error ?? 'no reason was stored'}`)
  }
  if (metadata.state === 'running' && !files.includes('processes.parquet')) {
    if (files.includes('ticks.journal'))
      throw new MyMonitorError(
        'ERR_MYMONITOR_UNFINISHED',
        `not finished: mymonitor is still recording into ${dir}, or was killed before it could write the tables; in the latter case: mymonitor recover ${dir}`,
      )
    throw notARecording(
      dir,
      'is not finished: mymonitor is still recording into it, or was killed before it could write the tables. In the latter case record again: nothing of it was saved',
    )
  }
  const binding = loadBinding()
  const reader = guarded(() => new binding.RecordingReader(dir))
  const info = reader.info
  return {
    dir,
    metadata,
    info,
    tickFacts: () => guarded(() => reader.tickFacts(metadata.interval_us)),
    *processes(batch = BATCH) {
      for (let first = 0; first < info.processes; first += batch) {
        yield guarded(() => reader.processes(first, Math.min(batch, info.processes - first)))
      }
    },
    async aggregate(options) {
      try {
        return await reader.aggregate(options)
      } catch (error) {
        throw fromNative(error)
      }
    },
    classes: () => guarded(() => reader.classes()),
    targets: (rows) => guarded(() => reader.targets(rows)),
    writeClasses(rulesDigest, batches) {
      const writer = guarded(() => new binding.ClassesWriter(dir, rulesDigest))
      try {
        for (const batch of batches) guarded(() => writer.write(batch))
        guarded(() => writer.publish())
      } finally {
        writer.discard()
      }
    },
  }
}

function guarded<T>(call: () => T): T {
  try {
    return call()
  } catch (error) {
    throw fromNative(error)
  }
}

/** Names in the directory, which holds at least metadata.json. */
function listRecording(dir: string): string[] {
  let names: string[]
  try {
    names = readdirSync(dir)
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException
    if (code === 'ENOENT') throw notARecording(dir, 'does not exist: pass the directory that `mymonitor sample` printed at its end')
    if (code !== 'ENOTDIR') throw notARecording(dir, `cannot be read: ${message}`)
    const parent = dirname(dir)
    throw notARecording(
      dir,
      isFile(join(parent, 'metadata.json'))
        ? `is one file of a recording: pass its directory ${parent}`
        : 'is a file: pass the directory of a recording',
    )
  }
  if (names.includes('metadata.json')) return names
  const recordings = names.filter((name) => isFile(join(dir, name, 'metadata.json'))).sort()
  const pass =
    recordings.length === 0
      ? ''
      : `: pass ${recordings.length === 1 ? '' : 'one of '}${recordings.map((name) => join(dir, name)).join(', ')}`
  if (names.includes('run.json'))
    throw notARecording(dir, `is a run with ${recordings.length === 0 ? 'no recording' : `${recordings.length} of them`}${pass}`)
  throw notARecording(dir, `has no metadata.json${pass || ': pass the directory that `mymonitor sample` printed at its end'}`)
}

function notARecording(dir: string, found: string): MyMonitorError {
  return new MyMonitorError('ERR_MYMONITOR_NOT_A_RECORDING', `not a recording: ${dir} ${found}`)
}

function isFile(path: string): boolean {
  try {
    return statSync(path).isFile()
  } catch {
    return false
  }
}
