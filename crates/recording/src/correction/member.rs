//! One process when it was measured, and what that says of it in other ticks.

use super::Measured;
use crate::model::{Row, private};

/// What was measured of an image.
#[derive(Debug, Default)]
pub(super) struct Known {
    pub(super) last: Member,
    pub(super) next: Member,
    /// While not all of its executable were.
    pub(super) alone: Option<Alone>,
}

/// A measurement, and what `statm` said then, KiB.
#[derive(Debug, Clone, Copy, Default)]
#[expect(clippy::struct_field_names, reason = "the unit is part of every name")]
pub(super) struct Member {
    private_kb: u64,
    pub(super) shared_kb: u64,
    pss_kb: u64,
    uss_kb: u64,
    /// Its part of what its family shares copy-on-write.
    share_kb: u64,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Alone {
    pub(super) member: Member,
    pub(super) is_to_come: bool,
}

/// Limits of what a process adds to its group's sum, KiB.
pub(super) struct Limits {
    pub(super) low_kb: u64,
    pub(super) high_kb: u64,
}

impl Known {
    /// What it shared with forks when it was measured alone.
    pub(super) fn inherited_kb(&self) -> u64 {
        self.alone.map_or(0, |alone| alone.member.inherited_kb())
    }

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
    pub(super) fn inherited_kb(&self) -> u64 {
        self.private_kb.saturating_sub(self.uss_kb)
    }

    /// What others map, too.
    pub(super) fn common_kb(&self) -> u64 {
        self.pss_kb - self.uss_kb
    }

    /// Among the members of its measurement, whose common pages are counted once for all of them. Private memory has changed by pages of its own;
    /// shared memory by such, or by pages that others of the group have anyway.
    pub(super) fn among_members(&self, row: &Row) -> Limits {
        let (private_kb, shared_kb) = self.change(row);
        Limits {
            low_kb: self.pss_kb.saturating_add_signed(private_kb.saturating_add(shared_kb.min(0))).min(row.rss_kb),
            high_kb: self.uss_kb.saturating_add_signed(private_kb.saturating_add(shared_kb.max(0))),
        }
    }

    /// Beside the members of a measurement: what its family shares is not in here.
    pub(super) fn beside_members(&self, row: &Row) -> Limits {
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
