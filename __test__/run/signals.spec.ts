import { setTimeout as sleep } from 'node:timers/promises'
import { expect, onTestFinished, test, vi } from 'vitest'
import { watchInterrupts } from '../../ts/run/signals.ts'

test('the first signal is remembered and stops what listens; what comes right after it is the same one', async () => {
  const interrupts = watchInterrupts()
  onTestFinished(interrupts.release)
  expect(interrupts.by()).toBeNull()
  process.kill(process.pid, 'SIGHUP')
  await vi.waitFor(() => expect(interrupts.signal.aborted).toBe(true))
  process.kill(process.pid, 'SIGTERM')
  await sleep(50)
  expect(interrupts.by()).toBe(1)
})

test('a signal that comes later ends the process at once', async () => {
  const interrupts = watchInterrupts()
  onTestFinished(interrupts.release)
  const kill = process.kill.bind(process)
  kill(process.pid, 'SIGHUP')
  await sleep(600)
  const raised = vi.spyOn(process, 'kill').mockReturnValue(true)
  onTestFinished(() => raised.mockRestore())
  kill(process.pid, 'SIGHUP')
  await vi.waitFor(() => expect(raised).toHaveBeenCalledWith(process.pid, 'SIGHUP'))
  expect(process.listenerCount('SIGHUP')).toBe(0)
})

test('after the release the signals are as before', () => {
  const before = ['SIGINT', 'SIGTERM', 'SIGHUP'].map((name) => process.listenerCount(name))
  watchInterrupts().release()
  expect(['SIGINT', 'SIGTERM', 'SIGHUP'].map((name) => process.listenerCount(name))).toEqual(before)
})
