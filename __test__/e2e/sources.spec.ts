/** Where exit records can be had and where not: listeners, namespaces, users, and what a build leaves behind. */

import { spawnSync } from 'node:child_process'
import { chmodSync, copyFileSync, existsSync, readFileSync } from 'node:fs'
import { constants } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { describe, expect, test, vi } from 'vitest'
import { below, numbers, only, PAGE_KB, processesOf } from './ends.ts'
import {
  AS_NOBODY,
  compiler,
  directoryOfNobody,
  mymonitor,
  needsOrdinaryUser,
  processesWith,
  type Recorded,
  record,
  recordAsNobody,
  recordingIn,
  run,
  summary,
  temporary,
} from './harness.ts'
import { rows } from './readers.ts'

vi.setConfig({ testTimeout: 30_000 })

const compile = compiler()
const ENDS = compile('ends') ?? ''
const LISTENER = compile('listener') ?? ''
const STRICT = compile('strict') ?? ''
const FORBID = compile('forbid') ?? ''

const WITHOUT_CONNECTOR = ['--events', 'seccomp']
/** What FORBID makes of this kernel: it refuses SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV as those that do not know it. */
const OLDER_KERNEL = `${constants.errno.EINVAL}:32`

/** Records `command` by a mymonitor whose system calls are refused as FORBID is told. */
async function recordUnder(refusal: string, command: string[], ...flags: string[]): Promise<Recorded> {
  const output = temporary()
  const sample = mymonitor('sample', '--output-dir', output, '--no-report', ...flags, '--', ...command)
  const ended = await run([FORBID, refusal, ...sample])
  return { ...ended, ...recordingIn(output, ended) }
}

