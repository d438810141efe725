import type { Metric, Series } from '../analysis/contract.ts'

/**
 * One point for each `intervalUs` in which there was a tick: the tick with the largest total by the metric, whole, so that its categories still add up to
 * that total. Intervals count from the build's start.
 */
export function resample(series: Series, metric: Metric, intervalUs: number): Series {
  const total = metric === 'pss' ? series.totalPssKb : series.totalRssKb
  const kept: number[] = []
  let bucket: number | undefined
  for (const [point, us] of series.elapsedUs.entries()) {
    const own = Math.floor(us / intervalUs)
    if (own !== bucket) kept.push(point)
    else if ((total[point] ?? 0) > (total[kept.at(-1) ?? 0] ?? 0)) kept[kept.length - 1] = point
    bucket = own
  }
  const pick = (column: readonly number[]): number[] => kept.map((point) => column[point] ?? 0)
  return {
    elapsedUs: pick(series.elapsedUs),
    totalRssKb: pick(series.totalRssKb),
    totalPssKb: pick(series.totalPssKb),
    groups: series.groups.map((group) => ({ ...group, kb: pick(group.kb) })),
    ticks: series.ticks,
  }
}
