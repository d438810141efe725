//! When memory runs out the kernel should not find us first: with mymonitor goes the measurement, with the launcher the status.

use std::sync::{Mutex, MutexGuard, PoisonError};

const FILE: &str = "/proc/self/oom_score_adj";

/// The lowest that the kernel permits of these. -500: as if half of the machine's memory less were used, which is more than mymonitor has; it needs
/// `CAP_SYS_RESOURCE`. 0: what anybody may go back to whose caller had raised it himself. -1000 would forbid to kill us at all.
const SPARED: [i32; 2] = [-500, 0];

/// Recordings may overlap in one process: the last one puts back what the first one found.
struct Holders {
    count: u32,
    values: Values,
}

#[derive(Clone, Copy)]
struct Values {
    before: i32,
    applied: i32,
}

static HOLDERS: Mutex<Holders> = Mutex::new(Holders { count: 0, values: Values { before: 0, applied: 0 } });

/// As long as it lives, this process and what it starts are spared.
pub(crate) struct Spared(Values);

impl Spared {
    /// `None`: not permitted, or the caller has spared this process as much already.
    pub(crate) fn take() -> Option<Self> {
        let mut holders = lock();
        if holders.count == 0 {
            let before = std::fs::read_to_string(FILE).ok()?.trim().parse().ok()?;
            let applied = SPARED.into_iter().filter(|&value| value < before).find(|&value| set(value))?;
            holders.values = Values { before, applied };
        }
        holders.count += 1;
        Some(Self(holders.values))
    }

    /// What the build gets back.
    pub(crate) fn before(&self) -> i32 {
        self.0.before
    }

    /// What this process has.
    pub(crate) fn applied(&self) -> i32 {
        self.0.applied
    }
}

impl Drop for Spared {
    fn drop(&mut self) {
        let mut holders = lock();
        holders.count -= 1;
        if holders.count == 0 {
            set(holders.values.before);
        }
    }
}

fn set(value: i32) -> bool {
    std::fs::write(FILE, value.to_string()).is_ok()
}

fn lock() -> MutexGuard<'static, Holders> {
    HOLDERS.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_of_two_recordings_puts_back_what_the_first_one_found() {
        let now = || std::fs::read_to_string(FILE).unwrap().trim().parse::<i32>().unwrap();
        // Raising is always permitted, and mostly going back too.
        assert!(set(now().max(300)));
        let before = now();
        let Some(first) = Spared::take() else { return assert_eq!(now(), before) };
        let second = Spared::take().unwrap();
        assert_eq!((first.before(), second.before(), now()), (before, before, first.applied()));
        assert!(first.applied() < before);
        drop(first);
        assert_eq!(now(), second.applied());
        drop(second);
        assert_eq!(now(), before);
    }
}
