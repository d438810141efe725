import { formatCpuList } from '../config/cpu-list.ts'
import type { Scheduling } from '../config/scheduling.ts'
import { MyMonitorError } from '../errors.ts'

/** Which CPUs a level is pinned to; null: not pinned. */
export interface LevelCpus {
  policy: Scheduling['policy']
  build: number[] | null
  sampler: number[] | null
}

/**
 * Pure. `allowed` is what this process may use, ascending. The adaptive policy keeps a CPU from the build only where the build has no job for it; without a
 * level that is not known. Throws ERR_MYMONITOR_CONFIG where a list names no CPU that may be used.
 */
export function cpusOf(scheduling: Scheduling, allowed: readonly number[], jobs: number | null): LevelCpus {
  if (scheduling.policy === 'manual') {
    const { policy, buildCores, monitoringCores } = scheduling
    return {
      policy,
      build: usable('manual_build_cores', buildCores, allowed),
      sampler: usable('manual_monitoring_cores', monitoringCores, allowed),
    }
  }
  const { policy, monitorCore } = scheduling
  const kept = keptCore(monitorCore, allowed)
  const build = allowed.filter((cpu) => cpu !== kept)
  return jobs === null || build.length < jobs ? { policy, build: null, sampler: null } : { policy, build, sampler: [kept] }
}

/** One line each: what of the configuration cannot be had here, and which levels have fewer CPUs than jobs. */
export function cpuNotes(scheduling: Scheduling, allowed: readonly number[], levels: readonly { jobs: number | null }[]): string[] {
  return scheduling.policy === 'adaptive' ? adaptiveNotes(scheduling, allowed, levels) : manualNotes(scheduling, allowed, levels)
}

function adaptiveNotes(
  { monitorCore }: Scheduling & { policy: 'adaptive' },
  allowed: readonly number[],
  levels: readonly { jobs: number | null }[],
): string[] {
  const notes: string[] = []
  const kept = keptCore(monitorCore, allowed)
  const free = levels.filter(({ jobs }) => (jobs ?? allowed.length) >= allowed.length)
  if (kept !== monitorCore && free.length < levels.length)
    notes.push(`monitor_core = ${monitorCore}: ${mayUse(allowed)}; ${kept} takes its place`)
  if (free.length > 0) {
    const why = free.some(({ jobs }) => jobs === null)
      ? 'how many jobs the command runs is not known; -j N and {N} in its arguments would tell'
      : `with CPU ${kept} kept for the sampler the build would have ${allowed.length - 1} of ${allowed.length} CPUs, fewer than jobs`
    notes.push(`scheduling_policy = "adaptive" pins nothing${levelNames(free)}: ${why}`)
  }
  return notes
}

function manualNotes(
  { buildCores, monitoringCores }: Scheduling & { policy: 'manual' },
  allowed: readonly number[],
  levels: readonly { jobs: number | null }[],
): string[] {
  const notes: string[] = []
  for (const [key, cores] of Object.entries({ manual_build_cores: buildCores, manual_monitoring_cores: monitoringCores })) {
    const left = usable(key, cores, allowed)
    if (cores !== null && left?.length !== cores.length)
      notes.push(`${key} = "${formatCpuList(cores)}": ${mayUse(allowed)}, so ${formatCpuList(left ?? [])} is left`)
  }
  const build = usable('manual_build_cores', buildCores, allowed)
  const short = build === null ? [] : levels.filter(({ jobs }) => (jobs ?? allowed.length) > build.length)
  if (build !== null && short.length > 0)
    notes.push(`manual_build_cores leaves the build ${build.length} of ${allowed.length} CPUs${levelNames(short)}, fewer than jobs`)
  return notes
}

function keptCore(wanted: number, allowed: readonly number[]): number {
  return allowed.includes(wanted) ? wanted : (allowed[0] ?? 0)
}

function usable(key: string, cores: readonly number[] | null, allowed: readonly number[]): number[] | null {
  const left = cores?.filter((cpu) => allowed.includes(cpu)) ?? null
  if (cores !== null && left?.length === 0)
    throw new MyMonitorError('ERR_MYMONITOR_CONFIG', `${key} = "${formatCpuList(cores)}": ${mayUse(allowed)}, none of these`)
  return left
}

function mayUse(allowed: readonly number[]): string {
  return `only the CPUs ${formatCpuList(allowed)} may be used here`
}

/** " at -j4, -j8"; nothing for a command without a level. */
function levelNames(levels: readonly { jobs: number | null }[]): string {
  const names = [...new Set(levels.flatMap(({ jobs }) => (jobs === null ? [] : [`-j${jobs}`])))]
  return names.length === 0 ? '' : ` at ${names.join(', ')}`
}
