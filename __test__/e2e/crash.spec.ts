/**
 * What of us dies or stands still at the worst moment, and a build that does not notice.
 *
 * MYMONITOR_CRASHES=50 asks for more random moments, MYMONITOR_STOP_S=10 for a longer stop.
 */

import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test, vi } from 'vitest'
import {
  AS_NOBODY,
  childrenOf,
  compiler,
  directoryOfNobody,
  mymonitor,
  noOrdinaryUser,
  processesWith,
  type Running,
  recordingIn,
  run,
  sleep,
  start,
  temporary,
} from './harness.ts'
import { draw, SEED } from './random.ts'
import { ownReader, rows } from './readers.ts'

const CRASHES = Number(process.env['MYMONITOR_CRASHES'] ?? 12)
const STOP_MS = Number(process.env['MYMONITOR_STOP_S'] ?? 3) * 1000
/** The build alone takes a fraction of it on a loaded machine: one that takes longer hangs. */
const HANGS_MS = 15_000

vi.setConfig({ testTimeout: HANGS_MS + CRASHES * 5_000 + STOP_MS })

const compile = compiler()

/**
 * Two loops that exec constantly, and count what they were told by those who ended. A program of several threads among them: where exit_group fails,
 * the C library falls back on the end of the calling thread, which saves the others only.
 */
const ENDS = compile('ends') ?? ''
const BUILD = `
  part() {
    i=0 sum=0
    while [ $i -lt $2 ]; do
      /bin/echo $1 $i
      (exit $((i % 5))); sum=$((sum + $?))
      /bin/sh -c "exit $((i % 3))"; sum=$((sum + $?))
      ${ENDS} threads 2 $((i % 4)) >/dev/null; sum=$((sum + $?))
      i=$((i + 1))
    done
    echo $1 $sum
  }
  echo started
  part a $1 >a & part b $1 >b &
  wait
  cat a b
  exit 7
`
const ROUNDS = 40
/** The root is the outer shell; it ends with what the build ended with, and writes it down. */
const command = (rounds = ROUNDS) => ['sh', '-c', 'sh -c "$0" sh "$1"; code=$?; echo $code >status; exit $code', BUILD, String(rounds)]


interface Built {
  stdout: string
  status: string
}

let bareBuild: Built & { ms: number }

/** The build without us, once. */
async function bare(): Promise<Built & { ms: number }> {
  if (bareBuild) return bareBuild
  const cwd = temporary()
  const begun = performance.now()
  const { stdout } = await run(command(), { cwd })
  bareBuild = { stdout: stdout.toString(), status: readFileSync(join(cwd, 'status'), 'utf8'), ms: performance.now() - begun }
  expect(bareBuild.status).toBe('7\n')
  expect(bareBuild.stdout.split('\n').length).toBe(2 * ROUNDS + 4)
  return bareBuild
}

interface Sampled extends Running {
  cwd: string
  output: string
}

function sampled(build = command(), prefix: string[] = [], cwd = temporary()): Sampled {
  const output = join(cwd, 'out')
  return { ...start([...prefix, ...mymonitor('sample', '--output-dir', output, '--no-report', '--', ...build)], { cwd }), cwd, output }
}

const launcherOf = (running: Running) => childrenOf(running.child.pid ?? 0)[0] ?? 0

/** Waits for the end of the build, which has our standard output as long as it runs. */
async function ended(build: Sampled): Promise<number> {
  const hangs = sleep(HANGS_MS).then(() => 'hangs')
  const status = await Promise.race([build.ended.then(({ status }) => status), hangs])
  if (status === 'hangs') throw new Error(`still there:\n${(await run(['ps', '-ef', '--forest'])).stdout}`)
  return status as number
}

/** The build did everything as if nobody had been there. */
async function expectUndisturbed(build: Sampled, what: string): Promise<void> {
  const expected = await bare()
  const { stdout } = await build.ended
  expect(stdout.toString(), what).toBe(expected.stdout)
  expect(readFileSync(join(build.cwd, 'status'), 'utf8'), what).toBe(expected.status)
}

