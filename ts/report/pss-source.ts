import type { Peak } from '../analysis/contract.ts'
import { formatShare } from '../units.ts'

/** How the PSS of the peak is known: measured, or modelled ± what the model was off by at the last measurement of everything. */
export function pssSourceText({ pssSource, modelError }: Peak): string {
  return modelError === null ? pssSource : `${pssSource} ± ${formatShare(Math.abs(modelError), 1)}`
}
