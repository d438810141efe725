import type { Analysis } from '../analysis/contract.ts'
import { outcomeOf } from './outcome.ts'

/** What repeats of one level came to. */
export interface LevelSpread {
  project: string
  jobs: number | null
  /** How often it was recorded. */
  recordings: number
  /** Of the builds that succeeded, because where a build stopped says nothing about its level; null when none did. */
  durationUs: Spread | null
  peakKb: Spread | null
}

export interface Spread {
  /** How many values. */
  n: number
  median: number
  min: number
  max: number
}

/** One entry a level, in the order in which the levels first appear. */
export function spreadByLevel(analyses: readonly Analysis[]): LevelSpread[] {
  return groupByLevel(analyses).map((group) => {
    const good = group.filter(({ recording }) => outcomeOf(recording).kind === 'ok')
    const [first] = group
    return {
      project: first.recording.project,
      jobs: first.recording.jobs,
      recordings: group.length,
      durationUs: spreadOf(good.map(({ recording }) => recording.durationUs)),
      peakKb: spreadOf(good.flatMap(({ peak }) => peak?.kb ?? [])),
    }
  })
}

/** The recordings of each level, in the order in which the levels first appear. */
export function groupByLevel(analyses: readonly Analysis[]): [Analysis, ...Analysis[]][] {
  const groups = new Map<string, [Analysis, ...Analysis[]]>()
  for (const analysis of analyses) {
    const { project, jobs } = analysis.recording
    const key = JSON.stringify([project, jobs])
    const group = groups.get(key)
    if (group === undefined) groups.set(key, [analysis])
    else group.push(analysis)
  }
  return [...groups.values()]
}

function spreadOf(values: readonly number[]): Spread | null {
  const sorted = [...values].sort((a, b) => a - b)
  const [min] = sorted
  const max = sorted.at(-1)
  if (min === undefined || max === undefined) return null
  const middle = sorted.length / 2
  const [low = min, high = max] = [sorted[Math.ceil(middle) - 1], sorted[Math.floor(middle)]]
  return { n: sorted.length, median: (low + high) / 2, min, max }
}
