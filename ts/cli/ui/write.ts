import { writeSync } from 'node:fs'
import { reasonOf } from '../../run/files.ts'

/** Descriptors that took no more, each with the reason; what is written to them from then on is dropped. Undefined: its reader has gone, so nobody wants it. */
const closed = new Map<number, string | undefined>()
const RETRY_MS = 5

/**
 * Writes everything, in order, before it returns. Node's own streams are not used: making one can set O_NONBLOCK on a pipe or terminal that a build
 * shares with us. For the same reason the descriptor may be non-blocking because of somebody else: then this waits until there is room.
 * Never throws: what cannot be written must not change what happens to a build.
 */
export function writeAll(fd: number, text: string): void {
  let rest = Buffer.from(text)
  while (rest.length > 0 && !closed.has(fd)) {
    try {
      rest = rest.subarray(writeSync(fd, rest))
    } catch (cause) {
      const { code } = cause as NodeJS.ErrnoException
      if (code === 'EAGAIN') Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, RETRY_MS)
      else if (code === 'EPIPE' || code === 'EBADF') closed.set(fd, undefined)
      else if (code !== 'EINTR') closed.set(fd, reasonOf(cause))
    }
  }
}

/** Whether the descriptor takes no more, for whatever reason. */
export function isClosed(fd: number): boolean {
  return closed.has(fd)
}

/** Why not everything came out of the descriptor; undefined when it did, or when nobody wanted it. */
export function writeFailure(fd: number): string | undefined {
  return closed.get(fd)
}
