//! On a directory that looks like /proc: the build began 1,000 s after boot, which is 100,000 clock ticks.

use std::fs;

use super::super::tests::{FakeProc, LAUNCHER};
use super::*;
use crate::clock::StartClock;

const BEFORE: u64 = 10;
const DURING: u64 = 900_000;
const KERNEL_THREAD: u32 = 0x0020_0000;

struct Host {
    fake: FakeProc,
    tracker: Tracker,
    tick: u32,
}

impl Host {
    /// A build of one process, 200, and what `add` puts beside it.
    fn new(pattern: &str, add: impl FnOnce(&FakeProc)) -> Self {
        let fake = FakeProc::new();
        fake.add(200, LAUNCHER, DURING, "/bin/ninja", "1000 500 100");
        fake.set_children(LAUNCHER, &[200]);
        fake.add(1, 0, 1, "/sbin/init", "10 5 1");
        add(&fake);
        let proc = ProcRoot::open(fake.dir()).unwrap();
        let tracker = Tracker::new(proc, Some(LAUNCHER), 1_000_000, StartClock::new(1_000_000_000), true).unwrap();
        let mut host = Self { fake, tracker: tracker.looking_outside(Some(Pattern::new(pattern).unwrap())), tick: 0 };
        host.pass();
        host
    }

    /// A pass with a scan.
    fn pass(&mut self) -> Changes {
        let mut changes = Changes::default();
        self.tick += 1;
        let now_us = i64::from(self.tick) * i64::from(SCAN_PERIOD_US);
        self.tracker.read_known(self.tick, now_us, &mut changes);
        self.tracker.discover(self.tick, now_us, &mut changes);
        changes
    }

    fn outside(&self) -> Vec<u32> {
        self.tracker.live().iter().filter(|live| live.start.outside_tree).map(|live| live.process.pid()).collect()
    }

    fn set_cpu(&self, pid: u32, cpu_ticks: u64) {
        set_field(&self.fake, pid, 14, &cpu_ticks.to_string());
    }
}

/// A field of /proc/PID/stat by its number in proc(5).
fn set_field(fake: &FakeProc, pid: u32, number: usize, value: &str) {
    let path = fake.path(pid).join("stat");
    let stat = fs::read_to_string(&path).unwrap();
    let mut fields: Vec<&str> = stat.split(' ').collect();
    fields[number - 1] = value;
    fs::write(path, fields.join(" ")).unwrap();
}

#[test]
fn a_daemon_that_predates_the_build_joins_when_its_cpu_clock_advances_and_an_idle_one_never() {
    let mut host = Host::new("java|sccache", |fake| {
        fake.add(300, 1, BEFORE, "/usr/bin/java", "1000 500 100");
        fake.add(301, 1, BEFORE, "/usr/bin/sccache", "1000 500 100");
    });
    assert!(host.outside().is_empty());
    host.set_cpu(300, 51);
    let changes = host.pass();
    assert_eq!(host.outside(), [300]);
    assert!(changes.started[0].outside_tree);
    assert_eq!((changes.started[0].parent_id, changes.started[0].start_us), (None, 0));
    (0..10).for_each(|_| drop(host.pass()));
    assert_eq!(host.outside(), [300]);
}

#[test]
fn one_that_starts_during_the_build_joins_without_any_cpu_time_and_bash_is_not_as() {
    let mut host = Host::new("as|ld", |_| {});
    host.fake.add(300, 1, DURING, "/usr/bin/as", "1000 500 100");
    host.fake.add(301, 1, DURING, "/bin/bash", "1000 500 100");
    host.fake.add(302, 1, DURING, "/usr/bin/ld.gold", "1000 500 100");
    host.pass();
    assert_eq!(host.outside(), [300]);
}

#[test]
fn descendants_callers_other_mymonitors_and_kernel_threads_never_join() {
    let mut host = Host::new(".*", |fake| {
        // Forked, and not yet found by the walk.
        fake.add(201, 200, DURING, "/usr/bin/cc", "1000 500 100");
        for (pid, ppid) in [(2, 0), (300, 2)] {
            fake.add(pid, ppid, DURING, "/kthread", "0 0 0");
            set_field(fake, pid, 9, &KERNEL_THREAD.to_string());
        }
        fake.add(301, 1, DURING, "/usr/lib/mymonitor-launc", "1000 500 100");
        fake.add(302, 1, DURING, "/usr/bin/node", "1000 500 100");
        fs::write(fake.path(302).join("cmdline"), "node\0/usr/bin/mymonitor\0-p\0x\0").unwrap();
        fake.add(303, 1, DURING, "/usr/bin/node", "1000 500 100");
        fs::create_dir_all(fake.path(303).join("task/304")).unwrap();
        fs::write(fake.path(303).join("task/304/comm"), "mymonitor\n").unwrap();
        fake.add(305, 1, DURING, "/usr/bin/shell", "1000 500 100");
        fake.add(std::process::id(), 305, DURING, "/usr/bin/node", "1000 500 100");
        fake.add(306, 300, DURING, "/usr/bin/java", "1000 500 100");
    });
    (0..10).for_each(|_| drop(host.pass()));
    assert_eq!(host.outside(), [306]);
}

