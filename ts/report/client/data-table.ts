import { formatKb } from '../../units.ts'
import { instant } from '../axis.ts'
import type { Band } from '../views.ts'
import { h } from './dom.ts'
import { scrollable } from './table.ts'

const MAX_ROWS = 50

export interface DataTable {
  element: HTMLElement
  show(bands: readonly Band[], from: number, to: number): void
}

/** The chart for those who cannot see it: what is shown, in at most fifty instants. Filled only while it is open. */
export function createDataTable(seconds: Float64Array, totalKb: Float64Array): DataTable {
  const content = h('div')
  const element = h('details', { id: 'chart-table' }, h('summary', {}, 'The chart as a table'), content)
  let bands: readonly Band[] = []
  let from = 0
  let to = 0

  const render = () => {
    if (!element.open) return
    const inRange = Array.from(seconds.keys()).filter((index) => (seconds[index] ?? 0) >= from && (seconds[index] ?? 0) <= to)
    const every = Math.max(1, Math.ceil(inRange.length / MAX_ROWS))
    const rows = inRange.filter((_, position) => position % every === 0)
    const header = (label: string) => h('th', { scope: 'col', class: 'numeric' }, h('bdi', {}, label))
    const cell = (kb: number) => h('td', { class: 'numeric' }, h('data', { value: kb }, formatKb(kb)))
    content.replaceChildren(
      every === 1 ? '' : h('p', { class: 'muted' }, `Every ${every}th point of what the chart shows.`),
      scrollable(
        'The chart as a table',
        h(
          'table',
          {},
          h('caption', { class: 'hidden' }, 'Memory over time by category'),
          h(
            'thead',
            {},
            h('tr', {}, h('th', { scope: 'col' }, 'Time'), header('Total'), ...bands.map((band) => header(band.minor ?? band.major))),
          ),
          h(
            'tbody',
            {},
            ...rows.map((index) =>
              h(
                'tr',
                {},
                h('th', { scope: 'row' }, instant(seconds[index] ?? 0)),
                cell(totalKb[index] ?? 0),
                ...bands.map((band) => cell(band.kb[index] ?? 0)),
              ),
            ),
          ),
        ),
      ),
    )
  }
  element.addEventListener('toggle', render)
  return {
    element,
    show(nextBands, nextFrom, nextTo) {
      bands = nextBands
      from = nextFrom
      to = nextTo
      render()
    },
  }
}
