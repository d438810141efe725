import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'

/** bash where PATH has one, else sh. */
export function findShell(env: Readonly<Record<string, string | undefined>>): string {
  for (const directory of (env['PATH'] ?? '').split(delimiter)) {
    try {
      accessSync(join(directory, 'bash'), constants.X_OK)
      return 'bash'
    } catch {
      // Not in this one.
    }
  }
  return 'sh'
}
