import { expect, test } from 'vitest'
import { painter, wantsColor } from '../../ts/cli/ui/paint.ts'
import { progress } from '../../ts/cli/ui/progress.ts'
import { resultLines, shownPath } from '../../ts/cli/ui/result.ts'
import { table } from '../../ts/cli/ui/table.ts'
import type { LiveSnapshot } from '../../ts/sample/types.ts'
import { formatKb, formatUs } from '../../ts/units.ts'
import { buildAnalysis } from '../fixtures/analysis.ts'
import { capturingUi } from './capture.ts'

test.each([
  ['auto', {}, true, true],
  ['auto', {}, false, false],
  ['auto', { NO_COLOR: '1' }, true, false],
  ['auto', { NO_COLOR: '' }, true, true],
  ['auto', { FORCE_COLOR: '1' }, false, true],
  ['auto', { FORCE_COLOR: '0' }, true, false],
  ['auto', { FORCE_COLOR: '1', NO_COLOR: '1' }, false, true],
  ['auto', { TERM: 'dumb' }, true, false],
  ['always', { NO_COLOR: '1' }, false, true],
  ['never', { FORCE_COLOR: '1' }, true, false],
] as const)('--color %s with %j, terminal %s: colors %s', (choice, env, terminal, expected) => {
  expect(wantsColor(choice, env, terminal)).toBe(expected)
})

test('without colors nothing is painted', () => {
  expect(Object.values(painter(false)).map((paint) => paint('x'))).toEqual(['x', 'x', 'x', 'x', 'x', 'x'])
  expect(painter(true).bold('x')).toBe('\x1b[1mx\x1b[22m')
})

test('columns are aligned, without trailing spaces', () => {
  const columns = [
    { title: 'name', align: 'left' },
    { title: 'kb', align: 'right' },
  ] as const
  expect(table(columns, [{ cells: ['größe', '1'] }, { cells: ['x', ''] }], (text) => text)).toEqual(['name   kb', 'größe   1', 'x'])
})

const SNAPSHOT: LiveSnapshot = {
  elapsedUs: 12_300_000,
  tick: 3,
  phase: 'build',
  live: 9,
  rssKb: 2048,
  pssKb: 1024,
  peakRssKb: 4096,
  peakPssKb: 3072,
  lateUs: 0,
  skippedTicks: 0,
  project: 'demo',
  jobs: 2,
  repeat: 1,
  repeats: 1,
  number: 2,
  of: 3,
  expectedUs: null,
  largestCategory: null,
}

test('a terminal has one line that is drawn anew and erased', () => {
  const { ui, err } = capturingUi({ terminal: true })
  const line = progress(ui.err, 'pss', true)
  line.snapshot(SNAPSHOT)
  expect(err()).toBe('\r\x1b[2K[2/3] demo -j2  12.3 s  1.00 MiB now, peak 3.00 MiB PSS  9 processes')
  line.clear()
  line.clear()
  expect(err().endsWith('processes\r\x1b[2K')).toBe(true)
})

test('a line never wraps, or it could not be erased', () => {
  const { ui, err } = capturingUi({ terminal: true })
  progress(ui.err, 'pss', true).snapshot({ ...SNAPSHOT, project: 'x'.repeat(200) })
  expect(err().length - '\r\x1b[2K'.length).toBeLessThan(80)
})

test('a line says how long earlier levels let expect, which repeat it is, and leaves out whole parts that do not fit', () => {
  const { ui, err } = capturingUi({ terminal: true })
  const line = progress(ui.err, 'pss', true)
  line.snapshot({ ...SNAPSHOT, repeats: 3, expectedUs: 61_000_000 })
  expect(err()).toBe('\r\x1b[2K[2/3] demo -j2 #1  12.3 s of about 1 min 01 s  1.00 MiB now, peak 3.00 MiB PSS')
  line.snapshot({ ...SNAPSHOT, expectedUs: 12_000_000 })
  expect(err().endsWith('demo -j2  12.3 s  1.00 MiB now, peak 3.00 MiB PSS  9 processes')).toBe(true)
})

