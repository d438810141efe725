//! The derived table `classes`.

use std::collections::HashMap;
use std::path::Path;

use parquet::data_type::{ByteArray, ByteArrayType};
use parquet::file::reader::ChunkReader;

use super::table::{Nullable, Table, text};
use crate::RecordingError;

/// The table `classes`, opened.
pub struct ClassesTable<R> {
    table: Table<R>,
}

/// Categories, and the rule that decided.
#[derive(Debug, Default, Clone, PartialEq, Eq, Hash)]
pub struct Class {
    /// Major category.
    pub major_category: String,
    /// Minor category.
    pub minor_category: String,
    /// The rule; empty where none matched.
    pub rule: String,
}

/// The table without its targets: a recording has a million images, and hundreds of classes. One entry an image, in the order in which they were written.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Classes {
    /// Which image.
    pub process_id: Vec<u32>,
    /// Its class: index into `classes`.
    pub class_of: Vec<u32>,
    /// In the order in which they turn up.
    pub classes: Vec<Class>,
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

    /// All rows. Targets are read too, and dropped: a table of which they are damaged is damaged.
    pub fn read(&self) -> Result<Classes, RecordingError> {
        let table = &self.table;
        let mut read = Classes::default();
        let (mut indices, mut key) = (HashMap::<Vec<u8>, u32>::new(), Vec::new());
        for group in 0..table.groups() {
            let rows = table.rows_of(group);
            for process_id in table.u32s(group, "process_id", 0, rows)? {
                read.process_id.push(process_id.ok_or_else(|| table.damaged("a class has no process_id"))?);
            }
            let [majors, minors, rules] =
                ["major_category", "minor_category", "rule"].map(|name| table.nullable::<ByteArrayType>(group, name, 0, rows));
            for ((major, minor), rule) in majors?.into_iter().zip(minors?).zip(rules?) {
                key.clear();
                for name in [&major, &minor, &rule] {
                    key.extend_from_slice(name.as_ref().map_or(&b""[..], |name| name.data()));
                    key.push(0);
                }
                let index = if let Some(&index) = indices.get(&key) {
                    index
                } else {
                    // Images are numbered by u32, and there are not more classes.
                    let index = u32::try_from(read.classes.len()).unwrap_or(u32::MAX);
                    let [major_category, minor_category, rule] =
                        [&major, &minor, &rule].map(|name| name.as_ref().map(text).unwrap_or_default());
                    read.classes.push(Class { major_category, minor_category, rule });
                    indices.insert(key.clone(), index);
                    index
                };
                read.class_of.push(index);
            }
            self.targets_of(group)?;
            if read.rules_digest.is_empty() {
                read.rules_digest = table.texts(group, "rules_digest", 0, 1.min(rows))?.into_iter().flatten().next().unwrap_or_default();
            }
        }
        Ok(read)
    }

    /// Source or output files of these rows, ascending and counted from 0; `None` where an image has none.
    pub fn targets(&self, rows: &[u32]) -> Result<Vec<Option<String>>, RecordingError> {
        let mut targets = Vec::with_capacity(rows.len());
        let (mut left, mut first) = (rows, 0);
        for group in 0..self.table.groups() {
            let end = first + self.table.rows_of(group) as u64;
            let (wanted, rest) = left.split_at(left.partition_point(|&row| u64::from(row) < end));
            if !wanted.is_empty() {
                let texts = self.targets_of(group)?;
                // Rows that do not ascend would lie before the group.
                let at = |&row: &u32| usize::try_from(u64::from(row).checked_sub(first)?).ok();
                targets.extend(wanted.iter().map(|row| texts.get(at(row)?)?.as_ref().map(text)));
            }
            (left, first) = (rest, end);
        }
        targets.resize(rows.len(), None);
        Ok(targets)
    }

    fn targets_of(&self, group: usize) -> Result<Nullable<ByteArray>, RecordingError> {
        self.table.nullable::<ByteArrayType>(group, "target", 0, self.table.rows_of(group))
    }
}
