import type { Analysis } from '../analysis/contract.ts'
import { bandsFor } from './bands.ts'
import { DEFAULT_VIEW, type ReportView } from './view.ts'

/**
 * The categories over time, one row an instant (RFC 4180, UTF-8, sizes in KiB):
 *
 * - `elapsed_s`: seconds after the build's start
 * - `total_pss_kb`, `total_rss_kb`: of all processes, whatever is selected
 * - one column a category that the view shows, by the metric of the recording: `CPP_COMPILE`, or `CPP_COMPILE/Frontend_GCC` where subcategories are
 *   expanded. Without a selection they add up to the total of that metric.
 */
export function renderCsv(analysis: Analysis, view: ReportView = DEFAULT_VIEW): string {
  const { series } = analysis
  const bands = bandsFor(analysis, view)
  const header = ['elapsed_s', 'total_pss_kb', 'total_rss_kb', ...bands.map(({ key }) => quoted(key))]
  const rows = series.elapsedUs.map((us, point) =>
    [us / 1e6, size(series.totalPssKb[point]), size(series.totalRssKb[point]), ...bands.map(({ kb }) => size(kb[point]))].join(','),
  )
  return [header.join(','), ...rows, ''].join('\n')
}

/** Three decimals: the model has fractions of a KiB. */
function size(kb = 0): number {
  return Math.round(kb * 1000) / 1000
}

function quoted(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
