//! The processes of one executable, all measured in one tick, and what that says of other ticks.

use std::collections::HashMap;

use super::Measured;
use crate::model::{Row, private, scale};

/// The numbers of the last and of the next tick in which an image was measured together with all others of its executable; 0: none.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Wholes {
    last: u32,
    pub(super) next: u32,
}

/// What was measured of an image.
#[derive(Debug, Default)]
pub(super) struct Known {
    last: Member,
    pub(super) next: Member,
    /// While not all of its executable were.
    alone: Option<Alone>,
}

/// A measurement, and what `statm` said then, KiB.
#[derive(Debug, Clone, Copy, Default)]
#[expect(clippy::struct_field_names, reason = "the unit is part of every name")]
pub(super) struct Member {
    private_kb: u64,
    shared_kb: u64,
    pss_kb: u64,
    uss_kb: u64,
    /// Its part of what its family shares copy-on-write.
    share_kb: u64,
}

#[derive(Debug, Clone, Copy)]
struct Alone {
    member: Member,
    is_to_come: bool,
}

/// Limits of what a process adds to its group's sum, KiB.
struct Limits {
    low_kb: u64,
    high_kb: u64,
}

impl Known {
    /// Its measurement in a tick to come, the latest first: it stands for the ticks before the first one.
    pub(super) fn foresee(&mut self, member: impl FnOnce() -> Member) {
        if self.alone.is_none_or(|alone| alone.is_to_come) {
            self.alone = Some(Alone { member: member(), is_to_come: true });
        }
    }
}

impl Member {
    /// `relatives` counts the live processes of its family, itself included; asked only where they share something.
    pub(super) fn new(row: &Row, Measured { pss_kb, uss_kb }: Measured, relatives: impl FnOnce() -> usize) -> Self {
        let (private_kb, uss_kb) = (private(row), uss_kb.min(pss_kb));
        let mut member = Self { private_kb, shared_kb: row.shared_kb, pss_kb, uss_kb, share_kb: 0 };
        if member.inherited_kb() > 0 {
            member.share_kb = member.inherited_kb() / (relatives() as u64).max(1);
        }
        member
    }

    /// Private memory that is not its own: what forks share copy-on-write.
    fn inherited_kb(&self) -> u64 {
        self.private_kb.saturating_sub(self.uss_kb)
    }

    /// What others map, too.
    fn common_kb(&self) -> u64 {
        self.pss_kb - self.uss_kb
    }

    /// Among the members of its measurement, whose common pages are counted once for all of them. Private memory has changed by pages of its own;
    /// shared memory by such, or by pages that others of the group have anyway.
    fn among_members(&self, row: &Row) -> Limits {
        let (private_kb, shared_kb) = self.change(row);
        Limits {
            low_kb: self.pss_kb.saturating_add_signed(private_kb.saturating_add(shared_kb.min(0))).min(row.rss_kb),
            high_kb: self.uss_kb.saturating_add_signed(private_kb.saturating_add(shared_kb.max(0))),
        }
    }

    /// Beside the members of a measurement: what its family shares is not in here.
    fn beside_members(&self, row: &Row) -> Limits {
        let (private_kb, shared_kb) = self.change(row);
        let others_kb = self.common_kb().saturating_sub(self.share_kb).min(self.shared_kb);
        Limits {
            low_kb: self.uss_kb.saturating_add_signed(private_kb.saturating_add(shared_kb.min(0))).min(row.rss_kb),
            high_kb: (self.uss_kb + others_kb).saturating_add_signed(private_kb.saturating_add(shared_kb.max(0))).min(row.rss_kb),
        }
    }

    /// Of private and shared memory since.
    fn change(&self, row: &Row) -> (i64, i64) {
        let change = |now_kb: u64, then_kb: u64| now_kb.cast_signed().saturating_sub(then_kb.cast_signed());
        (change(private(row), self.private_kb), change(row.shared_kb, self.shared_kb))
    }
}

/// A tick in which all processes of an executable were measured; number 0: none.
#[derive(Debug, Clone, Default)]
pub(super) struct Whole {
    pub(super) number: u32,
    tick: u32,
    members: u32,
    /// Sum of what its members have in common, each page once.
    common_kb: u64,
    /// Of its members; sorted when it is first asked.
    families: Vec<u32>,
    is_sorted: bool,
}

impl Whole {
    pub(super) fn begin(&mut self, number: u32, tick: u32) {
        self.families.clear();
        *self = Self { number, tick, families: std::mem::take(&mut self.families), ..Self::default() };
    }

    pub(super) fn admit(&mut self, member: Member, family: u32) -> Member {
        self.members += 1;
        self.common_kb = self.common_kb.saturating_add(member.common_kb());
        self.families.push(family);
        member
    }

    fn has(&self, number: u32) -> bool {
        self.number != 0 && self.number == number
    }

    fn has_family(&mut self, family: u32) -> bool {
        if !std::mem::replace(&mut self.is_sorted, true) {
            self.families.sort_unstable();
        }
        self.families.binary_search(&family).is_ok()
    }
}

/// Which measurement limits a sum.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum By {
    #[default]
    None,
    Last,
    Next,
}

