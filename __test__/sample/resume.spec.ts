import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test, vi } from 'vitest'
import type { RunRecord } from '../../ts/run/run-record.ts'
import { runSample } from '../../ts/sample/run-sample.ts'
import type { SampleObserver, SampleOptions } from '../../ts/sample/types.ts'
import { cli } from '../cli/capture.ts'
import { directoryWith } from '../config/files.ts'

vi.setConfig({ testTimeout: 30_000 })

function run(cwd: string, options: SampleOptions, observer: SampleObserver = {}) {
  return runSample(options, observer, { cwd, env: process.env, handleSignals: false })
}

const recordOf = (dir: string) => JSON.parse(readFileSync(join(dir, 'run.json'), 'utf8')) as RunRecord

/** A sweep of three levels that was stopped in the second. */
async function stopped(): Promise<{ cwd: string; dir: string }> {
  const cwd = directoryWith()
  const controller = new AbortController()
  const command = ['sh', '-c', 'echo {N} >> order; test -e go || test {N} = 1 || sleep 30']
  const levelStarted: SampleObserver['levelStarted'] = ({ jobs }) => {
    if (jobs === 2) setTimeout(() => controller.abort(), 300)
  }
  const options = {
    command,
    jobs: [1, 2, 3],
    report: false,
    metric: 'rss',
    intervalMs: 20,
    outputDir: 'out',
    signal: controller.signal,
  } as const
  const { dir } = await run(cwd, options, { levelStarted })
  writeFileSync(join(cwd, 'go'), '')
  return { cwd, dir }
}

test('what was aborted is gone on with by the plan it had, and the result holds all levels in their order', async () => {
  const { cwd, dir } = await stopped()
  const before = recordOf(dir)
  const result = await run('/', { resume: dir })
  expect(result).toMatchObject({ dir, runId: before.run_id, exitStatus: 0, planned: 3, interruptedBy: null, aborted: false })
  expect(result.levels.map(({ jobs, exitStatus }) => [jobs, exitStatus])).toEqual([1, 2, 3].map((jobs) => [jobs, 0]))
  expect(result.levels.map(({ analysis }) => analysis?.metric)).toEqual(['rss', 'rss', 'rss'])
  expect(result.levels[0]?.recording).toBe(join(dir, before.levels[0]?.recording ?? ''))
  expect(result.spread.map(({ jobs, recordings }) => [jobs, recordings])).toEqual([1, 2, 3].map((jobs) => [jobs, 1]))
  expect(readFileSync(join(cwd, 'order'), 'utf8')).toBe('1\n2\n2\n3\n')
  expect(recordOf(dir)).toMatchObject({
    state: 'finished',
    interrupted_by: null,
    levels: [{}, { interrupted_recordings: [before.levels[1]?.recording] }, {}],
  })
  // The interrupted one is still there to be looked at, but it is no figure of its level.
  const summary = JSON.parse((await cli(['summary', '--json', dir], cwd)).out) as { levels: unknown[]; spread: { recordings: number }[] }
  expect(summary.levels).toHaveLength(4)
  expect(summary.spread.map(({ recordings }) => recordings)).toEqual([1, 1, 1])
})

test('another machine is said', async () => {
  const { dir } = await stopped()
  const record = recordOf(dir)
  record.host.hostname = 'elsewhere'
  writeFileSync(join(dir, 'run.json'), JSON.stringify(record))
  const warnings: string[] = []
  await run('/', { resume: dir }, { warning: (message) => warnings.push(message) })
  expect(warnings).toEqual([
    expect.stringMatching(/^the earlier levels were recorded on elsewhere \(\d+ CPUs, Linux .*\), this is .* may not compare$/),
  ])
})

test('a finished level whose recording is gone is said, and its status still counts', async () => {
  const { dir } = await stopped()
  const record = recordOf(dir)
  Object.assign(record.levels[0] ?? {}, { recording: 'gone', exit_status: 9 })
  writeFileSync(join(dir, 'run.json'), JSON.stringify(record))
  const { exitStatus, levels } = await run('/', { resume: dir })
  expect(exitStatus).toBe(9)
  expect(levels[0]).toMatchObject({ analysis: null, measurementErrors: [expect.stringContaining('gone does not exist')] })
  expect(levels[2]?.analysis).not.toBeNull()
})

test.each<[string[], string]>([
  [['--fail-fast'], '--resume goes on with the plan of its run, so --fail-fast cannot be given with it'],
  [['-j', '2'], 'so --jobs cannot'],
  [['--config', 'x'], 'so --config cannot'],
  [['--', 'make'], 'so -- COMMAND cannot'],
  [[], 'cannot resume CWD: it has no run.json, expected the directory of a run, such as logs/run_20260102_030405'],
])('--resume . with %j is a usage error', async (more, message) => {
  const cwd = directoryWith()
  const { status, out, err } = await cli(['--resume', '.', ...more], cwd)
  expect({ status, out }).toEqual({ status: 125, out: '' })
  expect(err.replaceAll(cwd, 'CWD')).toContain(message)
  expect(err).toMatch(/^mymonitor: [^\n]+\n$/)
  expect(readdirSync(cwd)).toEqual([])
})

test('the API has the same rule', async () => {
  await expect(run('/', { resume: 'x', jobs: [1] })).rejects.toMatchObject({
    code: 'ERR_MYMONITOR_USAGE',
    message: expect.stringContaining('so jobs cannot'),
  })
})

test('a run.json that is damaged, newer, or without its commands is named', async () => {
  const cwd = directoryWith({ 'a/run.json': '{', 'b/run.json': '{"schema": 2}' })
  expect((await cli(['--resume', 'a'], cwd)).err).toContain(`${join(cwd, 'a/run.json')} is damaged`)
  expect((await cli(['--resume', 'b'], cwd)).err).toContain('has schema 2')
  const { dir } = await run(cwd, { command: ['true'], storeArgv: false, report: false })
  const { status, err } = await cli(['--resume', dir], cwd)
  expect(status).toBe(125)
  expect(err).toContain('holds no commands, because it was recorded with --no-argv: it cannot be resumed; record again')
})

test('a recording of a run is told from the run', async () => {
  const { dir, levels } = await run(directoryWith(), { command: ['true'], report: false })
  expect((await cli(['--resume', levels[0]?.recording ?? ''], '/')).err).toContain(`; its run is ${dir}\n`)
})
