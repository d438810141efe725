import { createPalette } from '../palette.ts'
import { categorySection } from './categories.ts'
import { fillChartSection } from './chart-section.ts'
import { readReport, readSeries } from './columns.ts'
import { h, section } from './dom.ts'
import { keyFigures, pageHeader } from './header.ts'
import { largestSection, peakSection } from './processes.ts'
import { trustSection } from './trust.ts'

const report = readReport()
const metric = report.metric.toUpperCase()
const palette = createPalette(report.categories)
const chart = section('time', `${metric} over time`)

document
  .getElementById('app')
  ?.replaceWith(
    h(
      'div',
      { id: 'app' },
      pageHeader(report),
      h(
        'main',
        {},
        keyFigures(report),
        chart,
        report.peak === null ? null : peakSection(report.peak, metric, palette),
        report.categories.length === 0 ? null : categorySection(report.categories, report.peak, palette),
        report.top.length === 0 ? null : largestSection(report.top, metric, palette),
        trustSection(report),
      ),
      h('footer', {}, `Recorded by mymonitor · run ${report.recording.runId}`),
    ),
  )

// The tables do not need the series: a browser that cannot decode it still shows them.
if (report.series.points === 0) {
  chart.append(h('p', { class: 'notice' }, 'Nothing was sampled: no process of the build lived long enough, or it did not start.'))
} else {
  readSeries(report.series).then(
    (series) => fillChartSection(chart, report, series, palette),
    (error: Error) => chart.append(h('p', { class: 'notice error', role: 'alert' }, error.message)),
  )
}
