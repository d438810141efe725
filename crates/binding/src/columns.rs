//! The columns that Node gets, and how they are made of those of the core.

use mymonitor_analysis as analysis;
use mymonitor_recording::{End, Info};
use napi::bindgen_prelude::*;
use napi_derive::napi;

/// What is constant over a recording.
#[napi(object, object_from_js = false)]
pub struct RecordingInfo {
    /// Format version of the files.
    pub format_version: u32,
    /// UUID of the run.
    pub run_id: String,
    /// Name of the project or command.
    pub project: String,
    /// The level.
    pub jobs: Option<u32>,
    /// Which repetition of the level, from 1.
    pub repeat: u32,
    /// Rows of `ticks`.
    pub ticks: f64,
    /// Rows of `processes`.
    pub processes: f64,
    /// Rows of `memory_samples`.
    pub rows: f64,
}

/// A column over all ticks; absent where no tick has a value.
#[napi(object, object_from_js = false)]
pub struct Course {
    pub first: Option<f64>,
    pub last: Option<f64>,
    pub smallest: Option<f64>,
    pub largest: Option<f64>,
}

/// What one walk over all ticks yields.
#[napi(object, object_from_js = false)]
pub struct TickFacts {
    pub count: f64,
    /// Those of phase build.
    pub build: f64,
    /// The last one is still of phase setup.
    pub ends_in_setup: bool,
    /// Those that were late.
    pub late: f64,
    /// The latest of them.
    pub max_late_us: f64,
    /// Deadlines that passed without a tick: one that is late by whole intervals stands for them.
    pub skipped: f64,
    pub elapsed_us: Course,
    pub mem_available_kb: Course,
    pub swap_used_kb: Course,
    pub psi_memory_some_us: Course,
    pub cgroup_limit_kb: Course,
    pub cgroup_oom_kills: Course,
}

/// One entry an image, in file order. NaN, -1 (4294967295 where unsigned), null or an empty `argv`: null.
///
/// The numbers are copied into memory of V8's own: what is lent to it is given back by Node's event loop only, and a walk over a million images does not
/// turn that.
#[napi(object, object_from_js = false)]
pub struct ProcessColumns<'env> {
    pub process_id: Uint32ArraySlice<'env>,
    pub pid: Uint32ArraySlice<'env>,
    pub ppid: Uint32ArraySlice<'env>,
    pub parent_id: Int32ArraySlice<'env>,
    pub exec_count: Uint32ArraySlice<'env>,
    pub uid: Uint32ArraySlice<'env>,
    pub start_us: Float64ArraySlice<'env>,
    pub end_us: Float64ArraySlice<'env>,
    #[napi(ts_type = "Array<'exited' | 'signalled' | 'execed' | 'lost' | 'alive'>")]
    pub end: Vec<&'static str>,
    pub exit_code: Int32ArraySlice<'env>,
    pub signal: Int32ArraySlice<'env>,
    pub peak_rss_kb: Float64ArraySlice<'env>,
    pub cpu_us: Float64ArraySlice<'env>,
    pub threads: Int32ArraySlice<'env>,
    pub samples: Uint32ArraySlice<'env>,
    pub name: Vec<String>,
    #[napi(ts_type = "Array<string | null>")]
    pub exe: Vec<Option<String>>,
    #[napi(ts_type = "Array<string | null>")]
    pub cwd: Vec<Option<String>>,
    pub argv: Vec<Vec<String>>,
    pub outside_tree: Uint8ArraySlice<'env>,
}

/// What to aggregate.
#[napi(object, object_to_js = false)]
pub struct AggregateOptions {
    /// Index: `process_id`; value: group (minor category), 0xffffffff for Ignored.
    pub group_of: Uint32Array,
    /// Index: group; value: its parent (major category).
    pub parent_of: Uint32Array,
    /// Number of parents.
    pub parents: u32,
    /// Most time points in the series, at least 6; the ticks with the largest and the smallest total of each bucket are kept, the peaks always.
    pub points: u32,
    /// Most images that are named as the largest.
    pub largest: u32,
}

