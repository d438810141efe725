import { MyMonitorError } from '../errors.ts'
import { nearest } from './nearest.ts'
import type { Key, Values } from './schema.ts'
import { placeOf, type TomlFile } from './toml.ts'

/** What one file had to say: collected over the whole file, so that all its problems come at once. */
export class Findings {
  readonly problems: string[] = []
  readonly #unavailable: string[] = []
  readonly #retired = new Map<string, Set<string>>()
  readonly file: TomlFile

  constructor(file: TomlFile) {
    this.file = file
  }

  problem(path: readonly (string | number)[], text: string): void {
    this.problems.push(`${placeOf(this.file, path)}: ${text}`)
  }

  unavailable(text: string): void {
    this.#unavailable.push(`${this.file.file}: ${text}`)
  }

  retired(key: string, reason: string): void {
    this.#retired.set(reason, (this.#retired.get(reason) ?? new Set()).add(key))
  }

  /** One line a value that cannot be honoured, one line a reason for keys that mean nothing any more. */
  warnings(): string[] {
    const retired = [...this.#retired].map(
      ([reason, keys]) => `${this.file.file}: ${[...keys].join(', ')} ${keys.size === 1 ? 'has' : 'have'} no effect any more: ${reason}`,
    )
    return [...this.#unavailable, ...retired]
  }

  throwIfAny(): void {
    const [first, ...more] = this.problems
    if (first === undefined) return
    const message = more.length === 0 ? first : `${this.file.file} has ${this.problems.length} problems:\n  ${this.problems.join('\n  ')}`
    throw new MyMonitorError('ERR_MYMONITOR_CONFIG', message)
  }
}

/** Checks one flat set of keys against its table; what is missing takes its default. `at` is the path of the set inside the file. */
export function checkKeys<Table extends Record<string, Key>>(
  table: Table,
  given: ReadonlyMap<string, unknown>,
  findings: Findings,
  at: readonly (string | number)[] = [],
): Values<Table> {
  const values: Record<string, unknown> = {}
  for (const [name, key] of Object.entries(table)) if (key.kind === 'setting') values[name] = key.default
  for (const [name, value] of given) {
    const path = [...at, ...name.split('.')]
    const key = table[name]
    if (key === undefined) {
      findings.problem(path, unknownKey(name, Object.keys(table)))
    } else if (key.kind === 'retired') {
      findings.retired(name, key.reason)
    } else if (!key.check(value)) {
      findings.problem(path, `${name} must be ${key.expected}, got ${shown(value)}`)
    } else if (key.kind === 'setting') {
      values[name] = value
    } else if (value !== key.default) {
      findings.unavailable(`${name} = ${shown(value)} is not available yet; ${key.instead}`)
    }
  }
  return values as Values<Table>
}

/** The leaves of a parsed table by dotted path; arrays are values. */
export function flatten(table: Record<string, unknown>, prefix = ''): Map<string, unknown> {
  const leaves = new Map<string, unknown>()
  for (const [name, value] of Object.entries(table)) {
    const path = prefix + name
    if (isTable(value)) for (const [inner, leaf] of flatten(value, `${path}.`)) leaves.set(inner, leaf)
    else leaves.set(path, value)
  }
  return leaves
}

export function isTable(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date)
}

/** A typo in one part of a dotted path is near; so is the right key under the wrong table. */
function unknownKey(name: string, known: readonly string[]): string {
  const last = name.slice(name.lastIndexOf('.') + 1)
  const near = nearest(name, known) ?? known.find((key) => key.endsWith(`.${last}`))
  return `unknown key ${name}${near === undefined ? `; known are ${known.join(', ')}` : `; did you mean ${near}?`}`
}

export function shown(value: unknown): string {
  const text = JSON.stringify(value, (_, inner: unknown) => (typeof inner === 'number' && !Number.isFinite(inner) ? String(inner) : inner))
  return text.length > 80 ? `${text.slice(0, 77)}...` : text
}