describe('which sources there were', () => {
  test('--events poll leaves the kernel alone and says so', async () => {
    const recorded = await record(['grep', '^Seccomp:', '/proc/self/status'], ['--events', 'poll'])
    const bare = await run(['grep', '^Seccomp:', '/proc/self/status'])
    expect(recorded.stdout.toString()).toBe(bare.stdout.toString())
    expect(recorded.metadata.exit_records?.state).toBe('off')
    expect(recorded.metadata.sources).toEqual(['children_walk'])
  })

  test('without the process connector the last pid tells of forks, and whoever made them', async (context) => {
    // Of its own, because on a host that forks much the tree is walked.
    const namespace = ['unshare', '-Urpf', '--mount-proc']
    if (spawnSync('unshare', [...namespace.slice(1), 'true']).status !== 0) context.skip('making user namespaces is not permitted')
    const output = temporary()
    const forks = '(sleep 1.01 &); sh -c "sleep 1.02; :" & sleep 0.2; sleep 1.03 & wait'
    const sampled = mymonitor('sample', '--output-dir', output, '--no-report', '--events', 'poll', '--', 'sh', '-c', `sleep 0.5; ${forks}`)
    const { status, stderr } = await run([...namespace, ...sampled])
    expect(status, stderr.toString()).toBe(0)
    const { dir, metadata } = recordingIn(output)
    expect(metadata.sources).toEqual(['children_walk', 'last_pid'])
    expect(metadata.counts?.discovery_lag_ticks).toBe(1)
    const processes = await rows(dir, 'processes')
    for (const seconds of ['1.01', '1.02', '1.03']) {
      const sleep = processes.find(({ argv }) => argv?.join(' ') === `sleep ${seconds}`)
      expect(sleep?.samples, seconds).toBeGreaterThan(5)
    }
  })

  test("a last pid that is not the kernel's tells nothing: lxcfs has an older one there", async (context) => {
    const stale = join(temporary(), 'loadavg')
    copyFileSync('/proc/loadavg', stale)
    const covered = ['unshare', '-mn', 'sh', '-c', 'mount --bind "$0" /proc/loadavg && exec "$@"', stale]
    if (spawnSync('unshare', [...covered.slice(1), 'true']).status !== 0) context.skip('mounting over /proc/loadavg is not permitted')
    const output = temporary()
    const sampled = mymonitor(
      'sample',
      '--output-dir',
      output,
      '--no-report',
      '--events',
      'poll',
      '--',
      'sh',
      '-c',
      'sleep 0.5; sleep 0.6; :',
    )
    expect((await run([...covered, ...sampled])).status).toBe(0)
    const { dir, metadata } = recordingIn(output)
    expect(metadata.sources).toEqual(['children_walk'])
    const sleeps = (await rows(dir, 'processes')).filter(({ name }) => name === 'sleep')
    expect(sleeps.map(({ samples }) => samples > 5)).toEqual([true, true])
    const found = await run([...covered, ...mymonitor('doctor')])
    expect(String(found.stdout)).toContain('new ones are found by a walk over all children')
  })

  test('a build that wants a listener of its own is refused one: a limit, with --events poll as the way out', async () => {
    const [auto, poll] = [await record([LISTENER]), await record([LISTENER], ['--events', 'poll'])]
    expect(auto.stdout.toString()).toBe('EBUSY\n')
    expect(poll.stdout.toString()).toBe('installed\n')
    expect([auto, poll].map(({ metadata }) => metadata.exit_records?.refused_listeners)).toEqual([['listener'], []])
    expect((await summary(auto.dir)).trust.warnings).toContain(
      'listener asked for a seccomp listener and could get none (EBUSY), because the exit records have it: with --events poll it can.',
    )
  })

  test('every program that wants one is named once, those of 32 bits too, and not who only asks whether the kernel has them', async (context) => {
    const listener32 = compile('listener', '-m32')
    if (listener32 === null) return context.skip('no 32-bit compiler')
    const dir = temporary()
    const [probe, other] = [join(dir, 'probe'), join(dir, 'other')]
    for (const copy of [probe, other]) copyFileSync(LISTENER, copy)
    const { stdout, metadata } = await record(['sh', '-c', '"$0"; "$1" probe; "$2"; "$0"', listener32, probe, other])
    expect(stdout.toString()).toBe('EBUSY\nBad address\nEBUSY\nEBUSY\n')
    expect(metadata.exit_records?.refused_listeners).toEqual([basename(listener32), 'other'])
  })

  test('a build that wants the strict mode of seccomp is refused it: a limit, with --events poll as the way out', async () => {
    const [auto, poll] = [await record([STRICT]), await record([STRICT], ['--events', 'poll'])]
    expect(auto.stdout.toString()).toBe('refused\n')
    expect(poll.stdout.toString()).toBe('strict\n')
  })

  test('where a filter kills who calls seccomp(2), the build is not started and one line says what to try', async () => {
    const dir = temporary()
    const sample = (...flags: string[]) =>
      run([FORBID, '0', ...mymonitor('sample', '--output-dir', dir, '--no-report', ...flags, '--', 'echo', 'built')])
    const auto = await sample()
    expect([auto.status, String(auto.stdout)]).toEqual([125, ''])
    expect(String(auto.stderr)).toMatch(/^mymonitor: the launcher was killed before it started the build; [^\n]* --events poll\n$/)
    const poll = await sample('--events', 'poll')
    expect([poll.status, String(poll.stdout)]).toEqual([0, 'built\n'])
  })

  test.each([
    ['a kernel before 5.19, which does not know the flag', OLDER_KERNEL, 'Invalid argument'],
    ['a kernel or sandbox that has no seccomp(2)', String(constants.errno.ENOSYS), 'Function not implemented'],
  ])('on %s a build goes on without exit records, and one line says why', async (_, refusal, reason) => {
    const recorded = await recordUnder(refusal, ['sh', '-c', '"$0" mark 4 7; exit 6', ENDS])
    expect(recorded.status).toBe(6)
    expect(recorded.metadata.exit_records).toMatchObject({ state: 'refused', killable: null, records: 0 })
    expect(recorded.metadata.sources).not.toContain('exit_records')
    const lines = (await summary(recorded.dir)).trust.warnings.filter((line) => /exit records?/i.test(line))
    expect(lines).toEqual([expect.stringMatching(`^No exit records \\(${reason} .*mymonitor doctor says what would change it\\.$`)])
  })

  test('on a kernel before 5.19 they can be demanded: complete, and it is said that a signal may break an exit', async () => {
    const recorded = await recordUnder(OLDER_KERNEL, ['sh', '-c', '"$0" mark 20000 7; exit 6', ENDS], ...WITHOUT_CONNECTOR)
    expect(recorded.status).toBe(6)
    expect(recorded.metadata.exit_records).toMatchObject({ state: 'on', killable: false, dropped: 0, unreadable: 0 })
    expect(recorded.metadata.sources).toEqual(['children_walk', 'exit_records'])
    const [pid, markKb = 0] = numbers(recorded.stdout)
    const row = await only(recorded, pid)
    expect(row).toMatchObject({ end: 'exited', exit_code: 7, peak_source: 'exit_record' })
    expect(Math.abs((row.peak_rss_kb ?? 0) - markKb)).toBeLessThanOrEqual(PAGE_KB)
    expect((await summary(recorded.dir)).trust.warnings).toContain(
      'This kernel cannot shield exits from signals (it is older than Linux 5.19): a handler without SA_RESTART may have broken an exit.',
    )
  })

  test('where there is no seccomp(2) at all and it is demanded, the build is not started: 125 and one line', async () => {
    const dir = temporary()
    const demanded = mymonitor('sample', '--output-dir', join(dir, 'out'), ...WITHOUT_CONNECTOR, '--', 'touch', join(dir, 'ran'))
    const { status, stderr } = await run([FORBID, String(constants.errno.ENOSYS), ...demanded])
    expect(status).toBe(125)
    expect(String(stderr)).toMatch(/^mymonitor: --events seccomp: [^\n]*\(function not implemented\); [^\n]*--events auto[^\n]*\n$/)
    expect(existsSync(join(dir, 'ran'))).toBe(false)
  })

  test('a mymonitor inside another goes on without exit records, and says why', async () => {
    const dir = temporary()
    const inner = mymonitor('sample', '--output-dir', dir, '--no-report', '--', 'sh', '-c', 'echo whole; sleep 0.2; exit 6')
    const outer = await record(inner)
    expect(outer.status).toBe(6)
    expect(outer.stdout.toString()).toBe('whole\n')
    const { metadata } = recordingIn(dir)
    expect(metadata.exit_records).toMatchObject({ state: 'refused', records: 0 })
    expect(metadata.exit_records?.reason).toMatch(/EBUSY|busy|listener/)
    expect(metadata.sources).not.toContain('exit_records')
    expect(outer.metadata.sources).toContain('exit_records')
    const names = (await processesOf(outer)).map(({ name, exit_code }) => [name, exit_code])
    expect(names).toContainEqual(['sleep', 0])
    expect(names).toContainEqual(['sh', 6])
  })

  test('where they are demanded and cannot be had, the build is not started: 125 and one line', async () => {
    const dir = temporary()
    const inner = mymonitor('sample', '--output-dir', join(dir, 'out'), '--events', 'seccomp', '--', 'touch', join(dir, 'ran'))
    const { status } = await record(['sh', '-c', '"$@" 2>"$0"', join(dir, 'stderr'), ...inner])
    expect(status).toBe(125)
    expect(readFileSync(join(dir, 'stderr'), 'utf8')).toMatch(/^mymonitor: --events seccomp: [^\n]*--events auto[^\n]*\n$/)
    expect(existsSync(join(dir, 'ran'))).toBe(false)
  })
})

