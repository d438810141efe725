import { byName } from './by-name.ts'
import type { Rule } from './rule.ts'
import type { Command, Unwrapped } from './unwrap.ts'

/** Rules compiled once: per command name the few that can match, so that a command line is compared with those alone. */
export interface Matcher {
  /** The winning rule, or null. */
  match(unwrapped: Unwrapped): Rule | null
  /** Every rule that matches, the winner first, the others in the order in which they would win. */
  all(unwrapped: Unwrapped): Rule[]
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
  /** Whether any of these three is not empty. */
  asksWords: boolean
}

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
        asksWords: rule.allArgs.length + rule.anyArgs.length + rule.noneArgs.length > 0,
      }
      return { candidate, nameMatches: rule.field === 'current_cmd_name' ? matches : () => true }
    })
  const candidatesOf = byName((name) => ordered.filter(({ nameMatches }) => nameMatches(name)).map(({ candidate }) => candidate))
  const longest = Math.max(0, ...[...words.keys()].map((word) => word.length))
  const present = new Uint8Array(words.size)

  const mark = (argv: readonly string[]): void => {
    present.fill(0)
    for (let i = 1; i < argv.length; i += 1) {
      const word = argv[i] as string
      const index = word.length <= longest ? words.get(word) : undefined
      if (index !== undefined) present[index] = 1
    }
  }
  const isPresent = (index: number): boolean => present[index] === 1
  const wordsHold = ({ all, any, none }: Candidate): boolean =>
    all.every(isPresent) && (any.length === 0 || any.some(isPresent)) && !none.some(isPresent)

  /** The first match in the order of winning, or, with `found`, every one of them. */
  const search = ({ name, argv }: Command, found?: Candidate[]): Candidate | null => {
    let marked = false
    let line: string | null = null
    for (const candidate of candidatesOf(name)) {
      // Most command lines are known by the name alone, so what costs more is put off until a rule asks for it.
      if (candidate.asksWords) {
        if (!marked) mark(argv)
        marked = true
        if (!wordsHold(candidate)) continue
      }
      const { full, fullMatches } = candidate
      if (full !== null || fullMatches !== null) {
        line ??= argv.length === 0 ? name : argv.join(' ')
        if (full?.test(line) === false || fullMatches?.(line) === false) continue
      }
      if (found === undefined) return candidate
      found.push(candidate)
    }
    return null
  }

  return {
    match({ command, interpreter }) {
      const own = search(command)
      const outer = interpreter === null ? null : search(interpreter)
      if (outer === null) return own?.rule ?? null
      return own === null || outer.rank < own.rank ? outer.rule : own.rule
    },
    all({ command, interpreter }) {
      const found: Candidate[] = []
      search(command, found)
      if (interpreter !== null) search(interpreter, found)
      return [...new Set(found.toSorted((a, b) => a.rank - b.rank).map(({ rule }) => rule))]
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
