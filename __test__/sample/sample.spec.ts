import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { basename, join } from 'node:path'
import { describe, expect, test, vi } from 'vitest'
import { type Analysis, analyse, MyMonitorError, openRecording, renderReport, sample } from '../../ts/index.ts'
import type { Metadata } from '../../ts/metadata.ts'
import type { RunRecord } from '../../ts/run/run-record.ts'
import { readable } from '../../ts/sample/export.ts'
import { runSample } from '../../ts/sample/run-sample.ts'
import type { SampleObserver, SampleOptions } from '../../ts/sample/types.ts'
import { cli } from '../cli/capture.ts'
import { directoryWith, projectToml } from '../config/files.ts'

vi.setConfig({ testTimeout: 30_000 })

/** Runs with the directory as the current one and its conf/ as the configuration. */
function run(cwd: string, options: SampleOptions, observer: SampleObserver = {}) {
  return runSample({ outputDir: 'out', report: false, ...options }, observer, { cwd, env: process.env, handleSignals: false })
}

function json<T>(...path: string[]): T {
  return JSON.parse(readFileSync(join(...path), 'utf8')) as T
}

/** A project whose commands append to `order`. */
function orderedProject(build: string, more = ''): string {
  const text = (what: string) => `echo ${what}-<N> >> order`
  return directoryWith({
    'conf/config.toml': '[monitor.general]\ndefault_jobs = [2, 1]\n',
    'conf/projects.toml': `[[projects]]\nname = "p"\ndir = "../src"\nbuild_command_template = "${text('build')}; ${build}"\nclean_command_template = "${text('clean')}"\n${more}`,
    'src/x': '',
  })
}
const order = (cwd: string) => readFileSync(join(cwd, 'src/order'), 'utf8').trim().split('\n')

