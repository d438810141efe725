//! One streaming pass over `memory_samples`.

use std::fmt;

use mymonitor_recording::model::{Model, Row, Totals};
use mymonitor_recording::{ChunkReader, Corrector, Executables, Measured, Recording, RecordingError, Relatives, Timeline, Window};

use crate::bound::{Bound, UpperBound};
use crate::by_tick::{ByTick, Sample};
use crate::foresight::{Foresight, Whole};
use crate::groups::{GroupColumns, Groups, Size, kb};
use crate::images::{Images, Largest};
use crate::peak::{LargestTick, Peak};
use crate::remarks::{OfTick, RemarksOfImages};
use crate::series::{Point, Series};

/// The group of images that are left out: they are in no total, no group, no peak, and share nothing with those that count. A page that an ignored
/// process maps too is charged to the others as if they were alone, so that totals are the same as if it had not been there.
pub const IGNORED: u32 = u32::MAX;

/// What to aggregate.
#[derive(Debug, Clone, Copy)]
pub struct Options<'a> {
    /// Index: `process_id`; value: group, or [`IGNORED`].
    pub group_of: &'a [u32],
    /// Index: group; value: its parent.
    pub parent_of: &'a [u32],
    /// Number of parents.
    pub parents: usize,
    /// Most time points in the series, at least 6.
    pub points: usize,
    /// Most images that are named as the largest.
    pub largest: usize,
}

/// The result. Series are group-major: entry `group * points + point`. Sizes in KiB.
#[derive(Debug, Default, Clone, PartialEq)]
pub struct Aggregate {
    /// Number of time points.
    pub points: usize,
    /// Tick of each point.
    pub tick: Vec<u32>,
    /// Microseconds after the build's start.
    pub elapsed_us: Vec<f64>,
    /// Sum of resident set sizes.
    pub total_rss_kb: Vec<f64>,
    /// Total by the memory model.
    pub total_pss_kb: Vec<f64>,
    /// Resident set sizes by group.
    pub group_rss_kb: Vec<f64>,
    /// PSS by group.
    pub group_pss_kb: Vec<f64>,
    /// Results of the groups.
    pub groups: GroupColumns,
    /// Results of the parents. A parent's peak is the peak of its sum, not the sum of its groups' peaks.
    pub parents: GroupColumns,
    /// Largest tick of phase `build` by RSS; `None` when no tick of it has a process.
    pub peak_rss: Option<Peak>,
    /// The same by PSS.
    pub peak_pss: Option<Peak>,
    /// What the peak can have been between the ticks.
    pub upper_bound: UpperBound,
    /// Images with the largest own RSS, over all ticks; what is ignored or has no memory is left out.
    pub largest_rss: Largest,
    /// The same by PSS.
    pub largest_pss: Largest,
}

/// Why there is no result.
#[derive(Debug)]
pub enum AnalysisError {
    /// The recording cannot be read, or contradicts itself.
    Recording(RecordingError),
    /// The caller's grouping contradicts itself.
    Grouping(String),
}

impl AnalysisError {
    /// The code of `ts/errors.ts`.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Recording(error) => error.code(),
            Self::Grouping(_) => "ERR_MYMONITOR_INTERNAL",
        }
    }
}

impl From<RecordingError> for AnalysisError {
    fn from(error: RecordingError) -> Self {
        Self::Recording(error)
    }
}

impl fmt::Display for AnalysisError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Recording(error) => error.fmt(f),
            Self::Grouping(what) => write!(f, "the grouping of the processes contradicts itself: {what}"),
        }
    }
}

impl std::error::Error for AnalysisError {}

/// Aggregates a recording by group. Memory: one window of rows, 29 bytes a tick, 20 bytes an image, about 50 more for one that was measured, and the
/// series.
///
/// Every size at a tick is a sum over the rows of that tick; PSS is the memory model over those that are not [`IGNORED`], or what was measured where
/// that is known of all of them. A tick without samples
/// counts as zero. The time of the last tick is zero, as nothing is known after it.
pub fn aggregate<R: ChunkReader>(recording: &Recording<R>, options: &Options<'_>) -> Result<Aggregate, AnalysisError> {
    check(options)?;
    let ticks = recording.timeline()?;
    let executables = recording.executables(options.group_of.len())?;
    let remarks = RemarksOfImages::new(options.group_of.len(), recording.corrections()?);
    let mut pass = Pass::new(options, &ticks, &executables, remarks);
    let (mut window, mut by_tick) = (Window::new(), ByTick::default());
    for index in 0..recording.windows() {
        recording.window(index, &mut window)?;
        let damaged = |what| AnalysisError::Recording(recording.damaged_samples(what));
        by_tick.gather(&window, &ticks, pass.next).map_err(damaged)?;
        pass.look_ahead(&by_tick);
        for (position, samples) in by_tick.ticks() {
            pass.skip_to(position);
            pass.tick(samples, by_tick.measurements()).map_err(damaged)?;
            pass.look_further(&by_tick, position);
        }
    }
    pass.skip_to(u32::try_from(ticks.len()).unwrap_or(u32::MAX));
    let peak_rss_kb = pass.peak_rss.kb();
    let aggregate = pass.finish();
    let mut bound = Bound::new(options.group_of, &ticks);
    for lifetimes in recording.lifetimes() {
        lifetimes?.iter().for_each(|life| bound.add(life));
    }
    Ok(Aggregate { upper_bound: bound.finish(peak_rss_kb), ..aggregate })
}

