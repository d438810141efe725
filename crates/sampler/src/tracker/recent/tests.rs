//! On real processes: the test executable, started again, forks what it is told to. In a pid namespace, where nobody else does: a host that forks much
//! has the tree walked.

use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use mymonitor_proc::{HostFiles, ProcRoot, descendants};

use super::*;
use crate::clock::StartClock;

const ROLE: &str = "MYMONITOR_TEST_ROLE";
/// Short enough for no round to have passed.
const TICK_US: i64 = 500;

/// Forks by order, as subreaper, until its input ends.
fn fork_by_order() {
    // SAFETY: takes no pointer.
    unsafe { libc::prctl(libc::PR_SET_CHILD_SUBREAPER, 1) };
    let answer = |word: &str| writeln!(std::io::stdout(), "\n{word}").unwrap();
    answer("ready");
    let mut children = Vec::new();
    let start = |program: &str, args: &[&str]| Command::new(program).args(args).stdout(Stdio::null()).spawn().unwrap();
    for line in std::io::stdin().lines() {
        match line.unwrap().as_str() {
            "child" => children.push(start("sleep", &["1000"])),
            "chain" => children.push(start("sh", &["-c", "sh -c 'sleep 1000; :'; :"])),
            "orphan" => drop(start("sh", &["-c", "sleep 1000 &"]).wait()),
            "child of a thread" => {
                let (sender, receiver) = std::sync::mpsc::channel();
                std::thread::spawn(move || {
                    sender.send(Command::new("sleep").arg("1000").spawn().unwrap()).unwrap();
                    std::thread::park();
                });
                children.push(receiver.recv().unwrap());
            }
            "namespace" => children.push(start("unshare", &["-Urpf", "sleep", "1000"])),
            "threads" => (0..2).for_each(|_| drop(std::thread::spawn(std::thread::park))),
            "burst" => (0..500).for_each(|_| drop(std::thread::spawn(|| ()).join())),
            "short" => drop(start("true", &[]).wait()),
            "end" => drop(children.pop().map(|mut child: Child| (child.kill(), child.wait()))),
            order => panic!("{order}"),
        }
        answer("done");
    }
    std::process::exit(0);
}

struct Driver {
    child: Child,
    orders: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Driver {
    fn start() -> Self {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", "tracker::recent::tests::what_a_walk_would_find_is_found_by_its_pid", "--nocapture"]).env(ROLE, "driver");
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).process_group(0).spawn().unwrap();
        let (orders, answers) = (child.stdin.take().unwrap(), BufReader::new(child.stdout.take().unwrap()));
        let mut driver = Self { child, orders, answers };
        driver.await_line("ready");
        driver
    }

    fn order(&mut self, order: &str) {
        writeln!(self.orders, "{order}").unwrap();
        self.await_line("done");
    }

    fn await_line(&mut self, awaited: &str) {
        let mut line = String::new();
        while line.trim_end() != awaited {
            line.clear();
            assert_ne!(self.answers.read_line(&mut line).unwrap(), 0, "the driver has ended");
        }
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        // SAFETY: signals the group that the driver has made for itself.
        unsafe { libc::kill(-self.child.id().cast_signed(), libc::SIGKILL) };
        let _ = self.child.wait();
    }
}

/// A tracker of what the driver forks, and what there really is.
struct Followed {
    driver: Driver,
    tracker: Tracker,
    host: HostFiles,
    proc: ProcRoot,
    tick: u32,
}

impl Followed {
    fn start() -> Self {
        let driver = Driver::start();
        let open = || ProcRoot::open(Path::new("/proc")).unwrap();
        let tracker = Tracker::new(open(), None, driver.child.id(), StartClock::new(0), false).unwrap();
        let mut followed = Self { driver, tracker, host: HostFiles::open(&open()), proc: open(), tick: 0 };
        (0..2 * LATE_TICKS).for_each(|_| _ = followed.pass());
        followed
    }

    /// Whether it was done without a walk.
    fn pass(&mut self) -> bool {
        self.tracker.last_pid = self.host.read().last_pid;
        self.pass_as_it_is()
    }

    fn pass_as_it_is(&mut self) -> bool {
        let (now_us, mut changes) = (i64::from(self.tick) * TICK_US, Changes::default());
        self.tracker.read_known(self.tick, now_us, &mut changes);
        self.tracker.discover(self.tick, now_us, &mut changes);
        self.tick += 1;
        self.tick - 1 - self.tracker.recent.lost_in > LATE_TICKS
    }

    fn found(&self) -> Vec<u32> {
        let mut pids: Vec<u32> = self.tracker.live().iter().map(|live| live.start.pid).collect();
        pids.sort_unstable();
        pids
    }

