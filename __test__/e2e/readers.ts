/** A recording read three times: by two readers that are not ours, and by ours. */

import { createRequire } from 'node:module'
import { join } from 'node:path'
import { DuckDBInstance } from '@duckdb/node-api'
import { asyncBufferFromFile, parquetReadObjects } from 'hyparquet'
import { compressors } from 'hyparquet-compressors'
import type { RecordingReader } from '../../ts/native/binding.d.cts'

export type Table = 'memory_samples' | 'processes' | 'ticks' | 'classes'

export interface SampleRow {
  tick: number
  process_id: number
  pid: number
  rss_kb: number
  shared_kb: number
}
export interface ProcessRow {
  process_id: number
  pid: number
  start_ticks: number
  exec_count: number
  ppid: number
  parent_id: number | null
  uid: number
  name: string
  exe: string | null
  argv: string[]
  cwd: string | null
  start_us: number
  end_us: number | null
  end: string
  exit_code: number | null
  signal: number | null
  peak_rss_kb: number | null
  peak_source: string | null
  cpu_us: number | null
  threads: number | null
  samples: number
  seen_by: string
  outside_tree: boolean
}
export interface TickRow {
  tick: number
  elapsed_us: number
  late_us: number
  phase: string
  live: number
  sampler_cpu_us: number
  total_rss_kb: number
}

/** All rows of a table as hyparquet reads them, 64-bit numbers made plain; processes by their number (in the file they stand as they ended). */
export async function rows(dir: string, table: 'memory_samples'): Promise<SampleRow[]>
export async function rows(dir: string, table: 'processes'): Promise<ProcessRow[]>
export async function rows(dir: string, table: 'ticks'): Promise<TickRow[]>
export async function rows(dir: string, table: Table): Promise<unknown[]>
export async function rows(dir: string, table: Table): Promise<unknown[]> {
  const file = await asyncBufferFromFile(join(dir, `${table}.parquet`))
  const read = await parquetReadObjects({ file, compressors })
  const result = read.map((row) => Object.fromEntries(Object.entries(row).map(([key, value]) => [key, plain(value)])))
  return table === 'processes' ? result.toSorted((a, b) => Number(a['process_id']) - Number(b['process_id'])) : result
}

/** The first row of a query over `read_parquet('TABLE')`, as DuckDB answers it. */
export async function duckdb(dir: string, query: (from: (table: Table) => string) => string): Promise<Record<string, unknown>> {
  const instance = await DuckDBInstance.create(':memory:')
  const connection = await instance.connect()
  try {
    const answer = await connection.runAndReadAll(
      query((table) => `read_parquet('${join(dir, `${table}.parquet`).replaceAll("'", "''")}')`),
    )
    const first = answer.getRowObjectsJS()[0] ?? {}
    return Object.fromEntries(Object.entries(first).map(([key, value]) => [key, plain(value)]))
  } finally {
    connection.closeSync()
    instance.closeSync()
  }
}

/** Our own reader, straight from the addon. */
export function ownReader(dir: string): RecordingReader {
  const binding = createRequire(import.meta.url)('../../ts/native/binding.cjs') as { RecordingReader: typeof RecordingReader }
  return new binding.RecordingReader(dir)
}

export interface Peaks {
  rssKb: number
  pssKb: number
}

/** The build's peaks over all its processes. */
export async function peaks(dir: string): Promise<Peaks> {
  const reader = ownReader(dir)
  const everything = {
    groupOf: new Uint32Array(reader.info.processes),
    parentOf: new Uint32Array(1),
    parents: 1,
    points: 100,
    largest: 0,
  }
  const { peakRss, peakPss } = await reader.aggregate(everything)
  return { rssKb: peakRss?.rssKb ?? 0, pssKb: peakPss?.pssKb ?? 0 }
}

/** Largest sum of `rss_kb` over the samples of one tick. */
export function largestTick(samples: SampleRow[]): number {
  const totals = new Map<number, number>()
  for (const { tick, rss_kb } of samples) totals.set(tick, (totals.get(tick) ?? 0) + rss_kb)
  return Math.max(0, ...totals.values())
}

function plain(value: unknown): unknown {
  return typeof value === 'bigint' ? Number(value) : value
}
