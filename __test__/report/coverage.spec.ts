import { expect, test } from 'vitest'
import type { Trust } from '../../ts/analysis/contract.ts'
import { resultLines } from '../../ts/cli/ui/result.ts'
import { coverageText } from '../../ts/report/coverage.ts'
import { renderMarkdown } from '../../ts/report/markdown.ts'
import { renderSummaryLog } from '../../ts/report/text.ts'
import { trustFacts } from '../../ts/report/trust-facts.ts'
import { buildAnalysis } from '../fixtures/analysis.ts'

const { trust: fixture, ...analysis } = buildAnalysis({ points: 30 })
const trust: Trust = { ...fixture, images: 1370, processes: 362, sampledProcesses: 113 }
const exits = { exitRecords: 360, lostProcesses: 2, attributedCpuUs: 1 }
const plain = (text: string) => text
const paint = { bold: plain, dim: plain, green: plain, red: plain, yellow: plain, cyan: plain }
const existed = { existedProcesses: 363, unrecordedProcesses: 1 }

test.each<[Partial<Trust>, string]>([
  [{}, '362 processes recorded (113 sampled), 1,370 images; how many existed is not known'],
  [exits, '362 processes recorded (113 sampled, 360 with exit record, 2 lost), 1,370 images; how many existed is not known'],
  [{ ...exits, ...existed, lostProcesses: 0 }, '362 of 363 processes recorded (113 sampled, 360 with exit record), 1,370 images'],
  [{ ...existed, eventOverflows: 1 }, '362 of at least 363 processes recorded (113 sampled), 1,370 images'],
])('what was recorded of what existed: %o', (facts, sentence) => {
  const shown = { ...analysis, trust: { ...trust, ...facts } }
  expect(coverageText(shown.trust)).toBe(sentence)
  expect(resultLines(shown, paint).join('\n')).toContain(`; ${sentence}; `)
  expect(renderSummaryLog(shown)).toContain(`Coverage: ${sentence}\n`)
  expect(renderMarkdown(shown)).toContain(`- **Coverage:** ${sentence}. `)
  expect(new Map(trustFacts(shown)).get('Coverage')).toContain(sentence)
})

test('of a mymonitor that died the last tick told what sampling had cost, and the rest is unknown, not nothing', () => {
  const ownCost = { samplerCpuUs: 1_230_000, cpuUs: null, launcherCpuUs: null, peakRssKb: null }
  const died = { ...analysis, trust: { ...trust, ownCost } }
  expect(renderSummaryLog(died)).toContain('Own Cost: sampler 1.23s CPU, the rest unknown\n')
  expect(renderMarkdown(died)).toContain('- **Own cost:** 1.23 s of CPU for sampling until mymonitor died; the rest is unknown.\n')
  expect(resultLines(died, paint).join('\n')).toContain('; own cost 1.23 s CPU of sampling, the rest unknown\n')
})

test('what a mymonitor that died has cost is unknown, not nothing', () => {
  const died = { ...analysis, trust: { ...trust, ownCost: null, unreadableProcesses: null } }
  expect(renderSummaryLog(died)).toContain('Processes Unreadable: unknown\n')
  expect(renderSummaryLog(died)).toContain('Own Cost: unknown\n')
  expect(renderMarkdown(died)).toContain('- **Own cost:** Unknown.\n')
  expect(resultLines(died, paint).join('\n')).toContain('; own cost unknown\n')
})
