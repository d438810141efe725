//! Tables from one file format to another, on threads of the pool.

use std::collections::BTreeMap;
use std::path::PathBuf;

use mymonitor_convert::{Compression as Codec, ConvertError, Format, ImportOptions};
use napi::bindgen_prelude::*;
use napi::{Env, JsError, Task};
use napi_derive::napi;

use crate::error::coded;

/// What a table is stored as.
#[napi(string_enum = "lowercase")]
pub enum TableFormat {
    /// RFC 4180, with a header line.
    Csv,
    /// One object a row.
    Json,
    /// Apache Parquet.
    Parquet,
}

/// One file to convert.
#[napi(object)]
pub struct ConvertOptions {
    /// The file to read.
    pub input: String,
    /// Its format.
    pub input_format: TableFormat,
    /// The file to write; one that exists is replaced.
    pub output: String,
    /// Its format.
    pub output_format: TableFormat,
    /// Of Parquet: snappy, gzip, brotli, lz4 or zstd.
    pub compression: String,
}

/// A table of the Python `MyMonitor` that becomes a recording.
#[napi(object)]
pub struct ImportTableOptions {
    /// The file to read.
    pub input: String,
    /// Its format.
    pub input_format: TableFormat,
    /// An empty directory for the recording.
    pub recording_dir: String,
    /// Of Parquet: snappy, gzip, brotli, lz4 or zstd.
    pub compression: String,
    /// UUID of the run.
    pub run_id: String,
    /// Project name.
    pub project: String,
    /// Level.
    pub jobs: Option<u32>,
    /// The interval at which it was sampled.
    pub interval_us: f64,
}

/// What came of an import.
#[napi(object)]
pub struct ImportedTable {
    /// Samples.
    pub rows: f64,
    /// Rows that are no sample of a process: sums, or without pid, time or size.
    pub left_out: f64,
    /// Sweeps over the processes.
    pub ticks: f64,
    /// Pids with a command line.
    pub processes: f64,
    /// Wall clock of the first sample.
    pub started_at_unix_us: f64,
    /// From the first tick to the last.
    pub duration_us: f64,
    /// The table has PSS; otherwise only RSS.
    pub has_pss: bool,
    /// The table has RSS; otherwise PSS stands in its place.
    pub has_rss: bool,
}

/// Converting on a thread of the pool.
pub struct ConvertTask {
    input: (PathBuf, Format),
    output: (PathBuf, Format),
    compression: Codec,
}

/// Importing on a thread of the pool.
pub struct ImportTask {
    input: (PathBuf, Format),
    dir: PathBuf,
    options: ImportOptions,
}

/// Exporting on a thread of the pool.
pub struct WideTask {
    dir: PathBuf,
    started_at_unix_us: i64,
    commands: BTreeMap<u32, String>,
    output: PathBuf,
}

#[napi]
impl Task for WideTask {
    type Output = std::result::Result<u64, ConvertError>;
    type JsValue = f64;

    fn compute(&mut self) -> Result<Self::Output> {
        Ok(mymonitor_convert::export_wide(&self.dir, self.started_at_unix_us, &self.commands, &self.output))
    }

    fn resolve(&mut self, env: Env, output: Self::Output) -> Result<f64> {
        output.map(number).map_err(|error| failed(env, &error))
    }
}

#[napi]
impl Task for ConvertTask {
    type Output = std::result::Result<u64, ConvertError>;
    type JsValue = f64;

    fn compute(&mut self) -> Result<Self::Output> {
        let (input, output) = (&self.input, &self.output);
        Ok(mymonitor_convert::convert((&input.0, input.1), (&output.0, output.1), self.compression))
    }

    fn resolve(&mut self, env: Env, output: Self::Output) -> Result<f64> {
        output.map(number).map_err(|error| failed(env, &error))
    }
}

#[napi]
impl Task for ImportTask {
    type Output = std::result::Result<mymonitor_convert::Imported, ConvertError>;
    type JsValue = ImportedTable;

