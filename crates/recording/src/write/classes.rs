//! The derived table `classes`, written in batches.

use std::borrow::Cow;
use std::path::Path;
use std::sync::Arc;

use mymonitor_wire::Header;

use super::table::{Column, Compression, Layout, TableWriter, Values};
use crate::{CLASSES_FILE, Class, Recording, RecordingError};

/// How one image was classified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClassRow {
    /// Which image.
    pub process_id: u32,
    /// Its categories and the rule that decided.
    pub class: Arc<Class>,
    /// Source or output file, where there is one.
    pub target: Option<String>,
    /// Digest of the rules that were used.
    pub rules_digest: Arc<str>,
}

const COLUMNS: &[Column<ClassRow>] = &[
    Column { name: "process_id", values: Values::U32(|row| row.process_id), layout: Layout::Near },
    Column { name: "major_category", values: Values::Text(|row| text(&row.class.major_category)), layout: Layout::Repeated },
    Column { name: "minor_category", values: Values::Text(|row| text(&row.class.minor_category)), layout: Layout::Repeated },
    Column { name: "rule", values: Values::Text(|row| text(&row.class.rule)), layout: Layout::Repeated },
    Column { name: "target", values: Values::MaybeText(|row| row.target.as_deref().map(text)), layout: Layout::Repeated },
    Column { name: "rules_digest", values: Values::Text(|row| text(&row.rules_digest)), layout: Layout::Repeated },
];

/// Rows after which a row group ends, and all that is held at once.
const GROUP_ROWS: usize = 16 * 1024;

fn text(text: &str) -> Cow<'_, [u8]> {
    Cow::Borrowed(text.as_bytes())
}

/// `classes.parquet` of a recording on its way to disk. Dropped before [`Self::publish`], it leaves nothing behind.
pub struct ClassesWriter {
    table: TableWriter<ClassRow>,
    waiting: Vec<ClassRow>,
}

impl ClassesWriter {
    /// Begins a table for the recording in `dir`.
    pub fn create(dir: &Path, compression: Compression) -> Result<Self, RecordingError> {
        let recording = Recording::open(dir)?;
        let info = recording.info();
        let header =
            Header { run_id: info.run_id.clone(), project: info.project.clone(), jobs: info.jobs, repeat: info.repeat, interval_us: 0 };
        Ok(Self { table: TableWriter::create(dir, CLASSES_FILE, COLUMNS, &header, compression)?, waiting: Vec::new() })
    }

    /// Adds rows in the order of the table `processes`.
    pub fn write(&mut self, rows: impl IntoIterator<Item = ClassRow>) -> Result<(), RecordingError> {
        for row in rows {
            self.waiting.push(row);
            if self.waiting.len() >= GROUP_ROWS {
                self.end_group()?;
            }
        }
        Ok(())
    }

    /// Rows that are not on their way to disk yet.
    pub fn waiting(&self) -> usize {
        self.waiting.len()
    }

    fn end_group(&mut self) -> Result<(), RecordingError> {
        self.table.row_group(&self.waiting)?;
        self.waiting.clear();
        Ok(())
    }

    /// Gives the file its name, replacing an older one whole.
    pub fn publish(mut self) -> Result<(), RecordingError> {
        self.end_group()?;
        self.table.finish()?.publish()
    }
}
