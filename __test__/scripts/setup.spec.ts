import { spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { withLock } from '../../scripts/setup/lock.mjs'
import { digestOf, Stamps } from '../../scripts/setup/stamps.mjs'
import { matchesLock } from '../../scripts/setup/steps.mjs'
import { checkToolchains } from '../../scripts/setup/toolchains.mjs'

const ROOT = join(import.meta.dirname, '../..')

function temporary(): string {
  const dir = mkdtempSync(join(tmpdir(), 'mymonitor-setup-'))
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }))
  return dir
}

/** A PATH that holds only these programs; each prints its value for --version. */
function path(programs: Record<string, string>): { PATH: string } {
  const dir = temporary()
  for (const [name, version] of Object.entries(programs)) {
    writeFileSync(join(dir, name), `#!/bin/sh\necho '${version}'\n`)
    chmodSync(join(dir, name), 0o755)
  }
  return { PATH: dir }
}

const GOOD = { cargo: 'cargo 1.88.0', rustc: 'rustc 1.88.0 (abc)', cc: 'cc 12', 'c++': 'c++ 12', make: 'GNU Make 4.3' }

test('the oldest toolchains that are supported are accepted', () => {
  expect(() => checkToolchains(path(GOOD))).not.toThrow()
})

test.each([
  ['rustc 1.87.0 (abc)', 'rustc 1.87.0 (abc) is too old, Rust 1.88 or newer is needed: install it with rustup'],
  ['rustc 0.99.0', 'rustc 0.99.0 is too old'],
])('%s is refused with what would be right', (version, message) => {
  expect(() => checkToolchains(path({ ...GOOD, rustc: version }))).toThrow(message)
})

test('everything that is missing is said in one line', () => {
  const message = messageOf(() => checkToolchains(path({})))
  expect(message.split('\n')).toHaveLength(1)
  for (const part of ['cargo is missing', 'a C compiler is missing', 'a C++ compiler is missing', 'make is missing', 'apt-get install'])
    expect(message).toContain(part)
})

test('CC and CXX name other compilers, with arguments', () => {
  const { cc: _cc, 'c++': _cxx, ...rest } = GOOD
  const env = path({ ...rest, clang: 'clang 14', 'clang++': 'clang 14' })
  expect(() => checkToolchains({ ...env, CC: 'clang -m64', CXX: 'clang++' })).not.toThrow()
  expect(messageOf(() => checkToolchains(env))).toContain('a C compiler is missing ("cc" does not run)')
})

test('an old Node is told which one is needed, before anything else is loaded', () => {
  const file = JSON.stringify(join(ROOT, 'scripts/node-version.mjs'))
  const old = `Object.defineProperty(process.versions, 'node', { value: '20.18.3' }); import(${file}).then(() => console.log('loaded'))`
  const { status, stdout, stderr } = spawnSync(process.execPath, ['-e', old], { encoding: 'utf8' })
  expect(stderr).toBe('mymonitor: Node 20.18.3 is too old, 20.19 or newer is needed: install one from https://nodejs.org\n')
  expect([status, stdout]).toEqual([1, ''])
})

test('a missing toolchain ends npm start with one line and 125 before anything is downloaded', () => {
  const clone = temporary()
  symlinkSync(join(ROOT, 'scripts'), join(clone, 'scripts'))
  // A clone without node_modules, seen through a PATH without cargo; nothing but the message may happen.
  const bin = join(clone, 'bin')
  mkdirSync(bin)
  for (const name of ['node', 'sh', 'dirname'])
    symlinkSync(spawnSync('sh', ['-c', `command -v ${name}`], { encoding: 'utf8' }).stdout.trim(), join(bin, name))
  const { status, stdout, stderr } = spawnSync('sh', ['scripts/start.sh'], {
    cwd: clone,
    env: { PATH: bin, NODE_OPTIONS: '--preserve-symlinks --preserve-symlinks-main' },
    encoding: 'utf8',
  })
  expect(stderr).toMatch(/^mymonitor: the set-up failed: cargo is missing .*\n$/)
  expect([status, stdout]).toEqual([125, ''])
})

test('a digest changes with contents and names, not with times', () => {
  const root = temporary()
  mkdirSync(join(root, 'src'))
  writeFileSync(join(root, 'src/a'), 'one')
  const before = digestOf(root, ['src'])
  writeFileSync(join(root, 'src/a'), 'one')
  expect(digestOf(root, ['src'])).toBe(before)
  writeFileSync(join(root, 'src/b'), '')
  const added = digestOf(root, ['src'])
  expect(added).not.toBe(before)
  expect(digestOf(root, ['src'], { except: (path: string) => path === 'src/b' })).toBe(before)
  writeFileSync(join(root, 'src/a'), 'two')
  expect(digestOf(root, ['src'])).not.toBe(added)
})

test('a stamp survives its process and can be taken back', () => {
  const root = temporary()
  new Stamps(root).remember('native', 'abc')
  expect(new Stamps(root).recall('native')).toBe('abc')
  new Stamps(root).forget('native')
  expect(new Stamps(root).recall('native')).toBeUndefined()
})

test('of two set-ups at the same time one waits for the other', async () => {
  const root = temporary()
  const events: string[] = []
  const work = (name: string) =>
    withLock(root, async () => {
      events.push(`${name} in`)
      await new Promise((resolve) => setTimeout(resolve, 100))
      events.push(`${name} out`)
    })
  await Promise.all([work('a'), work('b')])
  expect(events).toEqual(['a in', 'a out', 'b in', 'b out'])
})

test('installed packages match the lock when only packages for other platforms are missing', () => {
  const root = temporary()
  const lock = (packages: object) => JSON.stringify({ packages })
  const installed = { 'node_modules/a': { version: '1.0.0', integrity: 'x' } }
  const wanted = { '': {}, ...installed, 'node_modules/a-darwin': { version: '1.0.0', optional: true } }
  writeFileSync(join(root, 'package-lock.json'), lock(wanted))
  expect(matchesLock(root)).toBe(false)
  mkdirSync(join(root, 'node_modules'))
  writeFileSync(join(root, 'node_modules/.package-lock.json'), lock(installed))
  expect(matchesLock(root)).toBe(true)
  writeFileSync(join(root, 'package-lock.json'), lock({ ...wanted, 'node_modules/a': { version: '1.0.1', integrity: 'y' } }))
  expect(matchesLock(root)).toBe(false)
  writeFileSync(join(root, 'package-lock.json'), lock({ ...wanted, 'node_modules/b': { version: '1.0.0' } }))
  expect(matchesLock(root)).toBe(false)
})

function messageOf(action: () => void): string {
  try {
    action()
  } catch (error) {
    return (error as Error).message
  }
  throw new Error('nothing was thrown')
}
