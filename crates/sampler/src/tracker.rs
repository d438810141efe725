//! Who is alive: discovery, identity, ends.

use std::collections::{HashMap, HashSet};

use mymonitor_proc::{ProcRoot, Process, ReadError, Statm};
use mymonitor_recording::model::Interner;
use mymonitor_wire::{End, ImageEnd, ImageStart};

use crate::clock::StartClock;
use crate::connector::Told;
use crate::pss::Mark;

mod discover;
mod live;
mod outside;
mod recent;

pub(crate) use live::{EXEC_CHECK_TICKS, Live};
use live::{image_start, runs_in_memory_of, set_command_line};
use outside::Outside;
pub use outside::SCAN_PERIOD_US;
use recent::Recent;

/// The tree below the launcher, and what is looked for outside of it.
pub(crate) struct Tracker {
    proc: ProcRoot,
    /// Where orphans fall; an attached tree has none.
    launcher: Option<Process>,
    root_pid: u32,
    /// The root's end waits here for its status, which the launcher tells.
    root_end: Option<ImageEnd>,
    clock: StartClock,
    store_argv: bool,
    /// Ascending by `process_id`.
    live: Vec<Live>,
    /// pid to image of everything in `live`.
    by_pid: HashMap<u32, u32>,
    /// Ended but not yet waited for. Their descriptors tell when the pid has become another process.
    zombies: HashMap<u32, Zombie>,
    unreadable: HashSet<u32>,
    outside: Option<Outside>,
    short_of_descriptors: u64,
    /// Since the last pass; without it execs and forks are looked for.
    pub(crate) told: Option<Told>,
    /// As of this pass.
    pub(crate) last_pid: Option<u32>,
    recent: Recent,
    interner: Interner,
    discovery_lag_ticks: u32,
    next_id: u32,
    pids: Vec<u32>,
    link: Vec<u8>,
}

struct Zombie {
    process: Process,
    seen_in_tick: u32,
}

/// What one pass found.
#[derive(Default)]
pub(crate) struct Changes {
    pub(crate) started: Vec<ImageStart>,
    pub(crate) ended: Vec<ImageEnd>,
}

impl Tracker {
    pub(crate) fn new(
        proc: ProcRoot,
        launcher: Option<u32>,
        root_pid: u32,
        clock: StartClock,
        store_argv: bool,
    ) -> Result<Self, ReadError> {
        let launcher = launcher.map(|pid| proc.process(pid)).transpose()?;
        Ok(Self {
            recent: Recent::new(&proc),
            proc,
            launcher,
            root_pid,
            root_end: None,
            clock,
            store_argv,
            live: Vec::new(),
            by_pid: HashMap::new(),
            zombies: HashMap::new(),
            unreadable: HashSet::new(),
            outside: None,
            short_of_descriptors: 0,
            told: None,
            last_pid: None,
            interner: Interner::new(),
            discovery_lag_ticks: 1,
            next_id: 0,
            pids: Vec::new(),
            link: Vec::new(),
        })
    }

    /// Everything alive, ascending by `process_id`.
    pub(crate) fn live(&self) -> &[Live] {
        &self.live
    }

    /// The same, to be marked as measured.
    pub(crate) fn live_mut(&mut self) -> &mut [Live] {
        &mut self.live
    }

    /// Processes whose files are not kept open because descriptors are short.
    pub(crate) fn short_of_descriptors_count(&self) -> u64 {
        self.short_of_descriptors
    }

    /// Processes that exist but could not be read.
    pub(crate) fn unreadable_count(&self) -> u64 {
        self.unreadable.len() as u64
    }

    /// Within how many ticks a child of a process that never had one is found.
    pub(crate) fn discovery_lag_ticks(&self) -> u32 {
        self.discovery_lag_ticks
    }

    /// The end of the root's last image, once it was found gone; the status is for the caller to add.
    pub(crate) fn take_root_end(&mut self) -> Option<ImageEnd> {
        self.root_end.take()
    }

    /// The first half of a pass: memory of every known process, and what it runs.
    pub(crate) fn read_known(&mut self, tick: u32, now_us: i64, changes: &mut Changes) {
        let mut index = 0;
        let mut execed = false;
        while index < self.live.len() {
            match self.read_one(index, tick, now_us, changes) {
                Ok(Some(statm)) => {
                    let live = &mut self.live[index];
                    live.has_stirred |= live.statm != statm;
                    live.statm = statm;
                    live.seen_ticks = live.seen_ticks.saturating_add(1);
                    execed |= index > 0 && self.live[index - 1].process_id > self.live[index].process_id;
                    index += 1;
                }
                ended => {
                    let gone = self.live.remove(index);
                    self.by_pid.remove(&gone.process.pid());
                    let end = self.end_of(&gone, now_us, if gone.has_left { End::Execed } else { End::Lost });
                    if gone.process.pid() == self.root_pid && self.root_end.is_none() {
                        self.root_end = Some(end);
                    } else {
                        changes.ended.push(end);
                    }
                    if matches!(ended, Ok(None)) {
                        self.zombies.insert(gone.process.pid(), Zombie { process: gone.process, seen_in_tick: tick });
                    }
                }
            }
        }
        if execed {
            self.live.sort_by_key(|live| live.process_id);
        }
    }

