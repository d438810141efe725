/** What follows the last slash: the name of the command that a path or a plain word stands for. */
export function baseName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1)
}

/** As one would type it into a shell. */
export function quoted(word: string): string {
  return /^[\w@%+=:,./*-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`
}
