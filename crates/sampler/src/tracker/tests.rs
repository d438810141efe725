//! On a directory that looks like /proc, where pids can be reused at will.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::PathBuf;

use super::live::{CROSS_CHECK_TICKS, STILL_CHECK_TICKS, cross_check_ticks, lag_ticks, still_check_ticks};
use super::*;

pub(super) const LAUNCHER: u32 = 100;

pub(super) struct FakeProc {
    dir: tempfile::TempDir,
}

impl FakeProc {
    pub(super) fn new() -> Self {
        let fake = Self { dir: tempfile::tempdir().unwrap() };
        fake.add(LAUNCHER, 1, 5, "/bin/mymonitor-launcher", "1 1 0");
        fake
    }

    fn tracker(&self) -> Tracker {
        self.tracker_keeping(u32::MAX)
    }

    fn tracker_keeping(&self, descriptors: u32) -> Tracker {
        let proc = ProcRoot::open(self.dir.path()).unwrap().keeping_at_most(descriptors);
        Tracker::new(proc, Some(LAUNCHER), 1_000_000, StartClock::new(0), true).unwrap()
    }

    pub(super) fn dir(&self) -> &std::path::Path {
        self.dir.path()
    }

    pub(super) fn path(&self, pid: u32) -> PathBuf {
        self.dir.path().join(pid.to_string())
    }

    pub(super) fn add(&self, pid: u32, ppid: u32, start_ticks: u64, exe: &str, statm: &str) {
        let path = self.path(pid);
        fs::create_dir_all(path.join(format!("task/{pid}"))).unwrap();
        let name = exe.rsplit('/').next().unwrap();
        let fields = format!("{pid} ({name}) S {ppid} 1 1 0 -1 0 0 0 0 0 1 1 0 0 20 0 1 0 {start_ticks} 0 0{}", " 0".repeat(28));
        fs::write(path.join("stat"), fields).unwrap();
        fs::write(path.join("cmdline"), format!("{exe}\0-x\0")).unwrap();
        fs::write(path.join("task").join(pid.to_string()).join("children"), "").unwrap();
        symlink(exe, path.join("exe")).unwrap();
        symlink("/", path.join("cwd")).unwrap();
        self.set_memory(pid, statm);
    }

    fn set_memory(&self, pid: u32, statm: &str) {
        fs::write(self.path(pid).join("statm"), format!("{statm} 0 0 0 0\n")).unwrap();
    }

    pub(super) fn set_children(&self, pid: u32, children: &[u32]) {
        let text = children.iter().map(u32::to_string).collect::<Vec<_>>().join(" ") + " ";
        fs::write(self.path(pid).join(format!("task/{pid}/children")), text).unwrap();
    }

    pub(super) fn remove(&self, pid: u32) {
        // A removed file can still be read through a kept descriptor; of a process that is gone nothing can.
        fs::write(self.path(pid).join("statm"), "").unwrap();
        fs::remove_dir_all(self.path(pid)).unwrap();
    }

    pub(super) fn exec(&self, pid: u32, exe: &str) {
        fs::remove_file(self.path(pid).join("exe")).unwrap();
        symlink(exe, self.path(pid).join("exe")).unwrap();
        fs::write(self.path(pid).join("cmdline"), format!("{exe}\0")).unwrap();
        // Another program has another address space.
        self.set_memory(pid, "1234 500 100");
    }
}

fn pass(tracker: &mut Tracker, tick: u32) -> Changes {
    let mut changes = Changes::default();
    tracker.read_known(tick, i64::from(tick) * 50_000, &mut changes);
    tracker.discover(tick, i64::from(tick) * 50_000, &mut changes);
    changes
}

#[test]
fn a_reused_pid_is_a_new_row_and_never_continues_the_old_one() {
    let fake = FakeProc::new();
    fake.add(200, LAUNCHER, 10, "/bin/cc", "1000 500 100");
    fake.set_children(LAUNCHER, &[200]);
    let mut tracker = fake.tracker();
    let first = pass(&mut tracker, 0);
    assert_eq!(first.started.len(), 1);

    fake.remove(200);
    fake.add(200, LAUNCHER, 99, "/bin/ld", "9000 4000 100");
    let second = pass(&mut tracker, 1);
    assert_eq!(second.ended.iter().map(|end| end.process_id).collect::<Vec<_>>(), [first.started[0].process_id]);
    assert_eq!(second.started.len(), 1);
    assert_ne!(second.started[0].process_id, first.started[0].process_id);
    assert_eq!((second.started[0].pid, second.started[0].start_ticks), (200, 99));
    assert_eq!(tracker.live().len(), 1);
    assert_eq!(tracker.live()[0].statm.rss_kb, 16_000);
}

