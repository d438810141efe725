import type { Analysis, MajorCategory, Metric } from '../analysis/contract.ts'
import { formatMs, formatUs } from '../units.ts'
import type { Band, ViewName } from './views.ts'

/** What a report shows at first, as the flags of `mymonitor report` say it. Figures do not depend on it. */
export interface ReportView {
  /** all: pictures hold both; the HTML, where they are a click apart, begins with the stacked one. */
  chart: 'stacked' | 'lines' | 'all'
  categories: ViewName
  /** Names of major or minor categories, or `major/minor`, in any case; empty: all. */
  selected: readonly string[]
  /** Of those only the largest by their peaks; null: all. */
  topN: number | null
  /** The series has one point for each of this time; null: it is not resampled. */
  resampleUs: number | null
}

export const DEFAULT_VIEW: ReportView = { chart: 'stacked', categories: 'major', selected: [], topN: null, resampleUs: null }

/** The bands that are shown, in the order given. */
export function shownBands(view: ReportView, bands: readonly Band[], categories: readonly MajorCategory[]): Band[] {
  return largest(
    bands.filter(({ major, minor }) => {
      const minors = minor === null ? (categories.find(({ name }) => name === major)?.minors ?? []) : [{ name: minor }]
      return isSelected(view, major, minors)
    }),
    view.topN,
  )
}

/** The same of the categories of a table; a major has those of its minors that are selected, or all of them if it is itself. */
export function shownCategories(view: ReportView, categories: readonly MajorCategory[]): MajorCategory[] {
  const selected = categories.flatMap((major): MajorCategory[] => {
    const minors = major.minors.filter((minor) => isSelected(view, major.name, [minor]))
    return minors.length === 0 ? [] : [{ ...major, minors }]
  })
  return largest(selected, view.topN)
}

/** Subcategories are seen where they are drawn: a name that is one of a minor only opens the view that has it. */
export function viewFor(view: ReportView, { categories }: Pick<Analysis, 'categories'>): ReportView {
  const isMajor = (name: string): boolean => categories.some((major) => same(name, major.name))
  const expands = view.categories === 'major' && view.selected.some((name) => !isMajor(name) && isCategory(name, categories))
  return expands ? { ...view, categories: 'detailed' } : view
}

/** What is shown, in words; null: everything. */
export function selectionText({ selected, topN }: ReportView): string | null {
  if (topN === null) return selected.length === 0 ? null : selected.join(', ')
  const largest = topN === 1 ? 'the largest' : `the ${topN} largest`
  return selected.length === 0 ? largest : `${largest} of ${selected.join(', ')}`
}

/** null: every tick is drawn. */
export function pointsSentence(points: number, ticks: number, metric: Metric, { resampleUs }: ReportView): string | null {
  if (ticks <= points) return null
  const drawn = `${points.toLocaleString('en')} of ${ticks.toLocaleString('en')} ticks are drawn`
  if (resampleUs === null) return `Thinned: ${drawn}.`
  const interval = resampleUs < 1e6 ? formatMs(resampleUs) : formatUs(resampleUs)
  return `Resampled: ${drawn}, of each ${interval} the one with the largest total ${metric.toUpperCase()}.`
}

/** Whether a major or a minor has that name. */
export function isCategory(name: string, categories: readonly MajorCategory[]): boolean {
  return categories.some((major) => isSelected({ selected: [name] }, major.name, major.minors))
}

function isSelected({ selected }: Pick<ReportView, 'selected'>, major: string, minors: readonly { name: string }[]): boolean {
  if (selected.length === 0) return true
  return selected.some(
    (name) => same(name, major) || minors.some((minor) => same(name, minor.name) || same(name, `${major}/${minor.name}`)),
  )
}

/** Where several are equal, the first of them. */
function largest<T extends { peakKb: number }>(items: readonly T[], count: number | null): T[] {
  if (count === null) return [...items]
  const kept = new Set([...items].sort((a, b) => b.peakKb - a.peakKb).slice(0, count))
  return items.filter((item) => kept.has(item))
}

function same(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase()
}
