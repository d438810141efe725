/** A project of its own for a sweep, and what a sweep left behind. */

import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { RunRecord } from '../../ts/run/run-record.ts'
import { temporary } from './harness.ts'

interface Project {
  name?: string
  dir?: string
  setup?: string
  build: string
  clean?: string
  more?: string
}

/** A directory with conf/ and, unless it is elsewhere, src/ for one project. */
export function workspace({ name = 'p', dir = '../src', setup = '', build, clean = '', more = '' }: Project): string {
  const cwd = temporary()
  mkdirSync(join(cwd, 'conf'))
  mkdirSync(join(cwd, 'src'))
  writeFileSync(join(cwd, 'conf/config.toml'), '')
  const keys = { name, dir, setup_command_template: setup, build_command_template: build, clean_command_template: clean }
  const rows = Object.entries(keys).map(([key, value]) => `${key} = ${JSON.stringify(value)}\n`)
  writeFileSync(join(cwd, 'conf/projects.toml'), `[[projects]]\n${rows.join('')}${more}\n`)
  return cwd
}

/** The first run below `output`. */
export const runDir = (cwd: string, output = 'logs') => join(cwd, output, readdirSync(join(cwd, output)).sort()[0] ?? '')
export const recordOf = (dir: string) => JSON.parse(readFileSync(join(dir, 'run.json'), 'utf8')) as RunRecord
export const lines = (...path: string[]) =>
  readFileSync(join(...path), 'utf8')
    .trim()
    .split('\n')