/// Results of groups or of their parents.
#[napi(object, object_from_js = false)]
pub struct GroupColumns {
    /// The largest tick total of phase build, KiB.
    pub peak_rss_kb: Float64Array,
    /// The same by the memory model.
    pub peak_pss_kb: Float64Array,
    /// At the tick of the build's PSS peak.
    pub at_peak_rss_kb: Float64Array,
    /// The same by the memory model.
    pub at_peak_pss_kb: Float64Array,
    /// Memory-time: the sum over ticks of size times the time to the next tick, KiB·s.
    pub time_rss_kb_s: Float64Array,
    /// The same by the memory model.
    pub time_pss_kb_s: Float64Array,
}

/// A peak of phase build and what was live at it, largest first by the peak's metric.
#[napi(object, object_from_js = false)]
pub struct PeakColumns {
    pub tick: u32,
    pub elapsed_us: f64,
    pub rss_kb: f64,
    pub pss_kb: f64,
    pub private_kb: f64,
    pub shared_kb: f64,
    /// Every process of the tick was measured.
    pub measured: bool,
    pub process_id: Uint32Array,
    pub process_rss_kb: Float64Array,
    pub process_shared_kb: Float64Array,
    pub process_pss_kb: Float64Array,
}

/// A recording by group.
#[napi(object, object_from_js = false)]
pub struct Aggregate {
    /// Number of time points p; series are group-major: entry g * p + i.
    pub points: u32,
    /// Tick of each point.
    pub tick: Uint32Array,
    /// Its time.
    pub elapsed_us: Float64Array,
    /// Sum of resident set sizes.
    pub total_rss_kb: Float64Array,
    /// Total by the memory model.
    pub total_pss_kb: Float64Array,
    /// Resident set sizes by group.
    pub group_rss_kb: Float64Array,
    /// PSS by group.
    pub group_pss_kb: Float64Array,
    /// Minor categories.
    pub groups: GroupColumns,
    /// Major categories.
    pub parents: GroupColumns,
    /// Peaks of phase build, Ignored left out; absent when no build tick has a process.
    pub peak_rss: Option<PeakColumns>,
    /// The same by PSS.
    pub peak_pss: Option<PeakColumns>,
    /// Largest sum of high-water marks at any instant of phase build, KiB: what the RSS peak can have been between the ticks.
    pub upper_bound_rss_kb: f64,
    /// Images without a high-water mark, whose largest sample stands in.
    pub without_mark: f64,
    /// Images with the largest own RSS over all ticks, Ignored and those without memory left out.
    pub largest_rss: LargestColumns,
    /// The same by PSS.
    pub largest_pss: LargestColumns,
}

/// Images by their own largest samples, largest first.
#[napi(object, object_from_js = false)]
pub struct LargestColumns {
    pub process_id: Uint32Array,
    pub rss_kb: Float64Array,
    /// Not always of the same tick.
    pub pss_kb: Float64Array,
}

/// Categories, and the rule that decided.
#[napi(object)]
pub struct Class {
    /// Major category.
    pub major: String,
    /// Minor category.
    pub minor: String,
    /// Id of the rule; empty where none matched.
    pub rule: String,
}

/// The table `classes` without its targets: one entry an image, in file order.
#[napi(object, object_from_js = false)]
pub struct ClassColumns {
    /// Which image.
    pub process_id: Uint32Array,
    /// Its class: index into `classes`.
    pub class_of: Uint32Array,
    /// Each once: a recording has a million images, and hundreds of classes.
    pub classes: Vec<Class>,
    /// Digest of the rules that were used.
    pub rules_digest: String,
}

