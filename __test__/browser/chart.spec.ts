import type { Page } from 'playwright-core'
import { describe, expect, it } from 'vitest'
import { renderReport } from '../../ts/report/html.ts'
import { buildAnalysis } from '../fixtures/analysis.ts'
import { drawn, useBrowser } from './harness.ts'

const analysis = buildAnalysis()
const { series, categories } = analysis
const majorNames = categories.map((major) => major.name)
const totals = series.totalPssKb
const last = majorNames.length - 1

const majorKb = (name: string, point: number) =>
  series.groups.reduce((sum, group) => sum + (group.major === name ? (group.kb[point] ?? 0) : 0), 0)

const plotArea = async (page: Page) => {
  await page.locator('#time').evaluate((section) => section.scrollIntoView())
  const box = await page.locator('#chart .u-over').boundingBox()
  if (box === null) throw new Error('the chart has no area')
  return box
}

/** Puts the mouse on a point and returns what the tooltip says. */
const readTooltip = async (page: Page, point: number) => {
  const { from, to, seconds } = await drawn(page)
  const box = await plotArea(page)
  await page.mouse.move(box.x + (box.width * ((seconds[point] ?? 0) - from)) / (to - from), box.y + box.height / 2)
  await page.waitForSelector('.tooltip:not([hidden])')
  return tooltip(page)
}
const tooltip = (page: Page) =>
  page
    .locator('.tooltip tr')
    .evaluateAll((rows) => rows.map((row) => [row.getAttribute('data-key') ?? '', Number(row.querySelector('data')?.value)] as const))

const drag = async (page: Page, from: number, to: number) => {
  const box = await plotArea(page)
  await page.mouse.move(box.x + box.width * from, box.y + 100)
  await page.mouse.down()
  await page.mouse.move(box.x + box.width * to, box.y + 120, { steps: 5 })
  await page.mouse.up()
}

const button = (page: Page, key: string) => page.locator(`.band[data-key="${key}"]`)
const status = (page: Page) => page.locator('#chart-status').textContent()

