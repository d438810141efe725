import { copyFileSync, existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test, vi } from 'vitest'
import { BURNER, mymonitor, recordingIn, run, summary, temporary } from './harness.ts'

const LIMIT = 300 * 1024 * 1024

/** A memory cgroup with that limit and no swap, for the test; else why there is none. */
function memoryCgroup(): { dir: string } | { reason: string } {
  const own = readFileSync('/proc/self/cgroup', 'utf8')
  const pathOf = (line: RegExp) => line.exec(own)?.[1] ?? '/'
  const [parent, limit, swap] = existsSync('/sys/fs/cgroup/memory/memory.limit_in_bytes')
    ? [join('/sys/fs/cgroup/memory', pathOf(/^\d+:memory:(.*)$/m)), 'memory.limit_in_bytes', 'memory.memsw.limit_in_bytes']
    : [join('/sys/fs/cgroup', pathOf(/^0::(.*)$/m)), 'memory.max', 'memory.swap.max']
  const dir = join(parent, `mymonitor-oom-${process.pid}-${Date.now()}`)
  try {
    mkdirSync(dir)
    onTestFinished(() => vi.waitFor(() => rmdirSync(dir), 10_000))
    writeFileSync(join(dir, limit), `${LIMIT}`)
    if (existsSync(join(dir, swap))) writeFileSync(join(dir, swap), swap === 'memory.swap.max' ? '0' : `${LIMIT}`)
    return { dir }
  } catch (error) {
    return { reason: `no memory cgroup can be made: ${(error as Error).message}` }
  }
}

test.for<[string, number, (compiler: string) => string[]]>([
  ['a build that the kernel kills', 137, (compiler) => [compiler, 'ramp', 'sizes=100M,600M', 'hold=300ms']],
  [
    'a build that fails because a compiler was killed',
    3,
    (compiler) => ['sh', '-c', `${compiler} ramp sizes=100M,600M hold=300ms; exit 3`],
  ],
])('%s ends with its own status, and the summary names limit and largest category', async ([, status, build], context) => {
  const made = memoryCgroup()
  if ('reason' in made) return context.skip(made.reason)
  const cwd = temporary()
  const compiler = join(cwd, 'cc1plus')
  copyFileSync(BURNER, compiler)
  const command = mymonitor('sample', '--output-dir', join(cwd, 'out'), '--no-report', '--', ...build(compiler))
  const ended = await run(['sh', '-c', 'echo $$ > "$0/cgroup.procs" && exec "$@"', made.dir, ...command], { cwd })
  expect(ended.status, ended.stderr.toString()).toBe(status)
  const { dir, metadata } = recordingIn(join(cwd, 'out'), ended)
  const group = metadata.limits.cgroup ?? ''
  expect(made.dir.slice(-group.length)).toBe(group)
  const verdict = (await summary(dir)).trust.warnings[0]
  expect(verdict).toContain(
    `1 OOM kill in the memory cgroup of the build, ${group} (limit 300 MiB); the largest category was CPP_COMPILE with `,
  )
  expect(ended.stderr.toString()).toContain(verdict)
})
