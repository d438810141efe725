import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { sizeTicks, timeLabel } from '../../ts/report/axis.ts'
import { clockOf, readableStart } from '../../ts/report/client/clock.ts'
import { createPalette } from '../../ts/report/palette.ts'
import { cumulate, neighbors } from '../../ts/report/stack.ts'
import { bandsOf } from '../../ts/report/views.ts'
import { buildAnalysis, manyCategories } from '../fixtures/analysis.ts'

const column = (...values: number[]) => Float64Array.from(values)

describe('the stack', () => {
  it('puts each visible column on those below it and skips hidden ones', () => {
    const stacked = cumulate([column(1, 2), column(10, 20), column(100, 200)], [true, false, true])
    expect(stacked).toEqual([column(1, 2), column(10, 20), column(101, 202)])
  })

  it('fills between visible neighbours only', () => {
    expect(neighbors([true, true, false, true])).toEqual([
      [1, 0],
      [3, 1],
    ])
    expect(neighbors([false, true, false])).toEqual([])
  })

  it('ends at the sum of what is visible, whatever is hidden', () => {
    const rows = fc.array(fc.tuple(fc.boolean(), fc.array(fc.nat(1e6), { minLength: 3, maxLength: 3 })), { minLength: 1, maxLength: 8 })
    fc.assert(
      fc.property(rows, (input) => {
        const visible = input.map(([isVisible]) => isVisible)
        const stacked = cumulate(
          input.map(([, values]) => Float64Array.from(values)),
          visible,
        )
        const top = stacked[visible.lastIndexOf(true)]
        if (top === undefined) return
        const sums = [0, 1, 2].map((point) => input.reduce((sum, [isVisible, values]) => sum + (isVisible ? (values[point] ?? 0) : 0), 0))
        expect([...top]).toEqual(sums)
      }),
    )
  })
})

describe('the views', () => {
  const { series, categories } = buildAnalysis()
  const groups = series.groups.map((group) => ({ ...group, kb: Float64Array.from(group.kb) }))

  it('all add up to the total at every point', () => {
    for (const view of ['major', 'detailed', 'other'] as const) {
      const bands = bandsOf(view, groups, categories)
      series.totalPssKb.forEach((total, point) => {
        expect(bands.reduce((sum, band) => sum + (band.kb[point] ?? 0), 0)).toBe(total)
      })
    }
  })

  it('show majors, minors, and majors with Other taken apart', () => {
    expect(bandsOf('major', groups, categories).map((band) => band.key)).toEqual(categories.map((major) => major.name))
    expect(bandsOf('detailed', groups, categories)).toHaveLength(groups.length)
    const other = bandsOf('other', groups, categories).map((band) => band.key)
    expect(other.filter((key) => key.startsWith('Other'))).toEqual(['Other/Other_protoc', 'Other/Other_flex', 'Other/Other_m4'])
    expect(other.filter((key) => !key.startsWith('Other'))).toEqual(
      categories.map((major) => major.name).filter((name) => name !== 'Other'),
    )
  })
})

describe('the palette', () => {
  it('gives a category the same colour in reports with other categories', () => {
    const one = createPalette(buildAnalysis().categories)
    const other = createPalette(manyCategories().categories)
    for (const name of ['CPP_COMPILE', 'CPP_LINK', 'Scripting', 'Other']) expect(one(name, null)).toEqual(other(name, null))
  })

  it('gives forty categories of one report forty colours', () => {
    const { categories } = manyCategories()
    const palette = createPalette(categories)
    const majors = categories.map((major) => palette(major.name, null).light)
    const minors = categories.map((major) => new Set(major.minors.map((minor) => palette(major.name, minor.name).light)).size)
    expect(new Set(majors).size).toBe(10)
    expect(minors).toEqual(categories.map((major) => major.minors.length))
  })
})

describe('the axes', () => {
  it('step in one binary unit from zero', () => {
    expect(sizeTicks(2.6 * 1024 ** 2, 6).labels).toEqual(['0', '0.5 GiB', '1.0 GiB', '1.5 GiB', '2.0 GiB', '2.5 GiB'])
    expect(sizeTicks(340 * 1024, 7).labels).toEqual(['0', '50 MiB', '100 MiB', '150 MiB', '200 MiB', '250 MiB', '300 MiB'])
    expect(sizeTicks(3, 6).labels).toEqual(['0', '1 KiB', '2 KiB', '3 KiB'])
  })

  it('have between two and the asked-for number of steps at any size', () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 2 ** 32 }), fc.integer({ min: 2, max: 10 }), (max, count) => {
        const { kb, labels } = sizeTicks(max, count)
        expect(kb.length).toBeGreaterThanOrEqual(2)
        expect(kb.length).toBeLessThanOrEqual(count + 1)
        expect(kb.at(-1)).toBeLessThanOrEqual(max)
        expect(new Set(labels).size).toBe(labels.length)
      }),
      // Just below a whole number of steps: a rounding once added a step beyond the top.
      { examples: [[4294967294, 2]] },
    )
  })

  it('write time in seconds, minutes and hours', () => {
    expect(timeLabel(12.5, 0.5, 30)).toBe('12.5 s')
    expect(timeLabel(125, 5, 600)).toBe('2:05')
    expect(timeLabel(125.5, 0.5, 600)).toBe('2:05.5')
    expect(timeLabel(3725, 5, 4000)).toBe('1:02:05')
    expect(timeLabel(3900, 300, 20_000)).toBe('1:05 h')
  })

  it('show the wall clock of the place where the build ran', () => {
    expect(clockOf('2026-01-02T03:04:05.120+01:00')(60)).toBe('03:05:05')
    expect(clockOf('2026-01-02T23:59:30-05:00')(60)).toBe('00:00:30')
    expect(clockOf('2026-01-02T03:04:05Z')(0)).toBe('03:04:05')
    expect(clockOf('yesterday')(0)).toBeNull()
    expect(readableStart('2026-01-02T03:04:05.120+01:00')).toBe('2026-01-02 03:04:05 +01:00')
  })
})
