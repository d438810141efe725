/** Known memory against what is recorded. The burner's own memory is subtracted; sizes, counts and staggers come from a printed seed. */

import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { describe, expect, onTestFinished, type TestContext, test, vi } from 'vitest'
import { type Burnt, burner, mymonitor, record, recordingIn, sleep, start, summary, temporary } from './harness.ts'
import { draw, SEED } from './random.ts'
import { largestTick, peaks, rows } from './readers.ts'

vi.setConfig({ testTimeout: 60_000 })
process.stderr.write(`memory truth: MYMONITOR_SEED=${SEED}\n`)

const sum = (numbers: number[]) => numbers.reduce((total, number) => total + number, 0)
/** What the kernel counts of these processes now, each page once. */
function pssOf(pids: number[]): number {
  return sum(pids.map((pid) => Number(/^Pss: *(\d+)/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))?.[1])))
}

const HUGE_PAGES = '/proc/sys/vm/nr_hugepages'

/** Reserves so many huge pages of 2 MiB until the test ends, or skips it. */
function needsHugePages(context: TestContext, pages: number): void {
  const before = existsSync(HUGE_PAGES) ? readFileSync(HUGE_PAGES, 'utf8') : ''
  try {
    writeFileSync(HUGE_PAGES, String(Number(before) + pages))
  } catch {
    context.skip('huge pages can only be reserved by root, where the kernel has them')
  }
  onTestFinished(() => writeFileSync(HUGE_PAGES, before))
  if (Number(readFileSync(HUGE_PAGES, 'utf8')) < Number(before) + pages) context.skip(`no ${pages} huge pages are free here`)
}

/** Parts of `truth` by which `measured` is off. */
const error = (measured: number, truth: number) => Math.abs(measured - truth) / truth

