import { Readable, Writable } from 'node:stream'
import { writeAll } from './write.ts'

/**
 * Replaces process.stdin, stdout and stderr. They are made lazily by the first access, which can change the descriptors under a build that shares them, and
 * clipanion accesses all three while it is loaded. For the command line only: a library leaves its host's streams alone.
 */
export function replaceProcessStreams(): void {
  replace('stdin', Readable.from([]))
  replace('stdout', sink(1))
  replace('stderr', sink(2))
}

function replace(name: 'stdin' | 'stdout' | 'stderr', value: Readable | Writable): void {
  Object.defineProperty(process, name, { configurable: true, enumerable: true, value })
}

/** For what Node itself writes, such as process warnings. */
function sink(fd: number): Writable {
  return new Writable({
    decodeStrings: false,
    write(chunk: string | Buffer, _encoding, done) {
      writeAll(fd, chunk.toString())
      done()
    },
  })
}
