import type { Analysis, MajorCategory, OwnCost, Peak, RecordingSummary, Trust } from '../analysis/contract.ts'
import { formatCount, formatMs, formatShare } from '../units.ts'
import { coverageText } from './coverage.ts'
import { cpusText } from './cpus.ts'
import { outcomeOf, signalName } from './outcome.ts'
import { outsideAtPeak, outsideCount } from './outside.ts'
import { printable } from './printable.ts'
import { pssSourceText } from './pss-source.ts'

const LISTED_PROCESSES = 20

/** summary.log. Up to and including the categories it is what the Python MyMonitor wrote, label by label, because scripts read it. */
export function renderSummaryLog(analysis: Analysis): string {
  const { recording, peak, trust } = analysis
  const metric = analysis.metric === 'pss' ? 'PSS_KB' : 'RSS_KB'
  const lines = [
    `Project: ${printable(recording.project)}`,
    ...(recording.jobs === null ? [] : [`Parallelism: -j${recording.jobs}`]),
    `Total Build & Monitoring Duration: ${durationLine(recording.durationUs)}`,
    `Peak Overall Memory (${metric}): ${peak === null ? 'none (no process was sampled)' : `${kb(peak.kb)} KB`}`,
    `Samples Collected: ${trust.ticks}`,
    `Build Exit Code: ${exitCodeLine(recording)}`,
    '',
    '--- Category Peak Memory Usage ---',
    ...analysis.categories.flatMap(categoryLines),
    ...(peak === null ? [] : peakLines(peak)),
    ...trustLines(trust, recording),
    ...warningLines(trust.warnings),
  ]
  return `${lines.join('\n')}\n`
}

function durationLine(us: number): string {
  const seconds = us / 1e6
  return `${seconds.toFixed(1)}s (${seconds.toFixed(2)} seconds)`
}

/** As a shell would give it, so that a signal is a number here too. */
function exitCodeLine(recording: RecordingSummary): string {
  const outcome = outcomeOf(recording)
  if (recording.signal !== null) {
    const cause = outcome.text.startsWith('killed') ? '' : `${outcome.text}; `
    return `${128 + recording.signal} (${cause}killed by ${signalName(recording.signal)})`
  }
  if (recording.exitCode === null) return printable(outcome.text)
  return outcome.text === `exit ${recording.exitCode}` ? `${recording.exitCode}` : `${recording.exitCode} (${printable(outcome.text)})`
}

function categoryLines(major: MajorCategory): string[] {
  return [
    '',
    `${printable(major.name)}:`,
    `  Total Peak Memory: ${kb(major.peakKb)} KB (${major.processes} total pids)`,
    ...major.minors.map((minor) => `    ${printable(minor.name)}: ${kb(minor.peakKb)} KB (${minor.processes} pids)`),
  ]
}

function peakLines(peak: Peak): string[] {
  const listed = peak.processes.slice(0, LISTED_PROCESSES)
  const rest = peak.processes.slice(LISTED_PROCESSES)
  const outside = outsideAtPeak(peak, (size) => `${kb(size)} KB`)
  return [
    '',
    '--- Live at the Peak ---',
    '',
    `Time of Peak: ${(peak.elapsedUs / 1e6).toFixed(2)}s`,
    `Processes: ${peak.processes.length}`,
    `Memory: PSS ${kb(peak.pssKb)} KB (${pssText(peak)}), RSS ${kb(peak.rssKb)} KB, private ${kb(peak.privateKb)} KB, shared ${kb(peak.sharedKb)} KB`,
    `Upper Bound between Ticks: RSS ${kb(peak.upperBoundRssKb)} KB${peak.withoutMark === 0 ? '' : ` (incomplete: ${formatCount(peak.withoutMark, 'process', 'processes')} without a high-water mark)`}`,
    ...(outside === null ? [] : [`Included: ${outside}`]),
    ...listed.map((process) => {
      const target = process.target === null ? '' : `, ${printable(process.target)}`
      return `    ${printable(process.name)}: ${kb(process.kb)} KB (pid ${process.pid}, ${process.outsideTree ? 'outside the tree, ' : ''}${printable(process.major)}/${printable(process.minor)}${target})`
    }),
    ...(rest.length > 0 ? [`    and ${rest.length} more: ${kb(rest.reduce((sum, process) => sum + process.kb, 0))} KB`] : []),
  ]
}

/** How the PSS of the peak is known. */
function pssText(peak: Peak): string {
  const { pssSource, confirmedPssKb } = peak
  return pssSource === 'measured' || confirmedPssKb === null
    ? pssSourceText(peak)
    : `modelled, confirmed by ${kb(confirmedPssKb)} KB measured`
}

function trustLines(trust: Trust, recording: RecordingSummary): string[] {
  const outside = outsideCount(trust, cpu)
  const late = trust.lateTicks === 0 ? 'none late' : `${trust.lateTicks} late, by ${formatMs(trust.maxLateUs)} at most`
  return [
    '',
    '--- Trust ---',
    '',
    `Interval: ${formatMs(trust.intervalUs)} (${formatCount(trust.ticks, 'tick')}, ${late}, ${trust.skippedTicks} skipped)`,
    `Coverage: ${coverageText(trust)}`,
    ...(outside === null ? [] : [`Included: ${outside}`]),
    ...(trust.attributedCpuUs === null ? [] : [`CPU in Exit Records: ${attributed(trust.attributedCpuUs, trust.buildCpuUs)}`]),
    ...(recording.cpuScheduling === null ? [] : [`CPU Scheduling: ${printable(cpusText(recording.cpuScheduling))}`]),
    `Processes Unreadable: ${trust.unreadableProcesses ?? 'unknown'}`,
    `Sources: ${trust.sources.map(printable).join(', ') || 'none'}`,
    `Own Cost: ${trust.ownCost === null ? 'unknown' : ownCost(trust.ownCost, trust.buildCpuUs)}`,
  ]
}

function ownCost({ cpuUs, samplerCpuUs, launcherCpuUs, peakRssKb }: OwnCost, buildCpuUs: number | null): string {
  if (cpuUs === null || launcherCpuUs === null || peakRssKb === null) return `sampler ${cpu(samplerCpuUs)} CPU, the rest unknown`
  const build = buildCpuUs === null ? '' : ` (build: ${cpu(buildCpuUs)})`
  return `mymonitor ${cpu(cpuUs)} (sampler ${cpu(samplerCpuUs)}), launcher ${cpu(launcherCpuUs)} CPU${build}, ${kb(peakRssKb)} KB peak RSS`
}

function attributed(us: number, buildUs: number | null): string {
  return buildUs === null ? cpu(us) : `${cpu(us)} of ${cpu(buildUs)} (${formatShare(us, buildUs)})`
}

function warningLines(warnings: readonly string[]): string[] {
  return warnings.length === 0 ? [] : ['', '--- Warnings ---', '', ...warnings.map((warning) => `- ${printable(warning)}`)]
}

function kb(value: number): string {
  return Math.round(value).toString()
}

function cpu(us: number): string {
  return `${(us / 1e6).toFixed(2)}s`
}
