import { closeSync, fstatSync, openSync, readSync } from 'node:fs'

/** Enough for the lines that say why a build failed. */
const TAIL_BYTES = 4096

/** The last lines of a file that may be large; none where it cannot be read. */
export function lastLines(file: string, count: number): string[] {
  let fd: number | undefined
  try {
    fd = openSync(file, 'r')
    const { size } = fstatSync(fd)
    const tail = Buffer.alloc(Math.min(size, TAIL_BYTES))
    const length = readSync(fd, tail, 0, tail.length, size - tail.length)
    return tail.toString('utf8', 0, length).trimEnd().split('\n').slice(-count)
  } catch {
    return []
  } finally {
    if (fd !== undefined) closeSync(fd)
  }
}
