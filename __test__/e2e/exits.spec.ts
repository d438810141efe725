/** How processes end, and what is known of them then. */

import { spawnSync } from 'node:child_process'
import { chmodSync, copyFileSync, existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, type TestContext, test, vi } from 'vitest'
import {
  AS_NOBODY,
  compiler,
  directoryOfNobody,
  mymonitor,
  noOrdinaryUser,
  processesWith,
  type Recorded,
  record,
  recordingIn,
  run,
  temporary,
} from './harness.ts'
import { duckdb, type ProcessRow, rows } from './readers.ts'

vi.setConfig({ testTimeout: 30_000 })

const compile = compiler()
const ENDS = compile('ends') ?? ''
const LISTENER = compile('listener') ?? ''
/** Long enough that several ticks see it. */
const SEEN_MS = '250'
const PAGE_KB = 4

/** The build of one program whose parent lives on: by default nothing is its root. */
const below = (...program: string[]) => ['sh', '-c', '"$@"; exit 0', 'sh', ...program]
const numbers = (text: Buffer) => text.toString().trim().split(/\s+/).map(Number)

async function processesOf(recorded: { dir: string }): Promise<ProcessRow[]> {
  return await rows(recorded.dir, 'processes')
}

/** The only row of a process, but for what a tick may have seen of it between fork and exec. */
async function only(recorded: Recorded, pid: number | undefined): Promise<ProcessRow> {
  const found = (await processesOf(recorded)).filter((process) => process.pid === pid && process.end !== 'execed')
  expect(found, `rows of ${pid}`).toHaveLength(1)
  return found[0] as ProcessRow
}

/** Runs `mymonitor sample` as an ordinary user. */
async function recordAsNobody(command: string[], ...flags: string[]): Promise<Recorded> {
  const dir = directoryOfNobody()
  const output = join(dir, 'out')
  const ended = await run([...AS_NOBODY, ...mymonitor('sample', '--output-dir', output, '--no-report', ...flags, '--', ...command)], {
    cwd: dir,
  })
  return { ...ended, ...recordingIn(output, ended) }
}

function needsOrdinaryUser(context: TestContext): void {
  const reason = noOrdinaryUser()
  if (reason) context.skip(reason)
}

