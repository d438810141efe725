//! Measured PSS: `smaps_rollup` where it pays.
//!
//! The model costs nothing and is right within a per cent for most processes. A rollup walks every page, so it is bought only
//! 1. for all processes of a tick whose total exceeds the last one that was measured in full by 3 %: the peak, confirmed. While a build only grows, each
//!    such peak is soon none: as long as the model proves right, that is done more and more rarely, but where it is cheap, or the total has grown by
//!    a fifth or stays as it is;
//! 2. where the model is known to misjudge: forks without exec, a large shared part (linkers with different inputs). What they share is known once
//!    all processes of the executable were measured in one tick, so these are, if that can be paid; until then the newcomers;
//! 3. once for each executable;
//! 4. slowly in the background, largest first.
//!
//! 1 and 2 wait until what is to be measured stands still, a few ticks at most: a measurement of what still grows has to be made again.
//! Everything is paid from one budget of CPU time; what does not fit is postponed and counted. No process is walked more than a fiftieth of its
//! time, because a walk holds up its mmap and munmap.

mod budget;
mod choice;
mod mark;
mod stillness;

use mymonitor_proc::{ReadError, Rollup};
use mymonitor_recording::model::Row;
use mymonitor_recording::{Corrector, Measured, Remark, Remarks};
use mymonitor_wire::Sample;

use crate::clock;
use crate::options::PssMode;
use crate::outcome::{ConfirmedPeak, ModelCheck};
use crate::tracker::Live;
use budget::Budget;
use choice::Plan;
pub(crate) use mark::Mark;
use mark::Walk;
use stillness::{Plateau, Stillness};

/// A total this much above the last one measured in full is a new peak, in per cent.
const RISE_PERCENT: u64 = 3;
/// Ticks between two measurements of one process, and of all.
const REST_TICKS: u32 = 4;
/// The longest that a new peak waits because the last one was measured a short while ago and the model was right there.
const LONG_REST_US: u64 = 3_200_000;
/// Nor does it wait where the time since then is this multiple of what measuring all costs: a fifth of a per cent.
const CHEAP_FACTOR: u64 = 500;
/// A total that has kept its size for so long may be the peak.
const PLATEAU_US: u64 = 200_000;
/// Wall time that a process is left alone after a walk, as a multiple of the walk.
const REST_FACTOR: u64 = 50;
/// A full measurement that takes longer would hold up the next ticks too much.
const FULL_PASS_US: u64 = 100_000;
/// Ticks between two looks in the background, and the age from which a measurement is looked at again.
const BACKGROUND_TICKS: u32 = 40;
const STALE_TICKS: u32 = 200;
/// Ticks after which pages that forks share may have been written.
const WRITTEN_TICKS: u32 = 30;
/// A shared part from which files of its own are likely.
const LARGE_SHARED_KB: u64 = 16 * 1024;
/// Processes that the model misjudges are walked together, for so long at most in one tick.
const MISJUDGED_PASS_US: u64 = 20_000;
/// Smaller changes are not worth a walk.
const CHANGE_KB: u64 = 2 * 1024;

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
    /// A measurement replaces the sizes that were read before it.
    pub(crate) rows: &'a mut [Row],
    pub(crate) pss_kb: &'a [u64],
    /// Index into the live processes.
    pub(crate) owners: &'a [usize],
}

struct Owned<'a> {
    live: &'a mut [Live],
    owners: &'a [usize],
}

impl Remarks for Owned<'_> {
    fn get(&self, index: usize) -> &Remark {
        &self.live[self.owners[index]].mark.remark
    }

    fn measured(&mut self, index: usize) -> &mut Remark {
        &mut self.live[self.owners[index]].mark.remark
    }

    fn family(&self, index: usize) -> u32 {
        self.live[self.owners[index]].family
    }
}

impl Modelled<'_> {
    fn modelled_kb(&self) -> u64 {
        self.pss_kb.iter().copied().fold(0, u64::saturating_add)
    }
}

