//! What measurements say about the memory model.

mod member;
mod whole;

use std::collections::HashMap;

use crate::model::Row;
use member::{Known, Member};
use whole::{Group, Pools, Wholes};

/// What a measurement said about an image's private memory, for its other ticks.
///
/// The model takes `resident - shared` for private. Of forks that share anonymous pages copy-on-write that is too much, and only of them: a
/// measured PSS below it shows by how much, and that stays until somebody writes. What the model shares out among processes that map the same
/// files or memory is right in sum though not for each, so nothing of it is corrected by single measurements: [`Corrector`] does, by those of a
/// whole group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Correction {
    /// Measured less private, KiB, at most 0: what is stored.
    pub(crate) excess_kb: i64,
}

impl Correction {
    /// A measurement, and what `statm` said at the same tick.
    pub fn new(measured_kb: u64, rss_kb: u64, shared_kb: u64) -> Self {
        let private_kb = rss_kb.saturating_sub(shared_kb);
        Self { excess_kb: measured_kb.cast_signed().saturating_sub(private_kb.cast_signed()).min(0) }
    }

    /// The model's value of another tick, corrected; never above the resident size.
    pub fn apply(self, modelled_kb: u64, rss_kb: u64) -> u64 {
        modelled_kb.saturating_add_signed(self.excess_kb).min(rss_kb)
    }
}

/// What the kernel counted page by page, KiB.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Measured {
    /// Each page divided by the number of processes that map it.
    pub pss_kb: u64,
    /// Pages that no other process maps.
    pub uss_kb: u64,
}

/// What is known of an image.
#[derive(Debug, Default)]
pub struct Remark {
    correction: Option<Correction>,
    wholes: Wholes,
    /// Most images are never measured.
    known: Option<Box<Known>>,
}

impl Remark {
    /// Tells of a measurement to come, the latest first: before an image is first measured it has what that said. `relatives` counts the live
    /// processes of its family then, itself included.
    pub fn foresee(&mut self, row: &Row, measured: Measured, relatives: impl FnOnce() -> usize) {
        self.known.get_or_insert_default().foresee(|| Member::new(row, measured, relatives));
    }
}

impl From<Option<Correction>> for Remark {
    fn from(correction: Option<Correction>) -> Self {
        Self { correction, ..Self::default() }
    }
}

/// What is known of the images of one tick, wherever that is kept; each by its index in the tick.
pub trait Remarks {
    /// Of any image; of one that was never measured the default.
    fn get(&self, index: usize) -> &Remark;

    /// Of an image that is measured.
    fn measured(&mut self, index: usize) -> &mut Remark;

    /// Those that have forked from each other without an exec, so that they may share anonymous pages: the first one's `process_id`.
    fn family(&self, index: usize) -> u32;
}

/// How many live processes the families of one tick have.
#[derive(Debug, Default)]
pub struct Relatives {
    /// Counted when first asked: most ticks have no forks that were measured.
    of: HashMap<u32, usize>,
}

impl Relatives {
    /// `of_tick` has the family of each process of the tick.
    pub fn of(&mut self, family: u32, of_tick: impl Iterator<Item = u32>) -> usize {
        if self.of.is_empty() {
            of_tick.for_each(|family| *self.of.entry(family).or_default() += 1);
        }
        self.of.get(&family).copied().unwrap_or_default()
    }

    fn clear(&mut self) {
        self.of.clear();
    }
}

/// Corrects the model's values tick by tick, for the sampler's live totals and for the analysis, which knows what comes next, too.
///
/// Where all processes of an executable were measured in one tick, their sum is exact, whatever they map, and it gives limits to their sum in other
/// ticks (`correction/whole.rs`); the model's sum, with the pages that forks share counted once, is taken as far as it lies within. While the
/// processes and their shared sizes are the same, both limits are one value. That holds of the last such measurement, and of the next one where the
/// caller [foresees](Corrector::foresee) it. An image that is in neither has its own [`Correction`].
#[derive(Debug, Default)]
pub struct Corrector {
    /// Index: executable.
    groups: Vec<Group>,
    calls: u32,
    wholes: u32,
    /// Executables of the tick.
    present: Vec<u32>,
    /// Of the tick: what each process has at least.
    lows_kb: Vec<u64>,
    relatives: Relatives,
    pools: Pools,
}

impl Corrector {
    /// Tells that in `tick` all processes of an executable are measured, before it comes; it stands for the next one such. Then tell
    /// [each process](Self::foresee_process) of it.
    pub fn foresee(&mut self, executable: u32, tick: u32) {
        self.wholes += 1;
        let number = self.wholes;
        self.group(executable).next.begin(number, tick);
    }

