import { expect, test } from 'vitest'
import { cargoTotals, summary } from '../../scripts/test/totals.mjs'

const run = (figures: object) => ({ name: 'vitest', status: 0, passed: 3, failed: 0, skipped: [], ...figures })

test('the result lines of all test binaries are summed, and ignored tests are named', () => {
  const output = `
running 3 tests
test model::tests::one ... ok
test tree::tests::needs_root ... ignored, needs root
test slow ... ignored
test result: ok. 1 passed; 0 failed; 2 ignored; 0 measured; 0 filtered out; finished in 0.00s
test result: FAILED. 10 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.10s
`
  expect(cargoTotals(output)).toEqual({
    passed: 11,
    failed: 2,
    skipped: [
      { name: 'tree::tests::needs_root', reason: 'needs root' },
      { name: 'slow', reason: 'no reason given' },
    ],
  })
})

test('the last line sums all runners', () => {
  expect(summary([run({}), run({ passed: 4 })])).toEqual({ lines: ['7 passed, 0 failed'], ok: true })
})

test('skipped tests are named with their reason and counted in the last line', () => {
  expect(summary([run({ skipped: [{ name: 'a > b', reason: 'no Chromium' }] })])).toEqual({
    lines: ['skipped: a > b: no Chromium', '3 passed, 0 failed, 1 skipped'],
    ok: true,
  })
})

test.each([
  ['a test failed', { status: 1, failed: 2 }, '3 passed, 2 failed'],
  ['the runner crashed after its tests passed', { status: 134 }, '3 passed, 1 failed'],
  ['the runner crashed before any test', { status: 101, passed: 0 }, '0 passed, 1 failed'],
  ['the runner ran no test', { passed: 0 }, '0 passed, 1 failed'],
  ['the runner hides a failed test', { failed: 1 }, '3 passed, 1 failed'],
])('the run fails when %s', (_, figures, last) => {
  const { lines, ok } = summary([run(figures)])
  expect(ok).toBe(false)
  expect(lines.at(-1)).toBe(last)
  expect(lines[0]).toMatch(/^failed: vitest /)
})

test('no runner at all is a failure', () => {
  expect(summary([])).toEqual({ lines: ['0 passed, 0 failed'], ok: false })
})
