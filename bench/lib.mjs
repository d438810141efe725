/** What every bench shares: options, the machine line, medians, runs of mymonitor. */

import { spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { cpus, homedir, release, tmpdir, totalmem } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { asyncBufferFromFile, parquetReadObjects } from 'hyparquet'

export const ROOT = fileURLToPath(new URL('..', import.meta.url))
export const BURNER = process.env.MYMONITOR_BURNER ?? join(ROOT, 'target/fast/mymonitor-burner')
export const CLI = join(ROOT, 'dist/cli/main.js')

export const print = (line = '') => process.stdout.write(`${line}\n`)

/** Ends the bench: a figure that could not be measured is never printed. */
export function fail(message) {
  process.stderr.write(`bench: ${message}\n`)
  process.exit(1)
}

/** `options` as for util.parseArgs; what follows `--` is the command. */
export function parse(options) {
  const argv = process.argv.slice(2)
  const dashes = argv.indexOf('--')
  const own = dashes < 0 ? argv : argv.slice(0, dashes)
  try {
    const { values, positionals } = parseArgs({ args: own, options, allowPositionals: true })
    return { ...values, positionals, command: dashes < 0 ? [] : argv.slice(dashes + 1) }
  } catch (error) {
    return fail(error.message)
  }
}

/** At least five, or the caller's own number with a word about it. */
export function runsOf(text) {
  const runs = Number(text)
  if (!Number.isInteger(runs) || runs < 1) fail(`--runs ${text}: a whole number from 1; 5 or more for a figure that counts`)
  if (runs < 5) print(`only ${runs} runs: not a figure to quote`)
  return runs
}

/** ROUNDS of the environment, else `usual`. */
export const rounds = (usual) => runsOf(process.env.ROUNDS ?? String(usual))

/** A whole number from the environment, else `usual`: sizes, for a try-out. */
export function numberOf(name, usual) {
  const value = Number(process.env[name] ?? usual)
  if (!Number.isInteger(value) || value < 1) fail(`${name}=${process.env[name]}: a whole number from 1`)
  if (value < usual) print(`${name}=${value} instead of ${usual}: a try-out`)
  return value
}

export function machine() {
  const model = cpus()[0]?.model ?? 'unknown CPU'
  print(`machine: ${cpus().length} × ${model}, ${Math.round(totalmem() / 2 ** 30)} GiB, Linux ${release()}, Node ${process.versions.node}`)
  print(`load before: ${readFileSync('/proc/loadavg', 'utf8').split(' ').slice(0, 3).join(' ')}`)
}

export function median(values) {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}

/** Median and range. */
export function spread(values, digits = 2) {
  return `${median(values).toFixed(digits)} (${Math.min(...values).toFixed(digits)}–${Math.max(...values).toFixed(digits)})`
}

/** The value below which this part of the values lies. */
export function quantile(values, part) {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))]
}

/** Uniform in [0, 1), the same for the same seed (mulberry32). */
export function generator(seed) {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let word = Math.imul(state ^ (state >>> 15), state | 1)
    word ^= word + Math.imul(word ^ (word >>> 7), word | 61)
    return ((word ^ (word >>> 14)) >>> 0) / 2 ** 32
  }
}

/** Median of paired ratios with its 95 % bootstrap interval; "not measured", and the bench fails in the end, when that is wider than `halfWidth` to each side. */
export function ratioOf(ratios, halfWidth) {
  const random = generator(1)
  const medians = Array.from({ length: 4000 }, () => median(ratios.map(() => ratios[Math.floor(random() * ratios.length)])))
  const [low, high] = [quantile(medians, 0.025), quantile(medians, 0.975)]
  const interval = `95 % interval ${low.toFixed(3)}–${high.toFixed(3)}, ${ratios.length} pairs`
  const measured = ratios.length >= 5 && (high - low) / 2 <= halfWidth
  if (!measured) process.exitCode = 1
  return measured ? `${median(ratios).toFixed(3)} (${interval})` : `not measured: ${interval}, wider than ±${halfWidth * 100} %`
}

const temporaries = []
process.on('exit', () => temporaries.map((dir) => rmSync(dir, { recursive: true, force: true })))

/** A directory that is removed at the end. */
export function temporary() {
  const dir = mkdtempSync(join(tmpdir(), 'mymonitor-bench-'))
  temporaries.push(dir)
  return dir
}

/** Runs to the end; a status other than 0 ends the bench with its stderr. Returns the wall time in ms. */
export function run(command, options = {}) {
  if (options.cwd && !existsSync(options.cwd)) fail(`${options.cwd} does not exist`)
  const started = performance.now()
  const result = spawnSync(command[0], command.slice(1), { stdio: ['ignore', 'ignore', 'pipe'], encoding: 'utf8', ...options })
  const wall = performance.now() - started
  if (result.error) fail(`${command[0]}: ${result.error.message}`)
  if (result.status !== 0) fail(`${command.join(' ')} ended with ${result.status ?? result.signal}\n${result.stderr ?? ''}`)
  return wall
}