#[test]
fn what_becomes_another_command_is_judged_again() {
    let mut host = Host::new("java", |fake| fake.add(300, 1, BEFORE, "/bin/sh", "1000 500 100"));
    host.fake.exec(300, "/usr/bin/java");
    set_field(&host.fake, 300, 2, "(java)");
    host.pass();
    assert_eq!(host.outside(), [300]);

    host.fake.exec(300, "/usr/bin/tail");
    set_field(&host.fake, 300, 2, "(tail)");
    // Its address space is as large as before: the scan sees it, and the next tick ends it.
    let seen = host.pass();
    let changes = host.pass();
    assert!(host.outside().is_empty() && seen.started.is_empty());
    assert_eq!(changes.ended.iter().map(|image| image.end).collect::<Vec<_>>(), [End::Execed]);
    assert!(changes.started.is_empty());
    (0..10).for_each(|_| drop(host.pass()));
    assert!(host.outside().is_empty());
}

#[test]
fn an_exec_into_another_that_matches_goes_on_outside_of_the_tree() {
    let mut host = Host::new("java|kotlin", |_| {});
    host.fake.add(300, 1, DURING, "/usr/bin/java", "1000 500 100");
    host.pass();
    host.fake.exec(300, "/usr/bin/kotlin");
    set_field(&host.fake, 300, 2, "(kotlin)");
    let changes = host.pass();
    assert_eq!(changes.started.iter().map(|image| (image.exec_count, image.outside_tree)).collect::<Vec<_>>(), [(1, true)]);
    assert_eq!(host.outside(), [300]);
}

#[test]
fn children_of_one_that_joined_join_by_the_pattern_only() {
    let mut host = Host::new("java", |_| {});
    host.fake.add(300, 1, DURING, "/usr/bin/java", "1000 500 100");
    host.fake.add(301, 300, DURING, "/usr/bin/java", "1000 500 100");
    host.fake.add(302, 300, DURING, "/usr/bin/cc", "1000 500 100");
    host.fake.set_children(300, &[301, 302]);
    (0..10).for_each(|_| drop(host.pass()));
    assert_eq!(host.outside(), [300, 301]);
}

#[test]
fn a_reused_pid_is_judged_anew() {
    let mut host = Host::new("java", |fake| fake.add(300, 1, BEFORE, "/bin/sh", "1000 500 100"));
    host.fake.remove(300);
    host.fake.add(300, 1, DURING, "/usr/bin/java", "1000 500 100");
    host.pass();
    assert_eq!(host.outside(), [300]);
    host.fake.remove(300);
    host.fake.add(300, 1, DURING + 1, "/usr/bin/cc", "1000 500 100");
    (0..10).for_each(|_| drop(host.pass()));
    assert!(host.outside().is_empty());
}

#[test]
fn what_outlives_the_build_ends_alive_with_the_cpu_time_it_used_since() {
    let mut host = Host::new("java", |fake| fake.add(300, 1, BEFORE, "/usr/bin/java", "1000 500 100"));
    host.set_cpu(300, 51);
    host.pass();
    host.tracker.look_outside_now();
    host.set_cpu(300, 101);
    host.pass();
    let mut changes = Changes::default();
    host.tracker.end_outside(9, &mut changes);
    let ticks_per_second = rustix::param::clock_ticks_per_second();
    let ends: Vec<_> = changes.ended.iter().map(|image| (image.end, image.cpu_us)).collect();
    assert_eq!(ends, [(End::Alive, Some(100 * 1_000_000 / ticks_per_second))]);
}

#[test]
fn the_cpu_time_of_scans_is_counted_apart_and_grows_with_scans_only() {
    let mut host = Host::new("gradle", |_| {});
    let scanned_us = (0..1_000)
        .find_map(|_| {
            host.pass();
            Some(host.tracker.scan_cpu_us()).filter(|&us| us > 0)
        })
        .unwrap();
    let mut changes = Changes::default();
    // Less than a second after the last scan.
    host.tracker.discover(host.tick + 1, i64::from(host.tick) * i64::from(SCAN_PERIOD_US) + 1, &mut changes);
    assert_eq!(host.tracker.scan_cpu_us(), scanned_us);
}
