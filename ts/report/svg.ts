import type { Analysis } from '../analysis/contract.ts'
import { formatKb, formatUs } from '../units.ts'
import { instant } from './axis.ts'
import { bandsFor } from './bands.ts'
import { escapeHtml } from './escape.ts'
import { hexOf } from './oklch.ts'
import { outcomeOf } from './outcome.ts'
import { createPalette } from './palette.ts'
import { printable } from './printable.ts'
import { resample } from './resample.ts'
import { type ColoredBand, panelSvg } from './svg-panel.ts'
import { DEFAULT_VIEW, pointsSentence, type ReportView, selectionText } from './view.ts'

const WIDTH = 1000
const SIDE = 24
const PLOT = { left: 84, top: 96, width: WIDTH - 84 - SIDE, height: 380 }
/** From the bottom of one plot to the top of the next. */
const BETWEEN = 64
const LEGEND = { columns: 3, row: 22, names: 30 }

/**
 * A picture of one recording: the categories over time, with a legend and the peak. One file without script, font or network, light or dark as its reader
 * prefers; what knows no media queries shows it light.
 */
export function renderSvg(analysis: Analysis, view: ReportView = DEFAULT_VIEW): string {
  const drawn = { ...analysis, series: thinned(analysis) }
  const palette = createPalette(analysis.categories)
  const bands = bandsFor(drawn, view).map((band): ColoredBand => ({ ...band, color: hexOf(palette(band.major, band.minor).light) }))
  const isComplete = bands.length === bandsFor(drawn, { ...view, selected: [], topN: null }).length
  const modes = view.chart === 'all' ? (['stacked', 'lines'] as const) : [view.chart]
  const panels = modes.map((mode, index) =>
    panelSvg({ ...PLOT, top: PLOT.top + index * (PLOT.height + BETWEEN), mode, bands, analysis: drawn, isComplete }),
  )
  const legendTop = PLOT.top + modes.length * (PLOT.height + BETWEEN) - 12
  const footTop = legendTop + Math.ceil(bands.length / LEGEND.columns) * LEGEND.row + 12
  const height = footTop + 20
  const dark = bands.map(({ major, minor }, index) => {
    const color = hexOf(palette(major, minor).dark)
    return `.f${index}{fill:${color}}.s${index}{stroke:${color}}`
  })
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${height}" viewBox="0 0 ${WIDTH} ${height}" role="img" aria-labelledby="title description" font-family="system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif" font-size="12.5" fill="#1b2027">
<title id="title">${text(titleOf(analysis))}</title>
<desc id="description">${text(description(analysis))}</desc>
<style>@media (prefers-color-scheme: dark){.page{fill:#12161b}.ink{fill:#e4e8ed}.muted{fill:#9aa3b0}.grid{stroke:#2a3038}.peak{stroke:#e4e8ed}.dot{fill:#e4e8ed;stroke:#12161b}
${dark.join('\n')}}</style>
<rect class="page" width="${WIDTH}" height="${height}" fill="#fff"/>
<text class="ink" x="${SIDE}" y="38" font-size="20" font-weight="650">${text(shortened(titleOf(analysis), 80))}</text>
<text class="muted" fill="#5b6370" x="${SIDE}" y="60">${text(shortened(description(analysis), 150))}</text>
${panels.join('\n')}
${bands.map((band, index) => legendEntry(band, index, legendTop)).join('\n')}
<text class="muted" fill="#5b6370" x="${SIDE}" y="${footTop}">${text(shortened(foot(drawn, bands.length, view), 150))}</text>
</svg>
`
}

/** One point a pixel: more cannot be seen, and would be most of the file. */
function thinned({ series, metric, recording }: Analysis): Analysis['series'] {
  if (series.elapsedUs.length <= PLOT.width) return series
  const endUs = Math.max(recording.durationUs, series.elapsedUs.at(-1) ?? 0)
  return resample(series, metric, Math.ceil(endUs / PLOT.width))
}

function titleOf({ recording, metric }: Analysis): string {
  return `${recording.project}${recording.jobs === null ? '' : ` -j${recording.jobs}`} · ${metric.toUpperCase()} by category`
}

function description({ recording, peak, metric, host }: Analysis): string {
  const largest =
    peak === null ? 'nothing was sampled' : `peak ${formatKb(peak.kb)} ${metric.toUpperCase()} at ${instant(peak.elapsedUs / 1e6)}`
  const repeat = recording.repeat > 1 ? `, repeat ${recording.repeat}` : ''
  return `${largest} · ${formatUs(recording.durationUs)} · ${outcomeOf(recording).text}${repeat} · ${host.hostname}`
}

function foot({ series, metric, categories }: Analysis, bands: number, view: ReportView): string {
  const shown = selectionText(view)
  const selection = shown === null ? `${categories.length} categories.` : `Shown: ${shown}.`
  const points = pointsSentence(series.elapsedUs.length, series.ticks, metric, view)
  return [...(bands === 0 ? ['Nothing to draw.'] : [selection]), ...(points === null ? [] : [points]), 'Recorded by mymonitor.'].join(' ')
}

function legendEntry({ major, minor, color, peakKb }: ColoredBand, index: number, top: number): string {
  const width = (WIDTH - 2 * SIDE) / LEGEND.columns
  const x = Math.round(SIDE + (index % LEGEND.columns) * width)
  const y = top + Math.floor(index / LEGEND.columns) * LEGEND.row
  const name = minor ?? major
  return `<g><title>${text(minor === null ? major : `${major}/${minor}`)}</title><rect class="f${index}" fill="${color}" x="${x}" y="${y - 10}" width="11" height="11" rx="3"/><text class="ink" x="${x + 18}" y="${y}">${text(shortened(name, LEGEND.names))}</text><text class="muted" fill="#5b6370" text-anchor="end" x="${Math.round(x + width - 20)}" y="${y}">${formatKb(peakKb)}</text></g>`
}

function shortened(line: string, most: number): string {
  const characters = [...line]
  return characters.length <= most ? line : `${characters.slice(0, most - 1).join('')}…`
}

/** XML allows no control characters, escaped or not. */
function text(line: string): string {
  return escapeHtml(printable(line))
}
