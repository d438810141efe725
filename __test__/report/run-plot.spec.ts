import { beforeAll, describe, expect, it } from 'vitest'
import type { Analysis } from '../../ts/analysis/contract.ts'
import { renderRunPlot } from '../../ts/report/run-plot.ts'
import { buildAnalysis, emptyAnalysis, HOSTILE } from '../fixtures/analysis.ts'
import { buildClient } from './client-bundle.ts'

beforeAll(buildClient)

const level = (jobs: number, part: Partial<Analysis['recording']> = {}): Analysis => {
  const analysis = buildAnalysis({ jobs, points: 60, seed: jobs })
  return { ...analysis, recording: { ...analysis.recording, ...part } }
}
const bars = (html: string) => [...html.matchAll(/<rect [^>]*height="([\d.]+)"/g)].map((match) => Number(match[1]))

describe('the plot across levels', () => {
  it('keeps the order of the levels and draws bars in proportion to their peaks', () => {
    const levels = [level(8), level(1), level(4)]
    const html = renderRunPlot(levels)
    expect([...html.matchAll(/<text class="name"[^>]*>([^<]*)</g)].map((match) => match[1])).toEqual(['-j8', '-j1', '-j4'])
    const peaks = levels.map((analysis) => analysis.peak?.kb ?? 0)
    const heights = bars(html)
    peaks.forEach((peak, index) => {
      expect((heights[index] ?? 0) / Math.max(...heights)).toBeCloseTo(peak / Math.max(...peaks), 2)
    })
    for (const peak of peaks) expect(html).toContain(`<data value="${peak}">`)
  })

  it('marks a failed level and leaves its duration out of the line', () => {
    const html = renderRunPlot([level(1), level(2), level(4, { exitCode: 2 })])
    expect(html.match(/<g class="level failed">/g)).toHaveLength(1)
    expect(html.match(/<circle /g)).toHaveLength(2)
    expect(html).toContain('<span class="badge failed">exit 2</span>')
  })

  it('shows the medians of repeats with their spread, in one place a level, and every recording in the table', () => {
    const repeats = [level(2), level(1), level(2, { repeat: 2 }), level(1, { repeat: 2 }), level(2, { repeat: 3, exitCode: 2 })]
    const times = [10e6, 30e6, 20e6, 40e6, 1e6]
    repeats.forEach((analysis, index) => {
      analysis.recording.durationUs = times[index] ?? 0
    })
    const html = renderRunPlot(repeats)
    expect([...html.matchAll(/<text class="name"[^>]*>([^<]*)</g)].map((match) => match[1])).toEqual(['-j2', '-j1'])
    expect([...html.matchAll(/<text class="duration"[^>]*>([^<]*)</g)].map((match) => match[1])).toEqual(['15.0 s', '35.0 s'])
    expect(html.match(/class="whisker"/g)?.length).toBeGreaterThanOrEqual(2)
    expect(html).toContain('15.0 s (10.0 s – 20.0 s)')
    const [, spread = ''] = html.split('Spread over repeats</caption>')
    const [first = ''] = spread.split('</tr>').slice(1)
    expect([...first.matchAll(/<td class="numeric">(?:<data[^>]*>)?([^<]*)</g)].map((match) => match[1]).slice(0, 2)).toEqual(['2', '1'])
    for (const name of ['-j2 #1', '-j1 #1', '-j2 #2', '-j1 #2', '-j2 #3']) expect(html).toContain(`>${name}<`)
  })

  it('needs no script and admits none', () => {
    const html = renderRunPlot([level(1)])
    expect(html).not.toContain('<script')
    expect(html).toMatch(/content="default-src 'none'; style-src 'sha256-[^']+'; base-uri 'none'; form-action 'none'"/)
  })

  it('shows levels that measured nothing, and no level at all', () => {
    expect(renderRunPlot([emptyAnalysis(), level(2)])).toContain('>none</text>')
    expect(renderRunPlot([])).not.toMatch(/NaN|Infinity|undefined/)
  })

  it('escapes what users named', () => {
    const html = renderRunPlot([level(1, { project: HOSTILE.handler }), level(2, { startError: HOSTILE.closing })])
    expect(html).not.toContain('<img')
    expect(html).not.toContain('<script')
  })
})
