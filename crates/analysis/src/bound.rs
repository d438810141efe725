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

/// `peak_rss_kb` is the largest tick.
pub(crate) fn upper_bound(lifetimes: &[Lifetime], group_of: &[u32], ticks: &Timeline, peak_rss_kb: u64) -> UpperBound {
    let Some(first_build) = ticks.build.iter().position(|&build| build) else { return UpperBound::default() };
    // The phase began somewhere after the last tick of the setup.
    let from_us = if first_build == 0 { i64::MIN } else { ticks.elapsed_us[first_build - 1] };
    let mut bound = UpperBound { rss_kb: peak_rss_kb, without_mark: 0 };
    let mut changes: Vec<(i64, Change)> = Vec::new();
    for life in lifetimes {
        let ignored = group_of.get(life.process_id as usize).is_none_or(|&group| group == IGNORED);
        let (begin, end) = (widest_begin(life, ticks), widest_end(life, ticks));
        if ignored || end <= from_us {
            continue;
        }
        bound.without_mark += u64::from(lacks_mark(life));
        if life.peak_rss_kb > 0 {
            changes.push((begin.max(from_us), Change::Begins(life.peak_rss_kb)));
            changes.push((end, Change::Ends(life.peak_rss_kb)));
        }
    }
    // At the same instant beginnings come first.
    changes.sort_unstable();
    let mut sum = 0u64;
    for (_, change) in changes {
        match change {
            Change::Begins(kb) => {
                sum = sum.saturating_add(kb);
                bound.rss_kb = bound.rss_kb.max(sum);
            }
            Change::Ends(kb) => sum = sum.saturating_sub(kb),
        }
    }
    bound
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Change {
    Begins(u64),
    Ends(u64),
}

fn widest_begin(life: &Lifetime, ticks: &Timeline) -> i64 {
    if life.exec_count == 0 || life.samples == 0 {
        return life.start_us;
    }
    let seen = ticks.elapsed_us.partition_point(|&us| us < life.start_us);
    seen.checked_sub(EXEC_SEEN_WITHIN).map_or(0, |position| ticks.elapsed_us[position])
}

fn widest_end(life: &Lifetime, ticks: &Timeline) -> i64 {
    let Some(end_us) = life.end_us else { return i64::MAX };
    let after = ticks.elapsed_us.partition_point(|&us| us <= end_us);
    ticks.elapsed_us.get(after).copied().unwrap_or(i64::MAX)
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
        upper_bound(lives, &vec![0; lives.len()], ticks, 7)
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
        assert_eq!(upper_bound(&lives, &[IGNORED, 0], &ticks(20, 0), 7).rss_kb, 20);
        assert_eq!(upper_bound(&lives, &[IGNORED, IGNORED], &ticks(20, 0), 7).rss_kb, 7);
    }
}
