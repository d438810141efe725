use mymonitor_recording::{ConnectorCounts, ExitCounts};
use mymonitor_wire::{ExitRecords, StartStep};

use crate::ConnectorRefusal;

/// Why the build did not run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StartFailure {
    /// Of what failed.
    pub errno: i32,
    /// What failed.
    pub step: StartStep,
}

/// Whether the process connector told of forks and ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ConnectorState {
    /// Not asked for.
    #[default]
    Off,
    /// It did.
    On,
    /// It may not be used.
    Refused(ConnectorRefusal),
}

/// A tick in which every process was measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ConfirmedPeak {
    /// Its number.
    pub tick: u32,
    /// The sum of measured PSS.
    pub pss_kb: u64,
}

/// What was estimated of a tick just before every process of it was measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ModelCheck {
    /// Its number.
    pub tick: u32,
    /// The total as it would have stood.
    pub estimate_kb: u64,
    /// The sum of measured PSS.
    pub measured_kb: u64,
}

/// Where the sampling thread's CPU time went, all ticks together. Waiting and waking up is the rest. All but `rollup_us` is scaled up from a part of the ticks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PhaseCpu {
    /// Memory of known processes, and the host's files.
    pub read_us: u64,
    /// Looking for new processes.
    pub discover_us: u64,
    /// Measuring PSS.
    pub rollup_us: u64,
    /// Model, encoding, hand-over to the journal.
    pub encode_us: u64,
}

/// What came of a session. Times in microseconds, sizes in KiB.
#[derive(Debug, Clone, Default)]
pub struct Outcome {
    /// The build was not started because of this.
    pub start_failure: Option<StartFailure>,
    /// What the launcher said of the exit records when the build started.
    pub exit_records: Option<ExitRecords>,
    /// What they were.
    pub exits: ExitCounts,
    /// Names of programs that they kept from gaining privilege at exec.
    pub privilege_lost: Vec<String>,
    /// Whether the process connector was used.
    pub connector: ConnectorState,
    /// What it counted.
    pub connector_counts: ConnectorCounts,
    /// The root's exit code; with `signal` also absent, the status is unknown because the launcher was lost.
    pub exit_code: Option<u32>,
    /// The signal that ended the root.
    pub signal: Option<u32>,
    /// The timeout ended the build.
    pub timed_out: bool,
    /// The first signal that reached the build through us or together with us.
    pub interrupted_by: Option<i32>,
    /// Wall clock at the build's start, since 1970.
    pub started_at_unix_us: u64,
    /// From the root's start to its end.
    pub duration_us: u64,
    /// Ticks recorded.
    pub ticks: u32,
    /// Deadlines without a tick.
    pub skipped_ticks: u64,
    /// Ticks more than a tenth of the interval late.
    pub late_ticks: u64,
    /// The latest tick.
    pub max_late_us: u64,
    /// Rows of `memory_samples`.
    pub rows: u64,
    /// Rows of `processes`.
    pub processes: u64,
    /// Processes that exist but could not be read.
    pub unreadable_processes: u64,
    /// Processes that were read by path at every tick because descriptors were short.
    pub short_of_descriptors: u64,
    /// Children were looked for within so many ticks; more than 1 where nothing told of forks and there were too many processes to ask all at
    /// every tick.
    pub discovery_lag_ticks: u32,
    /// The last pid given out told of forks, so that the tree was not walked at every tick.
    pub last_pid: bool,
    /// Images whose PSS this user may not measure.
    pub pss_denied: u64,
    /// Measurements of one process's PSS.
    pub rollups: u64,
    /// What they cost, CPU time; part of `sampler_cpu_us`.
    pub rollup_cpu_us: u64,
    /// Measurements that had a reason but no room in the budget; a full one counts once a tick.
    pub rollups_postponed: u64,
    /// The PSS peak, where it was measured in full and no other tick may have been more than 3 % higher.
    pub confirmed_peak: Option<ConfirmedPeak>,
    /// The last time that the model's estimate was followed by a measurement of everything.
    pub model_check: Option<ModelCheck>,
    /// CPU time of the sampling thread by what it did.
    pub phase_cpu: PhaseCpu,
    /// Ticks whose samples were dropped because the disk could not keep up.
    pub lost_frames: u64,
    /// A process's executable was looked at every so many ticks, where nothing told of execs.
    pub exec_check_ticks: u32,
    /// CPU time of the sampling and the journal thread.
    pub sampler_cpu_us: u64,
    /// CPU time of this whole process while the build ran, the sampler's included.
    pub own_cpu_us: u64,
    /// CPU time of the launcher.
    pub launcher_cpu_us: u64,
    /// CPU time of all processes of the build that were waited for.
    pub build_cpu_us: Option<u64>,
    /// `VmHWM` of this process.
    pub own_peak_rss_kb: u64,
    /// `oom_score_adj` of this process and the launcher, where it could be lowered; the build had the caller's.
    pub oom_score_adj: Option<i32>,
    /// The recording could not be written completely.
    pub measurement_error: Option<String>,
}

/// Exit code or signal of a status as waitpid gives it.
pub(crate) fn decode_wait_status(status: i32) -> (Option<u32>, Option<u32>) {
    if libc::WIFSIGNALED(status) {
        (None, Some(libc::WTERMSIG(status).cast_unsigned()))
    } else {
        (Some(libc::WEXITSTATUS(status).cast_unsigned()), None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_status_is_an_exit_code_or_a_signal() {
        assert_eq!(decode_wait_status(3 << 8), (Some(3), None));
        assert_eq!(decode_wait_status(9), (None, Some(9)));
        assert_eq!(decode_wait_status(0b1000_1011), (None, Some(11)));
    }
}