fn check(options: &Options<'_>) -> Result<(), AnalysisError> {
    let groups = options.parent_of.len();
    if let Some(&group) = options.group_of.iter().find(|&&group| group != IGNORED && group as usize >= groups) {
        return Err(AnalysisError::Grouping(format!("group {group} of {groups}")));
    }
    if let Some(parent) = options.parent_of.iter().find(|&&parent| parent as usize >= options.parents) {
        return Err(AnalysisError::Grouping(format!("parent {parent} of {}", options.parents)));
    }
    Ok(())
}

struct Pass<'a> {
    options: &'a Options<'a>,
    ticks: &'a Timeline,
    executables: &'a Executables,
    remarks: RemarksOfImages,
    corrector: Corrector,
    foresight: Foresight,
    /// Of the tick, without the ignored.
    measured: Vec<Option<Measured>>,
    /// Position of the next tick.
    next: u32,
    model: Model,
    /// Of the tick, without the ignored.
    counted: Vec<Sample>,
    rows: Vec<Row>,
    pss_kb: Vec<u64>,
    groups: Groups,
    parents: Groups,
    series: Series,
    peak_rss: LargestTick,
    peak_pss: LargestTick,
    images: Images,
}

impl<'a> Pass<'a> {
    fn new(options: &'a Options<'a>, ticks: &'a Timeline, executables: &'a Executables, remarks: RemarksOfImages) -> Self {
        Self {
            options,
            ticks,
            executables,
            remarks,
            corrector: Corrector::default(),
            foresight: Foresight::default(),
            measured: Vec::new(),
            next: 0,
            model: Model::new(),
            counted: Vec::new(),
            rows: Vec::new(),
            pss_kb: Vec::new(),
            groups: Groups::new(options.parent_of.len()),
            parents: Groups::new(options.parents),
            series: Series::new(ticks.len(), options.points),
            peak_rss: LargestTick::default(),
            peak_pss: LargestTick::default(),
            images: Images::new(options.group_of.len()),
        }
    }

    /// Takes the ticks before `position` as ticks without samples.
    fn skip_to(&mut self, position: u32) {
        while self.next < position {
            self.series.push(self.next as usize, Totals::default(), &[]);
            self.next += 1;
        }
    }

    fn tick(&mut self, samples: &[Sample], measurements: &[Measured]) -> Result<(), String> {
        self.count(samples)?;
        let modelled = self.model.apportion(&self.rows, &mut self.pss_kb);
        let totals = if self.remarks.is_empty() { modelled } else { self.corrected(measurements) };
        let position = self.next as usize;
        let elapsed_us = self.ticks.elapsed_us[position];
        let seconds = self.ticks.elapsed_us.get(position + 1).map_or(0.0, |&next| us(next - elapsed_us) / 1e6);
        for (sample, &pss_kb) in self.counted.iter().zip(&self.pss_kb) {
            self.groups.add(self.options.group_of[sample.process_id as usize], sample.rss_kb, pss_kb);
            self.images.add(sample.process_id, sample.rss_kb, pss_kb);
        }
        for size in self.groups.present() {
            self.parents.add(self.options.parent_of[size.group as usize], size.rss_kb, size.pss_kb);
        }
        let build = self.ticks.build[position];
        if build {
            if self.peak_rss.offer(totals.rss_kb, position, totals, &self.counted, &self.pss_kb) {
                self.series.peak_rss(position, totals, self.groups.present());
            }
            if self.peak_pss.offer(totals.pss_kb, position, totals, &self.counted, &self.pss_kb) {
                self.series.peak_pss(position, totals, self.groups.present());
            }
        }
        self.series.push(position, totals, self.groups.present());
        self.groups.end_tick(build, seconds);
        self.parents.end_tick(build, seconds);
        self.next += 1;
        Ok(())
    }

    /// Finds what the window has in store for the corrector.
    fn look_ahead(&mut self, by_tick: &ByTick) {
        self.foresight.clear();
        if self.remarks.is_empty() {
            return;
        }
        for (position, samples) in by_tick.measured_ticks() {
            let Self { options, executables, foresight, remarks, .. } = self;
            foresight.take(position, counted(samples, options).map(|sample| (executables.key(sample.process_id), sample)));
            let families = || counted(samples, options).map(|sample| executables.family(sample.process_id));
            let mut relatives = Relatives::default();
            for sample in counted(samples, options) {
                if let Some(measured) = sample.measured(by_tick.measurements()) {
                    let relatives = || relatives.of(executables.family(sample.process_id), families());
                    remarks.of(sample.process_id).foresee(&row_of(sample, executables), measured, relatives);
                }
            }
        }
        for whole in self.foresight.first_of_each() {
            self.foresee(whole, by_tick);
        }
    }

