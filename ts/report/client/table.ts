import { h } from './dom.ts'

export interface Column<Row> {
  id: string
  label: string
  numeric?: boolean
  /** What it sorts by; null sorts last either way. */
  value: (row: Row) => number | string | null
  /** What it shows; its value by default. */
  cell?: (row: Row) => Node | string
}

export interface TableOptions<Row> {
  id: string
  caption: string
  columns: readonly Column<Row>[]
  rows: readonly Row[]
  /** What the filter searches in. */
  search: (row: Row) => string
  /** Text behind a row, opened by a button in its first cell. */
  detail: (row: Row) => string
}

/** Rows shown at first; a filter appears where there are more. */
const FIRST_ROWS = 20

export function sortableTable<Row>(options: TableOptions<Row>): HTMLElement {
  const { id, caption, columns, rows } = options
  const body = h('tbody')
  const count = h('p', { class: 'count muted', role: 'status' })
  const more = h('button', { type: 'button', class: 'quiet' })
  const filter = h('input', { type: 'search', id: `${id}-filter`, autocomplete: 'off', spellcheck: 'false' })
  let sorted = [...rows]
  let showAll = rows.length <= FIRST_ROWS

  const render = () => {
    const wanted = filter.value.trim().toLowerCase()
    const matching = wanted === '' ? sorted : sorted.filter((row) => options.search(row).toLowerCase().includes(wanted))
    const shown = showAll ? matching : matching.slice(0, FIRST_ROWS)
    body.replaceChildren(...shown.flatMap((row) => bodyRows(options, row)))
    more.hidden = shown.length === matching.length
    more.textContent = `Show all ${matching.length}`
    count.textContent = wanted === '' ? '' : `${matching.length} of ${rows.length} match`
  }
  const headers = columns.map((column, index) => {
    const button = h('button', { type: 'button' }, column.label)
    const header = h('th', { scope: 'col', class: column.numeric ? 'numeric' : '' }, button)
    button.addEventListener('click', () => {
      const current = header.getAttribute('aria-sort')
      const ascending = current === null ? !column.numeric : current === 'descending'
      for (const other of headers) other.removeAttribute('aria-sort')
      header.setAttribute('aria-sort', ascending ? 'ascending' : 'descending')
      sorted = sortRows(rows, columns[index] as Column<Row>, ascending)
      render()
    })
    return header
  })
  filter.addEventListener('input', render)
  more.addEventListener('click', () => {
    showAll = true
    render()
  })
  render()
  return h(
    'div',
    { class: 'table', id },
    rows.length > FIRST_ROWS ? h('div', { class: 'filter' }, h('label', { for: filter.id }, 'Filter'), filter, count) : null,
    scrollable(caption, h('table', {}, h('caption', { class: 'hidden' }, caption), h('thead', {}, h('tr', {}, ...headers)), body)),
    more,
  )
}

/** A wide table scrolls by itself, by keyboard too. */
export function scrollable(label: string, table: HTMLElement): HTMLElement {
  return h('div', { class: 'scroll', role: 'group', 'aria-label': label, tabindex: '0' }, table)
}

function bodyRows<Row>({ columns, detail }: TableOptions<Row>, row: Row): HTMLElement[] {
  const line = h('tr')
  const cells = columns.map((column, index) => {
    const content = column.cell?.(row) ?? String(column.value(row) ?? '–')
    if (index > 0) return h('td', { class: column.numeric ? 'numeric' : '' }, content)
    const opener = h('button', { type: 'button', class: 'opener', 'aria-expanded': 'false', title: 'Command line' }, content)
    opener.addEventListener('click', () => {
      const isOpen = opener.getAttribute('aria-expanded') === 'true'
      opener.setAttribute('aria-expanded', String(!isOpen))
      if (isOpen) line.nextElementSibling?.remove()
      else line.after(h('tr', { class: 'detail' }, h('td', { colspan: columns.length }, h('code', {}, detail(row)))))
    })
    return h('th', { scope: 'row' }, opener)
  })
  line.append(...cells)
  return [line]
}

function sortRows<Row>(rows: readonly Row[], { value }: Column<Row>, ascending: boolean): Row[] {
  const sign = ascending ? 1 : -1
  return [...rows].sort((left, right) => {
    const [a, b] = [value(left), value(right)]
    if (a === null || b === null) return Number(a === null) - Number(b === null)
    return sign * (typeof a === 'number' && typeof b === 'number' ? a - b : String(a).localeCompare(String(b), 'en', { numeric: true }))
  })
}
