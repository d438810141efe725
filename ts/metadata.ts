/** The contract of metadata.json, written by ts/run and read by ts/recording. Documented in docs/recording-format.md. */
export const METADATA_VERSION = 1

export interface ExitRecords {
  /** on · off: not asked for · refused: by the kernel or a container */
  state: 'on' | 'off' | 'refused'
  /** With on: a signal cannot interrupt an exit once its notification was received. */
  killable: boolean | null
  /** With on: programs of the build gain no privilege at exec. */
  no_new_privs: boolean | null
  /** With refused: the system's words. */
  reason: string | null
  /** Exits that were recorded. */
  records: number
  /** Records dropped because the disk could not keep up. */
  dropped: number
  /** Exits that were seen and could not be read. */
  unreadable: number
  /** Sum of the CPU clocks in the records. */
  attributed_cpu_us: number
  /** Names of programs that asked for a seccomp listener of their own and got EBUSY; null in recordings of earlier versions. */
  refused_listeners: string[] | null
  /** Names of programs that would have gained privilege at exec without no_new_privs; null where mymonitor died, and in recordings of earlier versions. */
  privilege_lost: string[] | null
}

export interface ConnectorFacts {
  /** on · off: not asked for · refused: by the kernel */
  state: 'on' | 'off' | 'refused'
  /** With refused: the system's words. */
  reason: string | null
  /** Processes that existed; with overflows at least so many. */
  existed: number
  /** Those of them that neither a tick nor an exit record told of. */
  unrecorded: number
  /** Changes of image. */
  execs_seen: number
  /** How often events were lost because nobody fetched them in time. */
  overflows: number
}

export interface PssFacts {
  mode: 'off' | 'budget' | 'full'
  /** Of one CPU. */
  budget_percent: number
  /** Measurements of one process. */
  rollups: number
  rollup_cpu_us: number
  /** Measurements that had a reason but no room in the budget. */
  postponed: number
  /** Images whose PSS this user may not measure. */
  denied: number
  /** The tick of the peak, where it was measured in full and no other may have been more than 3 % higher. */
  confirmed_peak: { tick: number; pss_kb: number } | null
  /** The last tick in which everything was measured, and what had been estimated of it just before. */
  model_check: { tick: number; estimate_kb: number; measured_kb: number } | null
}

/** What of the host was recorded besides the build and its descendants. */
interface FullScan {
  /** Of the base names of commands. */
  process_pattern: string
  /** Between two looks at all processes of the host. */
  period_us: number
}

/** What was asked for and done; CPUs in the kernel's notation, such as 1,2,4-7. Null: not pinned. */
export interface CpuScheduling {
  policy: 'adaptive' | 'manual'
  build_cpus: string | null
  sampler_cpus: string | null
}

export interface Metadata {
  format_version: number
  mymonitor_version: string
  /** running: not finished (or mymonitor died) · finished · recovered: mymonitor died, its journals were saved · failed: the build could not be started */
  state: 'running' | 'finished' | 'recovered' | 'failed'
  run_id: string
  project: string
  jobs: number | null
  repeat: number
  metric: 'pss' | 'rss'
  interval_us: number
  command: string[]
  cwd: string
  /** The process that `mymonitor attach` was given; null: the command was started. */
  attached_pid: number | null
  /** ISO 8601 with zone offset. */
  started_at: string
  /** Wall clock at the build's start, microseconds since 1970 UTC: the anchor of every elapsed time. */
  started_at_unix_us: number | null
  duration_us: number | null
  exit_code: number | null
  signal: number | null
  timed_out: boolean
  interrupted_by: number | null
  start_error: string | null
  host: {
    hostname: string
    os: string
    kernel: string
    arch: string
    boot_id: string | null
    cpus: number
    mem_total_kb: number | null
    swap_total_kb: number | null
    numa_nodes: number | null
  }
  limits: { cgroup: string | null; open_files_soft: number | null }
  /** Null: the configuration did not ask for it, or a recording of earlier versions. */
  cpu_scheduling: CpuScheduling | null
  /** Null: descendants only, or a recording of earlier versions. */
  full_scan: FullScan | null
  source_commit: string | null
  tools: Record<string, string>
  /** children_walk, last_pid, exit_records, connector, full_scan */
  sources: string[]
  /** What became of the exit records; null in recordings of earlier versions. */
  exit_records: ExitRecords | null
  /** What the process connector told; null in recordings of earlier versions. */
  connector: ConnectorFacts | null
  exec_check_ticks: number
  counts: {
    ticks: number
    skipped_ticks: number
    late_ticks: number
    max_late_us: number
    rows: number
    processes: number
    unreadable_processes: number
    /** Processes that were read by path at every tick because descriptors were short. */
    short_of_descriptors: number
    /** Children were looked for within so many ticks; more than 1 where nothing told of forks and there were too many processes to ask all at every tick. */
    discovery_lag_ticks: number
    lost_frames: number
  } | null
  /** cpu_us: the whole of mymonitor's process while the build ran, the sampler's threads included. Where mymonitor died, its last tick told sampler_cpu_us, and nothing the others. */
  own_cost: {
    sampler_cpu_us: number
    cpu_us: number | null
    launcher_cpu_us: number | null
    peak_rss_kb: number | null
    /** CPU time of the sampling thread by what it did, all ticks together; all but rollup timed at every 7th tick and scaled up. */
    phase_cpu_us: { read: number; discover: number; rollup: number; encode: number } | null
  } | null
  /** How PSS was measured; null in recordings of earlier versions and where mymonitor died. */
  pss: PssFacts | null
  build_cpu_us: number | null
  /** Of mymonitor and its launcher while the build ran, which had the caller's own; null where it could not be lowered. */
  oom_score_adj: number | null
  measurement_error: string | null
}
