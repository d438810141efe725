import { resolve } from 'node:path'
import type { Metric } from '../analysis/contract.ts'
import { LEFT_OUT } from '../analysis/grouping.ts'
import { classifyRecording } from '../analysis/index.ts'
import { IGNORED, OTHER } from '../classify/classify.ts'
import { redact } from '../classify/redact.ts'
import { loadRules, type Rules } from '../classify/rules.ts'
import { quoted } from '../classify/words.ts'
import { loadConfig } from '../config/load.ts'
import type { AggregateOptions, ClassColumns, ProcessColumns } from '../native.ts'
import { openRecording, type Recording } from '../recording/recording.ts'
import { messageOf } from '../run/files.ts'
import { type OpenOptions, ownSurroundings, recordingsIn, type Surroundings } from './export.ts'

/** Figures of a set of images. */
export interface Weight {
  images: number
  /** By the recording's metric. */
  timeKbS: number
  /** Sum over the images whose CPU time is known; null: of none. */
  cpuUs: number | null
  /** Images whose CPU time is known. */
  cpuKnown: number
}
/** Images of one name that no rule matches. */
export interface UnmatchedCommand extends Weight {
  category: string
  /** Command line of the first of them. */
  example: string
}
export interface Reclassified {
  /** Absolute. */
  dir: string
  project: string
  jobs: number | null
  repeat: number
  metric: Metric
  /** Everything but the category Ignored. */
  total: Weight
  unmatched: Weight
  /** What is unmatched, by falling memory-time, then CPU time. */
  commands: UnmatchedCommand[]
}
export interface Reclassification {
  rules: { count: number; digest: string }
  recordings: Reclassified[]
  /** Recordings of the run that could not be classified, one line each. */
  problems: string[]
}
export interface ReclassifyOptions extends OpenOptions {
  /** Path of a rules file. Default: that of the configuration. */
  rules?: string
}
/**
 * Classifies a recording, or every recording of a run, again: replaces classes.parquet whole and says what no rule matches. Without `surroundings`: the
 * directory and environment of this process. Rejects where no recording could be classified; one of several is in `problems`.
 */
export async function reclassify(
  { dir, config, rules: rulesFile, noRedact = false }: ReclassifyOptions,
  { cwd, env }: Surroundings = ownSurroundings(),
): Promise<Reclassification> {
  const rules = loadRules(rulesFile === undefined ? loadConfig(config, { cwd, env }).rulesFile : resolve(cwd, rulesFile))
  const recordings: Reclassified[] = []
  const failures: unknown[] = []
  for (const recordingDir of recordingsIn(resolve(cwd, dir)).sort()) {
    try {
      recordings.push(await reclassifyOne(openRecording(recordingDir), rules, noRedact))
    } catch (error) {
      failures.push(error)
    }
  }
  if (recordings.length === 0) throw failures[0]
  return { rules: { count: rules.rules.length, digest: rules.digest }, recordings, problems: failures.map(messageOf) }
}

/** The same for one that is open. */
export async function reclassifyOne(recording: Recording, rules: Rules, noRedact: boolean): Promise<Reclassified> {
  const { metadata } = recording
  const { classes } = classifyRecording(recording, rules)
  const aggregate = await recording.aggregate(byClass(classes, recording.info.processes))
  const timeKbS = metadata.metric === 'pss' ? aggregate.groups.timePssKbS : aggregate.groups.timeRssKbS
  const total = nothing()
  const weights = classes.classes.map(nothing)
  const examples: string[] = []
  // Classes have the order of the rows.
  let row = -1
  for (const batch of recording.processes()) {
    for (let i = 0; i < batch.processId.length; i += 1) {
      row += 1
      const number = classes.classOf[row] as number
      if (classes.classes[number]?.major === IGNORED) continue
      for (const weight of [total, weights[number] as Weight]) count(weight, batch.cpuUs[i] ?? Number.NaN)
      examples[number] ??= exampleOf(batch, i, noRedact)
    }
  }
  const commands: UnmatchedCommand[] = []
  const unmatched = nothing()
  for (const [number, { major, minor, rule }] of classes.classes.entries()) {
    if (major === IGNORED) continue
    const weight = weights[number] as Weight
    weight.timeKbS = timeKbS[number] as number
    total.timeKbS += weight.timeKbS
    // A rule may put commands into Other on purpose.
    if (major !== OTHER || rule !== '') continue
    commands.push({ category: minor, example: examples[number] ?? '', ...weight })
    add(unmatched, weight)
  }
  return {
    dir: recording.dir,
    project: metadata.project,
    jobs: metadata.jobs,
    repeat: metadata.repeat,
    metric: metadata.metric,
    total,
    unmatched,
    commands: commands.sort(byWeight),
  }
}

/** Of the series, which are not wanted here. */
const FEWEST_POINTS = 6

function nothing(): Weight {
  return { images: 0, timeKbS: 0, cpuUs: null, cpuKnown: 0 }
}

/** One group a class, and one for images without a row, as only a crash leaves them. */
function byClass({ processId, classOf, classes }: ClassColumns, processes: number): AggregateOptions {
  const groupOf = new Uint32Array(Math.max(processes, (processId.at(-1) ?? -1) + 1)).fill(classes.length)
  for (const [i, id] of processId.entries()) {
    const number = classOf[i] as number
    groupOf[id] = classes[number]?.major === IGNORED ? LEFT_OUT : number
  }
  return { groupOf, parentOf: new Uint32Array(classes.length + 1), parents: 1, points: FEWEST_POINTS, largest: 0 }
}

function exampleOf(batch: ProcessColumns, i: number, noRedact: boolean): string {
  const argv = batch.argv[i] ?? []
  return argv.length === 0 ? (batch.exe[i] ?? batch.name[i] ?? '') : (noRedact ? argv : redact(argv)).map(quoted).join(' ')
}

/** CPU time of which nothing is known (NaN) adds none. */
function count(weight: Weight, cpuUs: number): void {
  weight.images += 1
  if (Number.isNaN(cpuUs)) return
  weight.cpuUs = (weight.cpuUs ?? 0) + cpuUs
  weight.cpuKnown += 1
}

function add(sum: Weight, { images, timeKbS, cpuUs, cpuKnown }: Weight): void {
  sum.images += images
  sum.timeKbS += timeKbS
  if (cpuUs !== null) sum.cpuUs = (sum.cpuUs ?? 0) + cpuUs
  sum.cpuKnown += cpuKnown
}

function byWeight(a: UnmatchedCommand, b: UnmatchedCommand): number {
  return b.timeKbS - a.timeKbS || (b.cpuUs ?? 0) - (a.cpuUs ?? 0) || b.images - a.images || (a.category < b.category ? -1 : 1)
}
