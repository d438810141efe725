//! Finishing a recording whose mymonitor died.

use std::fs::File;
use std::path::{Path, PathBuf};

use mymonitor_recording::{Compression, EXITS_2_FILE, EXITS_FILE, JOURNAL_FILE, RecordingError, Summary, exit_frames, finalise};
use mymonitor_wire::{ExitFrame, RootEnd};
use rustix::fs::{FlockOperation, flock};

use crate::outcome::decode_wait_status;

/// What was saved.
#[derive(Debug, Clone, Copy)]
pub struct Recovered {
    /// What the journals held.
    pub summary: Summary,
    /// The root's exit code, where the launcher lived to tell it.
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
    if is_locked(&dir.join(JOURNAL_FILE)) {
        return Err(busy("mymonitor"));
    }
    let (started_us, root_end) = ends(dir).map_err(RecoverError::Recording)?;
    if root_end.is_none() && (is_locked(&dir.join(EXITS_FILE)) || is_locked(&dir.join(EXITS_2_FILE))) {
        return Err(busy("its build"));
    }
    let summary = finalise(dir, compression).map_err(RecoverError::Recording)?;
    if summary.used_all() {
        remove_journals(dir);
    }
    let (exit_code, signal) = root_end.map_or((None, None), |end| decode_wait_status(end.wait_status));
    Ok(Recovered {
        summary,
        exit_code,
        signal,
        duration_us: root_end.zip(started_us).map(|(end, started_us)| end.at_us.saturating_sub(started_us)),
        build_cpu_us: root_end.map(|end| end.children_cpu_us),
    })
}

/// Once the tables have what they held, or when they hold nothing.
pub(crate) fn remove_journals(dir: &Path) {
    for journal in [JOURNAL_FILE, EXITS_FILE, EXITS_2_FILE] {
        let _ = std::fs::remove_file(dir.join(journal));
    }
}

fn ends(dir: &Path) -> Result<(Option<u64>, Option<RootEnd>), RecordingError> {
    let (mut start, mut end) = (None, None);
    for frame in exit_frames(dir)? {
        match frame {
            ExitFrame::Origin { started_us, .. } => start = Some(started_us),
            ExitFrame::RootEnded(root) => end = Some(root),
            _ => {}
        }
    }
    Ok((start, end))
}

/// Whoever writes a journal holds a lock on it, which ends with him however he ends.
fn is_locked(file: &Path) -> bool {
    File::open(file).is_ok_and(|file| flock(file, FlockOperation::NonBlockingLockShared) == Err(rustix::io::Errno::WOULDBLOCK))
}
