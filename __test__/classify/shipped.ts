import { fileURLToPath } from 'node:url'
import { classify } from '../../ts/classify/classify.ts'
import { loadRules, processOf } from '../../ts/classify/rules.ts'

export const SHIPPED_RULES = fileURLToPath(new URL('../../conf/rules.toml', import.meta.url))
export const shipped = loadRules(SHIPPED_RULES)

/** Category of a command line under the shipped rules, as major/minor. */
export function categoryOf(line: string): string {
  const { major, minor } = classify(shipped, processOf(line))
  return `${major}/${minor}`
}
