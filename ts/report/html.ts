import type { Analysis } from '../analysis/contract.ts'
import { encodeColumns } from './columns.ts'
import { COLUMNS_ELEMENT, type EmbeddedReport, JSON_ELEMENT } from './embedded.ts'
import { escapeHtml, jsonForScript } from './escape.ts'
import { clientAsset, renderPage } from './page.ts'
import { DEFAULT_VIEW, type ReportView } from './view.ts'

/** The report of one recording: a self-contained HTML file that works from file:// without a network. `view` is what it shows at first; all of it is in it. */
export function renderReport(analysis: Analysis, view: ReportView = DEFAULT_VIEW): string {
  const { series, recording } = analysis
  const embedded: EmbeddedReport = {
    ...analysis,
    series: { points: series.elapsedUs.length, ticks: series.ticks, groups: series.groups.map(({ major, minor }) => ({ major, minor })) },
    view,
  }
  const columns = encodeColumns([
    // Milliseconds: a gap of hours (a suspended machine) would not fit 32 bits of microseconds.
    series.elapsedUs.map((us) => us / 1000),
    series.totalRssKb,
    series.totalPssKb,
    ...series.groups.map((group) => group.kb),
  ])
  const title = `${recording.project}${recording.jobs === null ? '' : ` -j${recording.jobs}`} · build memory`
  return renderPage({
    title,
    body: `<main id="app"><noscript><p class="notice">${escapeHtml(title)}: this report is drawn by a script inside this file, and scripts are switched off. The summary.log beside it holds the same figures as text.</p></noscript></main>
<script type="application/json" id="${JSON_ELEMENT}">${jsonForScript(embedded)}</script>
<script type="application/octet-stream" id="${COLUMNS_ELEMENT}">${columns}</script>`,
    script: clientAsset('client.js'),
  })
}
