use std::collections::HashSet;

use mymonitor_proc::{Process, Statm};
use mymonitor_wire::{End, ImageEnd, ImageStart};

use crate::pss::Mark;

/// Where nobody tells of execs, a process is asked for its executable at every n-th tick; see [`Live::is_due`]. Stored in the recording's metadata.
pub(crate) const EXEC_CHECK_TICKS: u32 = 4;

/// In a crowd, the ticks within which every process is asked for children once.
pub(crate) const LAG_TICKS: u32 = 8;

/// Most processes exec within moments of their fork, so in the first ticks of each every sign of it is followed up.
const FIRST_TICKS: u32 = 4;

/// A process with kept descriptors.
pub(crate) struct Live {
    pub(crate) process: Process,
    pub(crate) process_id: u32,
    /// Key of the executable for the memory model.
    pub(crate) executable: u32,
    pub(crate) start: ImageStart,
    pub(crate) statm: Statm,
    pub(crate) seen_ticks: u32,
    pub(super) threads: u32,
    pub(super) has_forked: bool,
    /// Runs in its parent's memory (vfork): adds nothing to totals.
    pub(crate) shares_parent: bool,
    /// What its PSS is known to be.
    pub(crate) mark: Mark,
}

impl Live {
    /// Whether to look for another program: when it is told to have exec'ed, or at every n-th tick where nobody tells, and in the first ones if its
    /// address space has another size or its command line was empty, because an exec replaces both.
    pub(super) fn is_due(&self, tick: u32, statm: &Statm, execed: Option<&HashSet<u32>>) -> bool {
        let stirred = statm.size_kb != self.statm.size_kb || self.start.argv.is_empty();
        self.seen_ticks < FIRST_TICKS && stirred
            || self.shares_parent
            || match execed {
                Some(execed) => execed.contains(&self.process.pid()),
                None => (tick.wrapping_add(self.process_id)).is_multiple_of(EXEC_CHECK_TICKS),
            }
    }

    /// In a crowd: those that have forked do so again, and the new may be about to; the others are asked in turn.
    pub(super) fn may_have_children(&self, tick: u32) -> bool {
        self.has_forked || self.seen_ticks < 2 || tick.wrapping_add(self.process_id).is_multiple_of(LAG_TICKS)
    }

    /// Whether `exe` is another program than the one this image began with. A running file that is deleted or replaced only changes its name; a
    /// link that may not be read any more means a program that has gained privilege.
    pub(super) fn runs_other(&self, readable: bool, exe: &[u8]) -> bool {
        let known = &self.start.exe;
        if !readable {
            return !known.is_empty();
        }
        exe != known.as_slice() && exe.strip_suffix(b" (deleted)") != Some(known)
    }

    pub(super) fn end(&self, end_us: i64, end: End) -> ImageEnd {
        let threads = (self.threads > 0).then_some(self.threads);
        ImageEnd { process_id: self.process_id, end_us, end, exit_code: None, signal: None, cpu_us: None, vm_hwm_kb: None, threads }
    }
}
