//! From Parquet to columns, over any source of bytes.

mod classes;
mod corrections;
#[cfg(not(target_family = "wasm"))]
mod file;
mod lifetimes;
mod pages;
mod processes;
mod samples;
mod table;
mod ticks;

use std::path::Path;

use parquet::file::reader::ChunkReader;

pub use classes::{Class, Classes, ClassesTable};
#[cfg(not(target_family = "wasm"))]
pub use file::RecordingFile;
pub use lifetimes::Lifetime;
pub use processes::{End, Executables, Processes};
pub use samples::Window;
pub use ticks::{Ticks, Timeline};

use crate::{Correction, RecordingError, footer};
#[cfg(not(target_family = "wasm"))]
use crate::{MEMORY_SAMPLES_FILE, PROCESSES_FILE, TICKS_FILE};
use table::Table;

/// The three tables of raw facts, opened. Reading is positional, so threads may share it.
pub struct Recording<R> {
    ticks: Table<R>,
    processes: Table<R>,
    memory_samples: Table<R>,
    info: Info,
}

/// What is constant over a recording.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Info {
    /// Format version of the files.
    pub format_version: u32,
    /// UUID of the run.
    pub run_id: String,
    /// Name of the project or command.
    pub project: String,
    /// The level, `None` where there was none.
    pub jobs: Option<u32>,
    /// Which repetition of the level, from 1.
    pub repeat: u32,
    /// Rows of `ticks`.
    pub ticks: u64,
    /// Rows of `processes`.
    pub processes: u64,
    /// Rows of `memory_samples`.
    pub rows: u64,
}

#[cfg(not(target_family = "wasm"))]
impl Recording<RecordingFile> {
    /// Opens the recording in a directory: reads and checks the three footers.
    pub fn open(dir: &Path) -> Result<Self, RecordingError> {
        let paths = [TICKS_FILE, PROCESSES_FILE, MEMORY_SAMPLES_FILE].map(|name| (name, dir.join(name)));
        for (missing, path) in &paths {
            match path.try_exists() {
                Ok(true) => {}
                Ok(false) if dir.join(crate::JOURNAL_FILE).exists() => return Err(RecordingError::Unfinished { dir: dir.into() }),
                Ok(false) => return Err(RecordingError::NotARecording { dir: dir.into(), missing }),
                Err(source) => return Err(RecordingError::Read { file: path.clone(), source }),
            }
        }
        let [(_, ticks), (_, processes), (_, memory_samples)] = &paths;
        Self::from_tables(
            (RecordingFile::open(ticks)?, ticks),
            (RecordingFile::open(processes)?, processes),
            (RecordingFile::open(memory_samples)?, memory_samples),
        )
    }
}

impl<R: ChunkReader> Recording<R> {
    /// The same over any source; the paths are for messages.
    pub fn from_tables(ticks: (R, &Path), processes: (R, &Path), memory_samples: (R, &Path)) -> Result<Self, RecordingError> {
        let ticks = Table::open(ticks.0, ticks.1, "ticks")?;
        let processes = Table::open(processes.0, processes.1, "processes")?;
        let memory_samples = Table::open(memory_samples.0, memory_samples.1, "memory_samples")?;
        let run_id = ticks.text(footer::RUN_ID)?;
        for other in [&processes, &memory_samples] {
            if other.text(footer::RUN_ID)? != run_id {
                return Err(other.damaged("it belongs to another run than ticks.parquet"));
            }
        }
        let info = Info {
            format_version: ticks.format_version(),
            run_id: run_id.into(),
            project: ticks.text(footer::PROJECT)?.into(),
            jobs: ticks.number(footer::JOBS)?,
            repeat: ticks.number(footer::REPEAT)?.unwrap_or(1),
            ticks: ticks.rows(),
            processes: processes.rows(),
            rows: memory_samples.rows(),
        };
        Ok(Self { ticks, processes, memory_samples, info })
    }

    /// What is constant over it.
    pub fn info(&self) -> &Info {
        &self.info
    }

    /// When each tick was.
    pub fn timeline(&self) -> Result<Timeline, RecordingError> {
        Timeline::read(&self.ticks)
    }

    /// Rows `first .. first + count` of the table `ticks`, fewer at its end.
    pub fn ticks(&self, first: u64, count: u64) -> Result<Ticks, RecordingError> {
        Ticks::read(&self.ticks, first, count)
    }

    /// Images `first .. first + count` in file order, fewer at the end of the table.
    pub fn processes(&self, first: u64, count: u64) -> Result<Processes, RecordingError> {
        Processes::read(&self.processes, first, count)
    }

    /// The executable of each image.
    ///
    /// `limit` is one more than the largest `process_id` the caller can take; a larger one is damage.
    pub fn executables(&self, limit: usize) -> Result<Executables, RecordingError> {
        Executables::read(&self.processes, limit)
    }

    /// What the first measurement of an image said about the memory model: `process_id` and that, of the few that were measured.
    pub fn corrections(&self) -> Result<Vec<(u32, Correction)>, RecordingError> {
        corrections::read(&self.processes)
    }

    /// When each image lived, in file order and one row group at a time.
    pub fn lifetimes(&self) -> impl Iterator<Item = Result<Vec<Lifetime>, RecordingError>> {
        (0..self.processes.groups()).map(|group| lifetimes::read(&self.processes, group))
    }

    /// Number of windows of `memory_samples`.
    pub fn windows(&self) -> usize {
        self.memory_samples.groups()
    }

    /// Reads window `index` into `window`, whose memory is used again.
    pub fn window(&self, index: usize, window: &mut Window) -> Result<(), RecordingError> {
        window.read(&self.memory_samples, index)
    }

    /// An error that names `memory_samples.parquet`, for contradictions that only the analysis can see.
    pub fn damaged_samples(&self, what: impl std::fmt::Display) -> RecordingError {
        self.memory_samples.damaged(what)
    }
}
