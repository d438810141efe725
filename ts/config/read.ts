import { lstatSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { patternProblem } from '../native.ts'
import { checkKeys, Findings, flatten, isTable, shown } from './check.ts'
import { type FoundConfig, findConfig, SHIPPED_CONFIG, type Surroundings } from './find.ts'
import { type Scheduling, schedulingOf } from './scheduling.ts'
import { configKeys, projectKeys, type Values } from './schema.ts'
import { readToml, type TomlFile } from './toml.ts'

/** config.toml and projects.toml, checked and with what each file says itself. */
export interface Configuration {
  found: FoundConfig
  config: TomlFile
  /** By dotted path: what config.toml says itself; the rest of `values` are defaults. */
  given: ReadonlyMap<string, unknown>
  values: Values<typeof configKeys>
  scheduling: Scheduling | null
  projects: TomlFile
  /** In the order of the file. */
  projectTables: ProjectTable[]
  /** Absolute path of rules.toml. */
  rulesFile: string
  /** One line each: what the files ask for that has no effect. */
  warnings: string[]
}

export interface ProjectTable {
  given: ReadonlyMap<string, unknown>
  values: Values<typeof projectKeys> & { name: string; dir: string; build_command_template: string }
}

/** All problems of a file come in one ERR_MYMONITOR_CONFIG; nothing is created or changed. */
export function readConfiguration(option: string | undefined, surroundings: Surroundings): Configuration {
  const found = findConfig(option, surroundings)
  const config = readToml(found.file)
  const findings = new Findings(config)
  const given = flatten(config.table)
  const values = checkKeys(configKeys, given, findings)
  findings.throwIfAny()
  const scheduling = schedulingOf(values, findings)
  const companion = (key: 'paths.projects_config' | 'paths.rules_config', name: string) =>
    companionOf(found.file, values[key], given.has(key), name)
  const projects = readToml(companion('paths.projects_config', 'projects.toml'))
  const { tables, warnings } = checkProjects(projects)
  return {
    found,
    config,
    given,
    values,
    scheduling,
    projects,
    projectTables: tables,
    rulesFile: companion('paths.rules_config', 'rules.toml'),
    warnings: [...findings.warnings(), ...warnings],
  }
}

/** A file of the package. */
export function shipped(name: string): string {
  return join(dirname(SHIPPED_CONFIG), name)
}

/** A file named by config.toml must exist; one that is only the default name may be missing: then the shipped one counts. A link to nothing is not missing. */
function companionOf(configFile: string, name: string, named: boolean, shippedName: string): string {
  const file = resolve(dirname(configFile), name)
  return named || lstatSync(file, { throwIfNoEntry: false }) !== undefined ? file : shipped(shippedName)
}

function checkProjects(file: TomlFile): { tables: ProjectTable[]; warnings: string[] } {
  const findings = new Findings(file)
  for (const name of Object.keys(file.table)) {
    if (name !== 'projects') findings.problem([name], `unknown key ${name}; the file holds [[projects]] tables`)
  }
  const given = file.table['projects'] ?? []
  const tables: ProjectTable[] = []
  if (!Array.isArray(given)) findings.problem(['projects'], `projects must be [[projects]] tables, got ${shown(given)}`)
  else {
    const seen = new Set<unknown>()
    for (const [index, table] of given.entries()) {
      tables.push(...checkProject(table, index, findings))
      const name: unknown = isTable(table) ? table['name'] : undefined
      if (name !== undefined && seen.has(name))
        findings.problem(['projects', index, 'name'], `two projects are named ${shown(name)}; -p must be able to tell them apart`)
      seen.add(name)
    }
  }
  findings.throwIfAny()
  return { tables, warnings: findings.warnings() }
}

function checkProject(table: unknown, index: number, findings: Findings): ProjectTable[] {
  const at = ['projects', index]
  if (!isTable(table)) {
    findings.problem(at, `projects must be [[projects]] tables, got ${shown(table)}`)
    return []
  }
  const given = flatten(table)
  const values = checkKeys(projectKeys, given, findings, at)
  const { name, dir, build_command_template: build } = values
  for (const required of ['name', 'dir', 'build_command_template'] as const) {
    if (!Object.hasOwn(table, required)) {
      const which = name === undefined ? `project ${index + 1}` : `project ${shown(name)}`
      findings.problem([...at, required], `${which} has no ${required}: it must be ${projectKeys[required].expected}`)
    }
  }
  const problem = patternProblem(values.process_pattern)
  if (problem !== null)
    findings.problem(
      [...at, 'process_pattern'],
      `process_pattern must be ${projectKeys.process_pattern.expected}, got ${shown(values.process_pattern)}: ${problem}`,
    )
  if (name === undefined || dir === undefined || build === undefined) return []
  return [{ given, values: { ...values, name, dir, build_command_template: build } }]
}
