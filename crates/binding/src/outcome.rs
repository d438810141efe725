//! What came of a session, for Node.

use mymonitor_sampler::{ConnectorCounts as Counts, ConnectorState, ExitRecords, Outcome, StartStep};
use napi_derive::napi;

/// Why the build did not run.
#[napi(object)]
pub struct StartFailure {
    /// Of what failed.
    pub errno: i32,
    /// The system's words for it.
    pub message: String,
    /// What failed: execve, chdir to the working directory, the exit records that were demanded, or the CPUs.
    #[napi(ts_type = "'exec' | 'chdir' | 'exit_records' | 'affinity'")]
    pub step: String,
}

/// What became of the exit records.
#[napi(object)]
pub struct ExitRecordsState {
    /// Recorded, not asked for, or refused by the kernel.
    #[napi(ts_type = "'on' | 'off' | 'refused'")]
    pub state: String,
    /// A signal cannot interrupt an exit once it was received; with `on`.
    pub killable: Option<bool>,
    /// Programs of the build gain no privilege at exec; with `on`.
    pub no_new_privs: Option<bool>,
    /// Why; with `refused`.
    pub errno: Option<i32>,
    /// The system's words for it; with `refused`.
    pub message: Option<String>,
}

/// What became of the process connector.
#[napi(object)]
pub struct ConnectorUse {
    /// Used, not asked for, or refused by the kernel.
    #[napi(ts_type = "'on' | 'off' | 'refused'")]
    pub state: String,
    /// Why; with `refused`.
    pub reason: Option<String>,
}

/// What the process connector counted. With overflows these are lower bounds.
#[napi(object)]
pub struct ConnectorCounts {
    /// Processes that existed.
    pub existed: f64,
    /// Those of them that neither a tick nor an exit record told of.
    pub unrecorded: f64,
    /// Changes of image.
    pub execs: f64,
    /// How often events were lost because nobody fetched them in time.
    pub overflows: f64,
}

/// Where the sampling thread's CPU time went, all ticks together; waiting and waking up is the rest.
#[napi(object)]
#[expect(clippy::struct_field_names, reason = "units belong to names")]
pub struct PhaseCpu {
    /// Memory of known processes, and the host's files.
    pub read_us: f64,
    /// Looking for new processes.
    pub discover_us: f64,
    /// Measuring PSS.
    pub rollup_us: f64,
    /// Model, encoding, hand-over to the journal.
    pub encode_us: f64,
}

/// What the exit records were.
#[napi(object)]
pub struct ExitCounts {
    /// Exits that were recorded.
    pub records: f64,
    /// Records dropped because the disk could not keep up.
    pub dropped: f64,
    /// Exits that were seen and could not be read.
    pub unreadable: f64,
    /// Sum of the CPU clocks in the records.
    pub attributed_cpu_us: f64,
    /// Names of programs that asked for a seccomp listener of their own, which the kernel refuses below the exit records'.
    pub refused_listeners: Vec<String>,
}

