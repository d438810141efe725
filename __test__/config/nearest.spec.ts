import { expect, test } from 'vitest'
import { nearest } from '../../ts/config/nearest.ts'

const VERBS = ['sample', 'report', 'summary']

test.each([
  ['repot', 'report'],
  ['reprot', 'report'],
  ['smaple', 'sample'],
  ['SUMARY', 'summary'],
])('%s is a typo of %s', (word, expected) => {
  expect(nearest(word, VERBS)).toBe(expected)
})

test.each(['make', 'x', 'ninja'])('%s is no typo of anything', (word) => {
  expect(nearest(word, VERBS)).toBeUndefined()
})

test('the nearer of two candidates wins', () => {
  expect(nearest('--no-pre-claen', ['--no-post-clean', '--no-pre-clean'])).toBe('--no-pre-clean')
})
