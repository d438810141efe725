/** How processes end, and what is known of them then. */

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test, vi } from 'vitest'
import { below, numbers, only, PAGE_KB, processesOf } from './ends.ts'
import { compiler, record } from './harness.ts'
import { duckdb } from './readers.ts'

vi.setConfig({ testTimeout: 30_000 })

const compile = compiler()
const ENDS = compile('ends') ?? ''
/** Exit records alone: what they do not tell is not known. */
const WITHOUT_CONNECTOR = ['--events', 'seccomp']
/** Long enough that several ticks see it. */
const SEEN_MS = '250'

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
    const [pid] = numbers(recorded.stdout)
    const row = await only(recorded, pid)
    expect(row).toMatchObject({ end: 'exited', exit_code: 7, peak_source: 'exit_record' })
    expect(row.peak_rss_kb).toBeGreaterThan(0)
    expect(row.argv?.[1]).toBe('leader-gone')
    // A tick may fall between its fork and its exec.
    const images = (await processesOf(recorded)).filter((process) => process.pid === pid)
    expect((row.end_us ?? 0) - Math.min(...images.map(({ start_us }) => start_us))).toBeGreaterThan(230_000 + Number(ms))
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
    const recorded = await record(below(ENDS, 'raw-exit', SEEN_MS, '5'), WITHOUT_CONNECTOR)
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
    const recorded = await record(['sh', '-c', 'sleep 30 & echo $!; sleep 0.3; kill -9 $!; wait $!; echo $?'], WITHOUT_CONNECTOR)
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
    const { raw } = await duckdb(
      recorded.dir,
      (from) => `select hex(argv_raw) as raw from ${from('processes')} where process_id = ${row.process_id}`,
    )
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
