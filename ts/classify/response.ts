/** Response files: `@file` on the command line of a compiler, linker or archiver stands for the words in that file. */
import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { splitWords } from './split.ts'
import type { Command } from './unwrap.ts'

/** Larger ones are lists of objects that tell nothing the command line does not. */
const MAX_BYTES = 256 * 1024
/** A response file may name others. */
const MAX_FILES = 8
/** These read one argument a line, without quotes. */
const BY_LINE = new Set(['rustc', 'rustdoc', 'clippy-driver'])

/** The command with what its response files hold, where they are still there; a file that cannot be read stays as the word it is. Never throws. */
export function withResponseFiles(command: Command, cwd: string): Command {
  const argv: string[] = []
  // A stack, its top last: what a file holds is read before what follows it.
  const rest = command.argv.toReversed()
  let files = 0
  while (rest.length > 0) {
    const word = rest.pop() as string
    const text = word.length > 1 && word.startsWith('@') && files < MAX_FILES ? smallFile(resolve(cwd, word.slice(1))) : null
    if (text === null) {
      argv.push(word)
    } else {
      files += 1
      const words = BY_LINE.has(command.name) ? text.split('\n').filter((line) => line !== '') : splitWords(text)
      for (const inner of words.toReversed()) rest.push(inner)
    }
  }
  return files === 0 ? command : { name: command.name, argv }
}

/** Null for what is not there, is no file (reading a pipe could wait for ever, and would take what is in it) or is too large. */
function smallFile(path: string): string | null {
  let fd: number
  try {
    fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
  } catch {
    return null
  }
  try {
    const stat = fstatSync(fd)
    return stat.isFile() && stat.size <= MAX_BYTES ? readFileSync(fd, 'utf8') : null
  } catch {
    return null
  } finally {
    closeSync(fd)
  }
}
