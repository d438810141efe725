//! Finishing a recording whose mymonitor died.

use std::fs::File;
use std::path::{Path, PathBuf};

use mymonitor_recording::{Compression, EXITS_2_FILE, EXITS_FILE, JOURNAL_FILE, RecordingError, Summary, exit_frames, finalise};
use mymonitor_wire::{ExitFrame, RootEnd};
use rustix::fs::{FlockOperation, flock};

use crate::memory::give_back;
use crate::outcome::decode_wait_status;

/// What was saved.
#[derive(Debug, Clone)]
pub struct Recovered {
    /// What the journals held.
    pub summary: Summary,
    /// The root's exit code, from its own record where the launcher did not live to tell it.
    pub exit_code: Option<u32>,
    /// The signal that ended the root.
    pub signal: Option<u32>,
    /// From the root's start to its end; absent where nobody saw the end.
    pub duration_us: Option<u64>,
    /// CPU time of all processes of the build that were waited for.
    pub build_cpu_us: Option<u64>,
}

/// Why nothing was recovered.
#[derive(Debug)]
pub enum RecoverError {
    /// A mymonitor writes to it, or the build goes on without one.
    Busy {
        /// The directory.
        dir: PathBuf,
        /// Who is at it: `mymonitor` or `its build`.
        who: &'static str,
    },
    /// The journals cannot be turned into tables.
    Recording(RecordingError),
}

impl std::fmt::Display for RecoverError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Busy { dir, who } => write!(f, "{} is not finished: {who} is still running; try again when it has ended", dir.display()),
            Self::Recording(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for RecoverError {}

/// Writes the tables of `dir` from its journals, as the end of a session does, and removes the journals if every byte of them was used.
pub fn recover(dir: &Path, compression: Compression) -> Result<Recovered, RecoverError> {
    let busy = |who| RecoverError::Busy { dir: dir.into(), who };
    // Against another one that recovers, too: the first to end would remove the journals under the other.
    let Ok(_lock) = lock(&dir.join(JOURNAL_FILE)) else { return Err(busy("mymonitor")) };
    let Root { started_us, end, record } = root(dir).map_err(RecoverError::Recording)?;
    if end.is_none() && (is_locked(&dir.join(EXITS_FILE)) || is_locked(&dir.join(EXITS_2_FILE))) {
        return Err(busy("its build"));
    }
    let summary = finalise(dir, compression).map_err(RecoverError::Recording)?;
    give_back();
    if summary.used_all() {
        remove_journals(dir);
    }
    let (exit_code, signal) = match (end, record) {
        (Some(end), _) => decode_wait_status(end.wait_status),
        (None, record) => (record.map(|(exit_code, _)| exit_code), None),
    };
    let ended_us = end.map(|end| end.at_us).or(record.map(|(_, at_us)| at_us));
    Ok(Recovered {
        summary,
        exit_code,
        signal,
        duration_us: ended_us.zip(started_us).map(|(at_us, started_us)| at_us.saturating_sub(started_us)),
        build_cpu_us: end.map(|end| end.children_cpu_us),
    })
}

/// Once the tables have what they held, or when they hold nothing.
pub(crate) fn remove_journals(dir: &Path) {
    for journal in [JOURNAL_FILE, EXITS_FILE, EXITS_2_FILE] {
        let _ = std::fs::remove_file(dir.join(journal));
    }
}

/// What the journals of the exits say of the build's first process.
#[derive(Default)]
struct Root {
    started_us: Option<u64>,
    end: Option<RootEnd>,
    /// Exit code and time of its own record: all there is where the launcher was killed.
    record: Option<(u32, u64)>,
}

fn root(dir: &Path) -> Result<Root, RecordingError> {
    let mut root = Root::default();
    let mut pid = None;
    for frame in exit_frames(dir)? {
        match frame {
            ExitFrame::Origin { started_us, root_pid, .. } => {
                root.started_us = Some(started_us);
                pid = root_pid;
            }
            ExitFrame::RootEnded(end) => root.end = Some(end),
            // The first one: its pid may be given anew to what outlives it.
            ExitFrame::Exited(record) if Some(record.pid) == pid && root.record.is_none() => {
                root.record = Some((record.exit_code, record.at_us));
            }
            _ => {}
        }
    }
    Ok(root)
}

fn is_locked(file: &Path) -> bool {
    lock(file).is_err()
}

/// Whoever writes a journal holds a lock on it, which ends with him however he ends. `None` where there is no file.
fn lock(file: &Path) -> Result<Option<File>, Locked> {
    let Ok(file) = File::open(file) else { return Ok(None) };
    match flock(&file, FlockOperation::NonBlockingLockExclusive) {
        Err(rustix::io::Errno::WOULDBLOCK) => Err(Locked),
        _ => Ok(Some(file)),
    }
}

struct Locked;
