import { existsSync, readFileSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, expect } from 'vitest'
import { buildClient } from '../report/client-bundle.ts'

const CANDIDATES = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']
const executablePath = process.env['MYMONITOR_CHROMIUM'] ?? CANDIDATES.find((path) => existsSync(path))
const MISSING = `no Chromium: set MYMONITOR_CHROMIUM or install one of ${CANDIDATES.join(', ')}`
const OFFLINE = ['--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync']

export interface OpenOptions extends BrowserContextOptions {
  /** Runs in the page before its own script. */
  before?: () => void
  /** Messages of the page's console that the test expects. */
  expectErrors?: boolean
}

/** Opens a report from a file. After each test: nothing but the file was requested and the console stayed empty. */
export function useBrowser(): { open: (html: string, options?: OpenOptions) => Promise<Page> } {
  let browser: Browser | undefined
  let directory = ''
  let opened: { page: Page; requests: string[]; errors: string[]; url: string; expectErrors: boolean }[] = []

  beforeAll(async () => {
    if (executablePath === undefined) return
    buildClient()
    directory = await mkdtemp(join(tmpdir(), 'mymonitor-report-'))
    browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--headless', '--disable-gpu', ...OFFLINE] })
  })
  beforeEach((context) => context.skip(executablePath === undefined, MISSING))
  afterEach(async () => {
    const pages = opened
    opened = []
    for (const { page, requests, errors, url, expectErrors } of pages) {
      await page.context().close()
      expect(requests).toEqual([url])
      if (!expectErrors) expect(errors).toEqual([])
    }
  })
  afterAll(async () => {
    await browser?.close()
    if (directory !== '') await rm(directory, { recursive: true })
  })

  return {
    async open(html, { before, expectErrors = false, ...options } = {}) {
      if (browser === undefined) throw new Error(MISSING)
      const file = join(directory, `report-${opened.length}.html`)
      await writeFile(file, html)
      const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, colorScheme: 'light', ...options })
      const page = await context.newPage()
      page.setDefaultTimeout(10_000)
      const entry = { page, requests: [] as string[], errors: [] as string[], url: pathToFileURL(file).href, expectErrors }
      opened.push(entry)
      page.on('request', (request) => entry.requests.push(request.url()))
      page.on('console', (message) => entry.errors.push(message.text()))
      page.on('pageerror', (error) => entry.errors.push(error.message))
      if (before !== undefined) await page.addInitScript(before)
      await page.goto(entry.url)
      return page
    },
  }
}

const axeSource = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

/** What axe finds, one line a rule and element. It enters by the debugger, which the report's policy does not bind. */
export async function violations(page: Page): Promise<string[]> {
  await page.evaluate(axeSource)
  return page.evaluate(async () => {
    const { axe } = globalThis as unknown as { axe: { run: () => Promise<{ violations: { id: string; nodes: { html: string }[] }[] }> } }
    const { violations: found } = await axe.run()
    return found.flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.html.slice(0, 200)}`))
  })
}

/** What the chart draws: uPlot's own state. */
export interface Drawn {
  keys: string[]
  shown: boolean[]
  seconds: number[]
  data: number[][]
  bands: [number, number][]
  from: number
  to: number
  top: number
}

export async function drawn(page: Page): Promise<Drawn> {
  await page.waitForSelector('#chart .u-over')
  return page.evaluate(() => {
    interface Plot {
      series: { label?: string; show: boolean }[]
      data: ArrayLike<number>[]
      bands: { series: [number, number] }[]
      scales: Record<'x' | 'y', { min: number; max: number }>
    }
    const { uplot } = document.querySelector('#chart') as unknown as { uplot: Plot }
    const series = uplot.series.slice(1)
    return {
      keys: series.map(({ label }) => label ?? ''),
      shown: series.map(({ show }) => show),
      seconds: Array.from(uplot.data[0] ?? []),
      data: uplot.data.slice(1).map((column) => Array.from(column)),
      bands: (uplot.bands ?? []).map((band) => band.series),
      from: uplot.scales.x.min,
      to: uplot.scales.x.max,
      top: uplot.scales.y.max,
    }
  })
}
