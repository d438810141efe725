import { describe, expect, test } from 'vitest'
import { analyse } from '../../ts/analysis/index.ts'
import { ProcessCounts } from '../../ts/analysis/process-counts.ts'
import { shipped as rules } from '../classify/shipped.ts'
import { type FakeOptions, type FakeProcess, fakeRecording, metadata } from '../fixtures/recording.ts'

const MAKE: FakeProcess = { argv: ['make'], rssKb: [1000, 1000, 1000, 1000, 1000] }
const counts = metadata().counts as NonNullable<ReturnType<typeof metadata>['counts']>

const analysed = (options: FakeOptions = {}, processes: FakeProcess[] = [MAKE]) => analyse(fakeRecording(processes, options), { rules })
const warnings = async (options?: FakeOptions, processes?: FakeProcess[]) => (await analysed(options, processes)).trust.warnings

test('a sound recording of a build that succeeded has no warning', async () => {
  expect(await warnings()).toEqual([])
})

test.each([
  [500, 500],
  [480, null],
])('a peak of 500 KiB is confirmed where %i were measured in full: %s', async (measured, expected) => {
  const pss = {
    mode: 'budget' as const,
    budget_percent: 1,
    rollups: 1,
    rollup_cpu_us: 1,
    postponed: 0,
    denied: 0,
    model_check: { tick: 1, estimate_kb: 490, measured_kb: 500 },
  }
  const { peak } = await analysed({ metadata: { pss: { ...pss, confirmed_peak: { tick: 1, pss_kb: measured } } } })
  expect([peak?.pssKb, peak?.confirmedPssKb]).toEqual([500, expected])
  expect(peak?.modelError).toBeCloseTo(1 - 500 / 490)
})

test('a check of a tick of another size says nothing about the peak', async () => {
  const pss = { mode: 'budget' as const, budget_percent: 1, rollups: 1, rollup_cpu_us: 1, postponed: 0, denied: 0, confirmed_peak: null }
  const { peak } = await analysed({ metadata: { pss: { ...pss, model_check: { tick: 1, estimate_kb: 390, measured_kb: 390 } } } })
  expect(peak?.modelError).toBeNull()
})

describe('what makes a number weaker is said in a sentence', () => {
  test.each<[string, FakeOptions, string]>([
    [
      'skipped ticks',
      { metadata: { counts: { ...counts, ticks: 90, skipped_ticks: 10 } } },
      '10 of 100 ticks (10.0 %) were skipped: a short peak may be missing.',
    ],
    [
      'late ticks',
      { metadata: { counts: { ...counts, ticks: 100, late_ticks: 20, max_late_us: 80_000 } } },
      '20 of 100 ticks (20.0 %) were late, by 80 ms at most: the machine was busy.',
    ],
    [
      'unreadable processes',
      { metadata: { counts: { ...counts, unreadable_processes: 3 } } },
      "3 processes could not be read (another user's, or hidden): the peak is too low by what they used.",
    ],
    ['damaged frames', { metadata: { counts: { ...counts, lost_frames: 1 } } }, '1 damaged journal frame was left out.'],
    ['an error of the recorder', { metadata: { measurement_error: 'disk full' } }, 'The recording is not complete: disk full.'],
    ['a build that failed', { metadata: { exit_code: 2 } }, 'The build failed with exit status 2: a full build may need more.'],
    [
      'a build that was killed',
      { metadata: { exit_code: null, signal: 9 } },
      'The build was killed by signal 9: a full build may need more.',
    ],
    [
      'an interrupted build',
      { metadata: { exit_code: null, signal: 2, interrupted_by: 2 } },
      'The build was interrupted: a full build may need more.',
    ],
    [
      'a timeout',
      { metadata: { exit_code: null, signal: 15, timed_out: true } },
      'The build was ended by its timeout: a full build may need more.',
    ],
    ['a lost status', { metadata: { exit_code: null } }, 'The exit status of the build is unknown.'],
    [
      'lost events of the process connector',
      { metadata: { connector: { state: 'on', reason: null, existed: 70, unrecorded: 1, execs_seen: 60, overflows: 2 } } },
      'Events of the process connector were lost 2 times: at least 70 processes existed, and some ends are unknown.',
    ],
    [
      'a recording that was not finished',
      { metadata: { state: 'running', exit_code: null, counts: null, own_cost: null } },
      'mymonitor did not finish this recording: the end of the build may be missing, and its exit status and cost are unknown.',
    ],
  ])('%s', async (_, options, sentence) => {
    expect(await warnings(options)).toEqual([sentence])
  })

  test('processes that no tick saw', async () => {
    expect(await warnings({}, [MAKE, { argv: ['true'], rssKb: [null] }, { argv: ['ld'], rssKb: [5] }])).toEqual([
      '1 of 3 processes (33.3 %) lived between two ticks only: their memory is in no total.',
    ])
  })

  test.each([
    [
      'a compiler cache',
      ['ccache', 'gcc', '-c', 'a.c'],
      undefined,
      'ccache ran: with cache hits the compilers do not run and the peak says nothing about a build without them.',
    ],
    [
      'a cache under the name of the compiler',
      ['gcc', '-c', 'a.c'],
      '/usr/bin/ccache',
      'ccache ran: with cache hits the compilers do not run and the peak says nothing about a build without them.',
    ],
    ['a distributed build', ['distcc', 'gcc', '-c', 'a.c'], undefined, 'distcc ran: work done on other machines is not counted.'],
  ])('%s', async (_, argv, exe, sentence) => {
    expect(await warnings({}, [MAKE, { argv, rssKb: [5], ...(exe === undefined ? {} : { exe }) }])).toEqual([sentence])
  })
})

