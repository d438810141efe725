import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const NAME = 'run.json.reserve'
const SMALLEST_BYTES = 65_536

/**
 * Room on the disk that is kept while a run goes on, so that its result can be written down when a build has filled the disk. A run that finds no room for
 * it does without.
 */
export function makeReserve(runDir: string, bytes: number): void {
  try {
    writeFileSync(join(runDir, NAME), Buffer.alloc(Math.max(SMALLEST_BYTES, bytes)))
  } catch {
    releaseReserve(runDir)
  }
}

export function releaseReserve(runDir: string): void {
  rmSync(join(runDir, NAME), { force: true })
}

/** Writes; on a full disk once more, in the room of the reserve. */
export function withReserve(runDir: string, write: () => void): void {
  try {
    write()
  } catch (error) {
    const { code } = ((error as Error).cause ?? {}) as NodeJS.ErrnoException
    if (code !== 'ENOSPC' && code !== 'EDQUOT') throw error
    releaseReserve(runDir)
    write()
  }
}
