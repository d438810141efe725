//! The recording on disk: what it is made of, the memory model, and both ways between journal, Parquet files and columns.
//!
//! A recording is the wall of the product: left of it raw facts are written, right of it everything is a pure function of these files. The
//! tables and their columns are documented for users in `docs/recording-format.md`.
//!
//! Both directions use the column API of the `parquet` crate directly: every column is known by name, so Arrow's arrays in between would only
//! add memory, code and compile time. The reading side (without the feature `write`) touches no file system of its own and compiles to
//! WebAssembly.
//!
//! Invariants of the product that this crate carries:
//! - *Totals are summed per tick, never per time stamp*: the model takes the rows of one tick, and a window never splits a tick.
//! - *A vanished process yields no row*: nothing is filled in between samples.
//! - *What was missed is counted*: [`Summary`] says how much of a journal could not be used.

#![forbid(unsafe_code)]

mod correction;
mod error;
pub mod model;
mod read;
#[cfg(feature = "write")]
mod write;

pub use correction::{Correction, Corrector, Measured, Relatives, Remark, Remarks};
pub use error::RecordingError;
/// What a table is read from: a file by position, or bytes.
pub use parquet::file::reader::ChunkReader;
#[cfg(not(target_family = "wasm"))]
pub use read::RecordingFile;
pub use read::{Class, Classes, ClassesTable, End, Executables, Info, Lifetime, Processes, Recording, Ticks, Timeline, Window};
#[cfg(feature = "write")]
pub use write::{ClassRow, ClassesWriter, Compression, ConnectorCounts, ExitCounts, ExitFrames, Partial, Summary, exit_frames, finalise};

/// The format version that this build writes. A reader opens this one and every older one.
pub const FORMAT_VERSION: u32 = 1;

/// File of the table `memory_samples`.
pub const MEMORY_SAMPLES_FILE: &str = "memory_samples.parquet";
/// File of the table `processes`.
pub const PROCESSES_FILE: &str = "processes.parquet";
/// File of the table `ticks`.
pub const TICKS_FILE: &str = "ticks.parquet";
/// File of the derived table `classes`.
pub const CLASSES_FILE: &str = "classes.parquet";
/// What the sampler appends to while the build runs.
pub const JOURNAL_FILE: &str = "ticks.journal";
/// What the launcher appends to while the build runs: exit records, and how the root ended.
pub const EXITS_FILE: &str = "exits.journal";
/// What mymonitor appends to instead when the launcher was killed.
pub const EXITS_2_FILE: &str = "exits.2.journal";

/// Keys of the key/value metadata in each file's footer.
mod footer {
    pub const FORMAT_VERSION: &str = "mymonitor.format_version";
    pub const TABLE: &str = "mymonitor.table";
    #[cfg(feature = "write")]
    pub const WRITER: &str = "mymonitor.writer";
    pub const RUN_ID: &str = "mymonitor.run_id";
    pub const PROJECT: &str = "mymonitor.project";
    pub const JOBS: &str = "mymonitor.jobs";
    pub const REPEAT: &str = "mymonitor.repeat";
}
