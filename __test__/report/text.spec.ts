import { describe, expect, it } from 'vitest'
import type { Analysis, Peak } from '../../ts/analysis/contract.ts'
import { renderSummaryLog } from '../../ts/report/text.ts'
import { buildAnalysis, emptyAnalysis, HOSTILE, hostileAnalysis } from '../fixtures/analysis.ts'

const full = buildAnalysis()
const withRecording = (part: Partial<Analysis['recording']>): Analysis => ({ ...full, recording: { ...full.recording, ...part } })
const exitLine = (part: Partial<Analysis['recording']>) =>
  renderSummaryLog(withRecording(part))
    .split('\n')
    .find((line) => line.startsWith('Build Exit Code'))

describe('summary.log', () => {
  it('begins with the six lines of the Python MyMonitor, in its order and wording', () => {
    const analysis = {
      ...withRecording({ project: 'qemu', durationUs: 125_300_000 }),
      peak: full.peak === null ? null : { ...full.peak, kb: 15_000_000 },
    }
    expect(
      renderSummaryLog({ ...analysis, trust: { ...analysis.trust, ticks: 2506 } })
        .split('\n')
        .slice(0, 8),
    ).toEqual([
      'Project: qemu',
      'Parallelism: -j8',
      'Total Build & Monitoring Duration: 125.3s (125.30 seconds)',
      'Peak Overall Memory (PSS_KB): 15000000 KB',
      'Samples Collected: 2506',
      'Build Exit Code: 0',
      '',
      '--- Category Peak Memory Usage ---',
    ])
  })

  it('lists majors and their minors with totals and pid counts, indented as the Python MyMonitor did', () => {
    const figures = (peakKb: number, processes: number) => ({ peakKb, atPeakKb: 0, timeKbS: 0, processes })
    const categories = [
      {
        name: 'CPP_Compile',
        ...figures(12_000_000, 800),
        minors: [
          { name: 'GCCInternalCompiler', ...figures(10_000_000, 600) },
          { name: 'Driver_Compile', ...figures(2_000_000, 200) },
        ],
      },
      { name: 'CPP_Link', ...figures(2_500_000, 45), minors: [{ name: 'DirectLinker', ...figures(2_500_000, 45) }] },
    ]
    expect(renderSummaryLog({ ...full, categories })).toContain(`--- Category Peak Memory Usage ---

CPP_Compile:
  Total Peak Memory: 12000000 KB (800 total pids)
    GCCInternalCompiler: 10000000 KB (600 pids)
    Driver_Compile: 2000000 KB (200 pids)

CPP_Link:
  Total Peak Memory: 2500000 KB (45 total pids)
    DirectLinker: 2500000 KB (45 pids)

--- Live at the Peak ---
`)
  })

  it('leaves the parallelism out of a run without a level', () => {
    expect(renderSummaryLog(withRecording({ jobs: null }))).not.toContain('Parallelism')
  })

  it('names the metric of the peak', () => {
    expect(renderSummaryLog({ ...full, metric: 'rss' })).toContain('Peak Overall Memory (RSS_KB): ')
  })

  it('gives the exit status as a shell would, and its cause', () => {
    expect(exitLine({ exitCode: 2 })).toBe('Build Exit Code: 2')
    expect(exitLine({ exitCode: null, signal: 9 })).toBe('Build Exit Code: 137 (killed by KILL)')
    expect(exitLine({ exitCode: null, signal: 15, timedOut: true })).toBe('Build Exit Code: 143 (timed out; killed by TERM)')
    expect(exitLine({ exitCode: 130, interruptedBy: 2 })).toBe('Build Exit Code: 130 (interrupted by INT)')
    expect(exitLine({ exitCode: null })).toBe('Build Exit Code: exit status unknown')
  })

  it('lists the twenty largest processes at the peak and sums up the others', () => {
    const process = full.peak?.processes[0]
    if (full.peak === null || process === undefined) throw new Error('the fixture has no peak')
    const processes = Array.from({ length: 25 }, (_, index) => ({ ...process, pid: 100 + index, kb: 1000 - index }))
    const text = renderSummaryLog({ ...full, peak: { ...full.peak, processes } })
    expect(text.match(/\(pid \d+/g)).toHaveLength(20)
    expect(text).toContain('    and 5 more: 4890 KB\n')
  })

  it('says of an empty recording that nothing was sampled', () => {
    const text = renderSummaryLog(emptyAnalysis())
    expect(text).toContain('Peak Overall Memory (PSS_KB): none (no process was sampled)')
    expect(text).toContain('Build Exit Code: did not start: make: No such file or directory')
    expect(text).not.toMatch(/NaN|undefined|null|Infinity/)
  })

  it('says how many processes were recorded and sampled, and lateness in milliseconds', () => {
    const trust = {
      ...full.trust,
      ticks: 1,
      lateTicks: 1,
      maxLateUs: 13_800,
      skippedTicks: 0,
      images: 5,
      processes: 4,
      sampledProcesses: 3,
    }
    const text = renderSummaryLog({ ...full, trust })
    expect(text).toContain('Coverage: 4 processes recorded (3 sampled), 5 images; how many existed is not known\n')
    expect(text).toContain('Interval: 50 ms (1 tick, 1 late, by 13.8 ms at most, 0 skipped)\n')
  })

  it('says what of it is outside of the tree', () => {
    const outside = (peakCount: number, count: number, cpuUs: number | null) =>
      renderSummaryLog({
        ...full,
        peak: { ...(full.peak as Peak), outsideProcesses: peakCount, outsideKb: 2048.4 },
        trust: { ...full.trust, outsideProcesses: count, outsideCpuUs: cpuUs },
      }).match(/^Included: .*$/gm)
    expect(outside(1, 3, 1_230_000)).toEqual([
      'Included: 2048 KB in 1 process outside the tree',
      'Included: 3 processes outside the tree, 1.23s of CPU',
    ])
    expect(outside(0, 2, null)).toEqual(['Included: 2 processes outside the tree'])
    expect(renderSummaryLog(full)).not.toContain('Included')
  })

  it('lets no string of a user drive the terminal, reorder a line or forge one', () => {
    const text = renderSummaryLog(hostileAnalysis())
    expect(text).not.toMatch(/[^\P{Cc}\n]|[\u202a-\u202e]/u)
    expect(text).not.toMatch(/^forged/m)
    expect(text).toContain('a\\x07b\\x1b[31mred\\x0aforged: line')
    expect(text).toContain(HOSTILE.unicode)
  })
})
