//! Exit records complete the images of the ticks, and are images of their own where no tick saw the process.

use std::path::Path;

use crate::journal::{journal, put_journal};
use mymonitor_recording::{Compression, EXITS_2_FILE, EXITS_FILE, End, Processes, Recording, Summary, finalise};
use mymonitor_wire::{End as WireEnd, ExitFrame, ExitRecord, ImageEnd, ImageStart, RootEnd, Sample, Tick, append_frame};

/// The build starts at 1,000 s of the monotonic and 5,000 s of the boot clock.
const STARTED_US: u64 = 1_000_000_000;

fn origin() -> ExitFrame {
    ExitFrame::Origin { started_us: STARTED_US, started_boot_us: 5_000_000_000, ticks_per_second: 100, root_pid: None }
}

/// A process that started 10 ms after the build and ends at `at_us` after its start.
fn record(pid: u32, at_us: u64) -> ExitRecord {
    ExitRecord {
        pid,
        start_ticks: 500_001,
        ppid: 100,
        uid: 7,
        at_us: STARTED_US + at_us,
        exit_code: 3,
        vm_hwm_kb: Some(9_000),
        cpu_us: Some(12_345),
        threads: Some(4),
        memory_map: 11,
        name: b"cc1".to_vec(),
        argv: b"cc1\0a.c\0".to_vec(),
        ..ExitRecord::default()
    }
}

fn start(process_id: u32, pid: u32, name: &str, memory_map: u64) -> ImageStart {
    let start_ticks = 500_001;
    ImageStart { process_id, pid, start_ticks, name: name.into(), memory_map, start_us: 10_000, ..ImageStart::default() }
}

fn sample(process_id: u32) -> Sample {
    Sample { process_id, rss_kb: 4_000, shared_kb: 1_000, pss_kb: None, uss_kb: None }
}

fn lost(process_id: u32, end_us: i64) -> ImageEnd {
    let end = WireEnd::Lost;
    ImageEnd { process_id, end_us, end, exit_code: None, signal: None, cpu_us: None, vm_hwm_kb: None, threads: Some(2) }
}

/// Make (pid 100) all the time; pid 101 from tick 1 until tick 3 finds it gone.
fn ticks(name: &str, memory_map: u64) -> Vec<Tick> {
    let mut ticks: Vec<Tick> =
        (0..5).map(|tick| Tick { tick, elapsed_us: u64::from(tick) * 50_000, samples: vec![sample(0)], ..Tick::default() }).collect();
    ticks[0].started.push(start(0, 100, "make", 1));
    ticks[1].started.push(ImageStart { parent_id: Some(0), ..start(1, 101, name, memory_map) });
    ticks[1].samples.push(sample(1));
    ticks[2].samples.push(sample(1));
    ticks[3].ended.push(lost(1, 150_000));
    ticks
}

fn frames(frames: &[ExitFrame]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for frame in frames {
        let mut payload = Vec::new();
        frame.encode(&mut payload);
        append_frame(&mut bytes, &payload);
    }
    bytes
}

fn finalised(dir: &Path, ticks: Vec<Tick>, exits: &[u8], more_exits: &[u8]) -> (Summary, Processes) {
    put_journal(dir, &journal(ticks, Some(200_000)));
    std::fs::write(dir.join(EXITS_FILE), exits).expect("a directory that can be written");
    std::fs::write(dir.join(EXITS_2_FILE), more_exits).expect("a directory that can be written");
    let summary = finalise(dir, Compression::default()).expect("a directory that can be written");
    (
        summary,
        Recording::open(dir).expect("a directory that can be written").processes(0, u64::MAX).expect("a directory that can be written"),
    )
}

fn of(exits: &[ExitFrame], ticks: Vec<Tick>) -> (Summary, Processes) {
    finalised(tempfile::tempdir().expect("a temporary directory").path(), ticks, &frames(exits), b"")
}

/// The row of the image of a pid.
fn row(processes: &Processes, pid: u32) -> usize {
    processes.pid.iter().position(|&found| found == Some(pid)).expect("the process has a row")
}

#[test]
fn a_sampled_image_ends_as_its_exit_record_says() {
    let (summary, processes) = of(&[origin(), ExitFrame::Exited(record(101, 120_000))], ticks("cc1", 11));
    let row = row(&processes, 101);
    assert_eq!((processes.end[row], processes.end_us[row], processes.exit_code[row]), (End::Exited, Some(120_000), Some(3)));
    assert_eq!((processes.peak_rss_kb[row], processes.cpu_us[row], processes.threads[row]), (Some(9_000), Some(12_345), Some(4)));
    assert_eq!((processes.samples[row], processes.parent_id[row], processes.process_id.len()), (Some(2), Some(0), 2));
    assert_eq!((summary.exits.records, summary.exits.attributed_cpu_us), (1, 12_345));
}

#[test]
fn a_command_line_that_no_tick_could_read_is_taken_from_the_exit_record() {
    let (_, processes) = of(&[origin(), ExitFrame::Exited(record(101, 120_000))], ticks("cc1", 11));
    assert_eq!(processes.argv[row(&processes, 101)].as_deref(), Some(&["cc1".to_owned(), "a.c".to_owned()][..]));
    let mut known = ticks("cc1", 11);
    known[1].started[0].argv = b"cc1\0b.c\0".to_vec();
    let (_, processes) = of(&[origin(), ExitFrame::Exited(record(101, 120_000))], known);
    assert_eq!(processes.argv[row(&processes, 101)].as_deref(), Some(&["cc1".to_owned(), "b.c".to_owned()][..]));
}

