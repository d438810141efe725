import uPlot from 'uplot'
import { sizeTicks, TIME_STEPS, timeLabel } from '../axis.ts'
import type { Color } from '../palette.ts'
import { cumulate, neighbors } from '../stack.ts'
import type { Band } from '../views.ts'
import { scheme } from './theme.ts'

export type Mode = 'stacked' | 'lines'

export interface ChartOptions {
  host: HTMLElement
  seconds: Float64Array
  /** The full range; it holds all points. */
  start: number
  end: number
  colorOf: (band: Band) => Color
  /** index is null when the cursor has left; left is in pixels from the host's left edge. */
  onCursor: (index: number | null, left: number) => void
  /** After the visible time range, the bands or the size have changed. */
  onDraw: (chart: Chart) => void
}

export interface Chart {
  /** Draws other bands or another mode; the time range stays. */
  show(bands: readonly Band[], mode: Mode, hidden: ReadonlySet<string>): void
  setHidden(hidden: ReadonlySet<string>): void
  range(): [from: number, to: number]
  /** Clipped to the full range. */
  setRange(from: number, to: number): void
  reset(): void
  /** The point under the cursor. */
  cursor(): number | null
  moveCursor(index: number | null): void
  repaint(): void
  /** Pixels from the host's corner; null when the time is not shown. */
  position(seconds: number, kb: number): Position | null
  timeAt(clientX: number): number
}

interface Position {
  left: number
  top: number
  /** The plot's own edges. */
  right: number
  bottom: number
  /** Not above the plot's upper edge. */
  onPlot: boolean
}

const INK = { light: { text: '#5b6370', grid: '#e4e7eb' }, dark: { text: '#9aa3b0', grid: '#2a3038' } } as const
const FONT = '12px system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif'
/** Nobody needs to see less than this many seconds across. */
const MIN_SPAN = 0.05

