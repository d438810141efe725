import { expect, test } from 'vitest'
import type { Scheduling } from '../../ts/config/scheduling.ts'
import { cpuNotes, cpusOf } from '../../ts/run/cpus.ts'

const FOUR = [0, 1, 2, 3]
const adaptive = (monitorCore = 0): Scheduling => ({ policy: 'adaptive', monitorCore })
const manual = (buildCores: number[] | null, monitoringCores: number[] | null): Scheduling => ({
  policy: 'manual',
  buildCores,
  monitoringCores,
})
const jobs = (...levels: (number | null)[]) => levels.map((level) => ({ jobs: level }))

test('adaptive keeps a CPU for the sampler only where the build has no job for it', () => {
  expect(cpusOf(adaptive(), FOUR, 3)).toEqual({ policy: 'adaptive', build: [1, 2, 3], sampler: [0] })
  const nothing = { policy: 'adaptive', build: null, sampler: null }
  expect(cpusOf(adaptive(), FOUR, 4)).toEqual(nothing)
  expect(cpusOf(adaptive(), FOUR, 16)).toEqual(nothing)
  expect(cpusOf(adaptive(), FOUR, null)).toEqual(nothing)
  expect(cpusOf(adaptive(), [0, 1], 2)).toEqual(nothing)
  expect(cpusOf(adaptive(), [5], 1)).toEqual(nothing)
})

test('adaptive says at which levels nothing is pinned, once', () => {
  expect(cpuNotes(adaptive(), FOUR, jobs(1, 3))).toEqual([])
  expect(cpuNotes(adaptive(), FOUR, jobs(4, 2, 8, 4, 2, 8))).toEqual([
    'scheduling_policy = "adaptive" pins nothing at -j4, -j8: with CPU 0 kept for the sampler the build would have 3 of 4 CPUs, fewer than jobs',
  ])
  expect(cpuNotes(adaptive(), FOUR, jobs(null))).toEqual([
    'scheduling_policy = "adaptive" pins nothing: how many jobs the command runs is not known; -j N and {N} in its arguments would tell',
  ])
})

test('adaptive takes the lowest CPU where monitor_core may not be used, and says so', () => {
  expect(cpusOf(adaptive(), [2, 3], 1)).toEqual({ policy: 'adaptive', build: [3], sampler: [2] })
  expect(cpuNotes(adaptive(), [2, 3], jobs(1))).toEqual(['monitor_core = 0: only the CPUs 2-3 may be used here; 2 takes its place'])
})

test('manual does what it is told, and says where that leaves fewer CPUs than jobs', () => {
  expect(cpusOf(manual([2, 3], [0]), FOUR, 8)).toEqual({ policy: 'manual', build: [2, 3], sampler: [0] })
  expect(cpusOf(manual(null, [0]), FOUR, 8)).toEqual({ policy: 'manual', build: null, sampler: [0] })
  expect(cpuNotes(manual([2, 3], [0]), FOUR, jobs(8, 2, 3))).toEqual([
    'manual_build_cores leaves the build 2 of 4 CPUs at -j8, -j3, fewer than jobs',
  ])
  expect(cpuNotes(manual([2, 3], null), FOUR, jobs(null))).toHaveLength(1)
  expect(cpuNotes(manual(null, [0]), FOUR, jobs(8))).toEqual([])
})

test('manual keeps of its lists what may be used, and says so; a list of which nothing is left is an error', () => {
  expect(cpusOf(manual([2, 3, 4, 5], null), FOUR, 1).build).toEqual([2, 3])
  expect(cpuNotes(manual([2, 3, 4, 5], null), FOUR, jobs(1))).toEqual([
    'manual_build_cores = "2-5": only the CPUs 0-3 may be used here, so 2-3 is left',
  ])
  expect(() => cpusOf(manual(null, [8]), FOUR, 1)).toThrow(
    expect.objectContaining({
      code: 'ERR_MYMONITOR_CONFIG',
      message: 'manual_monitoring_cores = "8": only the CPUs 0-3 may be used here, none of these',
    }),
  )
})
