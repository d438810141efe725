use std::ffi::OsString;
use std::path::PathBuf;

use mymonitor_proc::CpuSet;
use mymonitor_recording::Compression;
use mymonitor_wire::{Header, Phase};

use crate::{ConnectorRefusal, Pattern, Program};

/// What the build's standard descriptors are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OutputMode {
    /// Ours, untouched.
    Inherit,
    /// Ours, copied into `build_stdout.log` on the way.
    InheritLog,
    /// Standard input /dev/null, both outputs `build_stdout.log`.
    Log,
    /// Standard input /dev/null, both outputs ours, copied into `build_stdout.log` on the way.
    LogShow,
}

/// Where the exits of processes are learnt from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Events {
    /// Exit records where no signal can interrupt an exit that was received (Linux 5.19), and the process connector where it may be used.
    Auto,
    /// Exit records wherever the kernel can; else the build is not started.
    Seccomp,
    /// The process connector; where it may not be used the build is not started.
    Connector,
    /// The walk alone.
    Poll,
}

/// How much PSS is measured. What is not is modelled from `statm`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum PssMode {
    /// Nothing.
    Off,
    /// Where it pays, within a share of one CPU.
    Budget {
        /// Of one CPU, from 0 to 100; 1 is the default of the command line.
        percent: f64,
    },
    /// Every process at every tick: about 11 µs of CPU for each MiB of the build, 180 ms a tick for 16 GB.
    Full,
}

/// One build to record.
#[derive(Debug, Clone)]
#[expect(clippy::struct_excessive_bools, reason = "independent switches of one build, each named where it is set")]
pub struct Options {
    /// The launcher executable.
    pub launcher: PathBuf,
    /// An existing directory for the recording.
    pub recording_dir: PathBuf,
    /// The build's argv; the first word is looked up in PATH.
    pub command: Vec<OsString>,
    /// Its working directory.
    pub cwd: PathBuf,
    /// Its standard descriptors.
    pub output: OutputMode,
    /// Sampling interval in microseconds, at least 1,000.
    pub interval_us: u64,
    /// The root marks the end of its setup with USR1.
    pub phases: bool,
    /// Where exits are learnt from.
    pub events: Events,
    /// Store command lines.
    pub store_argv: bool,
    /// A second INT at least half a second after the first kills the build.
    pub second_interrupt_kills: bool,
    /// This process is the command line's own: INT, QUIT, TERM and HUP are taken while the session runs, and descriptors that Node cannot have
    /// opened go on to the build.
    pub handle_signals: bool,
    /// How much PSS is measured.
    pub pss: PssMode,
    /// End the build after this many microseconds.
    pub timeout_us: Option<u64>,
    /// Of the Parquet files.
    pub compression: Compression,
    /// The CPUs of the build, which inherits them; else those of this process.
    pub build_cpus: Option<Vec<u32>>,
    /// The CPUs of the sampling and the journal thread; else those of this process.
    pub sampler_cpus: Option<CpuSet>,
    /// Sample this running process and what descends from it instead of starting `command`. It is left alone: signals and `abort` end the sampling only.
    pub attach: Option<u32>,
    /// Processes outside of the tree that match are recorded, too, if they started or were active while the build ran.
    pub outside: Option<Pattern>,
    /// The columns that are constant over the recording.
    pub header: Header,
}

/// The state of a running session, once a second and at its end.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Snapshot {
    /// Microseconds since the build's start.
    pub elapsed_us: u64,
    /// Number of the latest tick.
    pub tick: u32,
    /// Phase of the latest tick.
    pub phase: Phase,
    /// Live processes.
    pub live: u32,
    /// Sum of RSS.
    pub rss_kb: u64,
    /// PSS: measured where it was, else by the model, corrected by the last measurement.
    pub pss_kb: u64,
    /// Largest sum of RSS in phase build so far.
    pub peak_rss_kb: u64,
    /// Largest PSS in phase build so far.
    pub peak_pss_kb: u64,
    /// How late the latest tick was.
    pub late_us: u64,
    /// Deadlines that passed without a tick.
    pub skipped_ticks: u64,
    /// The programs that take the most memory now.
    pub programs: Vec<Program>,
}

/// Why a session could not begin. The build was not started.
#[derive(Debug)]
pub enum StartError {
    /// A file of the recording cannot be created.
    Recording(PathBuf, std::io::Error),
    /// The launcher cannot be executed.
    Launcher(PathBuf, std::io::Error),
    /// The process connector was demanded and may not be used.
    Connector(ConnectorRefusal),
    /// The process to attach to is not there.
    Attach(u32, std::io::Error),
    /// The kernel refused something that every Linux offers, or no descriptor is left.
    System(&'static str, std::io::Error),
}

impl std::fmt::Display for StartError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Recording(path, error) => write!(f, "cannot write the recording: {}: {error}", path.display()),
            Self::Launcher(path, error) => write!(f, "cannot start the launcher {}: {error}; reinstall mymonitor", path.display()),
            Self::Connector(refusal) => {
                write!(
                    f,
                    "--events connector: no process connector here ({refusal}); mymonitor doctor says why, --events auto goes on without"
                )
            }
            Self::Attach(pid, error) => write!(f, "cannot attach to process {pid}: {error}"),
            Self::System(what, error) => write!(f, "cannot start recording: {what}: {error}"),
        }
    }
}

impl std::error::Error for StartError {}
