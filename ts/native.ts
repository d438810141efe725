/** The only importer of the generated binding. Importing this module loads nothing: reading code must work where recording does not. */
import { accessSync, constants } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { type ErrorCode, MyMonitorError } from './errors.ts'
import type * as Binding from './native/binding.cjs'

export type {
  Aggregate,
  AggregateOptions,
  Class,
  ClassBatch,
  ClassColumns,
  ConnectorCounts,
  ConnectorUse,
  Course,
  GroupColumns,
  ImportedTable,
  LargestColumns,
  PeakColumns,
  Probe,
  ProcessColumns,
  RecordingInfo,
  Recovered,
  SessionOptions,
  SessionResult,
  ShownCommand,
  Snapshot,
  TickFacts,
} from './native/binding.cjs'

const require = createRequire(import.meta.url)
const SUPPORTED = ['linux-x64 (glibc)', 'linux-arm64 (glibc)']

/** The native binding; loaded once, by Node's own module cache. Throws ERR_MYMONITOR_UNSUPPORTED where there is none. */
export function loadBinding(): typeof Binding {
  try {
    return require('./native/binding.cjs') as typeof Binding
  } catch (cause) {
    throw new MyMonitorError('ERR_MYMONITOR_UNSUPPORTED', noBinary(), { cause })
  }
}

/** The binding for recording, which reads /proc: throws ERR_MYMONITOR_UNSUPPORTED on anything but Linux. */
export function loadRecorder(): typeof Binding {
  if (process.platform !== 'linux') {
    throw new MyMonitorError(
      'ERR_MYMONITOR_UNSUPPORTED',
      `recording needs Linux, this is ${platformName()}: record on a Linux machine, in a Linux container or in CI, then open the recording here`,
    )
  }
  return loadBinding()
}

/** Why this is no regular expression by which processes are chosen; null where it is one, and where nothing can be recorded. */
export function patternProblem(pattern: string): string | null {
  return pattern === '' || process.platform !== 'linux' ? null : loadRecorder().patternProblem(pattern)
}

/** Path of the executable `mymonitor-launcher`, which is always beside the addon that was loaded. Throws ERR_MYMONITOR_UNSUPPORTED. */
export function launcherPath(): string {
  const launcher = join(addonDirectory(loadRecorder()), 'mymonitor-launcher')
  try {
    accessSync(launcher, constants.X_OK)
  } catch (cause) {
    throw new MyMonitorError(
      'ERR_MYMONITOR_UNSUPPORTED',
      `${launcher} is missing or not executable: it belongs beside the native addon; reinstall mymonitor`,
      { cause },
    )
  }
  return launcher
}

/** What a call into the binding threw, as a MyMonitorError: our own codes are kept, everything else is our defect. */
export function fromNative(cause: unknown): MyMonitorError {
  if (cause instanceof MyMonitorError) return cause
  const message = cause instanceof Error ? cause.message : String(cause)
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined
  const known = typeof code === 'string' && code.startsWith('ERR_MYMONITOR_')
  return new MyMonitorError(known ? (code as ErrorCode) : 'ERR_MYMONITOR_INTERNAL', message, { cause })
}

/** The generated loader returns the exports of the addon itself, so Node's cache tells which of its candidates was loaded. */
function addonDirectory(binding: typeof Binding): string {
  const loaded = Object.values(require.cache).find((module) => module?.filename.endsWith('.node') && module.exports === binding)
  if (loaded === undefined) throw new MyMonitorError('ERR_MYMONITOR_INTERNAL', 'the native addon is loaded, but from no .node file')
  return dirname(loaded.filename)
}

function noBinary(): string {
  const override = process.env['NAPI_RS_NATIVE_LIBRARY_PATH']
  if (override) return `NAPI_RS_NATIVE_LIBRARY_PATH=${override} could not be loaded on ${platformName()}: correct or unset it`
  return (
    `mymonitor has no native binary for ${platformName()}; there is one for ${SUPPORTED.join(' and ')}. On one of these npm left out the ` +
    'optional package (npm/cli#4828): remove node_modules and package-lock.json and install again, or set NAPI_RS_NATIVE_LIBRARY_PATH to a mymonitor .node file'
  )
}

function platformName(): string {
  return `${process.platform}-${process.arch}`
}
