import type { Analysis } from '../../analysis/contract.ts'
import { formatKb, formatShare, formatUs } from '../../units.ts'
import { instant } from '../axis.ts'
import { coverageText } from '../coverage.ts'
import { cpusText } from '../cpus.ts'
import { outcomeOf } from '../outcome.ts'
import { pssSourceText } from '../pss-source.ts'
import { readableStart } from './clock.ts'
import { h } from './dom.ts'
import { schemeButton } from './theme.ts'

/** A longer one is folded. */
const LONG_COMMAND = 240

export function pageHeader({ recording, host }: Pick<Analysis, 'recording' | 'host'>): HTMLElement {
  const outcome = outcomeOf(recording)
  const machine = [`${host.cpus} CPUs`, host.memTotalKb === null ? null : formatKb(host.memTotalKb), host.kernel]
  const facts: [string, Node | string][] = [
    ['Command', commandLine(recording.command.join(' '))],
    ['Started', readableStart(recording.startedAt)],
    ['Host', h('bdi', {}, `${host.hostname} (${machine.filter((part) => part !== null).join(', ')})`)],
    ...(recording.cpuScheduling === null ? [] : [['CPU scheduling', cpusText(recording.cpuScheduling)] satisfies [string, string]]),
  ]
  return h(
    'header',
    {},
    h(
      'div',
      { class: 'title' },
      h('h1', {}, h('bdi', {}, recording.project)),
      recording.jobs === null ? null : h('span', { class: 'jobs' }, `-j${recording.jobs}`),
      recording.repeat > 1 ? h('span', { class: 'jobs' }, `repeat ${recording.repeat}`) : null,
      h('span', { class: `badge ${outcome.kind}`, id: 'outcome' }, outcome.text),
      schemeButton(),
    ),
    h('dl', { class: 'facts' }, ...facts.flatMap(([term, value]) => [h('dt', {}, term), h('dd', {}, value)])),
  )
}

function commandLine(command: string): HTMLElement {
  if (command.length <= LONG_COMMAND) return h('code', {}, command)
  return h('details', {}, h('summary', {}, h('code', {}, `${command.slice(0, LONG_COMMAND)}…`)), h('code', {}, command))
}

export function keyFigures({ recording, peak, trust, host, metric }: Omit<Analysis, 'series'>): HTMLElement {
  const figures: HTMLElement[] = []
  if (peak !== null) {
    const source = metric === 'pss' ? `${pssSourceText(peak)}, ` : ''
    const ofHost = host.memTotalKb === null ? '' : `, ${formatShare(peak.kb, host.memTotalKb)} of the host’s memory`
    figures.push(
      figure(
        'peak-size',
        `Peak ${metric.toUpperCase()}`,
        formatKb(peak.kb),
        `${source}at ${instant(peak.elapsedUs / 1e6)}${ofHost}`,
        peak.kb,
      ),
    )
  }
  figures.push(
    figure(
      'duration',
      'Duration',
      formatUs(recording.durationUs),
      trust.buildCpuUs === null ? '' : `${formatUs(trust.buildCpuUs)} of CPU`,
      recording.durationUs,
    ),
  )
  if (peak !== null) {
    const other = metric === 'pss' ? (['RSS', peak.rssKb] as const) : (['PSS', peak.pssKb] as const)
    figures.push(
      figure(
        'live',
        'Live at the peak',
        String(peak.processes.length),
        peak.processes.length === 1 ? 'process' : 'processes',
        peak.processes.length,
      ),
      figure(
        'other-metric',
        `${other[0]} at the peak`,
        formatKb(other[1]),
        `${formatKb(peak.privateKb)} private, ${formatKb(peak.sharedKb)} shared`,
        other[1],
      ),
      figure('bound', 'RSS upper bound', formatKb(peak.upperBoundRssKb), boundNote(peak.withoutMark), peak.upperBoundRssKb),
    )
  }
  figures.push(figure('processes', 'Processes', trust.processes.toLocaleString('en'), coverageNote(trust), trust.processes))
  if (host.memAvailableMinKb !== null) {
    const swap = host.swapUsedMaxKb === null || host.swapUsedMaxKb === 0 ? '' : `, swap up to ${formatKb(host.swapUsedMaxKb)}`
    figures.push(figure('available', 'Least available', formatKb(host.memAvailableMinKb), `on the host${swap}`, host.memAvailableMinKb))
  }
  return h('dl', { class: 'figures', 'aria-label': 'Key figures' }, ...figures)
}

function boundNote(withoutMark: number): string {
  if (withoutMark === 0) return 'between the ticks'
  return `incomplete: ${withoutMark.toLocaleString('en')} ${withoutMark === 1 ? 'process' : 'processes'} without a high-water mark`
}

function coverageNote(trust: Analysis['trust']): string {
  return trust.processes === 0 ? '' : coverageText(trust)
}

function figure(id: string, label: string, value: string, note: string, raw: number): HTMLElement {
  return h(
    'div',
    { id: `figure-${id}` },
    h('dt', {}, label),
    h('dd', {}, h('data', { value: raw }, value), note === '' ? null : h('span', { class: 'muted' }, note)),
  )
}
