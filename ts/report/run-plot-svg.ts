import { formatKb, formatUs } from '../units.ts'
import { escapeHtml } from './escape.ts'
import type { Spread } from './spread.ts'

export interface Level {
  name: string
  /** null: nothing was measured. */
  peakKb: Mark | null
  /** null: no build succeeded. */
  durationUs: Mark | null
  /** How the build failed, if there is none that did not; else null. */
  failure: string | null
}
/** A single recording has one value for all three. */
export type Mark = Pick<Spread, 'median' | 'min' | 'max'>

const SIDE = 12
const WHISKER = 7
/** Two panels over one axis of levels rather than two scales over each other, where any crossing would look like a finding. */
const LINE = { title: 14, top: 48, base: 150 }
const BARS = { title: 188, top: 204, base: 364 }
const HEIGHT = BARS.base + 46

/**
 * A line of the duration above bars of the peak memory, both from zero, each value written at its mark. Of several repeats these are medians, and a whisker
 * goes from the smallest to the largest.
 */
export function levelsSvg(levels: readonly Level[], metric: string): string {
  const width = Math.max(360, Math.min(1100, 2 * SIDE + levels.length * 110))
  const slot = (width - 2 * SIDE) / Math.max(1, levels.length)
  const maxKb = Math.max(1, ...levels.map(({ peakKb }) => peakKb?.max ?? 0))
  const maxUs = Math.max(1, ...levels.map(({ durationUs }) => durationUs?.max ?? 0))
  const x = (index: number) => round(SIDE + slot * (index + 0.5))
  const barTop = (kb: number) => round(BARS.base - (BARS.base - BARS.top - 18) * (kb / maxKb))
  const lineY = (us: number) => round(LINE.base - (LINE.base - LINE.top) * (us / maxUs))
  const barWidth = round(Math.min(72, slot * 0.6))

  const whisker = (index: number, mark: Mark | null, y: (value: number) => number): string => {
    if (mark === null || mark.min === mark.max) return ''
    const [low, high, left, right] = [y(mark.min), y(mark.max), round(x(index) - WHISKER), round(x(index) + WHISKER)]
    return `\n<path class="whisker" d="M${x(index)} ${low}V${high}M${left} ${low}H${right}M${left} ${high}H${right}"/>`
  }
  const bars = levels.map((level, index) => {
    const { peakKb } = level
    const top = barTop(peakKb?.median ?? 0)
    return `<g class="level${level.failure === null ? '' : ' failed'}"><title>${escapeHtml(describe(level, metric))}</title>
<rect x="${round(x(index) - barWidth / 2)}" y="${top}" width="${barWidth}" height="${round(BARS.base - top)}" rx="2"/>${whisker(index, peakKb, barTop)}
<text class="value" x="${x(index)}" y="${barTop(peakKb?.max ?? 0) - 7}">${peakKb === null ? 'none' : formatKb(peakKb.median)}</text>
<text class="name" x="${x(index)}" y="${BARS.base + 20}">${escapeHtml(level.name)}</text>${level.failure === null ? '' : `\n<text class="failure" x="${x(index)}" y="${BARS.base + 38}">failed</text>`}</g>`
  })
  // How long a build took that failed says nothing about the level, so the line leaves it out.
  const good = levels.flatMap(({ durationUs, failure }, index) =>
    failure === null && durationUs !== null
      ? [
          {
            x: x(index),
            y: lineY(durationUs.median),
            top: lineY(durationUs.max),
            text: formatUs(durationUs.median),
            whisker: whisker(index, durationUs, lineY),
          },
        ]
      : [],
  )
  return `<svg class="level-plot" viewBox="0 0 ${width} ${HEIGHT}" role="img" aria-label="${escapeHtml(levels.map((level) => describe(level, metric)).join('; '))}">
<text class="panel" x="${SIDE}" y="${LINE.title}">Duration</text>
<line class="base" x1="${SIDE}" x2="${width - SIDE}" y1="${LINE.base}" y2="${LINE.base}"/>
<polyline points="${good.map((mark) => `${mark.x},${mark.y}`).join(' ')}"/>
${good.map((mark) => `<circle cx="${mark.x}" cy="${mark.y}" r="4.5"/>${mark.whisker}<text class="duration" x="${mark.x}" y="${mark.top - 12}">${mark.text}</text>`).join('\n')}
<text class="panel" x="${SIDE}" y="${BARS.title}">Peak ${metric}</text>
<line class="base" x1="${SIDE}" x2="${width - SIDE}" y1="${BARS.base}" y2="${BARS.base}"/>
${bars.join('\n')}
</svg>`
}

function describe(level: Level, metric: string): string {
  const range = (mark: Mark, format: (value: number) => string): string =>
    mark.min === mark.max ? format(mark.median) : `${format(mark.median)} (${format(mark.min)} – ${format(mark.max)})`
  const peak = level.peakKb === null ? `no ${metric} measured` : `peak ${metric} ${range(level.peakKb, formatKb)}`
  const duration = level.durationUs === null ? '' : `, ${range(level.durationUs, formatUs)}`
  return `${level.name}: ${peak}${duration}${level.failure === null ? '' : `, ${level.failure}`}`
}

function round(value: number): number {
  return Math.round(value * 10) / 10
}
