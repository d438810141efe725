/**
 * Many processes: in the build, and outside of it.
 *
 *   [ROUNDS=5] [COUNT=2000] [HOST=5000] node bench/scale.mjs [--only live|late|host|scan]
 *
 * live: sampler CPU per tick of COUNT sleeping processes (crowd.c) against a C loop that only reads their statm by kept descriptors. late: how long after
 * its fork a process among them has its first sample. host: a small build with and without HOST sleeping processes outside of it, and what difference
 * these make to the C loop. scan: the same build where all of /proc is looked over once a second.
 */
import { spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import {
  CLI,
  compile,
  fail,
  machine,
  median,
  numberOf,
  parse,
  print,
  quantile,
  ratioOf,
  recordingOf,
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
/** Processes of the build that others stand beside. */
const BUILD = 50
/** How long the host stays as it is after each change, and is not looked at at first. Short: neighbours of a virtual machine come and go within seconds. */
const HOST = { windowMs: 2000, settleMs: 500, pairs: 40, intervalMs: 10 }
/** A new process is looked at in the first four scans, later in every eighth. */
const SCAN = { windowMs: 4000, settleMs: 6000, pairs: 5 }
const scratch = temporary()
const crowd = compile('crowd', scratch)
const pids = join(scratch, 'pids')
const outside = []
process.on('exit', () => outside.map((child) => child.kill('SIGKILL')))

async function ready(child, file, count) {
  const isReady = () => existsSync(file) && readFileSync(file, 'utf8').includes('ready')
  for (let waited = 0; !isReady(); waited += 100) {
    if (waited > 60_000 || child.exitCode !== null) fail(`${count} processes could not be started: see ulimit -u`)
    await delay(100)
  }
}

/** So many sleeping processes that are not the build's, until end() is called. */
async function startOutside(count, ms) {
  rmSync(pids, { force: true })
  const child = spawn(crowd, ['idle', String(count), String(ms), pids], { stdio: 'ignore' })
  outside.push(child)
  await ready(child, pids, count)
  return { end: () => new Promise((resolve) => child.once('exit', resolve) && child.kill('SIGKILL')) }
}

/** A loop that reads statm of the processes in a file of startOutside's form, and nothing else: mean and median CPU of a tick, microseconds. */
async function readLoop(file, count, ms, intervalMs) {
  const child = spawn(crowd, ['read', file, String(ms), String(intervalMs)], { stdio: ['ignore', 'pipe', 'inherit'] })
  outside.push(child)
  let text = ''
  child.stdout.setEncoding('utf8').on('data', (part) => (text += part))
  const status = await new Promise((resolve) => child.once('close', resolve))
  if (status !== 0) fail(`the reading loop ended with ${status}`)
  const { ticks, cpu_us: cpu, median_us: median, processes } = JSON.parse(text)
  if (processes !== count) fail(`the reading loop opened ${processes} of ${count}`)
  return { mean: cpu / ticks, median }
}

async function bareLoop(count) {
  const { end } = await startOutside(count, 2 * HOLD_MS)
  const { mean } = await readLoop(pids, count, HOLD_MS, INTERVAL_MS)
  await end()
  return mean
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

/** CPU of the sampling thread in a part of a recording, microseconds: the median of a tick, and of a second; and the median of the bare loop beside it. */
function within(ticks, { from, to, bare }) {
  const inside = ticks.filter(({ at }) => at >= from && at <= to)
  const steps = inside.slice(1).map((tick, index) => (tick.cpu - inside[index].cpu) / (tick.tick - inside[index].tick))
  if (steps.length < 20) fail(`only ${steps.length} ticks between two changes of the host`)
  return { perTick: median(steps), perSecond: (1e6 * (inside.at(-1).cpu - inside[0].cpu)) / (inside.at(-1).at - inside[0].at), bare }
}

/**
 * One recording, during which COUNT processes outside of the build come and go: what differs between two neighbouring parts of it is little else than
 * them. Their forks and ends are no part of either. With `intervalMs` the bare loop reads the build's processes beside, at the same times.
 */
async function alternated(runs, count, argsOf, { windowMs, settleMs, intervalMs }) {
  const output = temporary()
  const ms = 2 * (runs + 1) * (windowMs + settleMs + 4 * count)
  const started = join(output, 'started')
  const args = argsOf([crowd, 'idle', String(BUILD), String(ms), started])
  const child = spawn(process.execPath, [CLI, 'sample', '--output-dir', output, '--no-report', ...args], { stdio: 'ignore' })
  const ended = new Promise((resolve) => child.once('exit', resolve))
  const window = async () => {
    await delay(settleMs)
    const from = Date.now() * 1000
    const loop = await (intervalMs ? readLoop(started, BUILD, windowMs, intervalMs) : delay(windowMs))
    return { from, to: Date.now() * 1000, bare: loop?.median }
  }
  await ready(child, started, BUILD)
  const windows = [await window()]
  for (let run = 0; run < runs; run++) {
    const { end } = await startOutside(count, ms)
    windows.push(await window())
    await end()
    windows.push(await window())
  }
  child.kill('SIGTERM')
  await ended
  const { dir, metadata } = recordingOf(output)
  const rows = await rowsOf(dir, 'ticks', ['tick', 'elapsed_us', 'sampler_cpu_us'])
  const ticks = rows.map(({ tick, elapsed_us, sampler_cpu_us }) => ({
    tick,
    at: metadata.started_at_unix_us + Number(elapsed_us),
    cpu: Number(sampler_cpu_us),
  }))
  return windows.map((window) => within(ticks, window))
}

/** Every odd window is with them, and stands between two without. */
const pairs = (windows) =>
  windows.flatMap((crowded, index) => (index % 2 ? [{ crowded, before: windows[index - 1], after: windows[index + 1] }] : []))

async function measureHost(runs, count) {
  const results = pairs(await alternated(runs, count, (build) => ['--interval', `${HOST.intervalMs}ms`, '--', ...build], HOST))
  print(
    `\na build of ${BUILD} processes, with and without ${count} sleeping ones outside of it, in turn within one recording, at ${HOST.intervalMs} ms; target 1.02`,
  )
  const ratio = (key) => {
    const ratios = results.map(({ crowded, before, after }) => (2 * crowded[key]) / (before[key] + after[key]))
    return ratioOf(ratios, 0.02)
  }
  const of = (window, key) =>
    spread(
      results.map((result) => result[window][key]),
      0,
    )
  table([
    ['CPU µs per tick', 'without', `with ${count}`],
    ['mymonitor', of('before', 'perTick'), of('crowded', 'perTick')],
    ['bare pread of statm, beside', of('before', 'bare'), of('crowded', 'bare')],
  ])
  print(`with / without: ${ratio('perTick')}`)
  print(`the same of the bare loop, which knows of no process outside: ${ratio('bare')}`)
}

async function measureScan(runs, count) {
  const conf = join(scratch, 'conf')
  mkdirSync(conf)
  writeFileSync(join(conf, 'config.toml'), '[monitor.collection]\npss_collector_mode = "full_scan"\n')
  const project = (build) => {
    const lines = [
      'name = "crowd"',
      `dir = "${scratch}"`,
      `build_command_template = "${build.join(' ')}"`,
      'process_pattern = "no-such-name"',
    ]
    writeFileSync(join(conf, 'projects.toml'), ['[[projects]]', ...lines, ''].join('\n'))
    return ['--config', join(conf, 'config.toml'), '-p', 'crowd', '-j', '1']
  }
  const results = pairs(await alternated(runs, count, project, SCAN))
  const perCent = (key) => spread(results.map((result) => result[key].perSecond / 10_000))
  print(`\nthe same with pss_collector_mode = "full_scan", which looks through /proc once a second`)
  table([
    ['', '% of one CPU'],
    ['without', perCent('before')],
    [`with ${count}`, perCent('crowded')],
  ])
}

machine()
const runs = rounds(5)
if (!only || only === 'live') await measureLive(runs, numberOf('COUNT', 2000))
if (!only || only === 'late') await measureLate(numberOf('COUNT', 2000))
const pairsOf = (usual) => (process.env.ROUNDS ? runs : usual)
if (!only || only === 'host') await measureHost(pairsOf(HOST.pairs), numberOf('HOST', 5000))
if (!only || only === 'scan') await measureScan(pairsOf(SCAN.pairs), numberOf('HOST', 5000))
