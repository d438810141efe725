import { expect, test } from 'vitest'
import { Latest } from '../../ts/sample/latest.ts'

test('a slow consumer gets the newest value only, a fast one every value', async () => {
  const latest = new Latest<number>()
  latest.push(1)
  latest.push(2)
  expect(await latest.next()).toEqual({ done: false, value: 2 })
  const waiting = latest.next()
  latest.push(3)
  expect(await waiting).toEqual({ done: false, value: 3 })
})

test('the last value is delivered before the end', async () => {
  const latest = new Latest<number>()
  latest.push(1)
  latest.finish()
  const seen: number[] = []
  for await (const value of latest) seen.push(value)
  expect(seen).toEqual([1])
})

test('a failure is thrown once, after what was still to be taken', async () => {
  const latest = new Latest<number>()
  latest.push(1)
  latest.fail(new Error('no'))
  expect(await latest.next()).toEqual({ done: false, value: 1 })
  await expect(latest.next()).rejects.toThrow('no')
  expect(await latest.next()).toEqual({ done: true, value: undefined })
})

test('leaving the loop early ends the iteration and nothing else', async () => {
  const latest = new Latest<number>()
  latest.push(1)
  for await (const value of latest) {
    expect(value).toBe(1)
    break
  }
  latest.push(2)
  latest.finish()
})