    /// A process of the last [foreseen](Self::foresee) tick of its executable.
    pub fn foresee_process(&mut self, row: &Row, measured: Measured, family: u32, remark: &mut Remark) {
        let next = &mut self.group(row.executable).next;
        remark.wholes.next = next.number;
        let member = Member::new(row, measured, || 1);
        next.admit(&member, family);
        remark.known.get_or_insert_default().next = member;
    }

    /// Puts what was measured in the place of the model's `pss_kb`, and corrects the others by what was. Entry n of each slice is of the same process.
    /// Ticks come in their order; one may come again with more of it measured.
    ///
    /// # Panics
    /// When the slices are not equally long.
    pub fn correct(&mut self, tick: u32, rows: &[Row], measured: &[Option<Measured>], mut remarks: impl Remarks, pss_kb: &mut [u64]) {
        assert_eq!([measured.len(), pss_kb.len()], [rows.len(); 2], "one entry for each process");
        self.count(tick, rows, measured, &remarks);
        let mut is_limited = false;
        for executable in &self.present {
            let group = &mut self.groups[*executable as usize];
            if group.is_whole() {
                self.wholes += 1;
                group.last.begin(self.wholes, tick);
            } else {
                group.choose(tick);
                is_limited |= group.is_limited();
            }
        }
        self.lows_kb.clear();
        self.relatives.clear();
        for (index, row) in rows.iter().enumerate() {
            let group = &mut self.groups[row.executable as usize];
            let kb = &mut pss_kb[index];
            if let Some(measured) = measured[index] {
                let family = remarks.family(index);
                // Of a whole group nothing else is asked than the sum.
                let relatives =
                    || if group.is_whole() { 1 } else { self.relatives.of(family, (0..rows.len()).map(|other| remarks.family(other))) };
                let member = Member::new(row, measured, relatives);
                let remark = remarks.measured(index);
                remark.correction = Some(Correction::new(measured.pss_kb, row.rss_kb, row.shared_kb));
                let known = remark.known.get_or_insert_default();
                group.learn(member, family, &mut remark.wholes, known);
                if !group.is_whole() && known.inherited_kb() > 0 {
                    self.pools.note(family, known.inherited_kb());
                }
                *kb = measured.pss_kb;
            }
            let remark = remarks.get(index);
            let known = remark.known.as_deref();
            let member = known.and_then(|known| Some((group.member(remark.wholes, known)?, known)));
            if let (None, None, Some(correction)) = (measured[index], member, remark.correction) {
                *kb = correction.apply(*kb, row.rss_kb);
            }
            if group.is_limited() {
                let low_kb = match member {
                    Some((member, known)) => group.add_member(row, member, known, *kb),
                    None => group.add_other(row, known, remarks.family(index), &mut self.pools, *kb),
                };
                group.divide(row, measured[index].map(|_| *kb), low_kb);
                self.lows_kb.push(low_kb);
            } else if is_limited {
                self.lows_kb.push(0);
            }
        }
        if is_limited {
            self.limit(rows, measured, pss_kb);
        }
    }

    fn group(&mut self, executable: u32) -> &mut Group {
        let index = executable as usize;
        if index >= self.groups.len() {
            self.groups.resize(index + 1, Group::default());
        }
        &mut self.groups[index]
    }

    fn count(&mut self, tick: u32, rows: &[Row], measured: &[Option<Measured>], remarks: &impl Remarks) {
        self.calls = self.calls.wrapping_add(1);
        self.present.clear();
        self.pools.clear();
        let call = self.calls;
        for (index, (row, measured)) in rows.iter().zip(measured).enumerate() {
            let group = self.group(row.executable);
            let is_first = group.begin_tick(call, tick);
            let remark = remarks.get(index);
            let known = remark.known.as_deref();
            group.count(measured.is_some(), remark.wholes, known);
            if let Some(inherited_kb @ 1..) = known.map(Known::inherited_kb) {
                self.pools.note(remarks.family(index), inherited_kb);
            }
            if is_first {
                self.present.push(row.executable);
            }
        }
    }

    fn limit(&mut self, rows: &[Row], measured: &[Option<Measured>], pss_kb: &mut [u64]) {
        for executable in &self.present {
            self.groups[*executable as usize].settle();
        }
        for (index, row) in rows.iter().enumerate() {
            let group = &mut self.groups[row.executable as usize];
            if group.is_limited() && measured[index].is_none() {
                pss_kb[index] = group.serve(row, self.lows_kb[index]).min(row.rss_kb);
            }
        }
    }
}

#[cfg(test)]
mod tests;