/** The recording of a build whose launcher was killed. */
async function expectRecordedWithoutLauncher(build: Sampled, what: string): Promise<void> {
  const { dir, metadata } = recordingIn(build.output, await build.ended)
  expect(metadata, what).toMatchObject({ state: 'finished', exit_code: 7, signal: null })
  expect(metadata.measurement_error, what).toContain('launcher was killed')
  expect(ownReader(dir).info.rows).toBe((await rows(dir, 'memory_samples')).length)
}

/** What a killed mymonitor leaves behind. */
function expectRecoverable({ output }: Sampled): void {
  const files = readdirSync(output, { withFileTypes: true, recursive: true })
  const journals = ['ticks.journal', 'exits.journal'].map((name) => files.filter((file) => file.name === name))
  for (const [file, ...others] of journals) {
    expect(others).toEqual([])
    expect(statSync(join(file?.parentPath ?? '', file?.name ?? '')).size).toBeGreaterThan(100)
  }
}

const gone = (build: Sampled) => vi.waitFor(() => expect(processesWith(build.output)).toEqual([]), { timeout: 5_000 })

describe(`a mymonitor that is killed or stopped (MYMONITOR_SEED=${SEED})`, () => {
  test(`costs the build nothing at ${CRASHES} random moments`, async () => {
    const { ms } = await bare()
    for (let crash = 1; crash <= CRASHES; crash++) {
      const build = sampled()
      await build.shows('started')
      const delay = draw(0, Math.round(ms))
      await sleep(delay)
      const what = `crash ${crash}, ${delay} ms after the start, seed ${SEED}`
      const was = build.child.kill('SIGKILL')
      expect(await ended(build), what).toBe(was ? 137 : 7)
      await expectUndisturbed(build, what)
      await gone(build)
      if (build.child.signalCode === 'SIGKILL') expectRecoverable(build)
    }
  })

  test('costs an ordinary user nothing either', async (context) => {
    const reason = noOrdinaryUser()
    if (reason) context.skip(reason)
    const { ms } = await bare()
    const build = sampled(command(), AS_NOBODY, directoryOfNobody())
    await build.shows('started')
    await sleep(draw(0, Math.round(ms / 2)))
    build.child.kill('SIGKILL')
    await ended(build)
    await expectUndisturbed(build, `seed ${SEED}`)
    await gone(build)
  })

  test(`for ${STOP_MS / 1000} s holds up no exit, and finishes the recording`, async () => {
    const { ms } = await bare()
    const build = sampled()
    await build.shows('started')
    await sleep(ms / 4)
    build.child.kill('SIGSTOP')
    const stopped = performance.now()
    await vi.waitFor(() => expect(existsSync(join(build.cwd, 'status'))).toBe(true), { timeout: HANGS_MS, interval: 20 })
    expect(performance.now() - stopped).toBeLessThan(STOP_MS)
    await sleep(STOP_MS - (performance.now() - stopped))
    build.child.kill('SIGCONT')
    expect(await ended(build)).toBe(7)
    await expectUndisturbed(build, 'stopped')
    const { dir, metadata } = recordingIn(build.output)
    expect(metadata).toMatchObject({ state: 'finished', exit_code: 7, measurement_error: null })
    // Every fork of the build has ended meanwhile, with its record.
    const exits = (await rows(dir, 'processes')).filter(({ end }) => end === 'exited')
    expect(exits.length).toBeGreaterThanOrEqual(2 * 4 * ROUNDS + 4)
  })
})

