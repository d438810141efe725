//! On real processes.

use std::path::Path;
use std::process::{Child, Command};
use std::time::{Duration, Instant};

use super::*;

fn root() -> ProcRoot {
    ProcRoot::open(Path::new("/proc")).unwrap()
}

fn end(mut child: Child) {
    child.kill().unwrap();
    child.wait().unwrap();
}

/// Stopped, so that two reads of it can be compared: a program that is still starting grows between them.
fn standing_still() -> Child {
    let child = Command::new("sleep").arg("60").spawn().unwrap();
    let pid = child.id().cast_signed();
    let mut status = 0;
    // SAFETY: integers, and one that outlives the call; the child stays this test's to wait for.
    unsafe {
        libc::kill(pid, libc::SIGSTOP);
        libc::waitpid(pid, &raw mut status, libc::WUNTRACED);
    }
    assert!(libc::WIFSTOPPED(status), "{status:#x}");
    child
}

/// A process whose main thread has ended while another one lives.
fn without_main_thread() -> i32 {
    // SAFETY: the child makes a thread, ends its own and touches nothing else of this process's copy.
    let pid = unsafe { libc::fork() };
    if pid == 0 {
        std::thread::spawn(|| std::thread::sleep(Duration::from_secs(60)));
        // SAFETY: ends the calling thread only.
        unsafe { libc::syscall(libc::SYS_exit, 0) };
    }
    let until = Instant::now() + Duration::from_secs(10);
    let is_zombie = || std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap().contains(") Z ");
    while !is_zombie() {
        assert!(Instant::now() < until, "the main thread of {pid} does not end");
        std::thread::sleep(Duration::from_millis(1));
    }
    pid
}

#[test]
fn a_process_whose_main_thread_has_ended_keeps_its_memory() {
    let pid = without_main_thread();
    let kept = root().process(pid.cast_unsigned());
    let reads = kept.as_ref().map(|process| (process.statm(), process.rollup().map(|rollup| rollup.rss_kb > 0), process.facts()));
    // SAFETY: both calls take integers.
    unsafe {
        libc::kill(pid, libc::SIGKILL);
        libc::waitid(libc::P_PID, pid.cast_unsigned(), std::ptr::null_mut(), libc::WEXITED | libc::WNOWAIT);
    }
    let zombie = kept.as_ref().map(Process::statm);
    // SAFETY: as above.
    unsafe { libc::waitpid(pid, std::ptr::null_mut(), 0) };
    let gone = kept.as_ref().map(Process::statm);
    let (statm, measured, facts) = reads.unwrap();
    assert!(statm.unwrap().unwrap().rss_kb > 0);
    assert_eq!(measured, Ok(true));
    assert_eq!(facts.unwrap().exe, std::env::current_exe().unwrap().as_os_str().as_encoded_bytes());
    assert_eq!((zombie, gone), (Ok(Ok(None)), Ok(Err(ReadError::Gone))));
}

#[test]
fn short_of_descriptors_everything_is_still_read() {
    let child = standing_still();
    let kept = root().process(child.id()).unwrap();
    for (limit, short) in [(1, true), (0, true), (100, false)] {
        let process = root().keeping_at_most(limit).process(child.id()).unwrap();
        assert_eq!(process.is_short_of_descriptors(), short, "{limit}");
        assert_eq!(process.statm(), kept.statm(), "{limit}");
        assert_eq!(process.facts(), kept.facts(), "{limit}");
        assert_eq!(process.children(&mut Vec::new()), Ok(1), "{limit}");
        assert!(process.rollup().unwrap().uss_kb > 0, "{limit}");
    }
    end(child);
    assert_eq!(kept.statm(), Err(ReadError::Gone));
}

#[test]
fn a_path_that_has_become_another_process_is_not_read() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::create_dir(dir.path().join("7")).unwrap();
    let started = |ticks: u64| {
        let stat = format!("7 (cc) S 1 1 1 0 -1 0 0 0 0 0 1 1 0 0 20 0 1 0 {ticks} 0 0{}", " 0".repeat(28));
        std::fs::write(dir.path().join("7/stat"), stat).unwrap();
    };
    started(10);
    std::fs::write(dir.path().join("7/statm"), "100 50 10 1 0 1 0\n").unwrap();
    let process = ProcRoot::open(dir.path()).unwrap().keeping_at_most(0).process(7).unwrap();
    assert_eq!(process.statm().unwrap().unwrap().rss_kb, 200);
    started(11);
    assert_eq!(process.statm(), Err(ReadError::Gone));
}

#[test]
fn another_user_s_process_may_not_be_measured_but_its_memory_is_read() {
    let child = Command::new("sleep").arg("60").spawn().unwrap();
    let pid = child.id();
    let read = std::thread::spawn(move || {
        // SAFETY: integers only; the raw call changes this thread's ids and no other's. Where it fails, this user cannot make the situation.
        let dropped = unsafe { libc::syscall(libc::SYS_setresuid, 65_534, 65_534, 65_534) } == 0;
        let process = root().process(pid).unwrap();
        dropped.then(|| (process.rollup(), process.statm().unwrap().is_some()))
    })
    .join()
    .unwrap();
    end(child);
    if let Some(read) = read {
        assert_eq!(read, (Err(ReadError::Denied), true));
    }
}
