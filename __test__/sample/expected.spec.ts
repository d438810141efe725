import { expect, test } from 'vitest'
import { expectedUs } from '../../ts/sample/expected.ts'

test('nothing is expected where nothing is known', () => {
  expect(expectedUs(4, [])).toBeNull()
  expect(expectedUs(null, [{ jobs: 4, durationUs: 1 }])).toBeNull()
})

test('a repeat takes as long as the median of its own level did', () => {
  const earlier = [90, 10, 20].map((durationUs) => ({ jobs: 4, durationUs }))
  expect(expectedUs(4, [...earlier, { jobs: 8, durationUs: 1 }])).toBe(20)
  expect(expectedUs(null, [{ jobs: null, durationUs: 7 }])).toBe(7)
})

test('one other level is scaled, two or more give a line in 1 / jobs', () => {
  expect(expectedUs(2, [{ jobs: 8, durationUs: 100 }])).toBe(400)
  // 20 + 80 / jobs
  const line = [8, 4].map((jobs) => ({ jobs, durationUs: 20 + 80 / jobs }))
  expect(expectedUs(2, line)).toBeCloseTo(60)
  expect(expectedUs(1, line)).toBeCloseTo(100)
})

test('a line that would fall below nothing is not used', () => {
  const superlinear = [
    { jobs: 1, durationUs: 100 },
    { jobs: 2, durationUs: 40 },
  ]
  expect(expectedUs(64, superlinear)).toBeGreaterThan(0)
})
