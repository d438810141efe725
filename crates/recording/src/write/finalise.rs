//! Replaying the journals into the three tables.

use std::collections::VecDeque;
use std::path::Path;

use mymonitor_wire::{JournalFrame, Lifetime, Lifetimes, Tick};

use super::exits::{ExitCounts, Exits};
use super::images::Images;
use super::journal;
use super::processes;
use super::samples::{self, SampleRow, Samples, WINDOW_ROWS};
use super::table::{Compression, TableWriter};
use super::ticks::{self, TickRow, signed};
use crate::correction::Correction;
use crate::model::{Model, Row, Totals};
use crate::read::End;
use crate::{JOURNAL_FILE, MEMORY_SAMPLES_FILE, PROCESSES_FILE, RecordingError, TICKS_FILE};

/// What a journal held.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Summary {
    /// Rows of `ticks`.
    pub ticks: u64,
    /// Rows of `memory_samples`.
    pub rows: u64,
    /// Rows of `processes`.
    pub processes: u64,
    /// Length of the recording by its closing frame, microseconds; `None` when it has none: mymonitor died while recording.
    pub elapsed_us: Option<u64>,
    /// CPU time of mymonitor's sampling up to the last tick, microseconds; `None` without a tick.
    pub sampler_cpu_us: Option<u64>,
    /// Bytes at the end of the journal that belong to no whole frame, or to frames after a contradiction.
    pub unread_bytes: u64,
    /// Samples of images that the journal does not know as live: a defect of the writer. They are in no table.
    pub orphan_samples: u64,
    /// What the exit records were.
    pub exits: ExitCounts,
    /// What the process connector counted; `None` where it was not used.
    pub connector: Option<ConnectorCounts>,
}

/// What the process connector counted. With overflows these are lower bounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ConnectorCounts {
    /// Processes that existed.
    pub existed: u64,
    /// Those of them that neither a tick nor an exit record told of.
    pub unrecorded: u64,
    /// Changes of image.
    pub execs: u64,
    /// How often events were lost because nobody fetched them in time.
    pub overflows: u64,
}

impl Summary {
    /// Bytes of all journals that are in no table.
    pub fn unused_bytes(&self) -> u64 {
        self.unread_bytes + self.exits.unread_bytes
    }

    /// Whether everything the journals held is in the tables.
    pub fn used_all(&self) -> bool {
        self.unused_bytes() == 0 && self.orphan_samples == 0
    }
}

/// Writes the three tables of `dir` from its journals, each under a temporary name until all are complete.
///
/// A pure function of the journals, in one forward pass over each: the same journals give the same bytes, and running it again replaces them. They
/// are left for the caller to remove. Exit records complete the images of the ticks, and are images of their own where no tick saw the process; what the process
/// connector saw completes both in the same way. Reading ends at the first frame that is not whole, or whose tick number is not above the one before;
/// everything before it is in the tables, and [`Summary::unread_bytes`] says that there was more.
///
/// Memory: one window of samples (64 Ki rows), one batch of ended images (16 Ki, or 8 MiB of their texts) and the live images, whatever the length
/// of the build or the number of its processes.
///
/// Images still live at the end are `alive` if the closing frame is there, `lost` otherwise.
pub fn finalise(dir: &Path, compression: Compression) -> Result<Summary, RecordingError> {
    finalise_by_windows(dir, compression, WINDOW_ROWS)
}

pub(super) fn finalise_by_windows(dir: &Path, compression: Compression, window_rows: usize) -> Result<Summary, RecordingError> {
    let (mut journal, header) = journal::open(&dir.join(JOURNAL_FILE))?;
    let mut replay = Replay {
        samples: Samples::new(TableWriter::create(dir, MEMORY_SAMPLES_FILE, samples::COLUMNS, &header, compression)?, window_rows),
        images: Images::new(TableWriter::create(dir, PROCESSES_FILE, processes::COLUMNS, &header, compression)?),
        exits: Exits::open(dir)?,
        lifetimes: VecDeque::new(),
        ticks: TableWriter::create(dir, TICKS_FILE, ticks::COLUMNS, &header, compression)?,
        tick_rows: Vec::new(),
        last_tick: None,
        model: Model::new(),
        rows: Vec::new(),
        measured: Vec::new(),
        pss_kb: Vec::new(),
        summary: Summary::default(),
    };
    loop {
        let left = journal.left();
        match journal.next(JournalFrame::decode)? {
            Some(JournalFrame::Tick(tick)) if replay.follows(&tick) => replay.tick(&tick)?,
            Some(JournalFrame::Lifetimes(lifetimes)) => replay.hear(lifetimes),
            Some(JournalFrame::End { elapsed_us }) => {
                replay.summary.elapsed_us = Some(elapsed_us);
                replay.summary.unread_bytes = journal.left();
                break;
            }
            Some(JournalFrame::Tick(_) | JournalFrame::Header(_)) | None => {
                replay.summary.unread_bytes = left;
                break;
            }
        }
    }
    replay.finish()
}