describe('new pid and user namespaces', () => {
  const SANDBOX = ['unshare', '-Urpf', '--mount-proc']
  const BUILD = [...SANDBOX, 'sh', '-c', '"$0" mark 20000 21; (exit 22); sleep 0.2; exit 23', ENDS]

  async function expectSandboxRecorded(recorded: Recorded): Promise<void> {
    expect(recorded.status, recorded.stderr.toString()).toBe(23)
    const processes = await processesOf(recorded)
    const coded = (code: number) => processes.filter(({ exit_code }) => exit_code === code)
    const [marked] = coded(21)
    // Inside, its pid is another.
    const [inside, markKb = 0] = numbers(recorded.stdout)
    expect(marked?.pid).not.toBe(inside)
    expect(marked?.argv).toEqual([ENDS, 'mark', '20000', '21'])
    expect(Math.abs((marked?.peak_rss_kb ?? 0) - markKb)).toBeLessThanOrEqual(PAGE_KB)
    expect(coded(22)).toHaveLength(1)
    expect(
      coded(23)
        .map(({ name }) => name)
        .toSorted(),
    ).toEqual(['sh', 'unshare'])
    expect(processes.find(({ name }) => name === 'sleep')?.samples).toBeGreaterThan(1)
    expect(processes.filter(({ end }) => end === 'lost')).toEqual([])
  }

  test('are recorded like the rest', async (context) => {
    if (spawnSync('unshare', [...SANDBOX.slice(1), 'true']).status !== 0) context.skip('making user namespaces is not permitted')
    await expectSandboxRecorded(await record(BUILD))
  })

  test('are recorded like the rest for an ordinary user', async (context) => {
    needsOrdinaryUser(context)
    const [setpriv = '', ...as] = AS_NOBODY
    if (spawnSync(setpriv, [...as, ...SANDBOX, 'true']).status !== 0) context.skip('user namespaces are not permitted to ordinary users')
    await expectSandboxRecorded(await recordAsNobody(BUILD))
  })
})

/** A copy of `id` that everybody runs as root. */
function setuidId(): string {
  const dir = temporary()
  chmodSync(dir, 0o755)
  const id = join(dir, 'setuid-id')
  copyFileSync('/usr/bin/id', id)
  chmodSync(id, 0o4755)
  return id
}

