import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import {
  ensureDirectory,
  isoWithZone,
  makeFreshDirectory,
  retryBusy,
  safeName,
  stampOf,
  withNextStep,
  writeFileAtomic,
} from '../../ts/run/files.ts'
import { directoryWith } from '../config/files.ts'

test('a directory is made with its parents, and with a suffix where the name is taken', () => {
  const root = join(directoryWith(), 'a/b')
  expect(makeFreshDirectory(root, 'run')).toBe(join(root, 'run'))
  expect(makeFreshDirectory(root, 'run')).toBe(join(root, 'run_2'))
  expect(makeFreshDirectory(root, 'run')).toBe(join(root, 'run_3'))
})

test.each(['/proc/mymonitor/x', '/dev/null/x'])('%s cannot be made: one line that names it and the way out, at once', (path) => {
  expect(() => makeFreshDirectory(path, 'run')).toThrow(
    expect.objectContaining({
      code: 'ERR_MYMONITOR_OUTPUT',
      message: expect.stringMatching(/^cannot create the directory \/.*: .*--output-dir$/),
    }),
  )
})

test('a directory that exists is fine', () => {
  const dir = directoryWith()
  ensureDirectory(dir)
  expect(existsSync(dir)).toBe(true)
})

test('a file is replaced whole and leaves no temporary name', () => {
  const dir = directoryWith({ f: 'old' })
  writeFileAtomic(join(dir, 'f'), 'new')
  expect(readFileSync(join(dir, 'f'), 'utf8')).toBe('new')
  expect(readdirSync(dir)).toEqual(['f'])
})

test('a file that cannot be written is named, and nothing is left', () => {
  const dir = directoryWith({ 'taken/x': '' })
  const file = join(dir, 'taken')
  expect(() => writeFileAtomic(file, 'x')).toThrow(`cannot write ${file}: `)
  expect(readdirSync(dir)).toEqual(['taken'])
})

test.each([
  ['qemu', 'qemu'],
  ['c++-4.2_x', 'c++-4.2_x'],
  ['a b/c', 'a_b_c'],
  ['../../etc', '_._.._etc'],
  ['-rf', '_rf'],
  ['.', '_'],
  ['größe', 'größe'],
  ['x\n\x1b[2J', 'x___2J'],
])('the name %j is safe as %s', (name, safe) => {
  expect(safeName(name)).toBe(safe)
  expect(safeName(name)).not.toMatch(/[/\s]|^[.-]/)
})

test('stamps are local time', () => {
  const date = new Date(2026, 0, 2, 3, 4, 5)
  expect(stampOf(date)).toBe('20260102_030405')
  expect(isoWithZone(date)).toMatch(/^2026-01-02T03:04:05\.000[+-]\d\d:\d\d$/)
  expect(new Date(isoWithZone(date)).getTime()).toBe(date.getTime())
})

test.each([
  [
    'cannot write a: No space left on device (os error 28)',
    'cannot write a: no space left on device; free some or choose another place with --output-dir',
  ],
  ['cannot write a: permission denied', 'cannot write a: permission denied; choose another place with --output-dir'],
  ['cannot write a: x; choose b', 'cannot write a: x; choose b'],
  ['the launcher was lost', 'the launcher was lost'],
])('%j says what to do, once', (message, expected) => {
  expect(withNextStep(message)).toBe(expected)
  expect(withNextStep(expected)).toBe(expected)
})

test('a directory that is busy is tried again; one that stays busy, and any other failure, is thrown', () => {
  const failing = (code: string, times: number) => {
    let left = times
    return () => {
      left -= 1
      if (left >= 0) throw Object.assign(new Error(code), { code })
      return 'done'
    }
  }
  expect(retryBusy(failing('EBUSY', 2))).toBe('done')
  expect(() => retryBusy(failing('EBUSY', 10))).toThrow('EBUSY')
  expect(() => retryBusy(failing('EACCES', 1))).toThrow('EACCES')
})

test('a name of many bytes stays short enough for a file, and whole in its last character', () => {
  const name = safeName('構'.repeat(200))
  expect(name).toBe('構'.repeat(33))
})