struct Replay {
    samples: Samples,
    images: Images,
    exits: Exits,
    /// Those that end after the last tick began.
    lifetimes: VecDeque<Lifetime>,
    ticks: TableWriter<TickRow>,
    tick_rows: Vec<TickRow>,
    last_tick: Option<(u32, u64)>,
    model: Model,
    rows: Vec<Row>,
    /// Number of the image and measured PSS, one entry a row.
    measured: Vec<(u32, Option<u64>)>,
    pss_kb: Vec<u64>,
    summary: Summary,
}

impl Replay {
    fn follows(&self, tick: &Tick) -> bool {
        self.last_tick.is_none_or(|(number, elapsed_us)| number < tick.tick && elapsed_us <= tick.elapsed_us)
    }

    fn tick(&mut self, tick: &Tick) -> Result<(), RecordingError> {
        let totals = self.memory(tick);
        self.samples.end_tick()?;
        // An exit before this tick began may be of an image that only this tick saw first, or that the one before found gone.
        self.exits_until(tick.elapsed_us)?;
        self.images.leave()?;
        for last in &tick.ended {
            self.images.end(*last);
        }
        self.tick_rows.push(TickRow::new(tick, totals));
        if self.tick_rows.len() >= ticks::GROUP_ROWS {
            self.ticks.row_group(&self.tick_rows)?;
            self.tick_rows.clear();
        }
        self.last_tick = Some((tick.tick, tick.elapsed_us));
        self.summary.ticks += 1;
        self.summary.sampler_cpu_us = Some(tick.sampler_cpu_us);
        Ok(())
    }

    fn hear(&mut self, Lifetimes { existed, execs, overflows, ended }: Lifetimes) {
        self.images.expect_lifetimes();
        self.summary.connector = Some(ConnectorCounts { existed, unrecorded: 0, execs, overflows });
        self.lifetimes.extend(ended);
    }

    /// A process's exit record is older than its end, so all exit records of a time come before the ends of that time.
    fn exits_until(&mut self, elapsed_us: u64) -> Result<(), RecordingError> {
        while let Some(exit) = self.exits.until(elapsed_us) {
            self.images.exit(exit)?;
        }
        while let Some(&life) = self.lifetimes.front().filter(|life| life.end_us.unwrap_or(u64::MAX) <= elapsed_us) {
            self.lifetimes.pop_front();
            self.images.life(life)?;
        }
        Ok(())
    }

    fn memory(&mut self, tick: &Tick) -> Totals {
        for start in &tick.started {
            self.images.start(start.clone());
        }
        self.rows.clear();
        self.measured.clear();
        for sample in &tick.samples {
            let Some((process_id, pid, executable)) = self.images.sample(sample.process_id, sample.rss_kb, signed(tick.elapsed_us)) else {
                self.summary.orphan_samples += 1;
                continue;
            };
            self.measured.push((sample.process_id, sample.pss_kb));
            self.rows.push(Row { executable, rss_kb: sample.rss_kb, shared_kb: sample.shared_kb });
            self.samples.push(SampleRow {
                tick: tick.tick,
                process_id,
                pid,
                elapsed_ms: signed(tick.elapsed_us / 1000),
                rss_kb: signed(sample.rss_kb),
                shared_kb: signed(sample.shared_kb),
                pss_kb: sample.pss_kb.map(signed),
                uss_kb: sample.uss_kb.map(signed),
            });
        }
        let modelled = self.model.apportion(&self.rows, &mut self.pss_kb);
        for (&(number, measured_kb), row) in self.measured.iter().zip(&self.rows) {
            if let Some(measured_kb) = measured_kb {
                self.images.correct(number, Correction::new(measured_kb, row.rss_kb, row.shared_kb));
            }
        }
        // Of a tick whose every process was measured, the model has nothing to say.
        let total: Option<u64> = self.measured.iter().map(|&(_, measured_kb)| measured_kb).sum();
        Totals { pss_kb: total.filter(|_| !self.rows.is_empty()).unwrap_or(modelled.pss_kb), ..modelled }
    }

    fn finish(mut self) -> Result<Summary, RecordingError> {
        self.ticks.row_group(&self.tick_rows)?;
        self.exits_until(u64::MAX)?;
        self.summary.exits = std::mem::take(&mut self.exits.counts);
        if let Some(counts) = &mut self.summary.connector {
            counts.unrecorded = self.images.by_lifetime_alone();
        }
        let end = if self.summary.elapsed_us.is_some() { End::Alive } else { End::Lost };
        let (processes, images) = self.images.finish(end)?;
        let (memory_samples, rows) = self.samples.finish()?;
        // `memory_samples` last: a directory that has it has all three.
        let finished = [self.ticks.finish()?, processes.finish()?, memory_samples.finish()?];
        for table in finished {
            table.publish()?;
        }
        Ok(Summary { rows, processes: images, ..self.summary })
    }
}
