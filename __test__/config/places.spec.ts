import { expect, test } from 'vitest'
import { keyOf, type Path, placesIn } from '../../ts/config/places.ts'
import { placeOf, readToml } from '../../ts/config/toml.ts'
import { directoryWith } from './files.ts'

const TEXT = `top = 1 # [a]
[a . "b"]
  c = { d = 1, e.f = [{ x = 2 }, { x = 3 }] }
'q'.z = 3
[[p]]
text = """
n = 1
[[p]]
"""
list = [1,
  2]
[[p]]
n = 4
[[p.inner]]
m = 5
[p.inner.deep]
k = 6
`

test.each<[Path, string]>([
  [['top'], 'top = 1'],
  [['a'], '[a .'],
  [['a', 'b'], '[a .'],
  [['a', 'b', 'c'], 'c = {'],
  [['a', 'b', 'c', 'd'], 'd = 1'],
  [['a', 'b', 'c', 'e', 'f', 1, 'x'], 'x = 3'],
  [['a', 'b', 'q', 'z'], "'q'.z"],
  [['p'], '[[p]]\ntext'],
  [['p', 0], '[[p]]\ntext'],
  [['p', 0, 'list', 1], '2]'],
  [['p', 1], '[[p]]\nn = 4'],
  [['p', 1, 'n'], 'n = 4'],
  [['p', 1, 'inner', 0, 'm'], 'm = 5'],
  [['p', 1, 'inner', 0, 'deep', 'k'], 'k = 6'],
])('%j is found where it is written, not in comments and strings', (path, expected) => {
  const offset = placesIn(TEXT).get(keyOf(path)) ?? -1
  expect(TEXT.slice(offset, offset + expected.length)).toBe(expected)
})

test('lines and columns begin at 1, also with CRLF and a byte order mark', () => {
  const dir = directoryWith({ 'a.toml': '\ufeff[t]\r\n  key = 1\r\n' })
  const file = readToml(`${dir}/a.toml`)
  expect(placeOf(file, ['t'])).toBe(`${dir}/a.toml:1:1`)
  expect(placeOf(file, ['t', 'key'])).toBe(`${dir}/a.toml:2:3`)
})

test('what is missing is placed at the table that it belongs to', () => {
  const dir = directoryWith({ 'a.toml': '\n[t]\nkey = 1\n' })
  const file = readToml(`${dir}/a.toml`)
  expect(placeOf(file, ['t', 'gone', 'too'])).toBe(`${dir}/a.toml:2:1`)
  expect(placeOf(file, ['gone'])).toBe(`${dir}/a.toml:1:1`)
})
