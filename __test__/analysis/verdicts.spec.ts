import { describe, expect, test } from 'vitest'
import { analyse } from '../../ts/analysis/index.ts'
import type { ExitRecords } from '../../ts/metadata.ts'
import { shipped as rules } from '../classify/shipped.ts'
import { type FakeOptions, fakeRecording, metadata } from '../fixtures/recording.ts'

const NULL = Number.NaN
const exits: ExitRecords = {
  state: 'on',
  killable: true,
  no_new_privs: true,
  reason: null,
  records: 2,
  dropped: 0,
  unreadable: 0,
  attributed_cpu_us: 1,
  refused_listeners: [],
  privilege_lost: [],
}

/** Of a build of make and `argv`, at five ticks. */
async function warnings(options: FakeOptions, argv: string[] = ['gcc', '-c', 'a.c']): Promise<string[]> {
  const processes = [
    { argv: ['make'], rssKb: [1000, 1000, 1000, 1000, 1000] },
    { argv, rssKb: [null, 2048, 4096] },
  ]
  return (await analyse(fakeRecording(processes, options), { rules })).trust.warnings
}

describe('an OOM kill names the limit and the largest category', () => {
  const killed = Float64Array.of(NULL, 3, 3, 3, 5)
  const limited = Float64Array.of(NULL, 131_072, 131_072, 131_072, NULL)
  const build = { limits: { cgroup: '/ci/job-7', open_files_soft: 1024 } }
  test.each<[string, FakeOptions, string]>([
    [
      'of a cgroup with a limit',
      { metadata: build, ticks: { cgroupOomKills: killed, cgroupLimitKb: limited } },
      '2 OOM kills in the memory cgroup of the build, /ci/job-7 (limit 128 MiB); the largest category was CPP_COMPILE with 2.00 MiB: the build needs more than it had.',
    ],
    [
      'of the host',
      { metadata: { limits: { cgroup: '/', open_files_soft: 1024 } }, ticks: { cgroupOomKills: killed } },
      '2 OOM kills in the memory cgroup of the build (no limit: the host ran out); the largest category was CPP_COMPILE with 2.00 MiB: the build needs more than it had.',
    ],
  ])('%s', async (_, options, sentence) => {
    expect(await warnings(options)).toEqual([sentence])
  })

  test('before what became of the build', async () => {
    const [first, second] = await warnings({ metadata: { exit_code: null, signal: 9 }, ticks: { cgroupOomKills: killed } })
    expect([first?.slice(0, 11), second]).toEqual(['2 OOM kills', 'The build was killed by signal 9: a full build may need more.'])
  })

  test('and kills before the build are none of it', async () => {
    expect(await warnings({ ticks: { cgroupOomKills: new Float64Array(5).fill(7) } })).toEqual([])
  })
})

describe('what the machine did to the build', () => {
  const counts = metadata().counts as NonNullable<ReturnType<typeof metadata>['counts']>
  test.each<[string, FakeOptions, string]>([
    [
      'memory pressure',
      { ticks: { psiMemorySomeUs: Float64Array.of(NULL, 100, 100, 100, 50_100) } },
      'Tasks waited for memory for 25.0 % of the build (PSI): with more memory it would be faster, and larger.',
    ],
    [
      'swapping',
      { ticks: { swapUsedKb: Float64Array.of(500, 500, 20_980, 500, 500) } },
      'Swap grew by 20.0 MiB: what is swapped out is in no figure here.',
    ],
    [
      'a throttled monitor',
      { metadata: { counts: { ...counts, ticks: 10, late_ticks: 4, max_late_us: 31_000 } } },
      '4 of 10 ticks (40.0 %) were late, by 31 ms at most: the machine was busy.',
    ],
  ])('%s', async (_, options, sentence) => {
    expect(await warnings(options)).toEqual([sentence])
  })

  test.each<[string, FakeOptions]>([
    ['a tenth of the time', { ticks: { psiMemorySomeUs: Float64Array.of(0, 0, 0, 0, 20_000) } }],
    ['a little swap', { ticks: { swapUsedKb: Float64Array.of(0, 16_384, 0, 0, 0) } }],
  ])('and nothing of what is small: %s', async (_, options) => {
    expect(await warnings(options)).toEqual([])
  })
})

test.each([
  [['ccache', 'gcc'], 'ccache ran: with cache hits the compilers do not run and the peak says nothing about a build without them.'],
  [['icecc', 'gcc'], 'icecc ran: work done on other machines is not counted.'],
  [['/opt/rewrapper', 'clang'], 'rewrapper ran: work done on other machines is not counted.'],
  [['docker', 'build', '.'], 'docker ran: what a daemon does for it is not below the build and is not counted.'],
  [['bazel', 'build', '//...'], 'bazel ran: what a server does for it is counted only where this build started that server.'],
])('work that was not done, or elsewhere: %o', async (argv, sentence) => {
  expect(await warnings({}, argv)).toEqual([sentence])
})

test('a cache with a server is both', async () => {
  expect(await warnings({}, ['sccache', 'gcc'])).toEqual([
    'sccache ran: with cache hits the compilers do not run and the peak says nothing about a build without them.',
    'sccache ran: what a server does for it is counted only where this build started that server.',
  ])
})

test('podman runs its containers below the build', async () => {
  expect(await warnings({}, ['podman', 'run', 'x'])).toEqual([])
})

describe('what the exit records cannot say or have done', () => {
  test.each<[string, Partial<ExitRecords>, string[], string]>([
    [
      'a refusal',
      { state: 'refused', reason: 'Operation not permitted', no_new_privs: null, killable: null },
      ['gcc'],
      'No exit records (Operation not permitted): high-water marks and CPU times are missing, and memory between two ticks was not seen; mymonitor doctor says what would change it.',
    ],
    ['records that were dropped', { dropped: 1 }, ['gcc'], '1 exit record could not be written in time and is missing.'],
    ['processes that could not be read', { unreadable: 2 }, ['gcc'], '2 processes could not be read at exit.'],
    [
      'an old kernel',
      { killable: false },
      ['gcc'],
      'This kernel cannot shield exits from signals (it is older than Linux 5.19): a handler without SA_RESTART may have broken an exit.',
    ],
    [
      'privilege that was lost',
      { privilege_lost: ['helper', 'sudo'] },
      ['gcc'],
      'helper and sudo ran and could gain no privilege, because of the exit records (NO_NEW_PRIVS): with --events poll they can.',
    ],
    [
      'a listener that was refused',
      { refused_listeners: ['crun'] },
      ['gcc'],
      'crun asked for a seccomp listener and could get none (EBUSY), because the exit records have it: with --events poll it can.',
    ],
  ])('%s', async (_, facts, argv, sentence) => {
    expect(await warnings({ metadata: { exit_records: { ...exits, ...facts } } }, argv)).toEqual([sentence])
  })

  test('a recovered recording does not know, and says nothing', async () => {
    expect(await warnings({ metadata: { exit_records: { ...exits, privilege_lost: null } } }, ['sudo', 'true'])).toEqual([])
  })
})
