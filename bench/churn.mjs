/**
 * mymonitor's own memory through a long build of very many processes, and what finalising takes on top.
 *
 *   [COUNT=1000000] [TICKS=288000] node bench/churn.mjs
 *
 * 288,000 ticks are four hours at 50 ms; here they are 1 ms apart, and crowd.c spreads the processes over that time. Resident size of mymonitor and of its
 * launcher, read four times a second; after the build the kernel's own high-water mark, set back (/proc/PID/clear_refs) when a part of the work is done. One
 * run: a median of five would take an hour, so the figure is of this run only.
 */
import { spawn } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { CLI, compile, fail, machine, median, numberOf, print, sourcesOf, table, temporary } from './lib.mjs'

const count = numberOf('COUNT', 1_000_000)
const ticks = numberOf('TICKS', 288_000)
const scratch = temporary()
const crowd = compile('crowd', scratch)
const mib = (kb) => (kb / 1024).toFixed(1)

/** Resident size and high-water mark in KiB, 0 when it has ended. */
function sizes(pid) {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8')
    return ['VmRSS', 'VmHWM'].map((name) => Number(new RegExp(`^${name}:\\s*(\\d+)`, 'm').exec(status)?.[1] ?? 0))
  } catch {
    return [0, 0]
  }
}

/** The recording in the making. */
function recordingBelow(output) {
  const found = readdirSync(output, { recursive: true, withFileTypes: true }).find(({ name }) => name === 'metadata.json')
  return found?.parentPath ?? fail(`no recording below ${output}`)
}

/** By the files that are there; each has its name when it is complete. */
const PARTS = [
  ['the tables', 'ticks.parquet'],
  ['the classes', 'classes.parquet'],
  ['the analysis', 'summary.log'],
]

function setBack(pid) {
  try {
    writeFileSync(`/proc/${pid}/clear_refs`, '5')
  } catch {
    // It has ended.
  }
}

function childOf(pid) {
  try {
    const tasks = readdirSync(`/proc/${pid}/task`)
    return tasks.flatMap((task) => readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8').split(' ')).find(Boolean)
  } catch {
    return undefined
  }
}

machine()
const output = join(scratch, 'out')
const command = [crowd, 'churn', String(count), String(ticks)]
const begin = performance.now()
const monitor = spawn(process.execPath, [CLI, 'sample', '--no-report', '--interval', '1ms', '--output-dir', output, '--', ...command], {
  stdio: 'ignore',
})
const ended = new Promise((resolve) => monitor.once('exit', resolve))
process.on('exit', () => monitor.kill('SIGKILL'))
const build = []
/** High-water marks in KiB, in the order of PARTS. */
const after = []
let launched = false
let dir
for (let launcher, root; monitor.exitCode === null; await delay(launched && !root ? 10 : 250)) {
  launcher = childOf(monitor.pid)
  root = launcher && childOf(launcher)
  launched ||= root !== undefined
  const [rss, mark] = sizes(monitor.pid)
  const at = performance.now() - begin
  if (root) build.push({ at, rss, launcher: sizes(launcher)[0] })
  else if (launched && rss > 0) {
    dir ??= recordingBelow(output)
    const part = PARTS.findIndex(([, file]) => !existsSync(join(dir, file)))
    if (part < 0) continue
    // The mark is of what was before, too, when it is seen first.
    if (after[part] === undefined) setBack(monitor.pid)
    after[part] = { at, kb: after[part] === undefined ? rss : Math.max(after[part].kb, mark) }
  }
}
const status = await ended
if (status !== 0) fail(`mymonitor ended with ${status}`)
if (build.length < 8) fail('too short to have quarters: more COUNT or TICKS')
const metadata = JSON.parse(readFileSync(join(recordingBelow(output), 'metadata.json'), 'utf8'))
const { counts, own_cost: cost } = metadata
const quarter = Math.floor(build.length / 4)
const sizeOf = (rows, key) => median(rows.map((row) => row[key]))
const most = (rows, key = 'rss') => Math.max(...rows.map((row) => row[key]))
const [first, last] = [build.slice(0, quarter), build.slice(-quarter)]
print(
  `source in use: ${sourcesOf(metadata)}; ${counts.processes} processes, ${counts.ticks} ticks and ${counts.skipped_ticks} skipped, ${counts.rows} rows`,
)
print(
  `build ${(build.at(-1).at / 1000).toFixed(0)} s; own CPU ${(cost.cpu_us / 1e6).toFixed(1)} s, launcher ${(cost.launcher_cpu_us / 1e6).toFixed(1)} s\n`,
)
const growth = sizeOf(last, 'rss') - sizeOf(first, 'rss')
const marks = PARTS.map(([name], part) => [name, after[part]]).filter(([, mark]) => mark !== undefined)
const more = (kb) => mib(kb - build.at(-1).rss)
table([
  ['resident MiB', '', 'target'],
  ['mymonitor, largest while the build ran', mib(most(build)), 80],
  ['median of the first quarter', mib(sizeOf(first, 'rss')), ''],
  ['median of the last quarter', mib(sizeOf(last, 'rss')), ''],
  ['last - first', mib(growth), '±5'],
  ['launcher, first and last quarter', `${mib(sizeOf(first, 'launcher'))}, ${mib(sizeOf(last, 'launcher'))}`, ''],
  [
    'after the build, more than at its end',
    marks.length > 0 ? more(Math.max(...marks.map(([, { kb }]) => kb))) : 'too short to be seen',
    64,
  ],
  ...marks.map(([name, { kb }]) => [`  while it made ${name}`, more(kb), '']),
  ['after the build, seconds', marks.length > 0 ? ((marks.at(-1)[1].at - build.at(-1).at) / 1000).toFixed(1) : '0', ''],
])
if (counts.processes < count) print(`\ntarget missed: ${counts.processes} of ${count} processes are in the recording`)
if (counts.ticks + counts.skipped_ticks < ticks) print(`\nonly ${counts.ticks + counts.skipped_ticks} of ${ticks} ticks`)
