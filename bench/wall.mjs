/**
 * What recording costs the build: wall time, and CPU time of build and mymonitor together, against the same build alone.
 *
 *   [ROUNDS=n] node bench/wall.mjs [--only demo|configure]
 *
 * The builds of a round run in turns of SLICE_MS, each stopped while another has its turn. One after the other they differ by a tenth and more where
 * neighbours of a virtual machine come and go within seconds; so all of them meet the same neighbours, and tens of rounds are spared. A build's wall time is
 * the sum of its turns.
 *
 * A ratio is that of two rounds, the second in the reverse order: place and turn alone make a per cent. Without ROUNDS 30 of the demo and 10 of sed's
 * ./configure. configure, thousands of processes one after the other, also runs under notifier.c, which
 * answers exit notifications and reads nothing: what such notifications cost at least.
 */
import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import {
  CLI,
  compile,
  configureOf,
  demo,
  demoOf,
  fail,
  machine,
  median,
  parse,
  print,
  ratioOf,
  recordingOf,
  rounds,
  run,
  sed,
  sourcesOf,
  spread,
  table,
  temporary,
} from './lib.mjs'

const SLICE_MS = 300

const { only } = parse({ only: { type: 'string' } })
const scratch = temporary()
const notifier = compile('notifier', scratch)
const env = { ...process.env, FORCE_UNSAFE_CONFIGURE: '1' }
const alive = new Set()
process.on('exit', () => [...alive].map((one) => one.signal('SIGKILL')))
// Nobody else would ever let those go on that are stopped.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => process.exit(1))

/** A command in a process group of its own, which it stays in with everything that it starts; stopped, until it is its turn. */
function start([program, ...args], cwd) {
  const child = spawn(program, args, { cwd, env, detached: true, stdio: ['ignore', 'ignore', 'pipe'] })
  let stderr = ''
  child.stderr.setEncoding('utf8').on('data', (text) => (stderr += text))
  const one = { turns: [], isOver: false }
  alive.add(one)
  one.ended = new Promise((resolve) => {
    child.once('exit', (code, signal) => {
      one.isOver = true
      alive.delete(one)
      if (code !== 0) fail(`${program} ${args.join(' ')} ended with ${code ?? signal}\n${stderr}`)
      resolve()
    })
  })
  one.signal = (signal) => {
    try {
      process.kill(-child.pid, signal)
    } catch (error) {
      if (error.code !== 'ESRCH') throw error
    }
  }
  return one
}

/** Until all are over. Each has the times of its turns then, microseconds of Unix time. */
async function inTurns(ones) {
  for (let turn = 0; ones.some(({ isOver }) => !isOver); turn++) {
    // There and back, so that what drifts meets all alike.
    const step = turn % (2 * ones.length)
    const one = ones[Math.min(step, 2 * ones.length - 1 - step)]
    if (one.isOver) continue
    const from = Date.now() * 1000
    one.signal('SIGCONT')
    const isAlone = ones.every((other) => other === one || other.isOver)
    await Promise.race(isAlone ? [one.ended] : [one.ended, delay(SLICE_MS)])
    if (!isAlone) one.signal('SIGSTOP')
    one.turns.push([from, Date.now() * 1000])
  }
}

/** How much of its turns lies between start and end of the build itself, microseconds. */
function running(turns, startedUs, durationUs) {
  const within = ([from, to]) => Math.min(to, startedUs + durationUs) - Math.max(from, startedUs)
  return turns.map(within).reduce((sum, us) => sum + Math.max(0, us), 0)
}

/** The same program times the bare build, so that both are timed alike. */
function under(mode, { command, cwd }) {
  const json = join(temporary(), 'notifier.json')
  const one = start([notifier, mode, json, '--', ...command], cwd)
  one.read = () => {
    const { started_at_unix_us: started, wall_us: wall, build_cpu_us: cpu, own_cpu_us: own } = JSON.parse(readFileSync(json, 'utf8'))
    return { wall: running(one.turns, started, wall), cpu: cpu + own, own }
  }
  return one
}

