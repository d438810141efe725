import type { Analysis, Trust } from '../../analysis/contract.ts'
import { formatKb, formatMs, formatShare, formatUs } from '../../units.ts'
import { h, section } from './dom.ts'

type Fact = [term: string, sentence: string]

export function trustSection(analysis: Pick<Analysis, 'trust' | 'peak' | 'metric'>): HTMLElement {
  const { trust } = analysis
  return section(
    'trust',
    'How far to trust this',
    trust.warnings.length === 0 ? null : h('ul', { class: 'warnings' }, ...trust.warnings.map((warning) => h('li', {}, warning))),
    h('dl', { class: 'facts' }, ...facts(analysis).flatMap(([term, sentence]) => [h('dt', {}, term), h('dd', {}, sentence)])),
  )
}

function facts({ trust, peak, metric }: Pick<Analysis, 'trust' | 'peak' | 'metric'>): Fact[] {
  return [
    ['Sampling', trust.ticks === 0 ? 'Nothing was read.' : sampling(trust)],
    ...(trust.processes === 0 ? [] : [['Coverage', coverage(trust)] satisfies Fact]),
    ...(peak === null || metric !== 'pss'
      ? []
      : [
          [
            'PSS',
            'Modelled from the resident and shared sizes of all live processes at each tick; shared pages are divided among those that share them.',
          ] satisfies Fact,
        ]),
    ['Sources', trust.sources.join(', ') || 'none'],
    ['Own cost', ownCost(trust)],
  ]
}

function sampling(trust: Trust): string {
  const late = trust.lateTicks === 0 ? 'none late' : `${count(trust.lateTicks, 'late one')}, by ${formatMs(trust.maxLateUs)} at most`
  const skipped = trust.skippedTicks === 0 ? 'none skipped' : `${trust.skippedTicks.toLocaleString('en')} skipped`
  return `All live processes were read every ${formatMs(trust.intervalUs)}: ${count(trust.ticks, 'tick')}, ${late}, ${skipped}. A shorter spike can be missed.`
}

function coverage(trust: Trust): string {
  const unreadable =
    trust.unreadableProcesses === 0
      ? ''
      : ` ${count(trust.unreadableProcesses, 'process', 'processes')} could not be read and add nothing to the totals.`
  const share = `${trust.sampledProcesses.toLocaleString('en')} of the ${count(trust.processes, 'process', 'processes')} seen (${formatShare(trust.sampledProcesses, trust.processes)})`
  return `${share} ${trust.sampledProcesses === 1 ? 'was' : 'were'} sampled at least once; those that lived between two ticks are not known.${unreadable}`
}

function ownCost(trust: Trust): string {
  const own = trust.ownCpuUs + trust.launcherCpuUs
  const build =
    trust.buildCpuUs === null ? '' : `, ${formatShare(own, trust.buildCpuUs)} of the ${formatUs(trust.buildCpuUs)} the build used`
  return `${formatUs(trust.ownCpuUs)} of CPU for mymonitor (${formatUs(trust.samplerCpuUs)} of it for sampling) and ${formatUs(trust.launcherCpuUs)} for the launcher${build}; at most ${formatKb(trust.ownPeakRssKb)} of memory.`
}

function count(value: number, one: string, many = `${one}s`): string {
  return `${value.toLocaleString('en')} ${value === 1 ? one : many}`
}
