import { basename, dirname, resolve } from 'node:path'
import type { Config, Project } from '../config/load.ts'
import { nearest } from '../config/nearest.ts'
import { DEFAULT_CLEAN_TIMEOUT_S, INTERVAL_SECONDS, MAX_JOBS } from '../config/schema.ts'
import { MyMonitorError } from '../errors.ts'
import type { SessionOptions } from '../native.ts'
import { cpusOf, type LevelCpus } from './cpus.ts'
import type { RunOptions } from './options.ts'
import { cleanCommand, expandPath, phasedCommand } from './template.ts'

/** Far above what anybody waits for, far below what a run.json can hold. */
const MAX_REPEAT = 1000

/** Everything that a run will do, decided before anything is done. */
export interface Plan {
  kind: 'command' | 'projects' | 'attach'
  levels: Level[]
  outputDir: string
  /** Absolute path of rules.toml. */
  rulesFile: string
  intervalUs: number
  metric: 'pss' | 'rss'
  events: SessionOptions['events']
  pss: 'budget' | 'full'
  pssBudgetPercent: number
  compression: SessionOptions['compression']
  formats: Config['formats']
  timeoutMs?: number
  /** How many times each level is recorded. */
  repeat: number
  failFast: boolean
  strict: boolean
  report: boolean
  storeArgv: boolean
}

export interface Level {
  project: string
  jobs: number | null
  /** From 1. */
  repeat: number
  cwd: string
  command: string[]
  /** The process whose tree is sampled; nothing is started. */
  attach?: number
  /** Of a project: its build command as the user wrote it, placeholders filled. */
  text?: string
  /** The command marks the end of its setup. */
  phases: boolean
  output: SessionOptions['output']
  /** Processes outside of the tree that are recorded, too; left out: none. */
  processPattern?: string
  /** Left out: the configuration does not ask for CPU scheduling. */
  cpus?: LevelCpus
  /** Run unrecorded before and after the build. */
  before: Step | null
  after: Step | null
}

export interface Step {
  name: 'pre-clean' | 'post-clean' | 'prepare'
  /** As the user wrote it, placeholders filled. */
  text: string
  command: string[]
  cwd: string
  /** It is ended after this time. */
  timeoutMs: number
}

/** What the plan has to know of the world. */
export interface PlanContext {
  /** Absolute. */
  cwd: string
  env: Readonly<Record<string, string | undefined>>
  /** What runs shell commands where a project does not say. */
  shell: string
  /** What this process may use, ascending; looked at where the configuration asks for CPU scheduling. */
  allowedCpus: readonly number[]
}

/** Pure: nothing is read, created or started. Throws ERR_MYMONITOR_USAGE or, for what a file says, ERR_MYMONITOR_CONFIG. */
export function planRun(config: Config, options: RunOptions, context: PlanContext): Plan {
  const kind = options.command === undefined ? 'projects' : 'command'
  rejectMixtures(kind, options)
  if (options.jobs !== undefined) checkJobs(options.jobs)
  const repeat = checkedRepeat(options.repeat ?? 1)
  const once =
    options.command === undefined
      ? chosenProjects(config, options.projects).flatMap((project) => projectLevels(project, config, options, context))
      : commandLevels(options.command, config, options, context)
  const { scheduling } = config
  const pinned = scheduling === null ? once : once.map((level) => ({ ...level, cpus: cpusOf(scheduling, context.allowedCpus, level.jobs) }))
  return {
    ...planOptions(config, options, context),
    kind,
    // All levels once, then all again: what changes with time, such as the temperature or a cache, does not add up in one of them.
    levels: Array.from({ length: repeat }, (_, index) => pinned.map((level) => ({ ...level, repeat: index + 1 }))).flat(),
  }
}

