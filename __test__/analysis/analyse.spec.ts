import { describe, expect, test } from 'vitest'
import { analyse, classifyRecording } from '../../ts/analysis/index.ts'
import { type ErrorCode, MyMonitorError } from '../../ts/errors.ts'
import { shipped as rules } from '../classify/shipped.ts'
import { type FakeProcess, fakeRecording } from '../fixtures/recording.ts'

const BUILD: FakeProcess[] = [
  { argv: ['make', '-j2'], rssKb: [2000, 2000, 2000, 2000] },
  {
    argv: ['/usr/lib/gcc/x86_64-linux-gnu/12/cc1plus', '-quiet', 'a.cc', '-o', '/tmp/a.s'],
    rssKb: [null, 90_000, null, null],
    parentId: 0,
  },
  { argv: ['/usr/lib/gcc/x86_64-linux-gnu/12/cc1', '-quiet', 'b.c', '-o', '/tmp/b.s'], rssKb: [null, 10_000, 60_000, null], parentId: 0 },
  { argv: ['/usr/bin/ld', '-o', 'demo', 'a.o'], rssKb: [null, null, 30_000, 50_000], parentId: 0 },
  { argv: ['./gen', '--token', 'abc'], rssKb: [4000, null, null, null], parentId: 0 },
  { argv: ['mymonitor', 'sample'], rssKb: [500_000, 500_000, 500_000, 500_000] },
]

