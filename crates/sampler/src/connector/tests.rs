use std::process::Command;

use super::*;

/// A follower of what this test process forks: every child of it counts as forked by the launcher's root.
fn follow() -> Option<Follower> {
    let connector = Connector::open().ok()?;
    let started_us = clock::monotonic_us();
    let mut follower = connector.follow(1, u32::MAX, started_us);
    follower.family.adopt(std::process::id());
    Some(follower)
}

fn news(follower: &mut Follower) -> Lifetimes {
    let mut frame = Lifetimes::default();
    follower.hear();
    follower.take_news(&mut frame);
    frame
}

/// Where the connector may not be used there is nothing to test but that it says so in one line. The initial namespaces have fixed numbers.
fn refused() -> bool {
    let Err(refusal) = Connector::open() else { return false };
    let is_initial = |name: &str, number: u64| {
        std::fs::read_link(format!("/proc/self/ns/{name}")).is_ok_and(|link| link.to_string_lossy() == format!("{name}:[{number}]"))
    };
    let may = rustix::process::geteuid().is_root() && is_initial("pid", 0xEFFF_FFFC) && is_initial("user", 0xEFFF_FFFD);
    !may && !refusal.to_string().contains('\n')
}

#[test]
fn short_children_are_told_with_their_ends_whatever_other_threads_do() {
    let Some(mut follower) = follow() else { return assert!(refused()) };
    let mut expected = Vec::new();
    for script in ["exit 0", "exit 7", "kill -9 $$", "exec sh -c 'exit 3'"] {
        let mut child = Command::new("sh").args(["-c", script]).spawn().unwrap();
        expected.push(child.id());
        child.wait().unwrap();
    }
    // The parent is woken an instant before the connector is told.
    std::thread::sleep(std::time::Duration::from_millis(50));
    let told = news(&mut follower);
    let of = |pid| told.ended.iter().find(|life| life.pid == pid).copied().unwrap();
    let statuses: Vec<_> = expected.iter().map(|&pid| of(pid).wait_status).collect();
    assert_eq!(statuses, [Some(0), Some(0x700), Some(9), Some(0x300)]);
    let last = of(expected[3]);
    assert_eq!((last.execs, last.ppid, last.seen), (2, std::process::id(), false));
    assert!(last.start_us < last.end_us.unwrap());
}

#[test]
fn a_full_socket_is_said_and_more_is_told_afterwards() {
    let Some(mut follower) = follow() else { return assert!(refused()) };
    sockopt::set_socket_recv_buffer_size(&follower.connector.socket, 0).unwrap();
    for _ in 0..20 {
        Command::new("true").status().unwrap();
    }
    follower.hear();
    assert!(follower.overflows > 0);
    sockopt::set_socket_recv_buffer_size(&follower.connector.socket, 200_000).unwrap();
    let mut child = Command::new("false").spawn().unwrap();
    let pid = child.id();
    child.wait().unwrap();
    std::thread::sleep(std::time::Duration::from_millis(50));
    let told = news(&mut follower);
    assert!(told.ended.iter().any(|life| life.pid == pid && life.wait_status == Some(0x100)), "{told:?}");
}

#[test]
fn what_the_events_do_not_tell_the_ticks_do() {
    let Some(mut follower) = follow() else { return assert!(refused()) };
    let mut child = Command::new("sleep").arg("60").spawn().unwrap();
    follower.connector.clear();
    follower.incomplete = true;
    follower.compare(std::iter::once(child.id()), [child.id()].into_iter());
    assert!(follower.family.living().any(|pid| pid == child.id()));
    child.kill().unwrap();
    child.wait().unwrap();
    follower.connector.clear();
    follower.finish();
    let told = news(&mut follower);
    let life = told.ended.iter().find(|life| life.pid == child.id()).unwrap();
    assert!(life.seen && life.end_us.is_some() && life.wait_status.is_none());
}
