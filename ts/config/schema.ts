import * as t from 'typanion'
import { parseCpuList } from './cpu-list.ts'

/** The one table of configuration keys: type, check, default and help. A key that is not here is an error. */

interface Setting<T> {
  kind: 'setting'
  /** A value is accepted when this says so; no coercion. */
  check: (value: unknown) => value is T
  /** Completes "must be …". */
  expected: string
  default: T
  help: string
}
/** A key of the Python MyMonitor without a meaning here; it earns one warning, shared by keys with the same reason. */
interface Retired {
  kind: 'retired'
  reason: string
}
export type Key = Setting<unknown> | Retired

/** Shortest and longest distance of two ticks. */
export const INTERVAL_SECONDS = { min: 0.001, max: 3600 } as const
/** What a clean or prepare command is given: removing a big tree from a slow disk takes minutes, only a stuck one takes half an hour. */
export const DEFAULT_CLEAN_TIMEOUT_S = 1800
/** Highest level: pids are at most 2^22 on Linux. */
export const MAX_JOBS = 4_194_304

export const METRIC_OF_TYPE = { pss: 'pss', rss: 'rss', pss_psutil: 'pss', hybrid: 'pss', rss_pidstat: 'rss' } as const
const COMPRESSIONS = ['snappy', 'gzip', 'brotli', 'lz4', 'zstd'] as const

const isText = t.cascade(t.isString(), (value: string) => value.trim() !== '')
const isJobs = t.cascade(t.isArray(t.cascade(t.isNumber(), t.isInteger(), t.isInInclusiveRange(1, MAX_JOBS))), [
  t.hasMinLength(1),
  t.hasUniqueItems(),
])
// A day.
const isSeconds = t.cascade(t.isNumber(), t.isInInclusiveRange(1, 86_400))
const isCpu = t.cascade(t.isNumber(), (value: number) => parseCpuList(String(value)) !== null)
const isCpuList = t.cascade(t.isString(), (value: string) => value === '' || parseCpuList(value) !== null)
const CPU_LIST = 'a list of CPUs, such as "1,2,4-7", or "" for none'
const isInterval = t.cascade(t.isNumber(), t.isInInclusiveRange(INTERVAL_SECONDS.min, INTERVAL_SECONDS.max))

function setting<T>(row: Omit<Setting<T>, 'kind'>): Setting<T> {
  return { kind: 'setting', ...row }
}
function retired(reason: string): Retired {
  return { kind: 'retired', reason }
}

const ONE_SAMPLER = 'one thread samples every process in one pass; there are no workers or queues to tune'
const DIRECT_WAIT = "the end of the build is waited for directly, nothing is polled; --timeout limits a build's time"

