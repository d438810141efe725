/** Secrets on command lines: in nothing that is made to be shown to others, and with --no-argv not even stored. */

import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test, vi } from 'vitest'
import { mymonitor, run } from './harness.ts'
import { recordOf, runDir, workspace } from './workspace.ts'

vi.setConfig({ testTimeout: 60_000 })

/** Each with a part that nothing else contains; put together here so that no scanner takes this file for a leak. */
const SECRETS = [
  ['--password=hunter-a', 'hunter-a'],
  ['--password hunter-b', 'hunter-b'],
  ['token=hunter-c', 'hunter-c'],
  ['https://me:hunter-d@example.org/x', 'hunter-d'],
  [['AKIA', 'IOSFODNN7EXAMPLE'].join(''), 'IOSFODNN7EXAMPLE'],
  [['ghp', '_', 'a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8'].join(''), 'a1B2c3D4e5F6'],
  ['AWS_SECRET_ACCESS_KEY=hunter-e', 'hunter-e'],
] as const

/** A build with a process that lives for some ticks and has all of them as its arguments. */
function configured(): string {
  const cwd = workspace({ build: 'sh build.sh' })
  writeFileSync(join(cwd, 'conf/config.toml'), '[monitor.storage]\ngenerate_legacy_formats = true\n')
  // Not a shell of a shell: a change to the same program is not seen by looking.
  const words = SECRETS.map(([words]) => words).join(' ')
  writeFileSync(join(cwd, 'src/build.sh'), `${process.execPath} -e 'setTimeout(() => 0, 1000)' -- ${words}\n:\n`)
  return cwd
}

/** Names of the files below that hold a secret. */
function leaks(dir: string): string[] {
  const files = readdirSync(dir, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
  return files.flatMap(({ parentPath, name }) => {
    const text = readFileSync(join(parentPath, name), 'latin1')
    return SECRETS.some(([, secret]) => text.includes(secret)) ? [name] : []
  })
}

test('no summary, report or export shows them, but with --no-redact', async () => {
  const cwd = configured()
  const sampled = await run(mymonitor('-p', 'p', '-j', '1', '--json'), { cwd })
  expect(sampled.status, sampled.stderr.toString()).toBe(0)
  const dir = runDir(cwd)
  const recording = join(dir, recordOf(dir).levels[0]?.recording ?? '')
  expect(readFileSync(join(recording, 'memory_samples.csv'), 'utf8')).toContain('--password=***')
  // What was recorded, as it was.
  expect(leaks(dir)).toEqual(['processes.parquet'])
  const shown = [sampled]
  shown.push(await run(mymonitor('report', recording, '--format', 'html,svg,md,json,csv', '--output-dir', join(cwd, 'out')), { cwd }))
  for (const verb of ['summary', 'classify']) {
    for (const flags of [[], ['--json']]) shown.push(await run(mymonitor(verb, ...flags, recording), { cwd }))
  }
  shown.push(await run(mymonitor('explain', '--', 'tool', ...SECRETS.flatMap(([words]) => words.split(' '))), { cwd }))
  for (const { status, stdout, stderr } of shown) {
    expect(status).toBe(0)
    for (const [, secret] of SECRETS) expect(`${stdout}${stderr}`).not.toContain(secret)
  }
  expect(leaks(join(cwd, 'out'))).toEqual([])

  const open = await run(mymonitor('-p', 'p', '-j', '1', '--no-redact', '--output-dir', 'open'), { cwd })
  expect(open.status).toBe(0)
  expect(leaks(join(cwd, 'open'))).toContain('memory_samples.csv')
})

test('with --no-argv they are not stored', async () => {
  const cwd = configured()
  expect((await run(mymonitor('-p', 'p', '-j', '1', '--no-argv'), { cwd })).status).toBe(0)
  expect(leaks(runDir(cwd))).toEqual([])
})