#[test]
fn an_exit_during_the_tick_that_found_the_process_gone_is_its_own() {
    let (_, processes) = of(&[origin(), ExitFrame::Exited(record(101, 150_800))], ticks("cc1", 11));
    assert_eq!((processes.process_id.len(), processes.end[row(&processes, 101)]), (2, End::Exited));
}

#[test]
fn a_process_that_no_tick_saw_is_a_row_of_its_own() {
    let (_, processes) = of(&[origin(), ExitFrame::Exited(record(102, 70_000))], ticks("cc1", 11));
    let row = row(&processes, 102);
    assert_eq!((processes.samples[row], processes.start_us[row], processes.end_us[row]), (Some(0), Some(10_000), Some(70_000)));
    assert_eq!((processes.ppid[row], processes.parent_id[row], processes.uid[row]), (Some(100), Some(0), Some(7)));
    assert_eq!(processes.argv[row].as_deref(), Some(&["cc1".to_owned(), "a.c".to_owned()][..]));
    assert_eq!(processes.end[self::row(&processes, 101)], End::Lost);
    let mut ids = processes.process_id.clone();
    ids.sort_unstable();
    assert_eq!(ids, [0, 1, 2]);
}

#[test]
fn another_memory_map_at_exit_is_an_exec_that_no_tick_saw() {
    let (_, processes) = of(&[origin(), ExitFrame::Exited(record(101, 120_000))], ticks("sh", 10));
    let (first, second) = (row(&processes, 101), row(&processes, 101) + 1);
    assert_eq!((processes.end[first], processes.exit_code[first], processes.peak_rss_kb[first]), (End::Execed, None, Some(4_000)));
    assert_eq!((processes.pid[second], processes.name[second].as_deref(), processes.exec_count[second]), (Some(101), Some("cc1"), Some(1)));
    assert_eq!((processes.end[second], processes.samples[second], processes.peak_rss_kb[second]), (End::Exited, Some(0), Some(9_000)));
}

#[test]
fn a_fork_that_never_execed_is_one_image_whatever_its_map() {
    let exit = ExitRecord { never_execed: true, memory_map: 99, ..record(101, 120_000) };
    let (_, processes) = of(&[origin(), ExitFrame::Exited(exit)], ticks("sh", 10));
    assert_eq!((processes.process_id.len(), processes.end[row(&processes, 101)]), (2, End::Exited));
}

#[test]
fn an_exit_told_twice_is_one_row() {
    let twice = ExitFrame::Exited(record(101, 120_000));
    let (_, processes) = of(&[origin(), twice.clone(), twice], ticks("cc1", 11));
    assert_eq!(processes.process_id.len(), 2);
}

#[test]
fn a_pid_that_was_given_again_is_another_process() {
    let later = ExitRecord { start_ticks: 500_011, ..record(101, 180_000) };
    let (_, processes) = of(&[origin(), ExitFrame::Exited(later)], ticks("cc1", 11));
    let ends =
        [End::Lost, End::Exited].map(|end| (0..3).filter(|&row| (processes.pid[row], processes.end[row]) == (Some(101), end)).count());
    assert_eq!(ends, [1, 1]);
}

#[test]
fn a_signal_that_the_launcher_saw_is_stored_and_no_other() {
    let killed = ExitFrame::Killed { pid: 101, signal: 9, at_us: STARTED_US + 160_000 };
    let (_, processes) = of(&[origin(), killed], ticks("cc1", 11));
    let row = row(&processes, 101);
    assert_eq!((processes.end[row], processes.signal[row], processes.exit_code[row]), (End::Signalled, Some(9), None));
}

#[test]
fn what_was_missed_is_counted() {
    let missed = ExitFrame::Missed { dropped: 3, unreadable: 2 };
    let (summary, _) = of(&[origin(), missed.clone(), missed], ticks("cc1", 11));
    assert_eq!((summary.exits.dropped, summary.exits.unreadable), (6, 4));
}

#[test]
fn who_asked_for_a_listener_is_told_once() {
    let asked = |name: &str| ExitFrame::ListenerRefused { name: name.into() };
    let (summary, _) = of(&[origin(), asked("bwrap"), asked("crun"), asked("bwrap")], ticks("cc1", 11));
    assert_eq!(summary.exits.refused_listeners, ["bwrap", "crun"]);
}

#[test]
fn the_second_journal_goes_on_where_the_first_was_cut_at_any_byte() {
    let end = RootEnd { wait_status: 0, at_us: STARTED_US + 190_000, children_cpu_us: 1, launcher_cpu_us: 1 };
    let first = frames(&[origin(), ExitFrame::Exited(record(101, 120_000)), ExitFrame::RootEnded(end)]);
    let second = frames(&[ExitFrame::Exited(record(102, 170_000))]);
    let after_origin = frames(&[origin()]).len();
    for cut in 0..=first.len() {
        let dir = tempfile::tempdir().unwrap();
        let (summary, processes) = finalised(dir.path(), ticks("cc1", 11), &first[..cut], &second);
        let seen = processes.pid.contains(&Some(102));
        assert_eq!(seen, cut >= after_origin, "without its origin no time can be told; cut at {cut}");
        assert_eq!(summary.ticks, 5);
    }
}
