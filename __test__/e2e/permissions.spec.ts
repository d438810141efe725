/** What an ordinary user may not see. These need root to become somebody else, and a mount namespace; where that is denied they are skipped. */

import { spawnSync } from 'node:child_process'
import { chmodSync, copyFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test, vi } from 'vitest'
import { AS_NOBODY, BURNER, directoryOfNobody, mymonitor, needsOrdinaryUser, recordingIn, run } from './harness.ts'
import { rows } from './readers.ts'

vi.setConfig({ testTimeout: 60_000 })

describe('an ordinary user', () => {
  test('records under a /proc that hides the processes of others', async (context) => {
    needsOrdinaryUser(context)
    const hide = ['unshare', '-m', 'sh', '-c', 'mount -t proc -o hidepid=2 proc /proc && exec "$@"', 'sh']
    if (spawnSync('unshare', [...hide.slice(1), 'true']).status !== 0) context.skip('mounting /proc in a mount namespace is not permitted')
    const dir = directoryOfNobody()
    const argv = mymonitor('sample', '--output-dir', join(dir, 'out'), '--no-report', '--', 'sh', '-c', 'sleep 0.4; exit 3')
    const { status, stderr } = await run([...hide, ...AS_NOBODY, ...argv], { cwd: dir })
    expect(status, stderr.toString()).toBe(3)
    const names = (await rows(recordingIn(join(dir, 'out')).dir, 'processes')).map(({ name }) => name)
    expect(names).toContain('sleep')
  })

  test('counts a process of another user in the build', async (context) => {
    needsOrdinaryUser(context)
    const dir = directoryOfNobody()
    const privileged = join(dir, 'setuid-burner')
    copyFileSync(BURNER, privileged)
    chmodSync(privileged, 0o4755)
    expect(statSync(privileged).uid).toBe(0)
    const argv = mymonitor(
      'sample',
      '--output-dir',
      join(dir, 'out'),
      '--no-report',
      // With exit records an ordinary user's build gains no privilege.
      '--events',
      'poll',
      '--',
      privileged,
      'private',
      'sizes=40M',
      'hold=500ms',
    )
    const { status, stderr } = await run([...AS_NOBODY, ...argv], { cwd: dir })
    expect(status, stderr.toString()).toBe(0)
    const processes = await rows(recordingIn(join(dir, 'out')).dir, 'processes')
    const foreign = processes.filter(({ uid }) => uid === 0)
    if (foreign.length === 0) context.skip('the file system ignores set-user-id')
    expect(Math.max(...foreign.map(({ peak_rss_kb }) => peak_rss_kb ?? 0))).toBeGreaterThan(40 * 1024)
  })
})