describe('the last moment of a process that no tick need have seen', () => {
  test.for([
    ['a dynamic program', []],
    ['a static program', ['-static']],
    ['a 32-bit program', ['-m32']],
  ] as const)('%s has the high-water mark that it read itself', async ([what, flags], context) => {
    const program = compile('ends', ...flags)
    if (!program) return context.skip(`cc cannot build ${what}`)
    const recorded = await record(below(program, 'mark', '20000', '3'))
    const [pid, markKb = 0] = numbers(recorded.stdout)
    const row = await only(recorded, pid)
    expect(row).toMatchObject({ end: 'exited', exit_code: 3, signal: null, peak_source: 'exit_record', threads: 1 })
    expect(markKb).toBeGreaterThan(20_000)
    expect(Math.abs((row.peak_rss_kb ?? 0) - markKb)).toBeLessThanOrEqual(PAGE_KB)
    expect(row.cpu_us).toBeGreaterThan(0)
    expect(row.argv).toEqual([program, 'mark', '20000', '3'])
  })

  test('exit_group by the 32-bit call of a 64-bit program is seen', async (context) => {
    if (process.arch !== 'x64') context.skip('not x86-64')
    const recorded = await record(below(ENDS, 'int80', '0', '9'))
    const row = await only(recorded, numbers(recorded.stdout)[0])
    expect(row).toMatchObject({ end: 'exited', exit_code: 9, peak_source: 'exit_record' })
  })

  test('a fork that never execs has a mark of its own', async () => {
    const recorded = await record([ENDS, 'fork-mark', '20000', '3'])
    const [pid, markKb = 0] = numbers(recorded.stdout)
    const row = await only(recorded, pid)
    expect(row).toMatchObject({ end: 'exited', exit_code: 3, exec_count: 0, peak_source: 'exit_record', name: row.name })
    expect(Math.abs((row.peak_rss_kb ?? 0) - markKb)).toBeLessThanOrEqual(PAGE_KB)
    const [root] = (await processesOf(recorded)).filter(({ pid }) => pid === row.ppid)
    expect(root?.peak_rss_kb).toBeLessThan(10_000)
    expect(root?.exit_code).toBe(0)
  })

  test('every subshell of a shell is recorded', async () => {
    const recorded = await record(['sh', '-c', 'for i in 1 2 3 4 5 6 7 8 9; do (exit $i); done; exit 10'])
    expect(recorded.status).toBe(10)
    const codes = (await processesOf(recorded)).map(({ exit_code }) => exit_code ?? -1)
    expect(codes.toSorted((a, b) => a - b)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
  })

  test.each([
    ['a vfork child that ends at once', ['vfork', '60000', '3'], 3],
    ['a posix_spawn that failed', ['failed-spawn', '60000'], 127],
  ])('%s never takes the mark of its parent', async (_, words, code) => {
    const recorded = await record([ENDS, ...words])
    expect(recorded.stdout.toString()).toMatch(code === 127 ? /^\d+ 2\n$/ : /^\d+\n$/)
    const processes = await processesOf(recorded)
    const root = processes.find(({ parent_id, samples }) => parent_id === null || samples > 0)
    const children = processes.filter(({ ppid }) => ppid === root?.pid)
    expect(children.map(({ end, exit_code, peak_rss_kb }) => [end, exit_code, peak_rss_kb])).toEqual([['exited', code, null]])
    expect(root?.peak_rss_kb).toBeGreaterThan(60_000)
  })

  test('two threads that call exit_group at once are one process and one row', async () => {
    const recorded = await record([ENDS, 'together', '60', '5'])
    const processes = await processesOf(recorded)
    const found = numbers(recorded.stdout).map((child) => processes.filter(({ pid, end }) => pid === child && end !== 'execed'))
    expect(found.map((images) => images.map(({ exit_code }) => exit_code))).toEqual(Array.from({ length: 60 }, () => [5]))
  })

  test('5,000 threads end with their process, and are counted', async () => {
    const recorded = await record(below(ENDS, 'threads', '5000', '4'))
    const [pid, threads] = numbers(recorded.stdout)
    expect(await only(recorded, pid)).toMatchObject({ end: 'exited', exit_code: 4, threads })
  })

  test('a process of a thousand groups has its mark, too', async (context) => {
    if (process.getuid?.() !== 0) context.skip('setting groups needs root')
    const groups = Array.from({ length: 1000 }, (_, index) => 1_000_000 + index).join(',')
    const recorded = await record(below('setpriv', `--groups=${groups}`, ENDS, 'mark', '20000', '3'))
    const [pid, markKb = 0] = numbers(recorded.stdout)
    const row = (await processesOf(recorded)).findLast((process) => process.pid === pid)
    expect(markKb).toBeGreaterThan(20_000)
    expect(row?.peak_source).toBe('exit_record')
    expect(Math.abs((row?.peak_rss_kb ?? 0) - markKb)).toBeLessThanOrEqual(PAGE_KB)
  })
})

describe('ends that are told from one another', () => {
  test('exit_group by another thread than the first', async () => {
    const recorded = await record(below(ENDS, 'thread-end', SEEN_MS, '6'))
    const row = await only(recorded, numbers(recorded.stdout)[0])
    expect(row).toMatchObject({ end: 'exited', exit_code: 6, threads: 2, peak_source: 'exit_record' })
    expect(row.argv[1]).toBe('thread-end')
    expect(row.samples).toBeGreaterThan(2)
  })

  test.each([
    ['at once', '0'],
    ['after ticks have seen it', SEEN_MS],
  ])('a process whose first thread ended %s lives on, and ends by exit_group of another', async (_, ms) => {
    const recorded = await record(below(ENDS, 'leader-gone', ms, '7'))
    const row = await only(recorded, numbers(recorded.stdout)[0])
    expect(row).toMatchObject({ end: 'exited', exit_code: 7, peak_source: 'exit_record' })
    expect(row.peak_rss_kb).toBeGreaterThan(0)
    expect(row.argv?.[1]).toBe('leader-gone')
    expect((row.end_us ?? 0) - row.start_us).toBeGreaterThan(230_000 + Number(ms))
  })

  test('an exec by another thread than the first is a new image of the same process', async () => {
    const recorded = await record(below(ENDS, 'thread-exec', SEEN_MS, 'sleep', '0.3'))
    const [pid] = numbers(recorded.stdout)
    const images = (await processesOf(recorded)).filter((process) => process.pid === pid)
    const told = images.map(({ end, exit_code, argv, exec_count }) => [
      end,
      exit_code,
      argv[0],
      exec_count - (images.at(-2)?.exec_count ?? 0),
    ])
    expect(told.slice(-2)).toEqual([
      ['execed', null, ENDS, 0],
      ['exited', 0, 'sleep', 1],
    ])
    expect(new Set(images.map(({ start_ticks }) => start_ticks)).size).toBe(1)
  })

  test('the raw exit of a process with one thread is found and its code not invented', async () => {
    const recorded = await record(below(ENDS, 'raw-exit', SEEN_MS, '5'))
    const row = await only(recorded, numbers(recorded.stdout)[0])
    expect(row).toMatchObject({ end: 'lost', exit_code: null, signal: null, peak_source: 'sample' })
  })

  test('the raw exit of the root is known from its parent, which is ours', async () => {
    const recorded = await record([ENDS, 'raw-exit', SEEN_MS, '5'])
    expect(recorded.status).toBe(5)
    const row = await only(recorded, numbers(recorded.stdout)[0])
    expect(row).toMatchObject({ end: 'exited', exit_code: 5, signal: null, peak_source: 'sample' })
  })

  test('a child that a signal ended is lost, and no exit code is made up', async () => {
    const recorded = await record(['sh', '-c', 'sleep 30 & echo $!; sleep 0.3; kill -9 $!; wait $!; echo $?'])
    const [pid, status] = numbers(recorded.stdout)
    expect(status).toBe(137)
    const row = (await processesOf(recorded)).findLast((process) => process.pid === pid)
    expect(row).toMatchObject({ end: 'lost', exit_code: null, signal: null })
  })

  test('an orphan that a signal ended is signalled, with its number', async () => {
    const script = 'pid=$(sh -c "sleep 30 >/dev/null 2>&1 & echo \\$!"); echo $pid; sleep 0.3; kill -15 $pid; sleep 0.1'
    const recorded = await record(['sh', '-c', script])
    const row = (await processesOf(recorded)).findLast(({ pid }) => pid === numbers(recorded.stdout)[0])
    expect(row).toMatchObject({ end: 'signalled', exit_code: null, signal: 15 })
  })

  test('a root that a signal ended is signalled, with its number', async () => {
    const recorded = await record(['sh', '-c', 'echo $$; sleep 0.2; kill -9 $$'])
    expect(recorded.status).toBe(137)
    expect(await only(recorded, numbers(recorded.stdout)[0])).toMatchObject({ end: 'signalled', exit_code: null, signal: 9 })
  })
})

describe('names and arguments of all kinds', () => {
  const NAMES = ['a b', ') R 1 (x', 'new\nline', 'tab\there', '((']
  test.each([
    ['from ticks', '120'],
    ['from exit records', '0'],
  ])('names of processes hold anything: %s', async (_, ms) => {
    const script = 'for name; do "$0" renamed $ms 0 "$name"; done'
    const { status, stdout, ...recorded } = await record(['env', `ms=${ms}`, 'sh', '-c', script, ENDS, ...NAMES])
    expect(status).toBe(0)
    const processes = await processesOf(recorded)
    for (const [index, pid] of numbers(stdout).entries()) {
      const images = processes.filter((process) => process.pid === pid && process.end !== 'execed')
      // A name that changed is the same program; a tick keeps the one it saw first.
      expect(images.map(({ exit_code }) => exit_code)).toEqual([0])
      expect(images[0]?.argv).toEqual([ENDS, 'renamed', ms, '0', NAMES[index]])
      if (ms === '0' && images[0]?.samples === 0) expect(images[0].name).toBe(NAMES[index])
    }
  })

  test('arguments that are no UTF-8 are kept as they were', async () => {
    const recorded = await record(['sh', '-c', '"$0" mark 4 0 "$(printf "caf\\351\\n\\377 x")" plain', ENDS])
    const row = await only(recorded, numbers(recorded.stdout)[0])
    const { raw } = await duckdb(recorded.dir, (from) => `select hex(argv_raw) as raw from ${from('processes')} where pid = ${row.pid}`)
    const words = [ENDS, 'mark', '4', '0', 'caf\xe9\n\xff x', 'plain', '']
    expect(Buffer.from(String(raw), 'hex').toString('latin1')).toBe(words.join('\0'))
    expect(row.argv[5]).toBe('plain')
    expect(row.argv[4]).toContain('caf')
  })

  test('with --no-argv there are none, from exit records neither', async () => {
    const recorded = await record(['sh', '-c', '/bin/true secret-a; sleep 0.2; "$0" mark 4 0 secret-b', ENDS], ['--no-argv'])
    const processes = await processesOf(recorded)
    expect(processes.some(({ seen_by }) => seen_by === 'exit_record')).toBe(true)
    for (const { argv } of processes) expect(argv ?? []).toEqual([])
    for (const file of ['processes.parquet', 'classes.parquet'])
      expect(readFileSync(join(recorded.dir, file)).includes('secret-')).toBe(false)
  })
})

describe('which sources there were', () => {
  test('--events poll leaves the kernel alone and says so', async () => {
    const recorded = await record(['grep', '^Seccomp:', '/proc/self/status'], ['--events', 'poll'])
    const bare = await run(['grep', '^Seccomp:', '/proc/self/status'])
    expect(recorded.stdout.toString()).toBe(bare.stdout.toString())
    expect(recorded.metadata.exit_records?.state).toBe('off')
    expect(recorded.metadata.sources).toEqual(['children_walk'])
  })

  test('a build that wants a listener of its own is refused one: a limit, with --events poll as the way out', async () => {
    const [auto, poll] = [await record([LISTENER]), await record([LISTENER], ['--events', 'poll'])]
    expect(auto.stdout.toString()).toBe('EBUSY\n')
    expect(poll.stdout.toString()).toBe('installed\n')
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
    expect(metadata.sources).toEqual(['children_walk'])
    expect(outer.metadata.sources).toEqual(['children_walk', 'exit_records'])
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
    const dir = temporary()
    chmodSync(dir, 0o755)
    const id = join(dir, 'setuid-id')
    copyFileSync('/usr/bin/id', id)
    chmodSync(id, 0o4755)
    const bare = await run([...AS_NOBODY, id, '-u'])
    if (bare.stdout.toString() !== '0\n') context.skip('the file system ignores set-user-id')
    const [auto, poll] = [await recordAsNobody([id, '-u']), await recordAsNobody([id, '-u'], '--events', 'poll')]
    expect([auto.status, auto.stdout.toString()]).toEqual([0, '65534\n'])
    expect(auto.metadata.exit_records?.no_new_privs).toBe(true)
    expect([poll.status, poll.stdout.toString()]).toEqual([0, '0\n'])
  })

  test('of a build of root gains privilege as ever: NO_NEW_PRIVS is not set', async (context) => {
    needsOrdinaryUser(context)
    const dir = temporary()
    chmodSync(dir, 0o755)
    const id = join(dir, 'setuid-id')
    copyFileSync('/usr/bin/id', id)
    chmodSync(id, 0o4755)
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
