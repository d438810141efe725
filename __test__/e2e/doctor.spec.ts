import { spawnSync } from 'node:child_process'
import { constants, release } from 'node:os'
import { expect, test } from 'vitest'
import type { Finding } from '../../ts/run/examine.ts'
import { AS_NOBODY, compiler, mymonitor, needsOrdinaryUser, run, temporary } from './harness.ts'

const FORBID = compiler()('forbid') ?? ''
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

/** What doctor says of a topic when it is run by `command`. */
async function finding(topic: string, command: string[]): Promise<Finding | undefined> {
  const { stdout } = await run([...command, ...mymonitor('doctor', '--json')])
  return (JSON.parse(String(stdout)) as { findings: Finding[] }).findings.find((found) => found.topic === topic)
}

test('an ordinary user whose hard limit is 0 is told what would give the exit server real-time priority, which ulimit cannot', async (context) => {
  needsOrdinaryUser(context)
  const found = await finding('exit server', ['bash', '-c', 'ulimit -r 0 && exec "$@"', 'bash', ...AS_NOBODY])
  expect(found).toMatchObject({ ok: false, remedy: expect.stringContaining('sudo prlimit --rtprio=1 --pid $$') })
  expect(found?.remedy).not.toContain('ulimit')
})

test.each([
  ['EPERM', constants.errno.EPERM],
  ['EACCES', constants.errno.EACCES],
  ['ENOSYS', constants.errno.ENOSYS],
])('a filter that refuses seccomp(2) with %s is called what it is', async (_, errno) => {
  const found = await finding('exit records', [FORBID, String(errno)])
  expect(found).toMatchObject({
    ok: false,
    remedy: expect.stringMatching(/^a seccomp filter .*SystemCallFilter=seccomp; else start mymonitor/),
  })
})

test('a kernel that does not know the flag is told from one that has none: its version, and what it can on request', async () => {
  const found = await finding('exit records', [FORBID, `${constants.errno.EINVAL}:32`])
  expect(found).toMatchObject({
    ok: false,
    text: expect.stringMatching(/^no exit records \(Invalid argument /),
    remedy: `Linux 5.19 or later is needed, this is ${release()}; --events seccomp goes on without shielding exits from signals`,
  })
})
