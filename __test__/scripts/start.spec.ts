import { type SpawnSyncOptionsWithStringEncoding, spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'

const ROOT = join(import.meta.dirname, '../..')
/** Stands for the built command line: says what it was given. */
const MAIN = `
import { readFileSync } from 'node:fs'
const parent = readFileSync('/proc/' + process.ppid + '/cmdline', 'utf8')
console.log(JSON.stringify({ args: process.argv.slice(2), cwd: process.cwd(), env: process.env, parent }))
process.exitCode = 3
`

interface Seen {
  args: string[]
  cwd: string
  env: Record<string, string>
  parent: string
}

/** `npm -s start` on the real scripts in a clone whose set-up has nothing to do, from another directory. */
function npmStart(args: string[], env: Record<string, string>) {
  const base = realpathSync(mkdtempSync(join(tmpdir(), 'mymonitor-start-')))
  onTestFinished(() => rmSync(base, { recursive: true, force: true }))
  const [clone, elsewhere] = [join(base, 'clone'), join(base, 'else where')]
  mkdirSync(join(clone, 'dist/cli'), { recursive: true })
  mkdirSync(elsewhere)
  for (const path of ['package.json', 'scripts/start.sh', 'scripts/start.mjs', 'scripts/setup/npm-env.mjs'])
    cpSync(join(ROOT, path), join(clone, path))
  writeFileSync(join(clone, 'scripts/setup.mjs'), "console.log('set-up')\n")
  writeFileSync(join(clone, 'dist/cli/main.js'), MAIN)
  const options: SpawnSyncOptionsWithStringEncoding = { cwd: elsewhere, env: { ...env, PWD: elsewhere }, encoding: 'utf8' }
  const { status, stdout, stderr } = spawnSync(
    'npm',
    ['-s', '--prefix', clone, 'start', ...(args.length > 0 ? ['--', ...args] : [])],
    options,
  )
  return { status, stderr, seen: JSON.parse(stdout) as Seen, clone, elsewhere }
}

/** What a caller may have that npm, or the shell it starts, would change or drop. */
const CALLER = {
  PATH: process.env['PATH'] ?? '',
  HOME: process.env['HOME'] ?? '',
  NODE: '/the/callers/own',
  COLOR: 'mine',
  EMPTY: '',
  LINES_: 'two\nlines=x',
  'BASH_FUNC_module%%': '() {  :\n}',
  npm_config_loglevel: 'warn',
  npm_package_name: 'callers',
}

test('mymonitor gets the arguments, the directory and exactly the environment of the caller of npm', () => {
  const { status, stderr, seen, elsewhere } = npmStart(['sample', '--', 'make', 'a b', '$HOME', "it's"], CALLER)
  expect(seen.args).toEqual(['sample', '--', 'make', 'a b', '$HOME', "it's"])
  expect(seen.cwd).toBe(elsewhere)
  expect(seen.env).toEqual({ ...CALLER, PWD: elsewhere })
  expect(stderr).toBe('set-up\n')
  expect(status).toBe(3)
})

test('npm itself is the parent of mymonitor: no shell stands between', () => {
  expect(npmStart(['--help'], CALLER).seen.parent).toMatch(/^npm start/)
})

test('without arguments the demo is recorded at three levels, in the clone', () => {
  const { seen, clone } = npmStart([], CALLER)
  expect(seen.args).toEqual(['sample', '--config', join(clone, 'examples/demo/conf/config.toml'), '-p', 'demo', '-j', '1,2,4'])
  expect([seen.cwd, seen.env['PWD']]).toEqual([clone, clone])
})
