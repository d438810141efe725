//! What the process connector saw completes images and exit records, and is a row of its own where there is neither.

use std::path::Path;

use crate::journal::{header, put_journal};
use mymonitor_recording::{Compression, ConnectorCounts, EXITS_FILE, End, Processes, Recording, Summary, finalise};
use mymonitor_wire::{
    End as WireEnd, ExitFrame, ExitRecord, ImageEnd, ImageStart, JournalFrame, Lifetime, Lifetimes, Sample, Tick, append_frame,
};

const STARTED_US: u64 = 1_000_000_000;

fn start(process_id: u32, pid: u32, name: &str) -> ImageStart {
    ImageStart { process_id, pid, start_ticks: pid.into(), name: name.into(), start_us: 10_000, ..ImageStart::default() }
}

fn sample(process_id: u32) -> Sample {
    Sample { process_id, rss_kb: 4_000, shared_kb: 1_000, pss_kb: None, uss_kb: None }
}

fn lost(process_id: u32, end_us: i64) -> ImageEnd {
    let end = WireEnd::Lost;
    ImageEnd { process_id, end_us, end, exit_code: None, signal: None, cpu_us: None, vm_hwm_kb: None, threads: None }
}

fn life(pid: u32, end_us: u64, wait_status: i32) -> Lifetime {
    Lifetime { pid, ppid: 100, start_us: 11_000, end_us: Some(end_us), wait_status: Some(wait_status), ..Lifetime::default() }
}

fn seen(pid: u32, end_us: u64, wait_status: i32) -> Lifetime {
    Lifetime { seen: true, ..life(pid, end_us, wait_status) }
}

/// Make (pid 100) all the time; cc1 (101) from tick 1 until tick 3 finds it gone.
fn ticks() -> Vec<Tick> {
    let mut ticks: Vec<Tick> =
        (0..6).map(|tick| Tick { tick, elapsed_us: u64::from(tick) * 50_000, samples: vec![sample(0)], ..Tick::default() }).collect();
    ticks[0].started.push(start(0, 100, "make"));
    ticks[1].started.push(start(1, 101, "cc1"));
    ticks[1].samples.push(sample(1));
    ticks[2].samples.push(sample(1));
    ticks[3].ended.push(lost(1, 150_000));
    ticks
}

fn record(pid: u32, at_us: u64) -> ExitRecord {
    ExitRecord {
        pid,
        start_ticks: pid.into(),
        at_us: STARTED_US + at_us,
        exit_code: 3,
        vm_hwm_kb: Some(9),
        never_execed: true,
        ..ExitRecord::default()
    }
}

/// `told` says which lifetimes come before which tick.
fn finalised(dir: &Path, told: &[(u32, Lifetime)], ticks: Vec<Tick>, records: Vec<ExitRecord>) -> (Summary, Processes) {
    let (mut bytes, mut payload) = (Vec::new(), Vec::new());
    let mut put = |encode: &dyn Fn(&mut Vec<u8>)| {
        payload.clear();
        encode(&mut payload);
        append_frame(&mut bytes, &payload);
    };
    put(&|out| header().encode(out));
    for tick in ticks {
        let ended = told.iter().filter(|(before, _)| *before == tick.tick).map(|(_, life)| *life).collect();
        let lifetimes = Lifetimes { existed: 7, execs: 5, overflows: tick.tick.into(), ended };
        put(&|out| lifetimes.encode(out));
        put(&|out| tick.encode(out));
    }
    put(&|out| JournalFrame::End { elapsed_us: 260_000 }.encode(out));
    put_journal(dir, &bytes);
    let mut exits = Vec::new();
    let origin = ExitFrame::Origin { started_us: STARTED_US, started_boot_us: 0, ticks_per_second: 100, root_pid: None };
    for frame in std::iter::once(origin).chain(records.into_iter().map(ExitFrame::Exited)) {
        let mut payload = Vec::new();
        frame.encode(&mut payload);
        append_frame(&mut exits, &payload);
    }
    std::fs::write(dir.join(EXITS_FILE), exits).expect("a directory that can be written");
    let summary = finalise(dir, Compression::default()).expect("a directory that can be written");
    (
        summary,
        Recording::open(dir).expect("a directory that can be written").processes(0, u64::MAX).expect("a directory that can be written"),
    )
}

fn of(told: &[(u32, Lifetime)], ticks: Vec<Tick>, records: Vec<ExitRecord>) -> (Summary, Processes) {
    finalised(tempfile::tempdir().expect("a directory that can be written").path(), told, ticks, records)
}

