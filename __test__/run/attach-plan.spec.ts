import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { runningProcess } from '../../ts/run/attach-plan.ts'
import { directoryWith } from '../config/files.ts'

/** A /proc with one process in it. */
function procWith(pid: number): string {
  const status = `Name:\tmake\nTgid:\t${pid}\nVmSize:\t    2600 kB\n`
  return directoryWith({ [`${pid}/status`]: status, [`${pid}/cmdline`]: 'make\0-j8\0' })
}

test('a process to attach to is read from /proc', () => {
  expect(runningProcess(7, procWith(7))).toEqual({ pid: 7, name: 'make', argv: ['make', '-j8'], cwd: '/' })
})

test.each(['status', 'cmdline'])('one that ends before its %s is read is none: one line that says so', (file) => {
  const proc = procWith(7)
  rmSync(join(proc, '7', file))
  expect(() => runningProcess(7, proc)).toThrow('cannot attach to 7: there is no such process; pgrep -a make lists those called make')
})