describe('an ordinary user', () => {
  test('has exit records, and the recording says that no privilege is gained at exec', async (context) => {
    needsOrdinaryUser(context)
    const recorded = await recordAsNobody(below(ENDS, 'mark', '20000', '3'))
    const [pid, markKb = 0] = numbers(recorded.stdout)
    const row = await only(recorded, pid)
    expect(row).toMatchObject({ end: 'exited', exit_code: 3, peak_source: 'exit_record', uid: 65534 })
    expect(Math.abs((row.peak_rss_kb ?? 0) - markKb)).toBeLessThanOrEqual(PAGE_KB)
    expect(recorded.metadata.exit_records).toMatchObject({ state: 'on', no_new_privs: true })
  })

  test('a failed posix_spawn never takes the mark of its parent', async (context) => {
    needsOrdinaryUser(context)
    const recorded = await recordAsNobody([ENDS, 'failed-spawn', '60000'])
    const marks = (await processesOf(recorded)).map(({ exit_code, peak_rss_kb }) => [exit_code, (peak_rss_kb ?? 0) > 60_000])
    expect(marks).toContainEqual([0, true])
    expect(marks).toContainEqual([127, false])
  })

  test('a setuid program runs without its privilege, and with it under --events poll', async (context) => {
    needsOrdinaryUser(context)
    const id = setuidId()
    const bare = await run([...AS_NOBODY, id, '-u'])
    if (bare.stdout.toString() !== '0\n') context.skip('the file system ignores set-user-id')
    const [auto, poll] = [await recordAsNobody([id, '-u']), await recordAsNobody([id, '-u'], '--events', 'poll')]
    expect([auto.status, auto.stdout.toString()]).toEqual([0, '65534\n'])
    expect(auto.metadata.exit_records?.no_new_privs).toBe(true)
    expect([poll.status, poll.stdout.toString()]).toEqual([0, '0\n'])
  })

  test('is told which program lost its privilege, by the file and not by its name', async (context) => {
    needsOrdinaryUser(context)
    const id = setuidId()
    const sudo = join(dirname(id), 'sudo')
    copyFileSync('/usr/bin/id', sudo)
    if (String((await run([...AS_NOBODY, id, '-u'])).stdout) !== '0\n') context.skip('the file system ignores set-user-id')
    const { dir, metadata } = await recordAsNobody(['sh', '-c', '"$0"; "$1"; "$2"', id, sudo, '/no/longer/su'])
    expect(metadata.exit_records?.privilege_lost).toEqual(['setuid-id'])
    expect((await summary(dir)).trust.warnings).toContain(
      'setuid-id ran and could gain no privilege, because of the exit records (NO_NEW_PRIVS): with --events poll it can.',
    )
  })

  test('of a build of root gains privilege as ever: NO_NEW_PRIVS is not set', async (context) => {
    needsOrdinaryUser(context)
    const id = setuidId()
    const bare = await run([...AS_NOBODY, id, '-u'])
    const recorded = await record([...AS_NOBODY, id, '-u'])
    expect(recorded.stdout.toString()).toBe(bare.stdout.toString())
    expect(recorded.metadata.exit_records).toMatchObject({ state: 'on', no_new_privs: false })
  })
})

describe('a daemon that the build leaves behind', () => {
  async function expectDaemonWhole(sample: (command: string[]) => Promise<Recorded>, told: string): Promise<void> {
    const daemon = `sleep 1.2; /bin/true; echo $? >${told}; (exit 4); echo $? >>${told}; exit 5`
    const script = `setsid sh -c 'sh -c "$0"; echo $? >>${told}' "$0" </dev/null >/dev/null 2>&1 & exit 3`
    const recorded = await sample(['sh', '-c', script, daemon])
    expect(recorded.status).toBe(3)
    expect(recorded.metadata.state).toBe('finished')
    expect(recorded.metadata.measurement_error).toBeNull()
    // The build has ended long before, and the launcher is there for what it left behind.
    expect(existsSync(told)).toBe(false)
    expect(processesWith(told).length).toBeGreaterThanOrEqual(3)
    await vi.waitFor(() => expect(readFileSync(told, 'utf8')).toBe('0\n4\n5\n'), { timeout: 5_000, interval: 20 })
    await vi.waitFor(() => expect(processesWith(told)).toEqual([]), { timeout: 2_000 })
  }

  test('ends as it would, and the launcher with it', async () => {
    await expectDaemonWhole((command) => record(command), join(temporary(), 'told'))
  })

  test('ends as it would for an ordinary user, too', async (context) => {
    needsOrdinaryUser(context)
    await expectDaemonWhole((command) => recordAsNobody(command), join(directoryOfNobody(), 'told'))
  })
})
