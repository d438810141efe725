//! A table of the Python `MyMonitor` as a recording: one row a process and sample, with the columns that its versions wrote.
//!
//! - A *tick* is one sweep over the processes. The old tool stamped samples one by one in some versions, so equal stamps do not make a tick: it ends
//!   where a process comes again, or after half an interval without a sample.
//! - An *image* is a pid with a command line.
//! - Sums that some versions stored beside the processes are left out; rows without a pid, a time or a size are counted and left out.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::Path;
use std::sync::Arc;

use mymonitor_recording::{Class, ClassRow, ClassesWriter, Compression, JOURNAL_FILE, RecordingError, finalise};
use mymonitor_wire::{End, Header, ImageEnd, ImageStart, JournalFrame, Sample, Tick, append_frame};

use crate::error::{ConvertError, What};
use crate::source::Source;
use crate::{Format, guard};

mod rows;

use rows::{Columns, Part, Row};

/// `classes.rules_digest` of a recording that keeps the categories of its table.
const IMPORTED_RULES: &str = "imported";

/// What the table does not say.
#[derive(Debug, Clone)]
pub struct ImportOptions {
    /// UUID of the new recording.
    pub run_id: String,
    /// Project name.
    pub project: String,
    /// Level.
    pub jobs: Option<u32>,
    /// The interval at which it was sampled.
    pub interval_us: u64,
    /// Of the new tables.
    pub compression: Compression,
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Imported {
    /// Samples.
    pub rows: u64,
    /// Rows that had no pid, no time or no size, or were sums.
    pub left_out: u64,
    /// Sweeps.
    pub ticks: u64,
    /// Pids with a command line.
    pub processes: u64,
    /// Wall clock of the first sample.
    pub started_at_unix_us: i64,
    /// From the first tick to the last.
    pub duration_us: u64,
    /// The table has PSS; otherwise only RSS.
    pub has_pss: bool,
    /// The table has RSS; otherwise PSS stands in its place.
    pub has_rss: bool,
}

/// Writes the tables of a recording into `dir`, an empty directory.
///
/// Memory: 48 bytes a row, because the table need not be in the order of time.
pub fn import(input: (&Path, Format), dir: &Path, options: &ImportOptions) -> Result<Imported, ConvertError> {
    guard(input.0, || {
        let source = Source::open(input.0, input.1)?;
        let columns = Columns::find(&source.header.fields).map_err(|what| ConvertError::input(input.0, what))?;
        let mut table = Table::default();
        source.read(&mut |batch| columns.rows(batch, |row| table.add(row)))?;
        if table.samples.is_empty() {
            return Err(ConvertError::input(input.0, "it has no sample of a process"));
        }
        // Stable: samples with equal stamps stay in the order in which they were read.
        table.samples.sort_by_key(|sample| sample.time_us);
        let ticks = table.ticks(i64::try_from(options.interval_us).unwrap_or(i64::MAX));
        let output = |error: &dyn std::fmt::Display| ConvertError::output(dir, error);
        let duration_us = table.write_journal(&ticks, dir, options).map_err(|error| output(&error))?;
        let summary = finalise(dir, options.compression).map_err(|error| output(&error))?;
        fs::remove_file(dir.join(JOURNAL_FILE)).map_err(|error| output(&error))?;
        if table.images.iter().all(|image| image.category.is_some()) {
            table.write_classes(dir, options.compression).map_err(|error| output(&error))?;
        }
        Ok(Imported {
            rows: summary.rows,
            left_out: table.left_out,
            ticks: summary.ticks,
            processes: summary.processes,
            started_at_unix_us: table.samples[0].time_us,
            duration_us,
            has_pss: columns.has(Part::Pss),
            has_rss: columns.has(Part::Rss),
        })
    })
}

#[derive(Default)]
struct Table {
    samples: Vec<TimedSample>,
    images: Vec<Image>,
    /// By pid, then by command line.
    ids: HashMap<u32, HashMap<Box<str>, u32>>,
    left_out: u64,
}

struct TimedSample {
    time_us: i64,
    image: u32,
    rss_kb: u64,
    shared_kb: u64,
    /// `u64::MAX`: none. An `Option` would take twice the space.
    pss_kb: u64,
    uss_kb: u64,
}

struct Image {
    pid: u32,
    exec_count: u32,
    name: Box<str>,
    command: Box<str>,
    category: Option<(String, String)>,
}

const NONE: u64 = u64::MAX;

impl Table {
    fn add(&mut self, row: Option<Row<'_>>) -> What<()> {
        let Some(row) = row else {
            self.left_out += 1;
            return Ok(());
        };
        let images = self.ids.entry(row.pid).or_default();
        let image = if let Some(&image) = images.get(row.command()) {
            image
        } else {
            let image = u32::try_from(self.images.len()).map_err(|_| "it has more than 2^32 processes".to_owned())?;
            let exec_count = u32::try_from(images.len()).unwrap_or(u32::MAX);
            images.insert(row.command().into(), image);
            let category = row.category.map(|(major, minor)| (major.into(), minor.into()));
            self.images.push(Image { pid: row.pid, exec_count, name: row.name().into(), command: row.command().into(), category });
            image
        };
        // Of the memory that is not its own only PSS tells a part; without RSS nothing is known of the rest.
        let rss_kb = row.rss_kb.or(row.pss_kb).unwrap_or(0);
        let shared_kb = row.rss_kb.zip(row.uss_kb).map_or(0, |(rss_kb, uss_kb)| rss_kb.saturating_sub(uss_kb));
        let [pss_kb, uss_kb] = [row.pss_kb, row.uss_kb].map(|kb| kb.unwrap_or(NONE));
        self.samples.push(TimedSample { time_us: row.time_us, image, rss_kb, shared_kb, pss_kb, uss_kb });
        Ok(())
    }

