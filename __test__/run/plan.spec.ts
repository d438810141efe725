import { expect, test } from 'vitest'
import type { Config, Project } from '../../ts/config/load.ts'
import type { RunOptions } from '../../ts/run/options.ts'
import { type Plan, planRun } from '../../ts/run/plan.ts'
import { scopeNotes } from '../../ts/run/scope.ts'

const PROJECT: Project = {
  name: 'qemu',
  dir: 'build',
  setup: '',
  build: 'make -j<N>',
  clean: 'make clean',
  cleanTimeoutMs: 60_000,
  processPattern: '',
}
const CONFIG: Config = {
  file: '/etc/mm/config.toml',
  origin: 'option',
  defaultJobs: [4, 8],
  skipPlots: false,
  logRootDir: 'logs',
  intervalUs: 50_000,
  metric: 'pss',
  scope: 'descendants_only',
  compression: 'snappy',
  formats: { json: false, legacyCsv: false },
  scheduling: null,
  projects: [PROJECT],
  projectsFile: '/etc/mm/projects.toml',
  ownProjects: true,
  rulesFile: '/etc/mm/rules.toml',
  warnings: [],
}

function plan(options: RunOptions, config: Partial<Config> = {}, project: Partial<Project> = {}): Plan {
  const projects = config.projects ?? [{ ...PROJECT, ...project }]
  const context = { cwd: '/home/me', env: { HOME: '/home/me', SRC: '/src' }, shell: 'bash', allowedCpus: [0, 1, 2, 3] }
  return planRun({ ...CONFIG, ...config, projects }, options, context)
}

test('a command is one level in the current directory, with our descriptors, without cleaning', () => {
  expect(plan({ command: ['make', '-j4'] })).toEqual({
    kind: 'command',
    levels: [
      {
        project: 'make',
        jobs: null,
        repeat: 1,
        cwd: '/home/me',
        command: ['make', '-j4'],
        phases: false,
        output: 'inherit',
        before: null,
        after: null,
      },
    ],
    outputDir: '/home/me/logs',
    pss: 'budget',
    pssBudgetPercent: 1,
    rulesFile: '/etc/mm/rules.toml',
    intervalUs: 50_000,
    events: 'auto',
    metric: 'pss',
    compression: 'snappy',
    formats: { json: false, legacyCsv: false },
    repeat: 1,
    failFast: false,
    strict: false,
    report: true,
    storeArgv: true,
  })
})

test('{N} is filled in every argument and in --prepare, once a level, in the given order', () => {
  const { levels } = plan({ command: ['sh', '-c', 'make -j{N} && echo {N}', '{N}'], jobs: [8, 2], prepare: 'rm -rf out{N}' })
  expect(levels.map(({ jobs, command }) => [jobs, ...command])).toEqual([
    [8, 'sh', '-c', 'make -j8 && echo 8', '8'],
    [2, 'sh', '-c', 'make -j2 && echo 2', '2'],
  ])
  expect(levels[1]?.before).toEqual({
    name: 'prepare',
    text: 'rm -rf out2',
    command: ['bash', '-c', 'rm -rf out2'],
    cwd: '/home/me',
    timeoutMs: 1_800_000,
  })
})

test('default_jobs are the levels of a command with {N} and of projects, when none are given', () => {
  expect(plan({ command: ['make', '-j{N}'] }).levels.map(({ jobs }) => jobs)).toEqual([4, 8])
  expect(plan({ projects: ['qemu'] }).levels.map(({ jobs }) => jobs)).toEqual([4, 8])
  expect(plan({ projects: ['qemu'], jobs: [3] }).levels.map(({ jobs }) => jobs)).toEqual([3])
})

test('<N> after -- and {N} in a project stay as they are', () => {
  expect(plan({ command: ['echo', '<N>'], jobs: [2] }).levels[0]?.command).toEqual(['echo', '<N>'])
  expect(plan({ projects: ['qemu'], jobs: [2] }, {}, { build: 'b {N} <N>' }).levels[0]?.command).toEqual(['bash', '-c', 'b {N} 2'])
})

test('a project runs in its shell and directory, its output in the log, cleaned before and after', () => {
  const [level] = plan({ projects: ['qemu'], jobs: [2] }).levels
  const clean = { text: 'make clean', command: ['bash', '-c', 'make clean'], cwd: '/etc/mm/build', timeoutMs: 60_000 }
  expect(level).toEqual({
    project: 'qemu',
    jobs: 2,
    text: 'make -j2',
    repeat: 1,
    cwd: '/etc/mm/build',
    command: ['bash', '-c', 'make -j2'],
    phases: false,
    output: 'log',
    before: { name: 'pre-clean', ...clean },
    after: { name: 'post-clean', ...clean },
  })
})

