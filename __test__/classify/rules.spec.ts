import { createHash } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { classify } from '../../ts/classify/classify.ts'
import { loadRules, processOf, type Rules } from '../../ts/classify/rules.ts'
import { MyMonitorError } from '../../ts/errors.ts'
import { SHIPPED_RULES, shipped } from './shipped.ts'

let dir: string
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'mymonitor-rules-'))
})
afterEach(() => rmSync(dir, { recursive: true }))

const HEAD = 'major_category = "M"\ncategory = "C"\n'
const rule = (text: string, priority = 10) => `[[rules]]\npriority = ${priority}\n${HEAD}${text}\n`
const named = (type: string, patterns: string) => `match_field = "current_cmd_name"\nmatch_type = "${type}"\n${patterns}\n`

function load(text: string): Rules {
  writeFileSync(join(dir, 'rules.toml'), text)
  return loadRules(join(dir, 'rules.toml'))
}

/** Messages of a file that must not load, without the directory. */
function problemsOf(text: string): string[] {
  try {
    load(text)
  } catch (error) {
    expect(error).toBeInstanceOf(MyMonitorError)
    expect((error as MyMonitorError).code).toBe('ERR_MYMONITOR_CONFIG')
    return (error as Error).message
      .replaceAll(`${dir}/`, '')
      .split('\n')
      .map((line) => line.trim())
  }
  throw new Error('the file was accepted')
}

const ruleOf = (rules: Rules, line: string) => classify(rules, processOf(line)).rule

describe('a rule matches', () => {
  test.each<[string, string, string[], string[]]>([
    ['exactly', named('exact', 'pattern = "as"'), ['as', '/usr/bin/as x'], ['bash', 'as2']],
    ['any of a list', named('in_list', 'patterns = ["a", "b"]'), ['a', 'b'], ['c']],
    ['a part', named('contains', 'pattern = "scan"'), ['scan-build', 'my-scanner'], ['can']],
    ['a regular expression', named('regex', `pattern = '^g\\+\\+(-\\d+)?$'`), ['g++', 'g++-12'], ['clang++']],
    ['pattern and patterns together', named('exact', 'pattern = "a"\npatterns = ["b"]'), ['a', 'b'], ['c']],
    [
      'the whole command line',
      'match_field = "current_cmd_full"\nmatch_type = "contains"\npattern = "tool compile"\n',
      ['go tool compile x'],
      ['go build compile'],
    ],
    ['all_args', named('exact', 'pattern = "cc"\nall_args = ["-c", "-g"]'), ['cc -g -c a.c'], ['cc -c a.c', 'cc -gc']],
    ['any_args', named('exact', 'pattern = "cc"\nany_args = ["-E", "-M"]'), ['cc -M a.c'], ['cc a.c', 'cc -EM']],
    ['none_args', named('exact', 'pattern = "cc"\nnone_args = ["-c"]'), ['cc a.o'], ['cc -c a.c']],
    ['full_regex', named('exact', `pattern = "java"\nfull_regex = ' org\\.gradle\\.'`), ['java org.gradle.Main'], ['java org.maven.Main']],
    ["Python's (?i), named groups, \\A and \\Z", named('regex', `pattern = '(?i)\\A(?P<x>CC)\\Z'`), ['cc', 'CC'], ['ccc']],
  ])('%s', (_, text, matching, other) => {
    const rules = load(rule(text))
    expect(matching.filter((line) => ruleOf(rules, line) === '')).toEqual([])
    expect(other.filter((line) => ruleOf(rules, line) !== '')).toEqual([])
  })
})

test('the higher priority wins, and of equals the first in the file', () => {
  const at = (priority: number, category: string, type: string, pattern: string) =>
    `[[rules]]\npriority = ${priority}\nmajor_category = "M"\ncategory = "${category}"\n${named(type, `pattern = "${pattern}"`)}`
  const rules = load(at(1, 'low', 'exact', 'cc') + at(5, 'first', 'contains', 'c') + at(5, 'second', 'contains', 'cc'))
  expect(ruleOf(rules, 'cc')).toBe('first:5')
  const between = load(at(5, 'script', 'exact', 'run') + at(9, 'shell', 'exact', 'sh'))
  expect(ruleOf(between, 'sh ./run')).toBe('shell:9')
})

