import type { Rules } from './rules.ts'
import { targetOf } from './target.ts'
import { type ProcessInput, unwrap } from './unwrap.ts'

export interface Classification {
  major: string
  minor: string
  /** Id of the rule that won; empty where none matched. */
  rule: string
  /** Source or output file, crate or package that the process works on. */
  target: string | null
}

/** The major category that is left out of every total. */
export const IGNORED = 'Ignored'
/** The major category of what no rule matches. */
export const OTHER = 'Other'

/** Category and target of one process: a pure function of its name, executable and command line. Never throws. */
export function classify(rules: Rules, process: ProcessInput): Classification {
  const unwrapped = unwrap(process)
  const rule = rules.matcher.match(unwrapped)
  const target = targetOf(unwrapped.command)
  if (rule === null) return { major: OTHER, minor: `Other_${unwrapped.command.name}`, rule: '', target }
  return { major: rule.major, minor: rule.minor, rule: rule.id, target }
}
