/** Processes that do not descend from the build: which of them full_scan records, and what descendants_only leaves out. */

import { spawnSync } from 'node:child_process'
import { copyFileSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, test, vi } from 'vitest'
import type { Verification } from '../../ts/sample/verify.ts'
import { mymonitor, recordingIn, run, start, summary, temporary } from './harness.ts'
import { rows } from './readers.ts'
import { workspace } from './workspace.ts'

vi.setConfig({ testTimeout: 60_000 })

/** Waits for `done` in its directory. */
const BUILD = 'touch started; until [ -e done ]; do sleep 0.05; done'
/** Names that nothing else on the machine has, another run of these tests neither: 15 bytes, which the kernel keeps of a name, at the largest pid. */
const named = (what: 'busy' | 'idle' | 'late' | 'bash' | 'ba') => `mm-${process.pid}-${what}`
const [BUSY, IDLE, LATE, BASH] = [named('busy'), named('idle'), named('late'), named('bash')]
const PATTERN = [BUSY, IDLE, LATE, named('ba')].join('|')
const ticksPerSecond = Number(spawnSync('getconf', ['CLK_TCK']).stdout)

/** A project whose build waits, and programs of our own names. */
function project(mode: string, pattern = PATTERN) {
  const cwd = workspace({ build: BUILD, more: `process_pattern = ${JSON.stringify(pattern)}` })
  writeFileSync(join(cwd, 'conf/config.toml'), `[monitor.collection]\npss_collector_mode = "${mode}"\n`)
  const src = join(cwd, 'src')
  const programs = temporary()
  return {
    cwd,
    finish: () => writeFileSync(join(src, 'done'), ''),
    started: () => vi.waitFor(() => expect(existsSync(join(src, 'started'))).toBe(true), 20_000),
    /** Starts a copy of `from` under another name; the pid. */
    daemon: (name: string, from: string, ...args: string[]) => {
      copyFileSync(from, join(programs, name))
      return start([join(programs, name), ...args], { cwd: src }).child.pid ?? 0
    },
  }
}

/** Spins once the build has started. */
const SPIN = 'until [ -e started ]; do sleep 0.05; done; while :; do :; done'

/** Until the CPU clock of a process has advanced by a tenth of a second. */
async function burnt(pid: number): Promise<void> {
  const ticks = () => {
    const fields = readFileSync(`/proc/${pid}/stat`, 'latin1').split(' ')
    return Number(fields[13]) + Number(fields[14])
  }
  const before = ticks()
  await vi.waitFor(() => expect(ticks() - before).toBeGreaterThan(ticksPerSecond / 10), 20_000)
}

test('full_scan records what matches elsewhere if it worked or started during the build: known defect 4: mm-bash is not mm-ba', async () => {
  const { cwd, finish, started, daemon } = project('full_scan')
  const busy = daemon(BUSY, '/bin/sh', '-c', SPIN)
  const idle = daemon(IDLE, '/bin/sleep', '50')
  const recording = start(mymonitor('-p', 'p', '-j', '1', '--no-report'), { cwd })
  await started()
  const late = daemon(LATE, '/bin/sleep', '50')
  const bash = daemon(BASH, '/bin/sleep', '50')
  await burnt(busy)
  finish()
  const ended = await recording.ended
  expect(ended.status, String(ended.stderr)).toBe(0)

  const { dir, metadata } = recordingIn(cwd, ended)
  const processes = await rows(dir, 'processes')
  const outside = processes.filter((row) => row.outside_tree)
  expect(outside.map(({ pid }) => pid).toSorted()).toEqual([busy, late].toSorted())
  expect(processes.map(({ pid }) => pid)).not.toContain(idle)
  expect(processes.map(({ pid }) => pid)).not.toContain(bash)
  for (const { seen_by, end, samples, parent_id } of outside)
    expect([seen_by, end, samples > 0, parent_id]).toEqual(['pattern', 'alive', true, null])
  expect(outside.find(({ pid }) => pid === busy)?.cpu_us).toBeGreaterThan(0)
  expect(metadata.full_scan).toEqual({ process_pattern: PATTERN, period_us: 1_000_000 })

  const { trust, peak, categories } = await summary(dir)
  const tree = new Set(processes.filter((row) => !row.outside_tree).map(({ pid, start_ticks }) => `${pid} ${start_ticks}`))
  expect([trust.outsideProcesses, trust.processes]).toEqual([2, tree.size])
  expect(trust.outsideCpuUs).toBeGreaterThan(0)
  expect(categories.reduce((sum, category) => sum + category.processes, 0)).toBeGreaterThanOrEqual(tree.size + 2)
  const atPeak = peak?.processes.filter(({ outsideTree }) => outsideTree) ?? []
  expect(peak?.outsideProcesses).toBe(atPeak.length)
  expect(peak?.outsideKb).toBeCloseTo(atPeak.reduce((sum, { kb }) => sum + kb, 0))
})