    fn compute(&mut self) -> Result<Self::Output> {
        Ok(mymonitor_convert::import((&self.input.0, self.input.1), &self.dir, &self.options))
    }

    #[expect(clippy::cast_precision_loss, reason = "microseconds since 1970 are below 2^53")]
    fn resolve(&mut self, env: Env, output: Self::Output) -> Result<ImportedTable> {
        let imported = output.map_err(|error| failed(env, &error))?;
        Ok(ImportedTable {
            rows: number(imported.rows),
            left_out: number(imported.left_out),
            ticks: number(imported.ticks),
            processes: number(imported.processes),
            started_at_unix_us: imported.started_at_unix_us as f64,
            duration_us: number(imported.duration_us),
            has_pss: imported.has_pss,
            has_rss: imported.has_rss,
        })
    }
}

/// Converts one file, on another thread; the number of its rows. Rejects with code `ERR_MYMONITOR_DAMAGED`, `ERR_MYMONITOR_OUTPUT` or
/// `ERR_MYMONITOR_NOT_A_TABLE`; the message names the file.
#[napi(catch_unwind)]
pub fn convert_table(options: ConvertOptions) -> Result<AsyncTask<ConvertTask>, String> {
    Ok(AsyncTask::new(ConvertTask {
        input: (options.input.into(), options.input_format.into()),
        output: (options.output.into(), options.output_format.into()),
        compression: codec(&options.compression)?,
    }))
}

/// Writes the tables of a recording from a table of the Python `MyMonitor`, on another thread. Rejects as `convertTable` does.
#[napi(catch_unwind)]
pub fn import_table(options: ImportTableOptions) -> Result<AsyncTask<ImportTask>, String> {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "saturates")]
    let interval_us = options.interval_us as u64;
    Ok(AsyncTask::new(ImportTask {
        input: (options.input.into(), options.input_format.into()),
        dir: options.recording_dir.into(),
        options: ImportOptions {
            run_id: options.run_id,
            project: options.project,
            jobs: options.jobs,
            interval_us,
            compression: codec(&options.compression)?,
        },
    }))
}

/// The command line that an export shows of a process.
#[napi(object)]
pub struct ShownCommand {
    pub process_id: u32,
    pub command: String,
}

/// Writes a recording as the one wide CSV of the Python `MyMonitor`, on another thread; the number of its rows. `commands` are those that are shown
/// otherwise than they were recorded. Rejects as `convertTable` does.
#[napi(catch_unwind)]
pub fn export_wide(recording_dir: String, started_at_unix_us: f64, commands: Vec<ShownCommand>, output: String) -> AsyncTask<WideTask> {
    #[expect(clippy::cast_possible_truncation, reason = "saturates")]
    let started_at_unix_us = started_at_unix_us as i64;
    let commands = commands.into_iter().map(|shown| (shown.process_id, shown.command)).collect();
    AsyncTask::new(WideTask { dir: recording_dir.into(), started_at_unix_us, commands, output: output.into() })
}

impl From<TableFormat> for Format {
    fn from(format: TableFormat) -> Self {
        match format {
            TableFormat::Csv => Self::Csv,
            TableFormat::Json => Self::Json,
            TableFormat::Parquet => Self::Parquet,
        }
    }
}

fn codec(name: &str) -> Result<Codec, String> {
    Codec::from_name(name).ok_or_else(|| coded("ERR_MYMONITOR_INTERNAL", format!("compression {name:?} is not known")))
}

/// A task's own error type has no place for our codes; an error object made here keeps its code.
fn failed(env: Env, error: &ConvertError) -> Error {
    Error::from(JsError::from(coded(error.code(), error.to_string())).into_unknown(env))
}

#[expect(clippy::cast_precision_loss, reason = "counts are below 2^53")]
fn number(count: u64) -> f64 {
    count as f64
}
