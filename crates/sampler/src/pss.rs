//! Measured PSS: `smaps_rollup` where it pays.
//!
//! The model costs nothing and is right within a per cent for most processes. A rollup walks every page, so it is bought only
//! 1. for all processes of a tick whose total exceeds the last one that was measured in full by 3 %: the peak, confirmed;
//! 2. for a process that the model is known to misjudge: forked without exec, or with a large shared part (linkers with different inputs);
//! 3. once for each executable;
//! 4. slowly in the background, largest first.
//!
//! Everything is paid from one budget of CPU time; what does not fit is postponed and counted. No process is walked more than a fiftieth of its
//! time, because a walk holds up its mmap and munmap.

mod budget;

use mymonitor_proc::{ReadError, Rollup};
use mymonitor_recording::model::Row;
use mymonitor_recording::{Corrector, Remark};
use mymonitor_wire::Sample;

use crate::clock;
use crate::options::PssMode;
use crate::outcome::ConfirmedPeak;
use crate::tracker::Live;
use budget::Budget;

/// A total this much above the last one measured in full is a new peak, in per cent.
const RISE_PERCENT: u64 = 3;
/// Ticks between two measurements of one process.
const REST_TICKS: u32 = 4;
/// Wall time that a process is left alone after a walk, as a multiple of the walk.
const REST_FACTOR: u64 = 50;
/// A full measurement that takes longer would hold up the next ticks too much.
const FULL_PASS_US: u64 = 100_000;
/// Ticks between two looks in the background, and the age from which a measurement is looked at again.
const BACKGROUND_TICKS: u32 = 40;
const STALE_TICKS: u32 = 200;
/// A shared part from which files of its own are likely.
const LARGE_SHARED_KB: u64 = 16 * 1024;
/// Processes that the model misjudges are walked together, for so long at most in one tick.
const MISJUDGED_PASS_US: u64 = 20_000;
/// Smaller changes are not worth a walk.
const CHANGE_KB: u64 = 2 * 1024;

/// What is known of an image's PSS.
#[derive(Debug)]
pub(crate) struct Mark {
    /// Runs its parent's program, or a child runs its: it may share anonymous pages.
    forked: bool,
    /// This user may not measure it; asked once.
    denied: bool,
    last: Option<Measured>,
    remark: Remark,
}

#[derive(Debug, Clone, Copy)]
struct Measured {
    tick: u32,
    rested_at_us: u64,
    rss_kb: u64,
    shared_kb: u64,
    /// Processes of its executable.
    population: u32,
}

/// Counts over the session.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct PssCounts {
    pub(crate) rollups: u64,
    pub(crate) cpu_us: u64,
    pub(crate) postponed: u64,
    pub(crate) denied: u64,
}

/// One tick as the model sees it; entry n of each slice belongs to the same process.
pub(crate) struct Modelled<'a> {
    pub(crate) tick: u32,
    /// Whether a peak of this tick counts.
    pub(crate) in_build: bool,
    pub(crate) rows: &'a [Row],
    pub(crate) pss_kb: &'a [u64],
    /// Index into the live processes.
    pub(crate) owners: &'a [usize],
}

pub(crate) struct Meter {
    mode: Mode,
    executables: Vec<Executable>,
    corrector: Corrector,
    /// Of the tick.
    measured_kb: Vec<Option<u64>>,
    remarks: Vec<Remark>,
    corrected_kb: Vec<u64>,
    last_full_tick: Option<u32>,
    /// Total of the last full measurement that was a new peak, with what may not be measured taken from the model.
    checked_kb: u64,
    /// Largest estimate above that which could not be checked.
    unchecked_kb: u64,
    confirmed: Option<ConfirmedPeak>,
    pub(crate) counts: PssCounts,
}

/// What is known of an executable.
#[derive(Debug, Clone, Copy, Default)]
struct Executable {
    /// Its processes in this tick.
    population: u32,
    measured: bool,
    /// A process of it has stood for it in this tick.
    asked: bool,
    /// Up to this size of the shared part the model was found to be right.
    sound_kb: u64,
}

enum Mode {
    Off,
    Budget(Budget),
    Full,
}

impl Meter {
    pub(crate) fn new(mode: PssMode) -> Self {
        Self {
            mode: match mode {
                PssMode::Off => Mode::Off,
                PssMode::Budget { percent } => Mode::Budget(Budget::new(percent, clock::monotonic_us())),
                PssMode::Full => Mode::Full,
            },
            executables: Vec::new(),
            corrector: Corrector::default(),
            measured_kb: Vec::new(),
            remarks: Vec::new(),
            corrected_kb: Vec::new(),
            last_full_tick: None,
            checked_kb: 0,
            unchecked_kb: 0,
            confirmed: None,
            counts: PssCounts::default(),
        }
    }

    /// The tick whose full measurement is the peak, unless some tick that was not measured may have been higher.
    pub(crate) fn confirmed_peak(&self) -> Option<ConfirmedPeak> {
        self.confirmed.filter(|_| !exceeds(self.unchecked_kb, self.checked_kb))
    }

