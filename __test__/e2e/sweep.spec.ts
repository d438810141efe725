import { once } from 'node:events'
import { existsSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test, vi } from 'vitest'
import type { Metadata } from '../../ts/metadata.ts'
import type { SampleResult } from '../../ts/sample/types.ts'
import { BURNER, killProcessesWith, mymonitor, run, start, temporary, uniqueSleep } from './harness.ts'
import { lines, recordOf, runDir, workspace } from './workspace.ts'

vi.setConfig({ testTimeout: 60_000 })

describe('--repeat', () => {
  test('runs all levels, then all again, and shows median, smallest and largest of each', async () => {
    const cwd = workspace({ build: 'echo build-<N> >> order; sleep 0.<N>', clean: 'echo clean-<N> >> order' })
    const { status, stdout } = await run(mymonitor('-p', 'p', '-j', '2,1', '--repeat', '2', '--no-post-clean'), { cwd })
    expect(status).toBe(0)
    const once = ['clean-2', 'build-2', 'clean-1', 'build-1']
    expect(lines(cwd, 'src/order')).toEqual([...once, ...once])

    const dir = runDir(cwd)
    const { levels, spread } = recordOf(dir)
    const names = ['p_j2_pss_\\d{8}_\\d{6}_r1', 'p_j1_pss_\\d{8}_\\d{6}_r1', 'p_j2_pss_\\d{8}_\\d{6}_r2', 'p_j1_pss_\\d{8}_\\d{6}_r2']
    expect(levels.map(({ recording }) => recording)).toEqual(names.map((name) => expect.stringMatching(`^${name}$`)))
    expect(spread).toMatchObject([
      { jobs: 2, recordings: 2, duration_us: { n: 2 } },
      { jobs: 1, recordings: 2, peak_kb: { n: 2 } },
    ])
    const metadata = JSON.parse(readFileSync(join(dir, levels[2]?.recording ?? '', 'metadata.json'), 'utf8')) as Metadata
    expect(metadata.repeat).toBe(2)
    expect(stdout.toString()).toMatch(/^level +n +median time +min – max +median peak PSS +min – max +failed\np -j2 +2 .*\np -j1 +2 /m)
    const plot = readFileSync(join(dir, 'p_build_summary_plot.html'), 'utf8')
    expect([...plot.matchAll(/<text class="name"[^>]*>([^<]*)</g)].map((match) => match[1])).toEqual(['-j2', '-j1'])
    const summary = await run(mymonitor('summary', '--json', dir), { cwd })
    expect(JSON.parse(summary.stdout.toString())).toMatchObject({ spread: [{ jobs: 2 }, { jobs: 1, durationUs: { n: 2 } }] })
  })
})

describe('a failing level', () => {
  test('in the middle does not stop the others; its status is that of the run', async () => {
    const cwd = workspace({ build: 'sleep 0.1; echo why <N>; exit $((<N> * (<N> < 4)))' })
    const { status, stdout, stderr } = await run(mymonitor('-p', 'p', '-j', '4,3,2,5', '--json'), { cwd })
    expect(status).toBe(3)
    const result = JSON.parse(stdout.toString()) as SampleResult
    expect(result.levels.map(({ exitStatus }) => exitStatus)).toEqual([0, 3, 2, 0])
    expect(stderr.toString().match(/^the end of logs\/run_\w+\/p_j\d_\w+\/build_stdout.log:\n {2}why \d\n$/gm)).toHaveLength(2)
    expect(result.spread[1]).toMatchObject({ jobs: 3, recordings: 1, durationUs: null })
  })

  test('ends the run with --fail-fast, which can be gone on with', async () => {
    const cwd = workspace({ build: 'echo <N> >> order; sleep 0.1; exit $((<N> == 3))' })
    expect((await run(mymonitor('-p', 'p', '-j', '4,3,2', '--fail-fast'), { cwd })).status).toBe(1)
    expect(lines(cwd, 'src/order')).toEqual(['4', '3'])
    expect((await run(mymonitor('--resume', runDir(cwd)), { cwd })).status).toBe(1)
    expect(lines(cwd, 'src/order')).toEqual(['4', '3', '2'])
  })

  test('that cannot be started, even the first, is one of several', async () => {
    const cwd = temporary()
    symlinkSync('/bin/true', join(cwd, 'build2'))
    const { status, stderr } = await run(mymonitor('--no-report', '-j', '1,2', '--', './build{N}'), { cwd })
    expect(status).toBe(127)
    expect(stderr.toString()).toContain('cannot run "./build1"')
    expect(recordOf(runDir(cwd))).toMatchObject({ state: 'finished', levels: [{ state: 'failed' }, { state: 'finished', exit_status: 0 }] })
  })
})

