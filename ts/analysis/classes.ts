import { hostname } from 'node:os'
import { classify } from '../classify/classify.ts'
import type { Rules } from '../classify/rules.ts'
import type { ProcessInput } from '../classify/unwrap.ts'
import { MyMonitorError } from '../errors.ts'
import type { ClassColumns, ProcessColumns } from '../native.ts'
import type { Recording } from '../recording/recording.ts'

/** Classifies every process of a recording and stores the result in it as classes.parquet. */
export function classifyRecording(recording: Recording, rules: Rules): ClassColumns {
  const classes = classesBy(recording, rules)
  recording.writeClasses(classes)
  return classes
}

export interface KnownClasses {
  classes: ClassColumns
  /** What of the stored table could not be used. */
  warnings: string[]
}

/** Of a recording made from a table of the Python MyMonitor: its own categories, until `mymonitor classify` replaces them. */
const IMPORTED_RULES = 'imported'

/**
 * The stored classification where it is by these very rules, or came with the recording, and complete; else a new one that is not stored. The table is
 * derived, so one that cannot be read is as good as none: it adds a warning.
 */
export function classesOf(recording: Recording, rules: Rules): KnownClasses {
  let stored: ClassColumns | null = null
  const warnings: string[] = []
  try {
    stored = recording.classes()
  } catch (error) {
    warnings.push(unreadable(error))
  }
  const isCurrent = stored?.rulesDigest === rules.digest || stored?.rulesDigest === IMPORTED_RULES
  const current = stored !== null && isCurrent && stored.processId.length === recording.info.processes
  return { classes: current && stored !== null ? stored : classesBy(recording, rules), warnings }
}

function unreadable(error: unknown): string {
  const code = error instanceof MyMonitorError ? error.code : null
  const why =
    code === 'ERR_MYMONITOR_DAMAGED' ? 'is damaged' : code === 'ERR_MYMONITOR_NEWER_FORMAT' ? 'is of a newer mymonitor' : 'cannot be read'
  return `classes.parquet ${why}: it was not used, the processes were classified again.`
}

function classesBy(recording: Recording, rules: Rules): ClassColumns {
  const processId = new Uint32Array(recording.info.processes)
  const columns = { majorCategory: [] as string[], minorCategory: [] as string[], rule: [] as string[], target: [] as (string | null)[] }
  // A recording has a million processes and a hundred categories: each name is kept once.
  const names = new Map<string, string>()
  const once = (name: string): string => {
    const known = names.get(name)
    if (known === undefined) names.set(name, name)
    return known ?? name
  }
  // Response files that the build left are read where it ran; another machine's paths mean nothing here.
  const here = recording.metadata.host.hostname === hostname()
  for (const batch of recording.processes()) {
    processId.set(batch.processId, columns.rule.length)
    for (let i = 0; i < batch.processId.length; i += 1) {
      const { major, minor, rule, target } = classify(rules, processAt(batch, i, here))
      columns.majorCategory.push(once(major))
      columns.minorCategory.push(once(minor))
      columns.rule.push(once(rule))
      columns.target.push(target)
    }
  }
  return { processId: processId.subarray(0, columns.rule.length), ...columns, rulesDigest: rules.digest }
}

function processAt(batch: ProcessColumns, i: number, here: boolean): ProcessInput {
  return { name: batch.name[i] ?? '', exe: batch.exe[i] ?? null, argv: batch.argv[i] ?? [], cwd: here ? (batch.cwd[i] ?? null) : null }
}
