import type { Analysis, OwnCost, Peak, Trust } from '../analysis/contract.ts'
import { formatKb, formatMs, formatShare, formatUs } from '../units.ts'
import { coverageText } from './coverage.ts'
import { outsideAtPeak, outsideCount } from './outside.ts'

export type Fact = [term: string, sentence: string]

/** How far the numbers can be trusted, in sentences. */
export function trustFacts({ trust, peak, metric }: Pick<Analysis, 'trust' | 'peak' | 'metric'>): Fact[] {
  return [
    ['Sampling', trust.ticks === 0 ? 'Nothing was read.' : sampling(trust)],
    ...(trust.processes === 0 ? [] : [['Coverage', coverage(trust)] satisfies Fact]),
    ...(trust.outsideProcesses === null ? [] : [['Outside the tree', outside(trust, peak)] satisfies Fact]),
    ...(trust.attributedCpuUs === null ? [] : [['Exit records', exitRecords(trust, trust.attributedCpuUs)] satisfies Fact]),
    ...(peak === null || metric !== 'pss' ? [] : [['PSS', pss(peak)] satisfies Fact]),
    ...(peak === null ? [] : [['Upper bound', upperBound(peak)] satisfies Fact]),
    ['Sources', trust.sources.join(', ') || 'none'],
    ['Own cost', trust.ownCost === null ? 'Unknown.' : ownCost(trust.ownCost, trust.buildCpuUs)],
  ]
}

function pss({ pssSource, confirmedPssKb, modelError }: Peak): string {
  const confirmed =
    confirmedPssKb === null
      ? ' The peak is not confirmed by a measurement of every process.'
      : ` Confirmed: ${formatKb(confirmedPssKb)} were measured in all processes of one tick, which no other may exceed by more than 3 %.`
  if (pssSource === 'measured') return 'At the peak the kernel’s own count (smaps_rollup) of every process; at other ticks partly modelled.'
  return `Modelled from the resident and shared sizes of all live processes at each tick, corrected where a process was measured; shared pages are divided among those that share them.${checked(modelError)}${confirmed}`
}

function checked(modelError: number | null): string {
  if (modelError === null) return ' At no tick of about this size was it checked by a measurement of every process.'
  return ` When every process was last measured the model’s estimate was too ${modelError < 0 ? 'low' : 'high'} by ${formatShare(Math.abs(modelError), 1)} of it.`
}

function sampling(trust: Trust): string {
  const late = trust.lateTicks === 0 ? 'none late' : `${count(trust.lateTicks, 'late one')}, by ${formatMs(trust.maxLateUs)} at most`
  const skipped = trust.skippedTicks === 0 ? 'none skipped' : `${trust.skippedTicks.toLocaleString('en')} skipped`
  return `All live processes were read every ${formatMs(trust.intervalUs)}: ${count(trust.ticks, 'tick')}, ${late}, ${skipped}. A shorter spike can be missed.`
}

function coverage(trust: Trust): string {
  const unreadable =
    trust.unreadableProcesses === null || trust.unreadableProcesses === 0
      ? ''
      : ` ${count(trust.unreadableProcesses, 'process', 'processes')} could not be read and add nothing to the totals.`
  return `${coverageText(trust)}. A process is one however many images it ran, from exec to exec; sampled were those live at a tick${betweenTicks(trust)}.${unreadable}`
}

function betweenTicks({ attributedCpuUs, existedProcesses }: Trust): string {
  if (attributedCpuUs !== null) return ', the others are known by their exit records, unless a signal ended them'
  return existedProcesses === null ? ', those that lived between two ticks are missing' : ', of the others only start and end are known'
}

function outside(trust: Trust, peak: Peak | null): string {
  const atPeak = peak === null ? null : outsideAtPeak(peak)
  return `By its process_pattern the project counts ${outsideCount(trust)}; ${atPeak === null ? 'none of them was there at the peak' : `at the peak they are ${atPeak}`}. They have no exit records and no high-water marks.`
}

function exitRecords({ exitRecords: records, lostProcesses, processes, buildCpuUs }: Trust, attributedUs: number): string {
  const lost =
    lostProcesses === 0
      ? 'none ended unseen'
      : `${lostProcesses.toLocaleString('en')} ended in a way that leaves none, by a signal or a raw exit`
  const ofBuild = buildCpuUs === null ? '' : ` of the ${formatUs(buildCpuUs)} (${formatShare(attributedUs, buildCpuUs)}) the build used`
  return `Of ${records.toLocaleString('en')} of the ${count(processes, 'process', 'processes')}, with high-water mark and CPU time; ${lost}. They hold ${formatUs(attributedUs)} of CPU${ofBuild}.`
}

/** RSS, because high-water marks are. */
function upperBound({ rssKb, upperBoundRssKb, withoutMark }: Peak): string {
  const incomplete =
    withoutMark === 0
      ? ''
      : ` It is incomplete: ${count(withoutMark, 'process has', 'processes have')} no high-water mark, and the largest sample stands in for it.`
  return `Between the ticks RSS was at most ${formatKb(upperBoundRssKb)}, the largest sum of high-water marks at any instant; at the peak it was ${formatKb(rssKb)}.${incomplete}`
}

function ownCost({ cpuUs, samplerCpuUs, launcherCpuUs, peakRssKb }: OwnCost, buildCpuUs: number | null): string {
  if (cpuUs === null || launcherCpuUs === null || peakRssKb === null)
    return `${formatUs(samplerCpuUs)} of CPU for sampling until mymonitor died; the rest is unknown.`
  const build =
    buildCpuUs === null ? '' : `, ${formatShare(cpuUs + launcherCpuUs, buildCpuUs)} of the ${formatUs(buildCpuUs)} the build used`
  return `${formatUs(cpuUs)} of CPU for mymonitor (${formatUs(samplerCpuUs)} of it for sampling) and ${formatUs(launcherCpuUs)} for the launcher${build}; at most ${formatKb(peakRssKb)} of memory.`
}

function count(value: number, one: string, many = `${one}s`): string {
  return `${value.toLocaleString('en')} ${value === 1 ? one : many}`
}
