import { mkdirSync, symlinkSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { findConfig, SHIPPED_CONFIG } from '../../ts/config/find.ts'
import { directoryWith } from './files.ts'

test('the option wins over the environment, the environment over conf/, conf/ over the user directory', () => {
  const dir = directoryWith({ 'a.toml': '', 'b.toml': '', 'conf/config.toml': '', 'home/mymonitor/config.toml': '' })
  const env: Record<string, string> = { MYMONITOR_CONFIG: join(dir, 'b.toml'), XDG_CONFIG_HOME: join(dir, 'home') }
  expect(findConfig('a.toml', { cwd: dir, env })).toEqual({ file: join(dir, 'a.toml'), origin: 'option' })
  expect(findConfig(undefined, { cwd: dir, env })).toEqual({ file: join(dir, 'b.toml'), origin: 'environment' })
  delete env['MYMONITOR_CONFIG']
  expect(findConfig(undefined, { cwd: dir, env })).toEqual({ file: join(dir, 'conf/config.toml'), origin: 'directory' })
  expect(findConfig(undefined, { cwd: '/', env })).toEqual({ file: join(dir, 'home/mymonitor/config.toml'), origin: 'user' })
  expect(findConfig(undefined, { cwd: '/', env: {} })).toEqual({ file: SHIPPED_CONFIG, origin: 'shipped' })
})

test('HOME/.config is the user directory where XDG_CONFIG_HOME is not set', () => {
  const home = directoryWith({ '.config/mymonitor/config.toml': '' })
  expect(findConfig(undefined, { cwd: '/', env: { HOME: home } }).file).toBe(join(home, '.config/mymonitor/config.toml'))
})

test('a directory deep in a repository finds the conf/ of its root, and nothing above the root', () => {
  const dir = directoryWith({ 'conf/config.toml': '', 'repo/.git/HEAD': '', 'repo/a/b/x': '' })
  const cwd = join(dir, 'repo/a/b')
  expect(findConfig(undefined, { cwd, env: {} }).origin).toBe('shipped')
  mkdirSync(join(dir, 'repo/conf'))
  symlinkSync(join(dir, 'conf/config.toml'), join(dir, 'repo/conf/config.toml'))
  expect(findConfig(undefined, { cwd, env: {} }).file).toBe(join(dir, 'repo/conf/config.toml'))
})

test('outside a repository only the directory itself is looked at', () => {
  const dir = directoryWith({ 'conf/config.toml': '', 'a/x': '' })
  expect(findConfig(undefined, { cwd: join(dir, 'a'), env: {} }).origin).toBe('shipped')
})

test("the shipped configuration is never the user's, however it was found", () => {
  const cwd = dirname(dirname(SHIPPED_CONFIG))
  expect(findConfig(undefined, { cwd, env: {} }).origin).toBe('shipped')
  expect(findConfig('conf/config.toml', { cwd, env: {} }).origin).toBe('shipped')
})

test('a relative XDG_CONFIG_HOME does not count', () => {
  const home = directoryWith({ '.config/mymonitor/config.toml': '', 'x/mymonitor/config.toml': '' })
  expect(findConfig(undefined, { cwd: home, env: { HOME: home, XDG_CONFIG_HOME: 'x' } }).file).toBe(
    join(home, '.config/mymonitor/config.toml'),
  )
})

test.each(['.git', '.hg', '.jj', '.repo'])('%s marks the root of a repository', (mark) => {
  const dir = directoryWith({ 'conf/config.toml': '', [`r/${mark}/x`]: '', 'r/conf/config.toml': '', 'r/a/b/x': '' })
  expect(findConfig(undefined, { cwd: join(dir, 'r/a/b'), env: {} }).file).toBe(join(dir, 'r/conf/config.toml'))
})
