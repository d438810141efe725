//! The derived table `classes`.

use std::path::Path;

use parquet::file::reader::ChunkReader;

use super::table::{Nullable, Table};
use crate::RecordingError;

/// The table `classes`, opened.
pub struct ClassesTable<R> {
    table: Table<R>,
}

/// One entry an image, in the order in which they were written.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Classes {
    /// Which image.
    pub process_id: Vec<u32>,
    /// Major category.
    pub major_category: Vec<String>,
    /// Minor category.
    pub minor_category: Vec<String>,
    /// The rule that decided.
    pub rule: Vec<String>,
    /// Source or output file, where there is one.
    pub target: Nullable<String>,
    /// Digest of the rules that were used; empty in a table without rows.
    pub rules_digest: String,
}

#[cfg(not(target_family = "wasm"))]
impl ClassesTable<super::RecordingFile> {
    /// The table in a recording's directory, `None` where it has not been written.
    pub fn open(dir: &Path) -> Result<Option<Self>, RecordingError> {
        let file = dir.join(crate::CLASSES_FILE);
        match super::RecordingFile::open(&file) {
            Ok(source) => Self::new(source, &file).map(Some),
            Err(RecordingError::Read { source, .. }) if source.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }
}

impl<R: ChunkReader> ClassesTable<R> {
    /// The same over any source; the path is for messages.
    pub fn new(source: R, file: &Path) -> Result<Self, RecordingError> {
        Ok(Self { table: Table::open(source, file, "classes")? })
    }

    /// All rows.
    pub fn read(&self) -> Result<Classes, RecordingError> {
        let table = &self.table;
        let mut classes = Classes::default();
        for group in 0..table.groups() {
            let rows = table.rows_of(group);
            for process_id in table.u32s(group, "process_id", 0, rows)? {
                classes.process_id.push(process_id.ok_or_else(|| table.damaged("a class has no process_id"))?);
            }
            for (name, column) in [
                ("major_category", &mut classes.major_category),
                ("minor_category", &mut classes.minor_category),
                ("rule", &mut classes.rule),
            ] {
                column.extend(table.texts(group, name, 0, rows)?.into_iter().map(Option::unwrap_or_default));
            }
            classes.target.extend(table.texts(group, "target", 0, rows)?);
            if classes.rules_digest.is_empty() {
                classes.rules_digest = table.texts(group, "rules_digest", 0, 1.min(rows))?.into_iter().flatten().next().unwrap_or_default();
            }
        }
        Ok(classes)
    }
}
