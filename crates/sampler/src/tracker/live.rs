use mymonitor_proc::{Process, SharedMemoryMap, Statm, same_memory_map};
use mymonitor_wire::{End, ImageEnd, ImageStart};

use crate::connector::Told;
use crate::pss::Mark;

/// Where nobody tells of execs, a process is asked for its executable at every n-th tick if its memory has changed; see [`Live::is_due`]. Stored in the
/// recording's metadata.
pub(crate) const EXEC_CHECK_TICKS: u32 = 4;

/// The same for one whose memory stands still: an exec that leaves every size as it was would be a rare one. Of many so many are asked at a tick.
pub(super) const STILL_CHECK_TICKS: u32 = 8 * EXEC_CHECK_TICKS;
const MOST_STILL_CHECKED: usize = 16;

/// Where every fork is told, the ticks within which every process is asked for children once all the same. Of many so many are asked at a tick.
pub(super) const CROSS_CHECK_TICKS: u32 = 32;
const MOST_CROSS_CHECKED: usize = 8;

/// Where nothing tells of forks, about so many live processes are asked for children at a tick: the walk costs twice what their memory does.
const MOST_ASKED: usize = 64;

/// A process with more children than this, whose list takes the kernel several reads, is asked for them at every [`LONG_LIST_TICKS`]-th tick.
const LONG_LIST: usize = 512;
const LONG_LIST_TICKS: u32 = 4;

/// Most processes exec within moments of their fork, so in the first ticks of each every sign of it is followed up.
const FIRST_TICKS: u32 = 4;

/// A process with kept descriptors.
#[expect(clippy::struct_excessive_bools, reason = "independent facts of one process, each named where it is set")]
pub(crate) struct Live {
    pub(crate) process: Process,
    pub(crate) process_id: u32,
    /// Key of the executable for the memory model.
    pub(crate) executable: u32,
    /// The first of the images that have forked from each other without an exec, as far as it descends from it.
    pub(crate) family: u32,
    /// Apart, because what is read at every tick should lie together.
    pub(crate) start: Box<ImageStart>,
    pub(crate) statm: Statm,
    /// Its memory has changed since it was asked for its executable.
    pub(super) has_stirred: bool,
    /// Not a descendant, and it now runs what no pattern asks for.
    pub(super) has_left: bool,
    /// As `start` has it.
    pub(crate) outside_tree: bool,
    pub(crate) seen_ticks: u32,
    pub(super) threads: u32,
    /// How many children it had when it was last asked, and whether it ever had one.
    pub(super) children: usize,
    pub(super) has_forked: bool,
    /// Runs in its parent's memory (vfork): adds nothing to totals.
    pub(crate) shares_parent: bool,
    /// What its PSS is known to be.
    pub(crate) mark: Mark,
}

impl Live {
    /// Whether to look for another program: when it is told to have exec'ed, or in turn where nobody tells, and in the first ticks if its address space
    /// has another size or its command line was empty, because an exec replaces both.
    pub(super) fn is_due(&self, tick: u32, statm: &Statm, told: Option<&Told>, live: usize) -> bool {
        if self.seen_ticks < FIRST_TICKS && (statm.size_kb != self.statm.size_kb || self.start.argv.is_empty()) || self.shares_parent {
            return true;
        }
        // Nobody tells of what is not of the tree.
        match told.filter(|_| !self.outside_tree) {
            Some(told) => told.execed.contains(&self.process.pid()),
            None if self.has_stirred => self.is_its_turn(tick, EXEC_CHECK_TICKS),
            None => self.is_its_turn(tick, still_check_ticks(live)),
        }
    }

    /// Whether to ask for children where nobody tells of forks: those that have forked do so again, and the new may be about to; the others are asked
    /// once in `lag_ticks`.
    pub(super) fn may_have_forked(&self, tick: u32, lag_ticks: u32) -> bool {
        let is_likely = self.has_forked || self.seen_ticks < 2;
        if is_likely && self.children <= LONG_LIST {
            true
        } else {
            self.is_its_turn(tick, if is_likely { LONG_LIST_TICKS } else { lag_ticks })
        }
    }

    /// Once in so many ticks, each process in another one.
    pub(super) fn is_its_turn(&self, tick: u32, ticks: u32) -> bool {
        tick.wrapping_add(self.process_id).is_multiple_of(ticks)
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

/// In how many ticks each of `live` processes has its turn when about `most` have it at one. A power of two: whoever's turn comes half as often as
/// before is then never left out for longer than that.
fn turn_ticks(live: usize, most: usize) -> u32 {
    u32::try_from(live.div_ceil(most).next_power_of_two()).unwrap_or(1)
}

pub(super) fn lag_ticks(live: usize) -> u32 {
    turn_ticks(live, MOST_ASKED)
}

pub(super) fn still_check_ticks(live: usize) -> u32 {
    turn_ticks(live, MOST_STILL_CHECKED).max(STILL_CHECK_TICKS)
}

pub(super) fn cross_check_ticks(live: usize) -> u32 {
    turn_ticks(live, MOST_CROSS_CHECKED).max(CROSS_CHECK_TICKS)
}

pub(super) fn image_start(facts: &mymonitor_proc::Facts, pid: u32, process_id: u32) -> ImageStart {
    ImageStart {
        process_id,
        pid,
        start_ticks: facts.start_ticks,
        ppid: facts.ppid,
        uid: facts.uid,
        name: facts.name.clone(),
        exe: facts.exe.clone(),
        cwd: facts.cwd.clone(),
        memory_map: facts.memory_map,
        ..ImageStart::default()
    }
}

pub(super) fn set_command_line(start: &mut ImageStart, line: mymonitor_proc::CommandLine) {
    start.argv = line.bytes;
    start.argv_cut_from = line.cut.map(|(length, _)| length);
    start.argv_hash = line.cut.map(|(_, hash)| hash);
}

pub(super) fn runs_in_memory_of(pid: u32, executable: u32, statm: &Statm, parent: &Live) -> bool {
    match same_memory_map(pid, parent.process.pid()) {
        SharedMemoryMap::Yes => true,
        SharedMemoryMap::No => false,
        // Without kcmp: a fork copies only the page tables of anonymous memory, so its resident size differs from its parent's.
        SharedMemoryMap::Unknown => executable == parent.executable && *statm == parent.statm,
    }
}

/// Whether a pid that cannot be found below /proc exists all the same: /proc is mounted with hidepid.
pub(super) fn exists_hidden(pid: u32) -> bool {
    let Some(pid) = rustix::process::Pid::from_raw(pid.cast_signed()) else { return false };
    rustix::process::test_kill_process(pid) == Err(rustix::io::Errno::PERM)
}