describe('a run', () => {
  test('each level is cleaned, built and cleaned, in the given order, and leaves what the recording format says', async () => {
    const cwd = orderedProject('echo to the log; sleep 0.2')
    const { dir, levels, exitStatus } = await run(cwd, { projects: ['p'], report: true })
    expect(exitStatus).toBe(0)
    expect(order(cwd)).toEqual(['clean-2', 'build-2', 'clean-2', 'clean-1', 'build-1', 'clean-1'])
    expect(levels.map(({ recording }) => basename(recording ?? ''))).toEqual([
      expect.stringMatching(/^p_j2_pss_\d{8}_\d{6}$/),
      expect.stringMatching(/^p_j1_pss_\d{8}_\d{6}$/),
    ])
    const names = [
      'build_stdout.log',
      'classes.parquet',
      'memory_samples.parquet',
      'metadata.json',
      'p_j2_PSS_KB_report.html',
      'processes.parquet',
      'summary.log',
      'ticks.parquet',
    ]
    expect(readdirSync(levels[0]?.recording ?? '').sort()).toEqual(names)
    expect(readFileSync(join(levels[0]?.recording ?? '', 'build_stdout.log'), 'utf8')).toBe('to the log\n')
    expect(existsSync(join(dir, 'p_build_summary_plot.html'))).toBe(true)
    const record = json<RunRecord>(dir, 'run.json')
    expect(record).toMatchObject({
      state: 'finished',
      levels: [
        { state: 'finished', exit_status: 0 },
        { state: 'finished', exit_status: 0 },
      ],
    })
    expect(record.levels[0]?.peak_kb).toBe(levels[0]?.analysis?.peak?.kb)
    expect(json<Metadata>(levels[0]?.recording ?? '', 'metadata.json')).toMatchObject({
      state: 'finished',
      project: 'p',
      jobs: 2,
      exit_code: 0,
      run_id: record.run_id,
      cwd: join(cwd, 'src'),
      counts: { processes: expect.any(Number) },
    })
  })

  test('known defect 9: a level that fails does not keep the next from being run; its status is the one of the run', async () => {
    const cwd = orderedProject('exit $((4 - <N>))')
    expect(await run(cwd, { projects: ['p'] })).toMatchObject({ exitStatus: 2, levels: [{ exitStatus: 2 }, { exitStatus: 3 }] })
    expect(await run(cwd, { projects: ['p'], failFast: true })).toMatchObject({ exitStatus: 2, levels: [{ exitStatus: 2 }] })
  })

  test('a pre-clean that fails is said, and the level runs', async () => {
    const project = 'name = "p"\ndir = "."\nbuild_command_template = "exit 3"\nclean_command_template = "echo why; exit 7"\n'
    const cwd = directoryWith({ 'conf/config.toml': '', 'conf/projects.toml': `[[projects]]\n${project}` })
    const failures: string[] = []
    const stepFailed: SampleObserver['stepFailed'] = (_, { step, reason, tail }) => failures.push(`${step.name}: ${reason}: ${tail}`)
    expect(await run(cwd, { projects: ['p'], jobs: [1] }, { stepFailed })).toMatchObject({ exitStatus: 3 })
    expect(failures).toEqual(['pre-clean: exit status 7: why', 'post-clean: exit status 7: why'])
  })

  test('--prepare runs before each level of a command', async () => {
    const cwd = directoryWith()
    const options = { command: ['sh', '-c', 'echo build {N} >> order'], jobs: [1, 2], prepare: 'echo prepare {N} >> order' }
    await run(cwd, options)
    expect(readFileSync(join(cwd, 'order'), 'utf8')).toBe('prepare 1\nbuild 1\nprepare 2\nbuild 2\n')
  })

  test('a command that does not exist rejects with its own code and leaves a recording that says so', async () => {
    const cwd = directoryWith()
    await expect(run(cwd, { command: ['no-such-command'] })).rejects.toMatchObject({ code: 'ERR_MYMONITOR_COMMAND_NOT_FOUND' })
    const [name = ''] = readdirSync(join(cwd, 'out'))
    const record = json<RunRecord>(cwd, 'out', name, 'run.json')
    expect(record.levels[0]).toMatchObject({ state: 'failed', exit_status: 127 })
    expect(json<Metadata>(cwd, 'out', name, record.levels[0]?.recording ?? '', 'metadata.json').state).toBe('failed')
  })

  test('with --no-argv no argument is anywhere in the run', async () => {
    const cwd = directoryWith()
    const { dir } = await run(cwd, { command: ['sh', '-c', ': hidden-argument; sleep 0.2'], storeArgv: false })
    for (const entry of readdirSync(dir, { recursive: true, withFileTypes: true })) {
      if (entry.isFile()) expect(readFileSync(join(entry.parentPath, entry.name)).includes('hidden-argument'), entry.name).toBe(false)
    }
  })

  test('a build that removes the output directory keeps its status; what is lost is said', async () => {
    const cwd = directoryWith()
    const { levels, exitStatus } = await run(cwd, { command: ['sh', '-c', 'sleep 0.2; rm -rf out; exit 3'] })
    expect(exitStatus).toBe(3)
    expect(levels[0]?.measurementErrors.length).toBeGreaterThan(0)
    expect(levels[0]?.measurementErrors.join()).not.toContain('not a recording')
    expect(levels[0]?.analysis).toBeNull()
  })
})

describe('stopping', () => {
  test('an abort ends the build and keeps what was recorded', async () => {
    const controller = new AbortController()
    const levelStarted = () => void setTimeout(() => controller.abort(), 500)
    const result = await run(directoryWith(), { command: ['sleep', '60'], signal: controller.signal }, { levelStarted })
    expect(result).toMatchObject({ aborted: true, exitStatus: 143 })
    expect(result.levels[0]?.analysis?.peak?.kb).toBeGreaterThan(0)
  })

  test('an abort before the first build rejects and runs nothing', async () => {
    const cwd = directoryWith()
    const options = { command: ['touch', 'ran'], signal: AbortSignal.abort() }
    await expect(run(cwd, options)).rejects.toMatchObject({ code: 'ERR_MYMONITOR_ABORTED' })
    expect(readdirSync(cwd)).toEqual([])
  })

  test('an abort during a clean command ends it, and the level is not run', async () => {
    const cwd = directoryWith()
    const controller = new AbortController()
    const step = () => void setTimeout(() => controller.abort(), 200)
    const options = { command: ['touch', 'ran'], prepare: 'sleep 60', signal: controller.signal }
    await expect(run(cwd, options, { step })).rejects.toMatchObject({ code: 'ERR_MYMONITOR_ABORTED' })
    expect(existsSync(join(cwd, 'ran'))).toBe(false)
  })

  test('an abort ends the sweep; the report of what was recorded is there', async () => {
    const controller = new AbortController()
    const levelFinished = () => controller.abort()
    const result = await run(
      directoryWith(),
      { command: ['sleep', '0.{N}'], jobs: [1, 2, 3], signal: controller.signal },
      { levelFinished },
    )
    expect(result.levels).toHaveLength(1)
    expect(json<RunRecord>(result.dir, 'run.json')).toMatchObject({ state: 'interrupted' })
  })
})

