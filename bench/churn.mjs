/**
 * mymonitor's own memory through a long build of very many processes, and what finalising takes on top.
 *
 *   [COUNT=1000000] [TICKS=288000] node bench/churn.mjs
 *
 * 288,000 ticks are four hours at 50 ms; here they are 1 ms apart, and crowd.c spreads the processes over that time. Resident size of mymonitor and of its
 * launcher, read four times a second. One run: a median of five would take an hour, so the figure is of this run only.
 */
import { spawn } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { CLI, compile, fail, machine, median, numberOf, print, recordingsIn, sourcesOf, table, temporary } from './lib.mjs'

const count = numberOf('COUNT', 1_000_000)
const ticks = numberOf('TICKS', 288_000)
const scratch = temporary()
const crowd = compile('crowd', scratch)
const mib = (kb) => (kb / 1024).toFixed(1)

/** Resident size in KiB, 0 when it has ended. */
function resident(pid) {
  try {
    return Number(/^VmRSS:\s*(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0)
  } catch {
    return 0
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
const after = []
let launched = false
for (let launcher, root; monitor.exitCode === null; await delay(launched && !root ? 20 : 250)) {
  launcher = childOf(monitor.pid)
  root = launcher && childOf(launcher)
  launched ||= root !== undefined
  const rss = resident(monitor.pid)
  if (root) build.push({ at: performance.now() - begin, rss, launcher: resident(launcher) })
  else if (launched && rss > 0) after.push({ at: performance.now() - begin, rss })
}
const status = await ended
if (status !== 0) fail(`mymonitor ended with ${status}`)
if (build.length < 8) fail('too short to have quarters: more COUNT or TICKS')
const metadata = JSON.parse(readFileSync(join(recordingsIn(output)[0], 'metadata.json'), 'utf8'))
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
const finalising = after.length > 0 ? most(after) - build.at(-1).rss : Number.NaN
table([
  ['resident MiB', '', 'target'],
  ['mymonitor, largest while the build ran', mib(most(build)), 80],
  ['median of the first quarter', mib(sizeOf(first, 'rss')), ''],
  ['median of the last quarter', mib(sizeOf(last, 'rss')), ''],
  ['last - first', mib(growth), '±5'],
  ['launcher, first and last quarter', `${mib(sizeOf(first, 'launcher'))}, ${mib(sizeOf(last, 'launcher'))}`, ''],
  ['after the build, more than at its end', after.length > 0 ? mib(finalising) : 'too short to be seen', 64],
  ['after the build, seconds', after.length > 0 ? ((after.at(-1).at - build.at(-1).at) / 1000).toFixed(1) : '0', ''],
])
if (counts.processes < count) print(`\ntarget missed: ${counts.processes} of ${count} processes are in the recording`)
if (counts.ticks + counts.skipped_ticks < ticks) print(`\nonly ${counts.ticks + counts.skipped_ticks} of ${ticks} ticks`)
