/** What follows the last slash: the name of the command that a path or a plain word stands for. */
export function baseName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1)
}
