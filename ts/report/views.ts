import type { MajorCategory } from '../analysis/contract.ts'

export const VIEWS = [
  { name: 'major', label: 'Major categories' },
  { name: 'detailed', label: 'Detailed subcategories' },
  { name: 'other', label: 'Expanded Other' },
] as const

export type ViewName = (typeof VIEWS)[number]['name']

/** One band of the chart: a major category, or one minor of it. */
export interface Band {
  /** Unique within a view and the same in all views. */
  key: string
  major: string
  minor: string | null
  kb: Float64Array
  peakKb: number
}

/** One minor category over time. */
interface Group {
  major: string
  minor: string
  kb: Float64Array
}

/** The bands of one view in the order of the categories: majors by falling peak, minors within their major. */
export function bandsOf(view: ViewName, groups: readonly Group[], categories: readonly MajorCategory[]): Band[] {
  return categories.flatMap((major): Band[] => {
    const own = groups.filter((group) => group.major === major.name)
    if (own.length === 0) return []
    const expanded = view === 'detailed' || (view === 'other' && major.name === 'Other')
    if (!expanded) return [{ key: major.name, major: major.name, minor: null, kb: sum(own.map((group) => group.kb)), peakKb: major.peakKb }]
    return major.minors.flatMap((minor): Band[] => {
      const group = own.find((candidate) => candidate.minor === minor.name)
      if (group === undefined) return []
      return [{ key: `${major.name}/${minor.name}`, major: major.name, minor: minor.name, kb: group.kb, peakKb: minor.peakKb }]
    })
  })
}

function sum(columns: readonly Float64Array[]): Float64Array {
  const total = new Float64Array(columns[0]?.length ?? 0)
  for (const column of columns)
    for (let point = 0; point < total.length; point += 1) total[point] = (total[point] ?? 0) + (column[point] ?? 0)
  return total
}
