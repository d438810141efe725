//! Processes that do a part of the build's work without descending from it: daemons such as Gradle's, the Bazel server, sccache, distccd.
//!
//! Once in [`SCAN_PERIOD_US`] all of /proc is looked over. Whose command matches the pattern joins when it started after the build, became that
//! command during it, or its CPU clock has advanced since the build began; from then on it is sampled at every tick like any other. What it forks
//! joins by the pattern only.

use std::collections::HashMap;

use mymonitor_proc::{Facts, Glance, ProcRoot};
use mymonitor_wire::{End, ImageEnd};

use super::discover::Opened;
use super::{Changes, Live, Tracker};
use crate::clock::{self, StartClock};
use crate::pattern::{Pattern, base_name};

/// A second. Stored in the recording's metadata.
pub const SCAN_PERIOD_US: u32 = 1_000_000;
/// A new process is looked at in so many scans, because it is likely to exec; after that once in [`REST_SCANS`].
const FIRST_SCANS: u32 = 4;
const REST_SCANS: u32 = 8;
/// Beyond this it is a loop of pids that were reused while they were read.
const MOST_ANCESTORS: usize = 256;
/// `mymonitor-launcher` as `comm` has it.
const LAUNCHER_NAME: &[u8] = b"mymonitor-launc";
/// Of the sampling thread and of the script that Node runs.
const OWN_NAME: &[u8] = b"mymonitor";

pub(super) struct Outside {
    pattern: Pattern,
    /// By pid.
    seen: HashMap<u32, Seen>,
    /// This process and those that it was started by: they wait for the build, they do not build.
    callers: Vec<u32>,
    scan: u32,
    due_us: i64,
    pids: Vec<u32>,
    cpu_us: u64,
}

/// A process that is not known to be of the tree.
struct Seen {
    start_ticks: u64,
    name: Vec<u8>,
    first_scan: u32,
    latest_scan: u32,
    /// Of one that matches.
    cpu: Option<CpuClock>,
    /// It began, or became this command, while the build ran.
    is_young: bool,
}

/// In clock ticks: when the build began or the process became this command, and now.
struct CpuClock {
    before: u64,
    now: u64,
}

impl Seen {
    fn is_due(&self, pid: u32, scan: u32) -> bool {
        self.cpu.is_some() || scan - self.first_scan < FIRST_SCANS || scan.wrapping_add(pid).is_multiple_of(REST_SCANS)
    }

    fn is_of_the_build(&self) -> bool {
        self.cpu.as_ref().is_some_and(|cpu| self.is_young || cpu.now > cpu.before)
    }
}

impl Outside {
    fn new(pattern: Pattern, proc: &ProcRoot) -> Self {
        let mut callers = vec![std::process::id()];
        while let Some(&caller) = callers.last().filter(|&&caller| caller != 0 && callers.len() < MOST_ANCESTORS)
            && let Ok(glance) = proc.glance(caller)
        {
            callers.push(glance.ppid);
        }
        Self { pattern, seen: HashMap::new(), callers, scan: 0, due_us: i64::MIN, pids: Vec::new(), cpu_us: 0 }
    }

    fn matches(&self, proc: &ProcRoot, pid: u32, name: &[u8], arguments: &[u8]) -> bool {
        self.pattern.matches(name, arguments) && !self.callers.contains(&pid) && !is_mymonitor(proc, pid, name, arguments)
    }

    /// Takes down what a look at the process shows; its arguments are read when it is new or runs something else than before.
    fn look(&mut self, proc: &ProcRoot, clock: StartClock, pid: u32, glance: Glance) -> &Seen {
        let known = self.seen.remove(&pid).filter(|seen| seen.start_ticks == glance.start_ticks);
        let became_this = known.as_ref().is_some_and(|seen| seen.name != glance.name);
        let mut seen = known.filter(|_| !became_this).unwrap_or_else(|| {
            let is_younger = clock.is_after_start(glance.start_ticks);
            let is_match =
                !glance.is_kernel_thread && proc.arguments(pid).is_ok_and(|arguments| self.matches(proc, pid, &glance.name, &arguments));
            let before = if is_younger && !became_this { 0 } else { glance.cpu_ticks };
            Seen {
                start_ticks: glance.start_ticks,
                name: glance.name,
                first_scan: self.scan,
                latest_scan: self.scan,
                cpu: is_match.then_some(CpuClock { before, now: before }),
                is_young: is_younger || became_this,
            }
        });
        seen.latest_scan = self.scan;
        if let Some(cpu) = &mut seen.cpu {
            cpu.now = glance.cpu_ticks.max(cpu.before);
        }
        self.seen.entry(pid).insert_entry(seen).into_mut()
    }
}

/// One that records another build, or its launcher.
fn is_mymonitor(proc: &ProcRoot, pid: u32, name: &[u8], arguments: &[u8]) -> bool {
    let script = arguments.split(|&byte| byte == 0).nth(1).unwrap_or_default();
    name == LAUNCHER_NAME || base_name(script) == OWN_NAME || proc.has_thread_named(pid, OWN_NAME) == Ok(true)
}

