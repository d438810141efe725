//! When each image lived, and how much memory it can have had.

use parquet::data_type::{ByteArrayType, Int32Type};
use parquet::file::reader::ChunkReader;

use super::processes::End;
use super::table::Table;
use crate::RecordingError;

/// An image's life, for what has to look at all of them and at nothing else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lifetime {
    /// Which image.
    pub process_id: u32,
    /// Microseconds after the build's start: of a process, rounded down to a clock tick; of a later image, the tick that saw it.
    pub start_us: i64,
    /// Absent for what outlived the recording.
    pub end_us: Option<i64>,
    /// How it ended.
    pub end: End,
    /// Changes of image before it.
    pub exec_count: u32,
    /// Ticks that have its memory.
    pub samples: u32,
    /// Its high-water mark, else its largest sample, KiB; 0 for what had no memory of its own.
    pub peak_rss_kb: u64,
    /// Whether that is the kernel's own high-water mark.
    pub is_mark: bool,
    /// Only its beginning and end are known.
    pub unrecorded: bool,
}

pub(super) fn read<R: ChunkReader>(table: &Table<R>, group: usize) -> Result<Vec<Lifetime>, RecordingError> {
    let rows = table.rows_of(group);
    let mut process_ids = Vec::with_capacity(rows);
    table.required::<Int32Type>(group, "process_id", &mut process_ids)?;
    let start_us = table.i64s(group, "start_us", 0, rows)?;
    let end_us = table.i64s(group, "end_us", 0, rows)?;
    let end = table.nullable::<ByteArrayType>(group, "end", 0, rows)?;
    let exec_count = table.u32s(group, "exec_count", 0, rows)?;
    let samples = table.u32s(group, "samples", 0, rows)?;
    let peak_kb = table.i64s(group, "peak_rss_kb", 0, rows)?;
    let source = table.nullable::<ByteArrayType>(group, "peak_source", 0, rows)?;
    let seen_by = table.nullable::<ByteArrayType>(group, "seen_by", 0, rows)?;
    let lifetimes = process_ids.into_iter().enumerate().map(|(row, process_id)| Lifetime {
        process_id: process_id.cast_unsigned(),
        start_us: start_us[row].unwrap_or(0),
        end_us: end_us[row],
        end: End::parse(end[row].as_ref().and_then(|end| str::from_utf8(end.data()).ok())),
        exec_count: exec_count[row].unwrap_or(0),
        samples: samples[row].unwrap_or(0),
        peak_rss_kb: peak_kb[row].and_then(|kb| u64::try_from(kb).ok()).unwrap_or(0),
        is_mark: source[row].as_ref().is_some_and(|source| source.data() == b"exit_record"),
        unrecorded: seen_by[row].as_ref().is_some_and(|seen_by| seen_by.data() == b"connector"),
    });
    Ok(lifetimes.collect())
}