test('a wide terminal has room for the largest category, a narrow one for whole parts only', () => {
  const { ui, err } = capturingUi({ terminal: true })
  const snapshot = { ...SNAPSHOT, largestCategory: { name: 'CPP_COMPILE', kb: 2048 } }
  for (const [columns, shown] of [
    [91, 'PSS  9 processes  CPP_COMPILE 2.00 MiB'],
    [90, 'PSS  9 processes'],
    [40, '[2/3] demo -j2  12.3 s'],
    [10, '[2/3] dem'],
  ] as const) {
    progress({ ...ui.err, columns: () => columns }, 'pss', true).snapshot(snapshot)
    expect(err().endsWith(shown), `${columns} columns: ${err()}`).toBe(true)
  }
})

test('a log has a plain line now and then, and so has a terminal that the build writes to', () => {
  for (const [terminal, live] of [
    [false, true],
    [true, false],
  ] as const) {
    const { ui, err } = capturingUi({ terminal })
    const line = progress(ui.err, 'rss', live)
    const play = (seconds: number) => {
      for (let ms = 250; ms <= seconds * 1000; ms += 250) line.snapshot({ ...SNAPSHOT, elapsedUs: ms * 1000 })
    }
    const text = (times: readonly string[]) =>
      times.map((time) => `[2/3] demo -j2  ${time}  2.00 MiB now, peak 4.00 MiB RSS  9 processes\n`).join('')
    play(75)
    expect(err()).toBe(text(['10.0 s', '40.0 s', '1 min 10 s']))
    line.clear()
    play(12)
    expect(err()).toBe(text(['10.0 s', '40.0 s', '1 min 10 s', '10.0 s']))
  }
})

test('paths are relative below the current directory, absolute elsewhere', () => {
  expect(shownPath('/a/b/c', '/a')).toBe('b/c')
  expect(shownPath('/x/c', '/a')).toBe('/x/c')
})

test('the block of a level names peak, time, the largest processes, every major category and how far to trust it', () => {
  const analysis = buildAnalysis({ seed: 3, jobs: 4 })
  const text = resultLines(analysis, painter(false)).join('\n')
  expect(text).toContain(
    `${formatKb(analysis.peak?.kb ?? 0)} PSS at ${formatUs(analysis.peak?.elapsedUs ?? 0)}, ${analysis.peak?.processes.length} processes`,
  )
  for (const { name, kb } of analysis.peak?.processes.slice(0, 3) ?? []) expect(text).toContain(`${formatKb(kb)}  ${name}`)
  for (const { name } of analysis.categories) expect(text).toMatch(new RegExp(`^  ${name} `, 'm'))
  expect(text).toMatch(/^ {2}trust {2}\d+ ticks of 50 ms, /m)
  expect(text).not.toContain('\x1b')
  expect(text).not.toMatch(/ $/m)
})

test('what the build chose as a name cannot drive the terminal', () => {
  const analysis = buildAnalysis()
  const [first] = analysis.peak?.processes ?? []
  if (first) first.name = 'evil\x1b[2J'
  analysis.recording.project = 'p\r\nforged'
  const text = resultLines(analysis, painter(false)).join('\n')
  expect(text).toContain('evil\\x1b[2J')
  expect(text).toContain('p\\x0d\\x0aforged')
})

test('a recording without a sample says so', () => {
  const text = resultLines({ ...buildAnalysis(), peak: null, categories: [] }, painter(false)).join('\n')
  expect(text).toContain('nothing was sampled')
})

test('the trust line counts in words that fit one, and lateness in milliseconds', () => {
  const analysis = buildAnalysis()
  Object.assign(analysis.trust, {
    ticks: 1,
    lateTicks: 1,
    maxLateUs: 13_800,
    skippedTicks: 0,
    images: 1,
    processes: 1,
    sampledProcesses: 1,
  })
  const text = resultLines(analysis, painter(false)).join('\n')
  expect(text).toContain(
    'trust  1 tick of 50 ms, 1 late by up to 13.8 ms; 1 process recorded (1 sampled), 1 image; how many existed is not known; ',
  )
})

test('nothing has no shares', () => {
  const analysis = buildAnalysis()
  const lines = resultLines({ ...analysis, peak: null }, painter(false)).filter((line) =>
    analysis.categories.some(({ name }) => line.startsWith(`  ${name} `)),
  )
  expect(lines).not.toEqual([])
  for (const line of lines) expect(line).toMatch(/ – +\d+$/)
})
