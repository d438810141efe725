//! What the first measurement of each image said about the memory model.

use parquet::data_type::Int32Type;
use parquet::file::reader::ChunkReader;

use super::table::Table;
use crate::{Correction, RecordingError};

/// Index: `process_id`. Empty where nothing was measured.
pub(super) fn read<R: ChunkReader>(table: &Table<R>, limit: usize) -> Result<Vec<Option<Correction>>, RecordingError> {
    let mut corrections = Vec::new();
    for group in 0..table.groups() {
        let rows = table.rows_of(group);
        let excess_kb = table.i64s(group, "pss_excess_kb", 0, rows)?;
        if excess_kb.iter().all(Option::is_none) {
            continue;
        }
        corrections.resize(limit, None);
        let mut process_ids = Vec::with_capacity(rows);
        table.required::<Int32Type>(group, "process_id", &mut process_ids)?;
        for (process_id, excess_kb) in process_ids.into_iter().zip(excess_kb) {
            let slot = corrections.get_mut(process_id.cast_unsigned() as usize);
            if let (Some(slot), Some(excess_kb)) = (slot, excess_kb) {
                *slot = Some(Correction { excess_kb });
            }
        }
    }
    Ok(corrections)
}
