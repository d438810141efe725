//! Left of the wall: a recording session.

#![expect(clippy::needless_pass_by_value, reason = "napi hands functions over by value")]

use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use mymonitor_recording::Compression as FileCompression;
use mymonitor_sampler::{Events as EventSource, Header, Options, Outcome, OutputMode, Pattern, Phase, PssMode, StartError};
use napi::bindgen_prelude::*;
use napi::threadsafe_function::ThreadsafeFunctionCallMode;
use napi::{Env, JsDeferred};
use napi_derive::napi;

use crate::error::coded;
use crate::outcome::{SessionResult, number};

/// What the build's standard descriptors are.
#[napi(string_enum = "kebab-case")]
pub enum Output {
    /// Ours.
    Inherit,
    /// Ours, teed to `build_stdout.log`.
    InheritLog,
    /// Standard input null, both outputs are `build_stdout.log`.
    Log,
    /// Standard input null, teed to both.
    LogShow,
}

/// Where the exits of processes are learnt from.
#[napi(string_enum = "lowercase")]
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

/// How much PSS is measured.
#[napi(string_enum = "lowercase")]
pub enum Pss {
    /// Nothing: it is modelled.
    Off,
    /// Where it pays, within `pssBudgetPercent`.
    Budget,
    /// Every process at every tick.
    Full,
}

/// Compression of the Parquet files.
#[napi(string_enum = "lowercase")]
pub enum Compression {
    /// Fast.
    Snappy,
    /// deflate.
    Gzip,
    /// Small and slow.
    Brotli,
    /// Fast.
    Lz4,
    /// Small.
    Zstd,
}

/// One build to record.
#[napi(object)]
#[expect(clippy::struct_excessive_bools, reason = "independent switches of one build, as the sampler has them")]
pub struct SessionOptions {
    /// The executable `mymonitor-launcher`.
    pub launcher_path: String,
    /// An existing directory for the recording.
    pub recording_dir: String,
    /// argv of the build's root; argv[0] is looked up in PATH.
    pub command: Vec<String>,
    /// Its working directory.
    pub cwd: String,
    /// Its standard descriptors.
    pub output: Output,
    /// Sampling interval.
    pub interval_us: f64,
    /// The root marks the end of its setup by USR1 to its parent.
    pub phases: bool,
    /// Where exits are learnt from.
    pub events: Events,
    /// How much PSS is measured.
    pub pss: Pss,
    /// Of one CPU, for `budget`.
    pub pss_budget_percent: f64,
    /// Store command lines.
    pub store_argv: bool,
    /// A second INT at least half a second after the first kills the build.
    pub second_interrupt_kills: bool,
    /// Take INT, QUIT, TERM and HUP of this process while the session runs.
    pub handle_signals: bool,
    /// End the build after this time.
    pub timeout_ms: Option<f64>,
    /// Of the Parquet files.
    pub compression: Compression,
    /// Record what matches outside of the tree, too, if it started or was active while the build ran.
    pub process_pattern: Option<String>,
    /// UUID of the run.
    pub run_id: String,
    /// Project or command name.
    pub project: String,
    /// Level.
    pub jobs: Option<u32>,
    /// Repetition, from 1.
    pub repeat: u32,
    /// CPUs of the build; absent: those of this process.
    pub build_cpus: Option<Vec<u32>>,
    /// CPUs of the sampling and the journal thread; absent: those of this process.
    pub sampler_cpus: Option<Vec<u32>>,
    /// Sample this running process and its descendants instead of starting `command`; signals and `abort` then end the sampling only.
    pub attach: Option<u32>,
}

/// The state of a running session.
#[napi(object)]
pub struct Snapshot {
    /// Microseconds since the build's start.
    pub elapsed_us: f64,
    /// Latest tick.
    pub tick: u32,
    /// Its phase.
    #[napi(ts_type = "'setup' | 'build'")]
    pub phase: String,
    /// Live processes.
    pub live: u32,
    /// Sum of RSS, KiB.
    pub rss_kb: f64,
    /// PSS by the memory model, KiB.
    pub pss_kb: f64,
    /// Largest sum of RSS so far, KiB.
    pub peak_rss_kb: f64,
    /// Largest modelled PSS so far, KiB.
    pub peak_pss_kb: f64,
    /// How late the latest tick was, microseconds.
    pub late_us: f64,
    /// Deadlines without a tick.
    pub skipped_ticks: f64,
    /// The programs that take the most memory now, by RSS.
    pub programs: Vec<Program>,
}

