import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { Level, Plan } from '../../ts/run/plan.ts'
import { openRun, type RunRecord, recordingName, reportName, runPlotName, saveRun, storedCommand } from '../../ts/run/run-dir.ts'
import { directoryWith } from '../config/files.ts'

const NOW = new Date(2026, 0, 2, 3, 4, 5)
const LEVEL: Level = {
  project: 'qemu',
  jobs: 8,
  repeat: 1,
  cwd: '/x',
  command: ['bash', '-c', 'make -j8 TOKEN=secret'],
  phases: false,
  output: 'log',
  before: null,
  after: null,
}

function planIn(outputDir: string, storeArgv = true): Plan {
  return {
    kind: 'projects',
    levels: [LEVEL],
    outputDir,
    intervalUs: 50_000,
    metric: 'pss',
    compression: 'snappy',
    failFast: false,
    report: true,
    storeArgv,
  }
}

test('a run has a directory named by its local time and a run.json that holds plan, host and levels', () => {
  const run = openRun(planIn(directoryWith()), NOW)
  expect(run.dir).toMatch(/\/run_20260102_030405$/)
  const record = JSON.parse(readFileSync(join(run.dir, 'run.json'), 'utf8')) as RunRecord
  expect(record).toMatchObject({
    schema: 1,
    run_id: run.id,
    state: 'running',
    plan: { kind: 'projects', interval_us: 50_000, metric: 'pss' },
  })
  expect(record.host.cpus).toBeGreaterThan(0)
  expect(record.levels).toMatchObject([{ project: 'qemu', jobs: 8, state: 'pending', command: LEVEL.command, exit_status: null }])
})

test('two runs of one second have two directories', () => {
  const dir = directoryWith()
  openRun(planIn(dir), NOW)
  openRun(planIn(dir), NOW)
  expect(readdirSync(dir).sort()).toEqual(['run_20260102_030405', 'run_20260102_030405_2'])
})

test('run.json is rewritten whole', () => {
  const run = openRun(planIn(directoryWith()), NOW)
  run.record.state = 'finished'
  saveRun(run)
  expect(JSON.parse(readFileSync(join(run.dir, 'run.json'), 'utf8'))).toMatchObject({ state: 'finished' })
  expect(readdirSync(run.dir)).toEqual(['run.json'])
})

test('with --no-argv nothing but the program is stored', () => {
  expect(storedCommand(LEVEL, { storeArgv: false })).toEqual(['bash'])
  const run = openRun(planIn(directoryWith(), false), NOW)
  expect(readFileSync(join(run.dir, 'run.json'), 'utf8')).not.toContain('secret')
})

test('names are those of the recording format', () => {
  expect(recordingName(LEVEL, 'pss', NOW)).toBe('qemu_j8_pss_20260102_030405')
  expect(recordingName({ ...LEVEL, project: 'my make', jobs: null }, 'rss', NOW)).toBe('my_make_rss_20260102_030405')
  expect(reportName(LEVEL, 'pss', 'html')).toBe('qemu_j8_PSS_KB_report.html')
  expect(reportName({ project: 'make', jobs: null }, 'rss', 'json')).toBe('make_RSS_KB_report.json')
  expect(runPlotName('qemu')).toBe('qemu_build_summary_plot.html')
})

test('a run that cannot be written down leaves no directory', () => {
  const outputDir = directoryWith()
  // A project that JSON cannot hold stands for a full disk.
  const plan = { ...planIn(outputDir), levels: [{ ...LEVEL, repeat: 1n as unknown as number }] }
  expect(() => openRun(plan, NOW)).toThrow()
  expect(readdirSync(outputDir)).toEqual([])
})

test('the command of a project is stored as its user wrote it', () => {
  const level = { ...LEVEL, text: 'make -j8' }
  expect(storedCommand(level, { storeArgv: true })).toEqual(['make -j8'])
  expect(storedCommand(level, { storeArgv: false })).toEqual(['bash'])
})
