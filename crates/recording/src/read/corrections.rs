//! What the first measurement of each image said about the memory model.

use parquet::data_type::Int32Type;
use parquet::file::reader::ChunkReader;

use super::table::Table;
use crate::{Correction, RecordingError};

/// Process ids and what was said; nothing of images that were not measured.
pub(super) fn read<R: ChunkReader>(table: &Table<R>) -> Result<Vec<(u32, Correction)>, RecordingError> {
    let mut corrections = Vec::new();
    for group in 0..table.groups() {
        let rows = table.rows_of(group);
        let excess_kb = table.i64s(group, "pss_excess_kb", 0, rows)?;
        if excess_kb.iter().all(Option::is_none) {
            continue;
        }
        let mut process_ids = Vec::with_capacity(rows);
        table.required::<Int32Type>(group, "process_id", &mut process_ids)?;
        let known = process_ids.into_iter().zip(excess_kb);
        corrections
            .extend(known.filter_map(|(process_id, excess_kb)| Some((process_id.cast_unsigned(), Correction { excess_kb: excess_kb? }))));
    }
    Ok(corrections)
}