/// Rows of the table `classes` on their way to disk.
#[napi(object, object_to_js = false)]
pub struct ClassBatch {
    /// Which image.
    pub process_id: Uint32Array,
    /// Its class: index into the classes of this and all batches before.
    pub class_of: Uint32Array,
    /// Source or output file.
    #[napi(ts_type = "Array<string | null>")]
    pub target: Vec<Option<String>>,
    /// Classes that no batch before had.
    pub added: Vec<Class>,
}

#[expect(clippy::cast_precision_loss, reason = "JavaScript's numbers; sizes, times and counts of real recordings are far below 2^53")]
fn numbers(env: &Env, column: Vec<Option<i64>>) -> Result<Float64ArraySlice<'_>> {
    Float64ArraySlice::copy_from(env, column.into_iter().map(|value| value.map_or(f64::NAN, |value| value as f64)).collect::<Vec<_>>())
}

fn unsigned(env: &Env, column: Vec<Option<u32>>) -> Result<Uint32ArraySlice<'_>> {
    Uint32ArraySlice::copy_from(env, column.into_iter().map(|value| value.unwrap_or(u32::MAX)).collect::<Vec<_>>())
}

fn signed(env: &Env, column: Vec<Option<u32>>) -> Result<Int32ArraySlice<'_>> {
    Int32ArraySlice::copy_from(env, column.into_iter().map(|value| value.map_or(-1, u32::cast_signed)).collect::<Vec<_>>())
}

