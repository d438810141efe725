import { expect, test } from 'vitest'
import { parseChoice, parseChoices, parseDuration, parseJobs } from '../../ts/cli/values.ts'

test.each([
  ['50ms', 50],
  ['1.5s', 1500],
  ['500us', 0.5],
  ['2m', 120_000],
  ['30min', 1_800_000],
  ['2h', 7_200_000],
])('%s is %d ms', (text, expected) => {
  expect(parseDuration('--interval', text)).toBe(expected)
})

test.each(['0', '0ms', '-5ms', '50', '', 'ms', '5 days', '1e3s', '5MS'])('the duration %j is refused with what is right', (text) => {
  expect(() => parseDuration('--interval', text)).toThrow(
    `--interval "${text}": expected a time above zero with a unit (us, ms, s, min, h), such as 50ms or 30min`,
  )
})

test('levels keep their order', () => {
  expect(parseJobs('-j', '8, 4,2,1')).toEqual([8, 4, 2, 1])
})

test.each(['0', 'x', '', '1.5', '-1', '1e2'])('the levels %j are refused with what is right', (text) => {
  expect(() => parseJobs('-j', text)).toThrow(`-j "${text}": expected whole numbers of at least 1, separated by commas, such as 8,4,2,1`)
})

test('an empty level and one that is too large are told apart', () => {
  for (const text of ['8,', '1,,2', ',1'])
    expect(() => parseJobs('-j', text)).toThrow(`-j "${text}": nothing before, after or between commas`)
  expect(() => parseJobs('-j', '4,99999999999')).toThrow('-j "4,99999999999": 99999999999 is too large, the highest level is 4194304')
})

test('a choice is one of those that are listed', () => {
  expect(parseChoice('--metric', 'rss', ['pss', 'rss'])).toBe('rss')
  expect(() => parseChoice('--metric', 'uss', ['pss', 'rss'])).toThrow('--metric "uss": expected pss or rss')
  expect(parseChoices('--format', 'json, html,json', ['html', 'json', 'text'])).toEqual(['json', 'html'])
  expect(() => parseChoices('--format', 'html,pdf', ['html', 'json', 'text'])).toThrow('--format "pdf": expected html, json or text')
})
