/**
 * The peak against the truth: burners whose sizes are drawn from a seed, spikes of 20 ms, and real builds in a memory cgroup of their own.
 *
 *   [SEED=n] [ROUNDS=5] node bench/accuracy.mjs [--only burners|spikes|builds|NAME OF A BURNER]
 *
 * Burners (hold.c): the truth is the sum of Pss and of resident sizes that the kernel gives for all of its processes at that instant, and beside it the
 * largest anon + shmem of the cgroup. Builds: the largest anon of the cgroup, read 400 times a second, against the sum of resident - shared; files
 * are charged to whoever read them first, so they are no truth and only printed.
 */
import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  compile,
  demo,
  fail,
  generator,
  machine,
  median,
  parse,
  print,
  ROOT,
  rounds,
  rowsOf,
  run,
  sample,
  sed,
  sourcesOf,
  spread,
  table,
  temporary,
} from './lib.mjs'

const { only } = parse({ only: { type: 'string' } })
const HZ = 400
const LONG_ENOUGH_US = 2e6
const TARGET = 0.02
const seed = Number(process.env.SEED ?? (Date.now() / 1000) | 0)
const random = generator(seed)
const scratch = temporary()
const { analyse, openRecording } = await import(join(ROOT, 'dist/index.js'))
const hold = compile('hold', scratch)
const cgroup = compile('cgroup-memory', scratch)
const misses = []
let unmeasured
let names = 0

const mib = (kb) => (kb / 1024).toFixed(1)
const percent = (value) => `${(value * 100).toFixed(2)} %`
const between = (low, high) => Math.round(low + random() * (high - low))
const size = () => between(20_000, 120_000)

/** A directory below which a memory cgroup can be made; version 1 where both are there, as its controller is then bound to it. */
function cgroupParent() {
  for (const dir of ['/sys/fs/cgroup/memory', '/sys/fs/cgroup']) {
    const child = join(dir, `mymonitor-bench-${process.pid}`)
    try {
      mkdirSync(child)
    } catch {
      continue
    }
    const usable = existsSync(join(child, 'memory.stat'))
    rmdirSync(child)
    if (usable) return dir
  }
}

/** Runs under mymonitor, with all processes in a new cgroup where one can be made; the analyses by both metrics and the cgroup's trace. */
async function record(command, parent, options = {}) {
  const group = parent && join(parent, `mymonitor-bench-${process.pid}-${names++}`)
  const trace = join(scratch, 'trace')
  const prefix = group ? [cgroup, 'watch', group, String(HZ), trace, '--'] : []
  const joined = group ? [cgroup, 'join', group, '--', ...command] : command
  const { dir, metadata } = sample(['--', ...joined], { prefix, ...options })
  const [pss, rss] = [await analyse(openRecording(dir), { metric: 'pss' }), await analyse(openRecording(dir), { metric: 'rss' })]
  if (!pss.peak || !rss.peak) fail(`${command.join(' ')}: the recording has no peak`)
  const lines = group ? readFileSync(trace, 'utf8').trim().split('\n') : []
  return { dir, metadata, pss: pss.peak, rss: rss.peak, trace: lines.map((line) => line.split(' ').map(Number)) }
}

const largest = (trace, columns) =>
  trace.reduce(
    (most, row) =>
      Math.max(
        most,
        columns.reduce((sum, column) => sum + row[column], 0),
      ),
    0,
  )
const boundOf = (peak) => peak.upperBoundRssKb ?? Number.NaN

function member(kind, kb, start, length, extra) {
  return `${kind}:${kb}${extra === undefined ? '' : `:${extra}`}@${start}+${length}`
}
function inputFile(kb) {
  const path = join(scratch, `input-${names++}`)
  writeFileSync(path, Buffer.alloc(kb * 1024, 1))
  return path
}
const several = (count, make) => Array.from({ length: count }, (_, index) => make(index))

