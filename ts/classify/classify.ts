import type { Rule } from './rule.ts'
import type { Rules } from './rules.ts'
import { targetOf } from './target.ts'
import { type ProcessInput, type Unwrapped, unwrap } from './unwrap.ts'

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
  return classification(unwrapped, rules.matcher.match(unwrapped))
}

export interface Explanation extends Classification {
  /** What the process stands for, and the interpreter where it is a script. */
  unwrapped: Unwrapped
  /** Every other rule that matches, in the order in which they would win. */
  lost: readonly Rule[]
}

/**
 * Which category a process falls into, why, and which rules lost: what `mymonitor explain` prints. Pure, but for response files (`@file`), which are looked
 * for below `process.cwd` where it is given. Never throws. Nothing is redacted.
 */
export function explain(rules: Rules, process: ProcessInput): Explanation {
  const unwrapped = unwrap(process)
  const [rule = null, ...lost] = rules.matcher.all(unwrapped)
  return { ...classification(unwrapped, rule), unwrapped, lost }
}

function classification({ command }: Unwrapped, rule: Rule | null): Classification {
  const target = targetOf(command)
  if (rule === null) return { major: OTHER, minor: `Other_${command.name}`, rule: '', target }
  return { major: rule.major, minor: rule.minor, rule: rule.id, target }
}
