//! Right of the wall: a recording's columns.

#![expect(clippy::needless_pass_by_value, reason = "napi hands typed arrays over by value, and map_err its error")]

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::Arc;

use mymonitor_analysis as analysis;
use mymonitor_recording::{Class, ClassRow, ClassesTable, Compression, Recording, RecordingError, RecordingFile};
use napi::bindgen_prelude::*;
use napi::{Env, JsError, Task};
use napi_derive::napi;

use crate::columns::{Aggregate, AggregateOptions, ClassBatch, ClassColumns, ProcessColumns, RecordingInfo, TickFacts};
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
    group_of: Uint32Array,
    parent_of: Uint32Array,
    parents: usize,
    points: usize,
    largest: usize,
}

/// A failure on its way from the pool to JavaScript: code and message.
type Failure = (&'static str, String);

#[napi]
impl Task for AggregateTask {
    type Output = std::result::Result<analysis::Aggregate, Failure>;
    type JsValue = Aggregate;

    fn compute(&mut self) -> Result<Self::Output> {
        let Self { group_of, parent_of, parents, points, largest, .. } = &*self;
        let options = analysis::Options { group_of, parent_of, parents: *parents, points: *points, largest: *largest };
        // A panic on a thread of the pool would end the process.
        let result = catch_unwind(AssertUnwindSafe(|| analysis::aggregate(&self.recording, &options)));
        #[cfg(target_os = "linux")]
        mymonitor_sampler::give_back();
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

    /// What one walk over all ticks yields. A tick is late by more than a tenth of the interval.
    #[napi(catch_unwind)]
    pub fn tick_facts(&self, interval_us: f64) -> Result<TickFacts, String> {
        Ok(analysis::tick_facts(&self.recording, whole(interval_us)).map_err(failed)?.into())
    }

    /// Images [first, first + count) in file order: the order in which they ended.
    #[napi(catch_unwind)]
    pub fn processes<'env>(&self, env: &'env Env, first: u32, count: u32) -> Result<ProcessColumns<'env>, String> {
        let images = self.recording.processes(first.into(), count.into()).map_err(failed)?;
        ProcessColumns::new(env, images).map_err(|error| coded("ERR_MYMONITOR_INTERNAL", error.to_string()))
    }

    /// Sums by group, on another thread.
    #[napi(catch_unwind)]
    pub fn aggregate(&self, options: AggregateOptions) -> AsyncTask<AggregateTask> {
        let AggregateOptions { group_of, parent_of, parents, points, largest } = options;
        AsyncTask::new(AggregateTask {
            recording: Arc::clone(&self.recording),
            group_of,
            parent_of,
            parents: parents as usize,
            points: points as usize,
            largest: largest as usize,
        })
    }

    /// null where classes.parquet does not exist.
    #[napi(catch_unwind, ts_return_type = "ClassColumns | null")]
    pub fn classes(&self) -> Result<Option<ClassColumns>, String> {
        let Some(table) = ClassesTable::open(&self.dir).map_err(failed)? else { return Ok(None) };
        Ok(Some(table.read().map_err(failed)?.into()))
    }

    /// Targets of these rows of classes.parquet, which ascend from 0; null where an image has none, or the table does not exist.
    #[napi(catch_unwind, ts_return_type = "Array<string | null>")]
    pub fn targets(&self, rows: Uint32Array) -> Result<Vec<Option<String>>, String> {
        let Some(table) = ClassesTable::open(&self.dir).map_err(failed)? else { return Ok(vec![None; rows.len()]) };
        table.targets(&rows).map_err(failed)
    }
}

/// classes.parquet on its way to disk, under a temporary name.
#[napi]
pub struct ClassesWriter {
    writer: Option<mymonitor_recording::ClassesWriter>,
    rules_digest: Arc<str>,
    classes: Vec<Arc<Class>>,
}

#[napi]
impl ClassesWriter {
    /// Begins a table for the recording in `dir`.
    #[napi(constructor, catch_unwind)]
    pub fn new(dir: String, rules_digest: String) -> Result<Self, String> {
        let writer = mymonitor_recording::ClassesWriter::create(&PathBuf::from(dir), Compression::default()).map_err(failed)?;
        Ok(Self { writer: Some(writer), rules_digest: rules_digest.into(), classes: Vec::new() })
    }

    /// Adds rows in the order of the table `processes`.
    #[napi(catch_unwind)]
    pub fn write(&mut self, batch: ClassBatch) -> Result<(), String> {
        let ClassBatch { process_id, class_of, target, added } = batch;
        self.classes.extend(added.into_iter().map(|class| Arc::new(class.into())));
        let wrong = |what: &str| coded("ERR_MYMONITOR_INTERNAL", format!("classes cannot be written: {what}"));
        if [class_of.len(), target.len()] != [process_id.len(); 2] {
            return Err(wrong("columns differ in length"));
        }
        if class_of.iter().any(|&class| class as usize >= self.classes.len()) {
            return Err(wrong("an image has an unknown class"));
        }
        let row = |((&process_id, &class), target)| ClassRow {
            process_id,
            class: Arc::clone(&self.classes[class as usize]),
            target,
            rules_digest: Arc::clone(&self.rules_digest),
        };
        let writer = self.writer.as_mut().ok_or_else(|| wrong("the table is closed"))?;
        writer.write(process_id.iter().zip(class_of.iter()).zip(target).map(row)).map_err(failed)
    }

    /// Gives the table its name, replacing an older one whole.
    #[napi(catch_unwind)]
    pub fn publish(&mut self) -> Result<(), String> {
        self.writer.take().map_or(Ok(()), |writer| writer.publish().map_err(failed))
    }

    /// Leaves the table as it was.
    #[napi(catch_unwind)]
    pub fn discard(&mut self) {
        self.writer = None;
    }
}

/// Format version that this build writes.
#[napi(catch_unwind)]
pub fn format_version() -> u32 {
    mymonitor_recording::FORMAT_VERSION
}

#[expect(clippy::cast_possible_truncation, reason = "the cast saturates, and JavaScript has no other number")]
fn whole(value: f64) -> i64 {
    value as i64
}

fn failed(error: RecordingError) -> Error<String> {
    coded(error.code(), error.to_string())
}
