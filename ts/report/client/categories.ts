import type { CategoryFigures, MajorCategory, Peak } from '../../analysis/contract.ts'
import { formatKb, formatShare } from '../../units.ts'
import type { Palette } from '../palette.ts'
import { h, section } from './dom.ts'
import { scrollable } from './table.ts'
import { paint, swatch } from './theme.ts'

export function categorySection(categories: readonly MajorCategory[], peak: Peak | null, palette: Palette): HTMLElement {
  const peakKb = peak?.kb ?? 0
  const body = h('tbody')
  for (const major of categories) {
    const color = palette(major.name, null)
    const minors = major.minors.map((minor) => {
      const minorColor = palette(major.name, minor.name)
      const name = h('th', { scope: 'row' }, swatch(minorColor), h('bdi', {}, minor.name))
      return h('tr', { class: 'minor', hidden: true }, name, ...figures(minor, peakKb, paint(h('span', { class: 'bar' }), minorColor)))
    })
    const opener = h('button', { type: 'button', class: 'opener', 'aria-expanded': 'false' }, swatch(color), h('bdi', {}, major.name))
    opener.addEventListener('click', () => {
      const isOpen = opener.getAttribute('aria-expanded') === 'true'
      opener.setAttribute('aria-expanded', String(!isOpen))
      for (const row of minors) row.hidden = isOpen
    })
    body.append(
      h(
        'tr',
        { 'data-major': major.name },
        h('th', { scope: 'row' }, opener),
        ...figures(major, peakKb, paint(h('span', { class: 'bar' }), color)),
      ),
      ...minors,
    )
  }
  const head = ['Category', 'Peak', 'At the peak', 'Share', 'Memory-time', 'Processes'].map((label, index) =>
    h('th', { scope: 'col', class: label === 'Share' ? 'share' : index > 0 ? 'numeric' : '' }, label),
  )
  return section(
    'categories',
    'Categories',
    h(
      'p',
      { class: 'lead' },
      'Peak is each category’s own, whenever that was; at the peak is its part of the overall one; memory-time is its area in the chart.',
    ),
    scrollable(
      'Categories',
      h('table', {}, h('caption', { class: 'hidden' }, 'Memory by category'), h('thead', {}, h('tr', {}, ...head)), body),
    ),
  )
}

function figures(figure: CategoryFigures, peakKb: number, bar: HTMLElement): HTMLElement[] {
  const share = peakKb > 0 ? figure.atPeakKb / peakKb : 0
  bar.style.width = `${(100 * share).toFixed(1)}%`
  return [
    numeric(figure.peakKb, formatKb(figure.peakKb)),
    numeric(figure.atPeakKb, formatKb(figure.atPeakKb)),
    h(
      'td',
      { class: 'share' },
      h('span', {}, formatShare(figure.atPeakKb, peakKb)),
      h('span', { class: 'track', 'aria-hidden': 'true' }, bar),
    ),
    numeric(figure.timeKbS, memoryTime(figure.timeKbS)),
    numeric(figure.processes, figure.processes.toLocaleString('en')),
  ]
}

function numeric(value: number, text: string): HTMLElement {
  return h('td', { class: 'numeric' }, h('data', { value }, text))
}

/** 12.4 GiB·s: one GiB held for 12.4 s. */
function memoryTime(kbSeconds: number): string {
  return `${formatKb(kbSeconds)}·s`
}
