import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { expect, onTestFinished, test, vi } from 'vitest'
import { hostFacts } from '../../ts/run/host.ts'
import { type RunRecord, startTicksOf } from '../../ts/run/run-record.ts'
import { isStillRecorded } from '../../ts/run/still-running.ts'

const runOf = (pid: number, start_ticks: number | null, boot_id = hostFacts().boot_id) =>
  ({ state: 'running', recorder: { pid, start_ticks }, host: { ...hostFacts(), boot_id } }) as RunRecord

test('a run goes on while the process that records it lives, and no other one with its pid, nor one after a reboot', () => {
  const ticks = startTicksOf('self')
  expect(isStillRecorded(runOf(process.pid, ticks))).toBe(true)
  expect(isStillRecorded(runOf(process.pid, Number(ticks) - 1))).toBe(false)
  expect(isStillRecorded(runOf(process.pid, ticks, 'before'))).toBe(false)
})

test('one that was killed and that its parent has not waited for has ended', async () => {
  const parent = spawn('sh', ['-c', 'sleep 30 & echo $!; exec sleep 30'])
  onTestFinished(() => void parent.kill('SIGKILL'))
  const [pid] = (await once(parent.stdout, 'data')).map(Number) as [number]
  const run = runOf(pid, startTicksOf(pid))
  expect(isStillRecorded(run)).toBe(true)
  process.kill(pid, 'SIGKILL')
  await vi.waitFor(() => expect(readFileSync(`/proc/${pid}/stat`, 'latin1')).toMatch(/\) Z /), 5000)
  expect(isStillRecorded(run)).toBe(false)
})
