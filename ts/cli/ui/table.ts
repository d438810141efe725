import type { Paint } from './paint.ts'

export interface Column {
  title: string
  align: 'left' | 'right'
}
export interface Row {
  cells: readonly string[]
  /** Applied to the whole padded row. */
  paint?: Paint
}

/** Aligned columns, two spaces apart, no trailing spaces; the titles are the first line. */
export function table(columns: readonly Column[], rows: readonly Row[], title: Paint): string[] {
  const widths = columns.map((column, index) => Math.max(column.title.length, ...rows.map(({ cells }) => width(cells[index] ?? ''))))
  const line = (cells: readonly string[]): string =>
    columns
      .map(({ align }, index) => {
        const cell = cells[index] ?? ''
        const padding = ' '.repeat(Math.max(0, (widths[index] ?? 0) - width(cell)))
        return align === 'right' ? padding + cell : cell + padding
      })
      .join('  ')
      .trimEnd()
  return [title(line(columns.map((column) => column.title))), ...rows.map((row) => (row.paint ?? ((text) => text))(line(row.cells)))]
}

/** Code points; good enough for names of programs and files. */
function width(text: string): number {
  return [...text].length
}