/// What came of a session.
#[napi(object)]
pub struct SessionResult {
    /// Absent: the build ran.
    pub start_error: Option<StartFailure>,
    /// Of the root; with `signal` also absent, the launcher was lost and the status is unknown.
    pub exit_code: Option<u32>,
    /// The signal that ended the root.
    pub signal: Option<u32>,
    /// The timeout ended the build.
    pub timed_out: bool,
    /// First signal passed on to the build by us or by the terminal.
    pub interrupted_by: Option<i32>,
    /// Wall clock at the build's start.
    pub started_at_unix_us: f64,
    /// From the root's start to its end.
    pub duration_us: f64,
    /// Ticks recorded.
    pub ticks: u32,
    /// Deadlines without a tick.
    pub skipped_ticks: f64,
    /// Ticks more than a tenth of the interval late.
    pub late_ticks: f64,
    /// The latest tick.
    pub max_late_us: f64,
    /// Rows of `memory_samples`.
    pub rows: f64,
    /// Rows of `processes`.
    pub processes: f64,
    /// Processes that exist but could not be read.
    pub unreadable_processes: f64,
    /// Processes that were read by path at every tick because descriptors were short.
    pub short_of_descriptors: f64,
    /// Children were looked for within so many ticks.
    pub discovery_lag_ticks: u32,
    /// The last pid given out told of forks.
    pub last_pid: bool,
    /// Images whose PSS this user may not measure.
    pub pss_denied: f64,
    /// Measurements of one process's PSS.
    pub rollups: f64,
    /// What they cost, CPU time; part of `samplerCpuUs`.
    pub rollup_cpu_us: f64,
    /// Measurements that had a reason but no room in the budget.
    pub rollups_postponed: f64,
    /// The tick of the PSS peak, where it was measured in full and no other tick may have been more than 3 % higher.
    pub confirmed_peak_tick: Option<u32>,
    /// The sum of measured PSS at it, KiB.
    pub confirmed_peak_kb: Option<f64>,
    /// The last tick in which everything was measured after the model had been asked.
    pub model_check_tick: Option<u32>,
    /// What had been estimated of it, KiB.
    pub model_check_estimate_kb: Option<f64>,
    /// What was measured of it, KiB.
    pub model_check_measured_kb: Option<f64>,
    /// CPU time of the sampling thread by what it did.
    pub phase_cpu: PhaseCpu,
    /// Ticks whose samples were dropped because the disk could not keep up.
    pub lost_frames: f64,
    /// A process's executable was looked at every so many ticks.
    pub exec_check_ticks: u32,
    /// CPU time of the sampling and the journal thread.
    pub sampler_cpu_us: f64,
    /// CPU time of this whole process while the build ran.
    pub own_cpu_us: f64,
    /// CPU time of the launcher.
    pub launcher_cpu_us: f64,
    /// CPU time of the build's processes that were waited for.
    pub build_cpu_us: Option<f64>,
    /// `VmHWM` of this process, KiB.
    pub own_peak_rss_kb: f64,
    /// Absent: the build did not run.
    pub exit_records: Option<ExitRecordsState>,
    /// How many there were.
    pub exits: ExitCounts,
    /// Names of programs that they kept from gaining privilege at exec.
    pub privilege_lost: Vec<String>,
    /// Whether the process connector told of forks and ends.
    pub connector: ConnectorUse,
    /// What it counted.
    pub connector_counts: ConnectorCounts,
    /// `oom_score_adj` of this process and the launcher while the build ran, where it could be lowered; the build had the caller's.
    pub oom_score_adj: Option<i32>,
    /// The recording could not be written completely; the build's status stands.
    pub measurement_error: Option<String>,
}

#[expect(clippy::cast_precision_loss, reason = "microseconds and KiB stay below 2^53 for 285 years and 8 EiB")]
pub(crate) fn number(value: u64) -> f64 {
    value as f64
}

fn system_words(errno: i32) -> String {
    std::io::Error::from_raw_os_error(errno).to_string()
}

impl From<mymonitor_sampler::ExitCounts> for ExitCounts {
    fn from(counts: mymonitor_sampler::ExitCounts) -> Self {
        Self {
            records: number(counts.records),
            dropped: number(counts.dropped),
            unreadable: number(counts.unreadable),
            attributed_cpu_us: number(counts.attributed_cpu_us),
            refused_listeners: counts.refused_listeners,
        }
    }
}

impl From<ExitRecords> for ExitRecordsState {
    fn from(records: ExitRecords) -> Self {
        let (state, killable, no_new_privs, errno) = match records {
            ExitRecords::On { killable, no_new_privs } => ("on", Some(killable), Some(no_new_privs), None),
            ExitRecords::Off => ("off", None, None, None),
            ExitRecords::Refused { errno } => ("refused", None, None, Some(errno)),
        };
        Self { state: state.into(), killable, no_new_privs, errno, message: errno.map(system_words) }
    }
}