    /// Measures what pays in this tick into `samples`, and returns the best estimate of the total.
    pub(crate) fn measure(&mut self, tick: &Modelled<'_>, live: &mut [Live], samples: &mut [Sample]) -> u64 {
        if matches!(self.mode, Mode::Off) {
            return tick.pss_kb.iter().sum();
        }
        self.count_population(tick.rows);
        let estimate_kb = self.estimate(tick, live, samples);
        let before_us = self.counts.cpu_us;
        let complete = self.spend(tick, live, samples, estimate_kb);
        if self.counts.cpu_us == before_us {
            return estimate_kb;
        }
        let corrected_kb = self.estimate(tick, live, samples);
        if complete && tick.in_build {
            self.note_full(tick.tick, estimate_kb, corrected_kb, samples);
        }
        corrected_kb
    }

    /// Whether every process of the tick was measured that may be.
    fn spend(&mut self, tick: &Modelled<'_>, live: &mut [Live], samples: &mut [Sample], estimate_kb: u64) -> bool {
        let now_us = clock::monotonic_us();
        if matches!(self.mode, Mode::Full) {
            return self.measure_all(tick, live, samples, now_us);
        }
        if tick.in_build && exceeds(estimate_kb, self.checked_kb) {
            if self.may_measure_all(tick, live, now_us) {
                return self.measure_all(tick, live, samples, now_us);
            }
            self.counts.postponed += 1;
            self.unchecked_kb = self.unchecked_kb.max(estimate_kb);
        }
        self.measure_single(tick, live, samples, now_us);
        false
    }

    fn may_measure_all(&mut self, tick: &Modelled<'_>, live: &[Live], now_us: u64) -> bool {
        let Mode::Budget(budget) = &mut self.mode else { return false };
        budget.refill(now_us);
        let price_us = full_price_us(budget, tick, live);
        let rested = tick.owners.iter().all(|&owner| live[owner].mark.has_rested(tick.tick, now_us));
        let spaced = self.last_full_tick.is_none_or(|last| tick.tick - last >= REST_TICKS);
        spaced && rested && price_us <= FULL_PASS_US && budget.affords(price_us, 0)
    }

    fn measure_all(&mut self, tick: &Modelled<'_>, live: &mut [Live], samples: &mut [Sample], now_us: u64) -> bool {
        self.last_full_tick = Some(tick.tick);
        let mut complete = true;
        for row in 0..tick.rows.len() {
            complete &= self.measure_one(row, tick, live, samples, now_us);
        }
        complete
    }

