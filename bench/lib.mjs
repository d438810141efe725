/** What every bench shares: options, the machine line, medians, runs of mymonitor. */

import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { cpus, release, tmpdir, totalmem } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

export const ROOT = fileURLToPath(new URL('..', import.meta.url))
export const BURNER = process.env.MYMONITOR_BURNER ?? join(ROOT, 'target/fast/mymonitor-burner')
const CLI = join(ROOT, 'dist/cli/main.js')

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

export function temporary() {
  const dir = mkdtempSync(join(tmpdir(), 'mymonitor-bench-'))
  process.on('exit', () => rmSync(dir, { recursive: true, force: true }))
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

/** Runs `mymonitor sample ARGS` into a directory of its own; returns the recording's directory, its metadata and the wall time in ms. */
export function sample(args, options = {}) {
  if (!existsSync(CLI)) fail(`${CLI} is missing: npm start builds it`)
  const output = mkdtempSync(join(tmpdir(), 'mymonitor-bench-'))
  process.on('exit', () => rmSync(output, { recursive: true, force: true }))
  const wall = run([process.execPath, CLI, 'sample', '--output-dir', output, '--no-report', ...args], options)
  const dir = recordingsIn(output)[0]
  if (!dir) fail(`no recording below ${output}`)
  const metadata = JSON.parse(readFileSync(join(dir, 'metadata.json'), 'utf8'))
  if (metadata.measurement_error) fail(`the measurement failed: ${metadata.measurement_error}`)
  return { dir, metadata, wall }
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