test('more distinct names than the cache holds are still classified right', () => {
  const rules = load(rule(named('regex', `pattern = '^probe\\d+$'`)))
  const wrong = Array.from({ length: 20_000 }, (_, i) => `probe${i}`).filter((name) => ruleOf(rules, name) === '')
  expect(wrong).toEqual([])
})

describe('a rules file that is wrong is refused', () => {
  test('with all its problems at once, each with its line', () => {
    const text =
      rule('match_field = "current_cmd_nam"\nmatch_type = "exact"\npatern = "a"') +
      rule(named('regex', `pattern = '('`)).replace('priority = 10', 'priority = "high"')
    const problems = problemsOf(text)
    expect(problems[0]).toBe('rules.toml has 3 problems:')
    expect(problems[1]).toBe('rules.toml:7:1: unknown field patern; did you mean pattern?')
    expect(problems[2]).toMatch(/^rules\.toml:5:1: match_field: .*current_cmd_name/)
    expect(problems[3]).toMatch(/^rules\.toml:9:1: priority: Expected a number \(got "high"\)/)
  })

  test.each<[string, string, RegExp]>([
    ['no rules', '', /^rules\.toml:1:1: a rules file needs at least one \[\[rules\]\] entry$/],
    ['an unknown table', `${rule(named('exact', 'pattern = "a"'))}[rule]\nx = 1\n`, /unknown field rule; did you mean rules\?$/],
    ['a missing field', '[[rules]]\npriority = 1\n', /^rules\.toml:1:1: match_type: Expected one of .*; it is missing$/],
    ['neither pattern nor patterns', rule('match_field = "current_cmd_name"\nmatch_type = "exact"'), /a rule needs pattern or patterns$/],
    ['an empty pattern', rule(named('contains', 'pattern = ""')), /an empty pattern/],
    [
      'a broken regular expression',
      rule(named('regex', `pattern = '('`)),
      /^rules\.toml:7:1: not a regular expression: .*Unterminated group/,
    ],
    ['a broken full_regex', rule(named('exact', `pattern = "a"\nfull_regex = '['`)), /^rules\.toml:8:1: not a regular expression/],
    [
      'the same rule twice',
      rule(named('exact', 'pattern = "a"')).repeat(2),
      /C:10 matches exactly what C:10 matches, and C:10 always wins; remove one of them$/,
    ],
    [
      'the same rule in another order and by another name for its type',
      rule(named('exact', 'patterns = ["a", "b"]\nall_args = ["-x", "-y"]')) +
        rule(named('in_list', 'patterns = ["b", "a"]\nall_args = ["-y", "-x", "-x"]'), 20),
      /C:20 matches exactly what C:10 matches, and C:20 always wins; remove one of them$/,
    ],
    [
      'examples that others win',
      rule(named('exact', 'pattern = "a"')) + rule(named('regex', `pattern = '^a$'\nexamples = ["a x"]`), 5),
      /C:5 wins none of its own examples: "a x" is won by C:10$/,
    ],
    ['text that is not TOML', '[[rules]\n', /^rules\.toml:1:\d+: not valid TOML/],
  ])('%s', (_, text, message) => {
    const problems = problemsOf(text)
    expect(problems.at(-1)).toMatch(message)
  })

  test('a file that does not exist is named', () => {
    expect(() => loadRules(join(dir, 'none.toml'))).toThrow(/none\.toml: no such file/)
  })
})

test('the digest changes with the file and with nothing else', () => {
  const first = load(rule(named('exact', 'pattern = "a"')))
  expect(first.digest).toMatch(/^[0-9a-f]{16}$/)
  expect(load(rule(named('exact', 'pattern = "a"'))).digest).toBe(first.digest)
  expect(load(rule(named('exact', 'pattern = "b"'))).digest).not.toBe(first.digest)
  expect(loadRules(SHIPPED_RULES).digest).toBe(shipped.digest)
})

test('the digest is of the classifier, too: what an older one has stored is not taken for its own', () => {
  const text = readFileSync(SHIPPED_RULES)
  expect(createHash('sha256').update(text).digest('hex').slice(0, 16)).not.toBe(shipped.digest)
})
