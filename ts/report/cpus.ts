import type { CpuScheduling } from '../analysis/contract.ts'

/** `adaptive: the build on CPUs 1-3, the sampler on CPU 0` */
export function cpusText({ policy, buildCpus, samplerCpus }: CpuScheduling): string {
  const pinned = Object.entries({ build: buildCpus, sampler: samplerCpus }).flatMap(([what, cpus]) =>
    cpus === null ? [] : [`the ${what} on ${/^\d+$/.test(cpus) ? 'CPU' : 'CPUs'} ${cpus}`],
  )
  return `${policy}: ${pinned.join(', ') || 'nothing is pinned, all CPUs are the build’s'}`
}
