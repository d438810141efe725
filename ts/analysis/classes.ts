import { type Classification, classify } from '../classify/classify.ts'
import type { Rules } from '../classify/rules.ts'
import type { ClassColumns, ProcessColumns } from '../native.ts'
import type { Recording } from '../recording/recording.ts'

/** Classifies every process of a recording and stores the result in it as classes.parquet. */
export function classifyRecording(recording: Recording, rules: Rules): ClassColumns {
  const classes = classesBy(recording, rules)
  recording.writeClasses(classes)
  return classes
}

/** The stored classification where it is by these very rules and complete, else a new one that is not stored. */
export function classesOf(recording: Recording, rules: Rules): ClassColumns {
  const stored = recording.classes()
  const current = stored !== null && stored.rulesDigest === rules.digest && stored.processId.length === recording.info.processes
  return current ? stored : classesBy(recording, rules)
}

function classesBy(recording: Recording, rules: Rules): ClassColumns {
  const processId = new Uint32Array(recording.info.processes)
  const classified: Classification[] = []
  for (const batch of recording.processes()) {
    processId.set(batch.processId, classified.length)
    for (let i = 0; i < batch.processId.length; i += 1) classified.push(classify(rules, processAt(batch, i)))
  }
  return {
    processId: processId.subarray(0, classified.length),
    majorCategory: classified.map(({ major }) => major),
    minorCategory: classified.map(({ minor }) => minor),
    rule: classified.map(({ rule }) => rule),
    target: classified.map(({ target }) => target),
    rulesDigest: rules.digest,
  }
}

function processAt(batch: ProcessColumns, i: number): { name: string; exe: string | null; argv: readonly string[] } {
  return { name: batch.name[i] ?? '', exe: batch.exe[i] ?? null, argv: batch.argv[i] ?? [] }
}
