/** The process connector: every process counted, and how it ended. */

import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, type TestContext, test, vi } from 'vitest'
import { loadRecorder } from '../../ts/native.ts'
import { below, numbers, only, processesOf } from './ends.ts'
import { compiler, mymonitor, needsOrdinaryUser, type Recorded, record, recordAsNobody, run, temporary } from './harness.ts'

vi.setConfig({ testTimeout: 60_000 })

const ENDS = compiler()('ends') ?? ''
/** The parent lives on for a moment, so that the last tick is not the one that finds the child gone. */
const killed = ['sh', '-c', 'sh -c "echo \\$\\$; kill -9 \\$\\$"; sleep 0.1']

let refusal: string | undefined
beforeAll(() => {
  const { state, reason } = loadRecorder().probe().connector
  refusal = state === 'on' ? undefined : reason
})

function needsConnector(context: TestContext): void {
  if (refusal !== undefined) context.skip(`no process connector: ${refusal}`)
}

const pid = ({ stdout }: Recorded) => numbers(stdout)[0]

describe.each(['auto', 'connector'])('with --events %s', (events) => {
  const flags = ['--events', events]

  test('300 short processes are all counted, and every one has a row', async (context) => {
    needsConnector(context)
    const recorded = await record(['sh', '-c', 'i=0; while [ $i -lt 300 ]; do /bin/true; i=$((i + 1)); done; exit 4'], flags)
    expect(recorded.status).toBe(4)
    const { connector, sources } = recorded.metadata
    expect(sources).toContain('connector')
    expect(connector).toMatchObject({ state: 'on', reason: null, existed: 301, overflows: 0 })
    // The launcher execs the root, and the shell 300 times.
    expect(connector?.execs_seen).toBe(301)
    const processes = await processesOf(recorded)
    expect(new Set(processes.map((process) => process.pid)).size).toBe(301)
    const alone = processes.filter(({ seen_by }) => seen_by === 'connector')
    expect(alone).toHaveLength(connector?.unrecorded ?? -1)
    if (events === 'connector') expect(alone.length).toBeGreaterThan(100)
    else expect(alone).toHaveLength(0)
    for (const row of alone)
      expect(row).toMatchObject({ end: 'exited', exit_code: 0, samples: 0, peak_rss_kb: null, cpu_us: null, exe: null })
  })

  test('a child that is killed is signalled by 9, whether a tick saw it or not', async (context) => {
    needsConnector(context)
    const short = await record(killed, flags)
    expect(await only(short, pid(short))).toMatchObject({ end: 'signalled', signal: 9, exit_code: null })
    const long = await record(['sh', '-c', 'sleep 10 & echo $!; sleep 0.3; kill -9 $!; sleep 0.2; exit 0'], flags)
    const row = await only(long, pid(long))
    expect(row).toMatchObject({ end: 'signalled', signal: 9, name: 'sleep', seen_by: 'walk' })
    expect(row.end_us).toBeGreaterThan(row.start_us)
  })

  test('raw exit(2) is an exit with its code', async (context) => {
    needsConnector(context)
    for (const holdMs of ['0', '250']) {
      const recorded = await record(below(ENDS, 'raw-exit', holdMs, '7'), flags)
      expect(await only(recorded, pid(recorded)), `after ${holdMs} ms`).toMatchObject({ end: 'exited', exit_code: 7, signal: null })
    }
  })

  test('a process whose first thread ends long before it, or whose other thread execs, ends once and as a whole', async (context) => {
    needsConnector(context)
    const gone = await record(below(ENDS, 'leader-gone', '100', '5'), flags)
    const row = await only(gone, pid(gone))
    expect(row).toMatchObject({ end: 'exited', exit_code: 5 })
    expect(row.end_us).toBeGreaterThan(300_000)
    const execed = await record(below(ENDS, 'thread-exec', '100', 'sh', '-c', 'sleep 0.2; exit 6'), flags)
    const rows = (await processesOf(execed)).filter((process) => process.pid === pid(execed))
    expect(rows.at(-1)).toMatchObject({ end: 'exited', exit_code: 6 })
    expect(execed.metadata.connector?.existed).toBe(3)
  })
})

test('an ordinary user has the same', async (context) => {
  needsConnector(context)
  needsOrdinaryUser(context)
  const recorded = await recordAsNobody(killed)
  if (recorded.metadata.connector?.state === 'refused') {
    expect(recorded.metadata.connector.reason).toMatch(/^[^\n]+$/)
    expect(recorded.metadata.sources).not.toContain('connector')
    return
  }
  expect(recorded.metadata.connector).toMatchObject({ state: 'on', existed: 3, overflows: 0 })
  expect(await only(recorded, pid(recorded))).toMatchObject({ end: 'signalled', signal: 9 })
})

test('--events connector is that one source, --events seccomp and poll are without it', async (context) => {
  needsConnector(context)
  const build = ['grep', '^Seccomp:', '/proc/self/status']
  const alone = await record(build, ['--events', 'connector'])
  expect(alone.stdout.toString()).toBe((await run(build)).stdout.toString())
  expect(alone.metadata.sources).toEqual(['children_walk', 'connector'])
  expect(alone.metadata.exit_records?.state).toBe('off')
  const poll = await record(['true'], ['--events', 'poll'])
  expect(poll.metadata.connector).toMatchObject({ state: 'off', existed: 0 })
})

test('the summary says how many of those that existed were recorded', async (context) => {
  needsConnector(context)
  const { stderr } = await record(['sh', '-c', 'true; /bin/true; sleep 0.3'])
  expect(stderr.toString()).toContain('3 of 3 processes recorded')
})

describe('where it may not be used', () => {
  const isolated = ['unshare', '-n']

  async function needsUnshare(context: TestContext): Promise<void> {
    if ((await run([...isolated, 'true'])).status !== 0) context.skip('no network namespace can be made here')
  }

  test('a build that demands it is not started: 125 and one line', async (context) => {
    await needsUnshare(context)
    const dir = temporary()
    const sample = mymonitor('sample', '--output-dir', join(dir, 'out'), '--events', 'connector', '--', 'touch', join(dir, 'ran'))
    const { status, stderr } = await run([...isolated, ...sample])
    expect(status).toBe(125)
    expect(stderr.toString()).toMatch(/^mymonitor: --events connector: no process connector here \([^\n]*\); [^\n]*--events auto[^\n]*\n$/)
    expect(existsSync(join(dir, 'ran'))).toBe(false)
  })

  test('doctor names what would change it, and auto goes on without', async (context) => {
    await needsUnshare(context)
    const doctor = await run([...isolated, ...mymonitor('doctor')])
    expect(doctor.stdout.toString()).toMatch(/process connector.*namespace/s)
    const out = temporary()
    const { status } = await run([...isolated, ...mymonitor('sample', '--output-dir', out, '--no-report', '--', 'sh', '-c', 'exit 3')])
    expect(status).toBe(3)
  })
})
