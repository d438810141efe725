import type { Peak, Trust } from '../analysis/contract.ts'
import { formatCount, formatKb, formatUs } from '../units.ts'

/** `1.2 GB in 2 processes outside the tree`; null where the peak has none. */
export function outsideAtPeak({ outsideKb, outsideProcesses }: Peak, size = formatKb): string | null {
  if (outsideProcesses === 0) return null
  return `${size(outsideKb)} in ${formatCount(outsideProcesses, 'process', 'processes')} outside the tree`
}

/** `2 processes outside the tree, 3.1 s of CPU`; null where none was looked for. */
export function outsideCount({ outsideProcesses, outsideCpuUs }: Trust, time = formatUs): string | null {
  if (outsideProcesses === null) return null
  const used = outsideProcesses === 0 || outsideCpuUs === null ? '' : `, ${time(outsideCpuUs)} of CPU`
  return `${outsideProcesses === 0 ? 'no process' : formatCount(outsideProcesses, 'process', 'processes')} outside the tree${used}`
}
