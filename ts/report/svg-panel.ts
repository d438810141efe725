import type { Analysis } from '../analysis/contract.ts'
import { formatKb } from '../units.ts'
import { instant, sizeTicks, TIME_STEPS, timeLabel } from './axis.ts'
import { cumulate } from './stack.ts'
import type { Band } from './views.ts'

export interface Panel {
  mode: 'stacked' | 'lines'
  left: number
  top: number
  width: number
  height: number
  bands: readonly ColoredBand[]
  /** Its series is what is drawn. */
  analysis: Analysis
  /** Everything is shown, so the top of the stack is the total and the peak's height can be pointed at. */
  isComplete: boolean
}
export interface ColoredBand extends Band {
  /** `#rrggbb` on white; a style sheet may replace it by the band's classes: f0, f1, … where it fills, s0, s1, … where it strokes. */
  color: string
}

const SIZE_TICKS = 6
const TIME_TICKS = 9
/** Pixels an average character of a label takes. */
const CHARACTER = 6.6

/** Axes, the bands as areas on each other or as lines, and the peak. */
export function panelSvg(panel: Panel): string {
  const { mode, left, top, width, height, bands, analysis } = panel
  const { series, recording } = analysis
  const seconds = series.elapsedUs.map((us) => us / 1e6)
  const start = Math.min(0, seconds[0] ?? 0)
  const end = Math.max(recording.durationUs / 1e6, seconds.at(-1) ?? 0, start + 0.001)
  const columns =
    mode === 'lines'
      ? bands.map(({ kb }) => kb)
      : cumulate(
          bands.map(({ kb }) => kb),
          bands.map(() => true),
        )
  const largest = columns.reduce((most, column) => column.reduce((a, b) => Math.max(a, b), most), 0)
  const maxKb = largest > 0 ? largest * 1.06 : 1024
  const x = (at: number): number => round(left + (width * (at - start)) / (end - start))
  const y = (kb: number): number => round(top + height * (1 - kb / maxKb))
  const edge = (column: Float64Array): string => seconds.map((at, point) => `${x(at)} ${y(column[point] ?? 0)}`).join('L')
  const base = `L${x(seconds.at(-1) ?? end)} ${y(0)}L${x(seconds[0] ?? start)} ${y(0)}Z`
  const paths = columns.map((column, index) => {
    const color = bands[index]?.color ?? ''
    return mode === 'lines'
      ? `<path class="s${index}" fill="none" stroke="${color}" stroke-width="1.75" stroke-linejoin="round" d="M${edge(column)}"/>`
      : `<path class="f${index}" fill="${color}" d="M${edge(column)}${base}"/>`
  })
  // Each area goes down to zero, so the lower ones are drawn over the higher ones.
  const drawn = series.elapsedUs.length === 0 ? [] : mode === 'lines' ? paths : paths.toReversed()
  return [...sizeAxis(panel, maxKb, y), ...timeAxis(panel, start, end, x), ...drawn, ...peakMarker(panel, x, y)].join('\n')
}

function sizeAxis({ left, width }: Panel, maxKb: number, y: (kb: number) => number): string[] {
  const { kb, labels } = sizeTicks(maxKb, SIZE_TICKS)
  return kb.map(
    (value, index) =>
      `<path class="grid" stroke="#e4e7eb" d="M${left} ${y(value)}h${width}"/><text class="muted" fill="#5b6370" text-anchor="end" x="${left - 8}" y="${round(y(value) + 4)}">${labels[index]}</text>`,
  )
}

function timeAxis({ top, height }: Panel, start: number, end: number, x: (at: number) => number): string[] {
  const step = TIME_STEPS.find((candidate) => candidate * TIME_TICKS >= end - start) ?? Math.ceil((end - start) / TIME_TICKS)
  const first = Math.ceil(start / step)
  return Array.from({ length: Math.floor(end / step) - first + 1 }, (_, index) => {
    const at = (first + index) * step
    return `<text class="muted" fill="#5b6370" text-anchor="middle" x="${x(at)}" y="${top + height + 20}">${timeLabel(at, step, end)}</text>`
  })
}

function peakMarker(
  { mode, left, top, width, height, isComplete, analysis }: Panel,
  x: (at: number) => number,
  y: (kb: number) => number,
): string[] {
  const { peak } = analysis
  if (peak === null) return []
  const seconds = peak.elapsedUs / 1e6
  const at = x(seconds)
  const label = `Peak ${formatKb(peak.kb)} at ${instant(seconds)}`
  const isLate = at + 8 + label.length * CHARACTER > left + width
  return [
    `<path class="peak" stroke="#1b2027" stroke-dasharray="4 3" d="M${at} ${top - 6}V${top + height}"/>`,
    ...(mode === 'stacked' && isComplete
      ? [`<circle class="dot" fill="#1b2027" stroke="#fff" stroke-width="2" cx="${at}" cy="${y(peak.kb)}" r="4.5"/>`]
      : []),
    `<text class="ink" font-weight="600" text-anchor="${isLate ? 'end' : 'start'}" x="${round(isLate ? at - 6 : at + 6)}" y="${top}">${label}</text>`,
  ]
}

/** A tenth of a pixel. */
function round(value: number): number {
  return Math.round(value * 10) / 10
}
