import { spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'

let demo = ''
const make = (...args: string[]) => {
  const { status, stdout, stderr } = spawnSync('make', args, { cwd: demo, encoding: 'utf8', env: { ...process.env, MAKEFLAGS: '' } })
  return { status, stdout, stderr }
}

// A copy: a demo that is being recorded at the same time is left alone.
beforeAll(() => {
  demo = mkdtempSync(join(tmpdir(), 'mymonitor-demo-'))
  cpSync(join(import.meta.dirname, '../../examples/demo'), demo, { recursive: true, filter: (path) => !path.endsWith('/demo/build') })
})
afterAll(() => rmSync(demo, { recursive: true, force: true }))

test('the demo builds without a warning, its programs answer, and clean removes all of it', () => {
  const built = make('-j2', 'check')
  expect(built.stderr).toBe('')
  expect(built.status).toBe(0)
  const objects = readdirSync(join(demo, 'build'), { recursive: true }).filter((name) => String(name).endsWith('.o'))
  expect(objects.length).toBeGreaterThanOrEqual(55)
  expect(make('-s').stdout).toBe('')
  expect(make('-q').status).toBe(0)
  expect(make('clean').status).toBe(0)
  expect(existsSync(join(demo, 'build'))).toBe(false)
})
