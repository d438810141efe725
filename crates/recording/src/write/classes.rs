//! The derived table `classes`.

use std::borrow::Cow;
use std::path::Path;

use mymonitor_wire::Header;

use super::table::{Column, Compression, Layout, TableWriter, Values};
use crate::{CLASSES_FILE, Recording, RecordingError};

/// How one image was classified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClassRow {
    /// Which image.
    pub process_id: u32,
    /// Major category.
    pub major_category: String,
    /// Minor category.
    pub minor_category: String,
    /// The rule that decided.
    pub rule: String,
    /// Source or output file, where there is one.
    pub target: Option<String>,
    /// Digest of the rules that were used.
    pub rules_digest: std::sync::Arc<str>,
}

const COLUMNS: &[Column<ClassRow>] = &[
    Column { name: "process_id", values: Values::U32(|row| row.process_id), layout: Layout::Near },
    Column { name: "major_category", values: Values::Text(|row| text(&row.major_category)), layout: Layout::Repeated },
    Column { name: "minor_category", values: Values::Text(|row| text(&row.minor_category)), layout: Layout::Repeated },
    Column { name: "rule", values: Values::Text(|row| text(&row.rule)), layout: Layout::Repeated },
    Column { name: "target", values: Values::MaybeText(|row| row.target.as_deref().map(text)), layout: Layout::Repeated },
    Column { name: "rules_digest", values: Values::Text(|row| text(&row.rules_digest)), layout: Layout::Repeated },
];

const GROUP_ROWS: usize = 64 * 1024;

fn text(text: &str) -> Cow<'_, [u8]> {
    Cow::Borrowed(text.as_bytes())
}

/// Writes `classes.parquet` of the recording in `dir`, replacing an older one whole.
pub fn write_classes(dir: &Path, rows: &[ClassRow], compression: Compression) -> Result<(), RecordingError> {
    let recording = Recording::open(dir)?;
    let info = recording.info();
    let header =
        Header { run_id: info.run_id.clone(), project: info.project.clone(), jobs: info.jobs, repeat: info.repeat, interval_us: 0 };
    let mut table = TableWriter::create(dir, CLASSES_FILE, COLUMNS, &header, compression)?;
    for group in rows.chunks(GROUP_ROWS) {
        table.row_group(group)?;
    }
    table.finish()?.publish()
}
