import { closeSync, openSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { lineBatches } from '../../ts/cli/lines.ts'
import { directoryWith } from '../config/files.ts'

function linesOf(text: string): string[] {
  const fd = openSync(join(directoryWith({ in: text }), 'in'), 'r')
  onTestFinished(() => closeSync(fd))
  return [...lineBatches(fd)].flat()
}

test.each<[string, string[]]>([
  ['', []],
  ['a', ['a']],
  ['a\n', ['a']],
  ['a\n\nb', ['a', '', 'b']],
  ['\n', ['']],
])('%j has the lines %j', (text, lines) => {
  expect(linesOf(text)).toEqual(lines)
})

test('lines and characters are whole wherever a read ends', () => {
  const lines = Array.from({ length: 5000 }, (_, i) => `${'ü€😀'.repeat(i % 40)} ${i}`)
  expect(linesOf(`${lines.join('\n')}\n`)).toEqual(lines)
  expect(linesOf('x'.repeat(300_000))).toEqual(['x'.repeat(300_000)])
})