#[test]
fn a_vanished_process_yields_no_row_and_takes_nobody_else_s_numbers() {
    let fake = FakeProc::new();
    fake.add(200, LAUNCHER, 10, "/bin/cc", "1000 500 100");
    fake.add(201, LAUNCHER, 11, "/bin/as", "800 300 100");
    fake.set_children(LAUNCHER, &[200, 201]);
    let mut tracker = fake.tracker();
    pass(&mut tracker, 0);
    fake.remove(200);
    fake.set_children(LAUNCHER, &[201]);
    let changes = pass(&mut tracker, 1);
    assert_eq!(changes.ended.len(), 1);
    assert_eq!(changes.ended[0].end, End::Lost);
    let rows: Vec<_> = tracker.live().iter().map(|live| (live.start.pid, live.statm.rss_kb)).collect();
    assert_eq!(rows, [(201, 1200)]);
}

#[test]
fn a_seen_exec_begins_a_new_image_of_the_same_process() {
    let fake = FakeProc::new();
    fake.add(200, LAUNCHER, 10, "/bin/sh", "1000 500 100");
    fake.add(201, LAUNCHER, 11, "/bin/as", "800 300 100");
    fake.set_children(LAUNCHER, &[200, 201]);
    let mut tracker = fake.tracker();
    let first = pass(&mut tracker, 0);
    fake.exec(200, "/usr/lib/cc1");
    let second = pass(&mut tracker, 1);
    assert_eq!(second.ended[0].end, End::Execed);
    assert_eq!(second.ended[0].process_id, first.started[0].process_id);
    let image = &second.started[0];
    assert_eq!((image.pid, image.start_ticks, image.exec_count, image.start_us), (200, 10, 1, 50_000));
    assert_eq!(image.exe, b"/usr/lib/cc1");
    let ids: Vec<_> = tracker.live().iter().map(|live| live.process_id).collect();
    assert!(ids.is_sorted() && ids.len() == 2, "{ids:?}");
}

#[test]
fn a_zombie_is_no_process_with_memory_zero() {
    let fake = FakeProc::new();
    fake.add(200, LAUNCHER, 10, "/bin/cc", "0 0 0");
    fake.set_children(LAUNCHER, &[200]);
    let mut tracker = fake.tracker();
    assert!(pass(&mut tracker, 0).started.is_empty());
    assert!(tracker.live().is_empty());
}

#[test]
fn a_command_line_that_was_empty_during_the_exec_is_read_again() {
    let fake = FakeProc::new();
    fake.add(200, LAUNCHER, 10, "/bin/cc", "1000 500 100");
    fs::write(fake.path(200).join("cmdline"), "").unwrap();
    fake.set_children(LAUNCHER, &[200]);
    let mut tracker = fake.tracker();
    let first = pass(&mut tracker, 0);
    assert!(first.started[0].argv.is_empty());
    fs::write(fake.path(200).join("cmdline"), "cc\0-c\0").unwrap();
    let second = pass(&mut tracker, 1);
    assert_eq!(second.started[0].process_id, first.started[0].process_id);
    assert_eq!(second.started[0].argv, b"cc\0-c\0");
}

#[test]
fn grandchildren_are_found_in_the_pass_that_finds_their_parents() {
    let fake = FakeProc::new();
    fake.add(200, LAUNCHER, 10, "/bin/make", "10 5 1");
    fake.add(300, 200, 11, "/bin/cc", "10 5 1");
    fake.add(400, 300, 12, "/usr/lib/cc1", "10 5 1");
    fake.set_children(LAUNCHER, &[200]);
    fake.set_children(200, &[300]);
    fake.set_children(300, &[400]);
    let mut tracker = fake.tracker();
    let parents: Vec<_> = pass(&mut tracker, 0).started.iter().map(|image| image.parent_id).collect();
    assert_eq!(parents, [None, Some(0), Some(1)]);
}

#[test]
fn a_running_file_that_is_deleted_is_not_another_program() {
    let fake = FakeProc::new();
    fake.add(200, LAUNCHER, 10, "/tmp/conftest", "1000 500 100");
    fake.set_children(LAUNCHER, &[200]);
    let mut tracker = fake.tracker();
    pass(&mut tracker, 0);
    fake.exec(200, "/tmp/conftest (deleted)");
    let changes = pass(&mut tracker, 1);
    assert!(changes.started.is_empty() && changes.ended.is_empty());
}

#[test]
fn a_stranger_that_got_the_pid_of_a_child_is_not_recorded() {
    let fake = FakeProc::new();
    fake.add(200, 1, 10, "/usr/sbin/cron", "1000 500 100");
    fake.set_children(LAUNCHER, &[200]);
    let mut tracker = fake.tracker();
    assert!(pass(&mut tracker, 0).started.is_empty());
}

