import { spawnSync } from 'node:child_process'
import { expect, test } from 'vitest'
import { mymonitor, run, temporary } from './harness.ts'

const OTHERS_PROC = ['unshare', '-Urpf']

test('where /proc is that of another pid namespace nothing is run, and it says what would change it', async (context) => {
  if (spawnSync('unshare', [...OTHERS_PROC.slice(1), 'true']).status !== 0) context.skip('making user namespaces is not permitted')
  const sentence = /^mymonitor: \/proc .*: nothing can be recorded; .*mount -t proc proc \/proc\n$/
  const sampled = await run([...OTHERS_PROC, ...mymonitor('sample', '--output-dir', temporary(), '--', 'echo', 'built')])
  expect({ status: sampled.status, stdout: sampled.stdout.toString() }).toEqual({ status: 125, stdout: '' })
  expect(sampled.stderr.toString()).toMatch(sentence)
  const doctor = await run([...OTHERS_PROC, ...mymonitor('doctor')])
  expect(doctor.stderr.toString()).toMatch(sentence)
})

test('too few descriptors for Node to load us are one line, and 128 are enough', async () => {
  const limited = (descriptors: number) => ['sh', '-c', `ulimit -n ${descriptors} && exec "$@"`, 'sh']
  // How many that are is up to Node.
  const few = await run([...limited(40), ...mymonitor('doctor')])
  expect(few.stderr.toString()).toMatch(/^(?:mymonitor: there are too few descriptors to start it .*\n)?$/)
  const enough = await run([...limited(128), ...mymonitor('sample', '--output-dir', temporary(), '--', 'echo', 'built')])
  expect({ status: enough.status, stdout: enough.stdout.toString() }).toEqual({ status: 0, stdout: 'built\n' })
  const doctor = await run([...limited(128), ...mymonitor('doctor')])
  expect(doctor.stdout.toString()).toContain('at most 128 descriptors: beyond 42 live processes reading gets slower')
})