describe('an analysed recording', () => {
  test('has its peak at the tick with the largest total, with the processes live at it', async () => {
    const { peak, metric } = await analyse(fakeRecording(BUILD), { rules })
    expect(metric).toBe('pss')
    expect(peak).toMatchObject({ kb: 51_000, rssKb: 102_000, pssKb: 51_000, tick: 1, elapsedUs: 50_000, pssSource: 'modelled' })
    expect(peak?.processes.map(({ name, minor, target, kb, rssKb }) => [name, minor, target, kb, rssKb])).toEqual([
      ['cc1plus', 'Frontend_GCC', 'a.cc', 45_000, 90_000],
      ['cc1', 'Frontend_GCC', 'b.c', 5000, 10_000],
      ['make', 'Make', null, 1000, 2000],
    ])
    expect(peak?.processes[0]).toMatchObject({ processId: 1, pid: 1001, parentId: 0, major: 'CPP_COMPILE', startUs: 50_000, endUs: 50_000 })
    expect(peak?.processes[2]).toMatchObject({ parentId: null, endUs: null })
  })

  test('sums its categories per tick, majors over their minors, by falling peak', async () => {
    const { categories } = await analyse(fakeRecording(BUILD), { rules, metric: 'rss' })
    expect(categories.map(({ name, peakKb, atPeakKb, processes }) => [name, peakKb, atPeakKb, processes])).toEqual([
      ['CPP_COMPILE', 100_000, 100_000, 2],
      ['CPP_LINK', 50_000, 0, 1],
      ['Other', 4000, 0, 1],
      ['BuildSystem', 2000, 2000, 1],
    ])
    expect(categories[0]?.minors).toEqual([{ name: 'Frontend_GCC', peakKb: 100_000, atPeakKb: 100_000, timeKbS: 8000, processes: 2 }])
    expect(categories[2]?.minors[0]?.name).toBe('Other_gen')
  })

  test('has parts of the peak that add up to it, in either metric', async () => {
    for (const metric of ['pss', 'rss'] as const) {
      const { peak, categories } = await analyse(fakeRecording(BUILD), { rules, metric })
      const sum = (values: number[]) => values.reduce((a, b) => a + b, 0)
      expect(sum(categories.map(({ atPeakKb }) => atPeakKb))).toBe(peak?.kb)
      expect(sum(categories.flatMap(({ minors }) => minors.map(({ atPeakKb }) => atPeakKb)))).toBe(peak?.kb)
      expect(sum(peak?.processes.map(({ kb }) => kb) ?? [])).toBe(peak?.kb)
    }
  })

  test('leaves the category Ignored out of everything', async () => {
    const analysis = await analyse(fakeRecording(BUILD), { rules })
    const { trust, ...rest } = analysis
    expect(JSON.stringify(rest)).not.toMatch(/mymonitor|Ignored/i)
    expect(Math.max(...analysis.series.totalRssKb)).toBe(102_000)
  })

  test('has series whose groups add up to the total at every point', async () => {
    const { series } = await analyse(fakeRecording(BUILD), { rules, metric: 'rss' })
    expect(series.ticks).toBe(4)
    expect(series.groups.map(({ minor }) => minor)).toEqual(['Frontend_GCC', 'Direct_Linker', 'Other_gen', 'Make'])
    expect(series.elapsedUs.map((_, i) => series.groups.reduce((sum, { kb }) => sum + (kb[i] ?? 0), 0))).toEqual(series.totalRssKb)
  })

  test('draws what was seen in setup only, though it has no peak', async () => {
    const { categories, series } = await analyse(fakeRecording(BUILD, { setupTicks: 1 }), { rules })
    expect(categories.find(({ name }) => name === 'Other')?.peakKb).toBe(0)
    expect(series.groups.map(({ minor }) => minor)).toContain('Other_gen')
  })

  test('lists the largest processes by their own peak', async () => {
    const { top } = await analyse(fakeRecording(BUILD), { rules, metric: 'rss' })
    expect(top.map(({ name, kb }) => [name, kb])).toEqual([
      ['cc1plus', 90_000],
      ['cc1', 60_000],
      ['ld', 50_000],
      ['gen', 4000],
      ['make', 2000],
    ])
    const many = Array.from({ length: 150 }, (_, i) => ({ argv: ['cc1', `${i}.c`], rssKb: [i + 1] }))
    const largest = (await analyse(fakeRecording(many), { rules, metric: 'rss' })).top
    expect([largest.length, largest[0]?.kb, largest[99]?.kb]).toEqual([100, 150, 51])
  })

  test('of a build in which nothing was seen has no peak', async () => {
    const { peak, categories, top } = await analyse(fakeRecording([{ argv: ['make'], rssKb: [null, null] }]), { rules })
    expect([peak, top]).toEqual([null, []])
    expect(categories).toMatchObject([{ name: 'BuildSystem', peakKb: 0, processes: 1 }])
    expect(await analyse(fakeRecording([]), { rules })).toMatchObject({ peak: null, categories: [], top: [] })
  })

  test('has memory-times rounded to three decimals', async () => {
    const build = [
      { argv: ['make'], rssKb: [1, 1, 1, 1] },
      { argv: ['ld'], rssKb: [3, 3, 3, 1] },
    ]
    const recording = fakeRecording(build)
    const { aggregate } = recording
    recording.aggregate = async (options) => {
      const sums = await aggregate(options)
      const noisy = <T extends { timeRssKbS: Float64Array }>(columns: T): T => ({
        ...columns,
        timeRssKbS: columns.timeRssKbS.map((time) => time + 0.1 + 0.2 - 0.3),
      })
      return { ...sums, groups: noisy(sums.groups), parents: noisy(sums.parents) }
    }
    const { categories } = await analyse(recording, { rules, metric: 'rss' })
    expect(categories.flatMap(({ timeKbS, minors }) => [timeKbS, ...minors.map((minor) => minor.timeKbS)])).toEqual([
      0.45, 0.45, 0.15, 0.15,
    ])
  })

  test('survives JSON unchanged', async () => {
    const analysis = await analyse(fakeRecording(BUILD), { rules })
    expect(JSON.parse(JSON.stringify(analysis))).toEqual(analysis)
  })

  test('counts samples of a process without a row as Other', async () => {
    const analysis = await analyse(fakeRecording(BUILD, { lost: [1] }), { rules, metric: 'rss' })
    expect(analysis.peak?.kb).toBe(102_000)
    expect(analysis.peak?.processes[0]).toMatchObject({ processId: 1, name: 'unknown', minor: 'Other_unknown' })
    expect(analysis.peak?.processes[1]).toMatchObject({ processId: 2, name: 'cc1', minor: 'Frontend_GCC' })
    expect(analysis.trust.warnings).toContain('1 process is known by memory only and counted as Other.')
  })
})

describe('secrets in command lines', () => {
  const command = ['make', 'TOKEN=abc']

  test('are redacted', async () => {
    const { top, recording } = await analyse(fakeRecording(BUILD, { metadata: { command } }), { rules })
    expect(top.find(({ name }) => name === 'gen')?.command).toBe('./gen --token ***')
    expect(recording.command).toEqual(['make', 'TOKEN=***'])
  })

  test('stay when that is asked for', async () => {
    const { top, recording } = await analyse(fakeRecording(BUILD, { metadata: { command } }), { rules, noRedact: true })
    expect(top.find(({ name }) => name === 'gen')?.command).toBe('./gen --token abc')
    expect(recording.command).toEqual(command)
  })
})

