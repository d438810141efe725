import type { ConnectorFacts, Metadata } from '../metadata.ts'
import type { TickFacts } from '../native.ts'
import { formatCount, formatMs, formatShare } from '../units.ts'
import type { HostSummary, MajorCategory, OwnCost, Trust } from './contract.ts'
import type { ProcessFacts } from './processes.ts'
import { elsewhereWarnings, hostWarnings, oomWarnings, sourceWarnings } from './verdicts.ts'

/** What trust is judged by. */
export interface Evidence {
  metadata: Metadata
  ticks: TickFacts
  processes: ProcessFacts
  /** Processes known by their samples only. */
  withoutRow: number
  categories: readonly MajorCategory[]
}

/**
 * How far the numbers can be trusted. Counts are the recorder's own where it could finish; after a crash they come from the ticks that were saved,
 * and what it could not read, and cost but for the sampling, is unknown.
 */
export function trustOf(evidence: Evidence, tableWarnings: readonly string[]): Trust {
  const { metadata, ticks, processes, withoutRow } = evidence
  const counted = metadata.connector?.state === 'on' ? metadata.connector : null
  const figures: Omit<Trust, 'warnings'> = {
    intervalUs: metadata.interval_us,
    ticks: metadata.counts?.ticks ?? ticks.count,
    skippedTicks: metadata.counts?.skipped_ticks ?? ticks.skipped,
    lateTicks: metadata.counts?.late_ticks ?? ticks.late,
    maxLateUs: metadata.counts?.max_late_us ?? ticks.maxLateUs,
    images: processes.counts.images,
    processes: processes.counts.processes,
    sampledProcesses: processes.counts.sampled,
    unreadableProcesses: metadata.counts?.unreadable_processes ?? null,
    exitRecords: processes.recorded,
    lostProcesses: processes.lost,
    existedProcesses: counted === null ? null : existedOf(counted, processes.counts.processes),
    unrecordedProcesses: counted?.unrecorded ?? null,
    eventOverflows: counted?.overflows ?? 0,
    attributedCpuUs: metadata.exit_records?.state === 'on' ? metadata.exit_records.attributed_cpu_us : null,
    outsideProcesses: metadata.full_scan === null ? null : processes.counts.outside,
    outsideCpuUs: metadata.full_scan === null ? null : processes.outsideCpuUs,
    sources: metadata.sources,
    ownCost: ownCostOf(metadata),
    buildCpuUs: metadata.build_cpu_us,
  }
  return {
    ...figures,
    warnings: [
      ...recordingWarnings(metadata, withoutRow),
      ...tableWarnings,
      ...oomWarnings(evidence),
      ...buildWarnings(metadata),
      ...samplingWarnings(figures, ticks.build),
      ...sourceWarnings(evidence),
      ...hostWarnings(evidence),
      ...elsewhereWarnings(evidence),
    ],
  }
}

function ownCostOf({ own_cost: cost }: Metadata): OwnCost | null {
  if (cost === null) return null
  return {
    cpuUs: cost.cpu_us,
    samplerCpuUs: cost.sampler_cpu_us,
    launcherCpuUs: cost.launcher_cpu_us,
    peakRssKb: cost.peak_rss_kb,
  }
}

/** Where events were lost, a process may be recorded that the connector did not tell of. */
function existedOf({ existed, overflows }: ConnectorFacts, recorded: number): number {
  return overflows === 0 ? existed : Math.max(existed, recorded)
}

function recordingWarnings({ state, measurement_error, counts }: Metadata, withoutRow: number): string[] {
  return [
    ...(state === 'running'
      ? ['mymonitor did not finish this recording: the end of the build may be missing, and its exit status and cost are unknown.']
      : []),
    ...(state === 'recovered' ? [RECOVERED] : []),
    ...(measurement_error === null ? [] : [`The recording is not complete: ${measurement_error}.`]),
    ...(counts !== null && counts.lost_frames > 0
      ? [`${formatCount(counts.lost_frames, 'damaged journal frame was', 'damaged journal frames were')} left out.`]
      : []),
    ...(withoutRow > 0 ? [`${formatCount(withoutRow, 'process is', 'processes are')} known by memory only and counted as Other.`] : []),
  ]
}

