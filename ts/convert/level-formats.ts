import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { fromNative, loadBinding, type ShownCommand } from '../native.ts'
import { messageOf } from '../run/files.ts'

const TABLES = ['memory_samples', 'processes', 'ticks', 'classes']

export interface LevelFormats {
  /** `format = "json"`: each table as JSON, too. */
  json: boolean
  /** `generate_legacy_formats`: the samples as the one wide CSV of the Python MyMonitor. */
  legacyCsv: boolean
}

/**
 * Writes a finished recording's tables in the other formats that the configuration asks for, beside the Parquet. What failed, one line each. `shown` are
 * the command lines of the CSV that are not those of the recording.
 */
export async function writeLevelFormats(
  recordingDir: string,
  startedAtUnixUs: number,
  { json, legacyCsv }: LevelFormats,
  shown: () => ShownCommand[],
): Promise<string[]> {
  const binding = loadBinding()
  const errors: string[] = []
  const attempt = async (write: () => Promise<number>): Promise<void> => {
    try {
      await write()
    } catch (cause) {
      errors.push(messageOf(fromNative(cause)))
    }
  }
  const table = (name: string, ending: string): string => join(recordingDir, `${name}.${ending}`)
  for (const name of json ? TABLES.filter((name) => existsSync(table(name, 'parquet'))) : []) {
    const [input, output] = [table(name, 'parquet'), table(name, 'json')]
    await attempt(() => binding.convertTable({ input, inputFormat: 'parquet', output, outputFormat: 'json', compression: 'snappy' }))
  }
  if (legacyCsv) await attempt(() => binding.exportWide(recordingDir, startedAtUnixUs, shown(), table('memory_samples', 'csv')))
  return errors
}
