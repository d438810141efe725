import type { Analysis } from '../analysis/contract.ts'
import { type ReportView, shownBands } from './view.ts'
import { type Band, bandsOf } from './views.ts'

/** The bands of an analysis that a view shows, in the order of its categories. */
export function bandsFor({ series, categories }: Pick<Analysis, 'series' | 'categories'>, view: ReportView): Band[] {
  const groups = series.groups.map((group) => ({ ...group, kb: Float64Array.from(group.kb) }))
  return shownBands(view, bandsOf(view.categories, groups, categories), categories)
}
