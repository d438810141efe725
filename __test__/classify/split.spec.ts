import fc from 'fast-check'
import { expect, test } from 'vitest'
import { splitWords } from '../../ts/classify/split.ts'
import { quoted } from '../../ts/classify/words.ts'

test.each<[string, string[]]>([
  ['', []],
  ['  \n\t ', []],
  ['-c a.c\n-o\ta.o', ['-c', 'a.c', '-o', 'a.o']],
  ['"a b" c', ['a b', 'c']],
  [`-DX='a "b"' "it\\"s"`, ['-DX=a "b"', 'it"s']],
  ['a\\ b C:\\\\x', ['a b', 'C:\\x']],
  ["''", ['']],
  // Not closed, so a character like any other.
  ["don't panic", ["don't", 'panic']],
  ['sh -c a;b>c', ['sh', '-c', 'a;b>c']],
])('%j has the words %j', (text, words) => {
  expect(splitWords(text)).toEqual(words)
})

test('a command line that was printed for people is read back as it was', () => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: 'grapheme' })), (argv) => {
      expect(splitWords(argv.map(quoted).join(' '))).toEqual(argv)
    }),
  )
})
