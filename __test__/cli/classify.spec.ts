import { mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { ClassColumns } from '../../ts/native.ts'
import { openRecording } from '../../ts/recording/recording.ts'
import { directoryWith } from '../config/files.ts'
import { cli } from './capture.ts'

const RULES = `
[[rules]]
priority = 9
major_category = "M"
category = "Mine"
match_field = "current_cmd_name"
match_type = "exact"
pattern = "sleep"
`

function minors(classes: ClassColumns | null): string[] {
  return Array.from(classes?.classOf ?? [], (number) => classes?.classes[number]?.minor ?? '')
}

/** A run of one level with a sleep in it. */
async function recorded(): Promise<{ cwd: string; run: string; recording: string }> {
  const cwd = directoryWith({ 'mine.toml': RULES })
  const { status, err } = await cli(['--no-report', '--output-dir', 'logs', '--', 'sh', '-c', 'sleep 0.2; sleep 0.2; exit 0'], cwd)
  expect(status, err).toBe(0)
  const run = join(cwd, 'logs', readdirSync(join(cwd, 'logs')).find((name) => statSync(join(cwd, 'logs', name)).isDirectory()) ?? '')
  const name = readdirSync(run).find((entry) => statSync(join(run, entry)).isDirectory()) ?? ''
  return { cwd, run, recording: join(run, name) }
}

test('classify replaces the classes of a recording by other rules and lists what they do not know', async () => {
  const { cwd, run, recording } = await recorded()
  const before = openRecording(recording).classes()
  expect(minors(before)).toContain('Generic_Path')
  const { status, out, err } = await cli(['classify', recording, '--rules', 'mine.toml'], cwd)
  expect({ status, err }).toEqual({ status: 0, err: '' })
  expect(out).toMatch(/^ {2}BY NO RULE +IMAGES +MEMORY-TIME +SHARE +CPU +FOR EXAMPLE$/m)
  // A tick that falls between fork and exec sees one more of them.
  expect(out).toMatch(/^ {2}Other_sh +[123] .*sh -c 'sleep 0\.2; sleep 0\.2; exit 0'$/m)
  const after = openRecording(recording).classes()
  expect(minors(after)).toEqual(expect.arrayContaining(['Mine', 'Other_sh']))
  expect(after?.rulesDigest).not.toBe(before?.rulesDigest)

  // A whole run, by the rules of the configuration again.
  const json = JSON.parse((await cli(['classify', '--json', run], cwd)).out)
  expect(json).toMatchObject({ schema: 1, rules: { digest: before?.rulesDigest }, recordings: [{ dir: recording, commands: [] }] })
  expect(json.recordings[0].total.images).toBe(before?.processId.length)
  expect(json.recordings[0].unmatched).toMatchObject({ images: 0, timeKbS: 0 })
  expect(openRecording(recording).classes()).toEqual(before)
})

test('a recording of the run that cannot be opened is one line, and 1', async () => {
  const { cwd, run, recording } = await recorded()
  rmSync(join(recording, 'classes.parquet'))
  const broken = join(run, 'broken')
  mkdirSync(broken)
  writeFileSync(join(broken, 'metadata.json'), '{')
  const { status, out, err } = await cli(['classify', run], cwd)
  expect(status).toBe(1)
  expect(out).toContain('0 of them by no rule')
  expect(err).toMatch(/^mymonitor: [^\n]*broken[^\n]*\n$/)
  expect(openRecording(recording).classes()?.processId.length).toBeGreaterThan(0)
})
