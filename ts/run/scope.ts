import type { Config } from '../config/load.ts'
import type { Level } from './plan.ts'

/** One line where `full_scan` is asked for and nothing says what to look for. */
export function scopeNotes(
  { scope, file, projectsFile }: Pick<Config, 'scope' | 'file' | 'projectsFile'>,
  levels: readonly Level[],
): string[] {
  const without = levels.filter(({ processPattern }) => processPattern === undefined)
  if (scope !== 'full_scan' || without.length === 0) return []
  const names = [...new Set(without.map(({ project }) => project))].join(', ')
  const next = without.some(({ text }) => text === undefined)
    ? 'a command has no process_pattern; make it a project to have one'
    : `it has no process_pattern in ${projectsFile}; give it one, such as "java|sccache"`
  return [`${file}: pss_collector_mode = "full_scan" adds nothing to ${names}: ${next}`]
}
