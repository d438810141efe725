//! Tables from one file format to another: CSV, JSON and Parquet, each way without loss, in bounded memory.
//!
//! In the middle is Parquet's own shape, values and levels of a few thousand rows (`column`), read and written by the column API of the `parquet` crate
//! as in `crates/recording`: Arrow's arrays and casts would double the time of a first build. CSV is split by `csv-core`, JSON parsed by `serde_json`.
//!
//! A text file says less than a Parquet file: its types, metadata and row groups go to a sidecar beside it, and without one they are found out by
//! reading the file once (`infer`). The forms of values are documented in `docs/recording-format.md`.
//!
//! [`import`] makes a recording of a table of the Python `MyMonitor`, [`export_wide`] such a table of a recording.

#![forbid(unsafe_code)]

mod column;
mod csv;
mod error;
mod import;
mod infer;
mod json;
mod schema;
mod sidecar;
mod sink;
mod source;
mod value;
mod wide;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

pub use error::ConvertError;
pub use import::{ImportOptions, Imported, import};
pub use mymonitor_recording::Compression;
use sink::Sink;
use source::Source;
pub use wide::export_wide;

/// What a table is stored as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are the field's own")]
pub enum Format {
    Csv,
    Json,
    Parquet,
}

impl Format {
    /// `csv`, `json` or `parquet`.
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "csv" => Some(Self::Csv),
            "json" => Some(Self::Json),
            "parquet" => Some(Self::Parquet),
            _ => None,
        }
    }
}

/// Writes the table in `input` to `output`, replacing what is there; the number of rows. On a failure nothing is there that was not before.
pub fn convert(input: (&Path, Format), output: (&Path, Format), compression: Compression) -> Result<u64, ConvertError> {
    guard(input.0, || {
        let source = Source::open(input.0, input.1)?;
        let mut sink = Sink::create(output.0, output.1, &source.header, compression)?;
        let mut rows = 0;
        let mut failure = None;
        let read = source.read(&mut |batch| {
            rows += batch.rows as u64;
            sink.write(batch).inspect_err(|what| failure = Some(ConvertError::output(output.0, what)))
        });
        if let Some(failure) = failure {
            return Err(failure);
        }
        read?;
        sink.finish()?;
        Ok(rows)
    })
}

/// The `parquet` crate panics on some damaged files.
fn guard<T>(input: &Path, convert: impl FnOnce() -> Result<T, ConvertError>) -> Result<T, ConvertError> {
    catch_unwind(AssertUnwindSafe(convert))
        .unwrap_or_else(|_| Err(ConvertError::input(input, "it is damaged in a way that its reader does not expect")))
}