test('--no-pre-clean and --no-post-clean leave out one clean each, and so does an empty clean command both', () => {
  const cleans = (options: RunOptions, clean = 'c') => {
    const [level] = plan({ projects: ['qemu'], jobs: [1], ...options }, {}, { clean }).levels
    return [level?.before?.name, level?.after?.name]
  }
  expect(cleans({ preClean: false })).toEqual([undefined, 'post-clean'])
  expect(cleans({ postClean: false })).toEqual(['pre-clean', undefined])
  expect(cleans({}, ' ')).toEqual([undefined, undefined])
})

test('known defect 5: a setup runs in the same shell before the build and the clean command, and marks the phase', () => {
  const [level] = plan({ projects: ['qemu'], jobs: [2] }, {}, { setup: '. env <N>', shell: 'zsh' }).levels
  expect(level?.phases).toBe(true)
  expect(level?.command.slice(0, 2)).toEqual(['zsh', '-c'])
  expect(level?.command[2]).toContain('kill -USR1 "$PPID"')
  expect(level?.command.slice(3)).toEqual(['mymonitor', '. env 2', 'make -j2'])
  expect(level?.before?.command.slice(3)).toEqual(['mymonitor', '. env 2', 'make clean'])
  expect(level?.before?.command[2]).not.toContain('USR1')
})

test.each(['make -j<n>', 'make -j{N}'])('the level in the template %s is spelled as nothing would fill it', (build) => {
  expect(() => plan({ projects: ['qemu'], jobs: [2] }, {}, { build })).toThrow(
    /build_command_template has (<n>|\{N\}); in a template the level is written <N>$/,
  )
})

test('known defect 6: a build has no time limit that nobody asked for', () => {
  expect(plan({ projects: ['qemu'] }).timeoutMs).toBeUndefined()
  expect(plan({ command: ['make'] }).timeoutMs).toBeUndefined()
  expect(plan({ projects: ['qemu'], timeoutMs: 7_200_000 }).timeoutMs).toBe(7_200_000)
})

test.each([
  [{ projects: ['qemu'] }, 'log'],
  [{ projects: ['qemu'], showOutput: true }, 'log-show'],
  [{ command: ['make'] }, 'inherit'],
  [{ command: ['make'], logOutput: true }, 'inherit-log'],
] as const)('the output of %j is %s', (options, output) => {
  expect(plan({ ...options, jobs: [1] }).levels[0]?.output).toBe(output)
})

test.each([
  ['~/src/$P', '/home/me/src/x'],
  ['\u0024{SRC}/b', '/src/b'],
  ['/a~b', '/a~b'],
  ['../x', '/etc/x'],
])('the directory %s of a project is %s', (dir, expected) => {
  const context = { cwd: '/', env: { HOME: '/home/me', SRC: '/src', P: 'x' }, shell: 'sh', allowedCpus: [] }
  expect(planRun({ ...CONFIG, projects: [{ ...PROJECT, dir }] }, { projects: ['qemu'], jobs: [1] }, context).levels[0]?.cwd).toBe(expected)
})

test('a variable that is not set is an error of the configuration, never an empty path', () => {
  expect(() => plan({ projects: ['qemu'], jobs: [1] }, {}, { dir: '$NOWHERE/x' })).toThrow(
    '/etc/mm/projects.toml: project "qemu": dir is "$NOWHERE/x", but NOWHERE is not set in the environment',
  )
})

test('-C goes before the directory of a project; it starts in the current one', () => {
  expect(plan({ projects: ['qemu'], jobs: [1], directory: 'there' }).levels[0]?.cwd).toBe('/home/me/there')
  expect(plan({ command: ['make'], directory: 'there' }).levels[0]?.cwd).toBe('/home/me/there')
})

test('options go before the configuration, and the configuration is used where there is none', () => {
  const config = { logRootDir: '~/l', intervalUs: 1234, metric: 'rss', compression: 'zstd', skipPlots: true } as const
  expect(plan({ command: ['make'] }, config)).toMatchObject({
    outputDir: '/home/me/l',
    intervalUs: 1234,
    metric: 'rss',
    compression: 'zstd',
    report: false,
  })
  const options = {
    outputDir: 'o',
    intervalMs: 2.5,
    metric: 'pss',
    report: true,
    timeoutMs: 90.4,
    failFast: true,
    strict: true,
    storeArgv: false,
  } as const
  expect(plan({ command: ['make'], ...options }, config)).toMatchObject({
    outputDir: '/home/me/o',
    intervalUs: 2500,
    metric: 'pss',
    report: true,
    timeoutMs: 90,
    failFast: true,
    strict: true,
    storeArgv: false,
  })
})

test("without anything asked for, the user's own projects are run at default_jobs", () => {
  const projects = [PROJECT, { ...PROJECT, name: 'gcc' }]
  expect(plan({}, { projects }).levels.map(({ project, jobs }) => `${project} ${jobs}`)).toEqual(['qemu 4', 'qemu 8', 'gcc 4', 'gcc 8'])
})

