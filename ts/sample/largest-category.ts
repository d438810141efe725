import { classify, IGNORED } from '../classify/classify.ts'
import type { Rules } from '../classify/rules.ts'
import type { Snapshot } from '../native.ts'

export interface LargestCategory {
  /** Major category. */
  name: string
  kb: number
}

/** Classified once each; a build that runs more different ones starts anew. */
const REMEMBERED = 1000

/**
 * Which category takes the most memory now, for a line of progress: of each of the largest programs the largest process is classified and stands for the
 * others. The report classifies every process.
 */
export function largestCategories(rules: Rules, metric: 'pss' | 'rss'): (snapshot: Pick<Snapshot, 'programs'>) => LargestCategory | null {
  const known = new Map<string, string>()
  const majorOf = ({ name, exe, argv }: Snapshot['programs'][number]): string => {
    const key = [name, exe, ...argv].join('\0')
    const major = known.get(key) ?? classify(rules, { name, exe: exe || null, argv, cwd: null }).major
    if (known.size >= REMEMBERED) known.clear()
    known.set(key, major)
    return major
  }
  return ({ programs }) => {
    const sums = new Map<string, number>()
    for (const program of programs) {
      const major = majorOf(program)
      const kb = metric === 'pss' ? program.pssKb : program.rssKb
      if (major !== IGNORED) sums.set(major, (sums.get(major) ?? 0) + kb)
    }
    return [...sums].reduce<LargestCategory | null>((largest, [name, kb]) => (kb > (largest?.kb ?? 0) ? { name, kb } : largest), null)
  }
}
