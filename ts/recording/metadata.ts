import { readFileSync } from 'node:fs'
import * as t from 'typanion'
import { MyMonitorError } from '../errors.ts'
import { METADATA_VERSION, type Metadata } from '../metadata.ts'

const count = t.isNumber()
const text = t.isString()

const isPhaseCpu = t.isPartial({ read: count, discover: count, rollup: count, encode: count })

/** Fields that are not named here belong to a later minor version and are ignored. */
const isMetadata = t.isPartial({
  format_version: count,
  mymonitor_version: text,
  state: t.isEnum(['running', 'finished', 'recovered', 'failed'] as const),
  run_id: text,
  project: text,
  jobs: t.isNullable(count),
  repeat: count,
  metric: t.isEnum(['pss', 'rss'] as const),
  interval_us: count,
  command: t.isArray(text),
  cwd: text,
  attached_pid: t.isNullable(count),
  started_at: text,
  started_at_unix_us: t.isNullable(count),
  duration_us: t.isNullable(count),
  exit_code: t.isNullable(count),
  signal: t.isNullable(count),
  timed_out: t.isBoolean(),
  interrupted_by: t.isNullable(count),
  start_error: t.isNullable(text),
  host: t.isPartial({
    hostname: text,
    os: text,
    kernel: text,
    arch: text,
    boot_id: t.isNullable(text),
    cpus: count,
    mem_total_kb: t.isNullable(count),
    swap_total_kb: t.isNullable(count),
    numa_nodes: t.isNullable(count),
  }),
  limits: t.isPartial({ cgroup: t.isNullable(text), open_files_soft: t.isNullable(count) }),
  cpu_scheduling: t.isNullable(
    t.isPartial({
      policy: t.isEnum(['adaptive', 'manual'] as const),
      build_cpus: t.isNullable(text),
      sampler_cpus: t.isNullable(text),
    }),
  ),
  full_scan: t.isNullable(t.isPartial({ process_pattern: text, period_us: count })),
  source_commit: t.isNullable(text),
  tools: t.isRecord(text),
  sources: t.isArray(text),
  exit_records: t.isNullable(
    t.isPartial({
      state: t.isEnum(['on', 'off', 'refused'] as const),
      killable: t.isNullable(t.isBoolean()),
      no_new_privs: t.isNullable(t.isBoolean()),
      reason: t.isNullable(text),
      records: count,
      dropped: count,
      unreadable: count,
      attributed_cpu_us: count,
      refused_listeners: t.isNullable(t.isArray(text)),
      privilege_lost: t.isNullable(t.isArray(text)),
    }),
  ),
  connector: t.isNullable(
    t.isPartial({
      state: t.isEnum(['on', 'off', 'refused'] as const),
      reason: t.isNullable(text),
      existed: count,
      unrecorded: count,
      execs_seen: count,
      overflows: count,
    }),
  ),
  exec_check_ticks: count,
  counts: t.isNullable(
    t.isPartial({
      ticks: count,
      skipped_ticks: count,
      late_ticks: count,
      max_late_us: count,
      rows: count,
      processes: count,
      unreadable_processes: count,
      short_of_descriptors: count,
      discovery_lag_ticks: count,
      lost_frames: count,
    }),
  ),
  own_cost: t.isNullable(
    t.isPartial({
      sampler_cpu_us: count,
      cpu_us: t.isNullable(count),
      launcher_cpu_us: t.isNullable(count),
      peak_rss_kb: t.isNullable(count),
      phase_cpu_us: t.isNullable(isPhaseCpu),
    }),
  ),
  pss: t.isNullable(
    t.isPartial({
      mode: t.isEnum(['off', 'budget', 'full'] as const),
      budget_percent: count,
      rollups: count,
      rollup_cpu_us: count,
      postponed: count,
      denied: count,
      confirmed_peak: t.isNullable(t.isPartial({ tick: count, pss_kb: count })),
      model_check: t.isNullable(t.isPartial({ tick: count, estimate_kb: count, measured_kb: count })),
    }),
  ),
  build_cpu_us: t.isNullable(count),
  oom_score_adj: t.isNullable(t.isNumber()),
  measurement_error: t.isNullable(text),
})

/** Reads and checks metadata.json. Throws ERR_MYMONITOR_DAMAGED or ERR_MYMONITOR_NEWER_FORMAT; the message names the file. */
export function readMetadata(file: string): Metadata {
  let json: string
  try {
    json = readFileSync(file, 'utf8')
  } catch (cause) {
    throw damaged(file, `cannot be read: ${(cause as Error).message}`, cause)
  }
  let value: unknown
  try {
    value = withAbsent(JSON.parse(json))
  } catch (cause) {
    throw damaged(file, `is not JSON: ${(cause as Error).message}`, cause)
  }
  const version = typeof value === 'object' && value !== null && 'format_version' in value ? value.format_version : undefined
  if (typeof version === 'number' && version > METADATA_VERSION) {
    throw new MyMonitorError(
      'ERR_MYMONITOR_NEWER_FORMAT',
      `${file} has format version ${version}, this mymonitor reads up to ${METADATA_VERSION}: open it with a newer mymonitor`,
    )
  }
  const errors: string[] = []
  if (!isMetadata(value, { errors, p: '' }))
    throw damaged(file, `is not what mymonitor writes: ${errors.map((error) => error.replace(/^\./, '')).join('; ')}`)
  return value
}

/**
 * What an older version did not write is null where the contract has a null, and its cost is 0. The value is checked afterwards, so whatever is no
 * object stays as it is.
 */
function withAbsent(value: unknown): unknown {
  if (!isObject(value)) return value
  return {
    ...ABSENT,
    ...value,
    host: merged(ABSENT_HOST, value['host']),
    limits: merged(ABSENT_LIMITS, value['limits']),
    exit_records: merged({ refused_listeners: null, privilege_lost: null }, value['exit_records'] ?? null),
    counts: merged({ short_of_descriptors: 0, discovery_lag_ticks: 1 }, value['counts'] ?? null),
    own_cost: merged(ABSENT_COST, value['own_cost'] ?? null),
  }
}

const ABSENT = {
  jobs: null,
  attached_pid: null,
  started_at_unix_us: null,
  duration_us: null,
  exit_code: null,
  signal: null,
  interrupted_by: null,
  start_error: null,
  cpu_scheduling: null,
  full_scan: null,
  source_commit: null,
  exit_records: null,
  connector: null,
  counts: null,
  pss: null,
  build_cpu_us: null,
  oom_score_adj: null,
  measurement_error: null,
}
const ABSENT_HOST = { boot_id: null, mem_total_kb: null, swap_total_kb: null, numa_nodes: null }
const ABSENT_LIMITS = { cgroup: null, open_files_soft: null }
const ABSENT_COST = { sampler_cpu_us: 0, cpu_us: 0, launcher_cpu_us: 0, peak_rss_kb: 0, phase_cpu_us: null }

function merged(absent: Readonly<Record<string, unknown>>, value: unknown): unknown {
  return isObject(value) ? { ...absent, ...value } : value
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function damaged(file: string, what: string, cause?: unknown): MyMonitorError {
  return new MyMonitorError('ERR_MYMONITOR_DAMAGED', `${file} ${what}; restore it from a copy or record again`, { cause })
}