describe(`a launcher that is killed (MYMONITOR_SEED=${SEED})`, () => {
  test(`costs the build nothing at ${CRASHES} random moments, nor its status`, async () => {
    const { ms } = await bare()
    for (let crash = 1; crash <= CRASHES; crash++) {
      const build = sampled()
      await build.shows('started')
      // Not in the last moments, when the root's own record may die with it: then the status is unknown.
      const delay = draw(0, Math.round(ms * 0.7))
      await sleep(delay)
      const what = `crash ${crash}, ${delay} ms after the start, seed ${SEED}`
      process.kill(launcherOf(build), 'SIGKILL')
      expect(await ended(build), what).toBe(7)
      await expectUndisturbed(build, what)
      await expectRecordedWithoutLauncher(build, what)
    }
  })

  test('costs an ordinary user nothing either', async (context) => {
    const reason = noOrdinaryUser()
    if (reason) context.skip(reason)
    const { ms } = await bare()
    const build = sampled(command(), AS_NOBODY, directoryOfNobody())
    await build.shows('started')
    await sleep(draw(0, Math.round(ms / 2)))
    process.kill(launcherOf(build), 'SIGKILL')
    expect(await ended(build)).toBe(7)
    await expectUndisturbed(build, `seed ${SEED}`)
    await expectRecordedWithoutLauncher(build, `seed ${SEED}`)
  })

  test('while processes wait that it has not received costs nothing', async () => {
    await bare()
    const build = sampled()
    await build.shows('started')
    const launcher = launcherOf(build)
    process.kill(launcher, 'SIGSTOP')
    await sleep(300)
    expect(existsSync(join(build.cwd, 'status'))).toBe(false)
    process.kill(launcher, 'SIGKILL')
    expect(await ended(build)).toBe(7)
    await expectUndisturbed(build, 'stopped and killed')
    await expectRecordedWithoutLauncher(build, 'stopped and killed')
  })

  // From the first system call behind the receipt to the answer itself.
  test.each([0, 1, 2, 4, 6, 8, 11, 1000])('between receipt and answer, %i system calls on, costs nothing', async (steps) => {
    const killServer = compile('kill-server')
    await bare()
    const build = sampled()
    await build.shows('started')
    const launcher = launcherOf(build)
    const threads = readdirSync(`/proc/${launcher}/task`)
    const [, server = 0] = threads.map(Number).toSorted((a, b) => a - b)
    const killed = await run([killServer ?? '', String(launcher), String(server), String(steps)])
    expect(killed.stdout.toString(), killed.stderr.toString()).toMatch(steps === 1000 ? /answer/ : /reading|answer/)
    expect(await ended(build)).toBe(7)
    await expectUndisturbed(build, `${steps} steps: ${killed.stdout}`)
    await expectRecordedWithoutLauncher(build, `${steps} steps: ${killed.stdout}`)
  })

  test.each([0, 200, 500, 1000, 2000, 4000])('%i µs after the fork: the build runs whole or not at all', async (delay) => {
    await bare()
    const build = sampled()
    const killed = run([compile('kill-early') ?? '', String(build.child.pid), 'mymonitor-launc', String(delay)])
    const status = await ended(build)
    expect((await killed).status).toBe(0)
    if (status === 125) {
      expect((await build.ended).stdout.toString()).toBe('')
      expect(existsSync(join(build.cwd, 'status'))).toBe(false)
    } else {
      expect(status).toBe(7)
      await expectUndisturbed(build, `${delay} µs`)
    }
  })

  test('takes nothing from what outlives the root', async () => {
    const cwd = temporary()
    const later = `sleep 2; ${ENDS} threads 2 4; echo $? >later`
    const build = sampled(['sh', '-c', `echo started; sleep 0.3; sh -c '${later}' >/dev/null 2>&1 & sleep 0.4; exit 7`], [], cwd)
    await build.shows('started')
    process.kill(launcherOf(build), 'SIGKILL')
    expect(await ended(build)).toBe(7)
    await vi.waitFor(() => expect(readFileSync(join(cwd, 'later'), 'utf8')).toBe('4\n'), { timeout: 5_000 })
  })
})
