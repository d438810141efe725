import { createHash } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import * as t from 'typanion'
import { nearest } from '../config/nearest.ts'
import { placeOf, readToml, type TomlFile } from '../config/toml.ts'
import { MyMonitorError } from '../errors.ts'
import { compileRules, type Matcher, toRegExp } from './matcher.ts'
import type { Rule } from './rule.ts'
import { wordsOf } from './shell.ts'
import { unwrap } from './unwrap.ts'

export interface Rules {
  /** First 16 hexadecimal digits of a SHA-256 over the file and the classifier's version: tells whether a stored classification is still theirs. */
  digest: string
  /** In the file's order. */
  rules: readonly Rule[]
  matcher: Matcher
}

/** To be raised with every change that gives the same command line under the same rules another category or target: what is stored is then not used. */
const CLASSIFIER_VERSION = 3

const SHIPPED_RULES = fileURLToPath(new URL('../../conf/rules.toml', import.meta.url))

const strings = t.isArray(t.isString())
const FIELDS = {
  priority: t.cascade(t.isNumber(), t.isInteger()),
  major_category: t.isString(),
  category: t.isString(),
  match_field: t.isEnum(['current_cmd_name', 'current_cmd_full'] as const),
  match_type: t.isEnum(['exact', 'contains', 'regex', 'in_list'] as const),
  pattern: t.isOptional(t.isString()),
  patterns: t.isOptional(strings),
  all_args: t.isOptional(strings),
  any_args: t.isOptional(strings),
  none_args: t.isOptional(strings),
  full_regex: t.isOptional(t.isString()),
  examples: t.isOptional(strings),
  comment: t.isOptional(t.isString()),
}
const isRule = t.isObject(FIELDS, { extra: t.isUnknown() })

/** Reads, checks and compiles a rules file, by default the shipped one. Throws ERR_MYMONITOR_CONFIG that lists all problems of the file with their lines. */
export function loadRules(path: string = SHIPPED_RULES): Rules {
  const file = readToml(path)
  const problems: Problem[] = []
  const rules = checkFile(file, problems)
  // Only a file that is sound so far can say which rule wins an example.
  if (problems.length > 0) throw invalid(file, problems)
  const matcher = compileRules(rules)
  for (const [index, rule] of rules.entries()) problems.push(...lostExamples(rule, index, matcher))
  if (problems.length > 0) throw invalid(file, problems)
  const digest = createHash('sha256').update(`${CLASSIFIER_VERSION}\n${file.source}`).digest('hex').slice(0, 16)
  return { digest, rules, matcher }
}

interface Problem {
  path: readonly (string | number)[]
  text: string
}

function invalid(file: TomlFile, problems: readonly Problem[]): MyMonitorError {
  const lines = problems.map(({ path, text }) => `${placeOf(file, path)}: ${text}`)
  const [first = '', ...more] = lines
  return new MyMonitorError(
    'ERR_MYMONITOR_CONFIG',
    more.length === 0 ? first : `${file.file} has ${lines.length} problems:\n  ${lines.join('\n  ')}`,
  )
}

function checkFile({ table }: TomlFile, problems: Problem[]): Rule[] {
  for (const key of Object.keys(table)) if (key !== 'rules') problems.push({ path: [key], text: unknown(key, ['rules']) })
  const entries = table['rules']
  if (!Array.isArray(entries) || entries.length === 0) {
    problems.push({ path: ['rules'], text: 'a rules file needs at least one [[rules]] entry' })
    return []
  }
  const rules: Rule[] = []
  const seen = new Map<string, Rule>()
  for (const [index, entry] of entries.entries()) {
    const rule = checkRule(entry, index, problems)
    if (rule === null) continue
    rules.push(rule)
    const key = conditionsOf(rule)
    const first = seen.get(key)
    if (first === undefined) {
      seen.set(key, rule)
      continue
    }
    const winner = rule.priority > first.priority ? rule : first
    const text = `${rule.id} matches exactly what ${first.id} matches, and ${winner.id} always wins; remove one of them`
    problems.push({ path: ['rules', index, 'match_field'], text })
  }
  return rules
}

/** The same for rules that match the same, in whatever order their lists are. */
function conditionsOf({ field, type, patterns, allArgs, anyArgs, noneArgs, fullRegex }: Rule): string {
  const lists = [patterns, allArgs, anyArgs, noneArgs].map((list) => [...new Set(list)].sort())
  return JSON.stringify([field, type === 'in_list' ? 'exact' : type, ...lists, fullRegex])
}

function checkRule(entry: unknown, index: number, problems: Problem[]): Rule | null {
  const before = problems.length
  const at = (key: string, text: string) => problems.push({ path: ['rules', index, key], text })
  if (typeof entry === 'object' && entry !== null) {
    for (const key of Object.keys(entry)) if (!Object.hasOwn(FIELDS, key)) at(key, unknown(key, Object.keys(FIELDS)))
  }
  const errors: string[] = []
  if (!isRule(entry, { errors, p: '' })) {
    for (const error of errors)
      at(/^\.?(\w*)/.exec(error)?.[1] ?? '', error.replace(/^\./, '').replace(/ \(got undefined\)$/, '; it is missing'))
    return null
  }
  const patterns = [...(entry.pattern === undefined ? [] : [entry.pattern]), ...(entry.patterns ?? [])]
  if (patterns.length === 0) at('pattern', 'a rule needs pattern or patterns')
  if (patterns.includes('')) at('pattern', 'an empty pattern matches everything or nothing')
  if (entry.match_type === 'regex') for (const pattern of patterns) checkRegex(pattern, (text) => at('pattern', text))
  if (entry.full_regex !== undefined) checkRegex(entry.full_regex, (text) => at('full_regex', text))
  if (problems.length > before) return null
  return {
    id: `${entry.category}:${entry.priority}`,
    priority: entry.priority,
    major: entry.major_category,
    minor: entry.category,
    field: entry.match_field,
    type: entry.match_type,
    patterns,
    allArgs: entry.all_args ?? [],
    anyArgs: entry.any_args ?? [],
    noneArgs: entry.none_args ?? [],
    fullRegex: entry.full_regex ?? null,
    examples: entry.examples ?? [],
  }
}

/** A rule of which every example is won by others can never have been meant that way. */
function lostExamples(rule: Rule, index: number, matcher: Matcher): Problem[] {
  const winners = rule.examples.map((example) => matcher.match(unwrap(processOf(example))))
  if (winners.length === 0 || winners.includes(rule)) return []
  const lost = rule.examples.map((example, i) => `"${example}" is won by ${winners[i]?.id ?? 'no rule'}`)
  return [{ path: ['rules', index, 'examples'], text: `${rule.id} wins none of its own examples: ${lost.join(', ')}` }]
}

/** An example's command line as a process. */
export function processOf(example: string): { name: string; exe: null; argv: string[] } {
  const argv = wordsOf(example)
  return { name: (argv[0] ?? '').slice(0, 15), exe: null, argv }
}

function checkRegex(pattern: string, problem: (text: string) => void): void {
  try {
    toRegExp(pattern)
  } catch (error) {
    problem(`not a regular expression: ${(error as Error).message}`)
  }
}

function unknown(key: string, known: readonly string[]): string {
  const near = nearest(key, known)
  return `unknown field ${key}; ${near === undefined ? `known are ${known.join(', ')}` : `did you mean ${near}?`}`
}
