/**
 * Distinct command lines of recordings classified per second of CPU, against the same lines only split into words, in one run.
 *
 *   node bench/classify.mjs [--runs 9] [--seconds 0.5] [--rules FILE] DIR...
 */
import { fail, machine, median, parse, print, recordingsIn, runsOf, spread, table } from './lib.mjs'

const { classify } = await import('../dist/classify/classify.js')
const { loadRules } = await import('../dist/classify/rules.js')
const { openRecording } = await import('../dist/recording/recording.js')

const TARGET = 200_000
const options = parse({ runs: { type: 'string', default: '9' }, seconds: { type: 'string', default: '0.5' }, rules: { type: 'string' } })
const runs = runsOf(options.runs)
const dirs = options.positionals.flatMap(recordingsIn)
if (dirs.length === 0) fail('give recordings, or directories with recordings below them')
const rules = loadRules(options.rules)

const lines = new Map()
for (const dir of dirs) {
  for (const { name, exe, argv } of openRecording(dir).processes()) {
    for (let i = 0; i < argv.length; i += 1) {
      // What only a title or nothing is known of is no command line.
      if (argv[i].length > 0) lines.set(argv[i].join('\0'), { name: name[i], exe: exe[i] })
    }
  }
}
const distinct = [...lines].map(([joined, { name, exe }]) => ({ joined, name, exe }))
if (distinct.length === 0) fail(`no command line in ${dirs.join(', ')}`)

/** Strings made anew, as a reader hands them out: nothing that V8 keeps with a string (its hash) is left from the pass before. */
function fresh() {
  return distinct.map(({ joined, name, exe }) => ({ name, exe, argv: Buffer.from(joined).toString().split('\0') }))
}
/** The words of a line as it stands in `ps`: its characters looked at once. */
function freshLines() {
  return distinct.map(({ joined }) => Buffer.from(joined.replaceAll('\0', ' ')).toString())
}

/** Lines per second of CPU, garbage collection and compiling included, making the strings left out. */
function rate(make, body) {
  const wanted = Number(options.seconds) * 1e6
  let used = 0
  let done = 0
  let check = 0
  while (used < wanted) {
    const input = make()
    const before = process.cpuUsage()
    for (const item of input) check += body(item)
    const { user, system } = process.cpuUsage(before)
    used += user + system
    done += input.length
  }
  if (check === 0) fail('nothing was done')
  return (done / used) * 1e6
}
const classified = () => rate(fresh, (item) => classify(rules, item).minor.length)
const split = () => rate(freshLines, (line) => line.split(' ').length)

machine()
const characters = distinct.map(({ joined }) => joined.length)
print(
  `${dirs.length} recordings, ${distinct.length} distinct command lines of ${median(characters)} characters and ` +
    `${median(distinct.map(({ joined }) => joined.split('\0').length))} words (medians; the longest has ${Math.max(...characters)} characters); ` +
    `${rules.rules.length} rules`,
)
classified()
split()
const pairs = Array.from({ length: runs }, () => ({ classified: classified(), split: split() }))
print()
table([
  ['', 'lines per CPU second'],
  [
    'classified: category and target',
    spread(
      pairs.map((pair) => pair.classified),
      0,
    ),
  ],
  [
    'only split into words',
    spread(
      pairs.map((pair) => pair.split),
      0,
    ),
  ],
  ['classified / split', spread(pairs.map((pair) => pair.classified / pair.split))],
])
print(`target: ${TARGET} a second; reached: ${median(pairs.map((pair) => pair.classified)) >= TARGET ? 'yes' : 'no'}`)
