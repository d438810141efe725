/** Every command, program and query of README.md (whose translation has the same ones) and docs/migration.md is run as it stands there. */

import {
  chmodSync,
  copyFileSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DuckDBInstance } from '@duckdb/node-api'
import { afterAll, describe, expect, test, vi } from 'vitest'
import { mymonitor, run } from './harness.ts'
import { recordOf } from './workspace.ts'

vi.setConfig({ testTimeout: 60_000 })

const ROOT = join(import.meta.dirname, '../..')
const README = readFileSync(join(ROOT, 'README.md'), 'utf8')
const MIGRATION = readFileSync(join(ROOT, 'docs/migration.md'), 'utf8')
const MAKEFILE = 'all:\n\t@sleep 0.15\nclean:\n\t@:\n'
/** These two set up a whole clone: demo.spec.ts and start.spec.ts, and who reads this runs them. */
const ELSEWHERE = ['npm start', 'npm test']

/** The contents of the code blocks of a language. */
const blocks = (text: string, language: string) =>
  [...text.matchAll(new RegExp(`^ *\`\`\`${language}\\n([\\s\\S]*?)^ *\`\`\``, 'gm'))].map(([, block = '']) => block)

/** Their commands, comments left out. */
function commands(text: string): string[] {
  const lines = blocks(text, 'sh').flatMap((block) => block.split('\n'))
  return lines.map((line) => line.replace(/\s+# .*$/, '').trim()).filter((line) => line !== '' && !ELSEWHERE.includes(line))
}

/** A home with the trees of projects, and a directory to work in, with `mymonitor` in PATH. */
function surroundings(trees: readonly string[]) {
  const home = mkdtempSync(join(tmpdir(), 'mymonitor-documented-'))
  afterAll(() => rmSync(home, { recursive: true, force: true }))
  const [bin, cwd] = ['bin', 'work'].map((name) => join(home, name)) as [string, string]
  for (const dir of [bin, cwd, join(cwd, 'conf'), ...trees.map((tree) => join(home, tree))]) mkdirSync(dir, { recursive: true })
  for (const dir of [cwd, ...trees.map((tree) => join(home, tree))]) {
    writeFileSync(join(dir, 'Makefile'), MAKEFILE)
    writeFileSync(join(dir, 'environment'), 'export BUILT_BY=environment\n')
    writeFileSync(join(dir, 'configure'), '#!/bin/sh\nsleep 0.15\n', { mode: 0o755 })
  }
  writeFileSync(join(bin, 'mymonitor'), `#!/bin/sh\nexec ${mymonitor().join(' ')} "$@"\n`)
  chmodSync(join(bin, 'mymonitor'), 0o755)
  const env = { PATH: `${bin}:${process.env['PATH']}`, HOME: home }
  const latest = () => join('logs', readdirSync(join(cwd, 'logs')).sort().at(-1) ?? '')
  const recording = () => join(latest(), recordOf(join(cwd, latest())).levels[0]?.recording ?? '')
  /** What stands for a run and a recording becomes one that is there. */
  const runLine = (line: string, dir = cwd) => {
    const running = /\bPID\b/.test(line) ? `sleep 5 & ${line.replace(/\bPID\b/, '$!')}` : line
    const filled = running.replace(/logs\/run_20260102_030405/g, latest).replace(/\bDIR\b/g, recording)
    return run(['sh', '-c', filled], { cwd: dir, env })
  }
  return { home, cwd, env, recording, runLine }
}

describe('README.md', () => {
  const { home, cwd, env, recording, runLine } = surroundings(['src/linux', 'new'])
  writeFileSync(join(cwd, 'conf/config.toml'), '')
  writeFileSync(join(cwd, 'conf/projects.toml'), blocks(README, 'toml')[0] ?? '')
  symlinkSync(join(ROOT, 'node_modules'), join(home, 'node_modules'))

  test.each(commands(README))('%s', async (line) => {
    // `init` writes conf/, which is here already.
    const { status, stderr } = await runLine(line, line === 'mymonitor init' ? join(home, 'new') : cwd)
    // 1: something was found.
    const done = /^mymonitor (?:doctor|classify|verify)/.test(line) ? [0, 1] : [0]
    expect(done, `${line}: ${stderr}`).toContain(status)
  })

  test.each(blocks(README, 'js').map((block, index) => [index + 1, block] as const))('program %i', async (index, block) => {
    mkdirSync(join(cwd, 'node_modules'), { recursive: true })
    rmSync(join(cwd, 'node_modules/mymonitor'), { force: true })
    symlinkSync(ROOT, join(cwd, 'node_modules/mymonitor'))
    copyFileSync(join(cwd, recording(), 'processes.parquet'), join(cwd, 'processes.parquet'))
    writeFileSync(join(cwd, `program${index}.mjs`), block)
    const { status, stderr } = await run([process.execPath, `program${index}.mjs`], { cwd, env })
    expect(status, stderr.toString()).toBe(0)
  })

  test('the query', async () => {
    const [, query = ''] = /duckdb -c "([^"]+)"/.exec(README) ?? []
    const connection = await (await DuckDBInstance.create(':memory:')).connect()
    const answer = await connection.runAndReadAll(query.replaceAll('DIR', join(cwd, recording())))
    expect(answer.getRows().map(([name]) => name)).toContain('sleep')
    connection.closeSync()
  })
})

describe('docs/migration.md: switching in five minutes', () => {
  const { home, cwd, runLine } = surroundings(['qemu/build'])
  // As they are, but for where the trees are.
  cpSync(join(ROOT, '__test__/config/python-mymonitor'), join(cwd, 'conf'), { recursive: true })
  const projects = join(cwd, 'conf/projects.toml')
  writeFileSync(projects, readFileSync(projects, 'utf8').replaceAll('"/host/', `"${home}/`))

  test.each(commands(MIGRATION))('%s', async (line) => {
    const { status, stderr } = await runLine(line)
    expect(status, `${line}: ${stderr}`).toBe(0)
  })
})
