import { readdirSync } from 'node:fs'
import { join, sep } from 'node:path'
import type { ConvertOptions, SkippedFile } from './convert.ts'
import { formatOf, isSidecar, type TableFormat } from './formats.ts'

/** JSON of ours and of the Python MyMonitor that is no table. */
const NO_TABLES: ReadonlySet<string> = new Set(['metadata.json', 'run.json', 'analysis_results.json'])

export interface Tables {
  /** Relative to the directory, in order. */
  tables: { path: string; format: TableFormat }[]
  skipped: SkippedFile[]
}

/** Which files of a tree are to be converted. Links to directories are not followed, so the walk ends. */
export function tablesIn(directory: string, options: Pick<ConvertOptions, 'inputFormat' | 'outputFormat' | 'compression'>): Tables {
  const found: Tables = { tables: [], skipped: [] }
  for (const path of readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort()) {
    const name = path.slice(path.lastIndexOf(sep) + 1)
    // It goes with its table.
    if (isSidecar(name)) continue
    const format = formatOf(name)
    const reason = format === undefined || NO_TABLES.has(name) ? 'no table' : whyNot(format, options)
    if (format === undefined || reason !== undefined) found.skipped.push({ path, reason: reason ?? 'no table' })
    else found.tables.push({ path: path.slice(directory.length + 1), format })
  }
  return found
}

function whyNot(format: TableFormat, { inputFormat, outputFormat, compression }: Parameters<typeof tablesIn>[1]): string | undefined {
  if (inputFormat !== undefined && format !== inputFormat) return `${format}, not ${inputFormat}`
  // Parquet to Parquet is another codec.
  return format === outputFormat && compression === undefined ? `${format} already` : undefined
}