const burners = {
  'staggered, private': () => several(5, (index) => member('anon', size(), index * 700, 4500 - index * 500)),
  'copy on write, part rewritten': () => several(4, () => member('cow', 90_000, 0, 2500, between(5, 60))),
  'MAP_SHARED by 4': () => several(4, () => member('shared', size(), 0, 2500)),
  'one file mapped by 4': (path = inputFile(100_000)) => several(4, () => member('file', 100_000, 0, 2500, path)),
  'different files, one executable': () => several(4, (_, kb = size()) => member('file', kb, 0, 2500, inputFile(kb))),
  'huge pages': () => several(3, () => member('thp', between(10, 60) * 2048, 0, 2500)),
  'grow and shrink': () => [member('ramp', 2 * size(), 0, 2500), member('anon', size(), 1500, 2500)],
  'all of these': () => [
    ...several(2, () => member('cow', 60_000, 0, 6000, between(5, 60))),
    member('shared', size(), 700, 5000),
    member('anon', size(), 700, 5000),
    ...several(2, (_, kb = size()) => member('file', kb, 1500, 4000, inputFile(kb))),
    member('thp', between(10, 40) * 2048, 2300, 2500),
  ],
}

/** Plays the members; the reading with the largest value of a key is the truth of that key. */
async function play(members, parent) {
  const report = join(scratch, 'report')
  const result = await record([hold, report, ...members], parent)
  const readings = readFileSync(report, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
  const truth = (key) => Math.max(...readings.map((reading) => reading[key]))
  return { ...result, truthPss: truth('pss_kb'), truthRss: truth('rss_kb') }
}

async function measureBurners(parent, runs, chosen) {
  const rows = [
    ['burner', 'PSS MiB: truth', 'peak', 'error', 'RSS MiB: truth', 'peak', 'error', 'bound/truth', 'cgroup anon+shmem', 'source of PSS'],
  ]
  for (const [name, scenario] of chosen) {
    const results = []
    for (let round = 0; round < runs; round++) results.push(await play(scenario(), parent))
    const errors = results.map(({ pss, truthPss }) => pss.pssKb / truthPss - 1)
    const rssErrors = results.map(({ rss, truthRss }) => rss.rssKb / truthRss - 1)
    const worst = errors.reduce((most, error) => (Math.abs(error) > Math.abs(most) ? error : most), 0)
    if (Math.abs(median(errors)) > TARGET) misses.push(`${name}: PSS ${percent(median(errors))}`)
    if (Math.abs(median(rssErrors)) > TARGET) misses.push(`${name}: RSS ${percent(median(rssErrors))}`)
    const { truthPss, truthRss, pss, rss, trace } = results.at(-1)
    const bound = median(results.map((result) => boundOf(result.rss) / result.truthRss)).toFixed(3)
    const group = trace.length > 0 ? mib(largest(trace, [1, 2])) : 'none'
    const error = `${percent(median(errors))} (worst ${percent(worst)})`
    rows.push([
      name,
      mib(truthPss),
      mib(pss.pssKb),
      error,
      mib(truthRss),
      mib(rss.rssKb),
      percent(median(rssErrors)),
      bound,
      group,
      pss.pssSource,
    ])
  }
  print(`\nburners, held at least 2 s, ${runs} rounds: median errors; sizes are those of the last round`)
  table(rows)
}

/** 20 ms of memory at a random instant, beside something that stays. */
async function measureSpikes(parent, runs) {
  const rows = [['20 ms spike, RSS MiB', 'truth', 'peak', 'bound', 'bound/truth', 'inside', 'without a mark']]
  for (let round = 0; round < 2 * runs; round++) {
    const start = between(600, 900)
    const members = [member('anon', size(), 0, 2000), ...several(between(1, 6), () => member('anon', between(10_000, 60_000), start, 20))]
    const { rss, truthRss } = await play(members, parent)
    const bound = boundOf(rss)
    if (!(bound > 0)) unmeasured = 'this mymonitor states no upper bound of the peak'
    const inside = rss.rssKb <= truthRss * 1.001 && truthRss <= bound
    if (bound > 0 && !inside) misses.push(`spike ${round + 1}: ${mib(truthRss)} MiB is outside [${mib(rss.rssKb)}, ${mib(bound)}]`)
    rows.push([
      members.length - 1,
      mib(truthRss),
      mib(rss.rssKb),
      mib(bound),
      (bound / truthRss).toFixed(3),
      inside ? 'yes' : 'NO',
      rss.withoutMark ?? '?',
    ])
  }
  print(`\nspikes of so many processes, which end by exit_group after 20 ms`)
  table(rows)
}

/** How long the trace stays within the target of its largest value, without a break. */
function heldUs(trace, most) {
  let [since, held] = [undefined, 0]
  for (const [at, anon] of trace) {
    since = anon >= most * (1 - TARGET) ? (since ?? at) : undefined
    if (since !== undefined) held = Math.max(held, at - since)
  }
  return held
}

/** Sum of resident - shared by tick, beside the cgroup's anon at that instant. */
async function followed({ dir, metadata, trace }) {
  const [samples, ticks] = [
    await rowsOf(dir, 'memory_samples', ['tick', 'rss_kb', 'shared_kb']),
    await rowsOf(dir, 'ticks', ['tick', 'elapsed_us']),
  ]
  const sums = new Map()
  for (const { tick, rss_kb, shared_kb } of samples) sums.set(tick, (sums.get(tick) ?? 0) + Number(rss_kb) - Number(shared_kb))
  const differences = []
  let at = 0
  for (const { tick, elapsed_us } of ticks) {
    const time = metadata.started_at_unix_us + Number(elapsed_us)
    while (at + 1 < trace.length && trace[at + 1][0] <= time) at++
    if (sums.has(tick)) differences.push({ ours: sums.get(tick), truth: trace[at][1] })
  }
  const total = (key) => differences.reduce((sum, row) => sum + row[key], 0)
  return { peak: Math.max(...differences.map((row) => row.ours)), bias: total('ours') / total('truth') - 1 }
}

async function measureBuilds(parent, runs) {
  if (!parent) {
    unmeasured = 'no memory cgroup can be made here: the builds have no truth'
    return
  }
  const source = sed(scratch)
  run(['./configure', '-q'], { cwd: source, env: { ...process.env, FORCE_UNSAFE_CONFIGURE: '1' } })
  const rows = [
    [
      'build',
      'truth: anon MiB',
      'held ms',
      'peak of resident - shared',
      'error',
      'mean over ticks',
      'shmem',
      'mapped files',
      'PSS peak',
      'reads/s',
    ],
  ]
  for (const [name, cwd] of Object.entries({ 'demo, make -j2': demo(scratch), 'sed, make -j2': source })) {
    const results = []
    for (let round = 0; round < runs; round++) {
      run(['make', 'clean'], { cwd })
      const result = await record(['make', '-j2'], parent, { cwd })
      const truth = largest(result.trace, [1])
      const { peak, bias } = await followed(result)
      const rate = (result.trace.length - 1) / ((result.trace.at(-1)[0] - result.trace[0][0]) / 1e6)
      if (rate < 200) unmeasured = `the cgroup was read only ${rate.toFixed(0)} times a second`
      results.push({ ...result, truth, peak, bias, rate, held: heldUs(result.trace, truth), error: peak / truth - 1 })
    }
    const of = (key) => median(results.map((result) => result[key]))
    if (of('held') >= LONG_ENOUGH_US && Math.abs(of('error')) > TARGET) misses.push(`${name}: ${percent(of('error'))}`)
    const { trace, pss } = results.at(-1)
    rows.push([
      name,
      mib(of('truth')),
      (of('held') / 1000).toFixed(0),
      mib(of('peak')),
      percent(of('error')),
      percent(of('bias')),
      mib(largest(trace, [2])),
      mib(largest(trace, [3])),
      mib(pss.kb),
      of('rate').toFixed(0),
    ])
    print(`${name}: errors of the peak ${spread(results.map(({ error }) => error * 100))} %`)
  }
  print(
    `\nbuilds, ${runs} rounds, medians; held: how long the truth stayed within 2 % of its largest value; the target holds from 2,000 ms`,
  )
  table(rows)
}

machine()
const runs = rounds(5)
const parent = cgroupParent()
print(`seed ${seed}; cgroup below ${parent ?? 'nothing: none can be made'}; user ${process.getuid()}; target ${percent(TARGET)}`)
print(`source in use: ${sourcesOf((await record(['true'], undefined)).metadata)}`)
const chosen = Object.entries(burners).filter(([name]) => !only || only === 'burners' || only === name)
if (chosen.length > 0) await measureBurners(parent, runs, chosen)
else if (only !== 'spikes' && only !== 'builds')
  fail(`--only ${only}: burners, spikes, builds, or one of ${Object.keys(burners).join('; ')}`)
if (!only || only === 'spikes') await measureSpikes(parent, runs)
if (!only || only === 'builds') await measureBuilds(parent, runs)
if (unmeasured) fail(unmeasured)
print(misses.length > 0 ? `\ntarget missed:\n  ${misses.join('\n  ')}` : '\ntarget reached')
