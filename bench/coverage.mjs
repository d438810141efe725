/**
 * Is every process recorded, and with the right figures?
 *
 *   [ROUNDS=5] [COUNT=2000] [SEED=n] node bench/coverage.mjs [--only burner|builds]
 *
 * Burner (short.c): processes of 1 to 5 ms that write down their own pid, VmHWM, CPU time and exit code just before they end. Builds: CPU time by the exit
 * records against the rusage of all descendants, beside notifier.c, which does nothing but read each process's CPU clock at the same instant; and the ends
 * that the process connector tells, where it may be used.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  compile,
  configureOf,
  demo,
  demoOf,
  fail,
  heldAgainst,
  machine,
  median,
  numberOf,
  parse,
  print,
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
const PAGE_KB = 4
const LONG_LIVED_US = 100_000
const scratch = temporary()
const notifier = compile('notifier', scratch)
const misses = []
const percent = (value, digits = 2) => `${(value * 100).toFixed(digits)} %`
const miss = (what) => misses.push(what)

function record(command, options) {
  const result = sample(['--', ...command], options)
  if (result.metadata.exit_records?.state !== 'on') fail(`no exit records here: ${sourcesOf(result.metadata)}`)
  return result
}

/** What a reader of the clock alone gets of the same command. */
function clockReader(command, options) {
  const json = join(scratch, 'clock.json')
  run([notifier, 'clock', json, '--', ...command], options)
  const result = JSON.parse(readFileSync(json, 'utf8'))
  return { ...result, share: result.attributed_cpu_us / result.build_cpu_us }
}

const shareOf = ({ metadata }) => metadata.exit_records.attributed_cpu_us / metadata.build_cpu_us

async function burnerRound(short, count, seed) {
  const list = join(scratch, 'list')
  const command = [short, list, String(count), String(seed)]
  const recording = record(command)
  const lines = readFileSync(list, 'utf8')
    .trim()
    .split('\n')
    .map((line) => line.split(' '))
  const rusage = Number(lines.pop()[1])
  if (lines.length !== count) fail(`${lines.length} of ${count} children wrote their line`)
  const rows = new Map()
  for (const row of await rowsOf(recording.dir, 'processes', [
    'pid',
    'start_ticks',
    'end',
    'exit_code',
    'peak_rss_kb',
    'peak_source',
    'cpu_us',
    'samples',
  ])) {
    rows.set(`${row.pid} ${row.start_ticks}`, row)
  }
  const seen = { missing: 0, code: 0, noMark: 0, marks: [], attributed: 0, own: 0, lost: 0, sampled: 0 }
  for (const [pid, start, mark, cpu, code] of lines) {
    const row = rows.get(`${pid} ${start}`)
    seen.own += Number(cpu)
    if (row?.cpu_us === undefined || row.cpu_us === null) seen.lost += Number(cpu)
    else seen.attributed += Number(row.cpu_us)
    if (!row) seen.missing++
    else {
      if (row.end !== 'exited' || row.exit_code !== Number(code)) seen.code++
      if (row.peak_source === 'exit_record') seen.marks.push(Number(row.peak_rss_kb) - Number(mark))
      else seen.noMark++
      if (row.samples > 0) seen.sampled++
    }
  }
  return { ...seen, rusage, exit: rusage - seen.own, ours: shareOf(recording), clock: clockReader(command).share }
}

async function measureBurner(runs) {
  const count = numberOf('COUNT', 2000)
  const seed = numberOf('SEED', 1)
  const short = compile('short', scratch)
  print(`\nburner: ${count} processes of 1 to 5 ms, seed ${seed}, ${runs} rounds`)
  const results = []
  for (let round = 0; round < runs; round++) results.push(await burnerRound(short, count, seed + round))
  const worst = (key) => Math.max(...results.map((result) => result[key]))
  const marks = results.flatMap((result) => result.marks)
  const far = marks.filter((difference) => Math.abs(difference) > PAGE_KB).length
  const sums = results.map(({ attributed, exit, lost, rusage }) => (attributed + exit + lost) / rusage)
  table([
    ['', 'median (range) or worst round', 'target'],
    ['not recorded, of its own list', worst('missing'), 0],
    ['end or exit code wrong', worst('code'), 0],
    ['without the mark of an exit record', worst('noMark'), 0],
    ['VmHWM, recorded - own, KiB', marks.length > 0 ? `${Math.min(...marks)} to ${Math.max(...marks)}` : 'none', `±${PAGE_KB}`],
    ['seen by a tick', `${median(results.map((result) => result.sampled))}`, ''],
    ...['attributed', 'exit', 'lost', 'rusage'].map((key) => [
      `CPU ms: ${key}`,
      spread(
        results.map((result) => result[key] / 1000),
        1,
      ),
      '',
    ]),
    ['(attributed + exit + lost) / rusage', spread(sums, 4), '0.99–1.01'],
    [
      'attributed / rusage of all',
      spread(
        results.map(({ ours }) => ours),
        4,
      ),
      '',
    ],
    [
      'the same by a reader of the clock alone',
      spread(
        results.map(({ clock }) => clock),
        4,
      ),
      '',
    ],
    [
      'ratio of the two',
      spread(
        results.map(({ ours, clock }) => ours / clock),
        4,
      ),
      '0.99',
    ],
  ])
  if (worst('missing') + worst('code') + worst('noMark') > 0) miss('burner: a process is missing or wrong')
  if (far > 0) miss(`burner: ${far} of ${marks.length} marks are further off than a page`)
  if (Math.abs(median(sums) - 1) > 0.01) miss(`burner: attributed + exit + lost is ${percent(median(sums))} of rusage`)
  if (median(results.map(({ ours, clock }) => ours / clock)) < 0.99) miss('burner: less CPU time than a reader of the clock alone gets')
}

