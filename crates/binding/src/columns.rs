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

/// One entry a tick. NaN: null.
#[napi(object, object_from_js = false)]
pub struct TickColumns {
    pub tick: Uint32Array,
    pub elapsed_us: Float64Array,
    pub late_us: Float64Array,
    /// 0 setup, 1 build
    pub phase: Uint8Array,
    pub live: Uint32Array,
    pub total_rss_kb: Float64Array,
    pub mem_available_kb: Float64Array,
    pub swap_used_kb: Float64Array,
    pub psi_memory_some_us: Float64Array,
    pub psi_memory_full_us: Float64Array,
    pub psi_cpu_some_us: Float64Array,
    pub load1: Float64Array,
    pub cgroup_usage_kb: Float64Array,
    pub cgroup_limit_kb: Float64Array,
    pub cgroup_oom_kills: Float64Array,
    pub sampler_cpu_us: Float64Array,
}

/// One entry an image, in file order. NaN, -1 (4294967295 where unsigned), null or an empty `argv`: null.
#[napi(object, object_from_js = false)]
pub struct ProcessColumns {
    pub process_id: Uint32Array,
    pub pid: Uint32Array,
    pub ppid: Uint32Array,
    pub parent_id: Int32Array,
    pub exec_count: Uint32Array,
    pub uid: Uint32Array,
    pub start_us: Float64Array,
    pub end_us: Float64Array,
    #[napi(ts_type = "Array<'exited' | 'signalled' | 'execed' | 'lost' | 'alive'>")]
    pub end: Vec<&'static str>,
    pub exit_code: Int32Array,
    pub signal: Int32Array,
    pub peak_rss_kb: Float64Array,
    pub cpu_us: Float64Array,
    pub threads: Int32Array,
    pub samples: Uint32Array,
    pub name: Vec<String>,
    #[napi(ts_type = "Array<string | null>")]
    pub exe: Vec<Option<String>>,
    #[napi(ts_type = "Array<string | null>")]
    pub cwd: Vec<Option<String>>,
    pub argv: Vec<Vec<String>>,
    pub outside_tree: Uint8Array,
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
    /// Images in the group.
    pub processes: Uint32Array,
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
    /// Index: `process_id`; NaN for an image without a counted sample.
    pub process_peak_rss_kb: Float64Array,
    /// The same by PSS.
    pub process_peak_pss_kb: Float64Array,
    /// When its RSS was first largest.
    pub process_peak_elapsed_us: Float64Array,
    /// Memory-time, KiB·s.
    pub process_time_rss_kb_s: Float64Array,
    /// The same by PSS.
    pub process_time_pss_kb_s: Float64Array,
}

/// The table `classes`.
#[napi(object)]
pub struct ClassColumns {
    /// Which image.
    pub process_id: Uint32Array,
    /// Major category.
    pub major_category: Vec<String>,
    /// Minor category.
    pub minor_category: Vec<String>,
    /// The rule that decided.
    pub rule: Vec<String>,
    /// Source or output file.
    #[napi(ts_type = "Array<string | null>")]
    pub target: Vec<Option<String>>,
    /// Digest of the rules that were used.
    pub rules_digest: String,
}

#[expect(clippy::cast_precision_loss, reason = "JavaScript's numbers; sizes, times and counts of real recordings are far below 2^53")]
fn numbers(column: Vec<Option<i64>>) -> Float64Array {
    column.into_iter().map(|value| value.map_or(f64::NAN, |value| value as f64)).collect::<Vec<_>>().into()
}

fn unsigned(column: Vec<Option<u32>>) -> Uint32Array {
    column.into_iter().map(|value| value.unwrap_or(u32::MAX)).collect::<Vec<_>>().into()
}

fn signed(column: Vec<Option<u32>>) -> Int32Array {
    column.into_iter().map(|value| value.map_or(-1, u32::cast_signed)).collect::<Vec<_>>().into()
}

fn flags(column: impl IntoIterator<Item = bool>) -> Uint8Array {
    column.into_iter().map(u8::from).collect::<Vec<_>>().into()
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

impl From<mymonitor_recording::Ticks> for TickColumns {
    #[expect(clippy::cast_precision_loss, reason = "JavaScript's numbers; no build runs for 2^53 microseconds")]
    fn from(ticks: mymonitor_recording::Ticks) -> Self {
        let load1 = ticks.load1_milli.into_iter().map(|milli| milli.map_or(f64::NAN, |milli| milli as f64 / 1000.0));
        Self {
            tick: ticks.timeline.tick.into(),
            elapsed_us: ticks.timeline.elapsed_us.into_iter().map(|us| us as f64).collect::<Vec<_>>().into(),
            late_us: numbers(ticks.late_us),
            phase: flags(ticks.timeline.build),
            live: unsigned(ticks.live),
            total_rss_kb: numbers(ticks.total_rss_kb),
            mem_available_kb: numbers(ticks.mem_available_kb),
            swap_used_kb: numbers(ticks.swap_used_kb),
            psi_memory_some_us: numbers(ticks.psi_memory_some_us),
            psi_memory_full_us: numbers(ticks.psi_memory_full_us),
            psi_cpu_some_us: numbers(ticks.psi_cpu_some_us),
            load1: load1.collect::<Vec<_>>().into(),
            cgroup_usage_kb: numbers(ticks.cgroup_usage_kb),
            cgroup_limit_kb: numbers(ticks.cgroup_limit_kb),
            cgroup_oom_kills: numbers(ticks.cgroup_oom_kills),
            sampler_cpu_us: numbers(ticks.sampler_cpu_us),
        }
    }
}

impl From<mymonitor_recording::Processes> for ProcessColumns {
    fn from(images: mymonitor_recording::Processes) -> Self {
        Self {
            process_id: images.process_id.into(),
            pid: unsigned(images.pid),
            ppid: unsigned(images.ppid),
            parent_id: signed(images.parent_id),
            exec_count: unsigned(images.exec_count),
            uid: unsigned(images.uid),
            start_us: numbers(images.start_us),
            end_us: numbers(images.end_us),
            end: images.end.into_iter().map(End::as_str).collect(),
            exit_code: signed(images.exit_code),
            signal: signed(images.signal),
            peak_rss_kb: numbers(images.peak_rss_kb),
            cpu_us: numbers(images.cpu_us),
            threads: signed(images.threads),
            samples: unsigned(images.samples),
            name: images.name.into_iter().map(Option::unwrap_or_default).collect(),
            exe: images.exe,
            cwd: images.cwd,
            argv: images.argv.into_iter().map(Option::unwrap_or_default).collect(),
            outside_tree: flags(images.outside_tree.into_iter().map(|outside| outside == Some(true))),
        }
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
            processes: groups.processes.into(),
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
            process_peak_rss_kb: aggregate.process_peak_rss_kb.into(),
            process_peak_pss_kb: aggregate.process_peak_pss_kb.into(),
            process_peak_elapsed_us: aggregate.process_peak_elapsed_us.into(),
            process_time_rss_kb_s: aggregate.process_time_rss_kb_s.into(),
            process_time_pss_kb_s: aggregate.process_time_pss_kb_s.into(),
        }
    }
}

impl From<mymonitor_recording::Classes> for ClassColumns {
    fn from(classes: mymonitor_recording::Classes) -> Self {
        Self {
            process_id: classes.process_id.into(),
            major_category: classes.major_category,
            minor_category: classes.minor_category,
            rule: classes.rule,
            target: classes.target,
            rules_digest: classes.rules_digest,
        }
    }
}
