/** The JSON contract of an analysed recording: what every exporter gets and what `--json` prints. Sizes in KiB, times in microseconds after the build's start. */
export interface Analysis {
  /** Version of this contract. */
  schema: 1
  recording: RecordingSummary
  /** The metric that the totals, categories and the peak are in. */
  metric: Metric
  /** Largest total of one tick of phase build; null when nothing was seen. */
  peak: Peak | null
  /** Major categories by falling peak. */
  categories: MajorCategory[]
  series: Series
  /** The largest processes by their own peak, at most 100. */
  top: ProcessEntry[]
  host: HostSummary
  trust: Trust
}

export type Metric = 'pss' | 'rss'

export interface RecordingSummary {
  runId: string
  project: string
  jobs: number | null
  repeat: number
  command: string[]
  /** The running process that mymonitor was attached to; null: the command was started by mymonitor. */
  attachedPid: number | null
  /** ISO 8601 with the recorder's zone. */
  startedAt: string
  durationUs: number
  exitCode: number | null
  signal: number | null
  timedOut: boolean
  interruptedBy: number | null
  /** The build did not run because of this. */
  startError: string | null
  /** Null: the configuration did not ask for it. */
  cpuScheduling: CpuScheduling | null
}

/** What was pinned to which CPUs, in the kernel's notation, such as `1,2,4-7`; null: not pinned. */
export interface CpuScheduling {
  policy: 'adaptive' | 'manual'
  buildCpus: string | null
  samplerCpus: string | null
}

export interface Peak {
  kb: number
  rssKb: number
  pssKb: number
  /** Sum of (resident - shared). */
  privateKb: number
  sharedKb: number
  tick: number
  elapsedUs: number
  /**
   * measured: every process of the tick by smaps_rollup; modelled: by the statm model from resident and shared sizes, corrected where a process was
   * measured (docs/accuracy.md).
   */
  pssSource: 'measured' | 'modelled'
  /**
   * By how much the model was off when everything was last measured, of what it said: 0.01 is 1 % too high. null: the peak is measured, or nothing was
   * measured in a tick whose estimate is within 20 % of the peak. What came after that tick may be off by more.
   */
  modelError: number | null
  /** PSS of a tick in which every process was measured and which no other tick may exceed by more than 3 %; null: the peak is not confirmed. */
  confirmedPssKb: number | null
  /** Largest sum of high-water marks at any instant of phase build: RSS between the ticks was at most this. */
  upperBoundRssKb: number
  /** Images without a high-water mark, whose largest sample stands in for it: with any, the upper bound is incomplete. */
  withoutMark: number
  processes: ProcessEntry[]
  /** The part of `processes` that does not descend from the build, and of `kb`; 0 but for full_scan. */
  outsideProcesses: number
  outsideKb: number
}

export interface ProcessEntry {
  processId: number
  pid: number
  parentId: number | null
  /** Not a descendant of the build: recorded because its name matches process_pattern. */
  outsideTree: boolean
  name: string
  /** Command line for people: redacted, joined, not cut. */
  command: string
  major: string
  minor: string
  /** Source or output file. */
  target: string | null
  /** At the instant in question (peak list) or the process's own largest sample (top list). */
  kb: number
  rssKb: number
  pssKb: number
  startUs: number
  /** null: still alive or unknown. */
  endUs: number | null
}

export interface MajorCategory extends CategoryFigures {
  name: string
  minors: MinorCategory[]
}
export interface MinorCategory extends CategoryFigures {
  name: string
}
export interface CategoryFigures {
  /** Largest total of this category at one tick. */
  peakKb: number
  /** Its part of the overall peak. */
  atPeakKb: number
  /** Memory-time, KiB·s. */
  timeKbS: number
  /** Processes of which an image is in it. */
  processes: number
}

/** Coherent instants: at each point all groups were read in the same tick. */
export interface Series {
  elapsedUs: number[]
  totalRssKb: number[]
  totalPssKb: number[]
  /** One a minor category that was ever larger than zero; a major's series is the sum of its minors. */
  groups: { major: string; minor: string; kb: number[] }[]
  /** Ticks that were recorded; more than points when the series is thinned. */
  ticks: number
}

export interface HostSummary {
  hostname: string
  kernel: string
  cpus: number
  memTotalKb: number | null
  memAvailableMinKb: number | null
  swapUsedMaxKb: number | null
  cgroupLimitKb: number | null
}

/** How far the numbers can be trusted. */
export interface Trust {
  intervalUs: number
  ticks: number
  skippedTicks: number
  lateTicks: number
  maxLateUs: number
  /** What the processes ran between their execs: the rows of `processes`. As all counts here but `outsideProcesses`, of the tree only. */
  images: number
  /** Processes that are recorded, each one however many images it ran. */
  processes: number
  /** Processes with at least one sample. */
  sampledProcesses: number
  /** Null: unknown, as mymonitor died before its first tick, or its recording was not recovered. */
  unreadableProcesses: number | null
  /** Processes whose exit was recorded, with high-water mark and CPU time. */
  exitRecords: number
  /** Processes that ended in a way nobody saw: a signal, or raw exit. */
  lostProcesses: number
  /** Processes that existed, by the process connector; null without it. Where events were lost, at least so many. */
  existedProcesses: number | null
  /** Those of them that have no more than a beginning and an end here; null without the connector. */
  unrecordedProcesses: number | null
  /** How often events of the process connector were lost. */
  eventOverflows: number
  /** CPU time in the exit records; null without them. */
  attributedCpuUs: number | null
  /** Images recorded by process_pattern, and the CPU time they used for the build; null without full_scan. */
  outsideProcesses: number | null
  outsideCpuUs: number | null
  sources: string[]
  /** Null: unknown, as mymonitor died. */
  ownCost: OwnCost | null
  buildCpuUs: number | null
  /** One plain sentence each: what makes a number weaker. */
  warnings: string[]
}

export interface OwnCost {
  /** The whole of mymonitor's process while the build ran, the sampler's threads included. Null, as the two below it: mymonitor died. */
  cpuUs: number | null
  launcherCpuUs: number | null
  peakRssKb: number | null
  /** Up to the last tick. */
  samplerCpuUs: number
}