async function buildRound(command, prepare, options) {
  prepare()
  const recording = record(command, options)
  const rows = await rowsOf(recording.dir, 'processes', ['start_us', 'end_us', 'end', 'peak_source', 'cpu_us'])
  const ends = rows.filter((row) => row.end !== 'execed')
  const noRecord = ends.filter((row) => row.cpu_us === null || row.cpu_us === undefined)
  const lives = ends.filter((row) => row.end_us !== null).map((row) => Number(row.end_us - row.start_us))
  prepare()
  const clock = clockReader(command, options)
  const { records, dropped, unreadable } = recording.metadata.exit_records
  return {
    share: shareOf(recording),
    clock: clock.share,
    rusage: recording.metadata.build_cpu_us / 1000,
    attributed: recording.metadata.exit_records.attributed_cpu_us / 1000,
    life: median(lives),
    images: rows.length,
    records,
    missed: dropped + unreadable,
    ended: noRecord.length,
    exits: clock.exits,
  }
}

async function measureBuilds(runs) {
  const connector = compile('connector', scratch)
  const env = { ...process.env, FORCE_UNSAFE_CONFIGURE: '1' }
  const builds = {
    'demo, make -j2': demoOf(demo(scratch)),
    "sed's configure": configureOf(sed(scratch), join(scratch, 'objects')),
  }
  for (const [name, { command, cwd, clean }] of Object.entries(builds)) {
    const results = []
    const prepare = () => run(['sh', '-c', clean])
    for (let round = 0; round < runs; round++) results.push(await buildRound(command, prepare, { cwd, env }))
    const of = (key) => results.map((result) => result[key])
    const long = median(of('life')) >= LONG_LIVED_US
    const ratio = median(results.map(({ share, clock }) => share / clock))
    print(`\n${name}: ${runs} rounds, medians; median process lives ${(median(of('life')) / 1000).toFixed(1)} ms`)
    table([
      ['', 'median (range)', 'target'],
      ['exit records / exits the clock reader saw in its own run', `${median(of('records'))} / ${median(of('exits'))}`, ''],
      ['records dropped or unreadable', Math.max(...of('missed')), 0],
      ['ended without a record (by a signal, raw exit)', spread(of('ended'), 0), ''],
      ['CPU ms: attributed', spread(of('attributed'), 0), ''],
      ['CPU ms: rusage', spread(of('rusage'), 0), ''],
      [
        'CPU ms: exit itself and lost (the rest)',
        spread(
          results.map(({ rusage, attributed }) => rusage - attributed),
          0,
        ),
        '',
      ],
      ['attributed / rusage', spread(of('share'), 4), long ? '0.97' : ''],
      ['the same by a reader of the clock alone', spread(of('clock'), 4), ''],
      ['ratio of the two', ratio.toFixed(4), long ? '' : '0.99'],
    ])
    prepare()
    const list = join(scratch, 'ended')
    const told = await heldAgainst(list, record([connector, list, '--', ...command], { cwd, env }).dir)
    print(
      told
        ? `one run inside the process connector: ${told.ended} ended, ${told.signals.length} by a signal, ${told.withoutRecord} of the others without a record`
        : 'the process connector cannot be used here: whether every process was recorded is not known',
    )
    if (told?.withoutRecord > 0) miss(`${name}: ${told.withoutRecord} processes without a record`)
    if (Math.max(...of('missed')) > 0) miss(`${name}: exit records were dropped or unreadable`)
    if (long ? median(of('share')) < 0.97 : ratio < 0.99) miss(`${name}: CPU time attributed`)
  }
}

machine()
const runs = rounds(5)
print(`source in use: ${sourcesOf(record(['true']).metadata)}`)
if (!only || only === 'burner') await measureBurner(runs)
if (!only || only === 'builds') await measureBuilds(runs)
print(misses.length > 0 ? `\ntarget missed:\n  ${misses.join('\n  ')}` : '\ntarget reached')
