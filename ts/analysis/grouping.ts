import { IGNORED, OTHER } from '../classify/classify.ts'
import type { AggregateOptions, ClassColumns } from '../native.ts'

/** What the aggregation leaves out of every total. */
export const LEFT_OUT = 0xffffffff
/** Minor category of what has samples but no row. */
export const UNKNOWN = 'Other_unknown'
const UNASSIGNED = 0xfffffffe

/** Minor categories as the numbers that the aggregation works with. */
export interface Grouping {
  groups: readonly { major: string; minor: string; parent: number }[]
  majors: readonly string[]
  options: Omit<AggregateOptions, 'points' | 'largest'>
  /** Process ids that have samples but no row, as only a crash leaves them: they count as Other. */
  withoutRow: number
}

export function groupingOf(classes: ClassColumns, processes: number): Grouping {
  const majors: string[] = []
  const groups: { major: string; minor: string; parent: number }[] = []
  const numbers = new Map<string, Map<string, number>>()
  const groupOf = new Uint32Array(Math.max(processes, (classes.processId.at(-1) ?? -1) + 1)).fill(UNASSIGNED)
  const numberOf = (major: string, minor: string): number => {
    if (major === IGNORED) return LEFT_OUT
    let minors = numbers.get(major)
    if (minors === undefined) {
      minors = new Map()
      numbers.set(major, minors)
      majors.push(major)
    }
    let group = minors.get(minor)
    if (group === undefined) {
      group = groups.length
      minors.set(minor, group)
      groups.push({ major, minor, parent: majors.indexOf(major) })
    }
    return group
  }
  const ofClass = classes.classes.map(({ major, minor }) => numberOf(major, minor))
  for (const [i, id] of classes.processId.entries()) groupOf[id] = ofClass[classes.classOf[i] as number] as number
  let withoutRow = 0
  for (const [id, group] of groupOf.entries()) {
    if (group !== UNASSIGNED) continue
    groupOf[id] = numberOf(OTHER, UNKNOWN)
    withoutRow += 1
  }
  return {
    groups,
    majors,
    options: { groupOf, parentOf: Uint32Array.from(groups, ({ parent }) => parent), parents: majors.length },
    withoutRow,
  }
}
