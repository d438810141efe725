import type { Rule } from './rule.ts'
import type { Command, Unwrapped } from './unwrap.ts'

/** Rules compiled once: per command name the few that can match, so that a command line is compared with those alone. */
export interface Matcher {
  /** The winning rule, or null. */
  match(unwrapped: Unwrapped): Rule | null
}

/** A rule's remaining conditions; arguments are indices into the matcher's list of known words. */
interface Candidate {
  rule: Rule
  /** Position in the order of winning. */
  rank: number
  full: RegExp | null
  fullMatches: ((line: string) => boolean) | null
  all: readonly number[]
  any: readonly number[]
  none: readonly number[]
}

/** Names seen are kept for speed; a build with more distinct names than this pays the comparison again. */
const NAME_CACHE = 8192

export function compileRules(rules: readonly Rule[]): Matcher {
  const words = new Map<string, number>()
  const indices = (list: readonly string[]): number[] => {
    for (const word of list) if (!words.has(word)) words.set(word, words.size)
    return list.map((word) => words.get(word) as number)
  }
  const ordered = rules
    .toSorted((a, b) => b.priority - a.priority)
    .map((rule, rank) => {
      const matches = textMatcher(rule)
      const candidate: Candidate = {
        rule,
        rank,
        full: rule.fullRegex === null ? null : toRegExp(rule.fullRegex),
        fullMatches: rule.field === 'current_cmd_full' ? matches : null,
        all: indices(rule.allArgs),
        any: indices(rule.anyArgs),
        none: indices(rule.noneArgs),
      }
      return { candidate, nameMatches: rule.field === 'current_cmd_name' ? matches : () => true }
    })
  const byName = new Map<string, readonly Candidate[]>()
  const candidatesOf = (name: string): readonly Candidate[] => {
    let found = byName.get(name)
    if (found === undefined) {
      found = ordered.filter(({ nameMatches }) => nameMatches(name)).map(({ candidate }) => candidate)
      if (byName.size >= NAME_CACHE) byName.clear()
      byName.set(name, found)
    }
    return found
  }
  const longest = Math.max(0, ...[...words.keys()].map((word) => word.length))
  const present = new Uint8Array(words.size)

  const winner = ({ name, argv }: Command): Candidate | null => {
    const candidates = candidatesOf(name)
    if (candidates.length === 0) return null
    present.fill(0)
    for (let i = 1; i < argv.length; i += 1) {
      const word = argv[i] as string
      const index = word.length <= longest ? words.get(word) : undefined
      if (index !== undefined) present[index] = 1
    }
    let line: string | null = null
    for (const candidate of candidates) {
      if (!candidate.all.every((index) => present[index] === 1)) continue
      if (candidate.any.length > 0 && !candidate.any.some((index) => present[index] === 1)) continue
      if (candidate.none.some((index) => present[index] === 1)) continue
      if (candidate.full === null && candidate.fullMatches === null) return candidate
      line ??= argv.length === 0 ? name : argv.join(' ')
      if (candidate.full?.test(line) === false || candidate.fullMatches?.(line) === false) continue
      return candidate
    }
    return null
  }

  return {
    match({ command, interpreter }) {
      const own = winner(command)
      const outer = interpreter === null ? null : winner(interpreter)
      if (outer === null) return own?.rule ?? null
      return own === null || outer.rank < own.rank ? outer.rule : own.rule
    },
  }
}

function textMatcher({ type, patterns }: Rule): (text: string) => boolean {
  if (type === 'regex') {
    const expressions = patterns.map(toRegExp)
    return (text) => expressions.some((expression) => expression.test(text))
  }
  if (type === 'contains') return (text) => patterns.some((pattern) => text.includes(pattern))
  const exact = new Set(patterns)
  return (text) => exact.has(text)
}

/** Also takes what Python writes differently: (?i) in front, (?P<name>, \A and \Z. Throws SyntaxError. */
export function toRegExp(pattern: string): RegExp {
  const ignoreCase = pattern.startsWith('(?i)')
  const source = (ignoreCase ? pattern.slice(4) : pattern).replaceAll('(?P<', '(?<').replace(/\\([\s\S])/g, (whole, letter) => {
    return letter === 'A' ? '^' : letter === 'Z' ? '$' : whole
  })
  return new RegExp(source, ignoreCase ? 'i' : '')
}
