import type { Analysis } from '../analysis/contract.ts'
import type { ReportView } from './view.ts'

/** What the report's JSON element holds: the analysis with the series' numbers taken out. They follow in the other element as columns, in this order:
 * milliseconds, total RSS, total PSS, one column a group. */
export interface EmbeddedReport extends Omit<Analysis, 'series'> {
  series: { points: number; ticks: number; groups: { major: string; minor: string }[] }
  view: ReportView
}

export const JSON_ELEMENT = 'report'
export const COLUMNS_ELEMENT = 'series'
