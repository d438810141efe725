/** README.md and its translation say the same, as far as that can be counted. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { COMMANDS } from '../../ts/cli/cli.ts'

const ROOT = join(import.meta.dirname, '../..')
const FENCED = /^```.*\n[\s\S]*?^```$/gm
const FILES = ['README.md', 'README.zh-CN.md'] as const
const [english, chinese] = FILES.map(parse)

function parse(file: string) {
  const text = readFileSync(join(ROOT, file), 'utf8')
  const prose = text.replace(FENCED, '')
  const count = (line: RegExp) => prose.match(line)?.length ?? 0
  return {
    text,
    // A comment may be in another language, but not missing.
    blocks: (text.match(FENCED) ?? []).map((block) => block.replace(/(^|\s)# .*$/gm, '$1#')),
    counts: { headings: count(/^#+ /gm), tableRows: count(/^\|/gm), listItems: count(/^\s*(?:[-*+]|\d+\.) /gm) },
    fences: text.match(/^```/gm)?.length,
  }
}

test('each links to the other under its title', () => {
  expect(english?.text).toMatch(/^# mymonitor\n\n.*\]\(README\.zh-CN\.md\)/)
  expect(chinese?.text).toMatch(/^# mymonitor\n\n.*\]\(README\.md\)/)
})

test('both have the same code blocks but for the language of comments', () => {
  expect(english?.blocks).not.toEqual([])
  expect(english?.fences).toBe((english?.blocks.length ?? 0) * 2)
  expect(chinese?.blocks).toEqual(english?.blocks)
})

test('both have the same number of headings, table rows and list items', () => {
  for (const number of Object.values(english?.counts ?? {})) expect(number).toBeGreaterThan(0)
  expect(chinese?.counts).toEqual(english?.counts)
})

test('every `mymonitor VERB` of the code blocks is a verb', () => {
  const used = [english, chinese].flatMap((file) => [...(file?.blocks.join('\n').matchAll(/\bmymonitor ([a-z][\w-]*)/g) ?? [])])
  expect(used).not.toEqual([])
  const verbs = COMMANDS.flatMap(({ paths }) => paths?.map(([verb]) => verb))
  for (const [, verb] of used) expect(verbs).toContain(verb)
})
