import { mkdirSync, readdirSync, readFileSync, symlinkSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { basename, join } from 'node:path'
import { expect, test } from 'vitest'
import { initialize } from '../../ts/config/init.ts'
import { loadConfig } from '../../ts/config/load.ts'
import { configKeys, type Key, projectKeys } from '../../ts/config/schema.ts'
import { directoryWith } from './files.ts'

/** The files of one build of every system. */
const BUILDS: [system: string, files: Record<string, string>][] = [
  ['Make', { Makefile: 'clean:\n' }],
  ['Make', { Makefile: 'all:\n' }],
  ['Make', { configure: '' }],
  ['Ninja', { 'build.ninja': '' }],
  ['CMake', { 'CMakeLists.txt': '' }],
  ['Cargo', { 'Cargo.toml': '' }],
  ['Meson', { 'meson.build': '' }],
  ['Gradle', { 'build.gradle': '' }],
  ['Maven', { 'pom.xml': '' }],
  ['Go', { 'go.mod': '' }],
  ['Bazel', { WORKSPACE: '' }],
  ['npm', { 'package.json': '{"scripts":{"build":"x"}}' }],
]
const load = (cwd: string) => loadConfig(undefined, { cwd, env: {} })
const text = (cwd: string, name: string) => readFileSync(join(cwd, 'conf', name), 'utf8')

test.each(BUILDS)('what is written for %s %j loads without a warning and says the build', (system, files) => {
  const cwd = directoryWith(files)
  const { build, jobs, project } = initialize(cwd)
  const config = load(cwd)
  expect(config).toMatchObject({ origin: 'directory', ownProjects: true, warnings: [], defaultJobs: jobs })
  expect(build.system).toBe(system)
  expect(config.projects).toEqual([
    expect.objectContaining({
      name: project,
      dir: '..',
      setup: build.setup_command_template ?? '',
      build: build.build_command_template,
      clean: build.clean_command_template ?? '',
    }),
  ])
  expect(project).toBe(basename(cwd))
})

test('several levels are proposed only where each of them builds everything', () => {
  const jobs = (files: Record<string, string>) => initialize(directoryWith(files)).jobs
  const cpus = availableParallelism()
  expect(jobs({ Makefile: 'clean:\n' })).toEqual([...new Set([cpus, Math.ceil(cpus / 2)])])
  expect(jobs({ Makefile: 'all:\n' })).toEqual([1])
  expect(jobs({ 'package.json': '{"scripts":{"build":"x"}}' })).toEqual([1])
})

test('every key that takes effect is there with its help; what is commented out is valid, too', () => {
  const cwd = directoryWith({ Makefile: 'clean:\n' })
  initialize(cwd)
  const oneLine = (file: string) => file.replace(/\n# +/g, ' ').replace(/\n#? */g, ' ')
  const config = text(cwd, 'config.toml')
  for (const [path, key] of Object.entries(configKeys) as [string, Key][]) {
    const name = path.slice(path.lastIndexOf('.') + 1)
    if (key.kind !== 'setting') expect(config).not.toContain(name)
    else {
      expect(config).toMatch(new RegExp(`^(# )?${name} = `, 'm'))
      expect(oneLine(config)).toContain(key.help)
    }
  }
  const projects = oneLine(text(cwd, 'projects.toml')).replace(/ +/g, ' ')
  for (const [name, key] of Object.entries(projectKeys) as [string, Key][])
    if (key.kind === 'setting') expect(projects).toContain(`${name} ${key.help}`)
  const uncommented = config.replace(/^# (\w+ = )/gm, '$1')
  const other = directoryWith({ 'conf/config.toml': uncommented, 'conf/projects.toml': '', 'conf/rules.toml': '' })
  expect(load(other).warnings).toEqual([])
})

test('other builds are there as comments, ready to be used', () => {
  const cwd = directoryWith({ 'Cargo.toml': '', Makefile: 'clean:\n', 'package.json': '{"scripts":{"build":"x"}}' })
  expect(initialize(cwd).others.map(({ system }) => system)).toEqual(['Make', 'npm'])
  const uncommented = text(cwd, 'projects.toml').replace(/^# (\[\[projects|\w+ = )/gm, '$1')
  const other = directoryWith({ 'conf/config.toml': '', 'conf/projects.toml': uncommented })
  const name = basename(cwd)
  expect(load(cwd).projects.map((project) => project.name)).toEqual([name])
  expect(load(other).projects.map((project) => project.name)).toEqual([name, `${name}-make`, `${name}-npm`])
})

test.each(['config.toml', 'projects.toml'])('a conf/%s that exists is left alone, and nothing else is written', (name) => {
  const cwd = directoryWith({ Makefile: 'clean:\n', [`conf/${name}`]: '# mine\n' })
  expect(() => initialize(cwd)).toThrow(`${join(cwd, 'conf', name)} exists already, nothing was written`)
  expect(readdirSync(join(cwd, 'conf'))).toEqual([name])
  expect(text(cwd, name)).toBe('# mine\n')
})

test('a dangling symbolic link is not written through, and what was begun is taken back', () => {
  const cwd = directoryWith({ Makefile: 'clean:\n' })
  mkdirSync(join(cwd, 'conf'))
  symlinkSync(join(cwd, 'elsewhere'), join(cwd, 'conf/projects.toml'))
  expect(() => initialize(cwd)).toThrow('projects.toml exists already, nothing was written')
  expect(readdirSync(cwd).sort()).toEqual(['Makefile', 'conf'])
  expect(readdirSync(join(cwd, 'conf'))).toEqual(['projects.toml'])
})

test('where there is no build nothing is written', () => {
  const cwd = directoryWith({ 'README.md': '' })
  expect(() => initialize(cwd)).toThrow(`no build found in ${cwd}: looked for Bazel, Cargo, `)
  expect(readdirSync(cwd)).toEqual(['README.md'])
})

test('a directory with quotes, backslashes and control characters in its name is written so that it loads', () => {
  const cwd = join(directoryWith(), 'we"ird\\\x7f \x01<N>')
  mkdirSync(cwd)
  symlinkSync('/dev/null', join(cwd, 'Makefile'))
  expect(initialize(cwd).project).toBe(basename(cwd))
  expect(load(cwd).projects[0]?.name).toBe(basename(cwd))
})
