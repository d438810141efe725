import { readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { SHIPPED_CONFIG } from '../../ts/config/find.ts'
import { type Config, loadConfig } from '../../ts/config/load.ts'
import { configKeys, projectKeys } from '../../ts/config/schema.ts'
import { configText, defaults, projectsIntroduction } from '../../ts/config/template.ts'
import { directoryWith, projectToml } from './files.ts'

function load(config: string, projects = projectToml(), more: Record<string, string> = {}): Config {
  const dir = directoryWith({ 'config.toml': config, 'projects.toml': projects, 'rules.toml': '', ...more })
  return loadConfig(join(dir, 'config.toml'), { cwd: dir, env: {} })
}

/** The message without the directory of the test. */
function problem(config: string, projects?: string): string {
  try {
    load(config, projects)
  } catch (error) {
    expect(error).toMatchObject({ code: 'ERR_MYMONITOR_CONFIG' })
    return (error as Error).message.replaceAll(/\/\S*mymonitor-[^/]*\//g, '')
  }
  throw new Error('the configuration was accepted')
}

/** `a.b.c` = value as a file would say it. */
function assignment(path: string, value: string): string {
  const at = path.lastIndexOf('.')
  return `[${path.slice(0, at)}]\n${path.slice(at + 1)} = ${value}\n`
}

const SHIPPED_INTRODUCTION =
  'The shipped configuration: every key with its default. Copy the directory to ./conf or to ~/.config/mymonitor and change what you need; a key that you leave out keeps the default below. `mymonitor init` writes one for the build in the current directory.'

/** Every key that takes effect: a value that is not its default and what changes by it. */
const EFFECTS: Record<string, [value: string, effect: (config: Config) => unknown, expected: unknown]> = {
  'monitor.general.default_jobs': ['[3, 1]', (config) => config.defaultJobs, [3, 1]],
  'monitor.general.skip_plots': ['true', (config) => config.skipPlots, true],
  'monitor.general.log_root_dir': ['"elsewhere"', (config) => config.logRootDir, 'elsewhere'],
  'monitor.collection.interval_seconds': ['0.2', (config) => config.intervalUs, 200_000],
  'monitor.collection.metric_type': ['"rss_pidstat"', (config) => config.metric, 'rss'],
  'monitor.collection.pss_collector_mode': ['"full_scan"', (config) => config.scope, 'full_scan'],
  'monitor.storage.compression': ['"zstd"', (config) => config.compression, 'zstd'],
  'monitor.storage.format': ['"json"', ({ formats }: Config) => formats.json, true],
  'monitor.storage.generate_legacy_formats': ['true', ({ formats }: Config) => formats.legacyCsv, true],
  'paths.projects_config': ['"more/p.toml"', (config) => config.projects.map(({ name }) => name), ['other']],
  'paths.rules_config': ['"more/r.toml"', (config) => config.rulesFile.endsWith('/more/r.toml'), true],
}
/** The same, of keys that say how another one takes effect. */
const SCHEDULING_EFFECTS: [string, scheduling: string, expected: unknown][] = [
  ['monitor.scheduling.scheduling_policy', 'scheduling_policy = "adaptive"', { policy: 'adaptive', monitorCore: 0 }],
  ['monitor.scheduling.monitor_core', 'scheduling_policy = "adaptive"\nmonitor_core = 3', { policy: 'adaptive', monitorCore: 3 }],
  [
    'monitor.scheduling.manual_build_cores',
    'scheduling_policy = "manual"\nmanual_build_cores = "1,2,4-7"',
    { policy: 'manual', buildCores: [1, 2, 4, 5, 6, 7], monitoringCores: null },
  ],
  [
    'monitor.scheduling.manual_monitoring_cores',
    'scheduling_policy = "manual"\nmanual_monitoring_cores = "0"',
    { policy: 'manual', buildCores: null, monitoringCores: [0] },
  ],
  ['monitor.scheduling.enable_cpu_affinity', 'scheduling_policy = "adaptive"\nenable_cpu_affinity = false', null],
]
/** Every key that cannot take effect: a value that a Python MyMonitor user has. */
const WITHOUT_EFFECT: Record<string, string> = {
  'monitor.general.categorization_cache_size': '4096',
  'monitor.collection.process_check_interval': '0.1',
  'monitor.collection.monitoring_timeout': '30',
  'monitor.collection.graceful_shutdown_timeout': '5',
  'monitor.scheduling.max_concurrent_monitors': '8',
  'monitor.scheduling.thread_name_prefix': '"MonitorWorker"',
  'monitor.hybrid.hybrid_discovery_interval': '0.01',
  'monitor.hybrid.hybrid_sampling_workers': '4',
  'monitor.hybrid.hybrid_task_queue_size': '1000',
  'monitor.hybrid.hybrid_result_queue_size': '2000',
  'monitor.hybrid.hybrid_enable_prioritization': 'true',
  'monitor.hybrid.hybrid_max_retry_count': '3',
  'monitor.hybrid.hybrid_queue_timeout': '0.1',
  'monitor.hybrid.hybrid_worker_timeout': '5.0',
  'monitor.hybrid.hybrid_enable_queue_monitoring': 'true',
  'monitor.hybrid.hybrid_batch_result_size': '50',
}

test('known defect 11: the tests below know every key of config.toml', () => {
  const scheduling = SCHEDULING_EFFECTS.map(([path]) => path)
  expect([...Object.keys(EFFECTS), ...scheduling, ...Object.keys(WITHOUT_EFFECT)].sort()).toEqual(Object.keys(configKeys).sort())
})

test.each(Object.entries(EFFECTS))('known defect 11: %s takes effect', (path, [value, effect, expected]) => {
  const more = { 'more/p.toml': projectToml('', 'other'), 'more/r.toml': '' }
  const changed = load(assignment(path, value), undefined, more)
  expect(effect(changed)).toEqual(expected)
  expect(changed.warnings).toEqual([])
  expect(effect(load(''))).not.toEqual(expected)
})

test.each(SCHEDULING_EFFECTS)('known defect 11: %s takes effect', (_, scheduling, expected) => {
  const config = load(`[monitor.scheduling]\n${scheduling}\n`)
  expect([config.scheduling, config.warnings]).toEqual([expected, []])
  expect(load('').scheduling).toBeNull()
})

test.each([
  ['monitor_core = 1', 'monitor.scheduling.monitor_core = 1 has no effect: only scheduling_policy = "adaptive" uses it'],
  ['scheduling_policy = "manual"\nmonitor_core = 1\nmanual_build_cores = "1"', 'monitor.scheduling.monitor_core = 1 has no effect'],
  ['manual_build_cores = "1"', 'only scheduling_policy = "manual" uses it'],
  ['scheduling_policy = "adaptive"\nmanual_monitoring_cores = "1"', 'only scheduling_policy = "manual" uses it'],
  ['enable_cpu_affinity = false', 'only scheduling_policy = "adaptive" or "manual" uses it'],
  ['scheduling_policy = "manual"', 'pins nothing: manual_build_cores and manual_monitoring_cores are empty'],
])('a key of CPU scheduling that its policy does not use earns one warning: %s', (scheduling, warning) => {
  expect(load(`[monitor.scheduling]\n${scheduling}\n`).warnings).toEqual([expect.stringContaining(warning)])
})

test('known defect 11: the defaults of all keys of CPU scheduling need no warning', () => {
  const defaults = 'monitor_core = 0\nmanual_build_cores = ""\nmanual_monitoring_cores = ""\nenable_cpu_affinity = true'
  for (const policy of ['off', 'adaptive'])
    expect(load(`[monitor.scheduling]\nscheduling_policy = "${policy}"\n${defaults}\n`).warnings).toEqual([])
})

test.each(Object.entries(WITHOUT_EFFECT))('known defect 11: %s earns exactly one warning that names it', (path, value) => {
  const { warnings } = load(assignment(path, value))
  expect(warnings).toHaveLength(1)
  expect(warnings[0]).toContain(path)
  expect(warnings[0]).toMatch(/config\.toml:2:1: /)
})

test('keys without effect for the same reason share one warning', () => {
  expect(load('[monitor.hybrid]\nhybrid_sampling_workers = 4\nhybrid_queue_timeout = 0.1\n').warnings).toHaveLength(1)
})

test('a value that is the default here needs no warning', () => {
  const config =
    '[monitor.collection]\npss_collector_mode = "descendants_only"\n[monitor.storage]\nformat = "parquet"\ngenerate_legacy_formats = false\n'
  expect(load(config).warnings).toEqual([])
})

test('the names of metrics of the Python MyMonitor are known', () => {
  const metric = (name: string) => load(`[monitor.collection]\nmetric_type = "${name}"\n`).metric
  expect(['pss_psutil', 'hybrid', 'pss', 'rss_pidstat', 'rss'].map(metric)).toEqual(['pss', 'pss', 'pss', 'rss', 'rss'])
})

test.each([
  ['monitor.general.default_jobs', '[]'],
  ['monitor.general.default_jobs', '[0]'],
  ['monitor.general.default_jobs', '[2.5]'],
  ['monitor.general.default_jobs', '[4, 4]'],
  ['monitor.general.default_jobs', '"8"'],
  ['monitor.general.skip_plots', '1'],
  ['monitor.general.log_root_dir', '""'],
  ['monitor.collection.interval_seconds', '0'],
  ['monitor.collection.interval_seconds', '-1'],
  ['monitor.collection.interval_seconds', 'nan'],
  ['monitor.collection.interval_seconds', '"50ms"'],
  ['monitor.collection.metric_type', '"uss"'],
  ['monitor.scheduling.scheduling_policy', '"on"'],
  ['monitor.scheduling.monitor_core', '-1'],
  ['monitor.scheduling.monitor_core', '"0"'],
  ['monitor.scheduling.manual_build_cores', '"7-4"'],
  ['monitor.scheduling.manual_monitoring_cores', '"1;2"'],
  ['monitor.scheduling.enable_cpu_affinity', '"yes"'],
  ['monitor.storage.compression', '"lzma"'],
  ['monitor.storage.format', '"csv"'],
])('%s = %s is refused with the value, what is right, and the place', (path, value) => {
  const message = problem(assignment(path, value))
  expect(message).toMatch(/^config\.toml:2:1: /)
  expect(message).toContain(`${path} must be `)
  expect(message).toContain(`got ${value === 'nan' ? '"NaN"' : value.replace(', ', ',')}`)
})

test('all problems of a file come at once, each with its place', () => {
  expect(problem('[monitor.general]\ndefualt_jobs = [1]\nskip_plots = "no"\n\n[monitor.storag]\ncompression = "zstd"\n')).toBe(
    'config.toml has 3 problems:\n' +
      '  config.toml:2:1: unknown key monitor.general.defualt_jobs; did you mean monitor.general.default_jobs?\n' +
      '  config.toml:3:1: monitor.general.skip_plots must be true or false, got "no"\n' +
      '  config.toml:6:1: unknown key monitor.storag.compression; did you mean monitor.storage.compression?',
  )
})

test('a key under the wrong table is told where it belongs', () => {
  expect(problem('[monitor.general]\ncompression = "zstd"\n')).toContain('did you mean monitor.storage.compression?')
})

test.each([
  ['a = = 1\n', 'config.toml:1:5: not valid TOML, unexpected "=" in: a = = 1'],
  ['[paths]\nrules_config = "a"\nrules_config = "b"\n', 'config.toml:3:1: '],
  ['a = "', 'config.toml:1:6: not valid TOML, unexpected the end of the file'],
])('%j is a syntax error at its place', (config, expected) => {
  expect(problem(config)).toContain(expected)
})

test('a file that is not UTF-8, missing or a directory is refused as such', () => {
  const dir = directoryWith({ 'd/x': '' })
  writeFileSync(join(dir, 'latin1.toml'), Buffer.from([0x23, 0xe9, 0x0a]))
  const refused = (name: string) => () => loadConfig(name, { cwd: dir, env: {} })
  expect(refused('latin1.toml')).toThrow('latin1.toml is not valid UTF-8')
  expect(refused('gone.toml')).toThrow(`cannot read the configuration file ${join(dir, 'gone.toml')}: no such file`)
  expect(refused('d')).toThrow('it is a directory; give the file in it')
})

/** Every key of a project: a value and what changes by it. */
const PROJECT_EFFECTS: Record<string, [value: string, expected: unknown]> = {
  name: ['"n"', { name: 'n' }],
  dir: ['"d"', { dir: 'd' }],
  setup_command_template: ['". env"', { setup: '. env' }],
  build_command_template: ['"b<N>"', { build: 'b<N>' }],
  clean_command_template: ['"c"', { clean: 'c' }],
  clean_timeout_seconds: ['90', { cleanTimeoutMs: 90_000 }],
  shell: ['"zsh"', { shell: 'zsh' }],
  process_pattern: ['"make|gcc|as"', { processPattern: 'make|gcc|as' }],
}

test('the tests below know every key of a project', () => {
  expect(Object.keys(PROJECT_EFFECTS).sort()).toEqual(Object.keys(projectKeys).sort())
})

test.each(Object.entries(PROJECT_EFFECTS))('the key %s of a project takes effect', (key, [value, expected]) => {
  const base = { name: '"p"', dir: '"src"', build_command_template: '"make"' }
  const text = Object.entries({ ...base, [key]: value }).map(([name, text]) => `${name} = ${text}\n`)
  expect(load('', `[[projects]]\n${text.join('')}`).projects[0]).toMatchObject(expected as object)
})

test('process_pattern needs no warning, and one that is no expression is a problem with its place', () => {
  expect(load('', projectToml('process_pattern = "make|gcc|as"', 'a')).warnings).toEqual([])
  expect(problem('', projectToml('process_pattern = "make|(gcc"', 'a'))).toMatch(
    /^projects\.toml:\d+:1: process_pattern must be a regular expression that matches whole names, such as "java\|sccache", or "" for none, got "make\|\(gcc": /,
  )
})

test('the problems of projects name the project and the line', () => {
  expect(problem('', `${projectToml('', 'a')}[[projects]]\nname = "b"\nbild_command_template = "x"\ndir = 3\n`)).toBe(
    'projects.toml has 3 problems:\n' +
      '  projects.toml:8:1: unknown key bild_command_template; did you mean build_command_template?\n' +
      '  projects.toml:9:1: dir must be a directory, such as "~/src/qemu/build", got 3\n' +
      '  projects.toml:6:1: project "b" has no build_command_template: it must be a shell command, such as "make -j<N>"',
  )
})

test('two projects of one name are refused', () => {
  expect(problem('', projectToml() + projectToml())).toContain('two projects are named "p"')
})

test('a file that is named must exist; the default names fall back to the shipped files', () => {
  expect(problem('[paths]\nprojects_config = "gone.toml"\n')).toMatch(/cannot read the configuration file gone\.toml: no such file/)
  const dir = directoryWith({ 'config.toml': '' })
  const config = loadConfig('config.toml', { cwd: dir, env: {} })
  expect(config.projectsFile).toBe(join(SHIPPED_CONFIG, '../projects.toml'))
  expect(config.rulesFile).toBe(join(SHIPPED_CONFIG, '../rules.toml'))
  expect(config.ownProjects).toBe(false)
  expect(load('').ownProjects).toBe(true)
})

test('a projects.toml that is a link to nothing is not taken for missing', () => {
  const dir = directoryWith({ 'config.toml': '' })
  symlinkSync('gone', join(dir, 'projects.toml'))
  expect(() => loadConfig('config.toml', { cwd: dir, env: {} })).toThrow(
    /cannot read the configuration file .*projects\.toml: no such file/,
  )
})

test('the shipped configuration holds every default as the schema has it, warns of nothing and names the five projects', () => {
  const shipped = loadConfig(SHIPPED_CONFIG, { cwd: '/', env: {} })
  const { defaultJobs, skipPlots, logRootDir, intervalUs, metric, compression } = load('')
  expect(shipped).toMatchObject({ origin: 'shipped', ownProjects: false, warnings: [] })
  expect(shipped).toMatchObject({ defaultJobs, skipPlots, logRootDir, intervalUs, metric, compression })
  expect(shipped.projects.map(({ name }) => name)).toEqual(['qemu', 'aosp', 'chromium', 'linux', 'gcc'])
})

test.each([
  ['toString = 1\n', 'unknown key toString; known are '],
  ['__proto__ = 1\n', 'unknown key __proto__'],
  ['[monitor.genral]\n', 'config.toml:1:1: unknown table monitor.genral; did you mean monitor.general?'],
  ['[monitor]\ngeneral = 3\n', 'config.toml:2:1: monitor.general must be a table, got 3'],
  ['[monitor]\ngeneral = { defualt_jobs = [1] }\n', 'config.toml:2:13: unknown key monitor.general.defualt_jobs'],
  ['\nmonitor.general.skip_plots = 1\n', 'config.toml:2:1: monitor.general.skip_plots must be true or false, got 1'],
])('%j is a problem, whatever way it is written', (config, expected) => {
  expect(problem(config)).toContain(expected)
})

test('a table of which every line is commented out is no problem', () => {
  expect(load('[monitor.scheduling]\n# monitor_core = 0\n').warnings).toEqual([])
})

test('the shipped config.toml is what the table of keys says; vitest -u writes it anew', async () => {
  await expect(configText(SHIPPED_INTRODUCTION, defaults())).toMatchFileSnapshot(SHIPPED_CONFIG)
})

test('the shipped projects.toml begins with what the table of keys says', () => {
  const help = projectsIntroduction('').replace(/^#\s*\n/, '')
  expect(readFileSync(join(SHIPPED_CONFIG, '../projects.toml'), 'utf8')).toContain(help)
})
