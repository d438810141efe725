/**
 * What exit notifications do to a program that is interrupted while it exits: until the notification is received, a handler without SA_RESTART makes
 * exit_group return EINTR.
 *
 *   [EXITS=100000] [TIMER_US=200] node bench/eintr.mjs [--only timer|builds]
 *
 * Timer (eintr.c): so many exits with an interval timer running, beside a busy loop on each CPU. By itself: how often exit_group came back. Through the C
 * library: what became of the process. With a second thread: whether it outlived its exit. Builds: every process that ended, told by the process connector,
 * must have an exit record or a signal that it also dies by without us.
 */
import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { join } from 'node:path'
import {
  compile,
  demo,
  fail,
  heldAgainst,
  machine,
  numberOf,
  parse,
  print,
  quantile,
  rowsOf,
  run,
  sample,
  sed,
  sourcesOf,
  table,
  temporary,
} from './lib.mjs'

const { only } = parse({ only: { type: 'string' } })
const scratch = temporary()
const hogs = []
process.on('exit', () => hogs.map((hog) => hog.kill('SIGKILL')))
const findings = []
const perMillion = (part, whole) => `${((part / whole) * 1e6).toFixed(0)} ppm`

function record(command, options) {
  const result = sample(['--events', 'seccomp', '--', ...command], options)
  const { state, killable } = result.metadata.exit_records
  if (state !== 'on' || !killable) fail(`no exit records that only a fatal signal interrupts: ${sourcesOf(result.metadata)}`)
  return result
}

/**
 * From the first call of exit_group to the receipt, microseconds above the shortest one: the offset of the two clocks is not recorded. Pids come round
 * again, so the n-th record of a pid belongs to its n-th call; a pid that has not as many of each is left out.
 */
async function windows(dir, lines) {
  const calls = timesOf(lines.map((line) => line.split(' ').map(Number)))
  const rows = await rowsOf(dir, 'processes', ['pid', 'end_us'])
  const ends = timesOf(rows.filter((row) => row.end_us !== null).map((row) => [row.pid, Number(row.end_us)]))
  const delays = []
  for (const [pid, called] of calls) {
    const ended = ends.get(pid)
    if (ended?.length === called.length) delays.push(...called.map((at, index) => ended[index] - at / 1000))
  }
  if (delays.length < lines.length / 2) fail(`only ${delays.length} of ${lines.length} calls have a record that is surely theirs`)
  const shortest = delays.reduce((least, delay) => Math.min(least, delay))
  return delays.map((delay) => delay - shortest)
}

/** The times of each pid, in order. */
function timesOf(pairs) {
  const times = new Map()
  for (const [pid, at] of pairs.toSorted(([, a], [, b]) => a - b)) {
    if (times.has(pid)) times.get(pid).push(at)
    else times.set(pid, [at])
  }
  return times
}

async function measureTimer() {
  const exits = numberOf('EXITS', 100_000)
  const period = numberOf('TIMER_US', 200)
  run(['cc', '-O2', '-pthread', '-o', join(scratch, 'eintr'), new URL('eintr.c', import.meta.url).pathname])
  for (const _ of cpus()) hogs.push(spawn('sh', ['-c', 'while :; do :; done'], { stdio: 'ignore' }))
  const rows = [
    [
      'exits',
      'what',
      'handler ran while exiting',
      'exit_group came back',
      'rate',
      'ended by a signal',
      'outlived its exit',
      'no exit record',
    ],
  ]
  // A process that outlives its exit is waited for a second.
  const modes = { count: exits, libc: Math.ceil(exits / 4), threads: Math.ceil(exits / 50) }
  let delays = []
  for (const [mode, count] of Object.entries(modes)) {
    const report = join(scratch, `report-${mode}`)
    const { dir, metadata } = record([join(scratch, 'eintr'), mode, String(count), String(cpus().length), String(period), report])
    const [head, ...lines] = readFileSync(report, 'utf8').trim().split('\n')
    const result = JSON.parse(head)
    // The parent has one, too.
    const unrecorded = count + 1 - metadata.exit_records.records
    const back = { count: result.affected, libc: unrecorded, threads: result.outlived }[mode]
    const what = { count: 'calls exit_group itself', libc: '_exit of the C library', threads: '_exit with a second thread' }[mode]
    rows.push([count, what, result.handled, back, perMillion(back, count), result.killed, result.outlived, unrecorded])
    if (mode === 'count') delays = await windows(dir, lines)
    if (result.outlived > 0) findings.push(`${result.outlived} of ${count} processes with threads outlived their exit`)
    if (result.killed > 0) findings.push(`${result.killed} of ${count} processes were ended by a signal in their exit`)
  }
  for (const hog of hogs.splice(0)) hog.kill('SIGKILL')
  print(`\na timer of ${period} µs, a handler without SA_RESTART, ${cpus().length} busy loops beside`)
  table(rows)
  const [half, most, nearly] = [0.5, 0.99, 0.999].map((part) => quantile(delays, part).toFixed(0))
  print(
    `from the call of exit_group to its receipt, µs above the shortest: median ${half}, 99 % ${most}, 99.9 % ${nearly}, longest ${quantile(delays, 1).toFixed(0)}`,
  )
}

async function measureBuilds() {
  const connector = compile('connector', scratch)
  const source = sed(scratch)
  const env = { ...process.env, FORCE_UNSAFE_CONFIGURE: '1' }
  const builds = {
    'demo, make -j2': { command: ['make', '-j2'], cwd: demo(scratch) },
    "sed's configure": { command: ['./configure', '-q'], cwd: source },
    'sed, make -j2': { command: ['make', '-j2'], cwd: source },
  }
  const rows = [['build', 'ended', 'by a signal', 'by SIGSEGV', 'exit record', 'neither']]
  for (const [name, { command, cwd }] of Object.entries(builds)) {
    const list = join(scratch, 'ended')
    const { dir } = record([connector, list, '--', ...command], { cwd, env })
    const found = await heldAgainst(list, dir)
    if (!found) fail('the process connector cannot be used here: Linux 6.6 or root')
    const { ended, signals, withoutRecord } = found
    const segv = signals.filter((signal) => signal === 11).length
    rows.push([name, ended, signals.length, segv, ended - signals.length - withoutRecord, withoutRecord])
    if (segv + withoutRecord > 0) findings.push(`${name}: ${segv} ended by SIGSEGV, ${withoutRecord} without an exit record`)
  }
  print('\nordinary builds, ends told by the process connector; "neither" is a raw exit(2), or an exit_group that came back')
  table(rows)
}

machine()
print(`source in use: ${sourcesOf(record(['true']).metadata)}`)
if (!only || only === 'timer') await measureTimer()
if (!only || only === 'builds') await measureBuilds()
print(findings.length > 0 ? `\nfound:\n  ${findings.join('\n  ')}` : '\nnothing found')