    /// A tick whose measurements are past makes room for the next.
    fn look_further(&mut self, by_tick: &ByTick, position: u32) {
        while let Some(executable) = self.foresight.pass(position) {
            if let Some(whole) = self.foresight.next_of(executable) {
                self.foresee(whole, by_tick);
            }
        }
    }

    fn foresee(&mut self, Whole { executable, position }: Whole, by_tick: &ByTick) {
        self.corrector.foresee(executable, self.ticks.tick[position as usize]);
        for sample in counted(by_tick.at(position), self.options).filter(|sample| self.executables.key(sample.process_id) == executable) {
            if let Some(measured) = sample.measured(by_tick.measurements()) {
                let row = row_of(sample, self.executables);
                let family = self.executables.family(sample.process_id);
                self.corrector.foresee_process(&row, measured, family, self.remarks.of(sample.process_id));
            }
        }
    }

    /// Puts what was measured in the place of the model's values, and corrects the others by what was.
    fn corrected(&mut self, measurements: &[Measured]) -> Totals {
        let tick = self.ticks.tick[self.next as usize];
        let Self { corrector, remarks, measured, counted, rows, pss_kb, executables, .. } = self;
        measured.clear();
        measured.extend(counted.iter().map(|sample| sample.measured(measurements)));
        corrector.correct(tick, rows, measured, OfTick { remarks, samples: counted, executables }, pss_kb);
        let mut totals = Totals::default();
        for (sample, pss_kb) in counted.iter().zip(pss_kb) {
            totals.rss_kb = totals.rss_kb.saturating_add(sample.rss_kb);
            totals.pss_kb = totals.pss_kb.saturating_add(*pss_kb);
            totals.private_kb = totals.private_kb.saturating_add(sample.rss_kb.saturating_sub(sample.shared_kb));
        }
        totals.private_kb = totals.private_kb.min(totals.pss_kb);
        totals.shared_kb = totals.pss_kb - totals.private_kb;
        totals
    }

    fn count(&mut self, samples: &[Sample]) -> Result<(), String> {
        self.counted.clear();
        self.rows.clear();
        for sample in samples {
            let Some(&group) = self.options.group_of.get(sample.process_id as usize) else {
                return Err(format!("process_id {} is not in processes.parquet", sample.process_id));
            };
            if group != IGNORED {
                self.rows.push(row_of(sample, self.executables));
                self.counted.push(*sample);
            }
        }
        Ok(())
    }

    fn finish(self) -> Aggregate {
        let Self { options, ticks, groups, parents, series, peak_rss, peak_pss, images, .. } = self;
        let (points, at_peak) = series.finish();
        let parents_at_peak: Vec<Size> =
            at_peak.iter().map(|size| Size { group: options.parent_of[size.group as usize], ..*size }).collect();
        let total = |value: fn(&Totals) -> u64| points.iter().map(|point| kb(value(&point.totals))).collect();
        Aggregate {
            points: points.len(),
            tick: points.iter().map(|point| ticks.tick[point.position]).collect(),
            elapsed_us: points.iter().map(|point| us(ticks.elapsed_us[point.position])).collect(),
            total_rss_kb: total(|totals| totals.rss_kb),
            total_pss_kb: total(|totals| totals.pss_kb),
            group_rss_kb: spread(&points, options.parent_of.len(), |size| size.rss_kb),
            group_pss_kb: spread(&points, options.parent_of.len(), |size| size.pss_kb),
            groups: groups.finish(at_peak),
            parents: parents.finish(parents_at_peak),
            peak_rss: peak_rss.finish(&ticks.tick, &ticks.elapsed_us, |(sample, _)| sample.rss_kb),
            peak_pss: peak_pss.finish(&ticks.tick, &ticks.elapsed_us, |&(_, pss_kb)| pss_kb),
            upper_bound: UpperBound::default(),
            largest_rss: images.largest_by_rss(options.largest),
            largest_pss: images.largest_by_pss(options.largest),
        }
    }
}

fn row_of(sample: &Sample, executables: &Executables) -> Row {
    Row { executable: executables.key(sample.process_id), rss_kb: sample.rss_kb, shared_kb: sample.shared_kb }
}

/// Without the ignored, and those that the grouping does not know.
fn counted<'a>(samples: &'a [Sample], options: &'a Options<'_>) -> impl Iterator<Item = &'a Sample> {
    samples.iter().filter(|sample| options.group_of.get(sample.process_id as usize).is_some_and(|&group| group != IGNORED))
}

fn spread(points: &[Point], groups: usize, value: fn(&Size) -> u64) -> Vec<f64> {
    let mut series = vec![0.0; groups * points.len()];
    for (index, point) in points.iter().enumerate() {
        for size in &point.groups {
            series[size.group as usize * points.len() + index] = kb(value(size));
        }
    }
    series
}

/// A time as JavaScript has it: exact for 285 years.
#[expect(clippy::cast_precision_loss, reason = "times of real recordings are far below 2^53 microseconds")]
pub(crate) fn us(us: i64) -> f64 {
    us as f64
}
