import { gzipSync } from 'node:zlib'

/**
 * Columns of equal length for embedding: deltas as Int32 (first value from 0), the first bytes of all numbers, then the second ones and so on, gzip, base64.
 * A third smaller than JSON deltas (neighbouring high bytes are nearly always equal). client/columns.ts reads it.
 */
export function encodeColumns(columns: readonly (readonly number[])[]): string {
  const points = columns[0]?.length ?? 0
  const count = columns.length * points
  const bytes = new Uint8Array(count * 4)
  let at = 0
  for (const column of columns) {
    if (column.length !== points) throw new RangeError(`columns differ in length: ${column.length} values, ${points} expected`)
    let previous = 0
    for (const exact of column) {
      const value = Math.round(exact)
      const delta = value - previous
      // A NaN fails this too.
      if ((delta | 0) !== delta) throw new RangeError(`a step of ${delta} does not fit a 32-bit delta`)
      previous = value
      bytes[at] = delta
      bytes[count + at] = delta >> 8
      bytes[2 * count + at] = delta >> 16
      bytes[3 * count + at] = delta >> 24
      at += 1
    }
  }
  return gzipSync(bytes, { level: 9 }).toString('base64')
}
