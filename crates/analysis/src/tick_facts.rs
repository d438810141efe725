//! What the ticks say of the host and of the sampler itself.

use mymonitor_recording::{ChunkReader, Recording, RecordingError};

/// A nullable column over all ticks; `None` where no tick has a value.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Course {
    /// Of the first tick that has one.
    pub first: Option<i64>,
    /// Of the last tick that has one.
    pub last: Option<i64>,
    /// The smallest.
    pub smallest: Option<i64>,
    /// The largest.
    pub largest: Option<i64>,
}

/// What one walk over all ticks yields.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct TickFacts {
    /// Ticks.
    pub count: u64,
    /// Those of phase `build`.
    pub build: u64,
    /// The last one is still of phase `setup`.
    pub ends_in_setup: bool,
    /// Those that were more than a tenth of the interval late, as the recorder counts them.
    pub late: u64,
    /// The latest of them, microseconds.
    pub max_late_us: i64,
    /// Deadlines that passed without a tick: one that is late by whole intervals stands for them.
    pub skipped: i64,
    /// Microseconds after the build's start.
    pub elapsed_us: Course,
    /// Available memory of the host, KiB.
    pub mem_available_kb: Course,
    /// Used swap, KiB.
    pub swap_used_kb: Course,
    /// Stall time since boot, microseconds.
    pub psi_memory_some_us: Course,
    /// Limit of the build's cgroup, KiB.
    pub cgroup_limit_kb: Course,
    /// OOM kills in it.
    pub cgroup_oom_kills: Course,
}

/// Ticks that are in memory at the same time.
const BATCH: u64 = 8 * 1024;

/// Walks over the ticks in batches: a build of four hours has 288,000.
pub fn tick_facts<R: ChunkReader>(recording: &Recording<R>, interval_us: i64) -> Result<TickFacts, RecordingError> {
    let mut facts = TickFacts::default();
    let interval_us = interval_us.max(1);
    let mut first = 0;
    while first < recording.info().ticks {
        let ticks = recording.ticks(first, BATCH)?;
        first += BATCH;
        facts.count += ticks.timeline.len() as u64;
        facts.build += ticks.timeline.build.iter().filter(|&&build| build).count() as u64;
        facts.ends_in_setup = ticks.timeline.build.last() == Some(&false);
        for late_us in ticks.late_us.into_iter().flatten() {
            facts.skipped += late_us / interval_us;
            if late_us > interval_us / 10 {
                facts.late += 1;
                facts.max_late_us = facts.max_late_us.max(late_us);
            }
        }
        facts.elapsed_us.add(ticks.timeline.elapsed_us.into_iter().map(Some));
        for (course, column) in [
            (&mut facts.mem_available_kb, ticks.mem_available_kb),
            (&mut facts.swap_used_kb, ticks.swap_used_kb),
            (&mut facts.psi_memory_some_us, ticks.psi_memory_some_us),
            (&mut facts.cgroup_limit_kb, ticks.cgroup_limit_kb),
            (&mut facts.cgroup_oom_kills, ticks.cgroup_oom_kills),
        ] {
            course.add(column);
        }
    }
    Ok(facts)
}

impl Course {
    fn add(&mut self, values: impl IntoIterator<Item = Option<i64>>) {
        for value in values.into_iter().flatten() {
            self.first.get_or_insert(value);
            self.last = Some(value);
            self.smallest = Some(self.smallest.map_or(value, |smallest| smallest.min(value)));
            self.largest = self.largest.max(Some(value));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_course_passes_over_what_could_not_be_read() {
        let mut course = Course::default();
        course.add([None, None]);
        assert_eq!(course, Course::default());
        course.add([None, Some(5), Some(9)]);
        course.add([Some(3), None]);
        assert_eq!(course, Course { first: Some(5), last: Some(3), smallest: Some(3), largest: Some(9) });
    }
}