describe('what goes wrong on our side', () => {
  test('a report that cannot be written is a measurement error of its level', async () => {
    const cwd = directoryWith()
    // Makes the name of the summary unusable while the build runs.
    const command = ['sh', '-c', 'sleep 0.2; for dir in out/*/*/; do mkdir -p $dir/summary.log/x; done']
    const { levels, exitStatus } = await run(cwd, { command })
    expect(exitStatus).toBe(0)
    expect(levels[0]?.measurementErrors).toEqual([
      expect.stringMatching(/^cannot write .*\/summary\.log: .*; choose another place with --output-dir$/),
    ])
    const again = await cli(['--strict', '--no-report', '--output-dir', 'out', '--', ...command], directoryWith())
    expect(again.status).toBe(125)
    expect(again.err).toContain('summary.log: ')
  })

  test("a timeout ends its level only, and is nobody's interruption", async () => {
    const options = { command: ['sh', '-c', 'sleep 2{N}'], jobs: [1, 2], timeoutMs: 300 }
    const { dir, levels, interruptedBy, exitStatus } = await run(directoryWith(), options)
    expect({ interruptedBy, exitStatus }).toEqual({ interruptedBy: null, exitStatus: 124 })
    expect(levels.map((level) => level.exitStatus)).toEqual([124, 124])
    expect(json<Metadata>(levels[0]?.recording ?? '', 'metadata.json')).toMatchObject({ timed_out: true, interrupted_by: null })
    const level = { timed_out: true, interrupted_by: null }
    expect(json<RunRecord>(dir, 'run.json')).toMatchObject({ state: 'finished', interrupted_by: null, levels: [level, level] })
  })

  test('unusable rules are said before anything is built or made', async () => {
    const cwd = directoryWith({ 'conf/config.toml': '', 'conf/rules.toml': 'nonsense = 1\n' })
    const { status, err } = await cli(['--', 'touch', 'ran'], cwd)
    expect(status).toBe(125)
    expect(err).toContain('rules.toml')
    expect(readdirSync(cwd)).toEqual(['conf'])
  })

  test('a run that could not start is failed', async () => {
    const cwd = directoryWith()
    await expect(run(cwd, { command: ['no-such-command'] })).rejects.toBeInstanceOf(MyMonitorError)
    const [name = ''] = readdirSync(join(cwd, 'out'))
    expect(json<RunRecord>(cwd, 'out', name, 'run.json').state).toBe('failed')
  })

  test('a setup that fails is told from a build that fails, and the command is the one of the user', async () => {
    const cwd = orderedProject('exit 4', 'setup_command_template = "test <N> = 1"\n')
    const { dir, levels } = await run(cwd, { projects: ['p'] })
    const command = ['echo build-2 >> order; exit 4']
    expect(levels).toMatchObject([
      { exitStatus: 1, startError: 'setup failed, the build was not run', analysis: { recording: { command } } },
      { exitStatus: 4, startError: null },
    ])
    expect(json<RunRecord>(dir, 'run.json').levels).toMatchObject([{ command, state: 'failed' }, { state: 'finished' }])
    expect((await cli(['summary', dir], cwd)).out).toContain('setup failed, the build was not run')
  })
})

describe('the API', () => {
  test.each<[unknown, string]>([
    [{ command: 'make' }, "command: expected an array of strings, such as ['make', '-j8'], got \"make\""],
    [{ command: ['make'], intervalMS: 5 }, 'unknown option intervalMS; did you mean intervalMs?'],
    [undefined, 'options: expected an object'],
  ])('%j is a usage error that says what is right', async (options, message) => {
    const { result } = sample(options as SampleOptions)
    await expect(result).rejects.toMatchObject({ code: 'ERR_MYMONITOR_USAGE', message: expect.stringContaining(message) })
  })

  test('records, gives live snapshots, and what it wrote can be opened, analysed and rendered', async () => {
    const outputDir = directoryWith()
    const handle = sample({ command: ['sh', '-c', 'sleep 1'], outputDir, intervalMs: 20 })
    const seen: number[] = []
    for await (const snapshot of handle.snapshots) {
      expect(snapshot).toMatchObject({ project: 'sh', jobs: null, number: 1, of: 1 })
      seen.push(snapshot.elapsedUs)
    }
    expect(seen.length).toBeGreaterThan(0)
    expect([...seen].sort((a, b) => a - b)).toEqual(seen)
    const { levels } = await handle.result
    const analysis = await analyse(openRecording(levels[0]?.recording ?? ''))
    expect(analysis.peak?.kb).toBe(levels[0]?.analysis?.peak?.kb)
    expect(renderReport(analysis)).toContain('<!doctype html>')
  })

  test('a usage error is typed, and nobody has to look at both promises', async () => {
    const handle = sample({ command: ['make'], jobs: [1, 2] })
    await expect(handle.snapshots.next()).rejects.toBeInstanceOf(MyMonitorError)
    await expect(handle.result).rejects.toMatchObject({ code: 'ERR_MYMONITOR_USAGE' })
  })
})

