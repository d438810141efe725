import { formatKb } from '../../units.ts'
import type { Color } from '../palette.ts'
import type { Band } from '../views.ts'
import { h } from './dom.ts'
import { swatch } from './theme.ts'

export interface Legend {
  element: HTMLElement
  show(bands: readonly Band[], hidden: ReadonlySet<string>): void
  /** Other bands hidden, the same bands. */
  mark(hidden: ReadonlySet<string>): void
}

/** Real buttons: a click shows or hides a band; Shift and a click, or a double click, shows it alone, and once more shows all again. */
export function createLegend(colorOf: (band: Band) => Color, onHidden: (hidden: Set<string>) => void): Legend {
  let hidden: ReadonlySet<string> = new Set()
  let buttons = new Map<string, HTMLElement>()
  const all = h('button', { type: 'button', class: 'quiet', id: 'show-all' }, 'Show all')
  all.addEventListener('click', () => onHidden(new Set()))
  const element = h('div', { class: 'legend', role: 'group', 'aria-label': 'Categories in the chart' })

  const toggle = (key: string) => {
    const next = new Set(hidden)
    if (!next.delete(key)) next.add(key)
    onHidden(next)
  }
  const solo = (key: string) => {
    const isAlone = !hidden.has(key) && hidden.size === buttons.size - 1
    onHidden(new Set(isAlone ? [] : [...buttons.keys()].filter((other) => other !== key)))
  }
  const button = (band: Band) => {
    const item = h(
      'button',
      { type: 'button', class: 'band', 'data-key': band.key },
      swatch(colorOf(band)),
      h('bdi', { class: 'name' }, band.minor ?? band.major),
      h('span', { class: 'size' }, formatKb(band.peakKb)),
    )
    item.addEventListener('click', (event) => (event.shiftKey ? solo(band.key) : toggle(band.key)))
    // Its two clicks have cancelled each other by now.
    item.addEventListener('dblclick', () => solo(band.key))
    buttons.set(band.key, item)
    return item
  }
  const mark = (nextHidden: ReadonlySet<string>) => {
    hidden = nextHidden
    for (const [key, item] of buttons) item.setAttribute('aria-pressed', String(!hidden.has(key)))
    all.toggleAttribute('disabled', hidden.size === 0)
  }
  const show = (bands: readonly Band[], nextHidden: ReadonlySet<string>) => {
    buttons = new Map()
    const families = [...Map.groupBy(bands, (band) => band.major)].flatMap(([major, members]): HTMLElement[] => {
      const items = members.map(button)
      if (members.every((band) => band.minor === null)) return items
      return [h('div', { class: 'family', role: 'group', 'aria-label': major }, h('bdi', { class: 'family-name' }, major), ...items)]
    })
    element.replaceChildren(...families, all)
    mark(nextHidden)
  }
  return { element, show, mark }
}