test('descendants_only records none of them', async () => {
  const { cwd, finish, started, daemon } = project('descendants_only')
  const busy = daemon(BUSY, '/bin/sh', '-c', SPIN)
  const recording = start(mymonitor('-p', 'p', '-j', '1', '--no-report'), { cwd })
  await started()
  const late = daemon(LATE, '/bin/sleep', '50')
  await burnt(busy)
  finish()
  const ended = await recording.ended
  const { dir, metadata } = recordingIn(cwd, ended)
  const pids = (await rows(dir, 'processes')).map(({ pid }) => pid)
  expect(pids).not.toContain(busy)
  expect(pids).not.toContain(late)
  expect([metadata.full_scan, ended.stderr.includes('process_pattern')]).toEqual([null, false])
})

test('verify finds a daemon that worked for the build: full_scan, status 1', async () => {
  const { cwd, finish, started, daemon } = project('descendants_only')
  const verifying = start(mymonitor('verify', '-p', 'p', '-j', '1', '--json'), { cwd })
  await started()
  const late = daemon(LATE, '/bin/sleep', '50')
  finish()
  const { status, stdout, stderr } = await verifying.ended
  expect(status, String(stderr)).toBe(1)
  const verification = JSON.parse(String(stdout)) as Verification
  expect(verification).toMatchObject({ schema: 1, project: 'p', processPattern: PATTERN, exitStatus: 0, mode: 'full_scan' })
  expect(verification.processes.map(({ pid, name }) => [pid, name])).toEqual([[late, LATE]])
  expect(verification.processes[0]?.peakRssKb).toBeGreaterThan(0)
  expect(verification.processes[0]?.peakPssKb).toBeGreaterThan(0)
})

test('verify without any: descendants_only, status 0; a project without a pattern is refused', async () => {
  const { cwd, finish, daemon } = project('descendants_only')
  daemon(IDLE, '/bin/sleep', '50')
  finish()
  const { status, stdout, stderr } = await run(mymonitor('verify', '-p', 'p', '-j', '1'), { cwd })
  expect([status, String(stderr)]).toEqual([0, ''])
  expect(String(stdout)).toContain('pss_collector_mode = "descendants_only" is right')

  const without = project('full_scan', '')
  const refused = await run(mymonitor('verify', '-p', 'p'), { cwd: without.cwd })
  expect(refused.status).toBe(2)
  expect(String(refused.stderr)).toContain('has no process_pattern')
})

test('a recovered recording says which processes are not of the tree', async () => {
  const { cwd, finish, started, daemon } = project('full_scan')
  const recording = start(mymonitor('-p', 'p', '-j', '1', '--no-report'), { cwd })
  await started()
  const late = daemon(LATE, '/bin/sleep', '50')
  const journal = () => readdirSync(cwd, { withFileTypes: true, recursive: true }).find(({ name }) => name === 'ticks.journal')
  const path = join(journal()?.parentPath ?? '', 'ticks.journal')
  await vi.waitFor(() => expect(readFileSync(path).includes(LATE)).toBe(true), 20_000)
  recording.child.kill('SIGKILL')
  finish()
  // Its descriptors are the build's, too, and the launcher lives until that has ended.
  await recording.ended
  await vi.waitFor(async () => {
    const { status, stderr } = await run(mymonitor('recover', dirname(path)))
    expect(status, String(stderr)).toBe(0)
  }, 20_000)
  const outside = (await rows(dirname(path), 'processes')).filter((row) => row.outside_tree)
  expect(outside.map(({ pid, cpu_us }) => [pid, cpu_us])).toEqual([[late, null]])
  expect((await summary(dirname(path))).trust.outsideProcesses).toBe(1)
})
