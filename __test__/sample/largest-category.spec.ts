import { expect, test } from 'vitest'
import { loadRules } from '../../ts/classify/rules.ts'
import { SHIPPED_RULES } from '../../ts/config/find.ts'
import { largestCategories } from '../../ts/sample/largest-category.ts'

const program = (command: string, pssKb: number, rssKb = pssKb) => {
  const argv = command.split(' ')
  return { name: argv[0] ?? '', exe: '', argv, rssKb, pssKb }
}

test('programs of one category are added up; the largest sum is shown, by the metric of the recording', () => {
  const programs = [program('ld -o a a.o', 500, 900), program('cc1plus a.cpp', 300), program('cc1 b.c', 300), program('make', 100)]
  const rules = loadRules(SHIPPED_RULES)
  expect(largestCategories(rules, 'pss')({ programs })).toEqual({ name: 'CPP_COMPILE', kb: 600 })
  expect(largestCategories(rules, 'rss')({ programs })).toEqual({ name: 'CPP_LINK', kb: 900 })
})

test('what the rules ignore is none, and so is a build without a process', () => {
  const largest = largestCategories(loadRules(SHIPPED_RULES), 'pss')
  expect(largest({ programs: [program('code', 500)] })).toBeNull()
  expect(largest({ programs: [] })).toBeNull()
})
