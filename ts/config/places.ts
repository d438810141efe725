import { createRequire } from 'node:module'

/** Path of a key or table inside a file; a number is an index into an array. */
export type Path = readonly (string | number)[]

interface ParserNode {
  type: string
  value: unknown
  /** Of the first character, from 0. */
  offset: number
}
/** `key = value`; of an inline table, too. */
interface Assignment {
  type: 'Assign' | 'InlineTableValue'
  key: string[]
  value: ParserNode
  offset: number
}
interface Header {
  type: 'ObjectPath' | 'ArrayPath'
  value: string[]
  offset: number
}
/** What the parser of `toml` makes of a text before it becomes values: the only place that still knows where a key was. It comes without types. */
const { parse } = createRequire(import.meta.url)('toml/lib/parser.js') as { parse(source: string): (Assignment | Header)[] }

/** Where each key and each table header of a TOML text begins: offset by `keyOf(path)`. The text must be one that parses. */
export function placesIn(source: string): Map<string, number> {
  const places = new Map<string, number>()
  /** How many [[name]] headers came so far. */
  const counts = new Map<string, number>()
  let table: Path = []
  for (const node of parse(source)) {
    if ('key' in node) {
      addKey(places, table, node)
      continue
    }
    table = []
    for (const [depth, name] of node.value.entries()) {
      table = [...table, name]
      add(places, table, node.offset)
      const key = keyOf(table)
      if (node.type === 'ArrayPath' && depth === node.value.length - 1) counts.set(key, (counts.get(key) ?? -1) + 1)
      // A header names the newest element of each array of tables on its way.
      const index = counts.get(key)
      if (index !== undefined) table = [...table, index]
    }
    add(places, table, node.offset)
  }
  return places
}

export function keyOf(path: Path): string {
  return JSON.stringify(path)
}

function addKey(places: Map<string, number>, table: Path, { key, value, offset }: Assignment): void {
  const path = [...table, ...key]
  // `a.b = 1` is where `a` is, too.
  for (let length = table.length + 1; length <= path.length; length += 1) add(places, path.slice(0, length), offset)
  addValue(places, path, value)
}

function addValue(places: Map<string, number>, path: Path, { type, value, offset }: ParserNode): void {
  add(places, path, offset)
  if (!Array.isArray(value)) return
  if (type === 'InlineTable') for (const entry of value as Assignment[]) addKey(places, path, entry)
  if (type === 'Array') for (const [index, item] of (value as ParserNode[]).entries()) addValue(places, [...path, index], item)
}

function add(places: Map<string, number>, path: Path, offset: number): void {
  const key = keyOf(path)
  if (!places.has(key)) places.set(key, offset)
}
