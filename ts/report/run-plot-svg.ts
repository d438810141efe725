import { formatKb, formatUs } from '../units.ts'
import { escapeHtml } from './escape.ts'

export interface Level {
  name: string
  /** null: nothing was measured. */
  peakKb: number | null
  durationUs: number
  /** How the build failed; null when it did not. */
  failure: string | null
}

const SIDE = 12
/** Two panels over one axis of levels rather than two scales over each other, where any crossing would look like a finding. */
const LINE = { title: 14, top: 48, base: 150 }
const BARS = { title: 188, top: 204, base: 364 }
const HEIGHT = BARS.base + 46

/** A line of the duration above bars of the peak memory, both from zero, each value written at its mark. */
export function levelsSvg(levels: readonly Level[], metric: string): string {
  const width = Math.max(360, Math.min(1100, 2 * SIDE + levels.length * 110))
  const slot = (width - 2 * SIDE) / Math.max(1, levels.length)
  const maxKb = Math.max(1, ...levels.map((level) => level.peakKb ?? 0))
  const maxUs = Math.max(1, ...levels.map((level) => level.durationUs))
  const x = (index: number) => round(SIDE + slot * (index + 0.5))
  const barTop = (kb: number) => round(BARS.base - (BARS.base - BARS.top - 18) * (kb / maxKb))
  const lineY = (us: number) => round(LINE.base - (LINE.base - LINE.top) * (us / maxUs))
  const barWidth = round(Math.min(72, slot * 0.6))

  const bars = levels.map((level, index) => {
    const top = barTop(level.peakKb ?? 0)
    return `<g class="level${level.failure === null ? '' : ' failed'}"><title>${escapeHtml(describe(level, metric))}</title>
<rect x="${round(x(index) - barWidth / 2)}" y="${top}" width="${barWidth}" height="${round(BARS.base - top)}" rx="2"/>
<text class="value" x="${x(index)}" y="${top - 7}">${level.peakKb === null ? 'none' : formatKb(level.peakKb)}</text>
<text class="name" x="${x(index)}" y="${BARS.base + 20}">${escapeHtml(level.name)}</text>${level.failure === null ? '' : `\n<text class="failure" x="${x(index)}" y="${BARS.base + 38}">failed</text>`}</g>`
  })
  // How long a build took that failed says nothing about the level, so the line leaves it out.
  const good = levels.flatMap((level, index) =>
    level.failure === null ? [{ x: x(index), y: lineY(level.durationUs), text: formatUs(level.durationUs) }] : [],
  )
  return `<svg class="level-plot" viewBox="0 0 ${width} ${HEIGHT}" role="img" aria-label="${escapeHtml(levels.map((level) => describe(level, metric)).join('; '))}">
<text class="panel" x="${SIDE}" y="${LINE.title}">Duration</text>
<line class="base" x1="${SIDE}" x2="${width - SIDE}" y1="${LINE.base}" y2="${LINE.base}"/>
<polyline points="${good.map((mark) => `${mark.x},${mark.y}`).join(' ')}"/>
${good.map((mark) => `<circle cx="${mark.x}" cy="${mark.y}" r="4.5"/><text class="duration" x="${mark.x}" y="${mark.y - 12}">${mark.text}</text>`).join('\n')}
<text class="panel" x="${SIDE}" y="${BARS.title}">Peak ${metric}</text>
<line class="base" x1="${SIDE}" x2="${width - SIDE}" y1="${BARS.base}" y2="${BARS.base}"/>
${bars.join('\n')}
</svg>`
}

function describe(level: Level, metric: string): string {
  const peak = level.peakKb === null ? `no ${metric} measured` : `peak ${metric} ${formatKb(level.peakKb)}`
  return `${level.name}: ${peak}, ${formatUs(level.durationUs)}${level.failure === null ? '' : `, ${level.failure}`}`
}

function round(value: number): number {
  return Math.round(value * 10) / 10
}