/** The program of bench/NAME.c. */
export function compile(name, scratch) {
  const program = join(scratch, name)
  run(['cc', '-O2', '-o', program, join(ROOT, 'bench', `${name}.c`)])
  return program
}

/** examples/demo without its configuration and products, so that nobody else's build of it is disturbed. */
export function demo(scratch) {
  const dir = join(scratch, 'demo')
  cpSync(join(ROOT, 'examples/demo'), dir, { recursive: true, filter: (path) => !path.endsWith('/conf') && !path.endsWith('/build') })
  return dir
}

/** GNU sed's source, unpacked below `scratch`; fetched once into a cache outside the repository. */
export function sed(scratch) {
  const cache = process.env.MYMONITOR_BENCH_CACHE ?? join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'mymonitor-bench')
  mkdirSync(cache, { recursive: true })
  const archive = () => readdirSync(cache).find((name) => /^sed_.*\.orig\.tar\.\w+$/.test(name))
  if (!archive()) {
    const fetched = spawnSync('apt-get', ['source', '--download-only', 'sed'], { cwd: cache, encoding: 'utf8' })
    if (fetched.status !== 0 || !archive())
      fail(
        `sed's source could not be fetched into ${cache}: it takes a deb-src line and apt-get update\n${fetched.stderr ?? fetched.error.message}`,
      )
  }
  const dir = join(scratch, 'sed')
  mkdirSync(dir)
  run(['tar', 'xf', join(cache, archive()), '-C', dir, '--strip-components=1'])
  return dir
}

/** A build and what precedes each run of it. */
export const demoOf = (dir) => ({ command: ['make', '-j2'], cwd: dir, clean: `make -C '${dir}' clean` })

/** In a new directory each time: a second configure in the same one runs 700 processes less. */
export function configureOf(source, cwd) {
  return { command: [join(source, 'configure'), '-q'], cwd, clean: `rm -rf '${cwd}' && mkdir '${cwd}'` }
}

/** Runs `mymonitor sample ARGS` into a directory of its own; returns the recording's directory, its metadata and the wall time in ms. `options.prefix` goes before it. */
export function sample(args, { prefix = [], ...options } = {}) {
  if (!existsSync(CLI)) fail(`${CLI} is missing: npm start builds it`)
  const output = temporary()
  const wall = run([...prefix, process.execPath, CLI, 'sample', '--output-dir', output, '--no-report', ...args], options)
  return { ...recordingOf(output), wall }
}

/** The one recording below `output`: its directory and its metadata. */
export function recordingOf(output) {
  const dir = recordingsIn(output)[0]
  if (!dir) fail(`no recording below ${output}`)
  const metadata = JSON.parse(readFileSync(join(dir, 'metadata.json'), 'utf8'))
  if (metadata.measurement_error) fail(`the measurement failed: ${metadata.measurement_error}`)
  return { dir, metadata }
}

/** The sources a recording had, in words. */
export function sourcesOf({ sources, exit_records: exits }) {
  const state = exits
    ? `${exits.state}${exits.no_new_privs ? ', no new privileges' : ''}${exits.reason ? `, ${exits.reason}` : ''}`
    : 'none'
  return `${sources.join(' + ')} (exit records: ${state})`
}

/** Rows of a table of a recording; all columns, or those named. */
export async function rowsOf(dir, name, columns) {
  return parquetReadObjects({ file: await asyncBufferFromFile(join(dir, `${name}.parquet`)), columns })
}

/**
 * Holds the recording in `dir` against what connector.c wrote: processes that ended, those that a signal ended, those of the others that have no exit
 * record. undefined where the kernel refused the connector.
 */
export async function heldAgainst(list, dir) {
  if (!existsSync(list)) return undefined
  const lines = readFileSync(list, 'utf8').trim().split('\n')
  if (lines.pop() !== 'lost 0') fail('the process connector lost messages')
  const records = new Map()
  for (const { pid, end } of await rowsOf(dir, 'processes', ['pid', 'end']))
    if (end === 'exited') records.set(pid, (records.get(pid) ?? 0) + 1)
  const found = { ended: lines.length, signals: [], withoutRecord: 0 }
  for (const line of lines) {
    const [pid, status] = line.split(' ').map(Number)
    const left = records.get(pid) ?? 0
    if (status & 0x7f) found.signals.push(status & 0x7f)
    else if (left === 0) found.withoutRecord++
    else records.set(pid, left - 1)
  }
  return found
}

/** Every recording at or below `dir`. */
export function recordingsIn(dir) {
  if (!existsSync(dir)) fail(`${dir} does not exist`)
  const entries = readdirSync(dir, { withFileTypes: true, recursive: true })
  return entries.filter((entry) => entry.name === 'memory_samples.parquet').map((entry) => entry.parentPath)
}

/** Rows of equal columns, the first left, the others right. */
export function table(rows) {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => String(row[column]).length)))
  for (const row of rows) {
    print(
      row.map((cell, column) => (column === 0 ? String(cell).padEnd(widths[column]) : String(cell).padStart(widths[column]))).join('  '),
    )
  }
}
