/** What `mymonitor sample` ends with. */

import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test, vi } from 'vitest'
import { BURNER, mymonitor, record, recordingIn, run, temporary } from './harness.ts'

vi.setConfig({ testTimeout: 60_000 })

describe('exit status', () => {
  test.each([
    [0, 'status=0'],
    [3, 'status=3'],
    [125, 'status=125'],
    [255, 'status=255'],
    [143, 'signal=TERM'],
    [137, 'signal=KILL'],
  ])('known defect 9: %i is passed on when the build ends with %s', async (status, how) => {
    const recorded = await record([BURNER, 'exit', how, 'after=60ms'])
    expect(recorded.status).toBe(status)
    expect(recorded.metadata.state).toBe('finished')
    expect(recorded.metadata.exit_code).toBe(status > 128 && how.startsWith('signal') ? null : status)
    expect(recorded.metadata.signal).toBe(how.startsWith('signal') ? status - 128 : null)
  })

  test('known defect 9: the status of a failed build is passed on from a sweep', async () => {
    const dir = temporary()
    writeFileSync(join(dir, 'config.toml'), '')
    const fields = `name = "broken"\ndir = "${dir}"\nprocess_pattern = ""\n`
    writeFileSync(join(dir, 'projects.toml'), `[[projects]]\n${fields}build_command_template = "sleep 0.2; exit 3"\n`)
    const flags = ['--config', join(dir, 'config.toml'), '-p', 'broken', '-j', '1', '--output-dir', join(dir, 'out'), '--no-report']
    const ended = await run(mymonitor('sample', ...flags))
    expect(ended.status, ended.stderr.toString()).toBe(3)
    expect(recordingIn(join(dir, 'out')).metadata.exit_code).toBe(3)
  })

  test('known defect 9: 127 and one line for a command that does not exist', async () => {
    const { status, stderr, stdout } = await run(mymonitor('sample', '--output-dir', temporary(), '--', 'no-such-command'))
    expect(status).toBe(127)
    expect(stdout.toString()).toBe('')
    expect(stderr.toString()).toMatch(/^[^\n]*no-such-command[^\n]*\n$/)
  })

  test('known defect 9: 126 and one line for a file that is not executable', async () => {
    const file = join(temporary(), 'plain-file')
    writeFileSync(file, 'text\n', { mode: 0o644 })
    const { status, stderr } = await run(mymonitor('sample', '--output-dir', temporary(), '--', file))
    expect(status).toBe(126)
    expect(stderr.toString()).toMatch(/^[^\n]*plain-file[^\n]*\n$/)
  })

  test.each([
    [['--intervall', '50ms'], '--interval'],
    [['--interval', '0'], '0'],
    [['-j', 'x'], 'x'],
    [['-j', '0'], '0'],
    [['-j', '1,2'], '{N}'],
  ])('known defect 9: 125 for the usage error %j, which names %s', async (flags, named) => {
    const marker = join(temporary(), 'ran')
    const { status, stderr } = await run(mymonitor('sample', '--output-dir', temporary(), ...flags, '--', 'touch', marker))
    expect(status).toBe(125)
    expect(stderr.toString()).toContain(named)
    expect(() => recordingIn(marker)).toThrow()
  })

  test('124 when the time is up, with a finished recording', async () => {
    const recorded = await record(['sleep', '30'], ['--timeout', '1s'])
    expect(recorded.status).toBe(124)
    expect(recorded.metadata.timed_out).toBe(true)
    expect(recorded.metadata.state).toBe('finished')
    expect(recorded.metadata.counts?.rows).toBeGreaterThan(5)
  })
})
