//! How large the build's memory can have been between the ticks.

use mymonitor_recording::{End, Lifetime, Timeline};

use crate::IGNORED;

/// An exec is looked for at every fourth tick; with the tick that saw it, five.
const EXEC_SEEN_WITHIN: usize = 5;

/// The largest sum, at any instant of phase `build`, of the high-water marks of the images alive then.
///
/// Every life is taken at its widest: from the last instant at which the image is known not to have been there (a process's start rounded down
/// to a clock tick, a later image's last tick without it) to the first tick after its end. An image that exec'ed away has the largest of its
/// ticks for a mark, as nothing else is known of it. Whatever memory the build had at an instant is therefore at most this, unless an image
/// has no mark at all: those are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct UpperBound {
    /// Resident set sizes, KiB. Never below the largest tick.
    pub rss_kb: u64,
    /// Images that were there and have no high-water mark (ended by a signal or raw exit, or outlived the recording, or no exit records): their
    /// largest sample stands in.
    pub without_mark: u64,
}

/// Adds up the lives of images, whatever their number, in the memory of two numbers a tick.
///
/// A life ends with a tick and begins anywhere, so between two ticks the sum only grows: it is largest just before the ends of a tick.
pub(crate) struct Bound<'a> {
    group_of: &'a [u32],
    ticks: &'a Timeline,
    /// Where phase `build` begins: somewhere after the last tick of the setup. `None`: it has no tick.
    from_us: Option<i64>,
    /// Index: position of the first tick that is not before the beginning.
    begins_kb: Vec<u64>,
    /// Index: position of the tick.
    ends_kb: Vec<u64>,
    without_mark: u64,
}

impl<'a> Bound<'a> {
    pub(crate) fn new(group_of: &'a [u32], ticks: &'a Timeline) -> Self {
        let first_build = ticks.build.iter().position(|&build| build);
        let from_us = first_build.map(|first| first.checked_sub(1).map_or(i64::MIN, |last_setup| ticks.elapsed_us[last_setup]));
        let zeros = || vec![0; ticks.len() + 1];
        Self { group_of, ticks, from_us, begins_kb: zeros(), ends_kb: zeros(), without_mark: 0 }
    }

    pub(crate) fn add(&mut self, life: &Lifetime) {
        let Some(from_us) = self.from_us else { return };
        let ignored = self.group_of.get(life.process_id as usize).is_none_or(|&group| group == IGNORED);
        let end = life.end_us.map_or(self.ticks.len(), |end_us| self.ticks.elapsed_us.partition_point(|&us| us <= end_us));
        if ignored || self.ticks.elapsed_us.get(end).is_some_and(|&end_us| end_us <= from_us) {
            return;
        }
        self.without_mark += u64::from(lacks_mark(life));
        let begin_us = widest_begin(life, self.ticks).max(from_us);
        let begin = self.ticks.elapsed_us.partition_point(|&us| us < begin_us);
        for sum in [&mut self.begins_kb[begin], &mut self.ends_kb[end]] {
            *sum = sum.saturating_add(life.peak_rss_kb);
        }
    }

    /// `peak_rss_kb` is the largest tick.
    pub(crate) fn finish(self, peak_rss_kb: u64) -> UpperBound {
        if self.from_us.is_none() {
            return UpperBound::default();
        }
        let mut bound = UpperBound { rss_kb: peak_rss_kb, without_mark: self.without_mark };
        let mut sum = 0u64;
        for (begins_kb, ends_kb) in self.begins_kb.into_iter().zip(self.ends_kb) {
            sum = sum.saturating_add(begins_kb);
            bound.rss_kb = bound.rss_kb.max(sum);
            sum = sum.saturating_sub(ends_kb);
        }
        bound
    }
}

fn widest_begin(life: &Lifetime, ticks: &Timeline) -> i64 {
    if life.exec_count == 0 || life.samples == 0 {
        return life.start_us;
    }
    let seen = ticks.elapsed_us.partition_point(|&us| us < life.start_us);
    seen.checked_sub(EXEC_SEEN_WITHIN).map_or(0, |position| ticks.elapsed_us[position])
}

/// An image without memory of its own (it ran in its parent's) needs none.
fn lacks_mark(life: &Lifetime) -> bool {
    let had_memory = life.samples > 0 || life.peak_rss_kb > 0;
    (had_memory || life.unrecorded) && !life.is_mark && life.end != End::Execed
}