/** While the build runs: mymonitor's start and what it does with the recording afterwards are not the build's. */
function recorded({ command, cwd }) {
  const output = temporary()
  const one = start([process.execPath, CLI, 'sample', '--output-dir', output, '--no-report', '--', ...command], cwd)
  one.read = () => {
    const { metadata } = recordingOf(output)
    const { own_cost: own, build_cpu_us: build, duration_us: duration, started_at_unix_us: started } = metadata
    const ownUs = own.cpu_us + own.launcher_cpu_us
    return { wall: running(one.turns, started, duration), cpu: build + ownUs, own: ownUs, metadata }
  }
  return one
}

/** Every way once, each after the same preparation in a directory of its own: which, and who begins, is reversed from round to round, and shifted every second. */
async function roundOf(ways, builds, round) {
  const ones = new Map()
  for (const [step, build] of builds.entries()) {
    run(['sh', '-c', build.clean])
    const place = round % 2 ? builds.length - 1 - step : step
    const way = ways[(place + (round >> 1)) % ways.length]
    const one = way === 'mymonitor' ? recorded(build) : under(way, build)
    one.signal('SIGSTOP')
    ones.set(way, one)
  }
  await inTurns([...ones.values()])
  return Object.fromEntries([...ones].map(([way, one]) => [way, one.read()]))
}

/** Medians of what mymonitor spent on what. */
function partsOf(metadatas) {
  const ms = (us) => (median(metadatas.map(us)) / 1000).toFixed(0)
  const rest = ({ own_cost: own }) => own.cpu_us - own.sampler_cpu_us
  return [
    `sampling ${ms(({ own_cost: own, pss }) => own.sampler_cpu_us - pss.rollup_cpu_us)}`,
    `measuring PSS ${ms(({ pss }) => pss.rollup_cpu_us)}`,
    `launcher ${ms(({ own_cost: own }) => own.launcher_cpu_us)}`,
    `the rest ${ms(rest)}`,
  ].join(', ')
}

async function measure(name, buildOf, ways, usual, halfWidth) {
  const runs = rounds(usual)
  if (runs < 2) fail('ROUNDS=1: from 2, because a ratio is that of two rounds')
  const builds = ways.map((_, index) => buildOf(join(scratch, `${index}`)))
  print(`\n${name}: ${runs} rounds`)
  // Once for the caches.
  await roundOf(['bare'], builds.slice(0, 1), 0)
  const alone = await roundOf(['mymonitor'], builds.slice(0, 1), 0)
  const results = []
  for (let round = 0; round < runs; round++) results.push(await roundOf(ways, builds, round))
  const source = results[0].mymonitor.metadata
  print(`source in use: ${sourcesOf(source)}; ${source.counts.processes} processes`)
  const seconds = (way, key) => spread(results.map((result) => result[way][key] / 1e6))
  const header = ['', 'wall s', 'CPU s', 'of it not the build’s']
  table([header, ...ways.map((way) => [way, seconds(way, 'wall'), seconds(way, 'cpu'), seconds(way, 'own')])])
  print(`mymonitor’s own, ms: ${partsOf(results.map(({ mymonitor }) => mymonitor.metadata))}`)
  print(`in one run that is never stopped: ${partsOf([alone.mymonitor.metadata])}`)
  const both = Array.from({ length: runs >> 1 }, (_, index) => results.slice(2 * index, 2 * index + 2))
  const sum = (two, way, key) => two.reduce((total, result) => total + result[way][key], 0)
  const ratio = (key, over, under) =>
    ratioOf(
      both.map((two) => sum(two, over, key) / sum(two, under, key)),
      halfWidth,
    )
  for (const against of ways.filter((way) => way !== 'mymonitor')) {
    print(`mymonitor / ${against}: wall ${ratio('wall', 'mymonitor', against)}`)
    print(`mymonitor / ${against}: build + monitor CPU ${ratio('cpu', 'mymonitor', against)}`)
  }
}

machine()
const benches = {
  demo: () => measure('demo, make -j2; target 1.01', (dir) => demoOf(demo(dir)), ['bare', 'mymonitor'], 30, 0.01),
  configure: () => {
    const source = sed(scratch)
    return measure(
      "sed's configure; target 1.03 over answer, 1.05 over bare aimed at",
      (dir) => configureOf(source, dir),
      ['bare', 'answer', 'mymonitor'],
      10,
      0.02,
    )
  },
}
for (const [name, bench] of Object.entries(benches)) if (!only || only === name) await bench()
