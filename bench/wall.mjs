/**
 * What recording costs the build: wall time, and CPU time of build and mymonitor together, in pairs with the same build alone, run in turn.
 *
 *   [ROUNDS=n] node bench/wall.mjs [--only demo|configure]
 *
 * Without ROUNDS 10 pairs of the demo and 5 of sed's ./configure. configure, thousands of processes one after the other, also runs under notifier.c, which
 * answers exit notifications and reads nothing: what such notifications cost at least.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  compile,
  configureOf,
  demo,
  demoOf,
  machine,
  parse,
  print,
  ratioOf,
  rounds,
  run,
  sample,
  sed,
  sourcesOf,
  spread,
  table,
  temporary,
} from './lib.mjs'

const { only } = parse({ only: { type: 'string' } })
const scratch = temporary()
const notifier = compile('notifier', scratch)
const env = { ...process.env, FORCE_UNSAFE_CONFIGURE: '1' }

/** The same program times the bare build, so that both are timed alike. */
function under(mode, { command, cwd }) {
  const json = join(scratch, 'notifier.json')
  run([notifier, mode, json, '--', ...command], { cwd, env })
  const { wall_us: wall, build_cpu_us: cpu, own_cpu_us: own } = JSON.parse(readFileSync(json, 'utf8'))
  return { wall, cpu: cpu + own }
}

/** While the build runs: mymonitor's start and what it does with the recording afterwards are not the build's. */
function recorded({ command, cwd }) {
  const { metadata } = sample(['--', ...command], { cwd, env })
  const { own_cost: own, build_cpu_us: build, duration_us: wall } = metadata
  return { wall, cpu: build + own.cpu_us + own.launcher_cpu_us, metadata }
}

/** One round: every way once, the first one in turn, each after the same preparation. */
function roundOf(ways, build, round) {
  const results = {}
  for (let step = 0; step < ways.length; step++) {
    const way = ways[(step + round) % ways.length]
    run(['sh', '-c', build.clean])
    results[way] = way === 'mymonitor' ? recorded(build) : under(way, build)
  }
  return results
}

function measure(name, build, ways, usual, halfWidth) {
  const runs = rounds(usual)
  print(`\n${name}: ${runs} rounds`)
  // Once for the caches.
  roundOf(['bare'], build, 0)
  const results = Array.from({ length: runs }, (_, round) => roundOf(ways, build, round))
  const source = results[0].mymonitor.metadata
  print(`source in use: ${sourcesOf(source)}; ${source.counts.processes} processes`)
  const seconds = (way, key) => spread(results.map((result) => result[way][key] / 1e6))
  table([['', 'wall s', 'CPU s'], ...ways.map((way) => [way, seconds(way, 'wall'), seconds(way, 'cpu')])])
  const ratio = (key, over, under) =>
    ratioOf(
      results.map((result) => result[over][key] / result[under][key]),
      halfWidth,
    )
  for (const against of ways.filter((way) => way !== 'mymonitor')) {
    print(`mymonitor / ${against}: wall ${ratio('wall', 'mymonitor', against)}`)
    print(`mymonitor / ${against}: build + monitor CPU ${ratio('cpu', 'mymonitor', against)}`)
  }
}

machine()
const builds = {
  demo: () => measure('demo, make -j2; target 1.01', demoOf(demo(scratch)), ['bare', 'mymonitor'], 10, 0.01),
  configure: () =>
    measure(
      "sed's configure; target 1.03 over answer, 1.05 over bare aimed at",
      configureOf(sed(scratch)),
      ['bare', 'answer', 'mymonitor'],
      5,
      0.02,
    ),
}
for (const [name, bench] of Object.entries(builds)) if (!only || only === name) bench()
