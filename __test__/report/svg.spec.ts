import { describe, expect, it } from 'vitest'
import type { Analysis } from '../../ts/analysis/contract.ts'
import { hexOf } from '../../ts/report/oklch.ts'
import { renderSvg } from '../../ts/report/svg.ts'
import { DEFAULT_VIEW } from '../../ts/report/view.ts'
import { buildAnalysis, emptyAnalysis, hostileAnalysis, manyCategories } from '../fixtures/analysis.ts'

const analysis = buildAnalysis()
const names = analysis.categories.map(({ name }) => name)
const legend = (svg: string) => [...svg.matchAll(/<g><title>([^<]*)<\/title>/g)].map((match) => match[1])

/** Heights of the paths of a class, in pixels above the axis. */
const edges = (svg: string, letter: 'f' | 's') =>
  [...svg.matchAll(new RegExp(`<path class="${letter}\\d+"[^>]* d="M([^"]*)"`, 'g'))].map((match) => {
    const points = (match[1] ?? '')
      .replace('Z', '')
      .split('L')
      .map((point) => point.split(' ').map(Number))
    return points.slice(0, letter === 'f' ? -2 : undefined).map(([, y = 0]) => 476 - y)
  })

describe('the SVG', () => {
  it('stacks the categories up to the total, the largest at the bottom and drawn last', () => {
    const areas = edges(renderSvg(analysis), 'f')
    expect(areas).toHaveLength(names.length)
    const total = areas[0] ?? []
    const scale = Math.max(...total) / Math.max(...analysis.series.totalPssKb)
    analysis.series.totalPssKb.forEach((kb, point) => {
      expect(total[point]).toBeCloseTo(kb * scale, -0.5)
    })
    areas.slice(1).forEach((area, index) => {
      for (const [point, y] of area.entries()) expect(y).toBeLessThanOrEqual((areas[index]?.[point] ?? 0) + 0.1)
    })
  })

  it('draws lines of the sizes themselves, or both', () => {
    const lines = edges(renderSvg(analysis, { ...DEFAULT_VIEW, chart: 'lines' }), 's')
    const [major] = analysis.categories
    const largest = Math.max(...lines.map((line) => Math.max(...line)))
    const scale = largest / Math.max(...analysis.categories.map(({ peakKb }) => peakKb))
    expect(Math.max(...(lines[0] ?? []))).toBeCloseTo((major?.peakKb ?? 0) * scale, 0)
    const both = renderSvg(analysis, { ...DEFAULT_VIEW, chart: 'all' })
    expect([both.match(/<path class="f/g)?.length, both.match(/<path class="s/g)?.length]).toEqual([names.length, names.length])
    expect(both.match(/class="peak"/g)).toHaveLength(2)
  })

  it('has a legend of what it draws and says what was selected', () => {
    expect(legend(renderSvg(analysis))).toEqual(names)
    const selected = renderSvg(analysis, { ...DEFAULT_VIEW, selected: ['CPP_LINK'] })
    expect(legend(selected)).toEqual(['CPP_LINK'])
    expect(selected).toContain('Shown: CPP_LINK.')
    expect(legend(renderSvg(analysis, { ...DEFAULT_VIEW, categories: 'other' }))).toContain('Other/Other_protoc')
  })

  it('marks the peak, with a dot on the stack only where that is whole', () => {
    const svg = renderSvg(analysis)
    const x = Number(/class="peak"[^>]* d="M([\d.]+) /.exec(svg)?.[1])
    expect(x).toBeCloseTo(84 + (892 * (analysis.peak?.elapsedUs ?? 0)) / analysis.recording.durationUs, 0)
    expect(svg).toContain('>Peak 2.37 GiB at 7.63 s</text>')
    expect(svg).toContain('class="dot"')
    expect(renderSvg(analysis, { ...DEFAULT_VIEW, topN: 2 })).not.toContain('class="dot"')
  })

  it('is small however long the build was, says how it was thinned and keeps the peak', () => {
    const long = buildAnalysis({ points: 5000, ticks: 72_000, units: 900 })
    const svg = renderSvg(long)
    expect(svg.length).toBeLessThan(150_000)
    expect(svg).toMatch(/Thinned: 8\d\d of 72,000 ticks are drawn\./)
    const top = Math.max(...(edges(svg, 'f')[0] ?? []))
    // The dot is drawn at the size of the peak itself.
    expect(476 - Number(/class="dot"[^>]* cy="([\d.]+)"/.exec(svg)?.[1])).toBeCloseTo(top, 1)
  })

  it('refers to nothing outside of itself, and has a dark style for every band', () => {
    const svg = renderSvg(manyCategories(), { ...DEFAULT_VIEW, categories: 'detailed' })
    expect(svg).not.toMatch(/<script|href|url\(|@import|https?:(?!\/\/www\.w3\.org\/2000\/svg")/)
    expect(svg).toContain('@media (prefers-color-scheme: dark)')
    expect(svg.match(/\.f\d+\{fill:#[0-9a-f]{6}\}/g)).toHaveLength(40)
    expect(new Set(svg.match(/<rect class="f\d+" fill="#[0-9a-f]{6}"/g)).size).toBe(40)
  })

  it('is well-formed whatever users named, and of nothing', () => {
    const one: Analysis = { ...buildAnalysis({ points: 1 }), peak: null }
    for (const subject of [hostileAnalysis(), emptyAnalysis(), one]) {
      const svg = renderSvg(subject, { ...DEFAULT_VIEW, chart: 'all' })
      expect(svg).not.toMatch(/NaN|Infinity|undefined|<img|<script/)
      expect(svg).not.toMatch(/[^\P{Cc}\n]/u)
      const opened = svg.match(/<[a-z]+\b[^>]*(?<!\/)>/g)?.length
      expect(svg.match(/<\/[a-z]+>/g)?.length).toBe(opened)
    }
  })
})

describe('colours', () => {
  it('become those of sRGB', () => {
    expect(hexOf('oklch(1 0 0)')).toBe('#ffffff')
    expect(hexOf('oklch(0 0 0)')).toBe('#000000')
    expect(hexOf('oklch(0.628 0.2577 29.23)')).toBe('#ff0000')
    expect(hexOf('oklch(0.452 0.3132 264.05)')).toBe('#0000ff')
  })
})