const RECOVERED =
  'mymonitor died while it recorded this, and what it had written was recovered: memory after its death is missing, and of its own cost all but the sampling is unknown.'

function buildWarnings({ state, attached_pid, exit_code, signal, timed_out, interrupted_by }: Metadata): string[] {
  if (attached_pid !== null)
    return [
      'Attached to a tree that was running: what it did before, what lives between two ticks, and orphans that no tick has seen are not here.',
    ]
  if (timed_out) return ['The build was ended by its timeout: a full build may need more.']
  if (interrupted_by !== null) return ['The build was interrupted: a full build may need more.']
  if (signal !== null) return [`The build was killed by signal ${signal}: a full build may need more.`]
  if (exit_code !== null && exit_code !== 0) return [`The build failed with exit status ${exit_code}: a full build may need more.`]
  if (exit_code === null && state === 'finished') return ['The exit status of the build is unknown.']
  return []
}

function samplingWarnings(trust: Omit<Trust, 'warnings'>, buildTicks: number): string[] {
  const { ticks, skippedTicks, lateTicks, maxLateUs, intervalUs, processes, sampledProcesses, unreadableProcesses } = trust
  const missed = processes - sampledProcesses
  return [
    ...(ticks === 0 ? ['There is no tick: nothing was measured.'] : []),
    ...(ticks > 0 && buildTicks < FEW_TICKS ? [tooShort(intervalUs)] : []),
    ...(skippedTicks > 0
      ? [
          `${skippedTicks} of ${formatCount(ticks + skippedTicks, 'tick')} (${formatShare(skippedTicks, ticks + skippedTicks)}) ${skippedTicks === 1 ? 'was' : 'were'} skipped: a short peak may be missing.`,
        ]
      : []),
    ...(lateTicks >= 2 && lateTicks * 20 > ticks
      ? [
          `${lateTicks} of ${ticks} ticks (${formatShare(lateTicks, ticks)}) were late, by ${formatMs(maxLateUs)} at most: the machine was busy.`,
        ]
      : []),
    ...(missed > 0 && trust.attributedCpuUs === null
      ? [
          `${missed} of ${formatCount(processes, 'process', 'processes')} (${formatShare(missed, processes)}) lived between two ticks only: their memory is in no total.`,
        ]
      : []),
    ...(unreadableProcesses !== null && unreadableProcesses > 0
      ? [
          `${formatCount(unreadableProcesses, 'process', 'processes')} could not be read (another user's, or hidden): the peak is too low by what they used.`,
        ]
      : []),
  ]
}

/** Most of what lives for a tick or so falls between so few of them. */
const FEW_TICKS = 5
/** The shortest interval that `--interval` takes. */
const SHORTEST_US = 1000

function tooShort(intervalUs: number): string {
  const shorterUs = Math.max(intervalUs / 10, SHORTEST_US)
  const advice = shorterUs < intervalUs ? `; try --interval ${formatMs(shorterUs).replace(' ', '')}` : ''
  return `The build lasted fewer than ${FEW_TICKS} ticks: too short to measure at ${formatMs(intervalUs)}${advice}.`
}

/** The worst that the host reported over the whole recording; null where no tick could read it. */
export function hostOf({ host }: Metadata, ticks: TickFacts): HostSummary {
  return {
    hostname: host.hostname,
    kernel: host.kernel,
    cpus: host.cpus,
    memTotalKb: host.mem_total_kb,
    memAvailableMinKb: ticks.memAvailableKb.smallest ?? null,
    swapUsedMaxKb: ticks.swapUsedKb.largest ?? null,
    cgroupLimitKb: ticks.cgroupLimitKb.smallest ?? null,
  }
}