describe('--resume', () => {
  test('after mymonitor was killed: what is finished stays, the rest is run in new directories', async () => {
    const marker = uniqueSleep()
    const cwd = workspace({ build: `echo <N> >> order; test -e go || test <N> != 2 || { touch begun; sleep ${marker}; }; sleep 0.1` })
    const first = start(mymonitor('-p', 'p', '-j', '1,2,3'), { cwd })
    await vi.waitFor(() => expect(existsSync(join(cwd, 'src/begun'))).toBe(true), 10_000)
    const dir = runDir(cwd)
    const during = await run(mymonitor('--resume', dir), { cwd })
    expect(during.stderr.toString()).toContain(`the run still goes on (pid ${first.child.pid})`)
    const gone = once(first.child, 'exit')
    first.child.kill('SIGKILL')
    await gone

    const before = recordOf(dir)
    expect(before.levels.map(({ state }) => state)).toEqual(['finished', 'running', 'pending'])
    const orphaned = await run(mymonitor('--resume', dir), { cwd })
    expect(orphaned.status).toBe(125)
    expect(orphaned.stderr.toString()).toMatch(/the build of p_j2_\w+ still goes on, below pid \d+; wait for its end, or end it\n$/)
    killProcessesWith(marker)
    writeFileSync(join(cwd, 'src/go'), '')

    const resume = () => run(mymonitor('--resume', dir), { cwd })
    await vi.waitFor(async () => expect((await resume()).status).toBe(0), { timeout: 10_000, interval: 200 })
    expect(lines(cwd, 'src/order')).toEqual(['1', '2', '2', '3'])
    const { state, levels, run_id } = recordOf(dir)
    expect({ state, run_id }).toEqual({ state: 'finished', run_id: before.run_id })
    expect(levels[0]).toEqual(before.levels[0])
    expect(levels[1]).toMatchObject({ state: 'finished', interrupted_recordings: [before.levels[1]?.recording] })
    expect(levels[1]?.recording).not.toBe(before.levels[1]?.recording)
    expect(levels[2]).toMatchObject({ state: 'finished', interrupted_recordings: [] })

    const again = await resume()
    expect(again.stderr.toString()).toContain('nothing is left to be run')
    expect(again.stdout.toString()).toMatch(/^p -j1 .*\np -j2 .*\np -j3 /m)
    expect(lines(cwd, 'src/order')).toHaveLength(4)
    expect(existsSync(join(dir, 'run.json.reserve'))).toBe(false)
  })

  test('after TERM: the level that was interrupted is run again, and the way on is shown', async () => {
    const cwd = temporary()
    const script = 'echo {N} >> order; test -e go || test {N} = 1 || { touch begun; sleep 30; }'
    const running = start(mymonitor('-j', '1,2', '--output-dir', 'out', '--no-report', '--repeat', '2', '--', 'sh', '-c', script), { cwd })
    await vi.waitFor(() => expect(existsSync(join(cwd, 'begun'))).toBe(true), 10_000)
    running.child.kill('SIGTERM')
    const { status, stderr } = await running.ended
    expect(status).toBe(143)
    const name = readdirSync(join(cwd, 'out'))[0] ?? ''
    expect(stderr.toString()).toContain(`interrupted by TERM: 2 of 4 levels not run; to go on: mymonitor --resume out/${name}\n`)
    expect(recordOf(runDir(cwd, 'out')).state).toBe('interrupted')
    writeFileSync(join(cwd, 'go'), '')
    const resumed = await run(mymonitor('--resume', `out/${name}`), { cwd })
    expect({ status: resumed.status, stdout: resumed.stdout.toString() }).toEqual({ status: 0, stdout: '' })
    expect(lines(cwd, 'order')).toEqual(['1', '2', '2', '1', '2'])
    expect(recordOf(runDir(cwd, 'out')).levels.map(({ interrupted_recordings: earlier }) => earlier.length)).toEqual([0, 1, 0, 0])
  })
})

test('on a terminal one line shows the level, the time with what earlier levels let expect, memory, processes and the largest category', async () => {
  const cwd = workspace({ build: 'sleep 1', clean: 'true' })
  const { status, stdout } = await run(
    [
      BURNER,
      'pty',
      '--',
      'sh',
      '-c',
      'stty cols 120; exec env -u NO_COLOR TERM=xterm "$@"',
      'sh',
      ...mymonitor('-p', 'p', '-j', '1', '--repeat', '2', '--no-report'),
    ],
    { cwd },
  )
  expect(status).toBe(0)
  expect(stdout.toString()).toMatch(/\[1\/2\] p -j1 #1 {2}\d+\.\d+ s {2}\d.*B now, peak \d.*B PSS {2}\d process(es)? {2}\w+ \d.*B/)
  expect(stdout.toString(), 'the line makes room').toContain('\r\x1b[2K[1/2] p -j1 #1  post-clean: true')
  expect(stdout.toString(), 'which repeat a result is of').toContain('p -j1 #1\x1b[22m  \x1b[32mexit 0')
  expect(stdout.toString()).toMatch(/\[2\/2\] p -j1 #2 {2}\d+\.\d+ s of about \d+\.\d+ s {2}/)
})
