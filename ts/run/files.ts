import { existsSync, mkdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { MyMonitorError } from '../errors.ts'

/** Whole or not at all: a temporary name beside the file, then a rename. */
export function writeFileAtomic(file: string, content: string | Uint8Array): void {
  const temporary = `${file}.${process.pid}.tmp`
  try {
    retryBusy(() => {
      writeFileSync(temporary, content)
      renameSync(temporary, file)
    })
  } catch (cause) {
    rmSync(temporary, { force: true })
    throw new MyMonitorError('ERR_MYMONITOR_OUTPUT', withNextStep(`cannot write ${file}: ${reasonOf(cause)}`), { cause })
  }
}

/** A new directory of that name, or with the first free suffix `_2`, `_3`, …; its parents are made. Returns its path. */
export function makeFreshDirectory(parent: string, name: string): string {
  ensureDirectory(parent)
  for (let count = 1; ; count += 1) {
    const path = join(parent, count === 1 ? name : `${name}_${count}`)
    try {
      retryBusy(() => mkdirSync(path))
      return path
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code !== 'EEXIST') throw cannotCreate(path, cause)
    }
  }
}

/** The directory and its missing parents. Node's own recursive mkdir loops for ever where the system says ENOENT below an existing directory (in /proc). */
export function ensureDirectory(path: string): void {
  if (existsSync(path)) return
  const parent = dirname(path)
  if (parent !== path) ensureDirectory(parent)
  try {
    retryBusy(() => mkdirSync(path))
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'EEXIST') throw cannotCreate(path, cause)
  }
}

/** What a network or overlay file system answers while somebody else still has the directory in hand; a moment later it may not. */
const BUSY: readonly (string | undefined)[] = ['EBUSY', 'EAGAIN', 'ESTALE', 'EINTR', 'ETXTBSY']
const BUSY_WAITS_MS = [10, 40, 160, 640]

/** Does it again, up to four times within a second, where the directory was busy. */
export function retryBusy<T>(work: () => T): T {
  for (const waitMs of BUSY_WAITS_MS) {
    try {
      return work()
    } catch (cause) {
      if (!BUSY.includes((cause as NodeJS.ErrnoException).code)) throw cause
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, waitMs)
    }
  }
  return work()
}

/** Node gives names in UTF-8 only; a current directory with another one has to be reached by its link in /proc. */
export const CURRENT_DIRECTORY_LINK = '/proc/self/cwd'

/** An absolute path by which the current directory can be reached. */
export function workingDirectory(): string {
  const named = process.cwd()
  if (!named.includes('\ufffd')) return named
  const found = statSync(named, { throwIfNoEntry: false })
  const here = statSync('.')
  return found?.ino === here.ino && found.dev === here.dev ? named : CURRENT_DIRECTORY_LINK
}

function cannotCreate(path: string, cause: unknown): MyMonitorError {
  const message = withNextStep(`cannot create the directory ${path}: ${reasonOf(cause)}`)
  return new MyMonitorError('ERR_MYMONITOR_OUTPUT', message, { cause })
}

/** A file name is at most 255 bytes; level, stamp and endings are added to this one. */
const LONGEST_NAME_BYTES = 100

/** Letters, digits and `._+-`; anything else becomes `_`, so does a leading dot or dash. */
export function safeName(name: string): string {
  let safe = ''
  for (const character of name.replace(/[^\p{L}\p{N}._+-]/gu, '_').replace(/^[.-]/, '_')) {
    if (Buffer.byteLength(safe + character) > LONGEST_NAME_BYTES) break
    safe += character
  }
  return safe
}

/** 20260102_030405, local time. */
export function stampOf(date: Date): string {
  const two = (value: number): string => String(value).padStart(2, '0')
  const day = `${date.getFullYear()}${two(date.getMonth() + 1)}${two(date.getDate())}`
  return `${day}_${two(date.getHours())}${two(date.getMinutes())}${two(date.getSeconds())}`
}

/** 2026-01-02T03:04:05.678+01:00 */
export function isoWithZone(date: Date): string {
  const offset = -date.getTimezoneOffset()
  const two = (value: number): string => String(Math.floor(value)).padStart(2, '0')
  const zone = `${offset < 0 ? '-' : '+'}${two(Math.abs(offset) / 60)}:${two(Math.abs(offset) % 60)}`
  return new Date(date.getTime() + offset * 60_000).toISOString().replace('Z', zone)
}

/** What was thrown, in one line for people. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

const NO_SPACE = /no space left on device(?: \(os error \d+\))?$/i

/** Ends a message about a failed write, ours or the recorder's, with what to do about it. */
export function withNextStep(message: string): string {
  if (NO_SPACE.test(message))
    return message.replace(NO_SPACE, 'no space left on device; free some or choose another place with --output-dir')
  return /^cannot (?:write|create) [^;]*$/.test(message) ? `${message}; choose another place with --output-dir` : message
}

/** The system's words without Node's decoration: "permission denied". */
export function reasonOf(cause: unknown): string {
  const message = messageOf(cause)
  return /^[A-Z0-9]+: (.*?), /.exec(message)?.[1] ?? message
}
