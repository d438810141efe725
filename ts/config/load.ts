import { existsSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { checkKeys, Findings, flatten, isTable, shown } from './check.ts'
import { type ConfigOrigin, findConfig, SHIPPED_CONFIG, type Surroundings } from './find.ts'
import { configKeys, METRIC_OF_TYPE, projectKeys, type Values } from './schema.ts'
import { readToml } from './toml.ts'

export interface Config {
  /** Absolute path of the config.toml in use. */
  file: string
  origin: ConfigOrigin
  defaultJobs: readonly number[]
  skipPlots: boolean
  /** As written; expanded by the plan. */
  logRootDir: string
  intervalUs: number
  metric: 'pss' | 'rss'
  compression: Values<typeof configKeys>['monitor.storage.compression']
  projects: readonly Project[]
  /** Absolute path of projects.toml. */
  projectsFile: string
  /** The projects are the user's own, not the shipped examples. */
  ownProjects: boolean
  /** Absolute path of rules.toml. */
  rulesFile: string
  /** One line each: what the files ask for that has no effect. */
  warnings: readonly string[]
}

export interface Project {
  name: string
  /** As written; expanded by the plan, relative to the directory of projects.toml. */
  dir: string
  setup: string
  build: string
  clean: string
  shell?: string
}

/** Reads config.toml and the projects.toml it names. All problems of a file come in one ERR_MYMONITOR_CONFIG; nothing is created or changed. */
export function loadConfig(option: string | undefined, surroundings: Surroundings): Config {
  const { file, origin } = findConfig(option, surroundings)
  const toml = readToml(file)
  const findings = new Findings(toml)
  const given = flatten(toml.table)
  const values = checkKeys(configKeys, given, findings)
  findings.throwIfAny()

  const projectsFile = companion(file, values['paths.projects_config'], given.has('paths.projects_config'), 'projects.toml')
  const { projects, warnings } = loadProjects(projectsFile)
  return {
    file,
    origin,
    defaultJobs: values['monitor.general.default_jobs'],
    skipPlots: values['monitor.general.skip_plots'],
    logRootDir: values['monitor.general.log_root_dir'],
    intervalUs: Math.round(values['monitor.collection.interval_seconds'] * 1e6),
    metric: METRIC_OF_TYPE[values['monitor.collection.metric_type']],
    compression: values['monitor.storage.compression'],
    projects,
    projectsFile,
    ownProjects: origin !== 'shipped' && projectsFile !== shipped('projects.toml'),
    rulesFile: companion(file, values['paths.rules_config'], given.has('paths.rules_config'), 'rules.toml'),
    warnings: [...findings.warnings(), ...warnings],
  }
}

/** A file named by config.toml must exist; one that is only the default name may be missing: then the shipped one counts. */
function companion(configFile: string, name: string, named: boolean, shippedName: string): string {
  const file = resolve(dirname(configFile), name)
  return named || existsSync(file) ? file : shipped(shippedName)
}

function shipped(name: string): string {
  return join(dirname(SHIPPED_CONFIG), name)
}

function loadProjects(file: string): { projects: Project[]; warnings: string[] } {
  const toml = readToml(file)
  const findings = new Findings(toml)
  for (const name of Object.keys(toml.table)) {
    if (name !== 'projects') findings.problem([name], `unknown key ${name}; the file holds [[projects]] tables`)
  }
  const tables = toml.table['projects'] ?? []
  const projects: Project[] = []
  if (!Array.isArray(tables)) findings.problem(['projects'], `projects must be [[projects]] tables, got ${shown(tables)}`)
  else for (const [index, table] of tables.entries()) projects.push(...checkProject(table, index, findings))
  for (const [index, project] of projects.entries()) {
    if (projects.findIndex(({ name }) => name === project.name) < index)
      findings.problem(['projects', index, 'name'], `two projects are named ${shown(project.name)}; -p must be able to tell them apart`)
  }
  findings.throwIfAny()
  return { projects, warnings: findings.warnings() }
}

function checkProject(table: unknown, index: number, findings: Findings): Project[] {
  const at = ['projects', index]
  if (!isTable(table)) {
    findings.problem(at, `projects must be [[projects]] tables, got ${shown(table)}`)
    return []
  }
  const values = checkKeys(projectKeys, flatten(table), findings, at)
  const { name, dir, build_command_template: build, shell } = values
  for (const required of ['name', 'dir', 'build_command_template'] as const) {
    if (!Object.hasOwn(table, required)) {
      const which = name === undefined ? `project ${index + 1}` : `project ${shown(name)}`
      findings.problem([...at, required], `${which} has no ${required}: it must be ${projectKeys[required].expected}`)
    }
  }
  if (name === undefined || dir === undefined || build === undefined) return []
  return [
    {
      name,
      dir,
      setup: values.setup_command_template,
      build,
      clean: values.clean_command_template,
      ...(shell === undefined ? {} : { shell }),
    },
  ]
}
