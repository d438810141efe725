//! Which processes of a tick are measured, where not all of them are.

use mymonitor_wire::Sample;

use super::{BACKGROUND_TICKS, FULL_PASS_US, LARGE_SHARED_KB, MISJUDGED_PASS_US, Meter, Mode, Modelled, full_price_us};
use crate::tracker::Live;

/// How the misjudged processes of an executable are measured in this tick.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Plan {
    /// Nothing is, as they do not stand still.
    #[default]
    Wait,
    /// All its processes are.
    Whole,
    /// Only newcomers are; all will be once that can be paid.
    Save,
    /// Each as far as it can be paid: all at once would take too long.
    Single,
}

impl Meter {
    /// The dearest reason first; processes that the model misjudges together, else one walk of a large one a tick at most, so that ticks stay short.
    pub(super) fn measure_some(&mut self, tick: &mut Modelled<'_>, live: &mut [Live], samples: &mut [Sample], now_us: u64) {
        self.plan(tick, live, now_us);
        let Self { mode: Mode::Budget(budget), executables, counts, .. } = self else { return };
        // Misjudged processes may use what there is; everything else leaves enough to confirm a peak.
        let reserve_us = full_price_us(budget, tick, live).min(FULL_PASS_US);
        let whole_us: u64 = executables.iter().filter(|one| one.plan == Plan::Whole).map(|one| one.price_us).sum();
        let mut left_us = MISJUDGED_PASS_US.max(budget.predict_us(LARGE_SHARED_KB));
        let mut chosen = Vec::new();
        for (index, (row, &owner)) in tick.rows.iter().zip(tick.owners).enumerate() {
            let live = &live[owner];
            let executable = &mut executables[row.executable as usize];
            if live.mark.denied {
                continue;
            }
            if executable.plan == Plan::Whole {
                chosen.push(index);
                continue;
            }
            let misjudged = live.mark.is_misjudged(row, executable, tick.tick);
            let new = live.seen_ticks >= 2 && !executable.measured && !std::mem::replace(&mut executable.asked, true);
            let planned = match executable.plan {
                Plan::Single => live.mark.is_free(executable, tick.tick, now_us),
                Plan::Save => live.mark.last.is_none() || live.mark.has_forked_since,
                Plan::Wait | Plan::Whole => false,
            };
            if !(misjudged && planned || new && live.mark.has_rested(tick.tick, now_us)) {
                continue;
            }
            let price_us = budget.predict_us(row.rss_kb);
            let reserve_us = whole_us + if misjudged { 0 } else { reserve_us };
            if (price_us > left_us && !chosen.is_empty()) || !budget.affords(price_us, reserve_us) {
                counts.postponed += 1;
                continue;
            }
            left_us = left_us.saturating_sub(price_us);
            executable.measured = true;
            chosen.push(index);
        }
        if chosen.is_empty() && tick.tick.is_multiple_of(BACKGROUND_TICKS) {
            let stale = |&row: &usize| live[tick.owners[row]].mark.is_stale(tick.tick);
            let largest = (0..tick.rows.len()).filter(stale).max_by_key(|&row| tick.rows[row].rss_kb);
            chosen.extend(largest.filter(|&row| budget.affords(budget.predict_us(tick.rows[row].rss_kb), reserve_us)));
        }
        for row in chosen {
            self.measure_one(row, tick, live, samples, now_us);
        }
    }

    /// How each executable with misjudged processes is measured in this tick.
    fn plan(&mut self, tick: &Modelled<'_>, live: &[Live], now_us: u64) {
        let Self { mode: Mode::Budget(budget), executables, counts, .. } = self else { return };
        for (row, &owner) in tick.rows.iter().zip(tick.owners) {
            let (mark, executable) = (&live[owner].mark, &mut executables[row.executable as usize]);
            if !mark.denied {
                executable.price_us += budget.predict_us(row.rss_kb);
                executable.misjudged |= mark.is_misjudged(row, executable, tick.tick) && mark.is_free(executable, tick.tick, now_us);
            }
        }
        let mut planned_us = 0;
        for executable in executables.iter_mut().filter(|executable| executable.misjudged && executable.stillness.is_reached()) {
            let all_us = planned_us + executable.price_us;
            executable.plan = if executable.population == 1 || executable.price_us > FULL_PASS_US {
                Plan::Single
            } else if all_us <= FULL_PASS_US && budget.affords(all_us, 0) {
                planned_us = all_us;
                Plan::Whole
            } else {
                counts.postponed += 1;
                Plan::Save
            };
        }
    }
}
