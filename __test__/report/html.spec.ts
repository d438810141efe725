import { createHash } from 'node:crypto'
import { beforeAll, describe, expect, it } from 'vitest'
import { encodeColumns } from '../../ts/report/columns.ts'
import { exporters } from '../../ts/report/exporters.ts'
import { renderReport } from '../../ts/report/html.ts'
import { renderJson } from '../../ts/report/json.ts'
import { DEFAULT_VIEW } from '../../ts/report/view.ts'
import { buildAnalysis, emptyAnalysis, hostileAnalysis, manyCategories } from '../fixtures/analysis.ts'
import { buildClient } from './client-bundle.ts'

beforeAll(buildClient)

const sha256 = (text: string) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`
const policyOf = (html: string) => /http-equiv="Content-Security-Policy" content="([^"]*)"/.exec(html)?.[1] ?? ''

describe('the HTML report', () => {
  it('forbids everything but its own script and style by their hashes', () => {
    const html = renderReport(buildAnalysis())
    const style = /<style>([\s\S]*?)<\/style>/.exec(html)?.[1] ?? ''
    const script = /<script>([\s\S]*?)<\/script>/.exec(html)?.[1] ?? ''
    expect(script.length).toBeGreaterThan(50_000)
    expect(policyOf(html)).toBe(
      `default-src 'none'; style-src ${sha256(style)}; script-src ${sha256(script)}; base-uri 'none'; form-action 'none'`,
    )
    expect(html.indexOf('Content-Security-Policy')).toBeLessThan(html.indexOf('<style>'))
  })

  it('refers to nothing outside of itself', () => {
    const html = renderReport(buildAnalysis())
    expect(html).not.toMatch(/\b(?:src|href|srcset|action)\s*=\s*["']|url\(|@import|\bfetch\(|XMLHttpRequest|\bimport\(/i)
  })

  it('lets no string of a user end or open an element', () => {
    const clean = renderReport(buildAnalysis({ points: 60 }))
    const hostile = renderReport(hostileAnalysis())
    const tags = (html: string) => html.match(/<\/?(?:script|img|title|main|style|!--)/gi)
    expect(tags(hostile)).toEqual(tags(clean))
  })

  it('carries the strings unchanged in its JSON', () => {
    const analysis = hostileAnalysis()
    const json = /<script type="application\/json" id="report">(.*?)<\/script>/s.exec(renderReport(analysis))?.[1] ?? ''
    const { series, ...rest } = analysis
    const groups = series.groups.map(({ major, minor }) => ({ major, minor }))
    expect(JSON.parse(json)).toEqual({ ...rest, series: { points: 60, ticks: 60, groups }, view: DEFAULT_VIEW })
  })

  it('is small: an hour-long thinned build fits into 400 KB', () => {
    expect(renderReport(buildAnalysis({ points: 5000, ticks: 72_000, units: 900 })).length).toBeLessThan(400_000)
  })

  it('is the same file for the same analysis', () => {
    expect(renderReport(manyCategories())).toBe(renderReport(manyCategories()))
  })

  it('renders an empty analysis', () => {
    expect(renderReport(emptyAnalysis())).toContain('<title>demo · build memory</title>')
  })
})

describe('columns', () => {
  it('refuse what would not survive: unequal lengths, steps beyond 32 bits, not a number', () => {
    expect(() => encodeColumns([[1, 2], [1]])).toThrow('columns differ in length: 1 values, 2 expected')
    expect(() => encodeColumns([[0, 2 ** 31]])).toThrow('a step of 2147483648 does not fit')
    expect(() => encodeColumns([[Number.NaN]])).toThrow('does not fit')
  })
})

describe('the exporters', () => {
  it('each render every kind of analysis under a file ending of their own', () => {
    const analyses = [buildAnalysis({ points: 60 }), buildAnalysis({ points: 1 }), emptyAnalysis(), hostileAnalysis(), manyCategories()]
    // A picture has no last line, and takes a browser: png.spec.ts.
    const { png: _, ...ofText } = exporters
    for (const exporter of Object.values(ofText))
      for (const analysis of analyses) expect(exporter.render(analysis, DEFAULT_VIEW).endsWith('\n')).toBe(true)
    const endings = Object.values(exporters).map((exporter) => exporter.ending)
    expect(new Set(endings).size).toBe(endings.length)
  })

  it('write JSON that is the analysis', () => {
    const analysis = hostileAnalysis()
    expect(JSON.parse(renderJson(analysis))).toEqual(analysis)
  })
})
