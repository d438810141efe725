import { readFileSync } from 'node:fs'
import { parse } from 'toml'
import { MyMonitorError } from '../errors.ts'
import { keyOf, type Path, placesIn } from './places.ts'

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'no such file',
  ENOTDIR: 'no such file',
  EISDIR: 'it is a directory; give the file in it',
  EACCES: 'permission denied',
}

export interface TomlFile {
  file: string
  source: string
  table: Record<string, unknown>
  /** Made when it is first asked for: most files have no problem. */
  places(): ReadonlyMap<string, number>
}

/** Reads and parses one file; every failure is one line that names the file and, where there is one, the place. */
export function readToml(file: string): TomlFile {
  let bytes: Buffer
  try {
    bytes = readFileSync(file)
  } catch (cause) {
    const { code = '', message } = cause as NodeJS.ErrnoException
    const reason = REASONS[code] ?? message
    throw new MyMonitorError('ERR_MYMONITOR_CONFIG', `cannot read the configuration file ${file}: ${reason}`, { cause })
  }
  let source: string
  try {
    source = new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch (cause) {
    throw new MyMonitorError('ERR_MYMONITOR_CONFIG', `${file} is not valid UTF-8; TOML files must be`, { cause })
  }
  try {
    const table = parse(source) as Record<string, unknown>
    let places: ReadonlyMap<string, number> | undefined
    return {
      file,
      source,
      table,
      places: () => {
        places ??= placesIn(source)
        return places
      },
    }
  } catch (cause) {
    throw new MyMonitorError('ERR_MYMONITOR_CONFIG', syntaxProblem(file, source, cause as TomlError), { cause })
  }
}

/** The parser has two shapes of error: syntax (`location`, `found`) and semantics (`line`, `column`). */
interface TomlError extends Error {
  location?: { start: { line: number; column: number } }
  found?: string | null
  line?: number
  column?: number
}

function syntaxProblem(file: string, source: string, error: TomlError): string {
  const line = error.location?.start.line ?? error.line
  const column = error.location?.start.column ?? error.column
  const place = line === undefined ? file : `${file}:${line}:${column ?? 1}`
  if (error.found === undefined) return `${place}: ${error.message}`
  const found = error.found === null ? 'the end of the file' : JSON.stringify(error.found)
  const text = source.split('\n')[(line ?? 1) - 1]?.trim() ?? ''
  return `${place}: not valid TOML, unexpected ${found}${text === '' ? '' : ` in: ${text}`}`
}

/** `file:line:column` of a key; of a key that is missing, that of the table or header it belongs to. */
export function placeOf(file: TomlFile, path: Path): string {
  const { line, column } = positionOf(file, path)
  return `${file.file}:${line}:${column}`
}

/** From 1. */
export function positionOf({ source, places }: TomlFile, path: Path): { line: number; column: number } {
  const known = places()
  let offset: number | undefined
  for (let length = path.length; length > 0 && offset === undefined; length -= 1) offset = known.get(keyOf(path.slice(0, length)))
  const before = source.slice(0, offset ?? 0)
  return { line: before.split('\n').length, column: before.length - before.lastIndexOf('\n') }
}

/** A value as TOML writes it. */
export function tomlValue(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(tomlValue).join(', ')}]`
  // JSON's strings are TOML's, but for DEL, which TOML wants escaped; so do terminals, and those after it.
  return JSON.stringify(value).replace(/[\x7f-\x9f]/g, (character) => `\\u00${character.charCodeAt(0).toString(16)}`)
}
