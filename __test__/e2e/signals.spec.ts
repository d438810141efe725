/** Ends that somebody asked for: the whole build ends and the recording is whole. */

import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test, vi } from 'vitest'
import { BURNER, mymonitor, processesWith, recordingIn, sleep, start, temporary, uniqueSleep } from './harness.ts'
import { ownReader, rows } from './readers.ts'

vi.setConfig({ testTimeout: 60_000 })

async function expectWhole(output: string, signal: number): Promise<void> {
  const { dir, metadata } = recordingIn(output)
  expect(metadata.state).toBe('finished')
  expect(metadata.interrupted_by).toBe(signal)
  expect(metadata.measurement_error).toBeNull()
  const samples = await rows(dir, 'memory_samples')
  expect(samples.length).toBeGreaterThan(5)
  expect(ownReader(dir).info.rows).toBe(samples.length)
}

const gone = (marker: string) => vi.waitFor(() => expect(processesWith(marker)).toEqual([]), { timeout: 5_000 })

describe('a build that is told to end', () => {
  test('Ctrl+C at the terminal ends make and everything it started, once, with 130', async () => {
    const dir = temporary()
    const marker = uniqueSleep()
    writeFileSync(join(dir, 'Makefile'), `all: a b\na b:\n\techo started $@; sleep ${marker}\n`)
    const output = join(dir, 'out')
    const command = mymonitor('sample', '--output-dir', output, '--no-report', '--', 'make', '-j2')
    const running = start([BURNER, 'pty', '--', ...command], { cwd: dir, stdio: ['pipe', 'pipe', 'pipe'] })
    await running.shows('started b')
    await sleep(500)
    running.child.stdin?.write('\x03')
    const { status, stdout } = await running.ended
    // GNU make 4.3 alone loses this race in 3 of 400 runs: interrupted between the return of its wait() and the use of what it returned, its own
    // clean-up waits for a child that is already reaped, says so and exits with 2. That is then the build's status, and it is ours.
    expect(status).toBe(stdout.includes('make: *** wait: No child processes') ? 2 : 130)
    await gone(marker)
    await expectWhole(output, 2)
  })

  test('TERM to us reaches every descendant, those in sessions of their own too, and gives 143', async () => {
    const marker = uniqueSleep()
    const output = temporary()
    const script = `setsid sleep ${marker} & sleep ${marker} & echo started; sleep ${marker}; wait`
    const running = start(mymonitor('sample', '--output-dir', output, '--no-report', '--', 'sh', '-c', script))
    await running.shows('started')
    await sleep(500)
    running.child.kill('SIGTERM')
    const { status } = await running.ended
    expect(status).toBe(143)
    await gone(marker)
    await expectWhole(output, 15)
  })

  test('INT from a process is passed on to the root and gives 130', async () => {
    const marker = uniqueSleep()
    const output = temporary()
    const script = `echo started; exec sleep ${marker}`
    const running = start(mymonitor('sample', '--output-dir', output, '--no-report', '--', 'sh', '-c', script))
    await running.shows('started')
    await sleep(500)
    running.child.kill('SIGINT')
    const { status } = await running.ended
    expect(status).toBe(130)
    await gone(marker)
    await expectWhole(output, 2)
  })

  test('a build that handles TERM and ends well keeps its own status', async () => {
    const output = temporary()
    const script = 'trap "echo tidied; exit 9" TERM; echo started; while :; do sleep 0.05; done'
    const running = start(mymonitor('sample', '--output-dir', output, '--no-report', '--', 'sh', '-c', script))
    await running.shows('started')
    await sleep(400)
    running.child.kill('SIGTERM')
    const { status, stdout } = await running.ended
    expect(stdout.toString()).toBe('started\ntidied\n')
    expect(status).toBe(9)
    await expectWhole(output, 15)
  })

  test('when the time is up nothing survives either', async () => {
    const marker = uniqueSleep()
    const output = temporary()
    const script = `setsid sleep ${marker} & sleep ${marker} & sleep ${marker}`
    const running = start(mymonitor('sample', '--output-dir', output, '--no-report', '--timeout', '700ms', '--', 'sh', '-c', script))
    const { status } = await running.ended
    expect(status).toBe(124)
    await gone(marker)
    expect(recordingIn(output).metadata.timed_out).toBe(true)
  })

  test('an INT that comes twice at once, from the terminal and from npm, is one', async () => {
    const dir = temporary()
    writeFileSync(
      join(dir, 'build.sh'),
      "n=0\ntrap 'n=$((n + 1)); echo int $n' INT\necho started\nfor i in 1 2 3 4 5 6 7 8 9 10 11 12; do sleep 0.1; done\nexit 5\n",
    )
    const running = start(mymonitor('sample', '--output-dir', join(dir, 'out'), '--no-report', '--', 'sh', 'build.sh'), { cwd: dir })
    await running.shows('started')
    await sleep(300)
    running.child.kill('SIGINT')
    await sleep(50)
    running.child.kill('SIGINT')
    const { status, stdout } = await running.ended
    expect(stdout.toString()).toBe('started\nint 1\n')
    expect(status).toBe(5)
  })
})

