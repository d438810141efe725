import { describe, expect, test } from 'vitest'
import type { Recording } from '../../ts/recording/recording.ts'
import { reclassifyOne } from '../../ts/sample/reclassify.ts'
import { shipped } from '../classify/shipped.ts'
import { type FakeRecording, fakeRecording } from '../fixtures/recording.ts'

const COMMANDS = [
  ['make'],
  ['./gen', '--password=abc', 'a'],
  ['./gen', 'b'],
  ['./pack data', 'x'],
  ['mymonitor', 'sample'],
  ['sh', '-c', 'build/probe > out'],
]

/** Memory-time 1, 2, 4 … MiB·s; CPU time as given, NaN unknown. */
function recordingWith(cpuUs: number[]): { recording: Recording; fake: FakeRecording } {
  const fake = fakeRecording(COMMANDS.map((argv) => ({ argv, rssKb: [1000] })))
  const recording: Recording = {
    ...fake,
    *processes(batch) {
      for (const columns of fake.processes(batch)) {
        yield { ...columns, cpuUs: Float64Array.from(columns.processId, (id) => cpuUs[id] ?? Number.NaN) }
      }
    },
    async aggregate(options) {
      const aggregate = await fake.aggregate(options)
      const time = new Float64Array(options.parentOf.length)
      for (const [id, group] of options.groupOf.entries()) if (group < time.length) time[group] = (time[group] as number) + 1024 * 2 ** id
      return { ...aggregate, groups: { ...aggregate.groups, timePssKbS: time, timeRssKbS: time.map((kbS) => kbS * 2) } }
    },
  }
  return { recording, fake }
}

describe('a recording that is classified again', () => {
  test('has its classes replaced whole, by the rules that were given', async () => {
    const { recording, fake } = recordingWith([])
    await reclassifyOne(recording, shipped, false)
    expect(fake.stored?.rulesDigest).toBe(shipped.digest)
    expect(fake.stored?.processId).toHaveLength(COMMANDS.length)
  })

  test('says what no rule matches, the largest memory-time first, one entry a name', async () => {
    const { total, unmatched, commands } = await reclassifyOne(recordingWith([100, 10, 20, 5, 9999, 0]).recording, shipped, false)
    expect(commands.map(({ category, images, timeKbS, cpuUs }) => [category, images, timeKbS, cpuUs])).toEqual([
      ['Other_probe', 1, 32 * 1024, 0],
      ['Other_pack data', 1, 8 * 1024, 5],
      ['Other_gen', 2, 6 * 1024, 30],
    ])
    expect(unmatched).toEqual({ images: 4, timeKbS: 46 * 1024, cpuUs: 35, cpuKnown: 4 })
    expect(total).toEqual({ images: 5, timeKbS: 47 * 1024, cpuUs: 135, cpuKnown: 5 })
  })

  test('has the metric it was made for', async () => {
    const { recording } = recordingWith([])
    const { total } = await reclassifyOne({ ...recording, metadata: { ...recording.metadata, metric: 'rss' } }, shipped, false)
    expect(total.timeKbS).toBe(2 * 47 * 1024)
  })

  test('hides secrets in examples, unless it is told not to', async () => {
    const example = async (noRedact: boolean) => (await reclassifyOne(recordingWith([]).recording, shipped, noRedact)).commands[2]?.example
    expect(await example(false)).toBe('./gen --password=*** a')
    expect(await example(true)).toBe('./gen --password=abc a')
  })

  test('never makes a zero of a CPU time that is not known', async () => {
    const { total, unmatched, commands } = await reclassifyOne(recordingWith([100, Number.NaN, 20]).recording, shipped, false)
    expect(total).toMatchObject({ cpuUs: 120, cpuKnown: 2 })
    expect(unmatched).toMatchObject({ cpuUs: 20, cpuKnown: 1 })
    expect(commands.map(({ cpuUs }) => cpuUs)).toEqual([null, null, 20])
    expect((await reclassifyOne(recordingWith([]).recording, shipped, false)).total).toMatchObject({ cpuUs: null, cpuKnown: 0 })
  })
})