describe('the command line', () => {
  test('a project: results on stdout, everything else on stderr', async () => {
    const cwd = orderedProject('sleep 0.2')
    const { status, out, err } = await cli(['-p', 'p', '-j', '2,1', '--output-dir', 'out'], cwd)
    expect(status).toBe(0)
    expect(out).toMatch(/^p -j2 {2}exit 0 {2}/)
    expect(out).toMatch(/^ {2}html {3}out\/run_\w+\/p_j1_pss_\w+\/p_j1_PSS_KB_report\.html$/m)
    expect(out).toMatch(/^html {3}out\/run_\w+\/p_build_summary_plot\.html$/m)
    expect(err.split('\n').slice(0, 2)).toEqual(['[1/2] p -j2  pre-clean: echo clean-2 >> order', '[1/2] p -j2  recording'])
  })

  test('a command: nothing of ours on stdout, the summary on stderr', async () => {
    const { status, out, err } = await cli(['--output-dir', 'out', '--', 'sh', '-c', 'sleep 0.2; exit 4'], directoryWith())
    expect({ status, out }).toEqual({ status: 4, out: '' })
    expect(err).toMatch(/^sh {2}exit 4 {2}/)
  })

  test('--json is one document on stdout', async () => {
    const { out, err } = await cli(['--json', '--no-report', '--output-dir', 'out', '--', 'sleep', '0.2'], directoryWith())
    expect(err).toBe('')
    expect(JSON.parse(out)).toMatchObject({
      schema: 1,
      exitStatus: 0,
      levels: [{ project: 'sleep', jobs: null, report: null, analysis: { schema: 1 } }],
    })
  })

  test('a failed measurement is one line; with --strict it is 125', async () => {
    const command = ['--output-dir', 'out', '--no-report', '--', 'sh', '-c', 'sleep 0.2; rm -rf out']
    const plain = await cli(command, directoryWith())
    expect(plain.status).toBe(0)
    expect(plain.err).toContain('the measurement failed: ')
    expect((await cli(['--strict', ...command], directoryWith())).status).toBe(125)
  })

  test("without arguments the projects of the user's own configuration are run at default_jobs", async () => {
    const cwd = orderedProject('true')
    const { status, out } = await cli([], cwd)
    expect(status).toBe(0)
    expect(out).toMatch(/^p -j2 /m)
    expect(out).toMatch(/^p -j1 /m)
    expect(readdirSync(join(cwd, 'logs'))).toHaveLength(1)
  })

  test('warnings of the configuration are said once', async () => {
    const config = '[monitor.collection]\npss_collector_mode = "full_scan"\n'
    const cwd = directoryWith({ 'conf/config.toml': config, 'conf/projects.toml': projectToml() })
    const { err } = await cli(['--no-report', '--', 'true'], cwd)
    expect(err.match(/pss_collector_mode = "full_scan" adds nothing to true: a command has no process_pattern/g)).toHaveLength(1)
  })
})

describe('signals', () => {
  test.each([
    ['a prepare command', 'sleep 60', ['true', '{N}'], 0],
    ['a build', 'true', ['sleep', '6{N}'], 1],
  ])('one that comes during %s ends the run, which says what was not done', async (_, prepare, command, recorded) => {
    const cwd = directoryWith()
    const running = cli(['-j', '1,2', '--no-report', '--output-dir', 'out', '--prepare', prepare, '--', ...command], cwd, process.env, true)
    const run = () => readdirSync(join(cwd, 'out'))[0] ?? ''
    await vi.waitFor(() => expect(readdirSync(join(cwd, 'out', run()))).toHaveLength(2 + recorded), 5000)
    await new Promise((resolve) => setTimeout(resolve, 500))
    process.kill(process.pid, 'SIGTERM')
    const { status, err } = await running
    expect(status).toBe(143)
    expect(err).toContain(`interrupted by TERM: ${2 - recorded} of 2 levels not run`)
    expect(json<RunRecord>(cwd, 'out', run(), 'run.json')).toMatchObject({ state: 'interrupted', interrupted_by: 15 })
  })
})