/// All live processes of one executable.
#[napi(object)]
pub struct Program {
    /// `comm` of the largest of them.
    pub name: String,
    /// Its executable; empty where it may not be read.
    pub exe: String,
    /// Its arguments; empty where they are not stored.
    pub argv: Vec<String>,
    /// Sum of RSS, KiB.
    pub rss_kb: f64,
    /// Sum of PSS, modelled where it was not measured in this tick, KiB.
    pub pss_kb: f64,
}

type Resolver = Box<dyn FnOnce(Env) -> Result<SessionResult> + Send>;

/// Where outcome and promise meet, whichever comes first.
enum Slot {
    Running,
    Waiting(JsDeferred<SessionResult, Resolver>),
    Ended(Box<Outcome>),
    Taken,
}

/// A running build with its sampler.
#[napi]
pub struct Session {
    session: mymonitor_sampler::Session,
    slot: Arc<Mutex<Slot>>,
}

#[napi]
impl Session {
    /// Starts the launcher and the sampling thread. `onSnapshot` is called once a second and never keeps Node alive.
    #[napi(constructor, catch_unwind)]
    pub fn new(
        options: SessionOptions,
        #[napi(ts_arg_type = "(snapshot: Snapshot) => void")] on_snapshot: Function<'_, Snapshot, ()>,
    ) -> Result<Self, String> {
        // Weak and bounded: a busy or ending Node loses snapshots, never memory.
        let snapshots = on_snapshot
            .build_threadsafe_function::<Snapshot>()
            .weak::<true>()
            .max_queue_size::<2>()
            .build()
            .map_err(|error| coded("ERR_MYMONITOR_INTERNAL", error.to_string()))?;
        let outside = options.process_pattern.as_deref().map(Pattern::new).transpose();
        let outside = outside.map_err(|problem| coded("ERR_MYMONITOR_CONFIG", format!("process_pattern: {problem}")))?;
        let slot = Arc::new(Mutex::new(Slot::Running));
        let filled = Arc::clone(&slot);
        let session = mymonitor_sampler::Session::start(
            convert(options, outside),
            move |snapshot| {
                snapshots.call(snapshot.into(), ThreadsafeFunctionCallMode::NonBlocking);
            },
            move |outcome| {
                let mut slot = filled.lock().unwrap_or_else(PoisonError::into_inner);
                match std::mem::replace(&mut *slot, Slot::Taken) {
                    Slot::Waiting(deferred) => deferred.resolve(Box::new(move |_| Ok(outcome.into()))),
                    _ => *slot = Slot::Ended(Box::new(outcome)),
                }
            },
        )
        .map_err(|error| {
            let code = match &error {
                StartError::Recording(..) => "ERR_MYMONITOR_OUTPUT",
                StartError::Launcher(..) | StartError::Connector(..) | StartError::Attach(..) | StartError::System(..) => {
                    "ERR_MYMONITOR_START_FAILED"
                }
            };
            coded(code, error.to_string())
        })?;
        Ok(Self { session, slot })
    }

    /// Resolves when the build has ended and the recording is finished. May be asked for once.
    #[napi(catch_unwind, ts_return_type = "Promise<SessionResult>")]
    pub fn result<'env>(&self, env: &'env Env) -> Result<Object<'env>> {
        let (deferred, promise) = env.create_deferred::<SessionResult, Resolver>()?;
        let mut slot = self.slot.lock().unwrap_or_else(PoisonError::into_inner);
        match std::mem::replace(&mut *slot, Slot::Taken) {
            Slot::Running => *slot = Slot::Waiting(deferred),
            Slot::Ended(outcome) => deferred.resolve(Box::new(move |_| Ok((*outcome).into()))),
            other => {
                *slot = other;
                deferred.reject(Error::from_reason("the result of this session was asked for twice"));
            }
        }
        Ok(promise)
    }

    /// Sends TERM to the whole build, KILL after ten seconds.
    #[napi(catch_unwind)]
    pub fn abort(&self) {
        self.session.abort();
    }
}

