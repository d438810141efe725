/**
 * One million rows through each conversion: rows per second and peak RSS, beside polars or pyarrow doing the same.
 *
 *   MYMONITOR_BENCH_PYTHON=VENV/bin/python node bench/convert.mjs [--rows 1000000] [--runs 5]
 *
 * The interpreter must be able to import polars or pyarrow. Both sides are whole processes, their start included.
 */
import { spawnSync } from 'node:child_process'
import { closeSync, existsSync, openSync, rmSync, statSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { fail, machine, median, parse, print, ROOT, runsOf, table, temporary } from './lib.mjs'

const CLI = join(ROOT, 'dist/cli/main.js')
const options = parse({ rows: { type: 'string', default: '1000000' }, runs: { type: 'string', default: '5' } })
const runs = runsOf(options.runs)
const rows = Number(options.rows)
if (!Number.isInteger(rows) || rows < 1) fail(`--rows ${options.rows}: a whole number from 1`)
if (!existsSync(CLI)) fail(`${CLI} is missing: npm start builds it`)
const python = process.env.MYMONITOR_BENCH_PYTHON
if (!python) fail('MYMONITOR_BENCH_PYTHON is not set: give a Python that can import polars or pyarrow, such as VENV/bin/python')

const LIBRARIES = {
  polars: {
    'parquet → csv': 'import polars as p; p.scan_parquet(a).sink_csv(b)',
    'csv → parquet': 'import polars as p; p.scan_csv(a).sink_parquet(b, compression="snappy")',
    'parquet → json': 'import polars as p; p.scan_parquet(a).sink_ndjson(b)',
  },
  pyarrow: {
    'parquet → csv':
      'import pyarrow.parquet as q, pyarrow.csv as c\nf = q.ParquetFile(a)\nwith c.CSVWriter(b, f.schema_arrow) as w:\n  for x in f.iter_batches(): w.write_batch(x)',
    'csv → parquet':
      'import pyarrow.parquet as q, pyarrow.csv as c\nr = c.open_csv(a)\nwith q.ParquetWriter(b, r.schema) as w:\n  for x in r: w.write_batch(x)',
  },
}
const library = Object.keys(LIBRARIES).find((name) => spawnSync(python, ['-c', `import ${name}`]).status === 0)
if (library === undefined) fail(`${python} can import neither polars nor pyarrow`)

/** Samples as the Python MyMonitor stored them: numbers, repeated names, long command lines, now and then nothing. */
function writeSamples(file) {
  const out = openSync(file, 'w')
  let text = 'timestamp,pid,command_name,full_command,major_category,minor_category,PSS_KB,USS_KB,RSS_KB\n'
  let state = 1
  const random = (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state % below
  }
  for (let row = 0; row < rows; row += 1) {
    const [pid, rss, unit] = [1000 + random(30_000), random(2_000_000), random(5_000)]
    const pss = random(20) === 0 ? '' : Math.floor(rss * 0.8)
    text += `${1751553052 + (row >> 4) / 20},${pid},cc1plus,"/usr/lib/gcc/cc1plus -quiet -I include -D ""X=1, 2"" src/unit${unit}.cc -o /tmp/cc${unit}.s",CPP_COMPILE,Frontend_GCC,${pss},${Math.floor(rss * 0.7)},${rss}\n`
    if (text.length > 1 << 20) {
      writeSync(out, text)
      text = ''
    }
  }
  writeSync(out, text)
  closeSync(out)
}

/** Wall time in ms and peak RSS in MiB of the process, by GNU time's figures: the kernel's own of the child. */
function measured(command, output) {
  rmSync(output, { force: true })
  rmSync(`${output}.schema.json`, { force: true })
  const started = performance.now()
  const result = spawnSync('python3', ['-c', WRAPPER, ...command], { encoding: 'utf8' })
  const wall = performance.now() - started
  if (result.error) fail(`python3: ${result.error.message}`)
  if (result.status !== 0 || !existsSync(output))
    fail(`${command.join(' ')} ended with ${result.status ?? result.signal}\n${result.stderr}`)
  return { wall, mib: Number(result.stdout.trim().split('\n').at(-1)) / 1024 }
}
const WRAPPER =
  'import os, resource, subprocess, sys\nstatus = subprocess.call(sys.argv[1:], stdout=subprocess.DEVNULL)\nprint(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)\nsys.exit(status)'

machine()
const dir = temporary()
const [csv, parquet] = [join(dir, 'a.csv'), join(dir, 'a.parquet')]
writeSamples(csv)
measured([process.execPath, CLI, 'convert', csv, parquet], parquet)
print(
  `${rows} rows: ${(statSync(csv).size / 2 ** 20).toFixed(0)} MiB of csv, ${(statSync(parquet).size / 2 ** 20).toFixed(1)} MiB of parquet; beside ${library}, ${runs} runs each`,
)
const result = [['', 'rows/s', `rows/s ${library}`, 'ratio', 'peak MiB', `peak MiB ${library}`]]
for (const [name, input, output] of [
  ['parquet → csv', parquet, join(dir, 'b.csv')],
  ['csv → parquet', csv, join(dir, 'b.parquet')],
  ['parquet → json', parquet, join(dir, 'b.json')],
]) {
  const script = LIBRARIES[library][name]
  const samples = { ours: [], theirs: [] }
  for (let run = 0; run < runs; run += 1) {
    samples.ours.push(measured([process.execPath, CLI, 'convert', input, output], output))
    if (script) samples.theirs.push(measured([python, '-c', `import sys; a, b = sys.argv[1:]\n${script}`, input, output], output))
  }
  const rate = (side) => rows / (median(samples[side].map(({ wall }) => wall)) / 1000)
  const peak = (side) => median(samples[side].map(({ mib }) => mib)).toFixed(0)
  const other = script
    ? [rate('theirs').toFixed(0), (rate('ours') / rate('theirs')).toFixed(2), peak('ours'), peak('theirs')]
    : ['-', '-', peak('ours'), '-']
  result.push([name, rate('ours').toFixed(0), ...other])
}
table(result)
