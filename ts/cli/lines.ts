import { readSync } from 'node:fs'
import { StringDecoder } from 'node:string_decoder'

const CHUNK_BYTES = 64 * 1024
const RETRY_MS = 5

/**
 * The lines of a descriptor, those of one read at a time, so that what is typed or comes through a pipe is answered at once. Memory holds one read and one
 * line. Node's own stream of standard input is not used: making it can change the descriptor for others that share it.
 */
export function* lineBatches(fd: number): Generator<string[]> {
  const decoder = new StringDecoder('utf8')
  const chunk = Buffer.allocUnsafe(CHUNK_BYTES)
  let rest = ''
  for (;;) {
    const bytes = readSome(fd, chunk)
    const lines = (rest + (bytes === 0 ? decoder.end() : decoder.write(chunk.subarray(0, bytes)))).split('\n')
    rest = lines.pop() ?? ''
    if (lines.length > 0) yield lines
    if (bytes > 0) continue
    if (rest !== '') yield [rest]
    return
  }
}

/** Waits where the descriptor is non-blocking because of somebody else. */
function readSome(fd: number, into: Buffer): number {
  for (;;) {
    try {
      return readSync(fd, into)
    } catch (cause) {
      const { code } = cause as NodeJS.ErrnoException
      if (code === 'EAGAIN') Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, RETRY_MS)
      else if (code === 'EOF') return 0
      else if (code !== 'EINTR') throw cause
    }
  }
}
