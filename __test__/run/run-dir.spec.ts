import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { Level, Plan } from '../../ts/run/plan.ts'
import { closeRun, openRun, recordingName, reopenRun, reportName, runPlotName, saveRun, storedCommand } from '../../ts/run/run-dir.ts'
import { planOf, type RunRecord, readRunRecord } from '../../ts/run/run-record.ts'
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
    rulesFile: '/etc/mm/rules.toml',
    intervalUs: 50_000,
    events: 'auto',
    pss: 'budget',
    pssBudgetPercent: 1,
    metric: 'pss',
    compression: 'snappy',
    formats: { json: false, legacyCsv: false },
    repeat: 1,
    failFast: false,
    strict: false,
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
  run.record.interrupted_by = 2
  saveRun(run)
  expect(JSON.parse(readFileSync(join(run.dir, 'run.json'), 'utf8'))).toMatchObject({ interrupted_by: 2 })
  closeRun(run, 'finished')
  expect(JSON.parse(readFileSync(join(run.dir, 'run.json'), 'utf8'))).toMatchObject({ state: 'finished' })
  expect(readdirSync(run.dir)).toEqual(['run.json'])
})

test('with --no-argv nothing but the program is stored', () => {
  expect(storedCommand(LEVEL, { storeArgv: false })).toEqual(['bash'])
  const run = openRun(planIn(directoryWith(), false), NOW)
  expect(readFileSync(join(run.dir, 'run.json'), 'utf8')).not.toContain('secret')
})

test('names are those of the recording format', () => {
  expect(recordingName(LEVEL, { metric: 'pss', repeat: 1 }, NOW)).toBe('qemu_j8_pss_20260102_030405')
  expect(recordingName({ ...LEVEL, project: 'my make', jobs: null }, { metric: 'rss', repeat: 1 }, NOW)).toBe('my_make_rss_20260102_030405')
  expect(recordingName({ ...LEVEL, repeat: 2 }, { metric: 'pss', repeat: 3 }, NOW)).toBe('qemu_j8_pss_20260102_030405_r2')
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

test('the plan comes back as it was, so that the run can be gone on with', () => {
  const step = { name: 'pre-clean', text: 'c', command: ['sh', '-c', 'c'], cwd: '/x', timeoutMs: 1000 } as const
  const base = planIn(directoryWith())
  const plan: Plan = { ...base, timeoutMs: 5000, levels: [{ ...LEVEL, text: 'make', before: { ...step, command: [...step.command] } }] }
  const { dir } = openRun(plan, NOW)
  const record = readRunRecord(join(dir, 'run.json'))
  expect(record.plan).toMatchObject({ interval_us: 50_000, timeout_ms: 5000, levels: [{ before: { timeout_ms: 1000 } }] })
  expect(planOf(record, 'run.json')).toEqual(plan)
  expect(planOf(reopenRun(dir, record).record, 'run.json')).toEqual(plan)
})

test('a run without its commands, and one that was edited by hand, cannot be gone on with', () => {
  const stored = (plan: Plan): RunRecord => readRunRecord(join(openRun(plan, NOW).dir, 'run.json'))
  expect(() => planOf(stored(planIn(directoryWith(), false)), 'r/run.json')).toThrow(
    'r/run.json holds no commands, because it was recorded with --no-argv',
  )
  const record = stored(planIn(directoryWith()))
  expect(() => planOf({ ...record, plan: { ...record.plan, interval_us: 'x' } }, 'r/run.json')).toThrow(
    /^r\/run.json holds no plan .*intervalUs.*; record again$/,
  )
  const { recorder, ...older } = record
  expect(() => planOf(older as RunRecord, 'r/run.json')).toThrow(/holds no plan .*recorder/)
  expect(() => planOf({ ...record, levels: [] }, 'r/run.json')).toThrow('holds no plan')
})