/// For the command line's own process, at its start: remembers which descriptors the caller left open, and ignores HUP again where the caller did
/// (nohup) and Node has undone it; true if so.
#[napi(catch_unwind)]
pub fn take_stock() -> bool {
    mymonitor_sampler::take_stock()
}

/// Time between two looks at all processes of the host, where `processPattern` is given.
#[napi]
pub const SCAN_PERIOD_US: u32 = mymonitor_sampler::SCAN_PERIOD_US;

/// Why this is no regular expression for `processPattern`; null where it is one.
#[napi(catch_unwind)]
pub fn pattern_problem(pattern: String) -> Option<String> {
    Pattern::new(&pattern).err()
}

/// Width of the terminal that stderr is; null where it is none, or does not know its width.
#[napi(catch_unwind)]
pub fn terminal_columns() -> Option<u32> {
    mymonitor_sampler::terminal_columns().map(u32::from)
}

fn convert(options: SessionOptions, outside: Option<Pattern>) -> Options {
    Options {
        launcher: PathBuf::from(options.launcher_path),
        recording_dir: PathBuf::from(options.recording_dir),
        command: options.command.into_iter().map(OsString::from).collect(),
        cwd: PathBuf::from(options.cwd),
        output: match options.output {
            Output::Inherit => OutputMode::Inherit,
            Output::InheritLog => OutputMode::InheritLog,
            Output::Log => OutputMode::Log,
            Output::LogShow => OutputMode::LogShow,
        },
        interval_us: whole(options.interval_us).max(1_000),
        phases: options.phases,
        events: match options.events {
            Events::Auto => EventSource::Auto,
            Events::Seccomp => EventSource::Seccomp,
            Events::Connector => EventSource::Connector,
            Events::Poll => EventSource::Poll,
        },
        pss: match options.pss {
            Pss::Off => PssMode::Off,
            Pss::Budget => PssMode::Budget { percent: options.pss_budget_percent },
            Pss::Full => PssMode::Full,
        },
        store_argv: options.store_argv,
        second_interrupt_kills: options.second_interrupt_kills,
        handle_signals: options.handle_signals,
        timeout_us: options.timeout_ms.map(|ms| whole(ms * 1000.0)),
        compression: options.compression.into(),
        build_cpus: options.build_cpus,
        sampler_cpus: options.sampler_cpus.map(|cpus| cpus.into_iter().collect()),
        attach: options.attach,
        outside,
        header: Header {
            run_id: options.run_id,
            project: options.project,
            jobs: options.jobs,
            repeat: options.repeat,
            interval_us: whole(options.interval_us),
        },
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the cast saturates, and JavaScript has no other number")]
fn whole(value: f64) -> u64 {
    value as u64
}

impl From<&mymonitor_sampler::Snapshot> for Snapshot {
    fn from(snapshot: &mymonitor_sampler::Snapshot) -> Self {
        Self {
            elapsed_us: number(snapshot.elapsed_us),
            tick: snapshot.tick,
            phase: match snapshot.phase {
                Phase::Setup => "setup".into(),
                Phase::Build => "build".into(),
            },
            live: snapshot.live,
            rss_kb: number(snapshot.rss_kb),
            pss_kb: number(snapshot.pss_kb),
            peak_rss_kb: number(snapshot.peak_rss_kb),
            peak_pss_kb: number(snapshot.peak_pss_kb),
            late_us: number(snapshot.late_us),
            skipped_ticks: number(snapshot.skipped_ticks),
            programs: snapshot.programs.iter().map(Program::from).collect(),
        }
    }
}

impl From<&mymonitor_sampler::Program> for Program {
    fn from(program: &mymonitor_sampler::Program) -> Self {
        let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
        let words = program.argv.strip_suffix(&[0]).unwrap_or(&program.argv);
        Self {
            name: text(&program.name),
            exe: text(&program.exe),
            argv: if words.is_empty() { Vec::new() } else { words.split(|&byte| byte == 0).map(text).collect() },
            rss_kb: number(program.rss_kb),
            pss_kb: number(program.pss_kb),
        }
    }
}

impl From<Compression> for FileCompression {
    fn from(compression: Compression) -> Self {
        match compression {
            Compression::Snappy => Self::Snappy,
            Compression::Gzip => Self::Gzip,
            Compression::Brotli => Self::Brotli,
            Compression::Lz4 => Self::Lz4,
            Compression::Zstd => Self::Zstd,
        }
    }
}
