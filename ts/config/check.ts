import { MyMonitorError } from '../errors.ts'
import { nearest } from './nearest.ts'
import type { Path } from './places.ts'
import type { Key, Values } from './schema.ts'
import { placeOf, type TomlFile } from './toml.ts'

/** What one file had to say: collected over the whole file, so that all its problems come at once. */
export class Findings {
  readonly problems: string[] = []
  readonly #warnings: string[] = []
  readonly #retired = new Map<string, { names: Set<string>; paths: Path[] }>()
  readonly file: TomlFile

  constructor(file: TomlFile) {
    this.file = file
  }

  problem(path: Path, text: string): void {
    this.problems.push(`${placeOf(this.file, path)}: ${text}`)
  }

  warning(path: Path, text: string): void {
    this.#warnings.push(`${placeOf(this.file, path)}: ${text}`)
  }

  retired(path: Path, name: string, reason: string): void {
    const group = this.#retired.get(reason) ?? { names: new Set(), paths: [] }
    this.#retired.set(reason, group)
    group.names.add(name)
    group.paths.push(path)
  }

  /** One line a value that cannot be honoured, one line a reason for keys that mean nothing any more. */
  warnings(): string[] {
    const retired = [...this.#retired].map(
      ([
        reason,
        {
          names,
          paths: [first = [], ...more],
        },
      ]) => {
        const where = more.length === 0 ? placeOf(this.file, first) : this.file.file
        return `${where}: ${[...names].join(', ')} ${names.size === 1 ? 'has' : 'have'} no effect any more: ${reason}`
      },
    )
    return [...this.#warnings, ...retired]
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
  at: Path = [],
): Values<Table> {
  const values: Record<string, unknown> = {}
  for (const [name, key] of Object.entries(table)) if (key.kind === 'setting') values[name] = key.default
  for (const [name, value] of given) {
    const path = [...at, ...name.split('.')]
    const key = Object.hasOwn(table, name) ? table[name] : undefined
    if (key === undefined) {
      const problem = unknownKey(name, value, Object.keys(table))
      if (problem !== null) findings.problem(path, problem)
    } else if (key.kind === 'retired') {
      findings.retired(path, name, key.reason)
    } else if (!key.check(value)) {
      findings.problem(path, `${name} must be ${key.expected}, got ${shown(value)}`)
    } else {
      values[name] = value
    }
  }
  return values as Values<Table>
}

/** The leaves of a parsed table by dotted path; arrays and empty tables are values. */
export function flatten(table: Record<string, unknown>, prefix = ''): Map<string, unknown> {
  const leaves = new Map<string, unknown>()
  for (const [name, value] of Object.entries(table)) {
    const path = prefix + name
    if (isTable(value) && Object.keys(value).length > 0) for (const [inner, leaf] of flatten(value, `${path}.`)) leaves.set(inner, leaf)
    else leaves.set(path, value)
  }
  return leaves
}

export function isTable(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date)
}

/** A typo in one part of a dotted path is near; so is the right key under the wrong table. A table of which every line is commented out is no problem. */
function unknownKey(name: string, value: unknown, known: readonly string[]): string | null {
  if (known.some((key) => key.startsWith(`${name}.`))) return isTable(value) ? null : `${name} must be a table, got ${shown(value)}`
  const last = name.slice(name.lastIndexOf('.') + 1)
  const tables = known.map((key) => key.slice(0, key.lastIndexOf('.')))
  const near = nearest(name, isTable(value) ? tables : known) ?? known.find((key) => key.endsWith(`.${last}`))
  const what = isTable(value) ? 'table' : 'key'
  return `unknown ${what} ${name}${near === undefined ? `; known are ${known.join(', ')}` : `; did you mean ${near}?`}`
}

export function shown(value: unknown): string {
  const text = JSON.stringify(value, (_, inner: unknown) => (typeof inner === 'number' && !Number.isFinite(inner) ? String(inner) : inner))
  return text.length > 80 ? `${text.slice(0, 77)}...` : text
}