#[cfg(test)]
mod tests {
    use super::*;

    fn life(process_id: u32, start_us: i64, end_us: i64, kb: u64) -> Lifetime {
        Lifetime {
            process_id,
            start_us,
            end_us: Some(end_us),
            end: End::Exited,
            exec_count: 0,
            samples: 0,
            peak_rss_kb: kb,
            is_mark: true,
            unrecorded: false,
        }
    }

    /// Ticks every 50 ms, the first `setup` of them in phase setup.
    fn ticks(count: u32, setup: usize) -> Timeline {
        Timeline {
            tick: (0..count).collect(),
            elapsed_us: (0..count).map(|tick| i64::from(tick) * 50_000).collect(),
            build: (0..count as usize).map(|tick| tick >= setup).collect(),
        }
    }

    fn bound(lives: &[Lifetime], ticks: &Timeline) -> UpperBound {
        bound_of(lives, &vec![0; lives.len()], ticks)
    }

    fn bound_of(lives: &[Lifetime], group_of: &[u32], ticks: &Timeline) -> UpperBound {
        let mut bound = Bound::new(group_of, ticks);
        for life in lives {
            bound.add(life);
        }
        bound.finish(7)
    }

    #[test]
    fn a_spike_between_two_ticks_adds_to_what_lived_with_it() {
        let lives = [life(0, 0, 900_000, 100), life(1, 210_000, 230_000, 350), life(2, 400_000, 420_000, 40)];
        assert_eq!(bound(&lives, &ticks(20, 0)), UpperBound { rss_kb: 450, without_mark: 0 });
    }

    #[test]
    fn a_life_reaches_to_the_tick_after_its_end() {
        // The second begins after the first has said that it exits, but before a tick has found it gone.
        let lives = [life(0, 0, 101_000, 100), life(1, 140_000, 400_000, 100)];
        assert_eq!(bound(&lives, &ticks(20, 0)).rss_kb, 200);
        let lives = [life(0, 0, 101_000, 100), life(1, 160_000, 400_000, 100)];
        assert_eq!(bound(&lives, &ticks(20, 0)).rss_kb, 100);
    }

    #[test]
    fn an_exec_may_have_been_five_ticks_before_it_was_seen() {
        let first = Lifetime { end: End::Execed, is_mark: false, ..life(0, 0, 500_000, 10) };
        let second = Lifetime { exec_count: 1, samples: 3, ..life(1, 500_000, 800_000, 200) };
        let other = |end_us| life(2, 0, end_us, 1000);
        assert_eq!(bound(&[first, second, other(220_000)], &ticks(20, 0)).rss_kb, 1210);
        assert_eq!(bound(&[first, second, other(190_000)], &ticks(20, 0)), UpperBound { rss_kb: 1010, without_mark: 0 });
    }

    #[test]
    fn what_has_no_mark_is_counted_and_its_largest_sample_stands_in() {
        let lost = Lifetime { end: End::Lost, is_mark: false, samples: 2, ..life(0, 0, 100_000, 30) };
        let alive = Lifetime { end: End::Alive, end_us: None, is_mark: false, samples: 2, ..life(1, 0, 0, 5) };
        let vforked = Lifetime { is_mark: false, ..life(2, 0, 10_000, 0) };
        assert_eq!(bound(&[lost, alive, vforked], &ticks(20, 0)), UpperBound { rss_kb: 35, without_mark: 2 });
    }

    #[test]
    fn what_was_over_before_the_build_phase_does_not_count_and_what_reaches_into_it_does() {
        let lives = [life(0, 0, 100_000, 500), life(1, 0, 300_000, 20)];
        assert_eq!(bound(&lives, &ticks(20, 5)).rss_kb, 20);
        assert_eq!(bound(&lives, &ticks(20, 20)), UpperBound::default());
    }

    #[test]
    fn the_ignored_are_left_out_and_the_peak_is_the_least() {
        let lives = [life(0, 0, 100_000, 500), life(1, 0, 300_000, 20)];
        assert_eq!(bound_of(&lives, &[IGNORED, 0], &ticks(20, 0)).rss_kb, 20);
        assert_eq!(bound_of(&lives, &[IGNORED, IGNORED], &ticks(20, 0)).rss_kb, 7);
    }
}