pub(crate) struct Meter {
    mode: Mode,
    executables: Vec<Executable>,
    /// Of all processes together.
    stillness: Stillness,
    plateau: Plateau,
    corrector: Corrector,
    /// Of the tick.
    measured: Vec<Option<Measured>>,
    corrected_kb: Vec<u64>,
    last_full_tick: Option<u32>,
    /// Measurements of all that were completed.
    fulls: u32,
    /// How many ticks after the last a new peak is worth another.
    rest_ticks: u32,
    interval_us: u64,
    /// Total of the last full measurement that was a new peak, with what may not be measured taken from the model.
    checked_kb: u64,
    /// Largest estimate above that which could not be checked, and the model's largest of such ticks.
    unchecked_kb: u64,
    unchecked_model_kb: u64,
    confirmed: Option<ConfirmedPeak>,
    pub(crate) last_check: Option<ModelCheck>,
    pub(crate) counts: PssCounts,
}

/// What is known of an executable.
#[derive(Debug, Clone, Copy, Default)]
struct Executable {
    /// Its processes in this tick, their resident sizes, and what it costs to measure all of them.
    population: u32,
    rss_kb: u64,
    price_us: u64,
    stillness: Stillness,
    /// The model misjudges processes of it.
    misjudged: bool,
    plan: Plan,
    measured: bool,
    /// The number of the last completed measurement of all that it was in.
    full: u32,
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
    pub(crate) fn new(mode: PssMode, interval_us: u64) -> Self {
        Self {
            mode: match mode {
                PssMode::Off => Mode::Off,
                PssMode::Budget { percent } => Mode::Budget(Budget::new(percent, interval_us)),
                PssMode::Full => Mode::Full,
            },
            executables: Vec::new(),
            stillness: Stillness::default(),
            plateau: Plateau::default(),
            corrector: Corrector::default(),
            measured: Vec::new(),
            corrected_kb: Vec::new(),
            last_full_tick: None,
            fulls: 0,
            rest_ticks: REST_TICKS,
            interval_us: interval_us.max(1),
            checked_kb: 0,
            unchecked_kb: 0,
            unchecked_model_kb: 0,
            confirmed: None,
            last_check: None,
            counts: PssCounts::default(),
        }
    }

    /// The tick whose full measurement is the peak, unless some tick that was not measured may have been higher.
    pub(crate) fn confirmed_peak(&self) -> Option<ConfirmedPeak> {
        self.confirmed.filter(|_| !exceeds(self.unchecked_kb, self.checked_kb))
    }

    /// Measures what pays in this tick into `samples`, and returns the best estimate of the total.
    pub(crate) fn measure(&mut self, tick: &mut Modelled<'_>, live: &mut [Live], samples: &mut [Sample]) -> u64 {
        if matches!(self.mode, Mode::Off) {
            return tick.modelled_kb();
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
            // What was estimated too high before newcomers were measured is no higher a tick by the model, which knows of no measurement.
            if estimate_kb >= self.unchecked_kb || tick.modelled_kb() + CHANGE_KB >= self.unchecked_model_kb {
                (self.unchecked_kb, self.unchecked_model_kb) = (0, 0);
            }
            self.note_full(tick.tick, estimate_kb, corrected_kb, samples);
        }
        corrected_kb
    }

