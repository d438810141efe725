import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { loadRules } from '../../ts/classify/rules.ts'
import { SHIPPED_CONFIG } from '../../ts/config/find.ts'
import { type Config, loadConfig } from '../../ts/config/load.ts'
import { configKeys } from '../../ts/config/schema.ts'
import { describeConfig } from '../../ts/config/show.ts'
import { readToml } from '../../ts/config/toml.ts'
import { directoryWith } from './files.ts'

const FILES = join(import.meta.dirname, 'python-mymonitor')
const surroundings = { cwd: '/', env: {} }
const load = (): Config => loadConfig(join(FILES, 'config.toml'), surroundings)

/** What a user of the Python MyMonitor sees on the first run: all of it. */
const WARNINGS = [
  'config.toml:7:1: monitor.general.categorization_cache_size has no effect any more: every process is classified once, after the recording; nothing is cached',
  "config.toml: monitor.collection.process_check_interval, monitor.collection.monitoring_timeout have no effect any more: the end of the build is waited for directly, nothing is polled; --timeout limits a build's time",
  'config.toml:15:1: monitor.collection.graceful_shutdown_timeout has no effect any more: a build that is ended gets 10 s between TERM and KILL',
  'config.toml: monitor.scheduling.max_concurrent_monitors, monitor.scheduling.thread_name_prefix, monitor.hybrid.hybrid_sampling_workers, monitor.hybrid.hybrid_task_queue_size, monitor.hybrid.hybrid_result_queue_size, monitor.hybrid.hybrid_enable_prioritization, monitor.hybrid.hybrid_max_retry_count, monitor.hybrid.hybrid_queue_timeout, monitor.hybrid.hybrid_worker_timeout, monitor.hybrid.hybrid_enable_queue_monitoring, monitor.hybrid.hybrid_batch_result_size have no effect any more: one thread samples every process in one pass; there are no workers or queues to tune',
  'config.toml:27:1: monitor.hybrid.hybrid_discovery_interval has no effect any more: processes are discovered at every tick',
]

test('its three files load as they are; the list of warnings is this one', () => {
  const { warnings, rulesFile } = load()
  expect(loadRules(rulesFile).rules).toHaveLength(64)
  expect(warnings.map((warning) => warning.replace(`${FILES}/`, ''))).toEqual(WARNINGS)
})

test('what takes effect there has the same effect here', () => {
  const config = load()
  expect(config).toMatchObject({
    defaultJobs: [4, 8, 16],
    skipPlots: false,
    logRootDir: 'logs',
    intervalUs: 50_000,
    metric: 'pss',
    scope: 'full_scan',
    compression: 'snappy',
    scheduling: { policy: 'adaptive', monitorCore: 0 },
    projectsFile: join(FILES, 'projects.toml'),
    rulesFile: join(FILES, 'rules.toml'),
    ownProjects: true,
  })
})

test('every key of its config.toml and projects.toml takes effect or is in exactly one warning', () => {
  const { warnings } = load()
  const { config, projects } = describeConfig(join(FILES, 'config.toml'), surroundings)
  const inEffect = new Set(
    [...config.values, ...projects.projects.flat()].flatMap(({ key, origin }) => (origin === 'default' ? [] : [key])),
  )
  const given = [...configKeysIn(readToml(join(FILES, 'config.toml')).table), ...projectKeysIn()]
  for (const key of given) {
    const naming = warnings.filter((warning) => namesIn(warning).includes(key))
    expect([key, inEffect.has(key), naming.length]).toEqual([key, naming.length === 0, naming.length === 0 ? 0 : 1])
  }
  // Nothing that it knew is missing here.
  expect(given).toHaveLength(Object.keys(configKeys).length + 6)
})

/** Between the place and what is said of them. */
function namesIn(warning: string): string[] {
  return (/: (\S+(?:, \S+)*) (?:has|have|=) /.exec(warning)?.[1] ?? '').split(', ')
}

function* configKeysIn(table: object, prefix = ''): Generator<string> {
  for (const [name, value] of Object.entries(table)) {
    if (Array.isArray(value) || typeof value !== 'object') yield prefix + name
    else yield* configKeysIn(value as object, `${prefix}${name}.`)
  }
}

function projectKeysIn(): string[] {
  const { projects } = readToml(join(FILES, 'projects.toml')).table as { projects: object[] }
  return [...new Set(projects.flatMap((project) => Object.keys(project)))]
}

test('the five shipped projects have its commands', () => {
  const commands = ({ projects }: Config) => projects.map(({ name, dir, setup, build, clean }) => ({ name, dir, setup, build, clean }))
  expect(commands(loadConfig(SHIPPED_CONFIG, surroundings))).toEqual(commands(load()))
  expect(commands(load()).map(({ name }) => name)).toEqual(['qemu', 'aosp', 'chromium', 'linux', 'gcc'])
})

test('the shipped rules have all its categories', () => {
  const categories = (file: string) => new Set(loadRules(file).rules.map(({ major, minor }) => `${major}/${minor}`))
  const shipped = categories(join(SHIPPED_CONFIG, '../rules.toml'))
  expect([...categories(join(FILES, 'rules.toml'))].filter((category) => !shipped.has(category))).toEqual([])
})

test('its directory may be copied as a whole', () => {
  const files = ['config.toml', 'projects.toml', 'rules.toml'].map((name) => [`conf/${name}`, readFileSync(join(FILES, name), 'utf8')])
  const cwd = directoryWith(Object.fromEntries(files) as Record<string, string>)
  const config = loadConfig(undefined, { cwd, env: {} })
  expect([config.origin, dirname(config.rulesFile)]).toEqual(['directory', join(cwd, 'conf')])
})
