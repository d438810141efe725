//! The table `processes`: live images are held, ended ones written in batches.

use std::borrow::Cow;
use std::collections::HashMap;

use mymonitor_wire::{ImageEnd, ImageStart};

use super::table::{Column, Layout, TableWriter, Values};
use super::text::{arguments, escape};
use super::ticks::signed;
use crate::RecordingError;
use crate::model::Interner;
use crate::read::End;

/// A row group ends at this many images, or earlier at this many bytes of their texts: what bounds the memory under any churn.
const GROUP_ROWS: usize = 16 * 1024;
const GROUP_BYTES: usize = 8 << 20;

/// An image and what the ticks said about it.
pub(super) struct Image {
    start: ImageStart,
    /// Key for the model.
    executable: u32,
    samples: u32,
    largest_kb: Option<u64>,
    end: End,
    last: Option<ImageEnd>,
}

impl Image {
    fn peak_kb(&self) -> Option<u64> {
        self.last.and_then(|last| last.vm_hwm_kb).or(self.largest_kb)
    }

    fn peak_source(&self) -> Option<&'static str> {
        let recorded = self.last.is_some_and(|last| last.vm_hwm_kb.is_some());
        if recorded { Some("exit_record") } else { self.largest_kb.map(|_| "sample") }
    }

    fn texts(&self) -> usize {
        self.start.name.len() + self.start.exe.len() + self.start.cwd.len() + self.start.argv.len()
    }
}

fn text(bytes: &[u8]) -> Option<Cow<'_, [u8]>> {
    (!bytes.is_empty()).then(|| escape(bytes))
}

pub(super) const COLUMNS: &[Column<Image>] = &[
    Column { name: "process_id", values: Values::U32(|image| image.start.process_id), layout: Layout::Near },
    Column { name: "pid", values: Values::U32(|image| image.start.pid), layout: Layout::Near },
    Column { name: "start_ticks", values: Values::I64(|image| signed(image.start.start_ticks)), layout: Layout::Near },
    Column { name: "exec_count", values: Values::U32(|image| image.start.exec_count), layout: Layout::Repeated },
    Column { name: "ppid", values: Values::U32(|image| image.start.ppid), layout: Layout::Near },
    Column { name: "parent_id", values: Values::MaybeU32(|image| image.start.parent_id), layout: Layout::Near },
    Column { name: "uid", values: Values::U32(|image| image.start.uid), layout: Layout::Repeated },
    Column { name: "name", values: Values::Text(|image| escape(&image.start.name)), layout: Layout::Repeated },
    Column { name: "exe", values: Values::MaybeText(|image| text(&image.start.exe)), layout: Layout::Repeated },
    Column { name: "argv", values: Values::MaybeTexts(|image| arguments(&image.start.argv)), layout: Layout::Repeated },
    Column {
        name: "argv_raw",
        values: Values::MaybeBytes(|image| {
            std::str::from_utf8(&image.start.argv).is_err().then_some(Cow::Borrowed(image.start.argv.as_slice()))
        }),
        layout: Layout::Plain,
    },
    Column { name: "argv_length", values: Values::MaybeI64(|image| image.start.argv_cut_from.map(signed)), layout: Layout::Plain },
    Column { name: "argv_hash", values: Values::MaybeU64(|image| image.start.argv_hash), layout: Layout::Plain },
    Column { name: "cwd", values: Values::MaybeText(|image| text(&image.start.cwd)), layout: Layout::Repeated },
    Column { name: "start_us", values: Values::I64(|image| image.start.start_us), layout: Layout::Near },
    Column {
        name: "end_us",
        values: Values::MaybeI64(|image| image.last.filter(|_| image.end != End::Alive).map(|last| last.end_us)),
        layout: Layout::Near,
    },
    Column { name: "end", values: Values::Text(|image| Cow::Borrowed(image.end.as_str().as_bytes())), layout: Layout::Repeated },
    Column { name: "exit_code", values: Values::MaybeU32(|image| image.last?.exit_code), layout: Layout::Repeated },
    Column { name: "signal", values: Values::MaybeU32(|image| image.last?.signal), layout: Layout::Repeated },
    Column { name: "peak_rss_kb", values: Values::MaybeI64(|image| image.peak_kb().map(signed)), layout: Layout::Near },
    Column {
        name: "peak_source",
        values: Values::MaybeText(|image| image.peak_source().map(|source| Cow::Borrowed(source.as_bytes()))),
        layout: Layout::Repeated,
    },
    Column { name: "cpu_us", values: Values::MaybeI64(|image| image.last?.cpu_us.map(signed)), layout: Layout::Near },
    Column { name: "threads", values: Values::MaybeU32(|image| image.last?.threads), layout: Layout::Repeated },
    Column { name: "samples", values: Values::U32(|image| image.samples), layout: Layout::Near },
    Column {
        name: "seen_by",
        values: Values::Text(|image| Cow::Borrowed(if image.start.outside_tree { b"pattern" } else { b"walk" })),
        layout: Layout::Repeated,
    },
    Column { name: "outside_tree", values: Values::Bool(|image| image.start.outside_tree), layout: Layout::Plain },
];

