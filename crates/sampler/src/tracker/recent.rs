//! New processes by the pids that were given out since the last pass, where no connector tells of forks.
//!
//! The kernel gives pids out in ascending order, to threads too, and begins again below when it has come to the end; /proc/loadavg has the last one. Where it
//! has not changed nothing was forked, and where it has, whatever is new has one of the pids between. Only where there are more of them than a walk
//! would cost, or a whole round may have passed, the tree is walked.

use std::ops::Range;

use mymonitor_proc::{ProcRoot, ReadError};

use super::live::lag_ticks;
use super::{Changes, Tracker};
use crate::connector::is_there;

/// A pid is given out before the process can be seen, and between the two it may wait for a CPU, or for somebody who moves processes between cgroups:
/// one that is not there is looked for again in so many ticks.
const LATE_TICKS: u32 = 4;

/// Asking whether a pid is there costs about an eighth of asking a process for children. A look at what is there costs several times as much, but a
/// new process would be asked for children by the walk.
const PIDS_PER_ASKED: usize = 8;
const LOOKS_PER_ASKED: usize = 1;

/// No machine forks faster than that for long.
const FASTEST_FORK_US: i64 = 10;

/// `RESERVED_PIDS` of kernel/pid.c: where the next round begins.
const FIRST_PID: u32 = 300;

#[derive(Default)]
pub(super) struct Recent {
    /// 0 where pids tell nothing.
    pid_max: u32,
    /// And when it was read.
    last: Option<(u32, i64)>,
    waiting: Vec<Waiting>,
    /// The tick since which nothing can be concluded from pids.
    lost_in: u32,
    is_used: bool,
}

/// A pid that was given out and is not known to be anybody's.
struct Waiting {
    pid: u32,
    until: u32,
}

impl Recent {
    pub(super) fn new(proc: &ProcRoot) -> Self {
        let pid_max = proc.pid_max().filter(|_| proc.tells_last_pid());
        Self { pid_max: pid_max.unwrap_or(0), ..Self::default() }
    }

    /// Something may have been forked that no pid tells of: every process is to be asked for children.
    pub(super) fn lose(&mut self, tick: u32) {
        self.waiting.clear();
        self.lost_in = tick;
    }

    /// Takes what was given out since the last pass; `false` where the tree must be walked.
    fn advance(&mut self, proc: &ProcRoot, last_pid: Option<u32>, tick: u32, now_us: i64, live: usize) -> bool {
        let Some(last_pid) = last_pid.filter(|_| self.pid_max > 0) else {
            self.last = None;
            return false;
        };
        let Some((previous, at_us)) = self.last.replace((last_pid, now_us)) else {
            self.lose(tick);
            return false;
        };
        if last_pid < previous {
            self.pid_max = proc.pid_max().unwrap_or(0);
        }
        let given_out = given_out(previous, last_pid, self.pid_max);
        let count = given_out.iter().map(Range::len).sum::<usize>() + self.waiting.len();
        let may_have_gone_round = (now_us - at_us) / FASTEST_FORK_US > i64::from(self.pid_max.saturating_sub(FIRST_PID));
        if may_have_gone_round || count > PIDS_PER_ASKED * asked(live) {
            self.lose(tick);
        }
        // Until each was asked, and what was given out meanwhile can be seen.
        if tick - self.lost_in < lag_ticks(live) + LATE_TICKS {
            return false;
        }
        self.waiting.extend(given_out.into_iter().flatten().map(|pid| Waiting { pid, until: tick + LATE_TICKS }));
        true
    }
}

/// How many the walk asks at a tick, the launcher among them.
fn asked(live: usize) -> usize {
    live / lag_ticks(live) as usize + 1
}

/// The pids after `previous` up to `last`.
fn given_out(previous: u32, last: u32, pid_max: u32) -> [Range<u32>; 2] {
    if last >= previous {
        [previous + 1..last + 1, 0..0]
    } else {
        [previous + 1..pid_max.max(previous + 1), (if last < FIRST_PID { 1 } else { FIRST_PID })..last + 1]
    }
}

impl Tracker {
    /// Whether pids have told of forks in some pass.
    pub(crate) fn uses_last_pid(&self) -> bool {
        self.recent.is_used
    }

    /// Takes the new processes by their pids; `false` where the tree must be walked.
    pub(super) fn take_recent(&mut self, tick: u32, now_us: i64, changes: &mut Changes) -> bool {
        let mut recent = std::mem::take(&mut self.recent);
        let mut is_told = recent.advance(&self.proc, self.last_pid, tick, now_us, self.live.len());
        if is_told && !recent.waiting.is_empty() {
            is_told = self.look_at_waiting(&mut recent.waiting, tick, now_us, changes);
            if !is_told {
                recent.lose(tick);
            }
        }
        recent.is_used |= is_told;
        self.recent = recent;
        is_told
    }

    fn look_at_waiting(&mut self, waiting: &mut Vec<Waiting>, tick: u32, now_us: i64, changes: &mut Changes) -> bool {
        let mut there = Vec::new();
        waiting.retain(|&Waiting { pid, until }| {
            if self.by_pid.contains_key(&pid) {
                return false;
            }
            let is_there = is_there(pid);
            if is_there {
                there.push(pid);
            }
            !is_there && until > tick
        });
        if there.len() > LOOKS_PER_ASKED * asked(self.live.len()) {
            return false;
        }
        let mut new = Vec::new();
        for pid in there {
            match self.proc.glance(pid) {
                Ok(glance) if glance.is_other_thread => self.count_threads(pid, glance.ppid, glance.threads),
                Ok(glance) => new.push((pid, glance.ppid)),
                Err(ReadError::Gone) if !is_there(pid) => {}
                // Whose it is only its parent's list of children can tell.
                Err(_) => return false,
            }
        }
        // Parents mostly come first, but not where pids have begun again below.
        loop {
            let before = new.len();
            new.retain(|&(pid, ppid)| !self.is_parent(ppid) || !self.admit_one(pid, tick, now_us, changes));
            if new.len() == before {
                break;
            }
        }
        // Its parent is not there yet, or has just ended and not yet left it to another.
        let mut unsettled: Vec<u32> = Vec::new();
        for (pid, ppid) in new {
            if self.is_parent(ppid)
                || self.zombies.contains_key(&ppid)
                || unsettled.contains(&ppid)
                || waiting.iter().any(|other| other.pid == ppid)
            {
                unsettled.push(pid);
            }
        }
        waiting.extend(unsettled.into_iter().map(|pid| Waiting { pid, until: tick + LATE_TICKS }));
        true
    }

    /// Whether what this process forks is of the tree.
    fn is_parent(&self, pid: u32) -> bool {
        // Its pid may be another's if it was killed.
        let launcher = self.launcher.as_ref().filter(|launcher| launcher.pid() == pid);
        launcher.is_some_and(|launcher| matches!(launcher.statm(), Ok(Some(_)))) || self.find(pid).is_some_and(|live| !live.outside_tree)
    }

    /// A new thread that lives; its process has so many. Of a root without a launcher the parent is unknown.
    fn count_threads(&mut self, tid: u32, ppid: u32, threads: u32) {
        if (self.launcher.is_none() || self.is_parent(ppid))
            && let Ok(pid) = self.proc.process_of_thread(tid)
            && let Some(index) = self.index_of(pid)
        {
            self.live[index].threads = self.live[index].threads.max(threads);
        }
    }
}

#[cfg(test)]
mod tests;
