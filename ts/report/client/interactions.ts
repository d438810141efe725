import type { Chart } from './chart.ts'

const ZOOM_STEP = 1.5
const PAN_STEP = 0.2

/** Zooms so that `at` keeps its place. */
function zoom(chart: Chart, factor: number, at?: number): void {
  const [from, to] = chart.range()
  const center = at ?? (from + to) / 2
  chart.setRange(center - (center - from) / factor, center + (to - center) / factor)
}

export const zoomIn = (chart: Chart) => zoom(chart, ZOOM_STEP)
export const zoomOut = (chart: Chart) => zoom(chart, 1 / ZOOM_STEP)

/** Keys while the chart has the focus. `announce` says the cursor's values to a screen reader. */
export function bindKeys(host: HTMLElement, chart: Chart, seconds: Float64Array, announce: () => void): void {
  const cursorTo = (index: number) => {
    chart.moveCursor(Math.min(Math.max(index, firstIn(chart, seconds)), lastIn(chart, seconds)))
    announce()
  }
  const pan = (direction: number) => {
    const [from, to] = chart.range()
    const by = direction * PAN_STEP * (to - from)
    chart.setRange(from + by, to + by)
  }
  const step = (direction: number) => {
    const current = chart.cursor()
    if (current === null) cursorTo(direction > 0 ? firstIn(chart, seconds) : lastIn(chart, seconds))
    else cursorTo(current + direction)
  }
  const actions: Readonly<Record<string, () => void>> = {
    ArrowLeft: () => step(-1),
    ArrowRight: () => step(1),
    'Shift+ArrowLeft': () => pan(-1),
    'Shift+ArrowRight': () => pan(1),
    ArrowUp: () => zoomIn(chart),
    ArrowDown: () => zoomOut(chart),
    Home: () => cursorTo(0),
    End: () => cursorTo(seconds.length - 1),
    '+': () => zoomIn(chart),
    '=': () => zoomIn(chart),
    '-': () => zoomOut(chart),
    '0': () => chart.reset(),
    Escape: () => chart.moveCursor(null),
  }
  host.addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return
    const action = actions[event.shiftKey && event.key.startsWith('Arrow') ? `Shift+${event.key}` : event.key]
    if (action === undefined) return
    event.preventDefault()
    action()
  })
}

/** The wheel scrolls the page until the chart was clicked or Ctrl is held: a report is read by scrolling past the chart. */
export function bindWheel(host: HTMLElement, chart: Chart): void {
  host.addEventListener('mousedown', () => host.focus({ preventScroll: true }))
  host.addEventListener(
    'wheel',
    (event) => {
      if (!(event.ctrlKey || event.metaKey || document.activeElement === host)) return
      event.preventDefault()
      zoom(chart, event.deltaY < 0 ? 1.2 : 1 / 1.2, chart.timeAt(event.clientX))
    },
    { passive: false },
  )
}

function firstIn(chart: Chart, seconds: Float64Array): number {
  const [from] = chart.range()
  return Math.max(
    0,
    seconds.findIndex((second) => second >= from),
  )
}

function lastIn(chart: Chart, seconds: Float64Array): number {
  const [, to] = chart.range()
  return seconds.findLastIndex((second) => second <= to)
}
