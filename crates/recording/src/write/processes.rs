//! The table `processes`, written in batches.

use std::borrow::Cow;

use mymonitor_wire::ImageStart;

use super::table::{Column, Layout, TableWriter, Values};
use super::text::{arguments, escape};
use super::ticks::signed;
use crate::read::End;
use crate::{Correction, RecordingError};

/// A row group ends at this many images, or earlier at this many bytes of their texts: what bounds the memory under any churn.
const GROUP_ROWS: usize = 16 * 1024;
const GROUP_BYTES: usize = 8 << 20;

/// What the row's facts are from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SeenBy {
    /// A tick saw it.
    Walk,
    /// No tick did: its exit record.
    ExitRecord,
    /// Neither did: fork and end are all that is known.
    Connector,
}

/// An image that has ended.
pub(super) struct Row {
    pub(super) id: u32,
    pub(super) parent_id: Option<u32>,
    pub(super) exec_count: u32,
    pub(super) start_us: i64,
    pub(super) end: End,
    pub(super) end_us: Option<i64>,
    pub(super) exit_code: Option<u32>,
    pub(super) signal: Option<u32>,
    /// Largest sample.
    pub(super) largest_kb: Option<u64>,
    pub(super) vm_hwm_kb: Option<u64>,
    pub(super) cpu_us: Option<u64>,
    pub(super) threads: Option<u32>,
    pub(super) samples: u32,
    pub(super) correction: Option<Correction>,
    pub(super) seen_by: SeenBy,
    /// The other facts.
    pub(super) start: ImageStart,
}

impl Row {
    fn peak_kb(&self) -> Option<u64> {
        self.vm_hwm_kb.max(self.largest_kb)
    }

    fn peak_source(&self) -> Option<&'static str> {
        if self.vm_hwm_kb.is_some() { Some("exit_record") } else { self.largest_kb.map(|_| "sample") }
    }

    fn seen_by(&self) -> &'static str {
        match (self.start.outside_tree, self.seen_by) {
            (true, _) => "pattern",
            (false, SeenBy::Walk) => "walk",
            (false, SeenBy::ExitRecord) => "exit_record",
            (false, SeenBy::Connector) => "connector",
        }
    }

    fn texts(&self) -> usize {
        self.start.name.len() + self.start.exe.len() + self.start.cwd.len() + self.start.argv.len()
    }
}

fn text(bytes: &[u8]) -> Option<Cow<'_, [u8]>> {
    (!bytes.is_empty()).then(|| escape(bytes))
}

pub(super) const COLUMNS: &[Column<Row>] = &[
    Column { name: "process_id", values: Values::U32(|row| row.id), layout: Layout::Near },
    Column { name: "pid", values: Values::U32(|row| row.start.pid), layout: Layout::Near },
    Column { name: "start_ticks", values: Values::I64(|row| signed(row.start.start_ticks)), layout: Layout::Near },
    Column { name: "exec_count", values: Values::U32(|row| row.exec_count), layout: Layout::Repeated },
    Column { name: "ppid", values: Values::U32(|row| row.start.ppid), layout: Layout::Near },
    Column { name: "parent_id", values: Values::MaybeU32(|row| row.parent_id), layout: Layout::Near },
    Column { name: "uid", values: Values::U32(|row| row.start.uid), layout: Layout::Repeated },
    Column { name: "name", values: Values::Text(|row| escape(&row.start.name)), layout: Layout::Repeated },
    Column { name: "exe", values: Values::MaybeText(|row| text(&row.start.exe)), layout: Layout::Repeated },
    Column { name: "argv", values: Values::MaybeTexts(|row| arguments(&row.start.argv)), layout: Layout::Repeated },
    Column {
        name: "argv_raw",
        values: Values::MaybeBytes(|row| std::str::from_utf8(&row.start.argv).is_err().then_some(Cow::Borrowed(row.start.argv.as_slice()))),
        layout: Layout::Plain,
    },
    Column { name: "argv_length", values: Values::MaybeI64(|row| row.start.argv_cut_from.map(signed)), layout: Layout::Plain },
    Column { name: "argv_hash", values: Values::MaybeU64(|row| row.start.argv_hash), layout: Layout::Plain },
    Column { name: "cwd", values: Values::MaybeText(|row| text(&row.start.cwd)), layout: Layout::Repeated },
    Column { name: "start_us", values: Values::I64(|row| row.start_us), layout: Layout::Near },
    Column { name: "end_us", values: Values::MaybeI64(|row| row.end_us), layout: Layout::Near },
    Column { name: "end", values: Values::Text(|row| Cow::Borrowed(row.end.as_str().as_bytes())), layout: Layout::Repeated },
    Column { name: "exit_code", values: Values::MaybeU32(|row| row.exit_code), layout: Layout::Repeated },
    Column { name: "signal", values: Values::MaybeU32(|row| row.signal), layout: Layout::Repeated },
    Column { name: "peak_rss_kb", values: Values::MaybeI64(|row| row.peak_kb().map(signed)), layout: Layout::Near },
    Column {
        name: "peak_source",
        values: Values::MaybeText(|row| row.peak_source().map(|source| Cow::Borrowed(source.as_bytes()))),
        layout: Layout::Repeated,
    },
    Column { name: "cpu_us", values: Values::MaybeI64(|row| row.cpu_us.map(signed)), layout: Layout::Near },
    Column { name: "threads", values: Values::MaybeU32(|row| row.threads), layout: Layout::Repeated },
    Column { name: "samples", values: Values::U32(|row| row.samples), layout: Layout::Near },
    Column { name: "pss_excess_kb", values: Values::MaybeI64(|row| Some(row.correction?.excess_kb)), layout: Layout::Plain },
    Column { name: "seen_by", values: Values::Text(|row| Cow::Borrowed(row.seen_by().as_bytes())), layout: Layout::Repeated },
    Column { name: "outside_tree", values: Values::Bool(|row| row.start.outside_tree), layout: Layout::Plain },
];

/// The rows that wait for their row group.
pub(super) struct Processes {
    writer: TableWriter<Row>,
    waiting: Vec<Row>,
    waiting_bytes: usize,
    written: u64,
}

impl Processes {
    pub(super) fn new(writer: TableWriter<Row>) -> Self {
        Self { writer, waiting: Vec::new(), waiting_bytes: 0, written: 0 }
    }

    pub(super) fn write(&mut self, row: Row) -> Result<(), RecordingError> {
        self.waiting_bytes += row.texts();
        self.waiting.push(row);
        if self.waiting.len() >= GROUP_ROWS || self.waiting_bytes >= GROUP_BYTES { self.end_group() } else { Ok(()) }
    }

    /// The latest row of a process that is written already, if nobody knows how it ended: that may become known later.
    pub(super) fn latest_lost(&mut self, pid: u32) -> Option<&mut Row> {
        self.waiting.iter_mut().rev().find(|row| row.start.pid == pid && !row.start.outside_tree).filter(|row| row.end == End::Lost)
    }

    fn end_group(&mut self) -> Result<(), RecordingError> {
        self.writer.row_group(&self.waiting)?;
        self.written += self.waiting.len() as u64;
        self.waiting.clear();
        self.waiting_bytes = 0;
        Ok(())
    }

    /// The table and its number of rows.
    pub(super) fn finish(mut self) -> Result<(TableWriter<Row>, u64), RecordingError> {
        self.end_group()?;
        Ok((self.writer, self.written))
    }
}