describe('a build that signals its own process group, which is ours', () => {
  /** What ignores it lives on, what has left the group never hears of it. */
  const script = (signal: number) =>
    `setsid sh -c 'trap "echo reached; exit" ${signal}; touch ready; sleep 1.2 & wait $!; echo not reached' &
     until [ -e ready ]; do sleep 0.05; done; trap "" ${signal}; kill -${signal} 0; wait; echo whole; exit 6`

  test.each([1, 2, 10, 12, 14, 15, 30, 64])('by %i has what it would have without us', async (signal) => {
    const output = temporary()
    const command = ['bash', '-c', script(signal)]
    const sampled = mymonitor('sample', '--output-dir', output, '--no-report', '--', ...command)
    const builds = [start(command, { detached: true }), start(sampled, { detached: true })] as const
    const [bare, { status, stdout, stderr }] = await Promise.all([builds[0].ended, builds[1].ended])
    expect([bare.status, String(bare.stdout)]).toEqual([6, 'not reached\nwhole\n'])
    expect([status, String(stdout)]).toEqual([6, String(bare.stdout)])
    expect(String(stderr)).not.toContain('ebugger')
    const { metadata } = recordingIn(output)
    expect([metadata.state, metadata.interrupted_by, metadata.measurement_error]).toEqual(['finished', null, null])
  })

  test('and whose first process dies of it has interrupted itself, and nobody else', async () => {
    const output = temporary()
    const kills = `setsid sh -c 'trap "echo reached; exit" 15; touch ready; sleep 1.2 & wait $!; echo not reached' &
      until [ -e ready ]; do sleep 0.05; done; kill -15 0`
    const command = mymonitor('sample', '--output-dir', output, '--no-report', '--', 'bash', '-c', kills)
    const { status, stdout } = await start(command, { detached: true }).ended
    expect([status, String(stdout)]).toEqual([143, 'not reached\n'])
    const { metadata } = recordingIn(output)
    expect([metadata.signal, metadata.interrupted_by, metadata.measurement_error]).toEqual([15, null, null])
  })
})

describe('under nohup', () => {
  test('HUP ends neither mymonitor nor the build', async () => {
    const output = temporary()
    const command = mymonitor('sample', '--output-dir', output, '--no-report', '--', 'sh', '-c', 'echo started; sleep 0.8; echo ended')
    const running = start(['bash', '-c', 'nohup "$@"', 'bash', ...command], { detached: true })
    await running.shows('started')
    // As when the terminal closes: everybody in the process group gets it.
    process.kill(-(running.child.pid ?? 0), 'SIGHUP')
    const { status, stdout } = await running.ended
    expect(stdout.toString()).toContain('ended\n')
    expect(status).toBe(0)
  })
})

describe('a mymonitor that is stopped or killed', () => {
  test('costs the build nothing, and the launcher ends with the build', async () => {
    const dir = temporary()
    const marker = uniqueSleep()
    const script = `echo started; sleep 1.2; echo whole > ${join(dir, 'done')}; : ${marker}`
    const running = start(mymonitor('sample', '--output-dir', join(dir, 'out'), '--no-report', '--', 'sh', '-c', script))
    await running.shows('started')
    running.child.kill('SIGKILL')
    await vi.waitFor(() => expect(existsSync(join(dir, 'done'))).toBe(true), { timeout: 5_000 })
    await gone(marker)
  })

  test('skips the deadlines it slept through and says so', async () => {
    const output = temporary()
    const running = start(mymonitor('sample', '--output-dir', output, '--no-report', '--', 'sh', '-c', 'echo started; sleep 1.5'))
    await running.shows('started')
    await sleep(300)
    running.child.kill('SIGSTOP')
    await sleep(600)
    running.child.kill('SIGCONT')
    expect((await running.ended).status).toBe(0)
    const { counts } = recordingIn(output).metadata
    expect(counts?.skipped_ticks).toBeGreaterThanOrEqual(9)
    expect(counts?.max_late_us).toBeGreaterThan(400_000)
    expect(counts?.ticks).toBeLessThan(26)
  })
})
