//! The build's processes among all processes of the machine.

use std::collections::{HashMap, HashSet};

use mymonitor_wire::Lifetime;

use super::Told;
use super::message::{Message, What};

/// The root and everything below it, by what the events tell.
pub(crate) struct Family {
    launcher: u32,
    root: u32,
    /// On the monotonic clock.
    started_us: u64,
    /// By thread group id.
    living: HashMap<u32, Member>,
    /// Not yet handed on.
    ended: Vec<Lifetime>,
    /// Not yet handed on.
    told: Told,
    existed: u64,
    execs: u64,
}

struct Member {
    life: Lifetime,
    /// Its threads but the first.
    others: HashSet<u32>,
    /// How the first thread ended, where others live on.
    first_ended: Option<i32>,
}

impl Family {
    pub(super) fn new(launcher: u32, root: u32, started_us: u64) -> Self {
        Self { launcher, root, started_us, living: HashMap::new(), ended: Vec::new(), told: Told::default(), existed: 0, execs: 0 }
    }

    pub(super) fn existed(&self) -> u64 {
        self.existed
    }

    pub(super) fn execs(&self) -> u64 {
        self.execs
    }

    /// What no tick has seen yet is told again next time.
    pub(super) fn take_told(&mut self) -> Told {
        let Self { living, told, .. } = self;
        told.unseen.retain(|pid| living.get(pid).is_some_and(|member| !member.life.seen));
        let unseen = told.unseen.clone();
        std::mem::replace(told, Told { unseen, ..Told::default() })
    }

    pub(super) fn knows(&self, pid: u32) -> bool {
        self.living.contains_key(&pid)
    }

    pub(super) fn take_ended(&mut self) -> Vec<Lifetime> {
        std::mem::take(&mut self.ended)
    }

    pub(super) fn hear(&mut self, message: &Message) {
        let at_us = message.at_us.saturating_sub(self.started_us);
        match message.what {
            What::Fork { parent_tgid, pid, tgid } if pid == tgid => self.fork(parent_tgid, pid, at_us),
            What::Fork { pid, tgid, .. } => {
                if let Some(member) = self.living.get_mut(&tgid) {
                    member.others.insert(pid);
                    let threads = u32::try_from(member.others.len() + 1).unwrap_or(u32::MAX);
                    let most = self.told.threads.entry(tgid).or_default();
                    *most = threads.max(*most);
                }
            }
            What::Exec { tgid } => {
                if let Some(member) = self.living.get_mut(&tgid) {
                    // The others have ended, and whichever thread it was is the first one now.
                    member.others.clear();
                    member.first_ended = None;
                    member.life.execs = member.life.execs.saturating_add(1);
                    self.execs += 1;
                    self.told.execed.insert(tgid);
                }
            }
            What::Exit { pid, tgid, status } => self.exit(pid, tgid, status, at_us),
            What::Acknowledged { .. } => {}
        }
    }

    fn fork(&mut self, parent: u32, pid: u32, at_us: u64) {
        if let Some(forgotten) = self.living.remove(&pid) {
            // The pid is given out again, so the event of its end was lost.
            self.ended.push(Lifetime { end_us: Some(at_us), ..forgotten.life });
        }
        // What the root leaves behind to the launcher is known; CLONE_PARENT makes new children of the launcher.
        let of_launcher = parent == self.launcher && self.living.contains_key(&self.root);
        if pid == self.root || of_launcher || self.living.contains_key(&parent) {
            self.add(Lifetime { pid, ppid: parent, start_us: at_us, ..Lifetime::default() });
        }
    }

    /// A process has ended with its last thread; its first one may have ended long before.
    fn exit(&mut self, pid: u32, tgid: u32, status: i32, at_us: u64) {
        let Some(member) = self.living.get_mut(&tgid) else { return };
        if pid == tgid {
            member.first_ended = Some(status);
        } else {
            member.others.remove(&pid);
        }
        if let (Some(first), true) = (member.first_ended, member.others.is_empty()) {
            // exit_group and signals give all threads one status; a thread that ends alone has 0, and then the first one's counts.
            let status = if status == 0 { first } else { status };
            self.ended.push(Lifetime { end_us: Some(at_us), wait_status: Some(status), ..member.life });
            self.living.remove(&tgid);
        }
    }

    fn add(&mut self, life: Lifetime) {
        self.existed += 1;
        self.told.unseen.push(life.pid);
        self.living.insert(life.pid, Member { life, others: HashSet::new(), first_ended: None });
    }

    /// A tick has seen the process: it will have a row whatever is told of it here.
    pub(super) fn seen(&mut self, pid: u32) {
        if let Some(member) = self.living.get_mut(&pid) {
            member.life.seen = true;
        }
    }

    /// The process is alive, as a tick has found out, and nothing told of its fork.
    pub(super) fn adopt(&mut self, pid: u32) {
        if !self.living.contains_key(&pid) {
            self.add(Lifetime { pid, seen: true, ..Lifetime::default() });
        }
    }

    /// Those whose end nothing has told.
    pub(super) fn living(&self) -> impl Iterator<Item = u32> {
        self.living.keys().copied()
    }

