import { redact } from '../classify/redact.ts'
import { loadRules, type Rules } from '../classify/rules.ts'
import { SHIPPED_RULES } from '../config/find.ts'
import type { Metadata } from '../metadata.ts'
import type { Aggregate, PeakColumns, TickFacts } from '../native.ts'
import type { Recording } from '../recording/recording.ts'
import { categoriesOf, seriesOf } from './categories.ts'
import { classesOf, type KnownClasses } from './classes.ts'
import type { Analysis, Metric, Peak, ProcessEntry, RecordingSummary } from './contract.ts'
import { groupingOf } from './grouping.ts'
import { entriesAtPeak, entriesByOwnPeak, processFacts } from './processes.ts'
import { hostOf, trustOf } from './trust.ts'

export interface AnalyseOptions {
  /** Default: the shipped ones. */
  rules?: Rules
  /** Default: the metric that the recording was made for. */
  metric?: Metric
  /** Most time points in the series. Default 2,000, about twice the width of a screen; peaks are kept whatever it is. */
  points?: number
  /** Leave secrets in command lines as they are. Default false. */
  noRedact?: boolean
}

const POINTS = 2000
const TOP_PROCESSES = 100

/**
 * Everything that is said about one recording: a pure function of the recording and the rules. The stored classification is used where it is by the
 * same rules; nothing is written.
 */
export async function analyse(recording: Recording, options: AnalyseOptions = {}): Promise<Analysis> {
  const { rules = loadRules(SHIPPED_RULES) } = options
  return analyseClassified(recording, classesOf(recording, rules), options)
}

/** The same of a recording whose classes were just made. */
export async function analyseClassified(
  recording: Recording,
  known: KnownClasses,
  options: Omit<AnalyseOptions, 'rules'>,
): Promise<Analysis> {
  const { metadata, info } = recording
  const { metric = metadata.metric, points = POINTS, noRedact = false } = options
  const grouping = groupingOf(known.classes, info.processes)
  const aggregate = await recording.aggregate({ ...grouping.options, points, largest: TOP_PROCESSES })
  const [peakColumns, top] = metric === 'pss' ? [aggregate.peakPss, aggregate.largestPss] : [aggregate.peakRss, aggregate.largestRss]
  const facts = processFacts(recording, known, new Set([...top.processId, ...(peakColumns?.processId ?? [])]), noRedact)
  const ticks = recording.tickFacts()
  const categories = categoriesOf(grouping, aggregate, metric, facts.counts)
  return {
    schema: 1,
    recording: summaryOf(metadata, ticks, noRedact),
    metric,
    peak: peakColumns === undefined ? null : peakOf(peakColumns, metric, entriesAtPeak(peakColumns, metric, facts), aggregate, metadata),
    categories,
    series: seriesOf(grouping, aggregate, metric, categories, ticks.count),
    top: entriesByOwnPeak(top, metric, facts),
    host: hostOf(metadata, ticks),
    trust: trustOf({ metadata, ticks, processes: facts, withoutRow: grouping.withoutRow, categories }, known.warnings),
  }
}

/** Duration: from the build's start to its end; without an end, to the last tick. */
function summaryOf(metadata: Metadata, ticks: TickFacts, showSecrets: boolean): RecordingSummary {
  const { cpu_scheduling: cpus } = metadata
  return {
    runId: metadata.run_id,
    project: metadata.project,
    jobs: metadata.jobs,
    repeat: metadata.repeat,
    command: showSecrets ? metadata.command : redact(metadata.command),
    attachedPid: metadata.attached_pid,
    startedAt: metadata.started_at,
    durationUs: metadata.duration_us ?? ticks.elapsedUs.last ?? 0,
    exitCode: metadata.exit_code,
    signal: metadata.signal,
    timedOut: metadata.timed_out,
    interruptedBy: metadata.interrupted_by,
    startError: metadata.start_error,
    cpuScheduling: cpus === null ? null : { policy: cpus.policy, buildCpus: cpus.build_cpus, samplerCpus: cpus.sampler_cpus },
  }
}

/** The sampler confirms while the build runs; the analysis knows of later measurements, too, and may see another tick as the peak. */
const MOST_ABOVE_CONFIRMED = 1.03

/** Of a tick of another size the check says nothing about the peak. */
function isLike(checkedKb: number, peakKb: number): boolean {
  return Math.abs(checkedKb / peakKb - 1) <= 0.2
}

/** The largest total of one tick of phase build by the metric; private = sum of resident - shared, PSS = private + shared counted once. */
function peakOf(
  peak: PeakColumns,
  metric: Metric,
  processes: ProcessEntry[],
  { upperBoundRssKb, withoutMark: known }: Aggregate,
  { pss, exit_records: exits }: Metadata,
): Peak {
  const { rssKb, pssKb, privateKb, sharedKb, tick, elapsedUs, measured } = peak
  const kb = metric === 'pss' ? pssKb : rssKb
  // Exits that were seen and not recorded had marks, too.
  const withoutMark = known + (exits?.dropped ?? 0) + (exits?.unreadable ?? 0)
  const outside = processes.filter(({ outsideTree }) => outsideTree)
  const confirmed = pss?.confirmed_peak?.pss_kb ?? null
  const { estimate_kb: estimate = null, measured_kb: checked = null } = pss?.model_check ?? {}
  const sizes = { kb, rssKb, pssKb, privateKb, sharedKb, upperBoundRssKb, withoutMark }
  return {
    ...sizes,
    tick,
    elapsedUs,
    pssSource: measured ? 'measured' : 'modelled',
    modelError: measured || !estimate || !checked || !isLike(estimate, pssKb) ? null : 1 - checked / estimate,
    confirmedPssKb: confirmed !== null && pssKb <= confirmed * MOST_ABOVE_CONFIRMED ? confirmed : null,
    processes,
    outsideProcesses: outside.length,
    outsideKb: outside.reduce((sum, process) => sum + process.kb, 0),
  }
}
