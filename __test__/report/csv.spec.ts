import { expect, test } from 'vitest'
import { renderCsv } from '../../ts/report/csv.ts'
import { DEFAULT_VIEW } from '../../ts/report/view.ts'
import { buildAnalysis, emptyAnalysis } from '../fixtures/analysis.ts'

const analysis = buildAnalysis({ points: 40 })
const { series } = analysis
const parse = (csv: string) =>
  csv
    .trimEnd()
    .split('\n')
    .map((line) => line.split(','))

test('the categories of every instant add up to its total', () => {
  for (const categories of ['major', 'detailed', 'other'] as const) {
    const [, ...rows] = parse(renderCsv(analysis, { ...DEFAULT_VIEW, categories }))
    expect(rows.map(([seconds]) => Math.round(Number(seconds) * 1e6))).toEqual(series.elapsedUs)
    expect(rows.map(([, , rss]) => Number(rss))).toEqual(series.totalRssKb)
    rows.forEach(([, pss, , ...own], point) => {
      expect(Number(pss)).toBe(series.totalPssKb[point])
      expect(own.reduce((sum, kb) => sum + Number(kb), 0)).toBe(series.totalPssKb[point])
    })
  }
})

test('the header names the columns, subcategories with their category', () => {
  const header = (view = {}) => parse(renderCsv(analysis, { ...DEFAULT_VIEW, ...view }))[0]
  expect(header()).toEqual(['elapsed_s', 'total_pss_kb', 'total_rss_kb', ...analysis.categories.map(({ name }) => name)])
  expect(header({ categories: 'detailed', selected: ['Frontend_GCC'] })?.slice(3)).toEqual(['CPP_COMPILE/Frontend_GCC'])
})

test('a selection leaves the totals whole', () => {
  const [, row] = parse(renderCsv(analysis, { ...DEFAULT_VIEW, topN: 1 }))
  expect(row).toHaveLength(4)
  expect(Number(row?.[1])).toBe(series.totalPssKb[0])
})

test('names are quoted, fractions of the model end at the third decimal', () => {
  const own = { ...series, totalPssKb: [1 / 3], totalRssKb: [1], elapsedUs: [1], groups: [{ major: 'a,"b"', minor: 'c', kb: [2 / 3] }] }
  const figures = { peakKb: 1, atPeakKb: 1, timeKbS: 1, processes: 1 }
  const categories = [{ name: 'a,"b"', ...figures, minors: [{ name: 'c', ...figures }] }]
  expect(renderCsv({ ...analysis, categories, series: own })).toBe(
    'elapsed_s,total_pss_kb,total_rss_kb,"a,""b"""\n0.000001,0.333,1,0.667\n',
  )
  expect(renderCsv(emptyAnalysis())).toBe('elapsed_s,total_pss_kb,total_rss_kb\n')
})