test('a command is shown as one would type it, and by its executable where arguments were not stored', async () => {
  const { top } = await analyse(
    fakeRecording([
      { argv: ['gcc', '-DX="a b"', "it's.c", ''], rssKb: [3] },
      { argv: [], exe: '/usr/bin/ld', rssKb: [2] },
    ]),
    { rules },
  )
  expect(top.map(({ command }) => command)).toEqual([`gcc '-DX="a b"' 'it'\\''s.c' ''`, '/usr/bin/ld'])
  expect(top[1]?.minor).toBe('Direct_Linker')
})

describe('the stored classification', () => {
  test('holds category, rule and target of every process', () => {
    const recording = fakeRecording(BUILD)
    const { classes, targetsOf } = classifyRecording(recording, rules)
    expect(recording.stored).toMatchObject({ ...classes, target: [null, 'a.cc', 'b.c', 'demo', null, null] })
    const named = Array.from(classes.classOf, (number) => classes.classes[number])
    expect(named.map((found) => found?.major)).toEqual(['BuildSystem', 'CPP_COMPILE', 'CPP_COMPILE', 'CPP_LINK', 'Other', 'Ignored'])
    expect(named.map((found) => found?.rule)).toEqual([
      ...['Make:186', 'Frontend_GCC:230', 'Frontend_GCC:230', 'Direct_Linker:165', '', 'MyMonitor:999'],
    ])
    expect(classes.rulesDigest).toBe(rules.digest)
    expect(Array.from(classes.processId)).toEqual([0, 1, 2, 3, 4, 5])
    const process = { name: '', exe: null, argv: [] }
    expect(targetsOf([1, 3].map((row) => ({ row, process })))).toEqual(['a.cc', 'demo'])
  })

  test('of very many processes is made and stored in batches, each class once', async () => {
    const many = Array.from({ length: 5000 }, (_, id) => ({ argv: ['gcc', '-c', `${id % 7}.c`], rssKb: [id % 50] }))
    const recording = fakeRecording(many)
    const { classes } = classifyRecording(recording, rules)
    expect(recording.largestBatch).toBe(2)
    expect([classes.classOf.length, classes.classes.length]).toEqual([5000, 1])
    const { top } = await analyse(recording, { rules })
    expect(top).toHaveLength(100)
    expect(top[0]).toMatchObject({ kb: 24.5, target: '0.c' })
    expect(recording.largestBatch).toBe(2)
  })

  const stored = (rulesDigest: string, processes = BUILD.length) => ({
    processId: Uint32Array.from({ length: processes }, (_, i) => i),
    classOf: new Uint32Array(processes),
    classes: [{ major: 'Mine', minor: 'All', rule: 'All:1' }],
    target: Array<null>(processes).fill(null),
    rulesDigest,
  })
  const majors = async (classes: ReturnType<typeof stored>) =>
    (await analyse(fakeRecording(BUILD, { classes }), { rules })).categories.map(({ name }) => name)

  test('is used while the rules are the same', async () => {
    expect(await majors(stored(rules.digest))).toEqual(['Mine'])
  })

  test('is not used after the rules have changed, or where it is not complete', async () => {
    expect(await majors(stored('another'))).not.toContain('Mine')
    expect(await majors(stored(rules.digest, 3))).not.toContain('Mine')
  })

  test.each<[ErrorCode, string]>([
    ['ERR_MYMONITOR_DAMAGED', 'is damaged'],
    ['ERR_MYMONITOR_NEWER_FORMAT', 'is of a newer mymonitor'],
    ['ERR_MYMONITOR_INTERNAL', 'cannot be read'],
  ])('that fails with %s is as good as none, which is said', async (code, why) => {
    const recording = fakeRecording(BUILD)
    recording.classes = () => {
      throw new MyMonitorError(code, 'classes.parquet is bad')
    }
    const { categories, trust } = await analyse(recording, { rules })
    expect(categories.map(({ name }) => name)).toContain('CPP_COMPILE')
    expect(trust.warnings).toContain(`classes.parquet ${why}: it was not used, the processes were classified again.`)
    classifyRecording(recording, rules)
    expect(recording.stored?.rulesDigest).toBe(rules.digest)
  })

  test('is never written by analysing', async () => {
    const recording = fakeRecording(BUILD)
    await analyse(recording, { rules })
    expect(recording.stored).toBeNull()
  })
})
