import { describe, expect, it } from 'vitest'
import { renderReport } from '../../ts/report/html.ts'
import { renderRunPlot } from '../../ts/report/run-plot.ts'
import { buildAnalysis, emptyAnalysis, hostileAnalysis, manyCategories } from '../fixtures/analysis.ts'
import { drawn, useBrowser, violations } from './harness.ts'

const analysis = buildAnalysis()

describe('every report', { timeout: 60_000 }, () => {
  const { open } = useBrowser()

  for (const colorScheme of ['light', 'dark'] as const) {
    for (const width of [1280, 390]) {
      it(`axe finds nothing, ${colorScheme}, ${width} px wide`, async () => {
        for (const subject of [analysis, hostileAnalysis(), manyCategories(), emptyAnalysis()]) {
          const page = await open(renderReport(subject), { colorScheme, viewport: { width, height: 900 } })
          if (subject.peak !== null) {
            await drawn(page)
            await page.click('[data-name=detailed]')
            await page.locator('.band').first().click()
            await page.click('#chart-table summary')
            await page.locator('#peak-processes .opener').first().click()
            await page.locator('#categories .opener').first().click()
          }
          expect(await violations(page)).toEqual([])
        }
        const failed = { ...analysis, recording: { ...analysis.recording, exitCode: 2 } }
        const plot = await open(renderRunPlot([analysis, failed]), { colorScheme, viewport: { width, height: 900 } })
        expect(await violations(plot)).toEqual([])
      })
    }
  }
})
