import { expect, test } from 'vitest'
import { classify, explain } from '../../ts/classify/classify.ts'
import { processOf } from '../../ts/classify/rules.ts'
import { shipped } from './shipped.ts'

const lostOf = (line: string) => explain(shipped, processOf(line)).lost.map(({ id }) => id)

test('every rule that matches but does not win has lost, the next best first', () => {
  expect(lostOf('gcc -c a.c')).toEqual(['Full_Generic:50'])
  expect(lostOf('x86_64-linux-gnu-gcc-12 -c a.c')).toEqual(['Full_CrossGeneric:51', 'Full_Generic:50'])
  expect(lostOf('make')).toEqual([])
  expect(lostOf('no-such-tool')).toEqual([])
})

test('rules of the interpreter lose like others, each once', () => {
  expect(lostOf('/usr/bin/python3 /usr/bin/meson setup')).toEqual(['Python:45'])
  expect(lostOf('python3 ./gen.py')).toEqual(['Python:38'])
})

test('what an explanation says is what classification says', () => {
  const lines = shipped.rules.flatMap(({ examples }) => examples)
  expect(lines.length).toBeGreaterThan(300)
  for (const line of lines) {
    const { lost, unwrapped, ...explained } = explain(shipped, processOf(line))
    expect(explained, line).toEqual(classify(shipped, processOf(line)))
    expect(lost.map(({ priority }) => priority)).toEqual(lost.map(({ priority }) => priority).sort((a, b) => b - a))
  }
})
