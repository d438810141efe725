//! Windows of `memory_samples`.

use parquet::data_type::{Int32Type, Int64Type};
use parquet::file::reader::ChunkReader;

use super::table::Table;
use crate::RecordingError;

/// A row group of `memory_samples`: whole ticks, sorted by (`process_id`, `tick`), later ticks than any window before. All columns have the same
/// length.
#[derive(Debug, Default)]
pub struct Window {
    ticks: Vec<i32>,
    process_ids: Vec<i32>,
    /// Resident set size, KiB; not negative.
    pub rss_kb: Vec<i64>,
    /// Its file-backed and shared-memory part, KiB; not negative.
    pub shared_kb: Vec<i64>,
    /// Proportional set size, KiB, where it was measured; not negative. Empty when no row of the window has one.
    pub pss_kb: Vec<Option<i64>>,
    /// Pages of its own, KiB, where that was measured; not negative. Empty when `pss_kb` is.
    pub uss_kb: Vec<Option<i64>>,
}

impl Window {
    /// An empty one, to be read into.
    pub fn new() -> Self {
        Self::default()
    }

    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.ticks.len()
    }

    /// Tick of a row.
    pub fn tick(&self, row: usize) -> u32 {
        self.ticks[row].cast_unsigned()
    }

    /// Image of a row.
    pub fn process_id(&self, row: usize) -> u32 {
        self.process_ids[row].cast_unsigned()
    }

    pub(super) fn read<R: ChunkReader>(&mut self, table: &Table<R>, group: usize) -> Result<(), RecordingError> {
        self.ticks.clear();
        self.process_ids.clear();
        self.rss_kb.clear();
        self.shared_kb.clear();
        table.required::<Int32Type>(group, "tick", &mut self.ticks)?;
        table.required::<Int32Type>(group, "process_id", &mut self.process_ids)?;
        table.required::<Int64Type>(group, "rss_kb", &mut self.rss_kb)?;
        table.required::<Int64Type>(group, "shared_kb", &mut self.shared_kb)?;
        self.pss_kb = table.nullable::<Int64Type>(group, "pss_kb", 0, self.ticks.len())?;
        self.uss_kb.clear();
        if self.pss_kb.iter().all(Option::is_none) {
            self.pss_kb.clear();
        } else {
            self.uss_kb = table.nullable::<Int64Type>(group, "uss_kb", 0, self.ticks.len())?;
        }
        let is_negative = |kb: &i64| *kb < 0;
        let measured = [&self.pss_kb, &self.uss_kb].into_iter().any(|column| column.iter().flatten().any(is_negative));
        if measured || self.rss_kb.iter().any(is_negative) || self.shared_kb.iter().any(is_negative) {
            return Err(table.damaged("a size is negative"));
        }
        Ok(())
    }
}