    /// The dearest reason first; one walk of a large process a tick at most, so that ticks stay short.
    fn measure_single(&mut self, tick: &Modelled<'_>, live: &mut [Live], samples: &mut [Sample], now_us: u64) {
        let Self { mode: Mode::Budget(budget), executables, counts, .. } = self else { return };
        budget.refill(now_us);
        // Misjudged processes may use what there is; everything else leaves enough to confirm a peak.
        let reserve_us = full_price_us(budget, tick, live).min(FULL_PASS_US);
        let mut left_us = MISJUDGED_PASS_US.max(budget.predict_us(LARGE_SHARED_KB));
        let mut chosen = Vec::new();
        for (index, (row, &owner)) in tick.rows.iter().zip(tick.owners).enumerate() {
            let live = &live[owner];
            let executable = &mut executables[row.executable as usize];
            let misjudged = live.mark.is_misjudged(row, executable);
            let new = live.seen_ticks >= 2 && !executable.measured && !std::mem::replace(&mut executable.asked, true);
            // A family that has grown or shrunk shares its pages otherwise: what was measured says nothing any more.
            let regrouped = misjudged && live.mark.last.is_some_and(|last| last.population != executable.population);
            if !(misjudged || new) || live.mark.denied || !(regrouped || live.mark.has_rested(tick.tick, now_us)) {
                continue;
            }
            let price_us = budget.predict_us(row.rss_kb);
            if (price_us > left_us && !chosen.is_empty()) || !budget.affords(price_us, if misjudged { 0 } else { reserve_us }) {
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

    /// Whether the process is done with: measured, or known to be out of reach.
    fn measure_one(&mut self, row: usize, tick: &Modelled<'_>, live: &mut [Live], samples: &mut [Sample], now_us: u64) -> bool {
        let live = &mut live[tick.owners[row]];
        if live.mark.denied {
            return true;
        }
        let cpu_us = clock::thread_cpu_us();
        let read = live.process.rollup();
        let cpu_us = clock::thread_cpu_us() - cpu_us;
        self.counts.rollups += 1;
        self.counts.cpu_us += cpu_us;
        let Row { executable, rss_kb, shared_kb } = tick.rows[row];
        if let Mode::Budget(budget) = &mut self.mode {
            budget.spend(rss_kb, cpu_us);
        }
        match read {
            Ok(Rollup { pss_kb, uss_kb, .. }) => {
                samples[row].pss_kb = Some(pss_kb);
                samples[row].uss_kb = Some(uss_kb);
                let modelled_kb = tick.pss_kb[row];
                let executable = &mut self.executables[executable as usize];
                executable.measured = true;
                if executable.population > 1 && pss_kb.abs_diff(modelled_kb) < CHANGE_KB.max(modelled_kb / 20) {
                    executable.sound_kb = executable.sound_kb.max(shared_kb + shared_kb / 4);
                }
                live.mark.last = Some(Measured {
                    tick: tick.tick,
                    rested_at_us: now_us + REST_FACTOR * cpu_us,
                    rss_kb,
                    shared_kb,
                    population: executable.population,
                });
                true
            }
            Err(ReadError::Denied) => {
                live.mark.denied = true;
                self.counts.denied += 1;
                true
            }
            // It has just ended, or no descriptor was left: its row stands without a measured value.
            Err(_) => false,
        }
    }

    /// A pass over everything that could be measured; a peak is confirmed only if nothing had to be left to the model.
    fn note_full(&mut self, tick: u32, estimate_kb: u64, total_kb: u64, samples: &[Sample]) {
        if estimate_kb >= self.unchecked_kb {
            self.unchecked_kb = 0;
        }
        if total_kb <= self.checked_kb {
            return;
        }
        self.checked_kb = total_kb;
        let measured = samples.iter().all(|sample| sample.pss_kb.is_some());
        self.confirmed = measured.then_some(ConfirmedPeak { tick, pss_kb: total_kb });
    }

    /// Measured where it was in this tick, else the model corrected by what was measured before.
    fn estimate(&mut self, tick: &Modelled<'_>, live: &mut [Live], samples: &[Sample]) -> u64 {
        let Self { corrector, measured_kb, remarks, corrected_kb, .. } = self;
        measured_kb.clear();
        measured_kb.extend(samples.iter().map(|sample| sample.pss_kb));
        remarks.clear();
        remarks.extend(tick.owners.iter().map(|&owner| live[owner].mark.remark));
        corrected_kb.clear();
        corrected_kb.extend_from_slice(tick.pss_kb);
        corrector.correct(tick.rows, measured_kb, remarks, corrected_kb);
        for (&owner, remark) in tick.owners.iter().zip(remarks) {
            live[owner].mark.remark = *remark;
        }
        corrected_kb.iter().copied().fold(0, u64::saturating_add)
    }

    fn count_population(&mut self, rows: &[Row]) {
        for executable in &mut self.executables {
            executable.population = 0;
            executable.asked = false;
        }
        for row in rows {
            let index = row.executable as usize;
            if index >= self.executables.len() {
                self.executables.resize(index + 1, Executable::default());
            }
            self.executables[index].population += 1;
        }
    }
}

impl Mark {
    pub(crate) fn new(forked: bool) -> Self {
        Self { forked, denied: false, last: None, remark: Remark::default() }
    }

    /// A child was seen that never exec'ed: pages of this process are in both.
    pub(crate) fn shares_with_a_child(&mut self) {
        self.forked = true;
    }

    pub(crate) fn is_forked(&self) -> bool {
        self.forked
    }

    fn has_rested(&self, tick: u32, now_us: u64) -> bool {
        self.last.is_none_or(|last| tick - last.tick >= REST_TICKS && now_us >= last.rested_at_us)
    }

    /// Whether the model is known to err here and no measurement says yet by how much.
    fn is_misjudged(&self, row: &Row, executable: &Executable) -> bool {
        // Alone, a process is right to be given all its files. Several may map the same files or different ones: that is seen by measuring.
        let unlike = executable.population > 1 && row.shared_kb >= LARGE_SHARED_KB && row.shared_kb > executable.sound_kb;
        let changed = |last: Measured| {
            let grew = |now_kb: u64, then_kb: u64| now_kb.abs_diff(then_kb) >= CHANGE_KB.max(then_kb / 10);
            last.population != executable.population
                || grew(row.shared_kb, last.shared_kb)
                || (self.forked && grew(row.rss_kb, last.rss_kb))
        };
        (self.forked || unlike) && self.last.is_none_or(changed)
    }

    fn is_stale(&self, tick: u32) -> bool {
        !self.denied && self.last.is_none_or(|last| tick - last.tick >= STALE_TICKS)
    }
}

fn full_price_us(budget: &Budget, tick: &Modelled<'_>, live: &[Live]) -> u64 {
    let measurable = tick.owners.iter().zip(tick.rows).filter(|&(&owner, _)| !live[owner].mark.denied);
    measurable.map(|(_, row)| budget.predict_us(row.rss_kb)).sum()
}

fn exceeds(kb: u64, than_kb: u64) -> bool {
    kb > than_kb.saturating_add(than_kb / 100 * RISE_PERCENT)
}

#[cfg(test)]
mod tests;
