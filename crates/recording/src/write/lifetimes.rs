//! What the process connector adds: how processes ended, and those that nobody else told of.

use std::collections::HashMap;

use mymonitor_wire::{ImageStart, Lifetime};

use super::processes::{Row, SeenBy};
use super::ticks::signed;
use crate::read::End;

/// `comm` of a process of which nothing is known but that it was there.
const UNKNOWN: &[u8] = b"unknown";
/// Owner of a process whose owner is not known; no user has this number.
const NO_OWNER: u32 = u32::MAX;
/// The end of a process follows its exit record within moments; after a minute its event was lost.
const FORGOTTEN_AFTER_US: i64 = 60_000_000;
const MANY: usize = 1 << 15;

/// Processes that were written by their exit record alone, until their lifetime comes too.
#[derive(Debug, Default)]
pub(super) struct Recorded {
    /// When they called `exit_group`.
    at_us: HashMap<u32, i64>,
}

impl Recorded {
    pub(super) fn insert(&mut self, pid: u32, at_us: i64) {
        if self.at_us.len() >= MANY {
            self.at_us.retain(|_, &mut earlier_us| earlier_us > at_us - FORGOTTEN_AFTER_US);
        }
        self.at_us.insert(pid, at_us);
    }

    /// Whether the process of that lifetime was there; it is not any more.
    pub(super) fn take(&mut self, life: &Lifetime) -> bool {
        let lived = signed(life.start_us)..=life.end_us.map_or(i64::MAX, signed);
        let found = self.at_us.get(&life.pid).is_some_and(|at_us| lived.contains(at_us));
        if found {
            self.at_us.remove(&life.pid);
        }
        found
    }
}

/// How the image of a row ended, if the connector knows and nobody else does.
pub(super) fn settle(row: &mut Row, life: &Lifetime) {
    let (Some(status), Some(end_us), End::Lost | End::Alive) = (life.wait_status, life.end_us, row.end) else { return };
    (row.end, row.exit_code, row.signal) = ending(status);
    row.end_us = Some(signed(end_us));
}

/// How a wait status says that a process ended. Its low seven bits are the signal; the eighth says that it left a core.
fn ending(status: i32) -> (End, Option<u32>, Option<u32>) {
    let status = status.cast_unsigned();
    match status & 0x7f {
        0 => (End::Exited, Some(status >> 8 & 0xff), None),
        signal => (End::Signalled, None, Some(signal)),
    }
}

/// The row of a process that neither a tick nor an exit record told of. As long as it has not exec'ed it has its parent's name.
pub(super) fn known_by_lifetime(id: u32, life: &Lifetime, parent: Option<(u32, &ImageStart)>) -> Row {
    let (end, exit_code, signal) = match (life.wait_status, life.end_us) {
        (Some(status), _) => ending(status),
        (None, Some(_)) => (End::Lost, None, None),
        (None, None) => (End::Alive, None, None),
    };
    let start_us = signed(life.start_us);
    let forked = parent.filter(|(_, parent)| life.execs == 0 && parent.start_us <= start_us);
    Row {
        id,
        parent_id: parent.map(|(id, _)| id),
        exec_count: 0,
        start_us,
        end,
        end_us: life.end_us.map(signed),
        exit_code,
        signal,
        largest_kb: None,
        vm_hwm_kb: None,
        cpu_us: None,
        threads: None,
        samples: 0,
        correction: None,
        seen_by: SeenBy::Connector,
        start: ImageStart {
            pid: life.pid,
            ppid: life.ppid,
            uid: NO_OWNER,
            name: forked.map_or(UNKNOWN, |(_, parent)| &parent.name).to_vec(),
            ..ImageStart::default()
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_status_is_a_code_or_a_signal_with_or_without_a_core() {
        assert_eq!(ending(3 << 8), (End::Exited, Some(3), None));
        assert_eq!(ending(9), (End::Signalled, None, Some(9)));
        assert_eq!(ending(0x8b), (End::Signalled, None, Some(11)));
    }

    #[test]
    fn an_exit_record_is_of_the_life_that_it_lies_in_and_of_no_other_of_that_pid() {
        let mut recorded = Recorded::default();
        recorded.insert(7, 500);
        let life = |start_us, end_us| Lifetime { pid: 7, start_us, end_us: Some(end_us), ..Lifetime::default() };
        assert!(!recorded.take(&life(100, 499)));
        assert!(!recorded.take(&life(501, 600)));
        assert!(recorded.take(&life(100, 500)));
        assert!(!recorded.take(&life(100, 500)));
    }

    #[test]
    fn exit_records_whose_lifetimes_were_lost_do_not_stay_for_ever() {
        let mut recorded = Recorded::default();
        for pid in 0..1_000_000 {
            recorded.insert(pid, i64::from(pid) * 5_000);
        }
        assert!(recorded.at_us.len() <= MANY, "{}", recorded.at_us.len());
    }
}
