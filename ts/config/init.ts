import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { basename, join } from 'node:path'
import { MyMonitorError } from '../errors.ts'
import { type Build, findBuilds, knownSystems } from './builds.ts'
import { configText, projectsIntroduction, projectText } from './template.ts'

export interface Initialized {
  /** Absolute paths of what was written. */
  files: string[]
  /** Name of the project. */
  project: string
  build: Build
  jobs: number[]
  /** Found as well; written as comments. */
  others: Build[]
}

/**
 * Writes conf/config.toml and conf/projects.toml for the build in a directory (absolute), as `mymonitor init` does. Throws ERR_MYMONITOR_USAGE where there is
 * no build, ERR_MYMONITOR_OUTPUT where one of the files exists or cannot be written; then nothing is written.
 */
export function initialize(cwd: string): Initialized {
  const [build, ...others] = findBuilds(cwd)
  if (build === undefined)
    throw new MyMonitorError(
      'ERR_MYMONITOR_USAGE',
      `no build found in ${cwd}: looked for ${knownSystems().join(', ')} (a package.json with a script build); to record any command without files: mymonitor -- COMMAND`,
    )
  const project = basename(cwd) || 'build'
  const cpus = availableParallelism()
  const jobs = build.levels ? [...new Set([cpus, Math.ceil(cpus / 2)])] : [1]
  const conf = join(cwd, 'conf')
  const files = [
    [join(conf, 'config.toml'), configText(CONFIG_INTRODUCTION, { 'monitor.general.default_jobs': jobs })],
    [join(conf, 'projects.toml'), projectsFile(project, build, others)],
  ] as const
  writeNew(conf, files)
  return { files: files.map(([file]) => file), project, build, jobs, others }
}

const CONFIG_INTRODUCTION =
  'Configuration of mymonitor for this directory and those below it, up to the root of the repository. A line that stays commented out has its default.'
const PROJECTS_INTRODUCTION =
  'What `mymonitor` records here: `-p NAME` for one project, without it all. <N> in a command stands for the -j level.'

function projectsFile(name: string, build: Build, others: readonly Build[]): string {
  const alternatives = others.map((other) => {
    const text = entry(`${name}-${other.system.toLowerCase()}`, other)
    return text.replace(/^(?!#)(?=.)/gm, '# ')
  })
  return [projectsIntroduction(PROJECTS_INTRODUCTION), entry(name, build), ...alternatives].join('\n')
}

function entry(name: string, { system, file, note, levels, ...commands }: Build): string {
  const cleans =
    commands.clean_command_template === undefined ? '' : ' The clean command removes what was built, before and after each level.'
  return projectText({ name, dir: '..', ...commands }, `${system}, found by ${file}.${note === undefined ? '' : ` ${note}`}${cleans}`)
}

/** All or none; never over a file that is there. */
function writeNew(directory: string, files: readonly (readonly [file: string, text: string])[]): void {
  const written: string[] = []
  try {
    if (!existsSync(directory)) mkdirSync(directory)
    for (const [file, text] of files) {
      writeFileSync(file, '', { flag: 'wx' })
      written.push(file)
      writeFileSync(file, text)
    }
  } catch (cause) {
    for (const file of written) rmSync(file, { force: true })
    const { code, path = directory, message } = cause as NodeJS.ErrnoException
    if (code === 'EEXIST') throw exists(path)
    // Without Node's decoration.
    const reason = /^[A-Z0-9]+: (.*?), /.exec(message)?.[1] ?? message
    throw new MyMonitorError('ERR_MYMONITOR_OUTPUT', `cannot write ${path}: ${reason}`, { cause })
  }
}

function exists(file: string): MyMonitorError {
  return new MyMonitorError('ERR_MYMONITOR_OUTPUT', `${file} exists already, nothing was written; edit it, or move it away first`)
}
