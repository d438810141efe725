/** Every key of config.toml, from the file to what is on disk after a sweep: a key that is read and then dropped fails here. */

import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { asyncBufferFromFile, parquetMetadataAsync } from 'hyparquet'
import { afterAll, expect, test, vi } from 'vitest'
import { configKeys } from '../../ts/config/schema.ts'
import type { Metadata } from '../../ts/metadata.ts'
import { mymonitor, run } from './harness.ts'
import { rows } from './readers.ts'
import { recordOf, runDir } from './workspace.ts'

vi.setConfig({ testTimeout: 60_000 })

const CONFIG = `
[monitor.general]
default_jobs = [3, 1]
skip_plots = true
log_root_dir = "elsewhere"
[monitor.collection]
interval_seconds = 0.2
metric_type = "rss_pidstat"
pss_collector_mode = "full_scan"
[monitor.storage]
format = "json"
compression = "zstd"
generate_legacy_formats = true
[paths]
projects_config = "more/p.toml"
rules_config = "more/r.toml"
`
const PROJECTS = `[[projects]]\nname = "other"\ndir = ".."\nbuild_command_template = "sleep 0.<N>"\nprocess_pattern = "nothing-is-called-so"\n`
const RULES = `[[rules]]\npriority = 1\nmajor_category = "Mine"\ncategory = "Sleeper"\nmatch_field = "current_cmd_name"\nmatch_type = "exact"\npattern = "sleep"\n`

interface Sweep {
  /** Directory of the run, and of the recording of its first level. */
  run: string
  recording: string
  metadata: Metadata
}
const files = (dir: string) => readdirSync(dir)

/** What a key with the value above does that its default does not. */
const EFFECTS: Record<string, (sweep: Sweep) => unknown> = {
  'monitor.general.default_jobs': ({ run }) => expect(recordOf(run).levels.map(({ jobs }) => jobs)).toEqual([3, 1]),
  'monitor.general.skip_plots': ({ run }) =>
    expect(readdirSync(run, { recursive: true }).filter((name) => `${name}`.endsWith('.html'))).toEqual([]),
  'monitor.general.log_root_dir': ({ run }) => expect(run).toMatch(/\/elsewhere\/run_\d+_\d+$/),
  'monitor.collection.interval_seconds': async ({ recording }) => {
    // A tick that is not the last is due a whole number of intervals after the start.
    const due = (await rows(recording, 'ticks')).slice(0, -1).map(({ elapsed_us, late_us }) => elapsed_us - late_us)
    expect(due.length).toBeGreaterThan(0)
    for (const us of due) expect(Math.abs(us - Math.round(us / 200_000) * 200_000), `tick due after ${us} µs`).toBeLessThan(1_000)
  },
  'monitor.collection.metric_type': ({ recording }) => expect(recording).toMatch(/\/other_j3_rss_[^/]*$/),
  'monitor.collection.pss_collector_mode': ({ metadata }) => expect(metadata.full_scan?.process_pattern).toBe('nothing-is-called-so'),
  'monitor.storage.format': ({ recording }) => expect(files(recording)).toContain('memory_samples.json'),
  'monitor.storage.compression': async ({ recording }) => {
    const { row_groups } = await parquetMetadataAsync(await asyncBufferFromFile(join(recording, 'processes.parquet')))
    expect(new Set(row_groups.flatMap(({ columns }) => columns.map(({ meta_data }) => meta_data?.codec)))).toEqual(new Set(['ZSTD']))
  },
  'monitor.storage.generate_legacy_formats': ({ recording }) => expect(files(recording)).toContain('memory_samples.csv'),
  'paths.projects_config': ({ metadata }) => expect(metadata.project).toBe('other'),
  'paths.rules_config': async ({ recording }) => {
    const classes = (await rows(recording, 'classes')) as unknown as { major_category: string }[]
    expect(classes.map(({ major_category }) => major_category)).toContain('Mine')
  },
}

const cwd = mkdtempSync(join(tmpdir(), 'mymonitor-e2e-'))
afterAll(() => rmSync(cwd, { recursive: true, force: true }))

let sweep: Sweep | undefined
/** One for all tests. */
async function swept(): Promise<Sweep> {
  if (sweep) return sweep
  mkdirSync(join(cwd, 'conf/more'), { recursive: true })
  for (const [name, text] of Object.entries({ 'config.toml': CONFIG, 'more/p.toml': PROJECTS, 'more/r.toml': RULES }))
    writeFileSync(join(cwd, 'conf', name), text)
  const { status, stderr } = await run(mymonitor(), { cwd })
  expect(status, stderr.toString()).toBe(0)
  const [root = ''] = files(cwd).filter((name) => name !== 'conf')
  const dir = runDir(cwd, root)
  const recording = join(dir, recordOf(dir).levels[0]?.recording ?? '')
  sweep = { run: dir, recording, metadata: JSON.parse(readFileSync(join(recording, 'metadata.json'), 'utf8')) as Metadata }
  return sweep
}

test('known defect 11: every key that takes effect is tested below', () => {
  const settings = Object.entries<{ kind: string }>(configKeys).flatMap(([key, { kind }]) => (kind === 'setting' ? [key] : []))
  // One policy excludes the other, so scheduling.spec.ts has sweeps of its own.
  const effective = settings.filter((key) => !key.startsWith('monitor.scheduling.'))
  expect(Object.keys(EFFECTS).sort()).toEqual(effective.sort())
})

test.each(Object.entries(EFFECTS))('known defect 11: %s changes what a sweep does', async (_, expectEffect) => {
  await expectEffect(await swept())
})