/** config.toml, by dotted path. */
export const configKeys = {
  'monitor.general.default_jobs': setting({
    check: isJobs,
    expected: 'a list of different whole numbers of at least 1, such as [4, 8, 16]',
    default: [4, 8, 16] as readonly number[],
    help: '-j levels when none are given.',
  }),
  'monitor.general.skip_plots': setting({
    check: t.isBoolean(),
    expected: 'true or false',
    default: false,
    help: 'True: write no HTML after a run.',
  }),
  'monitor.general.log_root_dir': setting({
    check: isText,
    expected: 'a directory, such as "logs"',
    default: 'logs',
    help: 'Where runs are written: ~ and environment variables are expanded, a relative path starts in the current directory.',
  }),
  'monitor.general.categorization_cache_size': retired('every process is classified once, after the recording; nothing is cached'),

  'monitor.collection.interval_seconds': setting({
    check: isInterval,
    expected: `a number of seconds from ${INTERVAL_SECONDS.min} to ${INTERVAL_SECONDS.max}, such as 0.05`,
    default: 0.05,
    help: 'Seconds between two ticks.',
  }),
  'monitor.collection.metric_type': setting({
    check: t.isEnum(['pss', 'rss', 'pss_psutil', 'hybrid', 'rss_pidstat'] as const),
    expected: '"pss" or "rss" ("pss_psutil" and "hybrid" mean pss, "rss_pidstat" means rss)',
    default: 'pss' as keyof typeof METRIC_OF_TYPE,
    help: 'What totals, categories and the peak are in.',
  }),
  'monitor.collection.pss_collector_mode': setting({
    check: t.isEnum(['full_scan', 'descendants_only'] as const),
    expected: '"descendants_only" or "full_scan"',
    default: 'descendants_only' as 'descendants_only' | 'full_scan',
    help: 'Which processes are recorded. "descendants_only": the build and all its descendants. "full_scan": also what matches process_pattern of the project elsewhere on the host and started or was active while the build ran, such as a Gradle daemon. `mymonitor verify -p NAME` says which one a project needs.',
  }),
  'monitor.collection.process_check_interval': retired(DIRECT_WAIT),
  'monitor.collection.monitoring_timeout': retired(DIRECT_WAIT),
  'monitor.collection.graceful_shutdown_timeout': retired('a build that is ended gets 10 s between TERM and KILL'),

  'monitor.scheduling.scheduling_policy': setting({
    check: t.isEnum(['off', 'adaptive', 'manual'] as const),
    expected: '"off", "adaptive" or "manual"',
    default: 'off' as 'off' | 'adaptive' | 'manual',
    help: 'Which CPUs build and sampler run on. "off": nothing is pinned. "adaptive": where the build keeps at least as many CPUs as its -j, the sampler gets monitor_core and the build the others; else nothing is pinned, and a line says so. "manual": the two lists below.',
  }),
  'monitor.scheduling.monitor_core': setting({
    check: isCpu,
    expected: 'the number of a CPU, such as 0',
    default: 0,
    help: 'With "adaptive": the CPU that is kept for the sampler; the lowest one where mymonitor may not use that.',
  }),
  'monitor.scheduling.manual_build_cores': setting({
    check: isCpuList,
    expected: CPU_LIST,
    default: '',
    help: 'With "manual": the CPUs of the build. "" leaves it on those of its caller.',
  }),
  'monitor.scheduling.manual_monitoring_cores': setting({
    check: isCpuList,
    expected: CPU_LIST,
    default: '',
    help: 'With "manual": the CPUs of the sampler. "" leaves it on those of its caller.',
  }),
  'monitor.scheduling.enable_cpu_affinity': setting({
    check: t.isBoolean(),
    expected: 'true or false',
    default: true,
    help: 'False: nothing is pinned, whatever the policy.',
  }),
  'monitor.scheduling.max_concurrent_monitors': retired(ONE_SAMPLER),
  'monitor.scheduling.thread_name_prefix': retired(ONE_SAMPLER),

  'monitor.hybrid.hybrid_discovery_interval': retired('processes are discovered at every tick'),
  'monitor.hybrid.hybrid_sampling_workers': retired(ONE_SAMPLER),
  'monitor.hybrid.hybrid_task_queue_size': retired(ONE_SAMPLER),
  'monitor.hybrid.hybrid_result_queue_size': retired(ONE_SAMPLER),
  'monitor.hybrid.hybrid_enable_prioritization': retired(ONE_SAMPLER),
  'monitor.hybrid.hybrid_max_retry_count': retired(ONE_SAMPLER),
  'monitor.hybrid.hybrid_queue_timeout': retired(ONE_SAMPLER),
  'monitor.hybrid.hybrid_worker_timeout': retired(ONE_SAMPLER),
  'monitor.hybrid.hybrid_enable_queue_monitoring': retired(ONE_SAMPLER),
  'monitor.hybrid.hybrid_batch_result_size': retired(ONE_SAMPLER),

  'monitor.storage.format': setting({
    check: t.isEnum(['parquet', 'json'] as const),
    expected: '"parquet" or "json"',
    default: 'parquet' as 'parquet' | 'json',
    help: 'With "json" each table is written as JSON, too; the Parquet files are what mymonitor itself reads.',
  }),
  'monitor.storage.compression': setting({
    check: t.isEnum(COMPRESSIONS),
    expected: 'one of "snappy", "gzip", "brotli", "lz4", "zstd"',
    default: 'snappy' as (typeof COMPRESSIONS)[number],
    help: 'Codec of the Parquet files.',
  }),
  'monitor.storage.generate_legacy_formats': setting({
    check: t.isBoolean(),
    expected: 'true or false',
    default: false,
    help: 'Write the wide memory_samples.csv of the Python MyMonitor, too.',
  }),

  'paths.projects_config': setting({
    check: isText,
    expected: 'a file, such as "projects.toml"',
    default: 'projects.toml',
    help: 'The projects; relative to config.toml.',
  }),
  'paths.rules_config': setting({
    check: isText,
    expected: 'a file, such as "rules.toml"',
    default: 'rules.toml',
    help: 'The classification rules; relative to config.toml.',
  }),
} as const satisfies Record<string, Key>

/** One [[projects]] table of projects.toml. An empty string means: none. */
export const projectKeys = {
  name: setting({ check: isText, expected: 'a name, such as "qemu"', default: undefined as string | undefined, help: 'What -p takes.' }),
  dir: setting({
    check: isText,
    expected: 'a directory, such as "~/src/qemu/build"',
    default: undefined as string | undefined,
    help: 'Where the commands run: ~ and environment variables are expanded, a relative path starts at the directory of projects.toml.',
  }),
  setup_command_template: setting({
    check: t.isString(),
    expected: 'a shell command, or "" for none',
    default: '',
    help: 'Runs first, in the same shell as the build, so that what it sets is there for the build; also before the clean command.',
  }),
  build_command_template: setting({
    check: isText,
    expected: 'a shell command, such as "make -j<N>"',
    default: undefined as string | undefined,
    help: 'The build; <N> stands for the level.',
  }),
  clean_command_template: setting({
    check: t.isString(),
    expected: 'a shell command, or "" for none',
    default: '',
    help: 'Runs before and after each level, not recorded (--no-pre-clean, --no-post-clean).',
  }),
  clean_timeout_seconds: setting({
    check: isSeconds,
    expected: 'a number of seconds from 1 to 86400, such as 600',
    default: DEFAULT_CLEAN_TIMEOUT_S,
    help: 'A setup with its clean command is ended after this time; the level is recorded all the same.',
  }),
  shell: setting({
    check: isText,
    expected: 'a POSIX shell, such as "bash" or "/bin/sh"',
    default: undefined as string | undefined,
    help: 'What runs the commands; without it bash, or sh where there is no bash.',
  }),
  process_pattern: setting({
    check: t.isString(),
    expected: 'a regular expression that matches whole names, such as "java|sccache", or "" for none',
    default: '',
    help: 'Names of commands that belong to the build though they do not descend from it (daemons), for pss_collector_mode = "full_scan" and mymonitor verify. Descendants are recorded whatever their name.',
  }),
} as const satisfies Record<string, Key>

type ValueOf<K> = K extends Setting<infer T> ? T : never
/** The checked values of the keys that take effect. */
export type Values<Table extends Record<string, Key>> = {
  [K in keyof Table as Table[K] extends Setting<unknown> ? K : never]: ValueOf<Table[K]>
}
