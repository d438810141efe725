import type { Analysis } from '../../analysis/contract.ts'
import { trustFacts } from '../trust-facts.ts'
import { h, section } from './dom.ts'

export function trustSection(analysis: Pick<Analysis, 'trust' | 'peak' | 'metric'>): HTMLElement {
  const { warnings } = analysis.trust
  return section(
    'trust',
    'How far to trust this',
    warnings.length === 0 ? null : h('ul', { class: 'warnings' }, ...warnings.map((warning) => h('li', {}, warning))),
    h('dl', { class: 'facts' }, ...trustFacts(analysis).flatMap(([term, sentence]) => [h('dt', {}, term), h('dd', {}, sentence)])),
  )
}
