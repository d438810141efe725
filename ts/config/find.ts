import { existsSync, realpathSync } from 'node:fs'
import { dirname, isAbsolute, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

export type ConfigOrigin = 'option' | 'environment' | 'directory' | 'user' | 'shipped'

export interface FoundConfig {
  /** Absolute path of config.toml. */
  file: string
  origin: ConfigOrigin
}

export interface Surroundings {
  /** Absolute. */
  cwd: string
  env: Readonly<Record<string, string | undefined>>
}

/** The configuration that is part of the package. */
export const SHIPPED_CONFIG = fileURLToPath(new URL('../../conf/config.toml', import.meta.url))

/** The rules that are part of the package. */
export const SHIPPED_RULES = join(dirname(SHIPPED_CONFIG), 'rules.toml')

/** What the root of a repository holds; `repo` is the tool that AOSP is checked out with. */
const REPOSITORY_MARKS = ['.git', '.hg', '.jj', '.repo']

/** The first of: the option, MYMONITOR_CONFIG, conf/config.toml here and upward to the repository's root, the user's own directory, the shipped one. */
export function findConfig(option: string | undefined, { cwd, env }: Surroundings): FoundConfig {
  if (option !== undefined) return classify(resolve(cwd, option), 'option')
  const variable = env['MYMONITOR_CONFIG']
  if (variable) return classify(resolve(cwd, variable), 'environment')
  for (const directory of upward(cwd)) {
    const file = join(directory, 'conf', 'config.toml')
    if (existsSync(file)) return classify(file, 'directory')
  }
  const own = userConfig(env)
  if (own && existsSync(own)) return classify(own, 'user')
  return { file: SHIPPED_CONFIG, origin: 'shipped' }
}

/** A relative XDG_CONFIG_HOME does not count: the specification of XDG wants it ignored. */
function userConfig(env: Surroundings['env']): string | undefined {
  const { XDG_CONFIG_HOME: given, HOME: home } = env
  const base = given && isAbsolute(given) ? given : home && join(home, '.config')
  return base && join(base, 'mymonitor', 'config.toml')
}

/** The shipped file found by another way (in a clone of this repository) is still the shipped one: its defaults never count as the user's. */
function classify(file: string, origin: ConfigOrigin): FoundConfig {
  return existsSync(file) && realpathSync(file) === realpathSync(SHIPPED_CONFIG) ? { file, origin: 'shipped' } : { file, origin }
}

/** The directory itself, then its parents up to the root of the repository it is in; outside a repository only itself. */
function upward(cwd: string): string[] {
  const directories: string[] = []
  for (let directory = cwd; ; directory = dirname(directory)) {
    directories.push(directory)
    if (REPOSITORY_MARKS.some((mark) => existsSync(join(directory, mark)))) return directories
    if (dirname(directory) === directory) return [cwd]
  }
}
