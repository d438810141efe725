import { OTHER } from '../classify/classify.ts'
import type { Aggregate, GroupColumns, PeakColumns } from '../native.ts'
import type { CategoryFigures, MajorCategory, Metric, Series } from './contract.ts'
import { type Grouping, UNKNOWN } from './grouping.ts'
import type { ProcessCounts } from './process-counts.ts'

/**
 * Major categories and, in each, its minors, both by falling peak.
 *
 * - `peakKb`: largest total of the category at one tick of phase build. A major's total is the sum of its groups in that tick, so its peak is at most
 *   the sum of its minors' peaks.
 * - `atPeakKb`: sum over the category's processes live at the overall peak; over all majors, and over all minors, it is the overall peak.
 * - `timeKbS`: over all ticks, the category's total times the seconds to the next tick; minors add up to their major, but for the rounding to 0.001.
 * - `processes`: those of which an image is in it, sampled or not; one that ran images of several categories counts in each. A category without a
 *   sample is listed with zero memory.
 */
export function categoriesOf(grouping: Grouping, aggregate: Aggregate, metric: Metric, counts: ProcessCounts): MajorCategory[] {
  const atPeak = atPeakOf(grouping, metric === 'pss' ? aggregate.peakPss : aggregate.peakRss, metric)
  const minors = grouping.groups.map(({ major, minor, parent }, group) => ({
    parent,
    entry: {
      name: minor,
      ...figures(aggregate.groups, group, metric),
      atPeakKb: atPeak[group] ?? 0,
      processes: counts.in(major, minor) + (major === OTHER && minor === UNKNOWN ? grouping.withoutRow : 0),
    },
  }))
  return grouping.majors
    .map((name, parent) => {
      const own = minors.flatMap((minor) => (minor.parent === parent ? [minor.entry] : [])).sort(byPeak)
      const atPeakKb = own.reduce((sum, minor) => sum + minor.atPeakKb, 0)
      const processes = counts.in(name) + (name === OTHER ? grouping.withoutRow : 0)
      return { name, ...figures(aggregate.parents, parent, metric), atPeakKb, processes, minors: own }
    })
    .sort(byPeak)
}

/** Index: group. By the processes of the peak, as the columns of the aggregation hold the tick of the PSS peak only. */
function atPeakOf({ groups, options }: Grouping, peak: PeakColumns | undefined, metric: Metric): Float64Array {
  const sums = new Float64Array(groups.length)
  const sizes = metric === 'pss' ? peak?.processPssKb : peak?.processRssKb
  for (const [i, id] of (peak?.processId ?? []).entries()) {
    const group = options.groupOf[id] as number
    sums[group] = (sums[group] as number) + (sizes?.[i] ?? 0)
  }
  return sums
}

function figures(columns: GroupColumns, i: number, metric: Metric): Pick<CategoryFigures, 'peakKb' | 'timeKbS'> {
  const [peak, time] = metric === 'pss' ? [columns.peakPssKb, columns.timePssKbS] : [columns.peakRssKb, columns.timeRssKbS]
  // Beyond milliseconds of one KiB there is only the noise of adding up.
  return { peakKb: peak[i] ?? 0, timeKbS: Math.round((time[i] ?? 0) * 1000) / 1000 }
}

function byPeak(a: CategoryFigures & { name: string }, b: CategoryFigures & { name: string }): number {
  return b.peakKb - a.peakKb || b.timeKbS - a.timeKbS || (a.name < b.name ? -1 : 1)
}

/** The thinned totals, and one line a minor category in the order of `categories`; all values of a point are of the same tick. */
export function seriesOf(
  grouping: Grouping,
  aggregate: Aggregate,
  metric: Metric,
  categories: readonly MajorCategory[],
  ticks: number,
): Series {
  const { points } = aggregate
  const values = metric === 'pss' ? aggregate.groupPssKb : aggregate.groupRssKb
  const lines = new Map(
    grouping.groups.map(({ major, minor }, group) => [`${major}\0${minor}`, values.subarray(group * points, (group + 1) * points)]),
  )
  const groups = categories.flatMap(({ name: major, minors }) =>
    minors
      .filter(({ peakKb, timeKbS }) => peakKb > 0 || timeKbS > 0)
      .map(({ name: minor }) => ({ major, minor, kb: Array.from(lines.get(`${major}\0${minor}`) ?? []) })),
  )
  return {
    elapsedUs: Array.from(aggregate.elapsedUs),
    totalRssKb: Array.from(aggregate.totalRssKb),
    totalPssKb: Array.from(aggregate.totalPssKb),
    groups,
    ticks,
  }
}
