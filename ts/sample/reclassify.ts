import { resolve } from 'node:path'
import type { Metric } from '../analysis/contract.ts'
import { groupingOf } from '../analysis/grouping.ts'
import { classifyRecording } from '../analysis/index.ts'
import { IGNORED, OTHER } from '../classify/classify.ts'
import { redact } from '../classify/redact.ts'
import { loadRules, type Rules } from '../classify/rules.ts'
import { quoted } from '../classify/words.ts'
import { loadConfig } from '../config/load.ts'
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
  const { metadata, info } = recording
  const classes = classifyRecording(recording, rules)
  const { options } = groupingOf(classes, info.processes)
  const aggregate = await recording.aggregate({ ...options, points: FEWEST_POINTS })
  const timeKbS = metadata.metric === 'pss' ? aggregate.processTimePssKbS : aggregate.processTimeRssKbS
  const total = nothing()
  const unmatched = nothing()
  const commands = new Map<string, UnmatchedCommand>()
  // Classes have the order of the rows.
  let row = -1
  for (const batch of recording.processes()) {
    for (const [i, id] of batch.processId.entries()) {
      row += 1
      if (classes.majorCategory[row] === IGNORED) continue
      const time = timeKbS[id] ?? 0
      const cpuUs = batch.cpuUs[i] ?? Number.NaN
      add(total, time, cpuUs)
      // A rule may put commands into Other on purpose.
      if (classes.majorCategory[row] !== OTHER || classes.rule[row] !== '') continue
      add(unmatched, time, cpuUs)
      const category = classes.minorCategory[row] ?? OTHER
      let command = commands.get(category)
      if (command === undefined) {
        const argv = batch.argv[i] ?? []
        const example = argv.length === 0 ? (batch.exe[i] ?? batch.name[i] ?? '') : (noRedact ? argv : redact(argv)).map(quoted).join(' ')
        command = { category, example, ...nothing() }
        commands.set(category, command)
      }
      add(command, time, cpuUs)
    }
  }
  return {
    dir: recording.dir,
    project: metadata.project,
    jobs: metadata.jobs,
    repeat: metadata.repeat,
    metric: metadata.metric,
    total,
    unmatched,
    commands: [...commands.values()].sort(byWeight),
  }
}

/** Of the series, which are not wanted here. */
const FEWEST_POINTS = 6

function nothing(): Weight {
  return { images: 0, timeKbS: 0, cpuUs: null, cpuKnown: 0 }
}

/** NaN: not measured. An image without a sample has no memory-time, and one whose CPU time is unknown adds none. */
function add(weight: Weight, timeKbS: number, cpuUs: number): void {
  weight.images += 1
  if (!Number.isNaN(timeKbS)) weight.timeKbS += timeKbS
  if (Number.isNaN(cpuUs)) return
  weight.cpuUs = (weight.cpuUs ?? 0) + cpuUs
  weight.cpuKnown += 1
}

function byWeight(a: UnmatchedCommand, b: UnmatchedCommand): number {
  return b.timeKbS - a.timeKbS || (b.cpuUs ?? 0) - (a.cpuUs ?? 0) || b.images - a.images || (a.category < b.category ? -1 : 1)
}