    /// Where each tick begins in `samples`, and the end of the last one.
    fn ticks(&self, interval_us: i64) -> Vec<usize> {
        let mut seen: HashMap<u32, usize> = HashMap::new();
        let mut begins = vec![0];
        for (index, sample) in self.samples.iter().enumerate() {
            let begin = begins[begins.len() - 1];
            let again = seen.insert(self.images[sample.image as usize].pid, index).is_some_and(|before| before >= begin);
            let pause = index > 0 && sample.time_us - self.samples[index - 1].time_us > interval_us / 2;
            if index > 0 && (again || pause) {
                begins.push(index);
            }
        }
        begins.push(self.samples.len());
        begins
    }

    /// Returns when the last tick began, microseconds after the first.
    fn write_journal(&self, ticks: &[usize], dir: &Path, options: &ImportOptions) -> std::io::Result<u64> {
        let (mut first, mut last) = (vec![usize::MAX; self.images.len()], vec![0; self.images.len()]);
        for (tick, bounds) in ticks.windows(2).enumerate() {
            for sample in &self.samples[bounds[0]..bounds[1]] {
                let image = sample.image as usize;
                first[image] = first[image].min(tick);
                last[image] = tick;
            }
        }
        let mut journal = BufWriter::new(File::create(dir.join(JOURNAL_FILE))?);
        let (mut frame, mut payload) = (Vec::new(), Vec::new());
        let mut append = |encode: &dyn Fn(&mut Vec<u8>)| {
            payload.clear();
            frame.clear();
            encode(&mut payload);
            append_frame(&mut frame, &payload);
            journal.write_all(&frame)
        };
        let header = Header {
            run_id: options.run_id.clone(),
            project: options.project.clone(),
            jobs: options.jobs,
            repeat: 1,
            interval_us: options.interval_us,
        };
        append(&|out| header.encode(out))?;
        let (mut elapsed_us, mut ending) = (0, Vec::new());
        for (number, bounds) in ticks.windows(2).enumerate() {
            let samples = &self.samples[bounds[0]..bounds[1]];
            elapsed_us = u64::try_from(samples[0].time_us - self.samples[0].time_us).unwrap_or(0);
            let gone = |image| ImageEnd {
                process_id: image,
                end_us: elapsed_us.cast_signed(),
                end: End::Lost,
                exit_code: None,
                signal: None,
                cpu_us: None,
                vm_hwm_kb: None,
                threads: None,
            };
            let mut tick = Tick {
                tick: u32::try_from(number).unwrap_or(u32::MAX),
                elapsed_us,
                live: u32::try_from(samples.len()).unwrap_or(u32::MAX),
                started: samples
                    .iter()
                    .filter(|sample| first[sample.image as usize] == number)
                    .map(|sample| self.start(sample.image, elapsed_us))
                    .collect(),
                samples: samples.iter().map(TimedSample::stored).collect(),
                ended: ending.drain(..).map(gone).collect(),
                ..Tick::default()
            };
            tick.samples.sort_by_key(|sample| sample.process_id);
            ending.extend(samples.iter().map(|sample| sample.image).filter(|&image| last[image as usize] == number));
            append(&|out| tick.encode(out))?;
        }
        append(&|out| JournalFrame::End { elapsed_us }.encode(out))?;
        journal.flush()?;
        Ok(elapsed_us)
    }

    fn start(&self, process_id: u32, elapsed_us: u64) -> ImageStart {
        let image = &self.images[process_id as usize];
        ImageStart {
            process_id,
            pid: image.pid,
            // The table does not know it; a tick of the clock is 10 ms.
            start_ticks: elapsed_us / 10_000,
            exec_count: image.exec_count,
            // (uid_t)-1 is nobody's.
            uid: u32::MAX,
            start_us: elapsed_us.cast_signed(),
            name: image.name.as_bytes().to_vec(),
            argv: image.command.split_whitespace().collect::<Vec<_>>().join("\0").into_bytes(),
            ..ImageStart::default()
        }
    }

    fn write_classes(&self, dir: &Path, compression: Compression) -> Result<(), RecordingError> {
        let rules_digest: Arc<str> = IMPORTED_RULES.into();
        let row = |(process_id, image): (u32, &Image)| {
            let (major_category, minor_category) = image.category.clone()?;
            let class = Arc::new(Class { major_category, minor_category, rule: IMPORTED_RULES.into() });
            Some(ClassRow { process_id, class, target: None, rules_digest: Arc::clone(&rules_digest) })
        };
        let mut writer = ClassesWriter::create(dir, compression)?;
        writer.write((0..).zip(&self.images).filter_map(row))?;
        writer.publish()
    }
}

impl TimedSample {
    fn stored(&self) -> Sample {
        let [pss_kb, uss_kb] = [self.pss_kb, self.uss_kb].map(|kb| (kb != NONE).then_some(kb));
        Sample { process_id: self.image, rss_kb: self.rss_kb, shared_kb: self.shared_kb, pss_kb, uss_kb }
    }
}