#[test]
fn what_cannot_be_read_for_want_of_a_descriptor_does_not_end_an_image() {
    let fake = FakeProc::new();
    fake.add(200, LAUNCHER, 10, "/bin/cc", "1000 500 100");
    fake.set_children(LAUNCHER, &[200]);
    let mut tracker = fake.tracker();
    pass(&mut tracker, 0);
    // Another program, of which nothing more can be read now.
    fake.exec(200, "/bin/ld");
    fs::remove_file(fake.path(200).join("stat")).unwrap();
    let changes = pass(&mut tracker, 1);
    assert!(changes.started.is_empty() && changes.ended.is_empty());
    assert_eq!(tracker.live().len(), 1);
}

#[test]
fn without_descriptors_to_keep_no_process_is_lost_and_a_reused_pid_is_still_a_new_row() {
    for descriptors in [0, 1, 4, 8] {
        let fake = FakeProc::new();
        let pids = [200, 201, 202, 203, 204];
        for pid in pids {
            fake.add(pid, LAUNCHER, 10, "/bin/cc", "1000 500 100");
        }
        fake.set_children(LAUNCHER, &pids);
        let mut tracker = fake.tracker_keeping(descriptors);
        assert_eq!(pass(&mut tracker, 0).started.len(), pids.len(), "{descriptors}");
        assert!(tracker.short_of_descriptors_count() > 0, "{descriptors}");
        fake.remove(204);
        fake.add(204, LAUNCHER, 99, "/bin/ld", "9000 4000 100");
        let second = pass(&mut tracker, 1);
        assert_eq!((second.ended.len(), second.started.len()), (1, 1), "{descriptors}");
        assert_eq!((second.started[0].start_ticks, second.started[0].exec_count), (99, 0), "{descriptors}");
        assert_eq!(tracker.live().iter().map(|live| live.statm.rss_kb).sum::<u64>(), 4 * 2_000 + 16_000, "{descriptors}");
    }
}

#[test]
fn an_exec_into_an_address_space_of_the_same_size_is_seen_a_few_ticks_later() {
    for (statm_before, within) in [("1234 700 100", EXEC_CHECK_TICKS), ("1234 500 100", STILL_CHECK_TICKS)] {
        let fake = FakeProc::new();
        fake.add(200, LAUNCHER, 10, "/bin/sh", statm_before);
        fake.set_children(LAUNCHER, &[200]);
        let mut tracker = fake.tracker();
        (0..10).for_each(|tick| drop(pass(&mut tracker, tick)));
        fake.exec(200, "/usr/lib/cc1");
        let seen = (10..10 + within).find(|&tick| !pass(&mut tracker, tick).started.is_empty());
        assert!(seen.is_some(), "{statm_before}");
    }
}

#[test]
fn a_fork_that_is_told_is_taken_without_a_walk_and_one_that_is_not_is_found_by_the_cross_check() {
    let fake = FakeProc::new();
    fake.add(200, LAUNCHER, 10, "/bin/make", "1000 500 100");
    fake.set_children(LAUNCHER, &[200]);
    let mut tracker = fake.tracker();
    tracker.told = Some(Told { unseen: vec![200], ..Told::default() });
    assert_eq!(pass(&mut tracker, 1).started.len(), 1);
    fake.add(201, 200, 11, "/bin/cc", "1000 500 100");
    fake.add(202, 201, 12, "/bin/ld", "1000 500 100");
    fake.set_children(200, &[201]);
    fake.set_children(201, &[202]);
    tracker.told = Some(Told { threads: HashMap::from([(200, 7)]), ..Told::default() });
    let found = (2..2 + 2 * CROSS_CHECK_TICKS).flat_map(|tick| pass(&mut tracker, tick).started).map(|image| image.pid);
    assert_eq!(found.collect::<Vec<_>>(), [201, 202]);
    assert_eq!(tracker.live()[0].threads, 7);
}

#[test]
fn an_exec_that_is_told_is_seen_at_that_tick_and_nothing_is_looked_for_meanwhile() {
    let fake = FakeProc::new();
    fake.add(200, LAUNCHER, 10, "/bin/sh", "1234 500 100");
    fake.set_children(LAUNCHER, &[200]);
    let mut tracker = fake.tracker();
    tracker.told = Some(Told::default());
    pass(&mut tracker, 0);
    fake.exec(200, "/usr/lib/cc1");
    for tick in 1..=2 * EXEC_CHECK_TICKS {
        assert!(pass(&mut tracker, tick).started.is_empty(), "tick {tick}");
    }
    tracker.told = Some(Told { execed: HashSet::from([200]), ..Told::default() });
    assert_eq!(pass(&mut tracker, 20).started[0].exec_count, 1);
}

#[test]
fn of_thousands_no_more_are_asked_at_a_tick_than_of_hundreds() {
    assert_eq!([1, 64, 65, 2_000].map(lag_ticks), [1, 1, 2, 32]);
    assert_eq!([1, 256, 257, 2_000].map(cross_check_ticks), [32, 32, 64, 256]);
    assert_eq!([1, 512, 513, 2_000].map(still_check_ticks), [32, 32, 64, 128]);
}