describe('the chart', { timeout: 60_000 }, () => {
  const { open } = useBrowser()

  it('stacks the major categories up to the total of every tick', async () => {
    const state = await drawn(await open(renderReport(analysis)))
    expect(state.keys).toEqual(majorNames)
    expect(state.seconds.map((second) => Math.round(second * 1e6))).toEqual(series.elapsedUs)
    expect(state.data[last]).toEqual(totals)
    expect(state.bands).toEqual(majorNames.slice(1).map((_, index) => [index + 2, index + 1]))
    expect(state.top).toBeGreaterThan(Math.max(...totals))
  })

  it('draws lines of the sizes themselves', async () => {
    const page = await open(renderReport(analysis))
    await page.click('[data-name=lines]')
    const state = await drawn(page)
    expect(state.bands).toEqual([])
    majorNames.forEach((name, index) => {
      expect(state.data[index]).toEqual(totals.map((_, point) => majorKb(name, point)))
    })
    expect(await page.locator('[data-name=stacked]').getAttribute('aria-pressed')).toBe('false')
  })

  it('has three views with a legend each', async () => {
    const page = await open(renderReport(analysis))
    const legend = () => page.locator('.band').evaluateAll((items) => items.map((item) => item.getAttribute('data-key')))
    expect(await legend()).toEqual(majorNames)

    await page.click('[data-name=detailed]')
    const detailed = await drawn(page)
    expect(detailed.keys).toEqual(categories.flatMap((major) => major.minors.map((minor) => `${major.name}/${minor.name}`)))
    expect(await legend()).toEqual(detailed.keys)
    expect(detailed.data.at(-1)).toEqual(totals)

    await page.click('[data-name=other]')
    const other = await drawn(page)
    expect(other.keys).toEqual(
      majorNames.flatMap((name) => (name === 'Other' ? ['Other/Other_protoc', 'Other/Other_flex', 'Other/Other_m4'] : [name])),
    )
    expect(await legend()).toEqual(other.keys)
    expect(other.data.at(-1)).toEqual(totals)
  })

  it('hides a category by its legend button, restacks the others and keeps the zoom', async () => {
    const page = await open(renderReport(analysis))
    await drag(page, 0.2, 0.6)
    const before = await drawn(page)
    await button(page, 'CPP_COMPILE').click()
    const after = await drawn(page)
    expect(await button(page, 'CPP_COMPILE').getAttribute('aria-pressed')).toBe('false')
    expect(after.shown).toEqual(majorNames.map((name) => name !== 'CPP_COMPILE'))
    expect(after.data[last]).toEqual(totals.map((total, point) => total - majorKb('CPP_COMPILE', point)))
    expect(after.bands.flat()).not.toContain(1 + majorNames.indexOf('CPP_COMPILE'))
    expect([after.from, after.to]).toEqual([before.from, before.to])
    expect(after.top).toBeLessThan(before.top)
    expect(await status(page)).toContain('5 of 6 categories')

    await button(page, 'CPP_COMPILE').click()
    expect((await drawn(page)).data).toEqual(before.data)
  })

  it('shows one category alone by a double click or by Shift, and all again by the next', async () => {
    const page = await open(renderReport(analysis))
    const shown = async () => (await drawn(page)).shown.filter((isShown) => isShown).length
    await button(page, 'CPP_LINK').dblclick()
    const alone = await drawn(page)
    expect(alone.shown).toEqual(majorNames.map((name) => name === 'CPP_LINK'))
    expect(alone.bands).toEqual([])
    await button(page, 'CPP_LINK').dblclick()
    expect(await shown()).toBe(6)
    await button(page, 'Other').click({ modifiers: ['Shift'] })
    expect(await shown()).toBe(1)
    await button(page, 'Other').click({ modifiers: ['Shift'] })
    expect(await shown()).toBe(6)
    await button(page, 'Other').click({ modifiers: ['Shift'] })
    await page.click('#show-all')
    expect(await shown()).toBe(6)
    expect(await page.locator('#show-all').isDisabled()).toBe(true)
  })

  it('remembers what is hidden in each view', async () => {
    const page = await open(renderReport(analysis))
    await button(page, 'CPP_COMPILE').click()
    await page.click('[data-name=detailed]')
    expect((await drawn(page)).shown).not.toContain(false)
    await page.click('[data-name=major]')
    expect((await drawn(page)).shown[0]).toBe(false)
  })

  it('zooms by dragging, across views too, and resets by a double click', async () => {
    const page = await open(renderReport(analysis))
    const full = await drawn(page)
    expect([full.from, full.to]).toEqual([0, analysis.recording.durationUs / 1e6])
    await drag(page, 0.25, 0.5)
    const zoomed = await drawn(page)
    expect(zoomed.from).toBeCloseTo(0.25 * full.to, 0)
    expect(zoomed.to).toBeCloseTo(0.5 * full.to, 0)
    await page.click('[data-name=lines]')
    expect((await drawn(page)).from).toBe(zoomed.from)
    const box = await plotArea(page)
    await page.mouse.dblclick(box.x + 200, box.y + 200)
    await expect.poll(async () => (await drawn(page)).to).toBe(full.to)
    expect((await drawn(page)).from).toBe(0)
  })

  it('leaves the wheel to the page until it is meant', async () => {
    const page = await open(renderReport(analysis))
    const box = await plotArea(page)
    const width = async () => {
      const { from, to } = await drawn(page)
      return to - from
    }
    await page.mouse.move(box.x + box.width / 2, box.y + 150)
    const scrolled = () => page.evaluate(() => scrollY)
    const before = await scrolled()
    await page.mouse.wheel(0, -200)
    await expect.poll(scrolled).toBeLessThan(before)
    expect(await width()).toBe(15)

    await page.locator('#time').evaluate((section) => section.scrollIntoView())
    await page.mouse.click(box.x + box.width / 2, box.y + 150)
    await page.mouse.wheel(0, -300)
    await expect.poll(width).toBeLessThan(15)
    await page.mouse.wheel(0, 300)
    await expect.poll(width).toBeCloseTo(15, 6)
  })

  it('says in the tooltip what each category had at that tick, largest first, and the total', async () => {
    const page = await open(renderReport(analysis))
    for (const point of [40, 150, 285]) {
      const expected = majorNames
        .map((name) => [name, majorKb(name, point)] as const)
        .filter(([, kb]) => kb > 0)
        .sort((a, b) => b[1] - a[1])
      expect(await readTooltip(page, point)).toEqual([...expected, ['=total', totals[point]]])
    }
  })

  it('tells the sum of what is shown from the total while something is hidden', async () => {
    const page = await open(renderReport(analysis))
    await button(page, 'CPP_COMPILE').click()
    const rows = new Map(await readTooltip(page, 150))
    expect(rows.has('CPP_COMPILE')).toBe(false)
    expect(rows.get('=shown')).toBe((totals[150] ?? 0) - majorKb('CPP_COMPILE', 150))
    expect(rows.get('=total')).toBe(totals[150])
  })

  it('can be read and moved by keyboard', async () => {
    const page = await open(renderReport(analysis))
    await drawn(page)
    await page.focus('#chart')
    const total = async () => new Map(await tooltip(page)).get('=total')
    await page.keyboard.press('ArrowRight')
    expect(await total()).toBe(totals[0])
    await page.keyboard.press('ArrowRight')
    expect(await total()).toBe(totals[1])
    await page.keyboard.press('End')
    expect(await total()).toBe(totals.at(-1))
    expect(await page.locator('[aria-live=polite]').textContent()).toMatch(/^At 14\.\d\d s: total /)
    await page.keyboard.press('ArrowLeft')
    expect(await total()).toBe(totals.at(-2))
    await page.keyboard.press('Escape')
    expect(await page.locator('.tooltip').isHidden()).toBe(true)

    await page.keyboard.press('+')
    const zoomed = await drawn(page)
    expect([zoomed.from, zoomed.to]).toEqual([2.5, 12.5])
    await page.keyboard.press('Shift+ArrowRight')
    expect((await drawn(page)).from).toBeCloseTo(4.5, 6)
    await page.keyboard.press('-')
    expect((await drawn(page)).to).toBe(15)
    await page.keyboard.press('0')
    const reset = await drawn(page)
    expect([reset.from, reset.to]).toEqual([0, 15])
  })

  it('zooms by its buttons', async () => {
    const page = await open(renderReport(analysis))
    await page.click('[aria-label="Zoom in"]')
    expect((await drawn(page)).from).toBe(2.5)
    await page.click('[aria-label="Zoom out"]')
    expect((await drawn(page)).from).toBe(0)
  })

  it('marks the peak where it was and hides the mark when it is out of sight', async () => {
    const page = await open(renderReport(analysis))
    const seconds = (analysis.peak?.elapsedUs ?? 0) / 1e6
    const box = await plotArea(page)
    const marker = await page.locator('#peak-marker').boundingBox()
    expect(((marker?.x ?? 0) - box.x) / box.width).toBeCloseTo(seconds / 15, 2)
    expect(await page.locator('#peak-marker .label').textContent()).toBe('Peak 2.37 GiB at 7.63 s')
    await drag(page, 0.7, 0.9)
    await expect.poll(() => page.locator('#peak-marker').isHidden()).toBe(true)
  })

  it('repaints the canvas when the colour scheme changes, by the system or by the button', async () => {
    const page = await open(renderReport(analysis))
    await drawn(page)
    const picture = () => page.locator('#chart canvas').evaluate((canvas: HTMLCanvasElement) => canvas.toDataURL())
    const light = await picture()
    await page.emulateMedia({ colorScheme: 'dark' })
    await expect.poll(picture).not.toBe(light)
    const dark = await picture()
    expect(await page.evaluate(() => getComputedStyle(document.body).backgroundColor)).toBe('rgb(18, 22, 27)')
    await page.click('#scheme')
    await expect.poll(picture).toBe(light)
    expect(await page.evaluate(() => getComputedStyle(document.body).backgroundColor)).toBe('rgb(255, 255, 255)')
    await page.click('#scheme')
    await expect.poll(picture).toBe(dark)
  })

  it('prints in light colours and returns to the dark ones', async () => {
    const page = await open(renderReport(analysis), { colorScheme: 'dark' })
    await drawn(page)
    const background = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor)
    await page.evaluate(() => dispatchEvent(new Event('beforeprint')))
    expect(await background()).toBe('rgb(255, 255, 255)')
    await page.evaluate(() => dispatchEvent(new Event('afterprint')))
    expect(await background()).toBe('rgb(18, 22, 27)')
  })

  it('has the same content as a table, of what is shown', async () => {
    const page = await open(renderReport(analysis))
    await drawn(page)
    await page.click('#chart-table summary')
    const table = page.locator('#chart-table table')
    const header = await table.locator('thead th').allTextContents()
    expect(header).toEqual(['Time', 'Total', ...majorNames])
    const second = await table
      .locator('tbody tr:nth-child(2) data')
      .evaluateAll((cells) => cells.map((cell) => Number((cell as HTMLDataElement).value)))
    expect(second).toEqual([totals[6], ...majorNames.map((name) => majorKb(name, 6))])
    await button(page, 'Scripting').click()
    await expect.poll(() => table.locator('thead th').count()).toBe(header.length - 1)
  })

  it('fits a window that becomes narrow', async () => {
    const page = await open(renderReport(analysis))
    await drawn(page)
    await page.setViewportSize({ width: 390, height: 800 })
    await expect.poll(async () => (await page.locator('#chart .u-wrap').boundingBox())?.width).toBeLessThan(390)
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(390)
  })

  it('draws a thinned series of 5,000 points and says so', async () => {
    const long = buildAnalysis({ points: 5000, ticks: 24_000, units: 900 })
    const page = await open(renderReport(long))
    const state = await drawn(page)
    expect(state.data.at(-1)).toEqual(long.series.totalPssKb)
    expect(await page.locator('#thinned').textContent()).toContain('5,000 of 24,000 ticks')
  })

  it('shows a single tick', async () => {
    const page = await open(renderReport(buildAnalysis({ points: 1 })))
    const state = await drawn(page)
    expect(state.seconds).toEqual([0.025])
    expect([state.from, state.to]).toEqual([0, 0.05])
  })
})
