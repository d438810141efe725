import { extname } from 'node:path'

export const TABLE_FORMATS = ['csv', 'json', 'parquet'] as const
export type TableFormat = (typeof TABLE_FORMATS)[number]

/** Codecs of Parquet. */
export const COMPRESSIONS = ['snappy', 'gzip', 'brotli', 'lz4', 'zstd'] as const
export type Compression = (typeof COMPRESSIONS)[number]

const ENDINGS: ReadonlyMap<string, TableFormat> = new Map([
  ['.csv', 'csv'],
  ['.json', 'json'],
  ['.jsonl', 'json'],
  ['.ndjson', 'json'],
  ['.parquet', 'parquet'],
])
/** Of a text table: types, metadata and row groups, beside it. */
const SIDECAR_ENDING = '.schema.json'

/** By the ending of the name; undefined for any other. */
export function formatOf(path: string): TableFormat | undefined {
  return isSidecar(path) ? undefined : ENDINGS.get(extname(path).toLowerCase())
}

export function isSidecar(path: string): boolean {
  return path.endsWith(SIDECAR_ENDING)
}

export function sidecarOf(path: string): string {
  return `${path}${SIDECAR_ENDING}`
}
