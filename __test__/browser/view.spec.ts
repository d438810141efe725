import { describe, expect, it } from 'vitest'
import type { Analysis } from '../../ts/analysis/contract.ts'
import { renderReport } from '../../ts/report/html.ts'
import { renderPng } from '../../ts/report/png.ts'
import { resample } from '../../ts/report/resample.ts'
import { renderSvg } from '../../ts/report/svg.ts'
import { DEFAULT_VIEW, type ReportView } from '../../ts/report/view.ts'
import { buildAnalysis } from '../fixtures/analysis.ts'
import { drawn, useBrowser, violations } from './harness.ts'

const analysis = buildAnalysis()
const majors = analysis.categories.map(({ name }) => name)
const report = (view: Partial<ReportView>, of: Analysis = analysis) => renderReport(of, { ...DEFAULT_VIEW, ...view })

describe('the flags of a report', { timeout: 60_000 }, () => {
  const { open } = useBrowser()
  const pressed = (page: Awaited<ReturnType<typeof open>>) =>
    page.locator('.choice [aria-pressed=true]').evaluateAll((buttons) => buttons.map((button) => button.getAttribute('data-name')))

  it('say where it begins: lines, and what is expanded', async () => {
    const lines = await open(report({ chart: 'lines', categories: 'other' }))
    expect((await drawn(lines)).keys).toContain('Other/Other_flex')
    expect((await drawn(lines)).bands).toEqual([])
    expect(await pressed(lines)).toEqual(['other', 'lines'])
    await lines.click('[data-name=stacked]')
    expect((await drawn(lines)).data.at(-1)).toEqual(analysis.series.totalPssKb)

    const both = await open(report({ chart: 'all', categories: 'detailed' }))
    expect(await pressed(both)).toEqual(['detailed', 'stacked'])
    expect((await drawn(both)).keys).toHaveLength(analysis.series.groups.length)
  })

  it('hide what was not asked for, in every view, until the legend shows it', async () => {
    const page = await open(report({ selected: ['cpp_link', 'Other_flex'], categories: 'major' }))
    expect((await drawn(page)).shown).toEqual(majors.map((name) => name === 'CPP_LINK' || name === 'Other'))
    expect(await page.locator('#selected').textContent()).toBe('Shown at first: cpp_link, Other_flex. The legend shows the others.')
    await page.click('[data-name=detailed]')
    const detailed = await drawn(page)
    expect(detailed.keys.filter((_, index) => detailed.shown[index])).toEqual([
      ...(analysis.categories.find(({ name }) => name === 'CPP_LINK')?.minors.map(({ name }) => `CPP_LINK/${name}`) ?? []),
      'Other/Other_flex',
    ])
    await page.click('#show-all')
    expect((await drawn(page)).shown).not.toContain(false)
    expect((await drawn(page)).data.at(-1)).toEqual(analysis.series.totalPssKb)
    // Tables hold everything.
    expect(await page.locator('#categories tr[data-major]').count()).toBe(majors.length)
  })

  it('show the N largest of each view', async () => {
    const page = await open(report({ topN: 2 }))
    expect((await drawn(page)).shown.filter((shown) => shown)).toHaveLength(2)
    expect((await drawn(page)).shown.slice(0, 2)).toEqual([true, true])
    expect(await page.locator('#chart-status').textContent()).toContain('2 of 6 categories')
    expect(await page.locator('#selected').textContent()).toContain('the 2 largest.')
    await page.click('[data-name=detailed]')
    expect((await drawn(page)).shown.filter((shown) => shown)).toHaveLength(2)
  })

  it('say how the series was resampled, and the total of every point is one of a tick', async () => {
    const resampled = { ...analysis, series: resample(analysis.series, 'pss', 1e6) }
    const page = await open(report({ resampleUs: 1e6 }, resampled))
    const { data, seconds } = await drawn(page)
    expect(seconds).toHaveLength(15)
    expect(data.at(-1)).toEqual(resampled.series.totalPssKb)
    expect(Math.max(...(data.at(-1) ?? []))).toBe(analysis.peak?.kb)
    expect(await page.locator('#thinned').textContent()).toBe(
      'Resampled: 15 of 300 ticks are drawn, of each 1.00 s the one with the largest total PSS. Peaks, tables and totals come from all of them.',
    )
  })

  it('leave nothing to say where nothing was asked for', async () => {
    const page = await open(report({}))
    await drawn(page)
    expect(await page.locator('#selected, #thinned').count()).toBe(0)
  })

  for (const colorScheme of ['light', 'dark'] as const) {
    it(`axe finds nothing in what they change, ${colorScheme}`, async () => {
      const page = await open(report({ chart: 'lines', selected: ['Other_flex'], categories: 'detailed', topN: 3, resampleUs: 1e6 }), {
        colorScheme,
      })
      await drawn(page)
      expect(await violations(page)).toEqual([])
    })
  }
})