/** The only file that knows uPlot. Stacking is ours: uPlot has none. */
export function createChart(options: ChartOptions): Chart {
  const { host, seconds, start, end } = options
  let plot: uPlot | null = null
  let bands: readonly Band[] = []
  let mode: Mode = 'stacked'
  let visible: boolean[] = []
  let from = start
  let to = end

  const data = (): uPlot.AlignedData => {
    const columns = bands.map((band) => band.kb)
    return [seconds, ...(mode === 'stacked' ? cumulate(columns, visible) : columns)]
  }
  // Without bands between neighbours the translucent areas would lie over each other.
  const uplotBands = (): uPlot.Band[] =>
    mode === 'stacked' ? neighbors(visible).map(([upper, lower]) => ({ series: [upper + 1, lower + 1] })) : []

  const series = (band: Band, index: number): uPlot.Series => {
    const color = options.colorOf(band)
    const stroke = () => color[scheme()]
    return {
      label: band.key,
      show: visible[index] ?? true,
      stroke,
      // An outline would also be drawn where the band has no height, along the band below it.
      width: mode === 'stacked' ? 0 : 1.75,
      points: { show: seconds.length < 3, size: 7 },
      ...(mode === 'stacked' ? { fill: stroke } : {}),
    }
  }

  const build = () => {
    plot?.destroy()
    plot = new uPlot(
      {
        ...size(host),
        series: [{}, ...bands.map(series)],
        bands: uplotBands(),
        scales: {
          x: { time: false, range: (_plot, min, max) => clip(min, max) },
          y: { range: (_plot, _min, max) => [0, max > 0 ? max * 1.06 : 1024] },
        },
        axes: [timeAxis(), sizeAxis()],
        legend: { show: false },
        cursor: { y: false, points: { show: mode === 'lines', size: 6 }, drag: { x: true, y: false, dist: 4 } },
        hooks: {
          setCursor: [
            (self) =>
              options.onCursor(self.cursor.left !== undefined && self.cursor.left >= 0 ? (self.cursor.idx ?? null) : null, left(self)),
          ],
          setScale: [
            (self, key) => {
              if (key !== 'x') return
              from = self.scales['x']?.min ?? start
              to = self.scales['x']?.max ?? end
            },
          ],
          draw: [() => options.onDraw(chart)],
        },
      },
      data(),
      host,
    )
    plot.ctx.canvas.setAttribute('aria-hidden', 'true')
    // For the browser's console and for tests.
    Object.assign(host, { uplot: plot })
  }

  // uPlot asks for the range at a zoom as well as at a reset, which it does by the first and last point.
  const clip = (min: number, max: number): [number, number] => {
    const first = seconds[0] ?? start
    const last = seconds.at(-1) ?? end
    if (!(min > first || max < last)) return [start, end]
    const width = Math.min(Math.max(max - min, MIN_SPAN), end - start)
    const low = Math.min(Math.max((min + max - width) / 2, start), end - width)
    return [low, low + width]
  }

  const chart: Chart = {
    show(nextBands, nextMode, hidden) {
      bands = nextBands
      mode = nextMode
      visible = bands.map((band) => !hidden.has(band.key))
      const [low, high] = [from, to]
      build()
      if (low > start || high < end) chart.setRange(low, high)
    },
    setHidden(hidden) {
      visible = bands.map((band) => !hidden.has(band.key))
      plot?.batch(() => {
        visible.forEach((show, index) => {
          plot?.setSeries(index + 1, { show })
        })
        plot?.delBand(null)
        for (const band of uplotBands()) plot?.addBand(band)
        // Not to reset the scales keeps the zoom; the redraw fits the height to what is left.
        plot?.setData(data(), false)
        plot?.redraw()
      })
    },
    range: () => [from, to],
    setRange(low, high) {
      plot?.setScale('x', { min: low, max: high })
    },
    reset() {
      plot?.setScale('x', { min: start, max: end })
    },
    cursor() {
      const left = plot?.cursor.left ?? -1
      return left >= 0 ? (plot?.cursor.idx ?? null) : null
    },
    moveCursor(index) {
      const at = index === null ? -10 : (plot?.valToPos(seconds[index] ?? 0, 'x') ?? -10)
      plot?.setCursor({ left: at, top: index === null ? -10 : 1 })
    },
    repaint() {
      plot?.redraw(false)
    },
    position(at, kb) {
      if (plot === null || at < from || at > to) return null
      const { offsetLeft, offsetTop, offsetWidth, offsetHeight } = plot.over
      const y = plot.valToPos(kb, 'y')
      return {
        left: offsetLeft + plot.valToPos(at, 'x'),
        top: offsetTop + y,
        right: offsetLeft + offsetWidth,
        bottom: offsetTop + offsetHeight,
        onPlot: y >= 0,
      }
    },
    timeAt: (clientX) => plot?.posToVal(clientX - plot.over.getBoundingClientRect().left, 'x') ?? start,
  }

  // In the next frame, as it changes the height of what is observed.
  const fit = () => {
    const next = size(host)
    if (plot !== null && (plot.width !== next.width || plot.height !== next.height)) plot.setSize(next)
  }
  new ResizeObserver(() => requestAnimationFrame(fit)).observe(host)
  return chart
}

function left(plot: uPlot): number {
  return plot.over.offsetLeft + (plot.cursor.left ?? 0)
}

function size(host: HTMLElement): { width: number; height: number } {
  const width = Math.max(240, host.clientWidth)
  return { width, height: Math.round(Math.min(Math.max(width * 0.42, 260), 520)) }
}

function timeAxis(): uPlot.Axis {
  return {
    ...axisInk(),
    size: 36,
    space: 72,
    incrs: TIME_STEPS,
    values: (plot, splits, _axis, _space, step) => splits.map((split) => timeLabel(split, step, plot.scales['x']?.max ?? 0)),
  }
}

function sizeAxis(): uPlot.Axis {
  const ticks = (plot: uPlot, max: number) => sizeTicks(max, Math.max(2, Math.floor(plot.height / 56)))
  return {
    ...axisInk(),
    size: 72,
    splits: (plot, _axis, _min, max) => ticks(plot, max).kb,
    values: (plot) => ticks(plot, plot.scales['y']?.max ?? 0).labels,
  }
}

function axisInk(): uPlot.Axis {
  return {
    font: FONT,
    stroke: () => INK[scheme()].text,
    grid: { width: 1, stroke: () => INK[scheme()].grid },
    ticks: { width: 1, size: 4, stroke: () => INK[scheme()].grid },
  }
}
