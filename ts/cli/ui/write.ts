import { writeSync } from 'node:fs'

/** Descriptors whose reader has gone; what is written to them from then on is dropped, as nobody wants it. */
const closed = new Set<number>()
const RETRY_MS = 5

/**
 * Writes everything, in order, before it returns. Node's own streams are not used: making one can set O_NONBLOCK on a pipe or terminal that a build
 * shares with us. For the same reason the descriptor may be non-blocking because of somebody else: then this waits until there is room.
 */
export function writeAll(fd: number, text: string): void {
  let rest = Buffer.from(text)
  while (rest.length > 0 && !closed.has(fd)) {
    try {
      rest = rest.subarray(writeSync(fd, rest))
    } catch (cause) {
      const { code } = cause as NodeJS.ErrnoException
      if (code === 'EAGAIN') Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, RETRY_MS)
      else if (code === 'EPIPE' || code === 'EBADF' || code === 'EIO') closed.add(fd)
      else if (code !== 'EINTR') throw cause
    }
  }
}
