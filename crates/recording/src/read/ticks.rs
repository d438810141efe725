//! The table `ticks`.

use parquet::data_type::{ByteArrayType, Int32Type, Int64Type};
use parquet::file::reader::ChunkReader;

use super::table::{Nullable, Table};
use crate::RecordingError;

/// When each tick was: what every pass over the samples needs. One entry a tick, ascending by `tick`.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Timeline {
    /// Its number.
    pub tick: Vec<u32>,
    /// Microseconds after the build's start; never less than the tick before.
    pub elapsed_us: Vec<i64>,
    /// Phase `build`, not `setup`.
    pub build: Vec<bool>,
}

/// One entry a tick, ascending by `tick`. The columns are those of `docs/recording-format.md`.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "the columns are documented once, with their units, in docs/recording-format.md")]
pub struct Ticks {
    pub timeline: Timeline,
    pub late_us: Nullable<i64>,
    pub live: Nullable<u32>,
    pub total_rss_kb: Nullable<i64>,
    pub total_pss_kb: Nullable<i64>,
    pub mem_available_kb: Nullable<i64>,
    pub swap_used_kb: Nullable<i64>,
    pub psi_memory_some_us: Nullable<i64>,
    pub psi_memory_full_us: Nullable<i64>,
    pub psi_cpu_some_us: Nullable<i64>,
    pub load1_milli: Nullable<i64>,
    pub cgroup_usage_kb: Nullable<i64>,
    pub cgroup_limit_kb: Nullable<i64>,
    pub cgroup_oom_kills: Nullable<i64>,
    pub sampler_cpu_us: Nullable<i64>,
}

impl Timeline {
    /// Number of ticks.
    pub fn len(&self) -> usize {
        self.tick.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.tick.is_empty()
    }

    /// The whole table.
    pub(super) fn read<R: ChunkReader>(table: &Table<R>) -> Result<Self, RecordingError> {
        let mut timeline = Self::default();
        for group in 0..table.groups() {
            timeline.append(table, group, 0, table.rows_of(group))?;
        }
        if !timeline.tick.is_sorted_by(|a, b| a < b) || !timeline.elapsed_us.is_sorted() {
            return Err(table.damaged("its ticks are not in order"));
        }
        Ok(timeline)
    }

    fn append<R: ChunkReader>(&mut self, table: &Table<R>, group: usize, skip: usize, count: usize) -> Result<(), RecordingError> {
        let mut tick = Vec::with_capacity(count);
        table.required_part::<Int32Type>(group, "tick", skip, count, &mut tick)?;
        self.tick.extend(tick.into_iter().map(i32::cast_unsigned));
        table.required_part::<Int64Type>(group, "elapsed_us", skip, count, &mut self.elapsed_us)?;
        let phase = table.nullable::<ByteArrayType>(group, "phase", skip, count)?;
        self.build.extend(phase.iter().map(|phase| phase.as_ref().is_none_or(|phase| phase.data() != b"setup")));
        Ok(())
    }
}

impl Ticks {
    pub(super) fn read<R: ChunkReader>(table: &Table<R>, first: u64, count: u64) -> Result<Self, RecordingError> {
        let mut ticks = Self::default();
        for (group, skip, count) in table.parts(first, count) {
            ticks.append(table, group, skip, count)?;
        }
        Ok(ticks)
    }

    fn append<R: ChunkReader>(&mut self, table: &Table<R>, group: usize, skip: usize, count: usize) -> Result<(), RecordingError> {
        self.timeline.append(table, group, skip, count)?;
        self.live.extend(table.u32s(group, "live", skip, count)?);
        for (name, column) in [
            ("late_us", &mut self.late_us),
            ("total_rss_kb", &mut self.total_rss_kb),
            ("total_pss_kb", &mut self.total_pss_kb),
            ("mem_available_kb", &mut self.mem_available_kb),
            ("swap_used_kb", &mut self.swap_used_kb),
            ("psi_memory_some_us", &mut self.psi_memory_some_us),
            ("psi_memory_full_us", &mut self.psi_memory_full_us),
            ("psi_cpu_some_us", &mut self.psi_cpu_some_us),
            ("load1_milli", &mut self.load1_milli),
            ("cgroup_usage_kb", &mut self.cgroup_usage_kb),
            ("cgroup_limit_kb", &mut self.cgroup_limit_kb),
            ("cgroup_oom_kills", &mut self.cgroup_oom_kills),
            ("sampler_cpu_us", &mut self.sampler_cpu_us),
        ] {
            column.extend(table.i64s(group, name, skip, count)?);
        }
        Ok(())
    }
}
