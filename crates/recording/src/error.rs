//! What can be wrong with a recording.

use std::fmt;
use std::path::{Path, PathBuf};

use crate::FORMAT_VERSION;

/// Why a recording cannot be read or written. Every message names the file and the next step.
#[derive(Debug)]
pub enum RecordingError {
    /// The directory has none of a recording's marks, or lacks one of its tables.
    NotARecording {
        /// The directory that was given.
        dir: PathBuf,
        /// The first file that is missing.
        missing: &'static str,
    },
    /// There is a journal but no tables: still being recorded, or mymonitor died.
    Unfinished {
        /// The directory that was given.
        dir: PathBuf,
    },
    /// A file is there but is not what it should be.
    Damaged {
        /// Which file.
        file: PathBuf,
        /// What is wrong with it.
        what: String,
    },
    /// A file of a later format version.
    NewerFormat {
        /// Which file.
        file: PathBuf,
        /// Its version.
        found: u64,
    },
    /// The operating system refused to read a file.
    Read {
        /// Which file.
        file: PathBuf,
        /// Its reason.
        source: std::io::Error,
    },
    /// A file could not be written.
    Write {
        /// Which file.
        file: PathBuf,
        /// The reason.
        what: String,
    },
}

impl RecordingError {
    /// The code of `ts/errors.ts`.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotARecording { .. } | Self::Unfinished { .. } => "ERR_MYMONITOR_NOT_A_RECORDING",
            Self::Damaged { .. } | Self::Read { .. } => "ERR_MYMONITOR_DAMAGED",
            Self::NewerFormat { .. } => "ERR_MYMONITOR_NEWER_FORMAT",
            Self::Write { .. } => "ERR_MYMONITOR_OUTPUT",
        }
    }

    pub(crate) fn damaged(file: &Path, what: impl fmt::Display) -> Self {
        Self::Damaged { file: file.into(), what: what.to_string() }
    }

    #[cfg(feature = "write")]
    pub(crate) fn write(file: &Path, what: impl fmt::Display) -> Self {
        // The `parquet` crate's word for an error that it only passes on.
        Self::Write { file: file.into(), what: what.to_string().trim_start_matches("External: ").into() }
    }
}

impl fmt::Display for RecordingError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotARecording { dir, missing } => write!(
                f,
                "{} is not a recording: it has no {missing}. Give a directory that `mymonitor sample` wrote for one level",
                dir.display()
            ),
            Self::Unfinished { dir } => write!(
                f,
                "{} is an unfinished recording: it has a journal but no tables yet. Wait for the build to end; if mymonitor was killed, \
                 the journal still holds what was recorded",
                dir.display()
            ),
            Self::Damaged { file, what } => {
                write!(f, "{} is damaged: {what}. Restore it from a copy or record the build again", file.display())
            }
            Self::NewerFormat { file, found } => write!(
                f,
                "{} has format version {found}, this mymonitor reads up to {FORMAT_VERSION}. Open it with a newer mymonitor",
                file.display()
            ),
            Self::Read { file, source } => write!(f, "cannot read {}: {source}", file.display()),
            Self::Write { file, what } => write!(f, "cannot write {}: {what}", file.display()),
        }
    }
}

impl std::error::Error for RecordingError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Read { source, .. } => Some(source),
            _ => None,
        }
    }
}