/// The processes of one executable: the last and the next tick in which all of them were measured, and what these say of the tick at hand.
///
/// A process that is not there then leaves its own pages, its USS, out of the sum. What it had in common with others stays, unless nobody is left who
/// maps it: so the sum is at most what all had in common, and each present one's own. It is at least the PSS of those that are present, which only
/// grows when there are less to share. Pages that have come or gone since are a process's own if they are private, else its own or anybody's.
/// One that has come since adds what is its own; what its family shares copy-on-write is already in the sum if a member is of that family, else it
/// comes once for all of them.
#[derive(Debug, Clone, Default)]
pub(super) struct Group {
    pub(super) last: Whole,
    pub(super) next: Whole,
    call: u32,
    /// Of the tick: its processes, those that were measured, those that are in the two measurements.
    rows: u32,
    measured: u32,
    in_last: u32,
    in_next: u32,
    by: By,
    /// The sum by the model, and its limits, KiB.
    kb: u64,
    low_kb: u64,
    high_kb: u64,
    /// What is left for those that were not measured; their weights; what of both was given.
    left_kb: u64,
    weight: u64,
    given_kb: u64,
    served: u64,
}

impl Group {
    /// Whether this is the tick's first process of it.
    pub(super) fn begin_tick(&mut self, call: u32, tick: u32) -> bool {
        if self.call == call {
            return false;
        }
        let (last, mut next) = (std::mem::take(&mut self.last), std::mem::take(&mut self.next));
        if next.tick <= tick {
            next.number = 0;
        }
        *self = Self { last, next, call, ..Self::default() };
        true
    }

    pub(super) fn count(&mut self, is_measured: bool, Wholes { last, next }: Wholes) {
        self.rows += 1;
        self.measured += u32::from(is_measured);
        self.in_last += u32::from(self.last.has(last));
        self.in_next += u32::from(self.next.has(next));
    }

    /// One process alone is no group: what it shares, it shares with other executables, whose processes come and go.
    pub(super) fn is_whole(&self) -> bool {
        self.rows > 1 && self.measured == self.rows
    }

    /// The measurement that knows more of the tick's processes, of two that know as many the nearer in time.
    pub(super) fn choose(&mut self, tick: u32) {
        let is_next = match self.in_next.cmp(&self.in_last) {
            std::cmp::Ordering::Equal => self.next.number != 0 && self.next.tick - tick < tick - self.last.tick,
            order => order.is_gt(),
        };
        if self.in_last.max(self.in_next) > 0 {
            self.by = if is_next { By::Next } else { By::Last };
        }
    }

    pub(super) fn is_limited(&self) -> bool {
        self.by != By::None
    }

    /// Takes a measurement of this tick for later ones.
    pub(super) fn learn(&mut self, member: Member, family: u32, wholes: &mut Wholes, known: &mut Known) {
        if self.is_whole() {
            wholes.last = self.last.number;
            known.last = self.last.admit(member, family);
            return;
        }
        known.alone = Some(Alone { member, is_to_come: false });
        if self.in_last == self.rows && self.last.members == self.rows {
            self.last.common_kb = self.last.common_kb.saturating_sub(known.last.common_kb()).saturating_add(member.common_kb());
            known.last = member;
        }
    }

    /// What the measurement that limits the sum says of an image.
    pub(super) fn member<'a>(&self, Wholes { last, next }: Wholes, known: &'a Known) -> Option<&'a Member> {
        match self.by {
            By::Last if self.last.has(last) => Some(&known.last),
            By::Next if self.next.has(next) => Some(&known.next),
            _ => None,
        }
    }

    /// Adds one that is in that measurement to the sums; its weight among those that were not measured in this tick.
    pub(super) fn add_member(&mut self, row: &Row, member: &Member, kb: u64) -> u64 {
        let limits = member.among_members(row);
        self.add(&limits, kb);
        limits.low_kb
    }

    /// The same of one that is not. `pools` holds what was added of each family in this tick.
    pub(super) fn add_other(&mut self, row: &Row, known: Option<&Known>, family: u32, pools: &mut HashMap<u32, u64>, kb: u64) -> u64 {
        let Some(Alone { member, .. }) = known.and_then(|known| known.alone) else {
            self.add(&Limits { low_kb: 0, high_kb: kb }, kb);
            return kb;
        };
        let mut limits = member.beside_members(row);
        if member.inherited_kb() > 0 && !self.limiting().has_family(family) {
            let pool_kb = pools.entry(family).or_default();
            let more_kb = member.inherited_kb().saturating_sub(*pool_kb);
            *pool_kb += more_kb;
            limits.high_kb = limits.high_kb.saturating_add(more_kb);
        }
        self.add(&limits, kb);
        kb
    }

    fn limiting(&mut self) -> &mut Whole {
        if self.by == By::Next { &mut self.next } else { &mut self.last }
    }

    fn add(&mut self, limits: &Limits, kb: u64) {
        self.kb = self.kb.saturating_add(kb);
        self.low_kb = self.low_kb.saturating_add(limits.low_kb);
        self.high_kb = self.high_kb.saturating_add(limits.high_kb);
    }

    /// One that was not measured has a part of what those that were leave of the sum.
    pub(super) fn divide(&mut self, measured_kb: Option<u64>, weight: u64) {
        match measured_kb {
            Some(kb) => self.given_kb = self.given_kb.saturating_add(kb),
            None => self.weight = self.weight.saturating_add(weight),
        }
    }

    /// After all processes of the tick.
    pub(super) fn settle(&mut self) {
        let high_kb = self.high_kb.saturating_add(self.limiting().common_kb).max(self.low_kb);
        self.left_kb = self.kb.clamp(self.low_kb, high_kb).saturating_sub(self.given_kb);
        self.given_kb = 0;
    }

    /// The next process's part of what is left, without a remainder.
    pub(super) fn serve(&mut self, weight: u64) -> u64 {
        if self.left_kb == self.weight {
            return weight;
        }
        self.served = self.served.saturating_add(weight);
        let due_kb = scale(self.served, self.left_kb, self.weight);
        let part_kb = due_kb - self.given_kb;
        self.given_kb = due_kb;
        part_kb
    }
}