/** What does not depend on what is recorded. */
export function planOptions(config: Config, options: RunOptions, context: PlanContext): Omit<Plan, 'kind' | 'levels'> {
  return {
    rulesFile: config.rulesFile,
    outputDir: resolve(context.cwd, options.outputDir ?? expandPath(config.logRootDir, context.env, `${config.file}: log_root_dir`)),
    intervalUs: options.intervalMs === undefined ? config.intervalUs : checkedIntervalUs(options.intervalMs),
    metric: options.metric ?? config.metric,
    events: options.events ?? 'auto',
    pss: options.pss ?? 'budget',
    pssBudgetPercent: checkedBudget(options.pssBudgetPercent ?? DEFAULT_BUDGET_PERCENT),
    compression: config.compression,
    formats: config.formats,
    ...(options.timeoutMs === undefined ? {} : { timeoutMs: checkedTimeoutMs(options.timeoutMs) }),
    repeat: checkedRepeat(options.repeat ?? 1),
    failFast: options.failFast ?? false,
    strict: options.strict ?? false,
    report: options.report ?? !config.skipPlots,
    storeArgv: options.storeArgv ?? true,
  }
}

/** The base name of what runs; a path that ends in a slash has none of its own. */
function commandName(command: readonly string[]): string {
  return basename(command[0] ?? '') || 'build'
}

function usage(message: string): MyMonitorError {
  return new MyMonitorError('ERR_MYMONITOR_USAGE', message)
}

/** Options that mean nothing for what is run would otherwise be ignored silently. */
function rejectMixtures(kind: 'command' | 'projects', options: RunOptions): void {
  if (kind === 'command') {
    if (options.command?.length === 0) throw usage('no command: expected one after --, such as -- make -j8')
    if (options.command?.[0] === '')
      throw new MyMonitorError('ERR_MYMONITOR_COMMAND_NOT_FOUND', 'cannot run "": the name of the command is empty')
    if (options.projects?.length) throw usage('a project and a command: give either -p NAME or -- COMMAND')
    if (options.showOutput) throw usage('--show-output is for projects; a command after -- shows its output anyway')
    if (options.preClean === false || options.postClean === false)
      throw usage('--no-pre-clean and --no-post-clean are for projects; a command after -- has no clean command')
  } else {
    if (options.logOutput) throw usage('--log-output is for a command after --; the output of projects is always in build_stdout.log')
    if (options.prepare !== undefined) throw usage('--prepare is for a command after --; a project has clean_command_template')
  }
}

function checkJobs(jobs: readonly number[]): void {
  if (jobs.length === 0) throw usage('no level: expected whole numbers of at least 1, such as 8,4,2,1')
  for (const [index, level] of jobs.entries()) {
    if (!Number.isInteger(level) || level < 1 || level > MAX_JOBS)
      throw usage(`level ${level}: expected a whole number from 1 to ${MAX_JOBS}`)
    if (jobs.indexOf(level) < index)
      throw usage(`level ${level} is given twice: each level is recorded once; --repeat N records all of them N times`)
  }
}

function checkedRepeat(repeat: number): number {
  if (Number.isInteger(repeat) && repeat >= 1 && repeat <= MAX_REPEAT) return repeat
  throw usage(`repeat ${repeat}: expected a whole number from 1 to ${MAX_REPEAT}`)
}

function checkedIntervalUs(intervalMs: number): number {
  const { min, max } = INTERVAL_SECONDS
  if (!(intervalMs >= min * 1000 && intervalMs <= max * 1000))
    throw usage(`interval ${intervalMs} ms: expected ${min * 1000} ms to ${max} s, such as 50ms`)
  return Math.round(intervalMs * 1000)
}

const DEFAULT_BUDGET_PERCENT = 1

function checkedBudget(percent: number): number {
  if (!(percent >= 0 && percent <= 100)) throw usage(`PSS budget ${percent} %: expected 0 to 100 per cent of one CPU, such as 1`)
  return percent
}

function checkedTimeoutMs(timeoutMs: number): number {
  if (!(timeoutMs >= 1 && Number.isFinite(timeoutMs))) throw usage(`timeout ${timeoutMs} ms: expected at least 1 ms, such as 30min`)
  return Math.round(timeoutMs)
}