/// The images of a journal on their way into the table.
pub(super) struct Images {
    writer: TableWriter<Image>,
    live: HashMap<u32, Image>,
    ended: Vec<Image>,
    ended_bytes: usize,
    written: u64,
    interner: Interner,
}

impl Images {
    pub(super) fn new(writer: TableWriter<Image>) -> Self {
        Self { writer, live: HashMap::new(), ended: Vec::new(), ended_bytes: 0, written: 0, interner: Interner::new() }
    }

    /// A first start, or better facts about a live image.
    pub(super) fn start(&mut self, start: ImageStart) {
        let executable = self.interner.key(&start.exe, &start.name);
        if let Some(image) = self.live.get_mut(&start.process_id) {
            image.start = start;
            image.executable = executable;
        } else {
            let image = Image { executable, samples: 0, largest_kb: None, end: End::Lost, last: None, start };
            self.live.insert(image.start.process_id, image);
        }
    }

    /// Counts a sample; the image's pid and executable, `None` for an image that is not live.
    pub(super) fn sample(&mut self, process_id: u32, rss_kb: u64) -> Option<(u32, u32)> {
        let image = self.live.get_mut(&process_id)?;
        image.samples = image.samples.saturating_add(1);
        image.largest_kb = image.largest_kb.max(Some(rss_kb));
        Some((image.start.pid, image.executable))
    }

    /// Ends an image that is live.
    pub(super) fn end(&mut self, last: ImageEnd) -> Result<(), RecordingError> {
        use mymonitor_wire::End as Wire;
        let Some(mut image) = self.live.remove(&last.process_id) else { return Ok(()) };
        image.last = Some(last);
        image.end = match last.end {
            Wire::Exited => End::Exited,
            Wire::Signalled => End::Signalled,
            Wire::Execed => End::Execed,
            Wire::Lost => End::Lost,
            Wire::Alive => End::Alive,
        };
        self.write(image)
    }

    fn write(&mut self, image: Image) -> Result<(), RecordingError> {
        self.ended_bytes += image.texts();
        self.ended.push(image);
        if self.ended.len() >= GROUP_ROWS || self.ended_bytes >= GROUP_BYTES { self.end_group() } else { Ok(()) }
    }

    fn end_group(&mut self) -> Result<(), RecordingError> {
        self.writer.row_group(&self.ended)?;
        self.written += self.ended.len() as u64;
        self.ended.clear();
        self.ended_bytes = 0;
        Ok(())
    }

    /// Writes what is still live, ascending by id and ended by `end`; the number of images.
    pub(super) fn finish(mut self, end: End) -> Result<(TableWriter<Image>, u64), RecordingError> {
        let mut live: Vec<Image> = self.live.drain().map(|(_, image)| image).collect();
        live.sort_by_key(|image| image.start.process_id);
        for image in live {
            self.write(Image { end, ..image })?;
        }
        self.end_group()?;
        Ok((self.writer, self.written))
    }
}
