//! The second half of a pass: new processes.

use mymonitor_proc::{Process, ReadError};
use mymonitor_wire::ImageStart;

use super::live::{CROSS_CHECK_TICKS, cross_check_ticks, exists_hidden, image_start, lag_ticks, runs_in_memory_of, set_command_line};
use super::{Changes, Live, Tracker, Zombie};
use crate::pss::Mark;

impl Tracker {
    /// Takes the processes whose forks were told; walks the children of the launcher and of live processes, newly found ones included: of all where nothing
    /// tells of forks, else of a few in turn.
    pub(crate) fn discover(&mut self, tick: u32, now_us: i64, changes: &mut Changes) {
        let mut pids = std::mem::take(&mut self.pids);
        pids.clear();
        let told = self.told.take();
        if let Some(told) = &told {
            pids.extend(&told.unseen);
            self.admit(&mut pids, tick, now_us, changes);
            self.recent.lose(tick);
        }
        let is_recent = told.is_none() && self.take_recent(tick, now_us, changes);
        let known = self.next_id;
        self.walk(told.is_some() || is_recent, &mut pids, tick, now_us, changes);
        if is_recent && self.next_id > known {
            self.recent.lose(tick);
        }
        for (&pid, &threads) in told.iter().flat_map(|told| &told.threads) {
            if let Some(index) = self.index_of(pid) {
                self.live[index].threads = self.live[index].threads.max(threads);
            }
        }
        self.discover_outside(now_us, changes);
        self.zombies.retain(|_, zombie| zombie.seen_in_tick == tick);
        self.told = told;
        self.pids = pids;
        self.settle_shared_memory();
    }

    fn walk(&mut self, is_told: bool, pids: &mut Vec<u32>, tick: u32, now_us: i64, changes: &mut Changes) {
        // Orphans fall to the launcher, so they are found as its children. Without one before the first tick, there is the root still. Its threads
        // that serve exits fork nothing.
        let is_asked = !is_told || tick.is_multiple_of(CROSS_CHECK_TICKS);
        let asked = is_asked.then(|| self.launcher.as_ref().is_some_and(|launcher| launcher.children_of_main_thread(pids).is_ok()));
        if asked == Some(false) && self.next_id == 0 {
            pids.push(self.root_pid);
        }
        self.admit(pids, tick, now_us, changes);
        let (lag_ticks, cross_check_ticks) = (lag_ticks(self.live.len()), cross_check_ticks(self.live.len()));
        if !is_told {
            self.discovery_lag_ticks = self.discovery_lag_ticks.max(lag_ticks);
        }
        let mut index = 0;
        while index < self.live.len() {
            let live = &mut self.live[index];
            let is_asked = !live.outside_tree
                && if is_told { live.is_its_turn(tick, cross_check_ticks) } else { live.may_have_forked(tick, lag_ticks) };
            if is_asked {
                if let Ok(threads) = live.process.children(pids) {
                    live.threads = live.threads.max(threads);
                    live.children = pids.len();
                    live.has_forked |= !pids.is_empty();
                }
                self.admit(pids, tick, now_us, changes);
            }
            index += 1;
        }
    }

    fn admit(&mut self, pids: &mut Vec<u32>, tick: u32, now_us: i64, changes: &mut Changes) {
        for pid in pids.drain(..) {
            if !self.by_pid.contains_key(&pid) && !self.is_known_zombie(pid, tick) {
                self.admit_one(pid, tick, now_us, changes);
            }
        }
    }

    /// Whether it is known now what it is.
    pub(super) fn admit_one(&mut self, pid: u32, tick: u32, now_us: i64, changes: &mut Changes) -> bool {
        match self.open(pid, now_us, false) {
            Ok(Opened::Alive(live)) => {
                self.take(*live, changes);
                return true;
            }
            Ok(Opened::Zombie(process)) => {
                self.zombies.insert(pid, Zombie { process, seen_in_tick: tick });
                return true;
            }
            Err(ReadError::Gone) if !exists_hidden(pid) => {}
            Err(_) => {
                self.unreadable.insert(pid);
            }
        }
        false
    }

    pub(super) fn take(&mut self, live: Live, changes: &mut Changes) {
        if live.mark.is_forked()
            && let Some(parent) = self.index_of(live.start.ppid)
        {
            self.live[parent].mark.shares_with_a_child();
        }
        self.by_pid.insert(live.process.pid(), live.process_id);
        self.short_of_descriptors += u64::from(live.process.is_short_of_descriptors());
        self.next_id += 1;
        changes.started.push(ImageStart::clone(&live.start));
        self.live.push(live);
    }

    fn is_known_zombie(&mut self, pid: u32, tick: u32) -> bool {
        let Some(zombie) = self.zombies.get_mut(&pid) else { return false };
        zombie.seen_in_tick = tick;
        let still = zombie.process.statm() == Ok(None);
        if !still {
            self.zombies.remove(&pid);
        }
        still
    }

    pub(super) fn open(&mut self, pid: u32, now_us: i64, outside_tree: bool) -> Result<Opened, ReadError> {
        let process = self.proc.process(pid)?;
        let Some(statm) = process.statm()? else { return Ok(Opened::Zombie(process)) };
        let facts = process.facts()?;
        let is_root = pid == self.root_pid && self.next_id == 0;
        let is_orphan = self.launcher.as_ref().is_some_and(|launcher| launcher.pid() == facts.ppid);
        if !outside_tree && !is_root && !is_orphan && !self.by_pid.contains_key(&facts.ppid) {
            // The pid was reused by a stranger since the list of children was read, or its parent has just changed: then it turns up next time.
            return Err(ReadError::Gone);
        }
        let executable = self.interner.key(&facts.exe, &facts.name);
        let mut start = image_start(&facts, pid, self.next_id);
        start.parent_id = self.by_pid.get(&facts.ppid).copied();
        start.outside_tree = outside_tree;
        start.start_us = self.clock.after_start_us(facts.start_ticks).min(now_us);
        if self.store_argv {
            set_command_line(&mut start, facts.command_line);
        }
        let parent = self.find(facts.ppid);
        // A memory map has one executable, so only a child that runs its parent's can be in its parent's.
        let same_program = parent.filter(|parent| facts.exe.is_empty() || parent.executable == executable);
        let shares_parent = same_program.is_some_and(|parent| runs_in_memory_of(pid, executable, &statm, parent));
        let family = parent.filter(|parent| parent.executable == executable).map_or(self.next_id, |parent| parent.family);
        let mark = Mark::new(same_program.is_some());
        Ok(Opened::Alive(Box::new(Live {
            process,
            process_id: self.next_id,
            executable,
            family,
            start: Box::new(start),
            statm,
            has_stirred: false,
            has_left: false,
            outside_tree,
            seen_ticks: 0,
            threads: facts.threads,
            children: 0,
            has_forked: false,
            shares_parent,
            mark,
        })))
    }
}

pub(super) enum Opened {
    Alive(Box<Live>),
    Zombie(Process),
}
