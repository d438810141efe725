/** The largest number that a Linux kernel can be built for, less one. */
const MAX_CPU = 8191

/** Ascending numbers of a list of CPUs as the kernel and taskset write it, such as `1,2,4-7`; null where it is none. */
export function parseCpuList(text: string): number[] | null {
  const cpus = new Set<number>()
  for (const part of text.split(',')) {
    const [, first, last = first] = /^\s*(\d{1,4})\s*(?:-\s*(\d{1,4})\s*)?$/.exec(part) ?? []
    if (first === undefined || Number(last) < Number(first) || Number(last) > MAX_CPU) return null
    for (let cpu = Number(first); cpu <= Number(last); cpu += 1) cpus.add(cpu)
  }
  return [...cpus].sort((a, b) => a - b)
}

/** The shortest list of ascending numbers: `1-2,4-7`. */
export function formatCpuList(cpus: readonly number[]): string {
  const ranges: [number, number][] = []
  for (const cpu of cpus) {
    const range = ranges.at(-1)
    if (range?.[1] === cpu - 1) range[1] = cpu
    else ranges.push([cpu, cpu])
  }
  return ranges.map(([first, last]) => (first === last ? `${first}` : `${first}-${last}`)).join(',')
}
