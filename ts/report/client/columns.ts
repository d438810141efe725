import { COLUMNS_ELEMENT, type EmbeddedReport, JSON_ELEMENT } from '../embedded.ts'

export interface Series {
  /** Seconds after the build's start. */
  seconds: Float64Array
  totalRssKb: Float64Array
  totalPssKb: Float64Array
  groups: { major: string; minor: string; kb: Float64Array }[]
}

export function readReport(): EmbeddedReport {
  return JSON.parse(text(JSON_ELEMENT)) as EmbeddedReport
}

/** Rejects with a message for the reader of the report. */
export async function readSeries({ points, groups }: EmbeddedReport['series']): Promise<Series> {
  const columns = await decodeColumns(text(COLUMNS_ELEMENT), points, 3 + groups.length)
  const column = (index: number) => columns[index] ?? new Float64Array()
  return {
    seconds: column(0).map((ms) => ms / 1000),
    totalRssKb: column(1),
    totalPssKb: column(2),
    groups: groups.map((group, index) => ({ ...group, kb: column(3 + index) })),
  }
}

/** The inverse of ../columns.ts. */
async function decodeColumns(base64: string, points: number, columns: number): Promise<Float64Array[]> {
  if (typeof DecompressionStream === 'undefined') {
    throw new Error(
      'This browser cannot decompress the chart’s data (it has no DecompressionStream). Chrome 80, Firefox 113, Safari 16.4 and later can.',
    )
  }
  const bytes = await gunzip(base64).catch(() => new Uint8Array())
  const count = points * columns
  if (bytes.length !== count * 4) {
    throw new Error(
      'The chart’s data in this file is damaged: it was probably cut off while being copied. Make the report again with “mymonitor report”.',
    )
  }
  return Array.from({ length: columns }, (_, index) => {
    const column = new Float64Array(points)
    let value = 0
    for (let point = 0; point < points; point += 1) {
      const at = index * points + point
      const byte = (plane: number) => bytes[plane * count + at] ?? 0
      value += byte(0) | (byte(1) << 8) | (byte(2) << 16) | (byte(3) << 24)
      column[point] = value
    }
    return column
  })
}

async function gunzip(base64: string): Promise<Uint8Array> {
  const compressed = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0))
  const stream = new Blob([compressed]).stream().pipeThrough(new DecompressionStream('gzip'))
  return new Uint8Array(await new Response(stream).arrayBuffer())
}

function text(id: string): string {
  return document.getElementById(id)?.textContent ?? ''
}