function chosenProjects(config: Config, names: readonly string[] | undefined): readonly Project[] {
  if (names === undefined || names.length === 0) {
    if (!config.ownProjects)
      throw usage(
        'nothing to record: give -p NAME or -- COMMAND, or write conf/projects.toml, with a conf/config.toml beside it (it may be empty)',
      )
    if (config.projects.length === 0) throw usage(`nothing to record: ${config.projectsFile} has no [[projects]]`)
    return config.projects
  }
  const known = config.projects.map(({ name }) => name)
  return [...new Set(names)].map((wanted) => {
    const project = config.projects.find(({ name }) => name === wanted)
    if (project !== undefined) return project
    const near = nearest(wanted, known)
    const hint = near === undefined ? `it has ${known.join(', ') || 'none'}` : `did you mean ${near}?`
    throw usage(`no project "${wanted}" in ${config.projectsFile}; ${hint}`)
  })
}

function projectLevels(project: Project, config: Config, options: RunOptions, context: PlanContext): Level[] {
  const where = `${config.projectsFile}: project "${project.name}"`
  const jobs = options.jobs ?? config.defaultJobs
  const mistaken = project.build.includes('<N>') ? null : /<n>|(?<!\$)\{N\}/.exec(project.build)
  // A shell would read from a file `n`, or hand `{N}` to the build.
  if (mistaken !== null) throw usage(`${where}: build_command_template has ${mistaken[0]}; in a template the level is written <N>`)
  if (jobs.length > 1 && !project.build.includes('<N>'))
    throw usage(
      `${where}: ${jobs.length} levels (${jobs.join(', ')}), but no <N> in build_command_template; write it where the level goes or give one level with -j`,
    )
  const base = dirname(config.projectsFile)
  const cwd =
    options.directory === undefined
      ? resolve(base, expandPath(project.dir, context.env, `${where}: dir`))
      : resolve(context.cwd, options.directory)
  const shell = project.shell ?? context.shell
  return jobs.map((level) => {
    const fill = (template: string): string => template.replaceAll('<N>', String(level))
    const setup = fill(project.setup)
    const build = fill(project.build)
    const text = fill(project.clean)
    const clean = (name: Step['name'], wanted: boolean | undefined): Step | null =>
      text.trim() === '' || wanted === false
        ? null
        : { name, text, command: cleanCommand(shell, setup, text), cwd, timeoutMs: project.cleanTimeoutMs }
    const phases = setup.trim() !== ''
    return {
      project: project.name,
      jobs: level,
      repeat: 1,
      cwd,
      text: build,
      command: phases ? phasedCommand(shell, setup, build) : [shell, '-c', build],
      phases,
      output: options.showOutput ? 'log-show' : 'log',
      ...(config.scope === 'full_scan' && project.processPattern !== '' ? { processPattern: project.processPattern } : {}),
      before: clean('pre-clean', options.preClean),
      after: clean('post-clean', options.postClean),
    }
  })
}

function commandLevels(command: readonly string[], config: Config, options: RunOptions, context: PlanContext): Level[] {
  const placeholder = command.some((argument) => argument.includes('{N}'))
  const jobs: readonly (number | null)[] = options.jobs ?? (placeholder ? config.defaultJobs : [null])
  if (jobs.length > 1 && !placeholder)
    throw usage(
      `${jobs.length} levels (${jobs.join(', ')}), but no {N} in the command; write it where the level goes, such as -- make -j{N}`,
    )
  const cwd = resolve(context.cwd, options.directory ?? '.')
  return jobs.map((level) => {
    const fill = (text: string): string => (level === null ? text : text.replaceAll('{N}', String(level)))
    const text = options.prepare === undefined ? undefined : fill(options.prepare)
    return {
      project: commandName(command),
      jobs: level,
      repeat: 1,
      cwd,
      command: command.map(fill),
      phases: false,
      output: options.logOutput ? 'inherit-log' : 'inherit',
      before:
        text === undefined
          ? null
          : { name: 'prepare', text, command: [context.shell, '-c', text], cwd, timeoutMs: DEFAULT_CLEAN_TIMEOUT_S * 1000 },
      after: null,
    }
  })
}
