/** The build's output reaches whoever should have it, byte for byte, and never waits for us. */

import { createHash } from 'node:crypto'
import { closeSync, openSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test, vi } from 'vitest'
import {
  BURNER,
  type Ended,
  killProcessesWith,
  mymonitor,
  processesWith,
  record,
  recordingIn,
  run,
  temporary,
  uniqueSleep,
} from './harness.ts'

vi.setConfig({ testTimeout: 60_000 })

const digest = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex')
const logOf = (dir: string) => readFileSync(join(dir, 'build_stdout.log'))

/** Not UTF-8, no newline at the end, both descriptors. */
const AWKWARD = ['sh', '-c', "printf 'one\\0\\377\\n\\033[31mtwo'; printf 'err\\377or' >&2; exit 0"]

async function sweep(command: string, flags: string[] = []): Promise<Ended & { dir: string }> {
  const dir = temporary()
  writeFileSync(join(dir, 'config.toml'), '')
  const project = `name = "printer"\ndir = ${JSON.stringify(dir)}\nprocess_pattern = ""\nbuild_command_template = ${JSON.stringify(command)}\n`
  writeFileSync(join(dir, 'projects.toml'), `[[projects]]\n${project}`)
  const common = ['--config', join(dir, 'config.toml'), '-p', 'printer', '-j', '1', '--output-dir', join(dir, 'out'), '--no-report']
  const ended = await run(mymonitor('sample', ...common, ...flags))
  return { ...ended, dir: recordingIn(join(dir, 'out'), ended).dir }
}

describe('output of the build', () => {
  test('a command writes the same bytes to stdout and stderr as without us', async () => {
    const bare = await run(AWKWARD)
    const recorded = await record(AWKWARD)
    expect(recorded.stdout).toEqual(bare.stdout)
    expect(recorded.stderr.includes(bare.stderr)).toBe(true)
  })

  test('with --log-output it does too, and the log has both', async () => {
    const bare = await run(AWKWARD)
    const recorded = await record(AWKWARD, ['--log-output'])
    expect(recorded.stdout).toEqual(bare.stdout)
    expect(recorded.stderr.includes(bare.stderr)).toBe(true)
    const log = logOf(recorded.dir)
    expect(log.includes(bare.stdout)).toBe(true)
    expect(log.includes(bare.stderr)).toBe(true)
  })

  test('stdout and stderr that are one file keep their order', async () => {
    const script = 'for i in 1 2 3 4 5 6 7 8 9; do echo out $i; echo err $i >&2; done'
    const file = join(temporary(), 'both')
    const both = openSync(file, 'a')
    await record(['sh', '-c', script], [], { stdio: ['ignore', both, both] })
    closeSync(both)
    const expected = Array.from({ length: 9 }, (_, i) => `out ${i + 1}\nerr ${i + 1}\n`).join('')
    expect(readFileSync(file, 'utf8')).toContain(expected)
  })

  test('in a sweep the log is the output, in order, and nothing of it is on our stdout', async () => {
    const ended = await sweep('for i in 1 2 3; do echo out $i; echo err $i >&2; done; cat')
    expect(logOf(ended.dir).toString()).toBe('out 1\nerr 1\nout 2\nerr 2\nout 3\nerr 3\n')
    expect(ended.stdout.toString()).not.toContain('out 1')
  })

  test('with --show-output a sweep writes to both', async () => {
    const ended = await sweep('printf "shown\\n"; printf "seen\\n" >&2', ['--show-output'])
    expect(logOf(ended.dir).toString().split('\n').toSorted()).toEqual(['', 'seen', 'shown'])
    expect(`${ended.stdout}${ended.stderr}`).toContain('shown\n')
    expect(`${ended.stdout}${ended.stderr}`).toContain('seen\n')
  })

  test("a reader that closes early closes the build's pipe, with --log-output too", async () => {
    for (const flags of ['', '--log-output']) {
      const argv = mymonitor(
        'sample',
        '--output-dir',
        temporary(),
        '--no-report',
        ...(flags ? [flags] : []),
        '--',
        'sh',
        '-c',
        'yes; exit 7',
      )
      const script = '"$@" 2>"$0" | head -n 1; echo "$PIPESTATUS"'
      const { stdout } = await run(['bash', '-c', script, join(temporary(), 'stderr'), ...argv])
      expect(stdout.toString()).toBe('y\n7\n')
    }
  })
})

describe('known defect 7: a build that prints 50 MB ends, and all of it arrives', () => {
  const print = [BURNER, 'print', 'size=50M']
  const expected = async () => digest((await run(print)).stdout)

  test('as a command', async () => {
    const recorded = await record(print)
    expect(recorded.status).toBe(0)
    expect(digest(recorded.stdout)).toBe(await expected())
  })

  test('as a command with --log-output', async () => {
    const recorded = await record(print, ['--log-output'])
    expect(recorded.status).toBe(0)
    expect(digest(recorded.stdout)).toBe(await expected())
    expect(digest(logOf(recorded.dir))).toBe(await expected())
  })

  test('in a sweep', async () => {
    // So that it fails, and does not hang, where the output is not drained.
    const ended = await sweep(print.join(' '), ['--timeout', '45s'])
    expect(ended.status).toBe(0)
    expect(digest(logOf(ended.dir))).toBe(await expected())
  })

  test('in a sweep with --show-output', async () => {
    const ended = await sweep(print.join(' '), ['--show-output'])
    expect(ended.status).toBe(0)
    expect(digest(logOf(ended.dir))).toBe(await expected())
  })
})

describe('a writer that outlives the root, under --log-output', () => {
  test('does not keep us waiting, though its pipe is never empty', async () => {
    const marker = uniqueSleep()
    const ended = await record(['sh', '-c', `(exec timeout ${marker} yes) & exit 4`], ['--log-output'])
    expect(ended.status).toBe(4)
    killProcessesWith(marker, 'SIGKILL')
  })

  test('does not survive the end of the time', async () => {
    const marker = uniqueSleep()
    const script = `(trap '' TERM; exec timeout -s INT ${marker} yes) & wait`
    const ended = await record(['sh', '-c', script], ['--log-output', '--timeout', '400ms'])
    expect(ended.status).toBe(124)
    expect(processesWith(marker)).toEqual([])
  })
})