describe('what is said about the peak and the exits', { timeout: 60_000 }, () => {
  const { open } = useBrowser()
  const { peak, trust } = analysis
  if (peak === null) throw new Error('the fixture has no peak')

  it('without exit records: the bound and what is missing in it, and that short processes are not known', async () => {
    const page = await open(report({}, { ...analysis, peak: { ...peak, withoutMark: 12 } }))
    expect(await page.locator('#figure-bound data').getAttribute('value')).toBe(String(peak.upperBoundRssKb))
    expect(await page.locator('#figure-bound').textContent()).toContain('incomplete: 12 processes without a high-water mark')
    expect(await page.locator('#figure-peak-size').textContent()).toContain('modelled ± 1.2 %, at 7.63 s')
    const text = await page.locator('#trust').textContent()
    expect(text).toContain('those that lived between two ticks are missing')
    expect(text).toContain('It is incomplete: 12 processes have no high-water mark')
    expect(text).toContain('Modelled from the resident and shared sizes')
    expect(text).toContain('not confirmed')
    expect(text).not.toContain('Exit records')
  })

  it('with exit records: how many, what was lost, the CPU time in them', async () => {
    const exits = { ...trust, exitRecords: 440, lostProcesses: 10, attributedCpuUs: 90e6, buildCpuUs: 100e6 }
    const measured = { ...peak, pssSource: 'measured' as const, confirmedPssKb: peak.pssKb }
    const page = await open(report({}, { ...analysis, trust: exits, peak: measured }))
    expect(await page.locator('#figure-bound').textContent()).toContain('between the ticks')
    expect(await page.locator('#figure-processes').textContent()).toContain(
      '450 processes recorded (419 sampled, 440 with exit record, 10 lost)',
    )
    const text = await page.locator('#trust').textContent()
    expect(text).not.toContain('are not known')
    expect(text).toContain('known by their exit records, unless a signal ended them')
    expect(text).toContain('Of 440 of the 450 processes, with high-water mark and CPU time; 10 ended in a way that leaves none')
    expect(text).toContain('They hold 1 min 30 s of CPU of the 1 min 40 s (90.0 %) the build used.')
    expect(text).toContain('the kernel’s own count')
    expect(await violations(page)).toEqual([])
  })
})

describe('the SVG in a browser', { timeout: 60_000 }, () => {
  const { open } = useBrowser()

  it('follows the colour scheme and needs no network', async () => {
    // Inlined, so that what is asked of a page can be asked of it.
    const html = `<!doctype html><html lang="en"><title>svg</title><body>${renderSvg(analysis, { ...DEFAULT_VIEW, chart: 'all' })}</body></html>`
    const page = await open(html)
    const fill = (selector: string) =>
      page
        .locator(selector)
        .first()
        .evaluate((element) => getComputedStyle(element).fill)
    expect(await fill('.page')).toBe('rgb(255, 255, 255)')
    const light = await fill('.f0')
    await page.emulateMedia({ colorScheme: 'dark' })
    expect(await fill('.page')).toBe('rgb(18, 22, 27)')
    expect(await fill('.f0')).not.toBe(light)
    expect(await page.locator('path[class^=f]').count()).toBe(majors.length)
    const parsed = await page.evaluate(
      (svg) => new DOMParser().parseFromString(svg, 'image/svg+xml').querySelector('parsererror') === null,
      renderSvg(analysis),
    )
    expect(parsed).toBe(true)
  })

  it('becomes a PNG of twice its size', async () => {
    const png = Buffer.from(await renderPng(analysis, DEFAULT_VIEW, process.env))
    const [, width, height] = /width="(\d+)" height="(\d+)"/.exec(renderSvg(analysis)) ?? []
    expect(png.subarray(1, 4).toString()).toBe('PNG')
    expect([png.readUInt32BE(16), png.readUInt32BE(20)]).toEqual([2 * Number(width), 2 * Number(height)])
  })
})