describe(`memory truth, seed ${SEED}`, () => {
  test.each([1, 2])('known defect 1: processes alive together, started apart, give their sum within 2 % (draw %i)', async () => {
    const sizes = Array.from({ length: draw(3, 8) }, () => draw(24, 96))
    const { command, report } = burner('private', `sizes=${sizes.map((mib) => `${mib}M`)}`, `stagger=${draw(60, 140)}ms`, 'hold=700ms')
    const { dir, status } = await record(command)
    const { root, processes } = report()
    const truth = sum(sizes) * 1024
    const privateBase = sum(processes.map((one) => one.base_rss_kb - one.base_shared_kb)) + root.rss_kb - root.shared_kb
    const rssBase = sum(processes.map((one) => one.base_rss_kb)) + root.rss_kb
    const peak = await peaks(dir)
    expect(status).toBe(0)
    expect(error(peak.rssKb - rssBase, truth)).toBeLessThan(0.02)
    expect(error(peak.pssKb - privateBase - root.shared_kb, truth)).toBeLessThan(0.02)
    // Not our arithmetic: the same peak from the file, by another reader.
    expect(largestTick(await rows(dir, 'memory_samples'))).toBe(peak.rssKb)
    const analysis = await summary(dir)
    expect(analysis.peak?.kb).toBe(peak.pssKb)
  })

  test('known defect 12: sharers of one shared mapping give its size by PSS within 5 % and n times by RSS within 2 %', async () => {
    const size = draw(60, 160)
    const sharers = draw(3, 6)
    const { command, report } = burner('shared', `size=${size}M`, `sharers=${sharers}`, 'hold=700ms')
    const { dir } = await record(command)
    const { root, processes } = report()
    const { rssKb, pssKb } = await peaks(dir)
    const privateBase = sum(processes.map((one) => one.base_rss_kb - one.base_shared_kb)) + root.rss_kb - root.shared_kb
    const rssBase = sum(processes.map((one) => one.base_rss_kb)) + root.rss_kb
    expect(error(rssKb - rssBase, sharers * size * 1024)).toBeLessThan(0.02)
    expect(error(pssKb - privateBase - root.shared_kb, size * 1024)).toBeLessThan(0.05)
  })

  test('a process that grows and shrinks is recorded at each size', async () => {
    const { command, report } = burner('ramp', 'sizes=20M,90M,40M', 'hold=400ms')
    const { dir } = await record(command)
    const base = report().root.rss_kb
    const sizes = (await rows(dir, 'memory_samples')).map(({ rss_kb }) => rss_kb - base)
    for (const mib of [20, 90, 40]) {
      expect(sizes.filter((kb) => error(kb, mib * 1024) < 0.02).length).toBeGreaterThanOrEqual(3)
    }
    expect(error((await peaks(dir)).rssKb - base, 90 * 1024)).toBeLessThan(0.02)
  })

  test('a vfork child held for 200 ms is not counted twice', async () => {
    const { command, report } = burner('vfork', 'size=100M', 'held=200ms', '--', 'sleep', '0.3')
    const { dir } = await record(command)
    const { root } = report()
    expect(error((await peaks(dir)).rssKb, root.rss_kb)).toBeLessThan(0.03)
    const live = await rows(dir, 'ticks')
    expect(Math.max(...live.map((tick) => tick.live))).toBe(2)
  })

  test('forks, sharers and private memory of one executable, all at once, give the kernel’s own sum', async (context) => {
    const scenarios = [
      burner('cow', `size=${draw(40, 80)}M`, 'children=3', `rewrite=${draw(5, 40)}`, 'hold=4500ms'),
      burner('shared', `size=${draw(40, 80)}M`, 'sharers=3', 'hold=3700ms'),
      burner('private', `sizes=${draw(20, 60)}M,${draw(20, 60)}M`, 'hold=3700ms'),
      burner('cow', `size=${draw(40, 80)}M`, 'children=2', 'hold=2900ms'),
    ]
    const [first = '', second = '', third = '', fourth = ''] = scenarios.map(({ command }) => `${command.join(' ')} &`)
    const script = `${first} sleep 0.8; ${second} ${third} sleep 0.8; ${fourth} wait`
    const output = temporary()
    const flags = ['--output-dir', output, '--no-report']
    const { ended } = start(mymonitor('sample', ...flags, '--', 'sh', '-c', script))
    const burnt: Burnt[] = []
    await vi.waitFor(() => void burnt.splice(0, Infinity, ...scenarios.map(({ report }) => report())), { timeout: 20_000 })
    await sleep(200)
    const truth = pssOf(burnt.flatMap(({ root, processes }) => [root.pid, ...processes.map(({ pid }) => pid)]))
    expect((await ended).status).toBe(0)
    const { peak, trust } = await summary(recordingIn(output).dir)
    if (peak?.confirmedPssKb === null && trust.lateTicks + trust.skippedTicks > trust.ticks / 5) {
      context.skip('this machine was too busy to confirm the peak, and the peak says so')
    }
    // bench/accuracy holds it to 2 % on a quiet machine. Without limits by family and executable it is 28 % too high.
    expect(error(peak?.pssKb ?? 0, truth)).toBeLessThan(0.04)
  })

  describe('a file in memory', () => {
    const MIB = 64
    async function peakOverBase(as: string): Promise<number> {
      const { command, report } = burner('memfd', `size=${MIB}M`, `as=${as}`, 'hold=500ms')
      const { dir, status, stderr } = await record(command)
      expect(status, stderr.toString()).toBe(0)
      const { root, processes } = report()
      const { rssKb, pssKb } = await peaks(dir)
      expect(rssKb).toBeGreaterThanOrEqual(pssKb)
      return (rssKb - root.rss_kb - sum(processes.map((one) => one.base_rss_kb))) / 1024
    }

    test('counts where it is mapped', async () => {
      expect(error(await peakOverBase('mapped'), MIB)).toBeLessThan(0.02)
    })

    test('does not where it is only written, as docs/accuracy.md says', async () => {
      expect(Math.abs(await peakOverBase('written'))).toBeLessThan(2)
    })

    test('does not in huge pages of hugetlbfs, as docs/accuracy.md says', async (context) => {
      needsHugePages(context, MIB / 2)
      expect(Math.abs(await peakOverBase('huge'))).toBeLessThan(2)
    })
  })
})
