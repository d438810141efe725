import { existsSync, type lstatSync, statSync } from 'node:fs'
import { basename, dirname, extname, join, resolve } from 'node:path'
import { MyMonitorError } from '../errors.ts'
import { fromNative, loadBinding } from '../native.ts'
import { ensureDirectory, messageOf, workingDirectory } from '../run/files.ts'
import { type Compression, formatOf, sidecarOf, type TableFormat } from './formats.ts'
import { importRecording } from './import.ts'
import { tablesIn } from './tree.ts'

export interface ConvertOptions {
  /** A table, or with `recursive` a directory. */
  input: string
  /** A file; a directory for a tree; a new directory for a recording of the Python MyMonitor. */
  output: string
  /** Default: by the ending of the name. In a tree, files of other formats are left alone. */
  inputFormat?: TableFormat
  outputFormat?: TableFormat
  /** Of Parquet. Default snappy. */
  compression?: Compression
  /** Default false. */
  recursive?: boolean
  /** Replace files that exist. Default false. */
  force?: boolean
}

export interface ConvertedFile {
  /** Absolute. */
  input: string
  output: string
  rows: number
}
export interface SkippedFile {
  path: string
  reason: string
}
export interface Converted {
  files: ConvertedFile[]
  skipped: SkippedFile[]
  /** One line for each file of a tree that could not be converted. */
  problems: string[]
}

interface Job {
  input: string
  inputFormat: TableFormat
  output: string
  outputFormat: TableFormat
}

/**
 * Converts a table among csv, json and parquet without loss, a tree of tables, or a table of the Python MyMonitor into a recording, as `mymonitor convert`
 * does. Streams: a table may be larger than memory. Paths are relative to `cwd`, by default that of this process; `onFile` hears of each file that is done.
 * Rejects with ERR_MYMONITOR_USAGE, ERR_MYMONITOR_OUTPUT (a file exists and `force` was not given), ERR_MYMONITOR_NOT_A_TABLE or ERR_MYMONITOR_DAMAGED; a
 * file of a tree that fails is one of `problems`. Nothing is left half-written.
 */
export async function convert(
  options: ConvertOptions,
  cwd: string = workingDirectory(),
  onFile?: (file: ConvertedFile) => void,
): Promise<Converted> {
  const input = resolve(cwd, options.input)
  const output = resolve(cwd, options.output)
  checkCompression(options)
  const isDirectory = inputStat(input).isDirectory()
  if (isDirectory && options.recursive === true) return convertTree(input, output, options, onFile)
  if (!isDirectory && options.recursive === true) throw usage(`${options.input} is a file: --recursive is for directories`)
  const outputFormat = options.outputFormat ?? formatOf(output)
  const file =
    outputFormat === undefined || (isDirectory && formatOf(output) === undefined)
      ? await toRecording(input, output, options)
      : await toFile(input, isDirectory, output, outputFormat, options)
  onFile?.(file)
  return { files: [file], skipped: [], problems: [] }
}

async function toRecording(input: string, output: string, options: ConvertOptions): Promise<ConvertedFile> {
  const { inputFormat, compression = 'snappy' } = options
  const { rows } = await importRecording(input, output, { compression, ...(inputFormat === undefined ? {} : { inputFormat }) })
  return { input, output, rows }
}

async function toFile(
  input: string,
  isDirectory: boolean,
  output: string,
  outputFormat: TableFormat,
  options: ConvertOptions,
): Promise<ConvertedFile> {
  if (isDirectory) throw usage(`${options.input} is a directory: add --recursive to convert every table in it`)
  const inputFormat = options.inputFormat ?? formatOf(input)
  if (inputFormat === undefined)
    throw usage(`${options.input}: the name has none of the endings .csv, .json and .parquet; add --input-format`)
  if (existsSync(output) && statSync(output).isDirectory())
    throw usage(
      `${options.output} is a directory: give the name of the file, such as ${join(options.output, renamed(basename(input), outputFormat))}`,
    )
  return convertFile({ input, inputFormat, output, outputFormat }, options)
}

async function convertTree(
  input: string,
  output: string,
  options: ConvertOptions,
  onFile?: (file: ConvertedFile) => void,
): Promise<Converted> {
  const { outputFormat } = options
  if (outputFormat === undefined) throw usage('--recursive needs --output-format csv, json or parquet')
  if (`${output}/`.startsWith(`${input}/`)) throw usage(`${options.output} is inside ${options.input}: give a directory elsewhere`)
  const { tables, skipped } = tablesIn(input, options)
  const result: Converted = { files: [], skipped, problems: [] }
  const taken = new Map<string, string>()
  for (const { path, format } of tables) {
    const job = { input: join(input, path), inputFormat: format, output: join(output, renamed(path, outputFormat)), outputFormat }
    const other = taken.get(job.output)
    taken.set(job.output, job.input)
    try {
      if (other !== undefined)
        throw usage(`${job.input} and ${other} would both become ${job.output}: convert them apart with --input-format`)
      const file = await convertFile(job, options)
      result.files.push(file)
      onFile?.(file)
    } catch (error) {
      if (error instanceof MyMonitorError && error.code === 'ERR_MYMONITOR_NOT_A_TABLE')
        skipped.push({ path: job.input, reason: 'no table' })
      else result.problems.push(messageOf(error))
    }
  }
  return result
}

async function convertFile(job: Job, { force = false, compression = 'snappy' }: ConvertOptions): Promise<ConvertedFile> {
  const { input, output } = job
  if (isSameFile(input, output)) throw usage(`${input}: input and output are the same file`)
  for (const file of [output, ...(job.outputFormat === 'parquet' ? [] : [sidecarOf(output)])]) {
    if (existsSync(file) && !force) throw new MyMonitorError('ERR_MYMONITOR_OUTPUT', `${file} exists: add --force to replace it`)
  }
  ensureDirectory(dirname(output))
  try {
    return { input, output, rows: await loadBinding().convertTable({ ...job, compression }) }
  } catch (cause) {
    throw fromNative(cause)
  }
}

function renamed(path: string, format: TableFormat): string {
  return `${path.slice(0, path.length - extname(path).length)}.${format}`
}

function isSameFile(input: string, output: string): boolean {
  const [a, b] = [statSync(input), statSync(output, { throwIfNoEntry: false })]
  return b !== undefined && a.dev === b.dev && a.ino === b.ino
}

function inputStat(input: string): ReturnType<typeof lstatSync> & object {
  const found = statSync(input, { throwIfNoEntry: false })
  if (found === undefined) throw usage(`${input}: no such file or directory`)
  return found
}

function checkCompression({ compression, outputFormat, output, recursive }: ConvertOptions): void {
  const format = outputFormat ?? (recursive === true ? undefined : formatOf(output))
  if (compression !== undefined && format !== undefined && format !== 'parquet')
    throw usage(`--compression ${compression} is for parquet, the output is ${format}: leave it out, or compress the file afterwards`)
}

function usage(message: string): MyMonitorError {
  return new MyMonitorError('ERR_MYMONITOR_USAGE', message)
}