    /// Whether every process of the tick was measured that may be.
    fn spend(&mut self, tick: &mut Modelled<'_>, live: &mut [Live], samples: &mut [Sample], estimate_kb: u64) -> bool {
        let now_us = clock::monotonic_us();
        if matches!(self.mode, Mode::Full) {
            return self.measure_all(tick, live, samples, now_us);
        }
        if let Mode::Budget(budget) = &mut self.mode {
            budget.earn();
        }
        if tick.in_build && exceeds(estimate_kb, self.checked_kb) {
            let mut is_tried = false;
            if self.stillness.is_reached() && self.is_worthwhile(tick, live, estimate_kb) {
                is_tried = self.may_measure_all(tick, live, now_us);
                if is_tried && self.measure_all(tick, live, samples, now_us) {
                    return true;
                }
                self.counts.postponed += u64::from(!is_tried);
            }
            self.unchecked_kb = self.unchecked_kb.max(estimate_kb);
            self.unchecked_model_kb = self.unchecked_model_kb.max(tick.modelled_kb());
            if is_tried {
                // A process has ended under it.
                self.rest_ticks = REST_TICKS;
                return false;
            }
        }
        self.measure_some(tick, live, samples, now_us);
        false
    }

    /// Whether a new peak is likely to stay one, or the model may have come to err.
    fn is_worthwhile(&self, tick: &Modelled<'_>, live: &[Live], estimate_kb: u64) -> bool {
        let (Mode::Budget(budget), Some(last)) = (&self.mode, self.last_full_tick) else { return true };
        let since_us = u64::from(tick.tick - last) * self.interval_us;
        tick.tick - last >= self.rest_ticks
            || since_us >= CHEAP_FACTOR * full_price_us(budget, tick, live)
            || estimate_kb > self.checked_kb.saturating_add(self.checked_kb / 5)
            || self.plateau.ticks() >= self.ticks_of(PLATEAU_US)
    }

    /// So much time, and some ticks at least.
    fn ticks_of(&self, us: u64) -> u32 {
        u32::try_from(us / self.interval_us).unwrap_or(u32::MAX).max(REST_TICKS)
    }

    fn may_measure_all(&mut self, tick: &Modelled<'_>, live: &[Live], now_us: u64) -> bool {
        let Mode::Budget(budget) = &mut self.mode else { return false };
        let price_us = full_price_us(budget, tick, live);
        let rested = tick.owners.iter().all(|&owner| live[owner].mark.has_rested(tick.tick, now_us));
        let spaced = self.last_full_tick.is_none_or(|last| tick.tick - last >= REST_TICKS);
        spaced && rested && price_us <= FULL_PASS_US && budget.affords(price_us, 0)
    }

    fn measure_all(&mut self, tick: &mut Modelled<'_>, live: &mut [Live], samples: &mut [Sample], now_us: u64) -> bool {
        self.last_full_tick = Some(tick.tick);
        let mut complete = true;
        for row in 0..tick.rows.len() {
            complete &= self.measure_one(row, tick, live, samples, now_us);
        }
        complete
    }

