import { expect, test } from 'vitest'
import { formatCpuList, parseCpuList } from '../../ts/config/cpu-list.ts'

test.each([
  ['0', [0]],
  ['1,2,4-7', [1, 2, 4, 5, 6, 7]],
  ['6-7, 1', [1, 6, 7]],
  ['3,3,2-3', [2, 3]],
  ['8191', [8191]],
])('%s is a list of CPUs', (text, cpus) => {
  expect(parseCpuList(text)).toEqual(cpus)
})

test.each(['', ' ', ',', '1,', '1;2', '7-4', '-1', '1-', '1-2-3', '1.5', 'all', '0x1', '8192', '99999'])('"%s" is none', (text) => {
  expect(parseCpuList(text)).toBeNull()
})

test('a list is written as the kernel writes it', () => {
  expect(formatCpuList([1, 2, 4, 5, 6, 9])).toBe('1-2,4-6,9')
  expect(formatCpuList([])).toBe('')
})
