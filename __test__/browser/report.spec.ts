import { describe, expect, it } from 'vitest'
import { renderReport } from '../../ts/report/html.ts'
import { buildAnalysis, emptyAnalysis, HOSTILE, hostileAnalysis } from '../fixtures/analysis.ts'
import { drawn, useBrowser } from './harness.ts'

const analysis = buildAnalysis()

describe('the report', { timeout: 60_000 }, () => {
  const { open } = useBrowser()

  it('shows the key figures of the data', async () => {
    const page = await open(renderReport(analysis))
    const { peak, recording, trust } = analysis
    const figure = (id: string) => page.locator(`#figure-${id} data`).getAttribute('value').then(Number)
    expect(await figure('peak-size')).toBe(peak?.kb)
    expect(await figure('duration')).toBe(recording.durationUs)
    expect(await figure('live')).toBe(peak?.processes.length)
    expect(await figure('other-metric')).toBe(peak?.rssKb)
    expect(await figure('processes')).toBe(trust.processes)
    expect(await page.locator('h1').textContent()).toBe('demo')
    expect(await page.locator('#outcome').textContent()).toBe('exit 0')
    expect(await page.locator('header').textContent()).toContain('2026-01-02 03:04:05 +01:00')
  })

  it('lists the processes live at the peak, sorted by any column', async () => {
    const page = await open(renderReport(analysis))
    const live = analysis.peak?.processes ?? []
    const rows = page.locator('#peak-processes tbody tr')
    const pids = () =>
      rows
        .locator('td:nth-child(6)')
        .allTextContents()
        .then((cells) => cells.map(Number))
    expect(await pids()).toEqual(live.map((process) => process.pid))
    expect(
      await rows.locator('td:nth-child(2) data').evaluateAll((cells) => cells.map((cell) => Number((cell as HTMLDataElement).value))),
    ).toEqual(live.map((process) => process.kb))
    const started = page.locator('#peak-processes thead th', { hasText: 'Started' })
    await started.locator('button').click()
    expect(await started.getAttribute('aria-sort')).toBe('descending')
    const byStart = [...live].sort((a, b) => b.startUs - a.startUs).map((process) => process.pid)
    expect(await pids()).toEqual(byStart)
    await started.locator('button').click()
    expect(await started.getAttribute('aria-sort')).toBe('ascending')
    expect(await pids()).toEqual([...live].sort((a, b) => a.startUs - b.startUs).map((process) => process.pid))
    expect(await page.locator('#peak-processes [aria-sort]').count()).toBe(1)
  })

  it('filters a long table and shows all of it on request', async () => {
    const page = await open(renderReport(analysis))
    const rows = page.locator('#largest-processes tbody tr')
    expect(await page.locator('#peak-processes input').count()).toBe(0)
    expect(await rows.count()).toBe(20)
    await page.fill('#largest-processes-filter', 'direct_linker')
    expect(await rows.count()).toBe(3)
    expect(await page.locator('#largest-processes .count').textContent()).toBe('3 of 100 match')
    await page.fill('#largest-processes-filter', '')
    await page.click('#largest-processes > .quiet')
    expect(await rows.count()).toBe(100)
  })

  it('opens the command line behind a name by keyboard', async () => {
    const page = await open(renderReport(analysis))
    const opener = page.locator('#peak-processes .opener').first()
    await opener.focus()
    await page.keyboard.press('Enter')
    expect(await opener.getAttribute('aria-expanded')).toBe('true')
    expect(await page.locator('#peak-processes .detail code').textContent()).toBe(analysis.peak?.processes[0]?.command)
    await page.keyboard.press('Enter')
    expect(await page.locator('#peak-processes .detail').count()).toBe(0)
  })

  it('shows the figures of each category and, opened, of its minors', async () => {
    const page = await open(renderReport(analysis))
    const figures = (selector: string) =>
      page.locator(selector).evaluateAll((rows) => rows.map((row) => [...row.querySelectorAll('data')].map((cell) => Number(cell.value))))
    const of = (entry: { peakKb: number; atPeakKb: number; timeKbS: number; processes: number }) => [
      entry.peakKb,
      entry.atPeakKb,
      entry.timeKbS,
      entry.processes,
    ]
    expect(await figures('#categories tr[data-major]')).toEqual(analysis.categories.map(of))
    expect(await figures('#categories tr.minor')).toEqual(analysis.categories.flatMap((major) => major.minors.map(of)))
    expect(await page.locator('#categories tr.minor:visible').count()).toBe(0)
    await page.click('#categories tr[data-major=CPP_LINK] .opener')
    expect(await page.locator('#categories tr.minor:visible').count()).toBe(4)
  })

  it('says how far to trust it', async () => {
    const page = await open(renderReport(analysis))
    const trust = await page.locator('#trust').textContent()
    expect(trust).toContain('every 50 ms: 300 ticks, 5 late ones, by 12.4 ms at most, 2 skipped')
    expect(trust).toContain('450 processes recorded (419 sampled), 459 images; how many existed is not known')
    expect(trust).toContain('1 process could not be read')
    expect(trust).toContain(analysis.trust.warnings[0])
  })

  it('shows hostile strings as text', async () => {
    const hostile = hostileAnalysis()
    const page = await open(renderReport(hostile))
    await drawn(page)
    expect(await page.title()).toBe(`${HOSTILE.handler} -j8 · build memory`)
    expect(await page.locator('img').count()).toBe(0)
    expect(await page.locator('script').count()).toBe(3)
    expect(await page.locator('h1').textContent()).toBe(HOSTILE.handler)
    expect(await page.locator('header details > code').textContent()).toBe(hostile.recording.command.join(' '))
    expect(await page.locator('#trust li').allTextContents()).toEqual(hostile.trust.warnings)
    const legend = await page.locator('.band .name').allTextContents()
    expect(legend).toContain(HOSTILE.closing)
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(1280)
  })

  it('shows an empty recording without a chart', async () => {
    const page = await open(renderReport(emptyAnalysis()))
    expect(await page.locator('.notice').textContent()).toContain('Nothing was sampled')
    expect(await page.locator('#outcome').textContent()).toBe('did not start: make: No such file or directory')
    expect(await page.locator('canvas').count()).toBe(0)
    expect(await page.locator('#app').textContent()).not.toMatch(/NaN|undefined|null|Infinity/)
  })

  it('explains a browser that cannot decompress, and shows the tables', async () => {
    const page = await open(renderReport(analysis), { before: () => Reflect.deleteProperty(globalThis, 'DecompressionStream') })
    expect(await page.locator('[role=alert]').textContent()).toContain('cannot decompress the chart’s data')
    expect(await page.locator('#peak-processes tbody tr').count()).toBe(18)
  })

  it('explains damaged data', async () => {
    const html = renderReport(analysis).replace(/(id="series">.{2000})[^<]*/, '$1')
    const page = await open(html)
    expect(await page.locator('[role=alert]').textContent()).toContain('is damaged')
  })
})
