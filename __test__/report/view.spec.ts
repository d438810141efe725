import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Series } from '../../ts/analysis/contract.ts'
import { bandsFor } from '../../ts/report/bands.ts'
import { resample } from '../../ts/report/resample.ts'
import { DEFAULT_VIEW, isCategory, type ReportView, shownCategories, viewFor } from '../../ts/report/view.ts'
import { buildAnalysis, manyCategories } from '../fixtures/analysis.ts'

const analysis = buildAnalysis()
const { categories } = analysis
const keys = (view: Partial<ReportView>, of = analysis) => bandsFor(of, { ...DEFAULT_VIEW, ...view }).map(({ key }) => key)

describe('a selection', () => {
  it('shows everything unless something is selected', () => {
    expect(keys({})).toEqual(categories.map(({ name }) => name))
  })

  it('takes names of categories and subcategories, in any case', () => {
    expect(keys({ selected: ['cpp_link', 'Scripting'] })).toEqual(['CPP_LINK', 'Scripting'])
    expect(keys({ selected: ['frontend_gcc', 'Other/Other_flex'], categories: 'detailed' })).toEqual([
      'CPP_COMPILE/Frontend_GCC',
      'Other/Other_flex',
    ])
    expect(keys({ selected: ['CPP_LINK'], categories: 'detailed' }).every((key) => key.startsWith('CPP_LINK/'))).toBe(true)
    expect(keys({ selected: ['nothing'] })).toEqual([])
  })

  it('shows a category as a whole where its subcategories are not expanded', () => {
    expect(keys({ selected: ['Other_flex'] })).toEqual(['Other'])
    expect(keys({ selected: ['Other_flex'], categories: 'other' })).toEqual(['Other/Other_flex'])
  })

  it('keeps the N with the largest peaks, in the order of the view, of what is selected', () => {
    for (const view of ['major', 'detailed', 'other'] as const) {
      const all = bandsFor(manyCategories(), { ...DEFAULT_VIEW, categories: view })
      const kept = bandsFor(manyCategories(), { ...DEFAULT_VIEW, categories: view, topN: 4 })
      const least = Math.min(...kept.map(({ peakKb }) => peakKb))
      expect(kept).toHaveLength(4)
      expect(all.filter(({ peakKb }) => peakKb > least)).toHaveLength(3)
      expect(all.filter(({ key }) => kept.some((band) => band.key === key))).toEqual(kept)
    }
    expect(keys({ selected: ['Other', 'Scripting', 'CPP_LINK'], topN: 1 })).toEqual(['CPP_LINK'])
    expect(keys({ topN: 100 })).toEqual(keys({}))
  })

  it('of a table keeps the figures of a category and lists the selected subcategories', () => {
    const [other] = shownCategories({ ...DEFAULT_VIEW, selected: ['Other_flex'] }, categories)
    expect(other).toMatchObject({ name: 'Other', peakKb: categories.find(({ name }) => name === 'Other')?.peakKb })
    expect(other?.minors.map(({ name }) => name)).toEqual(['Other_flex'])
    expect(shownCategories(DEFAULT_VIEW, categories)).toEqual(categories)
  })

  it('of a subcategory opens the view in which it is one', () => {
    expect(viewFor({ ...DEFAULT_VIEW, selected: ['Frontend_GCC'] }, analysis).categories).toBe('detailed')
    expect(viewFor({ ...DEFAULT_VIEW, selected: ['CPP_LINK'] }, analysis).categories).toBe('major')
    expect(viewFor({ ...DEFAULT_VIEW, selected: ['Other_flex'], categories: 'other' }, analysis).categories).toBe('other')
    expect(viewFor({ ...DEFAULT_VIEW, selected: ['of another level'] }, analysis).categories).toBe('major')
    expect(isCategory('of another level', categories)).toBe(false)
  })
})

describe('resampling', () => {
  const totals = fc.array(fc.record({ step: fc.integer({ min: 1, max: 300 }), a: fc.nat(1e6), b: fc.nat(1e6) }), {
    minLength: 1,
    maxLength: 80,
  })

  it('keeps of each interval its tick with the largest total, whole', () => {
    fc.assert(
      fc.property(totals, fc.integer({ min: 1, max: 900 }), (ticks, intervalMs) => {
        let ms = -1
        const elapsedUs = ticks.map(({ step }) => {
          ms += step
          return ms * 1000
        })
        const total = ticks.map(({ a, b }) => a + b)
        const groups = (['a', 'b'] as const).map((minor) => ({ major: 'M', minor, kb: ticks.map((tick) => tick[minor]) }))
        const series: Series = { elapsedUs, totalPssKb: total, totalRssKb: total.map((kb) => 2 * kb), groups, ticks: ticks.length }
        const kept = resample(series, 'pss', intervalMs * 1000)
        const bucketOf = (us: number) => Math.floor(us / (intervalMs * 1000))
        expect(kept.elapsedUs.map(bucketOf)).toEqual([...new Set(elapsedUs.map(bucketOf))])
        kept.elapsedUs.forEach((us, point) => {
          const ofBucket = total.filter((_, tick) => bucketOf(elapsedUs[tick] ?? 0) === bucketOf(us))
          expect(kept.totalPssKb[point]).toBe(Math.max(...ofBucket))
          expect(kept.totalRssKb[point]).toBe(2 * Math.max(...ofBucket))
          expect(kept.groups.reduce((sum, { kb }) => sum + (kb[point] ?? 0), 0)).toBe(kept.totalPssKb[point])
          expect(total[elapsedUs.indexOf(us)]).toBe(kept.totalPssKb[point])
        })
        expect(kept.ticks).toBe(ticks.length)
      }),
    )
  })

  it('goes by the metric', () => {
    const series: Series = { elapsedUs: [0, 1], totalPssKb: [1, 2], totalRssKb: [4, 3], groups: [], ticks: 2 }
    expect(resample(series, 'pss', 10).totalPssKb).toEqual([2])
    expect(resample(series, 'rss', 10).totalPssKb).toEqual([1])
  })
})
