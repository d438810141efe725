import { formatKb } from '../../units.ts'
import { span } from '../axis.ts'
import type { EmbeddedReport } from '../embedded.ts'
import type { Palette } from '../palette.ts'
import { pointsSentence, selectionText, shownBands } from '../view.ts'
import { type Band, bandsOf, VIEWS, type ViewName } from '../views.ts'
import { type Chart, createChart, type Mode } from './chart.ts'
import { clockOf } from './clock.ts'
import type { Series } from './columns.ts'
import { createDataTable } from './data-table.ts'
import { h } from './dom.ts'
import { bindKeys, bindWheel, zoomIn, zoomOut } from './interactions.ts'
import { createLegend } from './legend.ts'
import { createPeakMarker } from './peak-marker.ts'
import { onSchemeChange } from './theme.ts'
import { createTooltip, read, spoken } from './tooltip.ts'

const MODES = [
  { name: 'stacked', label: 'Stacked' },
  { name: 'lines', label: 'Lines' },
] as const

/** The chart with everything that acts on it. `host` must be in the document: the chart takes its size from it. */
export function fillChartSection(container: HTMLElement, report: EmbeddedReport, series: Series, palette: Palette): void {
  let view: ViewName = report.view.categories
  let mode: Mode = report.view.chart === 'lines' ? 'lines' : 'stacked'
  let bands: Band[] = []
  // Each view keeps what is hidden in it.
  const hiddenAtFirst = (name: ViewName): Set<string> => {
    const all = bandsOf(name, series.groups, report.categories)
    const shown = shownBands(report.view, all, report.categories)
    return new Set(all.filter((band) => !shown.includes(band)).map(({ key }) => key))
  }
  const hiddenIn: Record<ViewName, Set<string>> = {
    major: hiddenAtFirst('major'),
    detailed: hiddenAtFirst('detailed'),
    other: hiddenAtFirst('other'),
  }
  const totalKb = report.metric === 'pss' ? series.totalPssKb : series.totalRssKb
  const colorOf = (band: Band) => palette(band.major, band.minor)

  const host = h('div', {
    class: 'chart',
    id: 'chart',
    role: 'application',
    'aria-roledescription': 'chart',
    'aria-label': 'Memory over time by category',
    'aria-describedby': 'chart-keys',
    tabindex: '0',
  })
  const status = h('p', { class: 'muted', id: 'chart-status', role: 'status' })
  const voice = h('p', { class: 'hidden', 'aria-live': 'polite' })
  const tooltip = createTooltip(colorOf, clockOf(report.recording.startedAt))
  const marker = createPeakMarker(report.peak)
  const table = createDataTable(series.seconds, totalKb)

  const showAt = (index: number, left: number) =>
    tooltip.show(read(index, series.seconds, bands, hiddenIn[view], totalKb), hiddenIn[view].size > 0, left, host.clientWidth)
  const chart = createChart({
    host,
    seconds: series.seconds,
    start: Math.min(0, series.seconds[0] ?? 0),
    end: Math.max(report.recording.durationUs / 1e6, series.seconds.at(-1) ?? 0, 0.001),
    colorOf,
    onCursor: (index, left) => (index === null ? tooltip.hide() : showAt(index, left)),
    onDraw: (drawn) => {
      marker.place(drawn, mode === 'stacked' && hiddenIn[view].size === 0)
      describe(drawn)
    },
  })
  const describe = (drawn: Chart) => {
    const [from, to] = drawn.range()
    const shown = bands.filter((band) => !hiddenIn[view].has(band.key))
    status.textContent = `${span(from, to)} · ${shown.length} of ${bands.length} categories · largest ${formatKb(largest(series.seconds, shown, from, to))}`
    table.show(shown, from, to)
  }
  const legend = createLegend(colorOf, (hidden) => {
    hiddenIn[view] = hidden
    legend.mark(hidden)
    chart.setHidden(hidden)
    tooltip.hide()
  })
  const draw = () => {
    bands = bandsOf(view, series.groups, report.categories)
    legend.show(bands, hiddenIn[view])
    tooltip.hide()
    chart.show(bands, mode, hiddenIn[view])
  }

  host.append(marker.element, tooltip.element)
  container.append(
    h(
      'div',
      { class: 'toolbar' },
      choice('Categories', VIEWS, view, (name) => {
        view = name
        draw()
      }),
      choice('Drawn as', MODES, mode, (name) => {
        mode = name
        draw()
      }),
      h(
        'div',
        { class: 'choice zoom', role: 'group', 'aria-label': 'Zoom' },
        action('Zoom out', '−', () => zoomOut(chart)),
        action('Zoom in', '+', () => zoomIn(chart)),
        action('Reset zoom', 'Reset', () => chart.reset()),
      ),
    ),
    host,
    status,
    legend.element,
    h(
      'p',
      { class: 'muted', id: 'chart-keys' },
      'Drag to zoom, double-click to reset; the wheel zooms with Ctrl or after a click. Keys: ← → move along the time, with Shift they pan, + and − zoom, 0 resets, Esc leaves. In the legend, Shift or a double click shows one alone.',
    ),
    selectionNote(report.view) ?? '',
    thinningNote(report) ?? '',
    table.element,
    voice,
  )
  draw()
  bindKeys(host, chart, series.seconds, () => {
    const index = chart.cursor()
    if (index !== null) voice.textContent = spoken(read(index, series.seconds, bands, hiddenIn[view], totalKb))
  })
  bindWheel(host, chart)
  onSchemeChange(() => chart.repaint())
}

function selectionNote(view: EmbeddedReport['view']): HTMLElement | null {
  const shown = selectionText(view)
  if (shown === null) return null
  return h('p', { class: 'muted', id: 'selected' }, 'Shown at first: ', h('bdi', {}, shown), '. The legend shows the others.')
}

function thinningNote({ series, metric, view }: EmbeddedReport): HTMLElement | null {
  const sentence = pointsSentence(series.points, series.ticks, metric, view)
  if (sentence === null) return null
  return h('p', { class: 'muted', id: 'thinned' }, `${sentence} Peaks, tables and totals come from all of them.`)
}

/** Largest sum of the shown bands within the shown time. */
function largest(seconds: Float64Array, shown: readonly Band[], from: number, to: number): number {
  let maximum = 0
  seconds.forEach((second, index) => {
    if (second < from || second > to) return
    maximum = Math.max(
      maximum,
      shown.reduce((sum, band) => sum + (band.kb[index] ?? 0), 0),
    )
  })
  return maximum
}

function choice<Name extends string>(
  label: string,
  options: readonly { name: Name; label: string }[],
  chosen: Name,
  choose: (name: Name) => void,
): HTMLElement {
  const buttons = options.map((option) => {
    const button = h('button', { type: 'button', 'data-name': option.name, 'aria-pressed': String(option.name === chosen) }, option.label)
    button.addEventListener('click', () => {
      for (const other of buttons) other.setAttribute('aria-pressed', String(other === button))
      choose(option.name)
    })
    return button
  })
  return h('div', { class: 'choice', role: 'group', 'aria-label': label }, ...buttons)
}

function action(label: string, face: string, act: () => void): HTMLElement {
  const button = h('button', { type: 'button', 'aria-label': label, title: label }, face)
  button.addEventListener('click', act)
  return button
}
