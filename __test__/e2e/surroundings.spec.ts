/** What the build inherits: the same as without us. */

import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test, vi } from 'vitest'
import { BURNER, mymonitor, record, recordingIn, run, temporary } from './harness.ts'
import { rows } from './readers.ts'

vi.setConfig({ testTimeout: 60_000 })

/** Prints what a process can know of what it inherited. `ls` names its own directory descriptor, which is the same number in both runs. */
const PROBE = `
  umask; ulimit -S -a; ulimit -H -a; nice; cat /proc/self/oom_score_adj; pwd
  grep -E '^(SigBlk|SigIgn|NoNewPrivs|Cpus_allowed_list|CapEff|CapBnd|Groups|Umask)' /proc/self/status
  echo process group and session: $(cut -d' ' -f5,6 /proc/self/stat)
  echo descriptors: $(ls /proc/self/fd)
`

/** Prints oom_score_adj of the build, the launcher and mymonitor. */
const RANKS = ['sh', '-c', 'cat /proc/$$/oom_score_adj /proc/$PPID/oom_score_adj "/proc/$(cut -d" " -f4 /proc/$PPID/stat)/oom_score_adj"']

const succeeds = ([program = '', ...args]: string[]) => spawnSync(program, args, { stdio: 'ignore' }).status === 0

/** The probe alone and recorded, each after `before` in a shell that stays its parent. NO_NEW_PRIVS is expected where the recording announces it. */
async function probed(before: string): Promise<{ bare: string; recorded: string }> {
  const cwd = temporary()
  const probe = ['bash', '-c', PROBE]
  const output = temporary()
  const sampled = mymonitor('sample', '--output-dir', output, '--no-report', '--', ...probe)
  const both = []
  for (const command of [probe, sampled]) {
    const { stdout, stderr, status } = await run(['bash', '-c', `${before}\n"$@"; exit $?`, 'bash', ...command], { cwd })
    expect(status, stderr.toString()).toBe(0)
    both.push(stdout.toString())
  }
  const [bare = '', recorded = ''] = both
  expect(bare).toContain('descriptors: 0 1 2')
  const announced = recordingIn(output).metadata.exit_records?.no_new_privs === true
  return { bare: announced ? bare.replace('NoNewPrivs:\t0', 'NoNewPrivs:\t1') : bare, recorded }
}

