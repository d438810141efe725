import { relative } from 'node:path'
import type { Analysis, CategoryFigures, OwnCost, Peak, Trust } from '../../analysis/contract.ts'
import { coverageText } from '../../report/coverage.ts'
import { cpusText } from '../../report/cpus.ts'
import { outcomeOf } from '../../report/outcome.ts'
import { outsideAtPeak, outsideCount } from '../../report/outside.ts'
import { printable } from '../../report/printable.ts'
import { pssSourceText } from '../../report/pss-source.ts'
import { formatCount, formatKb, formatMs, formatShare, formatUs } from '../../units.ts'
import type { Painter } from './paint.ts'
import { type Row, table } from './table.ts'

/** Of the processes at the peak, those that are named. */
const NAMED_PROCESSES = 3
/** A minor category below both, of the peak and of the memory-time, is not worth a line. */
const SMALL_SHARE = 0.01

/** The block of one level: what peaked, who was live then, which categories took the memory, how far to trust it. `repeats`: of how many, where that is known. */
export function resultLines(analysis: Analysis, paint: Painter, repeats?: number): string[] {
  const { recording, peak, trust } = analysis
  const outcome = outcomeOf(recording)
  const status = outcome.kind === 'ok' ? paint.green : outcome.kind === 'failed' ? paint.red : paint.yellow
  return [
    `${paint.bold(levelName(repeats === undefined ? recording : { ...recording, repeats }))}  ${status(printable(outcome.text))}  ${formatUs(recording.durationUs)}`,
    ...(peak === null ? ['  peak   nothing was sampled'] : peakLines(peak, analysis.metric, paint)),
    ...(analysis.categories.length === 0 ? [] : ['', ...categoryLines(analysis, paint).map((line) => `  ${line}`), '']),
    `  trust  ${trustText(trust)}`,
    ...(recording.cpuScheduling === null ? [] : [`  cpus   ${printable(cpusText(recording.cpuScheduling))}`]),
    ...trust.warnings.map((warning) => `  ${paint.yellow('note')}   ${printable(warning)}`),
  ]
}

interface Named {
  project: string
  jobs: number | null
  repeat?: number
  repeats?: number
}

/** demo -j2; of several repeats, as far as that is known, demo -j2 #3 */
export function levelName({ project, jobs, repeat = 1, repeats = repeat }: Named): string {
  return `${printable(project)}${jobs === null ? '' : ` -j${jobs}`}${repeats > 1 ? ` #${repeat}` : ''}`
}

/** Relative where that is shorter, because it is to be read and clicked on. */
export function shownPath(path: string, cwd: string): string {
  const short = relative(cwd, path) || '.'
  return printable(short.startsWith('..') ? path : short)
}

function peakLines(peak: Peak, metric: Analysis['metric'], paint: Painter): string[] {
  const count = peak.processes.length
  const outside = outsideAtPeak(peak)
  const rows = peak.processes.slice(0, NAMED_PROCESSES).map(
    ({ kb, name, target, outsideTree }): Row => ({
      cells: [formatKb(kb), printable(outsideTree ? `${name} (outside the tree)` : name), printable(target ?? '')],
    }),
  )
  const columns = [
    { title: '', align: 'right' },
    { title: '', align: 'left' },
    { title: '', align: 'left' },
  ] as const
  const [, ...named] = table(columns, rows, (text) => text)
  return [
    `  peak   ${paint.bold(formatKb(peak.kb))} ${metric.toUpperCase()} at ${formatUs(peak.elapsedUs)}, ${formatCount(count, 'process', 'processes')}${metric === 'pss' ? `; ${pssText(peak)}` : ''}`,
    ...named.map((line) => `         ${line}`),
    ...(outside === null ? [] : [`         of it ${outside}`]),
    `  bound  ${boundText(peak)}`,
  ]
}

function pssText(peak: Peak): string {
  const { pssSource, confirmedPssKb } = peak
  return pssSource === 'measured' || confirmedPssKb === null ? pssSourceText(peak) : `confirmed, ${formatKb(confirmedPssKb)} measured`
}

/** RSS, because high-water marks are. */
function boundText({ rssKb, upperBoundRssKb, withoutMark }: Peak): string {
  const incomplete = withoutMark === 0 ? '' : `, incomplete: ${formatCount(withoutMark, 'process', 'processes')} without a high-water mark`
  return `${formatKb(rssKb)} RSS then; at most ${formatKb(upperBoundRssKb)} RSS between the ticks${incomplete}`
}

function categoryLines({ categories, peak, metric }: Analysis, paint: Painter): string[] {
  const peakKb = peak?.kb ?? 0
  // Without a peak nothing of the build was seen, and a share of nothing is none.
  const totalTime = peak === null ? 0 : categories.reduce((sum, { timeKbS }) => sum + timeKbS, 0)
  const cells = (name: string, figures: CategoryFigures): string[] => [
    name,
    formatKb(figures.peakKb),
    formatKb(figures.atPeakKb),
    formatShare(figures.timeKbS, totalTime),
    String(figures.processes),
  ]
  const isSmall = ({ peakKb: own, timeKbS }: CategoryFigures): boolean => own < SMALL_SHARE * peakKb && timeKbS < SMALL_SHARE * totalTime
  const rows = categories.flatMap((major): Row[] => {
    const small = major.minors.filter(isSmall)
    const hidden = small.length > 1 ? small : []
    const shown = major.minors.filter((minor) => !hidden.includes(minor))
    return [
      { cells: cells(printable(major.name), major), paint: paint.bold },
      ...shown.map((minor) => ({ cells: cells(`  ${printable(minor.name)}`, minor) })),
      ...(hidden.length === 0 ? [] : [{ cells: [`  and ${hidden.length} small ones`, '', '', '', ''], paint: paint.dim }]),
    ]
  })
  const columns = [
    { title: `category (${metric.toUpperCase()})`, align: 'left' },
    { title: 'peak', align: 'right' },
    { title: 'at peak', align: 'right' },
    { title: 'memory-time', align: 'right' },
    { title: 'processes', align: 'right' },
  ] as const
  return table(columns, rows, paint.dim)
}

function trustText(trust: Trust): string {
  const outside = outsideCount(trust)
  const late = trust.lateTicks === 0 ? 'none late' : `${trust.lateTicks} late by up to ${formatMs(trust.maxLateUs)}`
  const skipped = trust.skippedTicks === 0 ? '' : `, ${trust.skippedTicks} skipped`
  return [
    `${formatCount(trust.ticks, 'tick')} of ${formatMs(trust.intervalUs)}, ${late}${skipped}`,
    coverageText(trust),
    ...(outside === null ? [] : [outside]),
    ownCostText(trust.ownCost),
  ].join('; ')
}

function ownCostText(cost: OwnCost | null): string {
  if (cost === null) return 'own cost unknown'
  const { cpuUs, launcherCpuUs, peakRssKb, samplerCpuUs } = cost
  if (cpuUs === null || launcherCpuUs === null || peakRssKb === null)
    return `own cost ${formatUs(samplerCpuUs)} CPU of sampling, the rest unknown`
  return `own cost ${formatUs(cpuUs + launcherCpuUs)} CPU, ${formatKb(peakRssKb)}`
}