    /// Whether the process is done with: measured, or known to be out of reach.
    fn measure_one(&mut self, row: usize, tick: &mut Modelled<'_>, live: &mut [Live], samples: &mut [Sample], now_us: u64) -> bool {
        let live = &mut live[tick.owners[row]];
        if live.mark.denied {
            return true;
        }
        let cpu_us = clock::thread_cpu_us();
        let read = live.process.rollup();
        let cpu_us = clock::thread_cpu_us() - cpu_us;
        self.counts.rollups += 1;
        self.counts.cpu_us += cpu_us;
        if let Mode::Budget(budget) = &mut self.mode {
            budget.spend(tick.rows[row].rss_kb, cpu_us);
        }
        match read {
            Ok(Rollup { rss_kb, shared_kb, pss_kb, uss_kb }) => {
                // Of one instant with what was measured; a process that grows has grown since its statm was read.
                let Row { executable, .. } = tick.rows[row];
                tick.rows[row] = Row { executable, rss_kb, shared_kb };
                let sample = &mut samples[row];
                *sample = Sample { process_id: sample.process_id, rss_kb, shared_kb, pss_kb: Some(pss_kb), uss_kb: Some(uss_kb) };
                let modelled_kb = tick.pss_kb[row];
                let executable = &mut self.executables[executable as usize];
                executable.measured = true;
                if executable.population > 1 && pss_kb.abs_diff(modelled_kb) < CHANGE_KB.max(modelled_kb / 20) {
                    executable.sound_kb = executable.sound_kb.max(shared_kb + shared_kb / 4);
                }
                live.mark.has_forked_since = false;
                live.mark.last = Some(Walk {
                    tick: tick.tick,
                    rested_at_us: now_us + REST_FACTOR * cpu_us,
                    rss_kb,
                    shared_kb,
                    inherited_kb: rss_kb.saturating_sub(shared_kb).saturating_sub(uss_kb),
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
        // Of the total, and of what came since the last one: that alone is modelled.
        let (error_kb, new_kb) = (estimate_kb.abs_diff(total_kb), estimate_kb.saturating_sub(self.checked_kb));
        let is_right = error_kb <= total_kb / 100 && error_kb <= CHANGE_KB.max(new_kb / 10);
        // Small ones say nothing of large ones.
        let is_alike = total_kb / 2 <= self.checked_kb;
        self.rest_ticks = if is_right && is_alike { (self.rest_ticks * 2).min(self.ticks_of(LONG_REST_US)) } else { REST_TICKS };
        self.fulls += 1;
        for executable in self.executables.iter_mut().filter(|executable| executable.population > 0) {
            executable.full = self.fulls;
        }
        let measured = samples.iter().all(|sample| sample.pss_kb.is_some());
        if measured {
            self.last_check = Some(ModelCheck { tick, estimate_kb, measured_kb: total_kb });
        }
        if total_kb > self.checked_kb {
            self.checked_kb = total_kb;
            self.confirmed = measured.then_some(ConfirmedPeak { tick, pss_kb: total_kb });
        }
    }

    /// Measured where it was in this tick, else the model corrected by what was measured before.
    fn estimate(&mut self, tick: &Modelled<'_>, live: &mut [Live], samples: &[Sample]) -> u64 {
        let Self { corrector, measured, corrected_kb, .. } = self;
        measured.clear();
        measured.extend(samples.iter().map(|sample| Some(Measured { pss_kb: sample.pss_kb?, uss_kb: sample.uss_kb? })));
        corrected_kb.clear();
        corrected_kb.extend_from_slice(tick.pss_kb);
        corrector.correct(tick.tick, tick.rows, measured, Owned { live, owners: tick.owners }, corrected_kb);
        corrected_kb.iter().copied().fold(0, u64::saturating_add)
    }

    fn count_population(&mut self, rows: &[Row]) {
        for executable in &mut self.executables {
            *executable = Executable {
                stillness: executable.stillness,
                measured: executable.measured,
                full: executable.full,
                sound_kb: executable.sound_kb,
                ..Executable::default()
            };
        }
        let mut total_kb = 0;
        for row in rows {
            let index = row.executable as usize;
            if index >= self.executables.len() {
                self.executables.resize(index + 1, Executable::default());
            }
            self.executables[index].population += 1;
            self.executables[index].rss_kb += row.rss_kb;
            total_kb += row.rss_kb;
        }
        for executable in &mut self.executables {
            executable.stillness.note(executable.population, executable.rss_kb);
            // Of these nothing is known: linkers after compilers.
            if executable.full != self.fulls && executable.rss_kb > total_kb / 10 {
                self.rest_ticks = REST_TICKS;
            }
        }
        let population = u32::try_from(rows.len()).unwrap_or(u32::MAX);
        self.stillness.note(population, total_kb);
        self.plateau.note(population, total_kb);
    }
}

fn full_price_us(budget: &Budget, tick: &Modelled<'_>, live: &[Live]) -> u64 {
    let measurable = tick.owners.iter().zip(&*tick.rows).filter(|&(&owner, _)| !live[owner].mark.denied);
    measurable.map(|(_, row)| budget.predict_us(row.rss_kb)).sum()
}

fn exceeds(kb: u64, than_kb: u64) -> bool {
    kb > than_kb.saturating_add(than_kb / 100 * RISE_PERCENT)
}

#[cfg(test)]
mod tests;