    /// Memory alone decides whether it is still there; what else cannot be read now is asked for again. Of a new image the memory is read again:
    /// what was read before may be its predecessor's.
    fn read_one(&mut self, index: usize, tick: u32, now_us: i64, changes: &mut Changes) -> Result<Option<Statm>, ReadError> {
        let Some(statm) = self.read_memory(index)? else { return Ok(None) };
        let live = &self.live[index];
        if live.has_left {
            return Err(ReadError::Gone);
        }
        if !live.is_due(tick, &statm, self.told.as_ref(), self.live.len()) {
            return Ok(Some(statm));
        }
        let Ok(readable) = live.process.exe(&mut self.link) else { return Ok(Some(statm)) };
        if live.runs_other(readable, &self.link) {
            let has_begun = self.begin_next_image(index, now_us, changes).is_ok();
            if self.live[index].has_left {
                return Err(ReadError::Gone);
            }
            return if has_begun { self.read_memory(index) } else { Ok(Some(statm)) };
        }
        self.live[index].has_stirred = false;
        if self.store_argv && self.live[index].start.argv.is_empty() {
            self.complete_command_line(index, changes);
        }
        Ok(Some(statm))
    }

    fn read_memory(&mut self, index: usize) -> Result<Option<Statm>, ReadError> {
        match self.live[index].process.statm() {
            Err(error) if error != ReadError::Gone => {
                self.unreadable.insert(self.live[index].process.pid());
                Ok(Some(self.live[index].statm))
            }
            read => read,
        }
    }

    /// It is empty in the middle of an exec.
    fn complete_command_line(&mut self, index: usize, changes: &mut Changes) {
        let live = &mut self.live[index];
        if let Ok(line) = live.process.command_line()
            && !line.bytes.is_empty()
        {
            set_command_line(&mut live.start, line);
            changes.started.push(ImageStart::clone(&live.start));
        }
    }

    fn begin_next_image(&mut self, index: usize, now_us: i64, changes: &mut Changes) -> Result<(), ReadError> {
        let facts = self.live[index].process.facts()?;
        let end = self.end_of(&self.live[index], now_us, End::Execed);
        if self.live[index].start.outside_tree && !self.still_matches(self.live[index].process.pid(), &facts) {
            self.live[index].has_left = true;
            return Ok(());
        }
        changes.ended.push(end);
        let process_id = self.next_id;
        self.next_id += 1;
        let executable = self.interner.key(&facts.exe, &facts.name);
        let live = &mut self.live[index];
        self.by_pid.insert(live.process.pid(), process_id);
        live.process_id = process_id;
        live.executable = executable;
        live.family = process_id;
        live.seen_ticks = 0;
        live.shares_parent = false;
        live.mark = Mark::new(false);
        let (parent_id, outside_tree) = (live.start.parent_id, live.start.outside_tree);
        let exec_count = live.start.exec_count + 1;
        *live.start = image_start(&facts, live.process.pid(), process_id);
        live.start.parent_id = parent_id;
        live.start.outside_tree = outside_tree;
        live.start.exec_count = exec_count;
        live.start.start_us = now_us;
        if self.store_argv {
            set_command_line(&mut live.start, facts.command_line);
        }
        changes.started.push(ImageStart::clone(&live.start));
        Ok(())
    }

    /// A vfork child runs in its parent's memory until it execs: asked again at every tick until it does not.
    fn settle_shared_memory(&mut self) {
        for index in 0..self.live.len() {
            let live = &self.live[index];
            if live.shares_parent {
                let still = self
                    .find(live.start.ppid)
                    .is_some_and(|parent| runs_in_memory_of(live.process.pid(), live.executable, &live.statm, parent));
                self.live[index].shares_parent = still;
            }
        }
    }

    fn find(&self, pid: u32) -> Option<&Live> {
        self.index_of(pid).map(|index| &self.live[index])
    }

    fn index_of(&self, pid: u32) -> Option<usize> {
        let process_id = *self.by_pid.get(&pid)?;
        self.live.binary_search_by_key(&process_id, |live| live.process_id).ok()
    }
}

#[cfg(test)]
mod tests;