impl Tracker {
    /// Records what matches outside of the tree, too.
    pub(crate) fn looking_outside(mut self, pattern: Option<Pattern>) -> Self {
        self.outside = pattern.map(|pattern| Outside::new(pattern, &self.proc));
        self
    }

    /// CPU time of all scans so far.
    pub(crate) fn scan_cpu_us(&self) -> u64 {
        self.outside.as_ref().map_or(0, |outside| outside.cpu_us)
    }

    /// Makes the next pass scan, whenever the last one was.
    pub(crate) fn look_outside_now(&mut self) {
        if let Some(outside) = &mut self.outside {
            outside.due_us = i64::MIN;
        }
    }

    /// The ends of what is not of the tree and outlives the build.
    pub(crate) fn end_outside(&self, now_us: i64, changes: &mut Changes) {
        let outside = self.live.iter().filter(|live| live.start.outside_tree);
        changes.ended.extend(outside.map(|live| self.end_of(live, now_us, End::Alive)));
    }

    /// Not before the tree has begun: its root is the first image.
    pub(super) fn discover_outside(&mut self, now_us: i64, changes: &mut Changes) {
        if self.next_id == 0 {
            return;
        }
        let Some(mut outside) = self.outside.take_if(|outside| now_us >= outside.due_us) else { return };
        let cpu_us = clock::thread_cpu_us();
        outside.due_us = now_us.saturating_add(SCAN_PERIOD_US.into());
        outside.scan += 1;
        let mut pids = std::mem::take(&mut outside.pids);
        pids.clear();
        // What cannot be listed completely is listed again in a second.
        let _ = self.proc.processes(&mut pids);
        for &pid in &pids {
            self.look_at(pid, &mut outside, now_us, changes);
        }
        let scan = outside.scan;
        outside.seen.retain(|_, seen| seen.latest_scan == scan);
        outside.pids = pids;
        outside.cpu_us += clock::thread_cpu_us() - cpu_us;
        self.outside = Some(outside);
    }

    fn look_at(&mut self, pid: u32, outside: &mut Outside, now_us: i64, changes: &mut Changes) {
        let joined = self.index_of(pid);
        if joined.is_some_and(|index| !self.live[index].start.outside_tree) {
            return;
        }
        let scan = outside.scan;
        if let Some(seen) = outside.seen.get_mut(&pid).filter(|seen| !seen.is_due(pid, scan)) {
            seen.latest_scan = scan;
            return;
        }
        let Ok(glance) = self.proc.glance(pid) else { return };
        let (ppid, start_ticks) = (glance.ppid, glance.start_ticks);
        let seen = outside.look(&self.proc, self.clock, pid, glance);
        match joined {
            Some(index) => self.live[index].has_left |= seen.cpu.is_none() && self.live[index].start.start_ticks == start_ticks,
            None if seen.is_of_the_build() && !self.may_descend(ppid) => {
                if let Ok(Opened::Alive(live)) = self.open(pid, now_us, true)
                    && live.start.start_ticks == start_ticks
                {
                    self.take(*live, changes);
                }
            }
            None => {}
        }
    }

    /// Whether a process with this parent is of the tree, or that cannot be told now because an ancestor has just ended.
    fn may_descend(&self, mut ppid: u32) -> bool {
        for _ in 0..MOST_ANCESTORS {
            if self.launcher.as_ref().is_some_and(|launcher| launcher.pid() == ppid)
                || self.find(ppid).is_some_and(|live| !live.start.outside_tree)
            {
                return true;
            }
            if ppid <= 1 {
                return false;
            }
            match self.proc.glance(ppid) {
                Ok(glance) => ppid = glance.ppid,
                Err(_) => return true,
            }
        }
        true
    }

    /// Whether a process that has joined still matches after an exec.
    pub(super) fn still_matches(&mut self, pid: u32, facts: &Facts) -> bool {
        let Some(outside) = &mut self.outside else { return false };
        let still = outside.matches(&self.proc, pid, &facts.name, &facts.command_line.bytes);
        if let Some(seen) = outside.seen.get_mut(&pid) {
            seen.name.clone_from(&facts.name);
            seen.cpu = seen.cpu.take().filter(|_| still).map(|cpu| CpuClock { before: cpu.now, now: cpu.now });
        }
        still
    }

    /// The CPU time of what has no exit record: as of the latest scan, and only since it belongs to the build.
    pub(super) fn end_of(&self, live: &Live, now_us: i64, end: End) -> ImageEnd {
        let seen = self.outside.as_ref().filter(|_| live.start.outside_tree).and_then(|outside| outside.seen.get(&live.process.pid()));
        let cpu = seen.and_then(|seen| seen.cpu.as_ref());
        ImageEnd { cpu_us: cpu.map(|cpu| self.clock.cpu_us(cpu.now - cpu.before)), ..live.end(now_us, end) }
    }
}

#[cfg(test)]
mod tests;
