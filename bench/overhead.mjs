/**
 * Sampler CPU per 1,000 ticks against bench/baseline.c on the same build, runs interleaved so that a slow minute of the machine hits all alike.
 *
 *   node bench/overhead.mjs [--runs 5] [--dir examples/demo] [--clean 'make clean'] [-- make -j2]
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { compile, fail, machine, median, parse, print, ROOT, run, runsOf, sample, sourcesOf, spread, table, temporary } from './lib.mjs'

const options = parse({
  runs: { type: 'string', default: '5' },
  dir: { type: 'string', default: join(ROOT, 'examples/demo') },
  clean: { type: 'string', default: 'make clean' },
})
const command = options.command.length > 0 ? options.command : ['make', '-j2']
const runs = runsOf(options.runs)
const scratch = temporary()
const baseline = join(scratch, 'baseline')
run(['cc', '-O2', '-o', baseline, join(ROOT, 'bench/baseline.c')])
const notifier = compile('notifier', scratch)

const inBuild = { cwd: options.dir }
const clean = () => run(['sh', '-c', options.clean], inBuild)

function withBaseline(...flags) {
  clean()
  const json = join(scratch, 'baseline.json')
  run([baseline, ...flags, '--json', json, '--journal', join(scratch, 'journal'), '--', ...command], inBuild)
  const { cpu_us: cpu, ticks, processes, wall_us: wall } = JSON.parse(readFileSync(json, 'utf8'))
  return { cpu, ticks, processes, wall }
}

function withMymonitor() {
  clean()
  const { metadata } = sample(['--', ...command], inBuild)
  if (!metadata.own_cost || !metadata.counts || !metadata.pss) fail('metadata.json has no own cost, no counts or nothing of PSS')
  // Measuring PSS has a budget of its own, and the baseline measures none.
  const { sampler_cpu_us: sampler, launcher_cpu_us: launcher } = metadata.own_cost
  const rollups = metadata.pss.rollup_cpu_us
  return {
    cpu: sampler - rollups,
    rollups,
    launcher,
    ticks: metadata.counts.ticks,
    processes: metadata.counts.processes,
    wall: metadata.duration_us,
    sources: sourcesOf(metadata),
  }
}

/** CPU per exit, microseconds, of a C program that reads the same files of each exiting process and keeps nothing. */
function floorOfLauncher() {
  clean()
  const json = join(scratch, 'notifier.json')
  run([notifier, 'files', json, '--', ...command], inBuild)
  const { own_cpu_us: cpu, exits } = JSON.parse(readFileSync(json, 'utf8'))
  return cpu / exits
}

function bareBuild() {
  clean()
  return run(command, inBuild) * 1000
}

machine()
print(`build: ${command.join(' ')} in ${options.dir}, ${runs} interleaved rounds, medians (range)`)
const rounds = []
for (let round = 0; round < runs; round++) {
  rounds.push({
    ours: withMymonitor(),
    baseline: withBaseline(),
    walk: withBaseline('--bare'),
    floor: floorOfLauncher(),
    wall: bareBuild(),
  })
}

// Microseconds a tick are milliseconds per 1,000 ticks.
const perTick = (key) => rounds.map((round) => round[key].cpu / round[key].ticks)
for (const key of ['ours', 'baseline', 'walk']) {
  if (rounds.some((round) => !(round[key].ticks >= 20 && round[key].cpu > 0)))
    fail(`${key}: too few ticks or no CPU time; the build is too short`)
}
const row = (name, key) => [
  name,
  spread(perTick(key), 0),
  median(rounds.map((round) => round[key].ticks)),
  median(rounds.map((round) => round[key].processes)),
  spread(
    rounds.map((round) => round[key].wall / round.wall),
    3,
  ),
]
print()
table([
  ['', 'CPU ms per 1,000 ticks', 'ticks', 'processes', 'wall / bare'],
  row('mymonitor, sampling thread', 'ours'),
  row('baseline.c', 'baseline'),
  row('baseline.c --bare (walk only)', 'walk'),
])
const launcher = rounds.map(({ ours }) => ours.launcher / ours.processes)
const rollups = rounds.map(({ ours }) => (100 * ours.rollups) / ours.wall)
const all = rounds.map(({ ours }) => (ours.cpu + ours.rollups + ours.launcher) / ours.ticks)
print()
print(`sources: ${[...new Set(rounds.map(({ ours }) => ours.sources))].join('; ')}`)
print(`measuring PSS: ${spread(rollups)} % of one CPU; target 1`)
const floor = rounds.map((round) => round.floor)
print(
  `launcher: ${spread(launcher, 0)} µs CPU per process; target 100; notifier.c, which reads the same files and keeps nothing: ${spread(floor, 0)}`,
)
print(`all three together: ${spread(all, 0)} ms per 1,000 ticks`)
const ratios = rounds.map((round) => round.ours.cpu / round.ours.ticks / (round.baseline.cpu / round.baseline.ticks))
print(`ratio mymonitor / baseline.c: ${spread(ratios)} of paired rounds; target 1.25`)
