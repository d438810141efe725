/** The burner itself: the other tests believe what it reports, so the kernel is asked here from outside. */

import { readFileSync } from 'node:fs'
import { describe, expect, test, vi } from 'vitest'
import { alive, BURNER, type Burnt, run, start } from './harness.ts'

vi.setConfig({ testTimeout: 30_000 })

function statm(pid: number): { rssKb: number; sharedKb: number } {
  const [, resident = 0, shared = 0] = readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ').map(Number)
  return { rssKb: resident * 4, sharedKb: shared * 4 }
}

describe('the burner', () => {
  test('holds exactly the private memory it was told to, in every process', async () => {
    const running = start([BURNER, 'private', 'sizes=20M,37M,51M', 'hold=1s', 'report=-'])
    await running.shows('\n')
    const observed = new Map<number, number>()
    const root = running.child.pid ?? 0
    const children = readFileSync(`/proc/${root}/task/${root}/children`, 'utf8').trim().split(' ').map(Number)
    for (const pid of children) observed.set(pid, statm(pid).rssKb)
    const { stdout, status } = await running.ended
    const { processes } = JSON.parse(stdout.toString()) as Burnt
    expect(status).toBe(0)
    expect(processes.map(({ size_kb }) => size_kb).toSorted((a, b) => a - b)).toEqual([20, 37, 51].map((mib) => mib * 1024))
    for (const { pid, size_kb, base_rss_kb } of processes) {
      expect(Math.abs((observed.get(pid) ?? 0) - base_rss_kb - size_kb)).toBeLessThan(512)
    }
  })

  test('its processes end when it is killed', async () => {
    const running = start([BURNER, 'private', 'sizes=1M,1M', 'hold=20s', 'report=-'])
    await running.shows('\n')
    running.child.kill('SIGKILL')
    const { processes } = JSON.parse((await running.ended).stdout.toString()) as Burnt
    expect(processes).toHaveLength(2)
    await vi.waitFor(() => expect(processes.filter(({ pid }) => alive(pid))).toEqual([]))
  })

  test('sharers of a shared mapping count it as shared and have next to nothing of their own', async () => {
    const { stdout } = await run([BURNER, 'shared', 'size=40M', 'sharers=3', 'hold=10ms', 'report=-'])
    const { processes } = JSON.parse(stdout.toString()) as Burnt
    expect(processes).toHaveLength(3)
    for (const { rss_kb, shared_kb } of processes) {
      expect(shared_kb).toBeGreaterThan(40 * 1024)
      expect(rss_kb - shared_kb).toBeLessThan(1024)
    }
  })

  test('reports its own high-water mark', async () => {
    const { stdout } = await run([BURNER, 'hwm', 'size=30M', 'report=-'])
    const { vm_hwm_kb = 0, root } = JSON.parse(stdout.toString()) as Burnt
    expect(Math.abs(vm_hwm_kb - root.rss_kb - 30 * 1024)).toBeLessThan(1024)
  })

  test('gives a command a terminal of its own and ends with its status', async () => {
    const { stdout, status } = await run([BURNER, 'pty', '--', 'sh', '-c', 'test -t 0 && test -t 1 && test -t 2 && stty size; exit 5'])
    expect(stdout.toString()).toBe('24 80\r\n')
    expect(status).toBe(5)
  })

  test('ends with the status or the signal it was told', async () => {
    expect((await run([BURNER, 'exit', 'status=3'])).status).toBe(3)
    expect((await run([BURNER, 'exit', 'signal=TERM'])).status).toBe(143)
  })
})