impl From<&Info> for RecordingInfo {
    #[expect(clippy::cast_precision_loss, reason = "JavaScript's numbers; no recording has 2^53 rows")]
    fn from(info: &Info) -> Self {
        Self {
            format_version: info.format_version,
            run_id: info.run_id.clone(),
            project: info.project.clone(),
            jobs: info.jobs,
            repeat: info.repeat,
            ticks: info.ticks as f64,
            processes: info.processes as f64,
            rows: info.rows as f64,
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "JavaScript's numbers; sizes, times and counts of real recordings are far below 2^53")]
impl From<analysis::Course> for Course {
    fn from(course: analysis::Course) -> Self {
        let number = |value: Option<i64>| value.map(|value| value as f64);
        Self { first: number(course.first), last: number(course.last), smallest: number(course.smallest), largest: number(course.largest) }
    }
}

#[expect(clippy::cast_precision_loss, reason = "JavaScript's numbers; sizes, times and counts of real recordings are far below 2^53")]
impl From<analysis::TickFacts> for TickFacts {
    fn from(facts: analysis::TickFacts) -> Self {
        Self {
            count: facts.count as f64,
            build: facts.build as f64,
            ends_in_setup: facts.ends_in_setup,
            late: facts.late as f64,
            max_late_us: facts.max_late_us as f64,
            skipped: facts.skipped as f64,
            elapsed_us: facts.elapsed_us.into(),
            mem_available_kb: facts.mem_available_kb.into(),
            swap_used_kb: facts.swap_used_kb.into(),
            psi_memory_some_us: facts.psi_memory_some_us.into(),
            cgroup_limit_kb: facts.cgroup_limit_kb.into(),
            cgroup_oom_kills: facts.cgroup_oom_kills.into(),
        }
    }
}

impl<'env> ProcessColumns<'env> {
    pub(crate) fn new(env: &'env Env, images: mymonitor_recording::Processes) -> Result<Self> {
        let outside: Vec<u8> = images.outside_tree.into_iter().map(|outside| u8::from(outside == Some(true))).collect();
        Ok(Self {
            process_id: Uint32ArraySlice::copy_from(env, images.process_id)?,
            pid: unsigned(env, images.pid)?,
            ppid: unsigned(env, images.ppid)?,
            parent_id: signed(env, images.parent_id)?,
            exec_count: unsigned(env, images.exec_count)?,
            uid: unsigned(env, images.uid)?,
            start_us: numbers(env, images.start_us)?,
            end_us: numbers(env, images.end_us)?,
            end: images.end.into_iter().map(End::as_str).collect(),
            exit_code: signed(env, images.exit_code)?,
            signal: signed(env, images.signal)?,
            peak_rss_kb: numbers(env, images.peak_rss_kb)?,
            cpu_us: numbers(env, images.cpu_us)?,
            threads: signed(env, images.threads)?,
            samples: unsigned(env, images.samples)?,
            name: images.name.into_iter().map(Option::unwrap_or_default).collect(),
            exe: images.exe,
            cwd: images.cwd,
            argv: images.argv.into_iter().map(Option::unwrap_or_default).collect(),
            outside_tree: Uint8ArraySlice::copy_from(env, outside)?,
        })
    }
}

impl From<analysis::GroupColumns> for GroupColumns {
    fn from(groups: analysis::GroupColumns) -> Self {
        Self {
            peak_rss_kb: groups.peak_rss_kb.into(),
            peak_pss_kb: groups.peak_pss_kb.into(),
            at_peak_rss_kb: groups.at_peak_rss_kb.into(),
            at_peak_pss_kb: groups.at_peak_pss_kb.into(),
            time_rss_kb_s: groups.time_rss_kb_s.into(),
            time_pss_kb_s: groups.time_pss_kb_s.into(),
        }
    }
}

impl From<analysis::Peak> for PeakColumns {
    fn from(peak: analysis::Peak) -> Self {
        Self {
            tick: peak.tick,
            elapsed_us: peak.elapsed_us,
            rss_kb: peak.rss_kb,
            pss_kb: peak.pss_kb,
            private_kb: peak.private_kb,
            shared_kb: peak.shared_kb,
            measured: peak.measured,
            process_id: peak.process_id.into(),
            process_rss_kb: peak.process_rss_kb.into(),
            process_shared_kb: peak.process_shared_kb.into(),
            process_pss_kb: peak.process_pss_kb.into(),
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "JavaScript's numbers; sizes and counts of real recordings are far below 2^53")]
impl From<analysis::Aggregate> for Aggregate {
    fn from(aggregate: analysis::Aggregate) -> Self {
        Self {
            // Points were asked for by u32.
            points: u32::try_from(aggregate.points).unwrap_or(u32::MAX),
            tick: aggregate.tick.into(),
            elapsed_us: aggregate.elapsed_us.into(),
            total_rss_kb: aggregate.total_rss_kb.into(),
            total_pss_kb: aggregate.total_pss_kb.into(),
            group_rss_kb: aggregate.group_rss_kb.into(),
            group_pss_kb: aggregate.group_pss_kb.into(),
            groups: aggregate.groups.into(),
            parents: aggregate.parents.into(),
            peak_rss: aggregate.peak_rss.map(Into::into),
            peak_pss: aggregate.peak_pss.map(Into::into),
            upper_bound_rss_kb: aggregate.upper_bound.rss_kb as f64,
            without_mark: aggregate.upper_bound.without_mark as f64,
            largest_rss: aggregate.largest_rss.into(),
            largest_pss: aggregate.largest_pss.into(),
        }
    }
}

impl From<analysis::Largest> for LargestColumns {
    fn from(largest: analysis::Largest) -> Self {
        Self { process_id: largest.process_id.into(), rss_kb: largest.rss_kb.into(), pss_kb: largest.pss_kb.into() }
    }
}

impl From<mymonitor_recording::Class> for Class {
    fn from(class: mymonitor_recording::Class) -> Self {
        Self { major: class.major_category, minor: class.minor_category, rule: class.rule }
    }
}

impl From<Class> for mymonitor_recording::Class {
    fn from(class: Class) -> Self {
        Self { major_category: class.major, minor_category: class.minor, rule: class.rule }
    }
}

impl From<mymonitor_recording::Classes> for ClassColumns {
    fn from(classes: mymonitor_recording::Classes) -> Self {
        Self {
            process_id: classes.process_id.into(),
            class_of: classes.class_of.into(),
            classes: classes.classes.into_iter().map(Into::into).collect(),
            rules_digest: classes.rules_digest,
        }
    }
}
