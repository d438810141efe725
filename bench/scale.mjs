/**
 * Many processes: in the build, and outside of it.
 *
 *   [ROUNDS=5] [COUNT=2000] [HOST=5000] node bench/scale.mjs [--only live|late|host]
 *
 * live: sampler CPU per tick of COUNT sleeping processes (crowd.c) against a C loop that only reads their statm by kept descriptors. late: how long after
 * its fork a process among them has its first sample. host: a small build with and without HOST sleeping processes outside of it.
 */
import { spawn, spawnSync } from 'node:child_process'
import { existsSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import {
  compile,
  fail,
  machine,
  median,
  numberOf,
  parse,
  print,
  quantile,
  ratioOf,
  rounds,
  rowsOf,
  sample,
  sourcesOf,
  spread,
  table,
  temporary,
} from './lib.mjs'

const { only } = parse({ only: { type: 'string' } })
const INTERVAL_MS = 50
const HOLD_MS = 8000
const scratch = temporary()
const crowd = compile('crowd', scratch)
const pids = join(scratch, 'pids')
const outside = []
process.on('exit', () => outside.map((child) => child.kill('SIGKILL')))

/** So many sleeping processes that are not the build's, until end() is called. */
async function startOutside(count, ms) {
  rmSync(pids, { force: true })
  const child = spawn(crowd, ['idle', String(count), String(ms), pids], { stdio: 'ignore' })
  outside.push(child)
  const isReady = () => existsSync(pids) && readFileSync(pids, 'utf8').includes('ready')
  for (let waited = 0; !isReady(); waited += 100) {
    if (waited > 60_000 || child.exitCode !== null) fail(`${count} processes could not be started: see ulimit -u`)
    await delay(100)
  }
  return { end: () => new Promise((resolve) => child.once('exit', resolve) && child.kill('SIGKILL')) }
}

async function bareLoop(count) {
  const { end } = await startOutside(count, 2 * HOLD_MS)
  const result = spawnSync(crowd, ['read', pids, String(HOLD_MS), String(INTERVAL_MS)], { encoding: 'utf8' })
  await end()
  if (result.status !== 0) fail(`the reading loop: ${result.stderr}`)
  const { ticks, cpu_us: cpu, processes } = JSON.parse(result.stdout)
  if (processes !== count) fail(`the reading loop opened ${processes} of ${count}`)
  return cpu / ticks
}

/** CPU of the sampling thread per tick once all are there, microseconds, and what the recording says of itself. */
async function sampled(events, count, mode = 'idle') {
  const { dir, metadata } = sample([
    '--events',
    events,
    '--interval',
    `${INTERVAL_MS}ms`,
    '--',
    crowd,
    mode,
    String(count),
    String(HOLD_MS),
    pids,
  ])
  const ticks = (await rowsOf(dir, 'ticks', ['tick', 'live', 'elapsed_us', 'sampler_cpu_us'])).filter((tick) => tick.live > count)
  if (ticks.length < 20) fail(`${events}: only ${ticks.length} ticks saw all ${count} processes`)
  const cpu = Number(ticks.at(-1).sampler_cpu_us - ticks[0].sampler_cpu_us)
  return {
    dir,
    metadata,
    perTick: cpu / (ticks.at(-1).tick - ticks[0].tick),
    // A budget of its own: up to 1 % of a CPU.
    rollups: metadata.pss.rollup_cpu_us / metadata.counts.ticks,
    lag: metadata.counts.discovery_lag_ticks,
    rss: metadata.own_cost.peak_rss_kb,
    late: metadata.counts.late_ticks,
  }
}

const accepts = (events) =>
  spawnSync(
    process.execPath,
    [
      new URL('../dist/cli/main.js', import.meta.url).pathname,
      'sample',
      '--events',
      events,
      '--no-report',
      '--output-dir',
      temporary(),
      '--',
      'true',
    ],
    { stdio: 'ignore' },
  ).status === 0

async function measureLive(runs, count) {
  const sources = ['auto', 'poll', 'connector'].filter(accepts)
  if (!sources.includes('connector')) print('--events connector: not here, so no figure with a fork source')
  const results = []
  for (let round = 0; round < runs; round++) {
    const result = { bare: await bareLoop(count) }
    for (const events of sources) result[events] = await sampled(events, count)
    results.push(result)
  }
  print(`\n${count} live processes at ${INTERVAL_MS} ms, ${runs} rounds; target 1.3 × the bare loop`)
  const rows = [
    ['', 'CPU µs per tick', 'of it PSS', 'ratio to the bare loop', 'discovery lag, ticks', 'own peak RSS MiB', 'late ticks', 'source'],
  ]
  rows.push([
    'bare pread of statm',
    spread(
      results.map(({ bare }) => bare),
      0,
    ),
    '',
    '1',
    '',
    '',
    '',
    '',
  ])
  for (const events of sources) {
    const of = (key) => results.map((result) => result[events][key])
    const ratio = spread(results.map((result) => result[events].perTick / result.bare))
    rows.push([
      `--events ${events}`,
      spread(of('perTick'), 0),
      median(of('rollups')).toFixed(0),
      ratio,
      median(of('lag')),
      (median(of('rss')) / 1024).toFixed(0),
      median(of('late')),
      sourcesOf(results[0][events].metadata),
    ])
  }
  table(rows)
}

async function measureLate(count) {
  print(
    `\n100 processes that live 500 ms, among ${count} others: milliseconds from the fork to the first sample (clocks compared to a few ms)`,
  )
  const rows = [['', 'recorded', 'with a sample', 'median', '90 %', 'longest']]
  for (const events of ['auto', 'poll']) {
    const { dir, metadata } = await sampled(events, count, 'late')
    const forks = new Map(
      readFileSync(pids, 'utf8')
        .trim()
        .split('\n')
        .map((line) => line.split(' ').map(Number)),
    )
    const ids = new Map(
      (await rowsOf(dir, 'processes', ['process_id', 'pid'])).filter(({ pid }) => forks.has(pid)).map((row) => [row.process_id, row.pid]),
    )
    const first = new Map()
    for (const { process_id, elapsed_ms } of await rowsOf(dir, 'memory_samples', ['process_id', 'elapsed_ms'])) {
      if (ids.has(process_id)) first.set(process_id, Math.min(first.get(process_id) ?? Number.POSITIVE_INFINITY, Number(elapsed_ms)))
    }
    const lags = [...first].map(([id, elapsed]) => metadata.started_at_unix_us / 1000 + elapsed - forks.get(ids.get(id)) / 1000)
    if (lags.length === 0) fail(`${events}: none of the late processes was seen`)
    rows.push([
      `--events ${events}`,
      `${ids.size} of ${forks.size}`,
      lags.length,
      median(lags).toFixed(0),
      quantile(lags, 0.9).toFixed(0),
      Math.max(...lags).toFixed(0),
    ])
  }
  table(rows)
}

async function measureHost(runs, count) {
  const ratios = []
  const figures = { without: [], with: [] }
  for (let round = 0; round < runs; round++) {
    const alone = (await sampled('auto', 50)).perTick
    const { end } = await startOutside(count, 120_000)
    const crowded = (await sampled('auto', 50)).perTick
    await end()
    figures.without.push(alone)
    figures.with.push(crowded)
    ratios.push(crowded / alone)
  }
  print(`\na build of 50 processes, with and without ${count} sleeping ones outside of it; target 1.02`)
  table([
    ['', 'CPU µs per tick'],
    ['without', spread(figures.without, 0)],
    [`with ${count}`, spread(figures.with, 0)],
  ])
  print(`ratio: ${ratioOf(ratios, 0.02)}`)
}

machine()
const runs = rounds(5)
if (!only || only === 'live') await measureLive(runs, numberOf('COUNT', 2000))
if (!only || only === 'late') await measureLate(numberOf('COUNT', 2000))
if (!only || only === 'host') await measureHost(runs, numberOf('HOST', 5000))
