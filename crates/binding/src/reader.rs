//! Right of the wall: a recording's columns.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::Arc;

use mymonitor_analysis as analysis;
use mymonitor_recording::{ClassRow, ClassesTable, Compression, Recording, RecordingError, RecordingFile};
use napi::bindgen_prelude::*;
use napi::{Env, JsError, Task};
use napi_derive::napi;

use crate::columns::{Aggregate, AggregateOptions, ClassColumns, ProcessColumns, RecordingInfo, TickColumns};
use crate::error::coded;

/// An opened recording.
#[napi]
pub struct RecordingReader {
    dir: PathBuf,
    recording: Arc<Recording<RecordingFile>>,
}

/// Aggregating on a thread of the pool.
pub struct AggregateTask {
    recording: Arc<Recording<RecordingFile>>,
    group_of: Vec<u32>,
    parent_of: Vec<u32>,
    parents: usize,
    points: usize,
}

/// A failure on its way from the pool to JavaScript: code and message.
type Failure = (&'static str, String);

#[napi]
impl Task for AggregateTask {
    type Output = std::result::Result<analysis::Aggregate, Failure>;
    type JsValue = Aggregate;

    fn compute(&mut self) -> Result<Self::Output> {
        let options =
            analysis::Options { group_of: &self.group_of, parent_of: &self.parent_of, parents: self.parents, points: self.points };
        // A panic on a thread of the pool would end the process.
        let result = catch_unwind(AssertUnwindSafe(|| analysis::aggregate(&self.recording, &options)));
        Ok(match result {
            Ok(result) => result.map_err(|error| (error.code(), error.to_string())),
            Err(_) => Err(("ERR_MYMONITOR_INTERNAL", "aggregating the recording failed by a defect of mymonitor".into())),
        })
    }

    fn resolve(&mut self, env: Env, output: Self::Output) -> Result<Aggregate> {
        // A task's own error type has no place for our codes; an error object made here keeps its code.
        output.map(Into::into).map_err(|(code, message)| Error::from(JsError::from(coded(code, message)).into_unknown(env)))
    }
}

#[napi]
impl RecordingReader {
    /// Throws with code `ERR_MYMONITOR_NOT_A_RECORDING`, `ERR_MYMONITOR_DAMAGED` or `ERR_MYMONITOR_NEWER_FORMAT`; the message names the file.
    #[napi(constructor, catch_unwind)]
    pub fn new(dir: String) -> Result<Self, String> {
        let dir = PathBuf::from(dir);
        let recording = Arc::new(Recording::open(&dir).map_err(failed)?);
        Ok(Self { dir, recording })
    }

    /// What is constant over it.
    #[napi(getter, catch_unwind)]
    pub fn info(&self) -> RecordingInfo {
        self.recording.info().into()
    }

    /// All ticks.
    #[napi(catch_unwind)]
    pub fn ticks(&self) -> Result<TickColumns, String> {
        Ok(self.recording.ticks().map_err(failed)?.into())
    }

    /// Images [first, first + count) in file order: the order in which they ended.
    #[napi(catch_unwind)]
    pub fn processes(&self, first: u32, count: u32) -> Result<ProcessColumns, String> {
        Ok(self.recording.processes(first.into(), count.into()).map_err(failed)?.into())
    }

    /// Sums by group, on another thread.
    #[napi(catch_unwind)]
    pub fn aggregate(&self, options: AggregateOptions) -> AsyncTask<AggregateTask> {
        let AggregateOptions { group_of, parent_of, parents, points } = options;
        AsyncTask::new(AggregateTask {
            recording: Arc::clone(&self.recording),
            group_of: group_of.to_vec(),
            parent_of: parent_of.to_vec(),
            parents: parents as usize,
            points: points as usize,
        })
    }

    /// null where classes.parquet does not exist.
    #[napi(catch_unwind, ts_return_type = "ClassColumns | null")]
    pub fn classes(&self) -> Result<Option<ClassColumns>, String> {
        let Some(table) = ClassesTable::open(&self.dir).map_err(failed)? else { return Ok(None) };
        Ok(Some(table.read().map_err(failed)?.into()))
    }
}

/// Writes classes.parquet to a temporary name and renames it.
#[napi(catch_unwind)]
pub fn write_classes(dir: String, classes: ClassColumns) -> Result<(), String> {
    let dir = PathBuf::from(dir);
    let count = classes.process_id.len();
    let lengths = [classes.major_category.len(), classes.minor_category.len(), classes.rule.len(), classes.target.len()];
    if lengths.iter().any(|&length| length != count) {
        return Err(coded("ERR_MYMONITOR_INTERNAL", format!("the columns of classes have {count} and {lengths:?} entries")));
    }
    let rules_digest: Arc<str> = classes.rules_digest.into();
    let texts = classes.major_category.into_iter().zip(classes.minor_category).zip(classes.rule).zip(classes.target);
    let row = |(&process_id, (((major_category, minor_category), rule), target))| ClassRow {
        process_id,
        major_category,
        minor_category,
        rule,
        target,
        rules_digest: Arc::clone(&rules_digest),
    };
    let rows: Vec<_> = classes.process_id.iter().zip(texts).map(row).collect();
    mymonitor_recording::write_classes(&dir, &rows, Compression::default()).map_err(failed)
}

/// Format version that this build writes.
#[napi(catch_unwind)]
pub fn format_version() -> u32 {
    mymonitor_recording::FORMAT_VERSION
}

#[expect(clippy::needless_pass_by_value, reason = "the shape that map_err wants")]
fn failed(error: RecordingError) -> Error<String> {
    coded(error.code(), error.to_string())
}
