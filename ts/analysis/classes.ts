import { hostname } from 'node:os'
import { classify } from '../classify/classify.ts'
import type { Rules } from '../classify/rules.ts'
import type { ProcessInput } from '../classify/unwrap.ts'
import { MyMonitorError } from '../errors.ts'
import type { Class, ClassBatch, ClassColumns, ProcessColumns } from '../native.ts'
import type { Recording } from '../recording/recording.ts'

/** An image whose target is wanted. */
export interface Wanted {
  /** Its row in the table. */
  row: number
  process: ProcessInput
}

export interface KnownClasses {
  /** One entry an image, in the order of the rows. */
  classes: ClassColumns
  /** Source or output files of some images, ascending by row: those of all would be as much memory as their command lines. */
  targetsOf(images: readonly Wanted[]): (string | null)[]
  /** What of the stored table could not be used. */
  warnings: string[]
}

/** Classifies every process of a recording and stores the result in it as classes.parquet. */
export function classifyRecording(recording: Recording, rules: Rules): KnownClasses {
  const classes = empty(recording, rules)
  recording.writeClasses(rules.digest, classified(recording, rules, classes))
  return { classes, targetsOf: storedTargets(recording), warnings: [] }
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
  if (stored !== null && isCurrent && stored.processId.length === recording.info.processes)
    return { classes: stored, targetsOf: storedTargets(recording), warnings }
  const classes = empty(recording, rules)
  // Nothing of it is stored.
  for (const _ of classified(recording, rules, classes));
  return { classes, targetsOf: (images) => images.map(({ process }) => classify(rules, process).target), warnings }
}

function storedTargets(recording: Recording): KnownClasses['targetsOf'] {
  return (images) => recording.targets(Uint32Array.from(images, ({ row }) => row))
}

function unreadable(error: unknown): string {
  const code = error instanceof MyMonitorError ? error.code : null
  const why =
    code === 'ERR_MYMONITOR_DAMAGED' ? 'is damaged' : code === 'ERR_MYMONITOR_NEWER_FORMAT' ? 'is of a newer mymonitor' : 'cannot be read'
  return `classes.parquet ${why}: it was not used, the processes were classified again.`
}

function empty({ info }: Recording, { digest }: Rules): ClassColumns {
  return { processId: new Uint32Array(info.processes), classOf: new Uint32Array(info.processes), classes: [], rulesDigest: digest }
}

/** The classification batch by batch; what is kept of an image, in `columns`, is its id and the number of its class. */
function* classified(recording: Recording, rules: Rules, columns: ClassColumns): Generator<ClassBatch> {
  const numbers = new Map<string, number>()
  const numberOf = ({ major, minor, rule }: Class): number => {
    const key = `${major}\0${minor}\0${rule}`
    const known = numbers.get(key)
    if (known !== undefined) return known
    numbers.set(key, columns.classes.length)
    return columns.classes.push({ major, minor, rule }) - 1
  }
  let rows = 0
  for (const batch of recording.processes()) {
    const known = columns.classes.length
    const target: (string | null)[] = []
    columns.processId.set(batch.processId, rows)
    for (let i = 0; i < batch.processId.length; i += 1) {
      const classification = classify(rules, processAt(recording, batch, i))
      columns.classOf[rows + i] = numberOf(classification)
      target.push(classification.target)
    }
    const classOf = columns.classOf.subarray(rows, rows + batch.processId.length)
    rows += batch.processId.length
    yield { processId: batch.processId, classOf, target, added: columns.classes.slice(known) }
  }
  columns.processId = columns.processId.subarray(0, rows)
  columns.classOf = columns.classOf.subarray(0, rows)
}

/** One process of a batch, as the classifier wants it. */
export function processAt({ metadata }: Recording, batch: ProcessColumns, i: number): ProcessInput {
  // Response files that the build left are read where it ran; another machine's paths mean nothing here.
  const cwd = metadata.host.hostname === hostname() ? (batch.cwd[i] ?? null) : null
  return { name: batch.name[i] ?? '', exe: batch.exe[i] ?? null, argv: batch.argv[i] ?? [], cwd }
}
