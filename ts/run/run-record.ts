import { readFileSync } from 'node:fs'
import * as t from 'typanion'
import { MyMonitorError } from '../errors.ts'
import type { Metadata } from '../metadata.ts'
import type { Plan } from './plan.ts'

export const RUN_FILE = 'run.json'
/** Version of run.json. */
export const RUN_SCHEMA = 1

/** run.json: the plan, the host and the result of each level; rewritten before and after each level. Field names as in metadata.json. */
export interface RunRecord {
  schema: typeof RUN_SCHEMA
  run_id: string
  mymonitor_version: string
  /** running: goes on, or mymonitor died · failed: no build could be started */
  state: 'running' | 'finished' | 'interrupted' | 'failed'
  /** ISO 8601 with zone offset. */
  started_at: string
  interrupted_by: number | null
  /** The process that records: another one with the same pid started at another time. */
  recorder: { pid: number; start_ticks: number | null }
  host: Metadata['host']
  /** The Plan with its keys in snake case; with --no-argv without its levels, because commands are not stored then. */
  plan: Readonly<Record<string, unknown>>
  levels: LevelRecord[]
  /** Median, smallest and largest of each level so far, over its repeats. */
  spread: unknown
}

export interface LevelRecord {
  project: string
  jobs: number | null
  repeat: number
  command: string[]
  cwd: string
  /** pending: not begun · running: begun · finished: the build ran · failed: it could not be started */
  state: 'pending' | 'running' | 'finished' | 'failed'
  /** Name of its directory beside run.json. */
  recording: string | null
  /** The same of recordings that were interrupted before `--resume` ran the level again. */
  interrupted_recordings: string[]
  exit_status: number | null
  duration_us: number | null
  timed_out: boolean
  interrupted_by: number | null
  peak_kb: number | null
  peak_elapsed_us: number | null
  /** What went wrong on our side. */
  measurement_errors: string[]
}

const text = t.isString()
const count = t.isNumber()
const flag = t.isBoolean()
const isStep = t.isNullable(t.isPartial({ name: text, text, command: t.isArray(text), cwd: text, timeoutMs: count }))
const isStoredPlan = t.isPartial({
  kind: t.isEnum(['command', 'projects', 'attach'] as const),
  levels: t.isArray(
    t.isPartial({
      project: text,
      jobs: t.isNullable(count),
      repeat: count,
      cwd: text,
      command: t.isArray(text),
      attach: t.isOptional(count),
      text: t.isOptional(text),
      phases: flag,
      output: text,
      before: isStep,
      after: isStep,
    }),
  ),
  outputDir: text,
  rulesFile: text,
  intervalUs: count,
  metric: t.isEnum(['pss', 'rss'] as const),
  compression: text,
  timeoutMs: t.isOptional(count),
  repeat: count,
  failFast: flag,
  strict: flag,
  report: flag,
  storeArgv: flag,
})
/** Later versions may add fields; what is checked here is what reading code relies on. */
const isRecord = t.isPartial({
  run_id: text,
  state: text,
  levels: t.isArray(
    t.isPartial({ project: text, state: text, recording: t.isNullable(text), interrupted_recordings: t.isOptional(t.isArray(text)) }),
  ),
})

/** What older versions did not write. */
const isResumable = t.isPartial({
  recorder: t.isPartial({ pid: count, start_ticks: t.isNullable(count) }),
  host: t.isPartial({ hostname: text, kernel: text, cpus: count }),
  plan: t.isRecord(t.isUnknown()),
})

export function storedPlan(plan: Plan): RunRecord['plan'] {
  const { levels, ...rest } = plan
  return inSnakeCase(plan.storeArgv ? plan : rest) as RunRecord['plan']
}

/** The plan of a stored run. Throws ERR_MYMONITOR_USAGE or ERR_MYMONITOR_DAMAGED where there is none to go on with. `file` is the run.json. */
export function planOf(record: RunRecord, file: string): Plan {
  const errors: string[] = []
  const damaged = (): MyMonitorError =>
    new MyMonitorError(
      'ERR_MYMONITOR_DAMAGED',
      `${file} holds no plan that this mymonitor can go on with (${errors.join('; ') || 'its levels differ'}); record again`,
    )
  if (!isResumable(record, { errors, p: '' })) throw damaged()
  if (record.plan['store_argv'] === false)
    throw new MyMonitorError(
      'ERR_MYMONITOR_USAGE',
      `${file} holds no commands, because it was recorded with --no-argv: it cannot be resumed; record again`,
    )
  if (record.plan['kind'] === 'attach')
    throw new MyMonitorError('ERR_MYMONITOR_USAGE', `${file} is of mymonitor attach, which started nothing that could be run again`)
  const plan = withKeys(record.plan, (key) => key.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase()))
  if (!isStoredPlan(plan, { errors, p: 'plan' }) || plan.levels.length !== record.levels.length) throw damaged()
  return plan as unknown as Plan
}

/** Reads and checks run.json. Throws ERR_MYMONITOR_NEWER_FORMAT where its layout is one of a later version, ERR_MYMONITOR_DAMAGED, or what reading does. */
export function readRunRecord(file: string): RunRecord {
  const json = readFileSync(file, 'utf8')
  let value: unknown
  try {
    value = JSON.parse(json)
  } catch {
    value = undefined
  }
  const schema = typeof value === 'object' && value !== null && 'schema' in value ? value.schema : undefined
  if (typeof schema === 'number' && schema > RUN_SCHEMA)
    throw new MyMonitorError(
      'ERR_MYMONITOR_NEWER_FORMAT',
      `${file} has schema ${schema}, this mymonitor knows ${RUN_SCHEMA}: use a newer mymonitor, or pass one recording of the run`,
    )
  if (schema === RUN_SCHEMA && isRecord(value)) {
    const record = value as unknown as RunRecord
    return { ...record, levels: record.levels.map((level) => ({ ...level, interrupted_recordings: level.interrupted_recordings ?? [] })) }
  }
  throw new MyMonitorError(
    'ERR_MYMONITOR_DAMAGED',
    `${file} is damaged: expected JSON with "schema": ${RUN_SCHEMA}; pass one recording of the run`,
  )
}

/** When a process started, in clock ticks after boot; null where there is no such process, or it only waits to be waited for. */
export function startTicksOf(pid: number | 'self'): number | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    // The second field, the name in parentheses, may hold anything.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return fields[0] === 'Z' || fields[0] === 'X' ? null : Number(fields[19])
  } catch {
    return null
  }
}

export function inSnakeCase(value: unknown): unknown {
  return withKeys(value, (key) => key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`))
}

function withKeys(value: unknown, rename: (key: string) => string): unknown {
  if (Array.isArray(value)) return value.map((item) => withKeys(item, rename))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [rename(key), withKeys(inner, rename)]))
}