test.each<[string, RunOptions, Partial<Config>, Partial<Project>, string]>([
  ['the shipped projects are never run unasked', {}, { ownProjects: false }, {}, 'nothing to record'],
  ['no project at all', {}, { projects: [] }, {}, 'has no [[projects]]'],
  ['a project that is not there', { projects: ['qmeu'] }, {}, {}, 'no project "qmeu" in /etc/mm/projects.toml; did you mean qemu?'],
  ['an empty command', { command: [] }, {}, {}, 'no command'],
  ['a project and a command', { command: ['a'], projects: ['qemu'] }, {}, {}, 'either -p NAME or -- COMMAND'],
  ['levels without {N}', { command: ['make'], jobs: [1, 2] }, {}, {}, '2 levels (1, 2), but no {N} in the command'],
  ['levels without <N>', { projects: ['qemu'] }, {}, { build: 'make' }, '2 levels (4, 8), but no <N> in build_command_template'],
  ['level 0', { command: ['make'], jobs: [0] }, {}, {}, 'level 0: expected a whole number from 1 to 4194304'],
  ['level 1.5', { command: ['make'], jobs: [1.5] }, {}, {}, 'level 1.5: expected'],
  ['a level twice', { command: ['make', '{N}'], jobs: [2, 2] }, {}, {}, 'level 2 is given twice'],
  ['no level', { command: ['make'], jobs: [] }, {}, {}, 'no level'],
  ['repeat 0', { command: ['make'], repeat: 0 }, {}, {}, 'repeat 0: expected a whole number from 1 to 1000'],
  ['repeat 1.5', { command: ['make'], repeat: 1.5 }, {}, {}, 'repeat 1.5: expected'],
  ['interval 0', { command: ['make'], intervalMs: 0 }, {}, {}, 'interval 0 ms: expected 1 ms to 3600 s'],
  ['interval NaN', { command: ['make'], intervalMs: Number.NaN }, {}, {}, 'interval NaN ms'],
  ['timeout 0', { command: ['make'], timeoutMs: 0 }, {}, {}, 'timeout 0 ms'],
  ['--show-output of a command', { command: ['make'], showOutput: true }, {}, {}, '--show-output is for projects'],
  ['--no-pre-clean of a command', { command: ['make'], preClean: false }, {}, {}, 'are for projects'],
  ['--log-output of a project', { projects: ['qemu'], logOutput: true }, {}, {}, '--log-output is for a command'],
  ['--prepare of a project', { projects: ['qemu'], prepare: 'x' }, {}, {}, '--prepare is for a command'],
])('a usage error: %s', (_, options, config, project, message) => {
  expect(() => plan(options, config, project)).toThrow(
    expect.objectContaining({ code: 'ERR_MYMONITOR_USAGE', message: expect.stringContaining(message) }),
  )
})

test('one level needs no placeholder', () => {
  expect(plan({ command: ['./build.sh'], jobs: [4] }).levels[0]?.jobs).toBe(4)
  expect(plan({ projects: ['qemu'], jobs: [4] }, {}, { build: './build.sh' }).levels[0]?.command).toEqual(['bash', '-c', './build.sh'])
})

test('repeats are interleaved: every level once, then every level again, in the order of the list', () => {
  const { levels, repeat } = plan({ projects: ['qemu'], jobs: [8, 1], repeat: 3 })
  expect(repeat).toBe(3)
  expect(levels.map((level) => `-j${level.jobs} #${level.repeat}`)).toEqual(['-j8 #1', '-j1 #1', '-j8 #2', '-j1 #2', '-j8 #3', '-j1 #3'])
  expect(plan({ command: ['make'], repeat: 2 }).levels.map((level) => level.repeat)).toEqual([1, 2])
})

test('CPU scheduling is decided for each level, and only where the configuration asks for it', () => {
  const { levels } = plan({ jobs: [4, 3] }, { scheduling: { policy: 'adaptive', monitorCore: 0 } })
  expect(levels.map(({ cpus }) => cpus?.build)).toEqual([null, [1, 2, 3]])
  expect(plan({ jobs: [4, 3] }).levels.every((level) => !('cpus' in level))).toBe(true)
})

test('full_scan takes the pattern of the project into its levels; without one, and for a command, a line says that it adds nothing', () => {
  const processPattern = 'java|sccache'
  expect(plan({}, { scope: 'full_scan' }, { processPattern }).levels.map((level) => level.processPattern)).toEqual([
    processPattern,
    processPattern,
  ])
  expect(plan({}, {}, { processPattern }).levels[0]).not.toHaveProperty('processPattern')
  const scope = { scope: 'full_scan' } as const
  const config = { ...CONFIG, ...scope }
  expect(scopeNotes(config, plan({}, scope, { processPattern }).levels)).toEqual([])
  expect(scopeNotes(config, plan({}, scope).levels)).toEqual([
    '/etc/mm/config.toml: pss_collector_mode = "full_scan" adds nothing to qemu: it has no process_pattern in /etc/mm/projects.toml; give it one, such as "java|sccache"',
  ])
  expect(scopeNotes(config, plan({ command: ['make'] }, scope).levels)[0]).toContain('a command has no process_pattern')
  expect(scopeNotes(CONFIG, plan({}).levels)).toEqual([])
})