impl From<Counts> for ConnectorCounts {
    fn from(counts: Counts) -> Self {
        Self {
            existed: number(counts.existed),
            unrecorded: number(counts.unrecorded),
            execs: number(counts.execs),
            overflows: number(counts.overflows),
        }
    }
}

impl From<ConnectorState> for ConnectorUse {
    fn from(state: ConnectorState) -> Self {
        let (state, reason) = match state {
            ConnectorState::On => ("on", None),
            ConnectorState::Off => ("off", None),
            ConnectorState::Refused(refusal) => ("refused", Some(refusal.to_string())),
        };
        Self { state: state.into(), reason }
    }
}

impl From<Outcome> for SessionResult {
    fn from(outcome: Outcome) -> Self {
        Self {
            start_error: outcome.start_failure.map(|failure| StartFailure {
                errno: failure.errno,
                message: system_words(failure.errno),
                step: match failure.step {
                    StartStep::Exec => "exec",
                    StartStep::Chdir => "chdir",
                    StartStep::ExitRecords => "exit_records",
                    StartStep::Affinity => "affinity",
                }
                .into(),
            }),
            exit_code: outcome.exit_code,
            signal: outcome.signal,
            timed_out: outcome.timed_out,
            interrupted_by: outcome.interrupted_by,
            started_at_unix_us: number(outcome.started_at_unix_us),
            duration_us: number(outcome.duration_us),
            ticks: outcome.ticks,
            skipped_ticks: number(outcome.skipped_ticks),
            late_ticks: number(outcome.late_ticks),
            max_late_us: number(outcome.max_late_us),
            rows: number(outcome.rows),
            processes: number(outcome.processes),
            unreadable_processes: number(outcome.unreadable_processes),
            short_of_descriptors: number(outcome.short_of_descriptors),
            discovery_lag_ticks: outcome.discovery_lag_ticks,
            last_pid: outcome.last_pid,
            pss_denied: number(outcome.pss_denied),
            rollups: number(outcome.rollups),
            rollup_cpu_us: number(outcome.rollup_cpu_us),
            rollups_postponed: number(outcome.rollups_postponed),
            confirmed_peak_tick: outcome.confirmed_peak.map(|peak| peak.tick),
            confirmed_peak_kb: outcome.confirmed_peak.map(|peak| number(peak.pss_kb)),
            model_check_tick: outcome.model_check.map(|check| check.tick),
            model_check_estimate_kb: outcome.model_check.map(|check| number(check.estimate_kb)),
            model_check_measured_kb: outcome.model_check.map(|check| number(check.measured_kb)),
            phase_cpu: PhaseCpu {
                read_us: number(outcome.phase_cpu.read_us),
                discover_us: number(outcome.phase_cpu.discover_us),
                rollup_us: number(outcome.phase_cpu.rollup_us),
                encode_us: number(outcome.phase_cpu.encode_us),
            },
            lost_frames: number(outcome.lost_frames),
            exec_check_ticks: outcome.exec_check_ticks,
            sampler_cpu_us: number(outcome.sampler_cpu_us),
            own_cpu_us: number(outcome.own_cpu_us),
            launcher_cpu_us: number(outcome.launcher_cpu_us),
            build_cpu_us: outcome.build_cpu_us.map(number),
            own_peak_rss_kb: number(outcome.own_peak_rss_kb),
            exit_records: outcome.exit_records.map(ExitRecordsState::from),
            exits: outcome.exits.into(),
            privilege_lost: outcome.privilege_lost,
            connector: outcome.connector.into(),
            connector_counts: outcome.connector_counts.into(),
            oom_score_adj: outcome.oom_score_adj,
            measurement_error: outcome.measurement_error,
        }
    }
}
