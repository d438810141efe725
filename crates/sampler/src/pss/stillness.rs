//! Whether processes have come to rest.

/// Changes below this, and below a fiftieth, are none.
const CHANGE_KB: u64 = 2 * 1024;

/// What never stands still is taken as it is, once in so many ticks.
const PATIENCE_TICKS: u32 = 4;

/// A number of processes and their size, from tick to tick.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Stillness {
    population: u32,
    rss_kb: u64,
    restless_ticks: u32,
}

impl Stillness {
    /// The next tick.
    pub(super) fn note(&mut self, population: u32, rss_kb: u64) {
        let is_still = population == self.population && rss_kb.abs_diff(self.rss_kb) < CHANGE_KB.max(self.rss_kb / 50);
        let restless_ticks = if is_still { 0 } else { self.restless_ticks + 1 };
        *self = Self { population, rss_kb, restless_ticks };
    }

    pub(super) fn is_reached(self) -> bool {
        self.restless_ticks.is_multiple_of(PATIENCE_TICKS)
    }
}

/// How long a number of processes has had about one size, within [`CHANGE_KB`] or a two-hundredth: unlike [`Stillness`] it adds slow growth up.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Plateau {
    population: u32,
    rss_kb: u64,
    ticks: u32,
}

impl Plateau {
    /// The next tick.
    pub(super) fn note(&mut self, population: u32, rss_kb: u64) {
        if population == self.population && rss_kb.abs_diff(self.rss_kb) < CHANGE_KB.max(self.rss_kb / 200) {
            self.ticks += 1;
        } else {
            *self = Self { population, rss_kb, ticks: 0 };
        }
    }

    /// For how many ticks after the first.
    pub(super) fn ticks(self) -> u32 {
        self.ticks
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_grows_is_awaited_but_not_for_ever() {
        let mut stillness = Stillness::default();
        let reached: Vec<bool> = (1..=9)
            .map(|tick| {
                stillness.note(2, tick.min(7) * 10_000);
                stillness.is_reached()
            })
            .collect();
        assert_eq!(reached, [false, false, false, true, false, false, false, true, true]);
    }

    #[test]
    fn another_process_of_no_size_is_a_change() {
        let mut stillness = Stillness::default();
        for (population, expected) in [(1, false), (1, true), (2, false), (2, true)] {
            stillness.note(population, 1_000_000);
            assert_eq!(stillness.is_reached(), expected);
        }
    }

    #[test]
    fn a_plateau_is_what_has_kept_its_size_and_slow_growth_is_none() {
        let after = |size: fn(u64) -> u64| {
            let mut plateau = Plateau::default();
            (1..=20).for_each(|tick| plateau.note(2, size(tick)));
            plateau.ticks()
        };
        assert_eq!(after(|tick| 1_000_000 + tick % 2 * 4_000), 19);
        assert!(after(|tick| 1_000_000 + tick * 2_000) < 3);
    }
}
