/** Builds of `__test__/fixtures/ends.c`, which prints its pid and its own high-water mark, and what was recorded of them. */

import { expect } from 'vitest'
import { type ProcessRow, rows } from './readers.ts'

/** What two readings of one high-water mark may differ by. */
export const PAGE_KB = 4

/** A build of one program that is not its root. */
export const below = (...program: string[]) => ['sh', '-c', '"$@"; exit 0', 'sh', ...program]

export const numbers = (text: Buffer) => text.toString().trim().split(/\s+/).map(Number)

export const processesOf = ({ dir }: { dir: string }): Promise<ProcessRow[]> => rows(dir, 'processes')

/** The only row of a process, but for what a tick may have seen of it between fork and exec. */
export async function only(recorded: { dir: string }, pid: number | undefined): Promise<ProcessRow> {
  const found = (await processesOf(recorded)).filter((process) => process.pid === pid && process.end !== 'execed')
  expect(found, `rows of ${pid}`).toHaveLength(1)
  return found[0] as ProcessRow
}
