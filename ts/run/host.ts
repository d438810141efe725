import { execFile } from 'node:child_process'
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { availableParallelism, hostname, platform, release } from 'node:os'
import { parseCpuList } from '../config/cpu-list.ts'
import { MyMonitorError } from '../errors.ts'
import type { Metadata } from '../metadata.ts'

/** Facts of this machine; what cannot be read is null. */
export function hostFacts(): Metadata['host'] {
  const memory = read('/proc/meminfo')
  return {
    hostname: hostname(),
    os: /^PRETTY_NAME="?(.*?)"?$/m.exec(read('/etc/os-release'))?.[1] ?? platform(),
    kernel: release(),
    arch: process.arch,
    boot_id: read('/proc/sys/kernel/random/boot_id').trim() || null,
    cpus: availableParallelism(),
    mem_total_kb: kilobytes(memory, 'MemTotal'),
    swap_total_kb: kilobytes(memory, 'SwapTotal'),
    numa_nodes: countNumaNodes(),
  }
}

/** The CPUs that this process may use, ascending. Throws ERR_MYMONITOR_START_FAILED. */
export function allowedCpus(): number[] {
  const list = /^Cpus_allowed_list:\s+(.+)$/m.exec(read('/proc/self/status'))?.[1]
  const cpus = list === undefined ? null : parseCpuList(list)
  if (cpus === null)
    throw new MyMonitorError(
      'ERR_MYMONITOR_START_FAILED',
      '/proc/self/status does not say which CPUs may be used: set scheduling_policy = "off"',
    )
  return cpus
}

/** Throws ERR_MYMONITOR_UNSUPPORTED where /proc does not show this process by its pid: the processes that it shows under the build's pids are others. */
export function requireOwnProc(): void {
  const shown = shownPid()
  if (shown === String(process.pid)) return
  throw new MyMonitorError(
    'ERR_MYMONITOR_UNSUPPORTED',
    shown === null
      ? '/proc does not show this process: nothing can be recorded; mount -t proc proc /proc'
      : `/proc is that of another pid namespace (this process is ${process.pid}, and ${shown} there): nothing can be recorded; mount that of this one: unshare --mount-proc, or mount -t proc proc /proc`,
  )
}

function shownPid(): string | null {
  try {
    return readlinkSync('/proc/self')
  } catch {
    return null
  }
}

/** Limits of this process, which the build inherits. */
export function limitFacts(): Metadata['limits'] {
  const groups = read('/proc/self/cgroup')
  // Where both are mounted, version 1 owns memory.
  const [, group = null] = /^\d+:(?:[^:]*,)?memory(?:,[^:]*)?:(.*)$/m.exec(groups) ?? /^0::(.*)$/m.exec(groups) ?? []
  const files = /^Max open files\s+(\d+)/m.exec(read('/proc/self/limits'))?.[1]
  return { cgroup: group, open_files_soft: files === undefined ? null : Number(files) }
}

/** The commit that is checked out in `directory`; null where git does not say so within two seconds. */
export function sourceCommit(directory: string): Promise<string | null> {
  return new Promise((resolve) => {
    execFile('git', ['-C', directory, 'rev-parse', 'HEAD'], { timeout: 2000, killSignal: 'SIGKILL' }, (error, stdout) => {
      const commit = stdout.trim()
      resolve(error === null && /^[0-9a-f]{40,64}$/.test(commit) ? commit : null)
    })
  })
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}

function kilobytes(meminfo: string, name: string): number | null {
  const match = new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(meminfo)
  return match?.[1] === undefined ? null : Number(match[1])
}

function countNumaNodes(): number | null {
  try {
    return readdirSync('/sys/devices/system/node').filter((name) => /^node\d+$/.test(name)).length || null
  } catch {
    return null
  }
}
