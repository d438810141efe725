/** `attach`: a tree that runs already is sampled and left alone. */

import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test, vi } from 'vitest'
import {
  AS_NOBODY,
  alive,
  BURNER,
  burner,
  mymonitor,
  needsOrdinaryUser,
  recordingIn,
  run,
  sleep,
  start,
  summary,
  temporary,
} from './harness.ts'
import { rows } from './readers.ts'

vi.setConfig({ testTimeout: 60_000 })

function attached(pid: number | undefined, output: string, ...flags: string[]) {
  return start(mymonitor('attach', String(pid), '--output-dir', output, ...flags))
}

/** The state of a run that goes on is in its progress lines; the recording's first tick comes right after this one. */
const samples = (running: ReturnType<typeof start>) => running.shows('  recording')

describe('attach', () => {
  test('records the memory of a tree that was there before, until its root ends', async () => {
    const { command, report } = burner('private', 'sizes=40M,60M', 'hold=4s')
    const build = start(command)
    const { processes, root } = await vi.waitFor(report, { timeout: 10_000 })
    const output = temporary()
    const { status, stderr, stdout } = await attached(build.child.pid, output).ended
    expect(stderr.toString()).not.toContain('mymonitor:')
    expect(status).toBe(0)
    const { dir, metadata } = recordingIn(output)
    expect(metadata).toMatchObject({
      state: 'finished',
      attached_pid: build.child.pid,
      exit_code: null,
    })
    // Whether the last pid is used is up to what the host forks.
    expect(metadata.sources.filter((source) => source !== 'last_pid')).toEqual(['children_walk'])
    expect(metadata.exit_records).toBeNull()
    expect(metadata.command.slice(0, 2)).toEqual([BURNER, 'private'])
    const { peak, trust, recording } = await summary(dir)
    const truthKb = root.rss_kb + processes.reduce((sum, { rss_kb }) => sum + rss_kb, 0)
    expect(Math.abs((peak?.rssKb ?? 0) / truthKb - 1)).toBeLessThan(0.02)
    expect(peak?.withoutMark).toBeGreaterThanOrEqual(3)
    expect(recording.attachedPid).toBe(build.child.pid)
    expect(trust.warnings.join()).toContain('Attached to a tree')
    expect(stdout.toString()).toContain(`attached to ${build.child.pid} until it ended`)
    for (const { start_us } of (await rows(dir, 'processes')).filter(({ name }) => String(name).startsWith('mymonitor-burne')))
      expect(Number(start_us)).toBe(0)
  })

  test.each(['SIGINT', 'SIGTERM'] as const)('%s ends the sampling and not the tree', async (signal) => {
    const build = start(['sh', '-c', 'sleep 30 & echo started; wait'])
    await build.shows('started')
    const output = temporary()
    const running = attached(build.child.pid, output)
    await samples(running)
    await sleep(500)
    running.child.kill(signal)
    expect((await running.ended).status).toBe(0)
    expect(alive(build.child.pid ?? 0)).toBe(true)
    const { dir, metadata } = recordingIn(output)
    expect(metadata).toMatchObject({ state: 'finished', interrupted_by: signal === 'SIGINT' ? 2 : 15, measurement_error: null })
    expect((await rows(dir, 'processes')).map(({ name, end }) => [name, end]).toSorted()).toEqual([
      ['sh', 'alive'],
      ['sleep', 'alive'],
    ])
    build.child.kill('SIGKILL')
  })

  test('an orphan that was seen is followed, and so are its children', async () => {
    const dir = temporary()
    const until = (name: string) => `while [ ! -e ${name} ]; do sleep 0.05; done`
    const script = `sh -c '(${until('go')}; sleep 0.83; :) & ${until('left')}' & echo started; ${until('done')}`
    const build = start(['sh', '-c', script], { cwd: dir })
    await build.shows('started')
    const output = temporary()
    const running = attached(build.child.pid, output)
    await samples(running)
    // Its parent ends while it is known; then it forks, and then the root ends.
    for (const name of ['left', 'go', 'done']) {
      await sleep(name === 'done' ? 1500 : 500)
      writeFileSync(join(dir, name), '')
    }
    expect((await running.ended).status).toBe(0)
    const seen = (await rows(recordingIn(output).dir, 'processes')).map(({ argv }) => ((argv ?? []) as string[]).join(' '))
    expect(seen).toContain('sleep 0.83')
  })

  test("another user's tree is recorded as far as it can be read", async (context) => {
    needsOrdinaryUser(context)
    const build = start([...AS_NOBODY, 'sleep', '6'])
    const output = temporary()
    await vi.waitFor(async () => expect((await run(['cat', `/proc/${build.child.pid}/comm`])).stdout.toString()).toBe('sleep\n'))
    expect((await attached(build.child.pid, output).ended).status).toBe(0)
    expect((await summary(recordingIn(output).dir)).peak?.rssKb).toBeGreaterThan(100)
  })

  test.each([
    ['x1', 'PID "x1": expected a whole number of at least 1'],
    ['4194305', 'cannot attach to 4194305: there is no such process'],
    ['2', 'cannot attach to 2: '],
  ])('%s is refused in one line, and nothing is written', async (pid, message) => {
    const output = join(temporary(), 'out')
    const { status, stderr } = await run(mymonitor('attach', pid, '--output-dir', output))
    expect(status).toBe(2)
    expect(stderr.toString()).toContain(`mymonitor: ${message}`)
    expect(stderr.toString().trim().split('\n')).toHaveLength(1)
    expect((await run(['test', '-e', output])).status).toBe(1)
  })

  test('a thread is told whose it is', async () => {
    const build = start([process.execPath, '-e', 'setTimeout(() => {}, 5000); console.log("started")'])
    await build.shows('started')
    const pid = build.child.pid ?? 0
    const { stdout } = await run(['ls', `/proc/${pid}/task`])
    const thread = stdout
      .toString()
      .trim()
      .split('\n')
      .map(Number)
      .find((tid) => tid !== pid)
    const { status, stderr } = await run(mymonitor('attach', String(thread)))
    expect([status, stderr.toString().trim()]).toEqual([
      2,
      `mymonitor: cannot attach to ${thread}: that is a thread of process ${pid}; mymonitor attach ${pid}`,
    ])
  })

  test('a run of attach cannot be resumed', async () => {
    const build = start(['sleep', '30'])
    const output = temporary()
    const running = attached(build.child.pid, output)
    await samples(running)
    await sleep(300)
    build.child.kill('SIGKILL')
    expect((await running.ended).status).toBe(0)
    const { status, stderr } = await run(mymonitor('--resume', join(recordingIn(output).dir, '..')))
    expect(status).toBe(125)
    expect(stderr.toString()).toContain('is of mymonitor attach')
  })
})
