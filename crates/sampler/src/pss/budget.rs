//! What rollups may cost: a token bucket in CPU time, and a prediction of each rollup's price.

/// What is not used is saved for at most this long, so that a full measurement of a large build becomes possible at all.
const SAVED_SECONDS: u64 = 30;

/// What the bucket starts with: forks of the first moments cannot wait until something is earned.
const STARTING_SECONDS: u64 = 3;

/// Price of a rollup without any memory, and of a MiB in pages of 4 KiB, before anything was measured here.
const FIXED_US: u64 = 30;
const PER_MIB_NS: u64 = 11_000;

/// Prices are learned from processes at least this large: below, the fixed part decides.
const TELLING_KB: u64 = 8 * 1024;

#[expect(clippy::struct_field_names, reason = "the unit is part of every name")]
pub(crate) struct Budget {
    /// CPU time that a tick earns, nanoseconds: a share of the interval. Ticks that are skipped, on a machine too busy for them, earn nothing.
    per_tick_ns: i64,
    tokens_ns: i64,
    saved_ns: i64,
    per_mib_ns: u64,
}

impl Budget {
    /// `percent` of one CPU. The hard limit, but for what the bucket starts with.
    pub(crate) fn new(percent: f64, interval_us: u64) -> Self {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to what fits; not a number becomes 0")]
        let per_second_us = (percent.clamp(0.0, 100.0) * 10_000.0) as u64;
        let earned_ns = |us: u64| (per_second_us.saturating_mul(us) / 1000).cast_signed();
        Self {
            per_tick_ns: earned_ns(interval_us),
            tokens_ns: earned_ns(STARTING_SECONDS * 1_000_000),
            saved_ns: earned_ns(SAVED_SECONDS * 1_000_000),
            per_mib_ns: PER_MIB_NS,
        }
    }

    /// At every tick.
    pub(crate) fn earn(&mut self) {
        self.tokens_ns = self.tokens_ns.saturating_add(self.per_tick_ns).min(self.saved_ns);
    }

    /// Whether `us` can be paid and `reserve_us` are left.
    pub(crate) fn affords(&self, us: u64, reserve_us: u64) -> bool {
        u64::try_from(self.tokens_ns).is_ok_and(|tokens_ns| tokens_ns / 1000 >= us.saturating_add(reserve_us))
    }

    /// What was really used; the bucket may fall below zero, and nothing is bought until it has recovered.
    pub(crate) fn spend(&mut self, rss_kb: u64, cpu_us: u64) {
        self.tokens_ns = self.tokens_ns.saturating_sub_unsigned(cpu_us.saturating_mul(1000));
        if rss_kb >= TELLING_KB {
            // With huge pages a walk is 75 times cheaper, on a loaded machine several times dearer.
            let seen_ns = cpu_us.saturating_sub(FIXED_US).saturating_mul(1000 * 1024) / rss_kb;
            self.per_mib_ns = (self.per_mib_ns * 3 + seen_ns).div_ceil(4).clamp(40, 100_000);
        }
    }

    /// Expected CPU time of a rollup.
    pub(crate) fn predict_us(&self, rss_kb: u64) -> u64 {
        FIXED_US + rss_kb.saturating_mul(self.per_mib_ns) / (1024 * 1000)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const INTERVAL_US: u64 = 50_000;

    fn after(mut budget: Budget, ticks: u32) -> Budget {
        (0..ticks).for_each(|_| budget.earn());
        budget
    }

    #[test]
    fn one_per_cent_is_ten_milliseconds_a_second_and_thirty_at_the_start() {
        let budget = Budget::new(1.0, INTERVAL_US);
        assert!(budget.affords(30_000, 0) && !budget.affords(30_001, 0));
        let budget = after(budget, 20);
        assert!(budget.affords(40_000, 0) && !budget.affords(40_001, 0) && !budget.affords(39_000, 1_001));
    }

    #[test]
    fn savings_end_after_half_a_minute() {
        let budget = after(Budget::new(1.0, INTERVAL_US), 100_000);
        assert!(budget.affords(300_000, 0) && !budget.affords(300_001, 0));
    }

    #[test]
    fn what_cost_more_than_predicted_is_paid_back_first() {
        let mut budget = after(Budget::new(1.0, INTERVAL_US), 20);
        budget.spend(1024, 60_000);
        let budget = after(budget, 40);
        assert!(!budget.affords(1, 0));
        assert!(after(budget, 20).affords(10_000, 0));
    }

    #[test]
    fn the_first_prediction_is_the_measured_law_and_later_ones_follow_this_machine() {
        let mut budget = Budget::new(1.0, INTERVAL_US);
        assert_eq!(budget.predict_us(100 * 1024), 30 + 1_100);
        for _ in 0..20 {
            budget.spend(100 * 1024, 130);
        }
        assert!((100..300).contains(&budget.predict_us(100 * 1024)), "{}", budget.predict_us(100 * 1024));
    }

    #[test]
    fn a_budget_of_nothing_buys_nothing() {
        for percent in [0.0, -1.0, f64::NAN] {
            assert!(!after(Budget::new(percent, INTERVAL_US), 100_000).affords(1, 0));
        }
    }
}