    fn real(&self) -> Vec<u32> {
        let root = self.driver.child.id();
        let mut pids = descendants(&self.proc, root).unwrap();
        pids.push(root);
        pids.sort_unstable();
        pids
    }

    fn wait_for(&self, count: usize) {
        while self.real().len() < count {
            std::thread::yield_now();
        }
    }
}

/// Runs `follow`, of the test `name`, in a pid namespace of its own, where pids end before `pid_max`; not at all where that may not be made. It is a limit
/// of a namespace since Linux 6.14, and before not this user's to set.
fn in_a_namespace(name: &str, pid_max: u32, follow: impl FnOnce()) {
    if let Some(role) = std::env::var_os(ROLE) {
        return if role == "driver" { fork_by_order() } else { follow() };
    }
    let limit = format!("[ {pid_max} = 0 ] || echo {pid_max} > /proc/sys/kernel/pid_max || exit 77; exec \"$@\"");
    let status = Command::new("unshare")
        .args(["-Urpf", "--mount-proc", "sh", "-c", &limit, "sh"])
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", &format!("tracker::recent::tests::{name}"), "--nocapture"])
        .env(ROLE, "follower")
        .status();
    assert_ne!(status.ok().and_then(|status| status.code()), Some(101), "inside of the namespace");
}

#[test]
fn what_a_walk_would_find_is_found_by_its_pid() {
    in_a_namespace("what_a_walk_would_find_is_found_by_its_pid", 0, follow_all_kinds);
}

fn follow_all_kinds() {
    let mut followed = Followed::start();
    assert_eq!(followed.found(), followed.real());
    let may_nest = Command::new("unshare").args(["-Urpf", "true"]).status().is_ok_and(|status| status.success());
    for (order, more) in
        [("child", 1), ("chain", 3), ("orphan", 1), ("child of a thread", 1), ("short", 0), ("burst", 0), ("namespace", 2), ("child", 1)]
    {
        if order == "namespace" && !may_nest {
            continue;
        }
        let count = followed.real().len() + more;
        followed.driver.order(order);
        followed.wait_for(count);
        let is_without_walk = followed.pass();
        assert!(is_without_walk || order == "burst" || order == "chain", "{order}");
        assert_eq!(followed.found(), followed.real(), "{order}");
        (0..2 * LATE_TICKS).for_each(|_| _ = followed.pass());
    }
}

#[test]
fn new_threads_of_a_known_process_are_counted() {
    in_a_namespace("new_threads_of_a_known_process_are_counted", 0, follow_threads);
}

fn follow_threads() {
    let mut followed = Followed::start();
    let before = followed.tracker.live()[0].threads;
    followed.driver.order("threads");
    assert!(followed.pass());
    assert_eq!(followed.tracker.live()[0].threads, before + 2);
}

#[test]
fn a_pid_that_was_given_out_before_its_process_could_be_seen_is_looked_for_again() {
    in_a_namespace("a_pid_that_was_given_out_before_its_process_could_be_seen_is_looked_for_again", 0, follow_a_late_one);
}

fn follow_a_late_one() {
    let mut followed = Followed::start();
    // As if the next ones had been given out.
    followed.tracker.last_pid = followed.host.read().last_pid.map(|last| last + 4);
    assert!(followed.pass_as_it_is());
    followed.driver.order("child");
    assert!(followed.pass_as_it_is());
    assert_eq!(followed.found(), followed.real());
}

#[test]
fn pids_that_begin_again_below_are_followed() {
    in_a_namespace("pids_that_begin_again_below_are_followed", 400, follow_rounds);
}

fn follow_rounds() {
    let mut followed = Followed::start();
    let (mut rounds, mut last, mut without_walk) = (0, 0, 0);
    while rounds < 3 {
        for order in ["short", "child"] {
            followed.driver.order(order);
        }
        without_walk += u32::from(followed.pass());
        assert_eq!(followed.found(), followed.real());
        followed.driver.order("end");
        let now = followed.tracker.last_pid.unwrap();
        rounds += u32::from(now < last);
        last = now;
    }
    assert!(without_walk > 10 && followed.tracker.uses_last_pid(), "{without_walk}");
}

#[test]
fn a_round_of_pids_ends_at_the_limit_and_begins_behind_the_reserved_ones() {
    let pids = |previous, last| given_out(previous, last, 1000).into_iter().flatten().collect::<Vec<_>>();
    assert_eq!(pids(500, 500), [0; 0]);
    assert_eq!(pids(500, 503), [501, 502, 503]);
    assert_eq!(pids(997, 301), [998, 999, 300, 301]);
    assert_eq!(pids(999, 300), [300]);
    assert_eq!(pids(998, 2), [999, 1, 2]);
}
