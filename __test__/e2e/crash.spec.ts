/**
 * What of us dies or stands still at the worst moment, and a build that does not notice.
 *
 * MYMONITOR_CRASHES=500 asks for more random moments, MYMONITOR_STOP_S=10 for a longer stop.
 */

import { cpSync, existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { describe, expect, test, vi } from 'vitest'
import type { recover } from '../../ts/native/binding.d.cts'
import {
  AS_NOBODY,
  alive,
  childrenOf,
  compiler,
  directoryOfNobody,
  killProcessesWith,
  mymonitor,
  needsOrdinaryUser,
  processesWith,
  type Running,
  recordingIn,
  run,
  sleep,
  start,
  temporary,
  uniqueSleep,
} from './harness.ts'
import { draw, SEED } from './random.ts'
import { ownReader, rows } from './readers.ts'
import { byTickAndPid, replayedExits, replayedTicks } from './replay.ts'

const CRASHES = Number(process.env['MYMONITOR_CRASHES'] ?? 50)
/** Of the launcher; the moments that matter are stepped to below. */
const LAUNCHER_CRASHES = Math.ceil(CRASHES / 8)
/** So many builds at once: each waits for its end, and for the processes of mymonitor to start. */
const LANES = 2
const STOP_MS = Number(process.env['MYMONITOR_STOP_S'] ?? 3) * 1000
/** The build alone takes a fraction of it on a loaded machine: one that takes longer hangs. */
const HANGS_MS = 10_000

vi.setConfig({ testTimeout: HANGS_MS + CRASHES * 10_000 + STOP_MS })

const compile = compiler()
const ENDS = compile('ends') ?? ''
const KILL_LAUNCHER = compile('kill-launcher') ?? ''
const MAY_NOT_TRACE = 2
const CAME_TOO_LATE = 3

/**
 * Two loops that exec constantly, and count what they were told by those who ended. A program of several threads among them: where exit_group fails,
 * the C library falls back on the end of the calling thread, which saves the others only.
 */
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
const ROUNDS = 30
const FORKS = 2 * 4 * ROUNDS + 4
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

function launcherOf(running: Running): number {
  const [launcher] = childrenOf(running.child.pid ?? 0)
  if (launcher === undefined) throw new Error('the launcher has ended before it was killed')
  return launcher
}

/** Waits for the end of the build, which has our standard output as long as it runs. */
async function ended(build: Sampled): Promise<number> {
  const hangs = sleep(HANGS_MS).then(() => 'hangs' as const)
  const status = await Promise.race([build.ended.then(({ status }) => status), hangs])
  if (typeof status === 'string') throw new Error(`the build ${status}`)
  return status
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

/** What a killed mymonitor leaves behind opens, with what a plain replay of its journals gives: every exit of the build, too. */
async function expectRecovered({ output }: Sampled, what: string): Promise<void> {
  const files = readdirSync(output, { withFileTypes: true, recursive: true })
  const dir = files.find(({ name }) => name === 'exits.journal')?.parentPath ?? ''
  expect(existsSync(join(dir, 'ticks.journal')), what).toBe(true)
  const replayed = join(temporary(), 'replayed')
  cpSync(dir, replayed, { recursive: true })
  const journals = join(temporary(), 'journals')
  cpSync(dir, journals, { recursive: true })
  plainReplay(replayed)
  const { status, stderr } = await run(mymonitor('recover', dir))
  expect(status, `${what}: ${stderr}`).toBe(0)
  for (const table of ['ticks', 'processes', 'memory_samples'].map((name) => `${name}.parquet`)) {
    expect(readFileSync(join(dir, table)).equals(readFileSync(join(replayed, table))), `${what}: ${table}`).toBe(true)
  }
  expect(ownReader(dir).info.rows).toBe((await rows(dir, 'memory_samples')).length)
  const exited = (await rows(dir, 'processes')).filter(({ end }) => end === 'exited')
  expect(exited.length, what).toBeGreaterThanOrEqual(FORKS)
  await expectReplayed(dir, journals, what)
}

/** The tables of `dir` hold what the journals in `journals` do, as their documentation has it. */
async function expectReplayed(dir: string, journals: string, what: string): Promise<void> {
  const { ticks, samples } = replayedTicks(journals)
  const ticksThere = (await rows(dir, 'ticks')).map(({ tick, elapsed_us, late_us, phase, live }) => ({
    tick,
    elapsed_us,
    late_us,
    phase,
    live,
  }))
  expect(ticksThere, what).toEqual(ticks)
  const samplesThere = (await rows(dir, 'memory_samples'))
    .map(({ tick, pid, rss_kb, shared_kb }) => ({ tick, pid, rss_kb, shared_kb }))
    .toSorted(byTickAndPid)
  expect(samplesThere, what).toEqual(samples)
  const key = (pid: number, start_ticks: number, exit_code: number | null) => `${pid} ${start_ticks} ${exit_code}`
  const exited = (await rows(dir, 'processes')).filter(({ end }) => end === 'exited')
  const keys = (exits: Iterable<{ pid: number; start_ticks: number; exit_code: number | null }>) =>
    new Set([...exits].map(({ pid, start_ticks, exit_code }) => key(pid, start_ticks, exit_code)))
  const [there, replayed] = [keys(exited), keys(replayedExits(journals))]
  for (const exit of replayed) expect(there, what).toContain(exit)
  for (const exit of keys(exited.filter(({ peak_source }) => peak_source === 'exit_record'))) expect(replayed, what).toContain(exit)
}

const hasTables = ({ output }: Sampled) =>
  readdirSync(output, { recursive: true }).some((name) => String(name).endsWith('memory_samples.parquet'))

function plainReplay(dir: string): void {
  const binding = createRequire(import.meta.url)('../../ts/native/binding.cjs') as { recover: typeof recover }
  binding.recover(dir, 'snappy')
}

const gone = (build: Sampled) => vi.waitFor(() => expect(processesWith(build.output)).toEqual([]), { timeout: 5_000 })

describe(`a mymonitor that is killed or stopped (MYMONITOR_SEED=${SEED})`, () => {
  test(`costs the build nothing at ${CRASHES} random moments`, async () => {
    const { ms } = await bare()
    let [tried, hits] = [0, 0]
    const lane = async () => {
      while (hits < CRASHES) {
        const crash = ++tried
        const build = sampled()
        await build.shows('started')
        // Beside the other lane a build takes half as long again or so.
        const delay = draw(0, Math.round(1.5 * ms))
        await sleep(delay)
        const what = `crash ${crash}, ${delay} ms after the start, seed ${SEED}`
        build.child.kill('SIGKILL')
        // The last moments may come too late, and do not count.
        const status = await ended(build)
        expect([7, 137], what).toContain(status)
        hits += Number(status === 137)
        await expectUndisturbed(build, what)
        await gone(build)
        // One that was killed after its tables were written has nothing to recover.
        if (build.child.signalCode === 'SIGKILL' && !hasTables(build)) await expectRecovered(build, what)
      }
    }
    await Promise.all(Array.from({ length: LANES }, lane))
  })

  test('costs an ordinary user nothing either', async (context) => {
    needsOrdinaryUser(context)
    const { ms } = await bare()
    const build = sampled(command(), AS_NOBODY, directoryOfNobody())
    await build.shows('started')
    await sleep(draw(0, Math.round(ms / 2)))
    build.child.kill('SIGKILL')
    await ended(build)
    await expectUndisturbed(build, `seed ${SEED}`)
    await gone(build)
    await expectRecovered(build, `seed ${SEED}`)
  })

  test('known defect 10: what was recorded is on disk while the build runs, and opens after a crash', async () => {
    const marker = uniqueSleep()
    const build = sampled(['sh', '-c', `echo started; sleep ${marker}`])
    await build.shows('started')
    const journal = () => readdirSync(build.output, { withFileTypes: true, recursive: true }).find(({ name }) => name === 'ticks.journal')
    await vi.waitFor(() => expect(journal()).toBeDefined(), HANGS_MS)
    const dir = journal()?.parentPath ?? ''
    for (let more = 0; more < 5; more++) {
      const { size } = statSync(join(dir, 'ticks.journal'))
      await vi.waitFor(() => expect(statSync(join(dir, 'ticks.journal')).size, 'bytes on disk').toBeGreaterThan(size), HANGS_MS)
    }
    build.child.kill('SIGKILL')
    killProcessesWith(marker, 'SIGKILL')
    await gone(build)
    expect((await run(mymonitor('recover', dir))).status).toBe(0)
    const ticks = await rows(dir, 'ticks')
    expect(ticks.length).toBeGreaterThanOrEqual(5)
    const { metadata } = recordingIn(build.output)
    expect(metadata.own_cost).toEqual({
      ...{ cpu_us: null, launcher_cpu_us: null, peak_rss_kb: null, phase_cpu_us: null },
      sampler_cpu_us: ticks.at(-1)?.sampler_cpu_us,
    })
    expect(metadata.own_cost?.sampler_cpu_us).toBeGreaterThan(0)
    expect((await rows(dir, 'processes')).map(({ name }) => name)).toContain('sleep')
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
    expect(exits.length).toBeGreaterThanOrEqual(FORKS)
  })
})

describe(`a launcher that is killed (MYMONITOR_SEED=${SEED})`, () => {
  test(`costs the build nothing at ${LAUNCHER_CRASHES} random moments, nor its status`, async () => {
    const { ms } = await bare()
    let killed = 0
    for (let crash = 1; crash <= LAUNCHER_CRASHES; crash++) {
      const build = sampled()
      await build.shows('started')
      const launcher = launcherOf(build)
      // Not in the last moments: when the root's own record dies with the launcher, the status is unknown.
      const delay = draw(0, Math.round(ms / 2))
      await sleep(delay)
      const what = `crash ${crash}, ${delay} ms after the start, seed ${SEED}`
      const wasAlive = alive(launcher)
      if (wasAlive) process.kill(launcher, 'SIGKILL')
      expect(await ended(build), what).toBe(7)
      // The bare build was slower, on a machine that was busier then.
      if (!wasAlive) continue
      killed += 1
      await expectUndisturbed(build, what)
      await expectRecordedWithoutLauncher(build, what)
    }
    expect(killed).toBeGreaterThan(0)
  })

  test('costs an ordinary user nothing either', async (context) => {
    needsOrdinaryUser(context)
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
  test.for([0, 1, 2, 4, 7, 1000])('between receipt and answer, %i system calls on, costs nothing', async (steps, context) => {
    const build = sampled()
    await build.shows('started')
    const launcher = launcherOf(build)
    const threads = readdirSync(`/proc/${launcher}/task`).map(Number)
    const [, server = 0] = threads.toSorted((a, b) => a - b)
    const killed = await run([KILL_LAUNCHER, 'serving', String(launcher), String(server), String(steps)])
    if (killed.status === MAY_NOT_TRACE) context.skip('ptrace is not permitted')
    expect(killed.stdout.toString(), killed.stderr.toString()).toMatch(steps === 1000 ? /answer/ : /other|answer/)
    expect(await ended(build)).toBe(7)
    await expectUndisturbed(build, `${steps} steps: ${killed.stdout}`)
    await expectRecordedWithoutLauncher(build, `${steps} steps: ${killed.stdout}`)
  })

  // Before mymonitor knows that there is a build.
  test.for([0, 2, 4, 6])('%i system calls behind the fork leaves a whole build or none', async (steps, context) => {
    const attempt = async () => {
      const build = sampled()
      return { build, killed: await run([KILL_LAUNCHER, 'starting', String(build.child.pid), String(steps)]) }
    }
    let { build, killed } = await attempt()
    // On a loaded machine the fork may come before the tracer.
    for (let more = 0; more < 4 && killed.status === CAME_TOO_LATE; more++) ({ build, killed } = await attempt())
    if (killed.status === MAY_NOT_TRACE) context.skip('ptrace is not permitted')
    expect(killed.status, killed.stderr.toString()).toBe(0)
    const status = await ended(build)
    const { stdout } = await build.ended
    if (stdout.length > 0) {
      expect(status).toBe(7)
      await expectUndisturbed(build, `${steps} steps: ${killed.stdout}`)
    } else {
      expect(status).toBe(125)
    }
  })

  test('and mymonitor after it still tells the status to who recovers the recording', async () => {
    const build = sampled()
    await build.shows('started')
    const journal = readdirSync(build.output, { recursive: true, encoding: 'utf8' }).find((name) => name.endsWith('/exits.journal')) ?? ''
    const dir = join(build.output, dirname(journal))
    process.kill(launcherOf(build), 'SIGKILL')
    const serving = () => expect(processesWith(join(dir, 'exits.2.journal'))).toHaveLength(1)
    await vi.waitFor(serving, { timeout: 5_000, interval: 20 })
    build.child.kill('SIGKILL')
    expect(await ended(build)).toBe(137)
    await expectUndisturbed(build, 'both killed')
    await gone(build)
    const { status, stderr } = await run(mymonitor('recover', dir))
    expect(status, stderr.toString()).toBe(0)
    expect(recordingIn(build.output).metadata).toMatchObject({ state: 'recovered', exit_code: 7, signal: null })
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
