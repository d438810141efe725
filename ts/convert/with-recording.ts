import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { formatOf } from './formats.ts'
import { importRecording, pythonTableIn } from './import.ts'

/**
 * Hands over the directory of a recording. For a table of the Python MyMonitor, or a directory that holds one, that is a temporary recording made of it,
 * and `beside` is where reports of it belong.
 */
export async function withRecording<T>(path: string, use: (dir: string, beside?: string) => Promise<T>): Promise<T> {
  const isTable = formatOf(path) !== undefined && statSync(path, { throwIfNoEntry: false })?.isFile() === true
  const table = isTable ? path : pythonTableIn(path)
  if (table === undefined) return use(path)
  const temporary = mkdtempSync(join(tmpdir(), 'mymonitor-'))
  try {
    const dir = join(temporary, 'recording')
    await importRecording(table, dir)
    return await use(dir, dirname(table))
  } finally {
    rmSync(temporary, { recursive: true, force: true })
  }
}