test.each([
  [50_000, 'at 50 ms; try --interval 5ms.'],
  [5000, 'at 5 ms; try --interval 1ms.'],
  [1000, 'at 1 ms.'],
])('a build of fewer than five ticks is too short, and a shorter interval is named: %i µs', async (interval_us, end) => {
  expect(await warnings({ metadata: { interval_us } }, [{ argv: ['make'], rssKb: [1, 1, 1, 1] }])).toEqual([
    `The build lasted fewer than 5 ticks: too short to measure ${end}`,
  ])
})

test('ticks of the setup do not make a short build long', async () => {
  const phase = Uint8Array.of(0, 1, 1, 1, 1)
  expect(await warnings({ ticks: { phase } })).toHaveLength(1)
})

test.each([
  ['one alone', 6, 1],
  ['one in twenty', 40, 2],
])('late ticks are no warning when they are few: %s', async (_, ticks, late_ticks) => {
  expect(await warnings({ metadata: { counts: { ...counts, ticks, late_ticks, max_late_us: 13_800 } } })).toEqual([])
})

test('without the recorder’s own counts, after a crash, they come from the ticks', async () => {
  const lateUs = Float64Array.of(0, 4000, 6000, 120_000, 0)
  const { trust, recording } = await analysed({
    metadata: { state: 'running', counts: null, own_cost: null, duration_us: null },
    ticks: { lateUs },
  })
  expect(trust).toMatchObject({ ticks: 5, lateTicks: 2, maxLateUs: 120_000, skippedTicks: 2, ownCost: null, unreadableProcesses: null })
  expect(recording.durationUs).toBe(200_000)
})

test('the host is shown at its worst, and what no tick could read is null', async () => {
  const { host } = await analysed({
    ticks: { memAvailableKb: Float64Array.of(Number.NaN, 500, 300, 400), swapUsedKb: Float64Array.of(0, 70, 20, Number.NaN) },
  })
  expect(host).toEqual({
    hostname: 'box',
    kernel: '6.18',
    cpus: 2,
    memTotalKb: 8_000_000,
    memAvailableMinKb: 300,
    swapUsedMaxKb: 70,
    cgroupLimitKb: null,
  })
})

test('the process connector says how many processes existed; without it nobody knows', async () => {
  const connector = { state: 'on', reason: null, existed: 70, unrecorded: 1, execs_seen: 60, overflows: 0 } as const
  expect((await analysed({ metadata: { connector } })).trust).toMatchObject({ existedProcesses: 70, unrecordedProcesses: 1, warnings: [] })
  const refused = { ...connector, state: 'refused', existed: 0 } as const
  for (const without of [null, refused])
    expect((await analysed({ metadata: { connector: without } })).trust).toMatchObject({
      existedProcesses: null,
      unrecordedProcesses: null,
    })
})

test('a process is one however many images it ran; where events were lost, one that is recorded did exist', async () => {
  const images: FakeProcess[] = [
    MAKE,
    { argv: ['sh', '-c', 'exec gcc'], rssKb: [null] },
    { argv: ['gcc', '-c', 'a.c'], rssKb: [null, 5, null], follows: 1 },
    { argv: ['gcc', '-c', 'a.c'], rssKb: [null, 5, 5], follows: 2 },
  ]
  const connector = { state: 'on', reason: null, existed: 1, unrecorded: 0, execs_seen: 2, overflows: 1 } as const
  const { trust, categories } = await analysed({ metadata: { connector } }, images)
  expect(trust).toMatchObject({ images: 4, processes: 2, sampledProcesses: 2, existedProcesses: 2, eventOverflows: 1 })
  expect(Object.fromEntries(categories.map(({ name, processes }) => [name, processes]))).toMatchObject({ CPP_COMPILE: 1, BuildSystem: 1 })
})

test('what ran under a pid that was free again is another process', () => {
  const counts = new ProcessCounts()
  const image = { pid: 7, execCount: 0, isSampled: true, isOutside: false, isFollowed: false, major: 'Other', minor: 'Other_a' }
  counts.add({ ...image, isFollowed: true, isSampled: false })
  counts.add({ ...image, execCount: 1, minor: 'Other_b' })
  counts.add(image)
  expect([counts.images, counts.processes, counts.sampled]).toEqual([3, 2, 2])
  expect([counts.in('Other'), counts.in('Other', 'Other_a'), counts.in('Other', 'Other_b'), counts.in('None')]).toEqual([2, 2, 1, 0])
})
