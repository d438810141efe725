//! Why a file was not converted.

use std::fmt;
use std::path::{Path, PathBuf};

/// One line: which file, what is wrong with it, what would be right.
#[derive(Debug)]
pub enum ConvertError {
    /// The input is not what its format says, or holds what this conversion cannot carry.
    Input {
        /// Which file.
        file: PathBuf,
        /// What is wrong with it.
        what: String,
    },
    /// The output cannot be written.
    Output {
        /// Which file.
        file: PathBuf,
        /// The reason.
        what: String,
    },
    /// The input is there, but is no table at all (a JSON document of another kind).
    NotATable {
        /// Which file.
        file: PathBuf,
    },
}

/// A failure inside one file, before its name is known.
pub(crate) type What<T> = Result<T, String>;

impl ConvertError {
    /// The code of `ts/errors.ts`.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Input { .. } => "ERR_MYMONITOR_DAMAGED",
            Self::Output { .. } => "ERR_MYMONITOR_OUTPUT",
            Self::NotATable { .. } => "ERR_MYMONITOR_NOT_A_TABLE",
        }
    }

    pub(crate) fn input(file: &Path, what: impl fmt::Display) -> Self {
        Self::Input { file: file.into(), what: what.to_string() }
    }

    pub(crate) fn output(file: &Path, what: impl fmt::Display) -> Self {
        Self::Output { file: file.into(), what: what.to_string() }
    }
}

impl fmt::Display for ConvertError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Input { file, what } => write!(f, "cannot convert {}: {what}", file.display()),
            Self::Output { file, what } => write!(f, "cannot write {}: {what}", file.display()),
            Self::NotATable { file } => write!(
                f,
                "{} is not a table: expected a JSON array of objects, one object a line, or {{\"samples\": [...]}}",
                file.display()
            ),
        }
    }
}

impl std::error::Error for ConvertError {}
