//! The processes of one executable, all measured in one tick, and what that says of other ticks.

use std::collections::HashMap;

use super::member::{Alone, Known, Limits, Member};
use crate::model::{Row, private, scale};

/// The numbers of the last and of the next tick in which an image was measured together with all others of its executable; 0: none.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Wholes {
    last: u32,
    pub(super) next: u32,
}

/// What the families of a tick share copy-on-write as far as members of theirs were measured alone, KiB.
#[derive(Debug, Default)]
pub(super) struct Pools {
    /// And whether it is in a sum already.
    of: HashMap<u32, (u64, bool)>,
}

impl Pools {
    pub(super) fn clear(&mut self) {
        self.of.clear();
    }

    pub(super) fn note(&mut self, family: u32, inherited_kb: u64) {
        let (kb, _) = self.of.entry(family).or_default();
        *kb = inherited_kb.max(*kb);
    }

    fn of(&self, family: u32) -> Option<u64> {
        self.of.get(&family).map(|&(kb, _)| kb)
    }

    fn take_once(&mut self, family: u32) -> u64 {
        let Some((kb, is_taken)) = self.of.get_mut(&family) else { return 0 };
        if std::mem::replace(is_taken, true) { 0 } else { *kb }
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
    /// The largest shared size of a member: what the model takes for the shared part.
    shared_kb: u64,
    /// Sum of what its members inherited.
    inherited_kb: u64,
    /// Of its members, and what each inherited; sorted when it is first asked.
    families: Vec<(u32, u64)>,
    is_sorted: bool,
}

impl Whole {
    pub(super) fn begin(&mut self, number: u32, tick: u32) {
        self.families.clear();
        *self = Self { number, tick, families: std::mem::take(&mut self.families), ..Self::default() };
    }

    pub(super) fn admit(&mut self, member: &Member, family: u32) {
        self.members += 1;
        self.common_kb = self.common_kb.saturating_add(member.common_kb());
        self.shared_kb = self.shared_kb.max(member.shared_kb);
        self.inherited_kb = self.inherited_kb.saturating_add(member.inherited_kb());
        self.families.push((family, member.inherited_kb()));
    }

    /// A member that was measured again. The largest shared size may be another member's, so that it does not shrink.
    fn replace(&mut self, old: &Member, new: &Member, family: u32) {
        self.common_kb = self.common_kb.saturating_sub(old.common_kb()).saturating_add(new.common_kb());
        self.inherited_kb = self.inherited_kb.saturating_sub(old.inherited_kb()).saturating_add(new.inherited_kb());
        self.shared_kb = self.shared_kb.max(new.shared_kb);
        if let Some(entry) = self.families.iter_mut().find(|entry| **entry == (family, old.inherited_kb())) {
            entry.1 = new.inherited_kb();
            self.is_sorted = false;
        }
    }

    /// What its forks share copy-on-write, each page once: the model has it for each of them.
    fn pool_kb(&self) -> u64 {
        self.common_kb.saturating_sub(self.shared_kb).min(self.inherited_kb)
    }

    fn has(&self, number: u32) -> bool {
        self.number != 0 && self.number == number
    }

    /// What its forks share, as far as a member is of it.
    fn inherited_kb(&mut self, family: u32) -> Option<u64> {
        if !std::mem::replace(&mut self.is_sorted, true) {
            self.families.sort_unstable();
        }
        let end = self.families.partition_point(|&(other, _)| other <= family);
        self.families[..end].last().filter(|&&(other, _)| other == family).map(|&(_, inherited_kb)| inherited_kb)
    }
}

/// Which measurement limits a sum.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum By {
    #[default]
    None,
    Last,
    Next,
    /// None of all, but processes that were measured alone share pages with forks of theirs.
    Alone,
}

