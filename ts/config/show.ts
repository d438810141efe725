import type { ConfigOrigin, Surroundings } from './find.ts'
import type { Path } from './places.ts'
import { readConfiguration, shipped } from './read.ts'
import { configKeys, type Key, projectKeys } from './schema.ts'
import { positionOf, type TomlFile } from './toml.ts'

/** Every value that is in effect and who set it. */
export interface ConfigDescription {
  config: { file: string; found: ConfigOrigin; values: ShownValue[] }
  projects: { file: string; shipped: boolean; projects: ShownValue[][] }
  rules: { file: string; shipped: boolean }
  /** One line each: what the files ask for that has no effect. */
  warnings: string[]
}

export interface ShownValue {
  /** Dotted path. */
  key: string
  value: unknown
  origin: 'default' | { file: string; line: number }
}

/**
 * The configuration in effect, as `mymonitor config show --origin` prints it. `option` is the path of a config.toml; without it the usual places are looked
 * at. `surroundings` are by default the directory and environment of this process. Throws ERR_MYMONITOR_CONFIG with all problems of a file.
 */
export function describeConfig(option?: string, surroundings: Surroundings = { cwd: process.cwd(), env: process.env }): ConfigDescription {
  const { found, config, given, values, projects, projectTables, rulesFile, warnings } = readConfiguration(option, surroundings)
  return {
    config: { file: found.file, found: found.origin, values: shownValues(configKeys, values, given, config, []) },
    projects: {
      file: projects.file,
      shipped: projects.file === shipped('projects.toml'),
      projects: projectTables.map((table, index) => shownValues(projectKeys, table.values, table.given, projects, ['projects', index])),
    },
    rules: { file: rulesFile, shipped: rulesFile === shipped('rules.toml') },
    warnings,
  }
}

/** In the order of the table of keys. A key without a value and one that means nothing any more are left out. */
function shownValues(
  table: Readonly<Record<string, Key>>,
  values: Readonly<Record<string, unknown>>,
  given: ReadonlyMap<string, unknown>,
  file: TomlFile,
  at: Path,
): ShownValue[] {
  return Object.entries(table).flatMap(([key, row]): ShownValue[] => {
    // What cannot be honoured is in effect as the default; a warning says so.
    const value = row.kind === 'setting' ? values[key] : undefined
    if (value === undefined) return []
    const set = given.has(key) && (row.kind === 'setting' || given.get(key) === value)
    const origin = set ? { file: file.file, line: positionOf(file, [...at, ...key.split('.')]).line } : 'default'
    return [{ key, value, origin }]
  })
}