    /// Ends those whose end was lost.
    pub(super) fn bury(&mut self, gone: &[u32], now_us: u64) {
        let at_us = now_us.saturating_sub(self.started_us);
        for member in gone.iter().filter_map(|pid| self.living.remove(pid)) {
            self.ended.push(Lifetime { end_us: Some(at_us), ..member.life });
        }
    }

    /// What outlives the recording.
    pub(super) fn leave_alive(&mut self) {
        self.ended.extend(self.living.drain().map(|(_, member)| member.life));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LAUNCHER: u32 = 50;
    const ROOT: u32 = 100;

    fn family(events: &[What]) -> Family {
        let mut family = Family::new(LAUNCHER, ROOT, 1_000);
        for (index, &what) in events.iter().enumerate() {
            family.hear(&Message { request: 0, at_us: 1_000 + 10 * index as u64, what });
        }
        family
    }

    fn fork(parent_tgid: u32, pid: u32) -> What {
        What::Fork { parent_tgid, pid, tgid: pid }
    }

    fn thread(pid: u32, tgid: u32) -> What {
        What::Fork { parent_tgid: LAUNCHER, pid, tgid }
    }

    fn exit(pid: u32, tgid: u32, status: i32) -> What {
        What::Exit { pid, tgid, status }
    }

    fn ends(family: &mut Family) -> Vec<(u32, Option<u64>, Option<i32>)> {
        family.take_ended().into_iter().map(|life| (life.pid, life.end_us, life.wait_status)).collect()
    }

    #[test]
    fn only_what_descends_from_the_root_is_followed() {
        let mut family = family(&[
            fork(1, 60),
            fork(LAUNCHER, 61),
            fork(LAUNCHER, ROOT),
            fork(ROOT, 101),
            fork(60, 62),
            What::Exec { tgid: 62 },
            What::Exec { tgid: 101 },
            exit(62, 62, 0),
            exit(ROOT, ROOT, 0x100),
            fork(101, 102),
            exit(102, 102, 9),
        ]);
        assert_eq!((family.existed(), family.execs()), (3, 1));
        assert_eq!(ends(&mut family), [(ROOT, Some(80), Some(0x100)), (102, Some(100), Some(9))]);
    }

    #[test]
    fn a_process_ends_with_its_last_thread_and_with_the_status_of_the_whole() {
        let begin = [fork(LAUNCHER, ROOT), thread(101, ROOT), thread(102, ROOT)];
        let after = |events: &[What]| ends(&mut family(&[&begin[..], events].concat()));
        let first_alone = [exit(ROOT, ROOT, 0x700), exit(101, ROOT, 0)];
        assert_eq!(after(&first_alone), []);
        assert_eq!(after(&[&first_alone[..], &[exit(102, ROOT, 0)]].concat()), [(ROOT, Some(50), Some(0x700))]);
        let others_exit_group = [exit(ROOT, ROOT, 0), exit(101, ROOT, 0x500), exit(102, ROOT, 0x500)];
        assert_eq!(after(&others_exit_group), [(ROOT, Some(50), Some(0x500))]);
        assert_eq!(after(&[exit(101, ROOT, 9), exit(102, ROOT, 9), exit(ROOT, ROOT, 9)]), [(ROOT, Some(50), Some(9))]);
    }

    #[test]
    fn a_process_whose_other_thread_execs_goes_on() {
        let mut family = family(&[
            fork(LAUNCHER, ROOT),
            thread(101, ROOT),
            thread(102, ROOT),
            exit(ROOT, ROOT, 0),
            What::Exec { tgid: ROOT },
            exit(101, ROOT, 0),
            fork(ROOT, 103),
        ]);
        assert_eq!(ends(&mut family), []);
        assert_eq!(family.existed(), 2);
    }

    #[test]
    fn what_no_tick_has_seen_is_told_until_one_has_or_it_has_ended() {
        let mut family =
            family(&[fork(LAUNCHER, ROOT), fork(ROOT, 101), fork(101, 102), exit(101, 101, 0), thread(103, 102), thread(104, 102)]);
        let told = family.take_told();
        assert_eq!((told.unseen, told.threads), (vec![ROOT, 102], HashMap::from([(102, 3)])));
        family.seen(ROOT);
        let told = family.take_told();
        assert_eq!((told.unseen, told.threads), (vec![102], HashMap::new()));
        family.seen(102);
        assert!(family.take_told().unseen.is_empty());
    }

    #[test]
    fn what_was_lost_is_made_good_where_it_shows() {
        let mut family = family(&[fork(LAUNCHER, ROOT), fork(ROOT, 101), fork(1, 101)]);
        assert_eq!(ends(&mut family), [(101, Some(20), None)]);
        family.adopt(ROOT);
        family.adopt(102);
        assert_eq!(family.existed(), 3);
        family.bury(&[102, 103], 1_070);
        assert_eq!(ends(&mut family), [(102, Some(70), None)]);
        family.leave_alive();
        assert_eq!(ends(&mut family), [(ROOT, None, None)]);
    }
}