describe('the build inherits what it would without us', () => {
  test('descriptors, limits, mask, signals, priority, process group and session', async () => {
    const { bare, recorded } = await probed('')
    expect(recorded).toBe(bare)
  })

  test('no filter of system calls, with --events poll; the one of the exit records is announced', async () => {
    const probe = ['grep', '^Seccomp', '/proc/self/status']
    const { stdout: bare } = await run(probe)
    const polled = await record(probe, ['--events', 'poll'])
    expect(polled.stdout.toString()).toBe(bare.toString())
    expect(polled.metadata.sources).not.toContain('exit_records')
    const auto = await record(probe)
    expect(auto.stdout.toString() === bare.toString()).toBe(!auto.metadata.sources.includes('exit_records'))
  })

  test('a soft limit of open files below the hard one', async () => {
    const { bare, recorded } = await probed('ulimit -Sn 300')
    expect(bare).toMatch(/open files .* 300\n/)
    expect(recorded).toBe(bare)
  })

  test('its rank before the OOM killer, which mymonitor and the launcher lower for themselves where they may', async () => {
    const raised = (command: string[]) => ['bash', '-c', 'echo 1000 > /proc/self/oom_score_adj; "$@"; exit $?', 'bash', ...command]
    const permitted = ['-500', '0'].find((value) => succeeds(raised(['sh', '-c', `echo ${value} > /proc/self/oom_score_adj`])))
    const output = temporary()
    const { stdout } = await run(raised(mymonitor('sample', '--output-dir', output, '--no-report', '--', ...RANKS)))
    expect(stdout.toString()).toBe(`1000\n${permitted ?? 1000}\n${permitted ?? 1000}\n`)
    expect(recordingIn(output).metadata.oom_score_adj).toBe(permitted === undefined ? null : Number(permitted))
  })

  test('its rank before the OOM killer where it may not be lowered: nothing is, and nothing said', async (context) => {
    const without = process.getuid?.() === 0 ? ['setpriv', '--bounding-set=-sys_resource', '--inh-caps=-sys_resource', '--'] : []
    if (without.length > 0 && !succeeds([...without, 'true'])) context.skip('setpriv cannot take a capability away here')
    const lowest = ['sh', '-c', '{ echo 0 > /proc/self/oom_score_adj; } 2> /dev/null; exec "$@"', 'sh']
    const output = temporary()
    const { stdout, stderr } = await run([
      ...without,
      ...lowest,
      ...mymonitor('sample', '--output-dir', output, '--no-report', '--', ...RANKS),
    ])
    expect(stdout.toString()).toMatch(/^(-?\d+\n)\1\1$/)
    expect(stderr.toString()).not.toMatch(/oom/i)
    expect(recordingIn(output).metadata.oom_score_adj).toBeNull()
  })

  test('umask, priority and a descriptor that the caller left open', async () => {
    const { bare, recorded } = await probed('umask 027; renice -n 3 $$ >/dev/null; exec 7</etc/hostname 9>/dev/null')
    expect(bare).toMatch(/descriptors: .*\b7 9\b/)
    expect(recorded).toBe(bare)
  })

  test('at the second level too, when the first has been analysed', async () => {
    const output = temporary()
    const probe = ['sh', '-c', 'echo level {N}: $(ls /proc/self/fd)']
    const bare = await run(probe)
    const { stdout } = await run(mymonitor('sample', '--output-dir', output, '-j', '1,2', '--', ...probe))
    const expected = bare.stdout.toString().replace('level {N}: ', '')
    expect(stdout.toString()).toBe(`level 1: ${expected}level 2: ${expected}`)
  })

  test('under nohup HUP stays ignored', async () => {
    const script = 'nohup "$@" </dev/null 2>/dev/null | cat'
    const probe = ['grep', '^SigIgn', '/proc/self/status']
    const sampled = mymonitor('sample', '--output-dir', temporary(), '--no-report', '--', ...probe)
    const bare = await run(['bash', '-c', script, 'bash', ...probe])
    const recorded = await run(['bash', '-c', script, 'bash', ...sampled])
    expect(bare.stdout.toString()).toMatch(/^SigIgn:\t[0-9a-f]{15}1\n$/)
    expect(recorded.stdout.toString()).toBe(bare.stdout.toString())
  })

  test('the environment, to the byte', async () => {
    const env = { PATH: process.env['PATH'], HOME: process.env['HOME'], EMPTY: '', LINES: 'a\nb', 'odd name': 'ü=1', NODE_OPTIONS: '' }
    const bare = await run(['env', '-0'], { env })
    const recorded = await record(['env', '-0'], [], { env })
    const variables = (text: Buffer) => text.toString('latin1').split('\0').toSorted()
    expect(variables(recorded.stdout)).toEqual(variables(bare.stdout))
  })

  test('the terminal: all three descriptors are it, in its size, and the build is in its foreground', async () => {
    const probe = [
      'bash',
      '-c',
      'test -t 0 && test -t 1 && test -t 2 && stty size && tty -s && ps -o stat= -p $$ | grep -o +; read line; echo got $line',
    ]
    const sampled = mymonitor('sample', '--output-dir', temporary(), '--no-report', '--', ...probe)
    const both = []
    for (const command of [probe, sampled]) {
      // A file, not a pipe: the whole input is there when the terminal opens.
      const input = join(temporary(), 'input')
      writeFileSync(input, 'typed\n')
      both.push(await run(['sh', '-c', '"$@" <"$0"', input, BURNER, 'pty', '--', ...command]))
    }
    const [bare, recorded] = both
    expect(bare?.stdout.toString()).toMatch(/24 80\r\n\+\r\ngot typed\r\n/)
    expect(recorded?.stdout.toString()).toContain('24 80\r\n+\r\ngot typed\r\n')
    expect(recorded?.status).toBe(0)
  })

  test('the jobserver of the make that started us', async () => {
    const dir = temporary()
    const argv = mymonitor('sample', '--output-dir', join(dir, 'out'), '--no-report', '--')
    const quoted = argv.map((word) => `'${word}'`).join(' ')
    writeFileSync(join(dir, 'Makefile'), `all:\n\t+${quoted} $(MAKE) -f inner.mk\n`)
    writeFileSync(join(dir, 'inner.mk'), 'all: a b c d\na b c d:\n\tsleep 0.6\n')
    const { status, stdout, stderr } = await run(['make', '-j4'], { cwd: dir })
    expect(status, `${stdout}${stderr}`).toBe(0)
    expect(`${stdout}${stderr}`).not.toContain('jobserver')
    const recording = recordingIn(join(dir, 'out')).dir
    const sleeps = new Set((await rows(recording, 'processes')).filter(({ name }) => name === 'sleep').map(({ process_id }) => process_id))
    const together = new Map<number, number>()
    for (const { tick, process_id } of await rows(recording, 'memory_samples')) {
      if (sleeps.has(process_id)) together.set(tick, (together.get(tick) ?? 0) + 1)
    }
    expect(Math.max(...together.values())).toBe(4)
  })
})
