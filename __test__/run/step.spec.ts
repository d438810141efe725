import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test, vi } from 'vitest'
import type { Step } from '../../ts/run/plan.ts'
import { runStep } from '../../ts/run/step.ts'
import { directoryWith } from '../config/files.ts'

const never = new AbortController().signal

function step(text: string, timeoutMs = 20_000): Step {
  return { name: 'pre-clean', text, command: ['sh', '-c', text], cwd: directoryWith(), timeoutMs }
}

test('a step that succeeds says nothing; it has the directory, the environment and no input', async () => {
  const wanted = step('cat > got; echo "$WHO" >> got')
  expect(await runStep(wanted, { ...process.env, WHO: 'me' }, never)).toBeNull()
  expect(readFileSync(join(wanted.cwd, 'got'), 'utf8')).toBe('me\n')
})

test('a step that fails gives its status and the end of both outputs, however much it printed', async () => {
  const failure = await runStep(step('seq 100000; echo why >&2; exit 3'), process.env, never)
  expect(failure).toMatchObject({ reason: 'exit status 3' })
  expect(failure?.tail).toContain('100000')
  expect(failure?.tail).toContain('why')
  expect(failure?.tail.length).toBeLessThanOrEqual(8192)
})

test('a step that cannot be run is a failure, not a crash', async () => {
  const wanted = { ...step(':'), command: ['no-such-shell', '-c', ':'] }
  expect(await runStep(wanted, process.env, never)).toMatchObject({ reason: expect.stringContaining('cannot run no-such-shell') })
})

test('a background process that keeps the output open is not waited for', async () => {
  const started = performance.now()
  expect(await runStep(step('sleep 20 & exit 0'), process.env, never)).toBeNull()
  expect(performance.now() - started).toBeLessThan(5000)
})

test('when it is stopped, all that the step started ends', async () => {
  const controller = new AbortController()
  const wanted = step('(sleep 1; touch survived) & echo $! > pid; sleep 30')
  const running = runStep(wanted, process.env, controller.signal)
  while (!existsSync(join(wanted.cwd, 'pid'))) await new Promise((resolve) => setTimeout(resolve, 10))
  controller.abort()
  expect(await running).toMatchObject({ reason: 'killed by SIGTERM' })
  await new Promise((resolve) => setTimeout(resolve, 1300))
  expect(existsSync(join(wanted.cwd, 'survived'))).toBe(false)
})

test('one that is stuck is ended when its time is over, with all that it started, and says so', async () => {
  const wanted = step('(sleep 1; touch survived) & echo begun; sleep 30', 300)
  const started = performance.now()
  expect(await runStep(wanted, process.env, never)).toMatchObject({ reason: 'not done after 0.30 s, so it was ended', tail: 'begun' })
  expect(performance.now() - started).toBeLessThan(4000)
  await new Promise((resolve) => setTimeout(resolve, 1300))
  expect(existsSync(join(wanted.cwd, 'survived'))).toBe(false)
})

test('what does not listen to TERM is killed after the grace, also when its shell has gone', { timeout: 20_000 }, async () => {
  const wanted = step(`sh -c 'trap "" TERM; echo $$ > pid; while :; do sleep 0.1; done' & sleep 30`, 500)
  expect(await runStep(wanted, process.env, never)).not.toBeNull()
  const pid = Number(readFileSync(join(wanted.cwd, 'pid'), 'utf8'))
  await vi.waitFor(() => expect(() => process.kill(pid, 0)).toThrow(), 2000)
})