describe('report and summary', () => {
  test('of a run: every level, and the plot across them', async () => {
    const cwd = orderedProject('sleep 0.2')
    const { dir, levels } = await run(cwd, { projects: ['p'] })
    const text = await cli(['summary', dir], cwd)
    expect(text).toMatchObject({ status: 0, err: '' })
    expect(text.out.match(/^p -j/gm)).toHaveLength(2)
    const document = JSON.parse((await cli(['summary', '--json', dir], cwd)).out) as { schema: number; levels: Analysis[] }
    expect(document.schema).toBe(1)
    expect(document.levels.map(({ recording }) => recording.jobs)).toEqual([2, 1])

    const written = await cli(['report', '--log-dir', dir, '--format', 'html,json,text', '--output-dir', 'reports'], cwd)
    expect(written.status).toBe(0)
    const stem = (jobs: number) => `reports/p_j${jobs}_PSS_KB_report`
    const files = [2, 1].flatMap((jobs) => ['html', 'json', 'log'].map((ending) => `${stem(jobs)}.${ending}`))
    expect(written.out.trim().split('\n')).toEqual([...files, 'reports/p_build_summary_plot.html'])
    expect(json<Analysis>(cwd, `${stem(2)}.json`)).toMatchObject({ schema: 1, recording: { jobs: 2 } })

    const one = JSON.parse((await cli(['summary', '--json', levels[0]?.recording ?? ''], cwd)).out) as Analysis
    expect(one.recording.jobs).toBe(2)
    expect(one.peak).toEqual(levels[0]?.analysis?.peak)
  })

  test('of a run with a damaged level: the others, one line for it, and 1', async () => {
    const cwd = orderedProject('sleep 0.2')
    const { dir, levels } = await run(cwd, { projects: ['p'] })
    rmSync(join(levels[0]?.recording ?? '', 'processes.parquet'))
    const { status, out, err } = await cli(['summary', dir], cwd)
    expect(status).toBe(1)
    expect(out.match(/^p -j/gm)).toHaveLength(1)
    expect(err).toMatch(/^mymonitor: [^\n]*not a recording[^\n]*\n$/)
  })

  test.each([
    ['{"schema": 2}', 'has schema 2, this mymonitor knows 1: use a newer mymonitor'],
    ['{"schema"', 'is damaged: expected JSON with "schema": 1'],
    ['null', 'is damaged'],
  ])('of a run whose run.json is %s: one line that names it', async (text, message) => {
    const cwd = directoryWith({ 'run/run.json': text })
    for (const verb of ['summary', 'report']) {
      const { status, err } = await cli([verb, 'run'], cwd)
      expect(status).toBe(2)
      expect(err).toContain(`${join(cwd, 'run/run.json')} ${message}`)
      expect(err).toMatch(/^mymonitor: [^\n]+\n$/)
    }
  })

  test('of a file: one line that says what to pass', async () => {
    const cwd = directoryWith({ file: '' })
    for (const path of ['file', 'file/below']) {
      const { status, err } = await cli(['summary', path], cwd)
      expect(status).toBe(2)
      expect(err).toMatch(/^mymonitor: [^\n]*not a recording[^\n]*director[^\n]*\n$/)
    }
  })

  test('of a directory that may not be read: one line', async () => {
    const cwd = directoryWith({ 'run/run.json': '{}' })
    const denied = Object.assign(new Error("EACCES: permission denied, scandir 'run'"), { code: 'EACCES' })
    expect(readable(join(cwd, 'run'), () => cwd)).toBe(cwd)
    const look = () => {
      throw denied
    }
    expect(() => readable('run', look)).toThrow('cannot read run: permission denied; make it readable, or pass another recording or run')
  })

  test('an output directory that cannot be made is named', async () => {
    const cwd = directoryWith({ file: '' })
    const { levels } = await run(cwd, { command: ['sleep', '0.2'] })
    const { status, err } = await cli(['report', levels[0]?.recording ?? '', '--output-dir', 'file/x'], cwd)
    expect(status).toBe(2)
    expect(err).toMatch(/^mymonitor: cannot create the directory .*file\/x: .*--output-dir\n$/)
  })
})
