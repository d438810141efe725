import { randomUUID } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs'
import { basename, dirname, extname, join } from 'node:path'
import { MyMonitorError } from '../errors.ts'
import { METADATA_VERSION, type Metadata } from '../metadata.ts'
import { fromNative, type ImportedTable, loadBinding } from '../native.ts'
import { ensureDirectory, isoWithZone, reasonOf } from '../run/files.ts'
import { saveMetadata } from '../run/level-metadata.ts'
import { packageVersion } from '../run/version.ts'
import { type Compression, formatOf, TABLE_FORMATS, type TableFormat } from './formats.ts'

export interface ImportOptions {
  /** Default: by the ending of the name. */
  inputFormat?: TableFormat
  /** Default snappy. */
  compression?: Compression
}

/** What the Python MyMonitor wrote beside its samples, as far as it can be read. */
interface OldMetadata {
  project: string
  jobs: number | null
  intervalUs: number
  command: string[]
  cwd: string
}

const SAMPLES = 'memory_samples'
/** Its default; the interval tells sweeps apart where nothing else does. */
const DEFAULT_INTERVAL_S = 0.05

/**
 * Makes a recording of a table of the Python MyMonitor, or of the directory that holds one, in a new directory. Throws ERR_MYMONITOR_USAGE,
 * ERR_MYMONITOR_DAMAGED or ERR_MYMONITOR_OUTPUT; then there is no new directory.
 */
export async function importRecording(input: string, output: string, options: ImportOptions = {}): Promise<ImportedTable> {
  const table = pythonTableIn(input) ?? input
  const inputFormat = options.inputFormat ?? formatOf(table)
  if (statSync(table).isDirectory())
    throw usage(`${input} is a directory without a ${SAMPLES} table: add --recursive and --output-format to convert every table in it`)
  if (inputFormat === undefined) throw usage(`${input}: the name has none of the endings .csv, .json and .parquet; add --input-format`)
  if (existsSync(output) && (!statSync(output).isDirectory() || readdirSync(output).length > 0))
    throw new MyMonitorError(
      'ERR_MYMONITOR_OUTPUT',
      `${output} exists: a recording needs a new directory; for a file give its name the ending .csv, .json or .parquet`,
    )
  ensureDirectory(dirname(output))
  const partial = `${output}.${process.pid}.partial`
  mkdirSync(partial)
  try {
    return await fill(partial, output, table, { ...options, inputFormat })
  } finally {
    rmSync(partial, { recursive: true, force: true })
  }
}

async function fill(
  partial: string,
  output: string,
  table: string,
  options: ImportOptions & { inputFormat: TableFormat },
): Promise<ImportedTable> {
  const old = oldMetadata(table)
  const runId = randomUUID()
  const { inputFormat, compression = 'snappy' } = options
  const { project, jobs, intervalUs } = old
  const wanted = {
    input: table,
    inputFormat,
    recordingDir: partial,
    compression,
    runId,
    project,
    intervalUs,
    ...(jobs === null ? {} : { jobs }),
  }
  let imported: ImportedTable
  try {
    imported = await loadBinding().importTable(wanted)
  } catch (cause) {
    throw fromNative(cause)
  }
  saveMetadata(partial, metadataOf(table, old, runId, imported))
  try {
    renameSync(partial, output)
  } catch (cause) {
    throw new MyMonitorError('ERR_MYMONITOR_OUTPUT', `cannot write ${output}: ${reasonOf(cause)}`, { cause })
  }
  return imported
}

/** The samples of a directory of the Python MyMonitor; undefined for anything else, recordings of ours included. */
export function pythonTableIn(path: string): string | undefined {
  if (!isDirectory(path) || existsSync(join(path, 'processes.parquet'))) return undefined
  return ['parquet', ...TABLE_FORMATS].map((format) => join(path, `${SAMPLES}.${format}`)).find((file) => existsSync(file))
}

/** Below a file there is nothing either, which statSync says by throwing. */
function isDirectory(path: string): boolean {
  try {
    return statSync(path).isDirectory()
  } catch {
    return false
  }
}

/** metadata.json of its later versions; the name of its directory, such as qemu_j8_pss_psutil_20250703_143052, for the others. */
function oldMetadata(table: string): OldMetadata {
  const directory = basename(dirname(table))
  const named = /^(.+)_j(\d+)_/.exec(basename(table).startsWith(SAMPLES) ? directory : basename(table))
  const stored = readJson(join(dirname(table), 'metadata.json'))
  const text = (key: string): string => (typeof stored[key] === 'string' ? stored[key] : '')
  const number = (key: string): number | undefined => (typeof stored[key] === 'number' && stored[key] > 0 ? stored[key] : undefined)
  return {
    project: text('project_name') || named?.[1] || basename(table, extname(table)),
    jobs: Math.round(number('parallelism_level') ?? Number(named?.[2] ?? 0)) || null,
    intervalUs: Math.round((number('monitoring_interval') ?? DEFAULT_INTERVAL_S) * 1e6),
    command: text('actual_build_command') === '' ? [] : ['sh', '-c', text('actual_build_command')],
    cwd: text('project_dir'),
  }
}

function readJson(file: string): Record<string, unknown> {
  try {
    const stored: unknown = JSON.parse(readFileSync(file, 'utf8'))
    return typeof stored === 'object' && stored !== null ? (stored as Record<string, unknown>) : {}
  } catch {
    return {}
  }
}

/** What the old tool did not store is null, or said to be unknown. */
function metadataOf(table: string, old: OldMetadata, runId: string, imported: ImportedTable): Metadata {
  return {
    format_version: METADATA_VERSION,
    mymonitor_version: packageVersion(),
    state: 'finished',
    run_id: runId,
    project: old.project,
    jobs: old.jobs,
    repeat: 1,
    metric: imported.hasPss ? 'pss' : 'rss',
    interval_us: old.intervalUs,
    command: old.command,
    cwd: old.cwd,
    attached_pid: null,
    started_at: isoWithZone(new Date(imported.startedAtUnixUs / 1000)),
    started_at_unix_us: imported.startedAtUnixUs,
    duration_us: imported.durationUs,
    exit_code: null,
    signal: null,
    timed_out: false,
    interrupted_by: null,
    start_error: null,
    host: {
      hostname: 'unknown',
      os: 'linux',
      kernel: 'unknown',
      arch: 'unknown',
      boot_id: null,
      cpus: 0,
      mem_total_kb: null,
      swap_total_kb: null,
      numa_nodes: null,
    },
    limits: { cgroup: null, open_files_soft: null },
    cpu_scheduling: null,
    full_scan: null,
    source_commit: null,
    tools: {},
    sources: ['python-mymonitor'],
    exit_records: null,
    connector: null,
    exec_check_ticks: 0,
    counts: null,
    own_cost: null,
    pss: null,
    oom_score_adj: null,
    build_cpu_us: null,
    measurement_error: `it is imported from ${basename(table)} of the Python MyMonitor, which knew neither how the build ended nor what ran between its samples${imported.hasRss ? '' : '; it has no RSS, PSS stands in its place'}`,
  }
}

function usage(message: string): MyMonitorError {
  return new MyMonitorError('ERR_MYMONITOR_USAGE', message)
}
