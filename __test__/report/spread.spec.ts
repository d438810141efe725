import { expect, test } from 'vitest'
import type { Analysis } from '../../ts/analysis/contract.ts'
import { spreadByLevel } from '../../ts/report/spread.ts'
import { buildAnalysis } from '../fixtures/analysis.ts'

function recorded(jobs: number, durationUs: number, peakKb: number | null, exitCode = 0): Analysis {
  const analysis = buildAnalysis({ jobs, points: 10 })
  const { recording, peak } = analysis
  return {
    ...analysis,
    recording: { ...recording, durationUs, exitCode },
    peak: peak && peakKb !== null ? { ...peak, kb: peakKb } : null,
  }
}

test('median, smallest, largest and number of each level, in the order of the list', () => {
  const analyses = [recorded(8, 5, 50), recorded(1, 9, 90), recorded(8, 3, 30), recorded(1, 7, 70), recorded(8, 4, 10)]
  expect(spreadByLevel(analyses)).toMatchObject([
    { jobs: 8, recordings: 3, durationUs: { n: 3, median: 4, min: 3, max: 5 }, peakKb: { n: 3, median: 30, min: 10, max: 50 } },
    { jobs: 1, recordings: 2, durationUs: { n: 2, median: 8, min: 7, max: 9 }, peakKb: { n: 2, median: 80, min: 70, max: 90 } },
  ])
})

test('a build that failed is counted, but where it stopped is no figure of its level', () => {
  const analyses = [recorded(2, 100, 100), recorded(2, 1, 1, 2), recorded(4, 1, 1, 2), recorded(2, 102, null)]
  expect(spreadByLevel(analyses)).toMatchObject([
    { jobs: 2, recordings: 3, durationUs: { n: 2, median: 101 }, peakKb: { n: 1, median: 100, min: 100, max: 100 } },
    { jobs: 4, recordings: 1, durationUs: null, peakKb: null },
  ])
  expect(spreadByLevel([])).toEqual([])
})
