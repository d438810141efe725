import type { Analysis } from '../analysis/contract.ts'

/** The analysis itself, one line. */
export function renderJson(analysis: Analysis): string {
  return `${JSON.stringify(analysis)}\n`
}
