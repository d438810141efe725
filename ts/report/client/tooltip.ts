import { formatKb } from '../../units.ts'
import { instant } from '../axis.ts'
import type { Color } from '../palette.ts'
import type { Band } from '../views.ts'
import { h } from './dom.ts'
import { swatch } from './theme.ts'

const LISTED = 12

export interface Reading {
  seconds: number
  /** Visible bands with their own sizes, not the stacked ones; largest first, zeros left out. */
  values: { band: Band; kb: number }[]
  shownKb: number
  /** Of all bands, the hidden ones too. */
  totalKb: number
}

export function read(
  index: number,
  seconds: Float64Array,
  bands: readonly Band[],
  hidden: ReadonlySet<string>,
  totalKb: Float64Array,
): Reading {
  const values = bands
    .filter((band) => !hidden.has(band.key))
    .map((band) => ({ band, kb: band.kb[index] ?? 0 }))
    .filter(({ kb }) => kb > 0)
    .sort((a, b) => b.kb - a.kb)
  return { seconds: seconds[index] ?? 0, values, shownKb: values.reduce((sum, { kb }) => sum + kb, 0), totalKb: totalKb[index] ?? 0 }
}

export interface Tooltip {
  element: HTMLElement
  show(reading: Reading, hasHidden: boolean, left: number, width: number): void
  hide(): void
}

export function createTooltip(colorOf: (band: Band) => Color, clock: (seconds: number) => string | null): Tooltip {
  const element = h('div', { class: 'tooltip', hidden: true, 'aria-hidden': 'true' })
  return {
    element,
    show(reading, hasHidden, left, width) {
      const rest = reading.values.slice(LISTED)
      const time = clock(reading.seconds)
      element.replaceChildren(
        h('p', {}, h('strong', {}, instant(reading.seconds)), time === null ? null : h('span', { class: 'muted' }, time)),
        h(
          'table',
          {},
          h(
            'tbody',
            {},
            ...reading.values.slice(0, LISTED).map(({ band, kb }) => row(swatch(colorOf(band)), band.minor ?? band.major, kb, band.key)),
            rest.length === 0
              ? null
              : row(
                  null,
                  `${rest.length} smaller`,
                  rest.reduce((sum, { kb }) => sum + kb, 0),
                ),
          ),
          h('tfoot', {}, hasHidden ? row(null, 'Shown', reading.shownKb, '=shown') : null, row(null, 'Total', reading.totalKb, '=total')),
        ),
      )
      element.hidden = false
      // On the side with more room, and never over the edge of a phone.
      const own = element.offsetWidth
      const beside = left > width / 2 ? left - own - 14 : left + 14
      element.style.left = `${Math.min(Math.max(beside, 0), Math.max(0, width - own))}px`
    },
    hide() {
      element.hidden = true
    },
  }
}

/** The same in words, for a screen reader. */
export function spoken(reading: Reading): string {
  const largest = reading.values.slice(0, 5).map(({ band, kb }) => `${band.minor ?? band.major} ${formatKb(kb)}`)
  return `At ${instant(reading.seconds)}: total ${formatKb(reading.totalKb)}. ${largest.join(', ')}`
}

function row(marker: HTMLElement | null, name: string, kb: number, key = ''): HTMLElement {
  return h('tr', { 'data-key': key }, h('td', {}, marker, h('bdi', {}, name)), h('td', {}, h('data', { value: kb }, formatKb(kb))))
}
