import type { ConfigOrigin, Surroundings } from './find.ts'
import { type ProjectTable, readConfiguration, shipped } from './read.ts'
import type { Scheduling } from './scheduling.ts'
import { type configKeys, METRIC_OF_TYPE, type Values } from './schema.ts'

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
  /** Which processes are recorded. */
  scope: 'descendants_only' | 'full_scan'
  compression: Values<typeof configKeys>['monitor.storage.compression']
  /** Other formats that a finished recording is written in, too. */
  formats: { json: boolean; legacyCsv: boolean }
  /** Null: nothing is pinned. */
  scheduling: Scheduling | null
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
  /** How long the clean command may take. */
  cleanTimeoutMs: number
  shell?: string
  /** Of whole names; "": none. */
  processPattern: string
}

/** Reads config.toml and the projects.toml it names. All problems of a file come in one ERR_MYMONITOR_CONFIG; nothing is created or changed. */
export function loadConfig(option: string | undefined, surroundings: Surroundings): Config {
  const { found, values, scheduling, projects, projectTables, rulesFile, warnings } = readConfiguration(option, surroundings)
  return {
    ...found,
    defaultJobs: values['monitor.general.default_jobs'],
    skipPlots: values['monitor.general.skip_plots'],
    logRootDir: values['monitor.general.log_root_dir'],
    intervalUs: Math.round(values['monitor.collection.interval_seconds'] * 1e6),
    metric: METRIC_OF_TYPE[values['monitor.collection.metric_type']],
    scope: values['monitor.collection.pss_collector_mode'],
    compression: values['monitor.storage.compression'],
    formats: { json: values['monitor.storage.format'] === 'json', legacyCsv: values['monitor.storage.generate_legacy_formats'] },
    scheduling,
    projects: projectTables.map(projectOf),
    projectsFile: projects.file,
    ownProjects: found.origin !== 'shipped' && projects.file !== shipped('projects.toml'),
    rulesFile,
    warnings,
  }
}

function projectOf({ values }: ProjectTable): Project {
  return {
    name: values.name,
    dir: values.dir,
    setup: values.setup_command_template,
    build: values.build_command_template,
    clean: values.clean_command_template,
    cleanTimeoutMs: Math.round(values.clean_timeout_seconds * 1000),
    processPattern: values.process_pattern,
    ...(values.shell === undefined ? {} : { shell: values.shell }),
  }
}