type Ending = (End, Option<u32>, Option<u32>, Option<i64>);

/// The ends of all rows of a pid.
fn endings(processes: &Processes, pid: u32) -> Vec<Ending> {
    let rows = processes.pid.iter().enumerate().filter(|(_, found)| **found == Some(pid));
    rows.map(|(row, _)| (processes.end[row], processes.exit_code[row], processes.signal[row], processes.end_us[row])).collect()
}

#[test]
fn an_image_that_nobody_saw_end_ends_as_the_connector_says() {
    let (_, processes) = of(&[(3, seen(101, 120_000, 9))], ticks(), vec![]);
    assert_eq!(endings(&processes, 101), [(End::Signalled, None, Some(9), Some(120_000))]);
    let (_, processes) = of(&[(3, seen(101, 120_000, 0x700))], ticks(), vec![]);
    assert_eq!(endings(&processes, 101), [(End::Exited, Some(7), None, Some(120_000))]);
}

#[test]
fn its_end_is_its_own_however_late_it_is_told() {
    for before in [4, 5] {
        let (_, processes) = of(&[(before, seen(101, 151_000, 0x8b))], ticks(), vec![]);
        assert_eq!(endings(&processes, 101), [(End::Signalled, None, Some(11), Some(151_000))], "told before tick {before}");
    }
}

#[test]
fn a_process_that_neither_a_tick_nor_an_exit_record_saw_is_a_row_of_its_own() {
    let forked = life(102, 70_000, 9);
    let execed = Lifetime { execs: 1, ..life(103, 80_000, 0x300) };
    let (summary, processes) = of(&[(2, forked), (2, execed)], ticks(), vec![]);
    assert_eq!(endings(&processes, 102), [(End::Signalled, None, Some(9), Some(70_000))]);
    assert_eq!(endings(&processes, 103), [(End::Exited, Some(3), None, Some(80_000))]);
    let row = |pid| processes.pid.iter().position(|&found| found == Some(pid)).unwrap();
    assert_eq!([row(102), row(103)].map(|row| processes.name[row].clone().unwrap()), ["make", "unknown"]);
    let facts = (processes.parent_id[row(102)], processes.start_us[row(102)], processes.samples[row(102)], processes.uid[row(102)]);
    assert_eq!(facts, (Some(0), Some(11_000), Some(0), Some(u32::MAX)));
    assert_eq!(processes.peak_rss_kb[row(102)], None);
    assert_eq!(summary.connector, Some(ConnectorCounts { existed: 7, unrecorded: 2, execs: 5, overflows: 5 }));
    assert_eq!(summary.processes, 4);
}

#[test]
fn an_exit_record_and_a_lifetime_of_one_process_are_one_row_in_whichever_frame_it_comes() {
    for before in [2, 3] {
        let (summary, processes) = of(&[(before, life(102, 70_000, 0x300))], ticks(), vec![record(102, 69_900)]);
        assert_eq!(endings(&processes, 102), [(End::Exited, Some(3), None, Some(69_900))], "told before tick {before}");
        assert_eq!(summary.connector.unwrap().unrecorded, 0);
    }
    let (_, processes) = of(&[(3, seen(101, 120_100, 0x300))], ticks(), vec![record(101, 120_000)]);
    assert_eq!(endings(&processes, 101), [(End::Exited, Some(3), None, Some(120_000))]);
}

#[test]
fn a_pid_that_is_given_out_again_between_two_ticks_never_takes_the_end_of_the_process_before() {
    let mut ticks = ticks();
    ticks[3].started.push(start(2, 101, "ld"));
    ticks[3].samples.push(sample(2));
    ticks[4].ended.push(lost(2, 200_000));
    let second = Lifetime { start_us: 125_000, ..seen(101, 190_000, 0x200) };
    let (_, processes) = of(&[(3, seen(101, 120_000, 9)), (4, second)], ticks, vec![]);
    assert_eq!(endings(&processes, 101), [(End::Lost, None, None, Some(150_000)), (End::Exited, Some(2), None, Some(190_000))]);
}

#[test]
fn what_outlived_the_recording_and_what_ended_unseen_is_said_so() {
    let alive = Lifetime { end_us: None, wait_status: None, ..life(102, 0, 0) };
    let unknown = Lifetime { wait_status: None, ..life(103, 240_000, 0) };
    let (_, processes) = of(&[(5, unknown), (5, alive)], ticks(), vec![]);
    assert_eq!(endings(&processes, 102), [(End::Alive, None, None, None)]);
    assert_eq!(endings(&processes, 103), [(End::Lost, None, None, Some(240_000))]);
}
