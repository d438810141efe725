//! The launcher's command line, written by the sampler only: `--socket FD --journal FILE --output MODE [--log FILE] [--cwd DIR] [--nofile N]
//! [--oom-score-adj N] [--ignore-hup] [--cpus N,N,…] [--events auto|seccomp|poll] [--no-argv] -- COMMAND…`, or for the successor `--serve LISTENER SLOTS JOURNAL [--no-argv]`.

use std::ffi::{OsStr, OsString};
use std::os::fd::{FromRawFd, OwnedFd, RawFd};

use mymonitor_proc::CpuSet;
use rustix::fs::{Mode, OFlags};

/// What the build's standard descriptors are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Output {
    /// Ours.
    Inherit,
    /// Ours, with both outputs copied into the log on their way.
    InheritLog,
    /// Standard input is /dev/null, both outputs are the log itself.
    Log,
    /// Standard input is /dev/null, both outputs are copied into the log on their way to ours.
    LogShow,
}

impl Output {
    /// Whether the outputs pass through us.
    pub(crate) fn is_tee(self) -> bool {
        matches!(self, Self::InheritLog | Self::LogShow)
    }

    /// Whether standard input is the caller's.
    pub(crate) fn keeps_stdin(self) -> bool {
        matches!(self, Self::Inherit | Self::InheritLog)
    }
}

/// Whether exits are to be recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Events {
    /// Where no signal can interrupt an exit that was received.
    Auto,
    /// Wherever the kernel can; else no build.
    Seccomp,
    /// No.
    Poll,
}

#[derive(Debug)]
pub(crate) struct Args {
    pub(crate) socket: OwnedFd,
    pub(crate) journal: OwnedFd,
    pub(crate) output: Output,
    pub(crate) log: Option<OwnedFd>,
    pub(crate) cwd: Option<OsString>,
    /// Soft `RLIMIT_NOFILE` of the caller, which Node has raised for itself.
    pub(crate) nofile: Option<u64>,
    /// `oom_score_adj` of the caller, where ours was lowered.
    pub(crate) oom_score_adj: Option<i32>,
    /// The caller ignored HUP (nohup), which Node has undone.
    pub(crate) ignore_hup: bool,
    /// The CPUs of the build.
    pub(crate) cpus: Option<CpuSet>,
    pub(crate) events: Events,
    /// Read command lines at exit.
    pub(crate) store_argv: bool,
    pub(crate) command: Vec<OsString>,
}

/// What the successor of a killed launcher gets.
pub(crate) struct Serve {
    pub(crate) listener: OwnedFd,
    pub(crate) slots: OwnedFd,
    pub(crate) journal: OwnedFd,
    /// Read command lines at exit.
    pub(crate) store_argv: bool,
}

impl Serve {
    /// `None`: not a successor's words.
    pub(crate) fn parse(words: &[OsString]) -> Option<Result<Self, String>> {
        let (listener, slots, journal, store_argv) = match words {
            [serve, listener, slots, journal] if serve == "--serve" => (listener, slots, journal, true),
            [serve, listener, slots, journal, no_argv] if serve == "--serve" && no_argv == "--no-argv" => (listener, slots, journal, false),
            _ => return None,
        };
        let descriptor = |word: &OsString| {
            let number = parse_number::<RawFd>(word)?;
            // SAFETY: mymonitor opened this descriptor for us and passes its number once; nothing else in this process owns it.
            let descriptor = unsafe { OwnedFd::from_raw_fd(number) };
            rustix::io::fcntl_setfd(&descriptor, rustix::io::FdFlags::CLOEXEC).map_err(|errno| errno.to_string())?;
            Ok::<_, String>(descriptor)
        };
        Some((|| {
            let (listener, slots) = (descriptor(listener)?, descriptor(slots)?);
            // A full disk, or a directory that was removed, must not keep the build from ending.
            let journal = open_append(journal).or_else(|_| open_append(OsStr::new("/dev/null")))?;
            Ok(Self { listener, slots, journal, store_argv })
        })())
    }
}

impl Args {
    pub(crate) fn parse(mut words: impl Iterator<Item = OsString>) -> Result<Self, String> {
        let (mut socket, mut journal, mut output, mut log) = (None, None, None, None);
        let (mut cwd, mut nofile, mut oom_score_adj, mut ignore_hup, mut cpus) = (None, None, None, false, None);
        let (mut events, mut store_argv) = (Events::Auto, true);
        loop {
            let word = words.next().ok_or("it is started by mymonitor, not by hand: no `--` and no command given")?;
            let mut value = || words.next().ok_or(format!("{} needs a value", word.display()));
            match word.to_str() {
                Some("--socket") => socket = Some(parse_number::<RawFd>(&value()?)?),
                Some("--journal") => journal = Some(open_append(&value()?)?),
                Some("--output") => output = Some(parse_output(&value()?)?),
                Some("--log") => log = Some(open_append(&value()?)?),
                Some("--cwd") => cwd = Some(value()?),
                Some("--nofile") => nofile = Some(parse_number(&value()?)?),
                Some("--oom-score-adj") => oom_score_adj = Some(parse_number(&value()?)?),
                Some("--ignore-hup") => ignore_hup = true,
                Some("--cpus") => cpus = Some(parse_cpus(&value()?)?),
                Some("--events") => events = parse_events(&value()?)?,
                Some("--no-argv") => store_argv = false,
                Some("--") => break,
                _ => return Err(format!("unknown option {}", word.display())),
            }
        }
        let command: Vec<OsString> = words.collect();
        if command.is_empty() {
            return Err("no command after `--`".into());
        }
        let socket = socket.ok_or("--socket is missing")?;
        // SAFETY: the sampler opened this descriptor for us and passes its number once; nothing else in this process owns it.
        let socket = unsafe { OwnedFd::from_raw_fd(socket) };
        Ok(Self {
            socket,
            journal: journal.ok_or("--journal is missing")?,
            output: output.ok_or("--output is missing")?,
            log,
            cwd,
            nofile,
            oom_score_adj,
            ignore_hup,
            cpus,
            events,
            store_argv,
            command,
        })
    }
}

fn parse_number<T: std::str::FromStr>(word: &OsStr) -> Result<T, String> {
    word.to_str().and_then(|text| text.parse().ok()).ok_or_else(|| format!("{} is not a number", word.display()))
}

fn parse_cpus(word: &OsStr) -> Result<CpuSet, String> {
    word.to_string_lossy().split(',').map(|number| parse_number(OsStr::new(number))).collect()
}

fn parse_output(word: &OsStr) -> Result<Output, String> {
    match word.to_str() {
        Some("inherit") => Ok(Output::Inherit),
        Some("inherit-log") => Ok(Output::InheritLog),
        Some("log") => Ok(Output::Log),
        Some("log-show") => Ok(Output::LogShow),
        _ => Err(format!("unknown output mode {}", word.display())),
    }
}

fn parse_events(word: &OsStr) -> Result<Events, String> {
    match word.to_str() {
        Some("auto") => Ok(Events::Auto),
        Some("seccomp") => Ok(Events::Seccomp),
        Some("poll") => Ok(Events::Poll),
        _ => Err(format!("unknown source of events {}", word.display())),
    }
}

fn open_append(path: &OsStr) -> Result<OwnedFd, String> {
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::APPEND | OFlags::CLOEXEC;
    rustix::fs::open(path, flags, Mode::from_raw_mode(0o666)).map_err(|errno| format!("{} cannot be opened: {errno}", path.display()))
}
