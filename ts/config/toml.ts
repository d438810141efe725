import { readFileSync } from 'node:fs'
import { parse } from 'toml'
import { MyMonitorError } from '../errors.ts'

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
    return { file, source, table: parse(source) as Record<string, unknown> }
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

/**
 * `file:line:column` of a key. The parser gives no positions for keys, so the text is searched: first the table's header, then the key below it.
 * A key that is written another way (inline, dotted) is given the position of the nearest thing found.
 */
export function placeOf({ file, source }: TomlFile, path: readonly (string | number)[]): string {
  const lines = source.split('\n')
  const names = path.filter((part) => typeof part === 'string')
  const key = names[names.length - 1] ?? ''
  const table = names.slice(0, -1).join('.')
  const index = path.find((part) => typeof part === 'number') ?? 0
  const wanted = table === '' ? key : `${table}.${key}`
  let current = ''
  let seen = -1
  let nearestLine = 0
  for (const [number, line] of lines.entries()) {
    const header = /^\s*(\[{1,2})\s*([^[\]]+?)\s*\]/.exec(line)
    if (header) {
      current = (header[2] ?? '').replace(/\s*\.\s*/g, '.').replace(/["']/g, '')
      if (header[1] === '[[' && current === table) seen += 1
      if (current === wanted) return `${file}:${number + 1}:${line.indexOf('[') + 1}`
      if (current === table && (header[1] === '[' || seen === index)) nearestLine = number
      continue
    }
    const written = /^\s*((?:[\w-]+|"[^"]*"|'[^']*')(?:\s*\.\s*[\w-]+)*)\s*=/.exec(line)?.[1]
    if (written === undefined) continue
    const full = (current === '' ? '' : `${current}.`) + written.replace(/["'\s]/g, '')
    if (full === wanted && (seen === index || seen === -1)) return `${file}:${number + 1}:${line.search(/\S/) + 1}`
  }
  return `${file}:${nearestLine + 1}:1`
}