/// The processes of one executable: the last and the next tick in which all of them were measured, and what these say of the tick at hand.
///
/// A process that is not there then leaves its own pages, its USS, out of the sum. What it had in common with others stays, unless nobody is left who
/// maps it: so the sum is at most what all had in common, and each present one's own. It is at least the PSS of those that are present, which only
/// grows when there are less to share. Pages that have come or gone since are a process's own if they are private, else its own or anybody's.
/// One that has come since adds what is its own; what its family shares copy-on-write is already in the sum if a member is of that family, else it
/// comes once for all of them.
///
/// Within these limits the sum is the model's, which takes inherited pages for private, so that it has them for each fork: each member's are taken
/// off, and what its forks share ([`Whole::pool_kb`]) comes once for all of them.
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
    inheriting: u32,
    by: By,
    /// Whether all its processes of the tick are in both measurements: the other one's limits hold, too.
    is_between: bool,
    others_low_kb: u64,
    others_high_kb: u64,
    /// The sum by the model, of members without what they inherited, and its limits, KiB.
    kb: u64,
    low_kb: u64,
    high_kb: u64,
    /// The largest private memory of one process: whoever else has it, it is there once at least.
    private_kb: u64,
    /// Of those that were not measured in this tick: the sum of their limits, how far below their resident sizes these are, and what is left for them.
    lows_kb: u64,
    room_kb: u64,
    left_kb: u64,
    /// Sum of what was measured in this tick, then of what was given, and the room that it was given for.
    given_kb: u64,
    served_kb: u64,
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

    pub(super) fn count(&mut self, is_measured: bool, Wholes { last, next }: Wholes, known: Option<&Known>) {
        self.rows += 1;
        self.inheriting += u32::from(known.is_some_and(|known| known.inherited_kb() > 0));
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
            self.is_between = self.in_last.min(self.in_next) == self.rows;
        } else if self.inheriting > 0 {
            self.by = By::Alone;
        }
    }

    pub(super) fn is_limited(&self) -> bool {
        self.by != By::None
    }

    /// Takes a measurement of this tick for later ones.
    pub(super) fn learn(&mut self, member: Member, family: u32, wholes: &mut Wholes, known: &mut Known) {
        if self.is_whole() {
            wholes.last = self.last.number;
            self.last.admit(&member, family);
            known.last = member;
            return;
        }
        known.alone = Some(Alone { member, is_to_come: false });
        if self.in_last == self.rows && self.last.members == self.rows {
            self.last.replace(&known.last, &member, family);
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

    /// Adds one that is in that measurement to the sums; what it has at least.
    pub(super) fn add_member(&mut self, row: &Row, member: &Member, known: &Known, kb: u64) -> u64 {
        if self.is_between {
            let other = if self.by == By::Last { &known.next } else { &known.last };
            let limits = other.among_members(row);
            self.others_low_kb = self.others_low_kb.saturating_add(limits.low_kb);
            self.others_high_kb = self.others_high_kb.saturating_add(limits.high_kb);
        }
        self.add(row, &member.among_members(row), kb.saturating_sub(member.inherited_kb().min(private(row))))
    }

    /// The same of one that is not.
    pub(super) fn add_other(&mut self, row: &Row, known: Option<&Known>, family: u32, pools: &mut Pools, kb: u64) -> u64 {
        let in_sum_kb = self.limiting().and_then(|whole| whole.inherited_kb(family));
        let inherited_kb = in_sum_kb.or_else(|| pools.of(family)).unwrap_or(0);
        let mut limits = match known.and_then(|known| known.alone) {
            Some(Alone { member, .. }) if member.inherited_kb() > 0 || (inherited_kb == 0 && self.by != By::Alone) => {
                member.beside_members(row)
            }
            // Not measured since it was forked, or has forked itself. Nothing tells how much it has written; that it shares what its relatives share
            // is the likeliest.
            _ => Limits { low_kb: 0, high_kb: kb.saturating_sub(inherited_kb.min(private(row))) },
        };
        if in_sum_kb.is_none() {
            limits.high_kb = limits.high_kb.saturating_add(pools.take_once(family));
        }
        self.add(row, &limits, kb)
    }

    fn limiting(&mut self) -> Option<&mut Whole> {
        match self.by {
            By::Last => Some(&mut self.last),
            By::Next => Some(&mut self.next),
            By::None | By::Alone => None,
        }
    }

    fn add(&mut self, row: &Row, limits: &Limits, kb: u64) -> u64 {
        self.kb = self.kb.saturating_add(kb);
        self.low_kb = self.low_kb.saturating_add(limits.low_kb);
        self.high_kb = self.high_kb.saturating_add(limits.high_kb);
        self.private_kb = self.private_kb.max(private(row));
        limits.low_kb.min(row.rss_kb)
    }

    /// One that was not measured has a part of what those that were leave of the sum.
    pub(super) fn divide(&mut self, row: &Row, measured_kb: Option<u64>, low_kb: u64) {
        if let Some(kb) = measured_kb {
            self.given_kb = self.given_kb.saturating_add(kb);
        } else {
            self.lows_kb = self.lows_kb.saturating_add(low_kb);
            self.room_kb = self.room_kb.saturating_add(row.rss_kb.saturating_sub(low_kb));
        }
    }

    /// After all processes of the tick.
    pub(super) fn settle(&mut self) {
        let low_kb = self.low_kb.max(self.private_kb);
        let (common_kb, pool_kb) = self.limiting().map_or((0, 0), |whole| (whole.common_kb, whole.pool_kb()));
        let high_kb = self.high_kb.saturating_add(common_kb).max(low_kb);
        let (low_kb, high_kb) = self.narrow(low_kb, high_kb);
        self.left_kb = self.kb.saturating_add(pool_kb).clamp(low_kb, high_kb).saturating_sub(self.given_kb);
        self.given_kb = 0;
    }

    /// The other measurement's limits as far as they lie within these. Where the two contradict each other (they are not quite of one instant while
    /// processes grow, and no size tells of inherited pages that forks have written since), the end that is nearer to them.
    fn narrow(&self, low_kb: u64, high_kb: u64) -> (u64, u64) {
        if !self.is_between {
            return (low_kb, high_kb);
        }
        let common_kb = if self.by == By::Last { self.next.common_kb } else { self.last.common_kb };
        let others_high_kb = self.others_high_kb.saturating_add(common_kb).max(self.others_low_kb);
        (self.others_low_kb.clamp(low_kb, high_kb), others_high_kb.clamp(low_kb, high_kb))
    }

    /// The next process's part of what is left, without a remainder: what it has at least, and of the rest as much as it has room. Where less is left
    /// than all have at least, that is scaled down.
    pub(super) fn serve(&mut self, row: &Row, low_kb: u64) -> u64 {
        if self.left_kb == self.lows_kb {
            return low_kb;
        }
        let (own_kb, room_kb, rest_kb, rooms_kb) = match self.left_kb.checked_sub(self.lows_kb) {
            Some(rest_kb) => (low_kb, row.rss_kb.saturating_sub(low_kb), rest_kb, self.room_kb),
            None => (0, low_kb, self.left_kb, self.lows_kb),
        };
        self.served_kb = self.served_kb.saturating_add(room_kb);
        let due_kb = scale(self.served_kb, rest_kb, rooms_kb);
        let part_kb = due_kb - self.given_kb;
        self.given_kb = due_kb;
        own_kb.saturating_add(part_kb)
    }
}
