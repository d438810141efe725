import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test, vi } from 'vitest'
import { formatCpuList, parseCpuList } from '../../ts/config/cpu-list.ts'
import type { Metadata } from '../../ts/metadata.ts'
import { mymonitor, run, start } from './harness.ts'
import { lines, recordOf, runDir, workspace } from './workspace.ts'

vi.setConfig({ testTimeout: 60_000 })

const ALLOWED = parseCpuList(/^Cpus_allowed_list:\s+(.+)$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? '') ?? []
const OTHERS = ALLOWED.slice(0, -1)
const LAST = ALLOWED.at(-1) ?? 0
const MASK = 'grep Cpus_allowed_list: /proc/self/status | cut -f2'

function configured(build: string, scheduling: string): string {
  const cwd = workspace({ build })
  writeFileSync(join(cwd, 'conf/config.toml'), scheduling === '' ? '' : `[monitor.scheduling]\n${scheduling}\n`)
  return cwd
}

function metadataOf(dir: string): Metadata {
  return JSON.parse(readFileSync(join(dir, recordOf(dir).levels[0]?.recording ?? '', 'metadata.json'), 'utf8')) as Metadata
}

/** Of each thread of mymonitor: its name and the CPUs it may run on. */
function threadsOf(pid: number | undefined): [string, string][] {
  return readdirSync(`/proc/${pid}/task`).map((task) => {
    const status = readFileSync(`/proc/${pid}/task/${task}/status`, 'utf8')
    return [/^Name:\t(.*)$/m.exec(status)?.[1] ?? '', /^Cpus_allowed_list:\t(.*)$/m.exec(status)?.[1] ?? '']
  })
}

describe.skipIf(OTHERS.length === 0)('with more than one CPU (this machine lets us use one only)', () => {
  test('known defect 8: the build is pinned, in all its processes, and the sampler is on its own core', async () => {
    const cwd = configured(
      `{ taskset -cp $$; ${MASK}; sh -c '${MASK}'; } > masks; touch ready; until test -e go; do sleep 0.05; done`,
      `scheduling_policy = "adaptive"\nmonitor_core = ${LAST}`,
    )
    const running = start(mymonitor('-p', 'p', '-j', '1', '--no-report'), { cwd })
    await vi.waitFor(() => expect(existsSync(join(cwd, 'src/ready'))).toBe(true), 20_000)
    const threads = threadsOf(running.child.pid)
    writeFileSync(join(cwd, 'src/go'), '')
    const { status, stdout } = await running.ended
    expect(status).toBe(0)

    const others = formatCpuList(OTHERS)
    const [taskset, ...masks] = lines(cwd, 'src/masks')
    expect(taskset).toMatch(new RegExp(`current affinity list: ${others}$`))
    expect(masks).toEqual([others, others])
    const ours = threads.filter(([name]) => name.startsWith('mymonitor'))
    // A second one writes where the disk is slow.
    expect(new Set(ours.map(([, cpus]) => cpus))).toEqual(new Set([`${LAST}`]))
    const nodes = threads.filter(([name]) => !name.startsWith('mymonitor'))
    expect(new Set(nodes.map(([, cpus]) => cpus))).toEqual(new Set([formatCpuList(ALLOWED)]))

    expect(metadataOf(runDir(cwd)).cpu_scheduling).toEqual({ policy: 'adaptive', build_cpus: others, sampler_cpus: `${LAST}` })
    const applied = `adaptive: the build on ${OTHERS.length === 1 ? 'CPU' : 'CPUs'} ${others}, the sampler on CPU ${LAST}`
    expect(stdout.toString()).toContain(`  cpus   ${applied}\n`)
    const summary = readFileSync(join(runDir(cwd), recordOf(runDir(cwd)).levels[0]?.recording ?? '', 'summary.log'), 'utf8')
    expect(summary).toContain(`CPU Scheduling: ${applied}\n`)
  })

  test('manual pins to what its lists say, and says where that are fewer CPUs than jobs', async () => {
    const cwd = configured(MASK, `scheduling_policy = "manual"\nmanual_build_cores = "${LAST},8000"\nmanual_monitoring_cores = "0-8191"`)
    const { status, stderr } = await run(mymonitor('-p', 'p', '-j', '3', '--no-report', '--show-output'), { cwd })
    expect(status).toBe(0)
    expect(stderr.toString()).toContain(`manual_build_cores = "${LAST},8000": only the CPUs ${formatCpuList(ALLOWED)} may be used here`)
    expect(stderr.toString()).toContain(`manual_build_cores leaves the build 1 of ${ALLOWED.length} CPUs at -j3, fewer than jobs\n`)
    const { recording } = recordOf(runDir(cwd)).levels[0] ?? {}
    expect(lines(runDir(cwd), recording ?? '', 'build_stdout.log')).toEqual([`${LAST}`])
    expect(metadataOf(runDir(cwd)).cpu_scheduling).toEqual({
      policy: 'manual',
      build_cpus: `${LAST}`,
      sampler_cpus: formatCpuList(ALLOWED),
    })
  })
})

test('adaptive takes no CPU from a build with as many jobs, and says so in one line', async () => {
  const cwd = configured(`${MASK} > mask`, 'scheduling_policy = "adaptive"')
  const { status, stderr } = await run(mymonitor('-p', 'p', '-j', String(ALLOWED.length), '--no-report'), { cwd })
  expect(status).toBe(0)
  expect(lines(cwd, 'src/mask')).toEqual([formatCpuList(ALLOWED)])
  expect(stderr.toString().match(/scheduling_policy = "adaptive" pins nothing at -j/g)).toHaveLength(1)
  expect(metadataOf(runDir(cwd)).cpu_scheduling).toEqual({ policy: 'adaptive', build_cpus: null, sampler_cpus: null })
})

test('a list without a CPU that may be used keeps the build from being started', async () => {
  const cwd = configured('touch built', 'scheduling_policy = "manual"\nmanual_build_cores = "8000"')
  const { status, stderr } = await run(mymonitor('-p', 'p', '-j', '1'), { cwd })
  expect(status).toBe(125)
  expect(stderr.toString()).toContain('manual_build_cores = "8000": only the CPUs ')
  expect(existsSync(join(cwd, 'src/built'))).toBe(false)
})

test.each(['', 'scheduling_policy = "manual"\nmanual_build_cores = "0-8191"\nenable_cpu_affinity = false'])(
  'nothing is pinned with [%s]',
  async (scheduling) => {
    const cwd = configured(`${MASK} > mask`, scheduling)
    const { status, stderr } = await run(mymonitor('--no-report', '-p', 'p', '-j', '1'), { cwd })
    expect([status, stderr.toString()]).toEqual([0, 'p -j1  recording\n'])
    expect(lines(cwd, 'src/mask')).toEqual([formatCpuList(ALLOWED)])
    expect(metadataOf(runDir(cwd)).cpu_scheduling).toBeNull()
  },
)
