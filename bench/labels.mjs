/**
 * Classification against labels that were given by hand, over every process of recorded builds: `__test__/fixtures/builds/NAME.tsv`, one a build. Ends with 1
 * where less than 99 % of a build's CPU time or memory-time is in the category of its label.
 *
 *   node bench/labels.mjs                          shares of each build, and what is not in its label's category
 *   node bench/labels.mjs --collect FILE.tsv DIR   the processes of a recording as such a file; labels that the file has already stay, new lines have `?`
 *
 * A line is a distinct command, paths of the machine and temporary names made alike: label, how many processes, their CPU time in µs, their memory-time in
 * MiB × ms (RSS, by ticks), and the command line as JSON. Lines that differ in file names and numbers only are one, as long as the rules of the day they were
 * collected gave them the same category.
 */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { fail, parse, print, ROOT, recordingsIn, table } from './lib.mjs'

const { classify } = await import('../dist/classify/classify.js')
const { loadRules } = await import('../dist/classify/rules.js')
const { openRecording } = await import('../dist/recording/recording.js')

const FIXTURES = join(ROOT, '__test__/fixtures/builds')
const REQUIRED = 0.99
const options = parse({ collect: { type: 'string' } })
const rules = loadRules()
const categoryOf = (argv) => {
  const { major, minor } = classify(rules, { name: argv[0].slice(0, 15), exe: null, argv })
  return `${major}/${minor}`
}

if (options.collect === undefined) check()
else await collect(options.collect, options.positionals.flatMap(recordingsIn))

function check() {
  const files = readdirSync(FIXTURES).filter((name) => name.endsWith('.tsv'))
  if (files.length === 0) fail(`no labelled build in ${FIXTURES}`)
  const left = []
  const shares = files.map((file) => {
    const total = [0, 0, 0]
    const right = [0, 0, 0]
    const commands = read(join(FIXTURES, file))
    for (const { label, weights, argv } of commands) {
      const category = categoryOf(argv)
      const isRight = category === label && !category.startsWith('Other/')
      for (const [i, weight] of weights.entries()) {
        total[i] += weight
        if (isRight) right[i] += weight
      }
      if (!isRight) left.push({ file, label, category, weights, argv })
    }
    return {
      name: basename(file, '.tsv'),
      commands: commands.length,
      processes: total[0],
      shares: right.map((weight, i) => weight / total[i]),
    }
  })
  const percent = (share) => `${(100 * share).toFixed(2)} %`
  table([
    ['build', 'distinct', 'processes', 'right: processes', 'CPU time', 'memory-time'],
    ...shares.map(({ name, commands, processes, shares }) => [name, `${commands}`, `${processes}`, ...shares.map(percent)]),
  ])
  if (left.length > 0) print('\nNot in the category of the label:')
  for (const { file, label, category, weights, argv } of left) {
    const [processes, cpuUs] = weights
    print(
      `${basename(file, '.tsv')}: ${processes} × ${(cpuUs / 1000).toFixed(0)} ms: ${category}, label ${label}: ${argv.join(' ').slice(0, 100)}`,
    )
  }
  process.exitCode = shares.every(({ shares: [, cpu, memory] }) => cpu >= REQUIRED && memory >= REQUIRED) ? 0 : 1
}

function read(file) {
  return readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const [label, processes, cpuUs, memory, argv] = line.split('\t')
      return { label, weights: [processes, cpuUs, memory].map(Number), argv: JSON.parse(argv) }
    })
}

async function collect(file, dirs) {
  if (dirs.length === 0) fail('give a recording, or a directory with recordings below it')
  const known = new Map(existsSync(file) ? read(file).map(({ label, argv }) => [shapeOf(argv), label]) : [])
  const commands = new Map()
  for (const dir of dirs) {
    const recording = openRecording(dir)
    const { processes } = recording.info
    // Every image is a group of its own.
    const each = { groupOf: Uint32Array.from({ length: processes }, (_, id) => id), parentOf: new Uint32Array(processes), parents: 1 }
    const { groups } = await recording.aggregate({ ...each, points: 6, largest: 0 })
    for (const { processId, argv, exe, name, cpuUs } of recording.processes()) {
      for (const [i, id] of processId.entries()) {
        const words = shortened((argv[i].length > 0 ? argv[i] : [exe[i] ?? name[i]]).map(anonymous))
        const shape = shapeOf(words)
        const command = commands.get(shape) ?? { argv: words, weights: [0, 0, 0] }
        commands.set(shape, command)
        const [cpu, memory] = [cpuUs[i], (groups.timeRssKbS[id] * 1000) / 1024].map((value) => (Number.isFinite(value) ? value : 0))
        for (const [k, weight] of [1, cpu, memory].entries()) command.weights[k] += weight
      }
    }
  }
  const lines = [...commands].map(([shape, { argv, weights }]) =>
    [known.get(shape) ?? '?', ...weights.map(Math.round), JSON.stringify(argv)].join('\t'),
  )
  writeFileSync(file, `${lines.sort((a, b) => (a.split('\t')[4] < b.split('\t')[4] ? -1 : 1)).join('\n')}\n`)
}

/** Nothing of the machine, and no name that is another one at the next build. */
function anonymous(word) {
  return word
    .replaceAll(process.env.HOME, '/home/u')
    .replace(/\/home\/u\/w\/words-builds\/[\w.+-]+/g, '/w')
    .replace(/\/tmp\/(cc|go-build|rustc|pip-[a-z-]+-)\w+/g, '/tmp/$1X')
}

/** Lists of objects and long scripts, as long as nothing depends on what is left out. */
function shortened(argv) {
  const words = argv.length > 60 ? [...argv.slice(0, 40), ...argv.slice(-20)] : argv
  const short = words.map((word) => word.slice(0, 300))
  return categoryOf(short) === categoryOf(argv) ? short : argv
}

/** What command lines have in common that differ in file names and numbers only. */
function shapeOf(argv) {
  const words = argv.map((word, i) => {
    if (i === 0) return word
    if (word.startsWith('-')) return word.slice(0, 3)
    if (/\s/.test(word)) return word.replace(/\S*[/.\d]\S*/g, 'x').slice(0, 24)
    return i === 1 ? word.replace(/\d+/g, '0') : word.replace(/^.*?(\.\w+)?$/, 'x$1')
  })
  return [categoryOf(argv), ...new Set(words)].join('\0')
}
