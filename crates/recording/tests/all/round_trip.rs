//! What the journal says is what the tables say.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use crate::journal::{journal, put_journal};
use mymonitor_recording::{
    Class, ClassRow, ClassesTable, ClassesWriter, Compression, End, PROCESSES_FILE, Recording, RecordingError, Summary, TICKS_FILE, Window,
    finalise,
};
use mymonitor_wire::{End as WireEnd, Host, ImageEnd, ImageStart, Phase, Sample, Tick};

const LONGEST: u32 = u32::MAX;

fn image(process_id: u32, name: &str) -> ImageStart {
    ImageStart { process_id, pid: 100 + process_id, ppid: 99, uid: 1000, name: name.into(), ..ImageStart::default() }
}

fn sample(process_id: u32, rss_kb: u64, shared_kb: u64) -> Sample {
    Sample { process_id, rss_kb, shared_kb, pss_kb: None, uss_kb: None }
}

fn end(process_id: u32, end: WireEnd) -> ImageEnd {
    ImageEnd { process_id, end_us: 140_000, end, exit_code: None, signal: None, cpu_us: None, vm_hwm_kb: None, threads: None }
}

/// make (0) lives on; sh (1) execs to cc1 (2), which a signal ends; 3 was never sampled but left an exit record.
fn ticks() -> Vec<Tick> {
    let make = ImageStart { exe: b"/usr/bin/make".to_vec(), cwd: b"/src".to_vec(), argv: b"make\0-j2\0".to_vec(), ..image(0, "make") };
    let cc1 = ImageStart {
        exec_count: 1,
        parent_id: Some(0),
        start_ticks: 7_000_000_000,
        start_us: -5,
        exe: b"/opt/\xff/cc1".to_vec(),
        argv: b"cc1\0gr\xc3\xb6\xc3\x9fe\0\0\xfe\0".to_vec(),
        argv_cut_from: Some(1 << 20),
        argv_hash: Some(u64::MAX),
        ..image(2, "cc1")
    };
    vec![
        Tick {
            tick: 0,
            elapsed_us: 1_999,
            live: 2,
            phase: Phase::Setup,
            started: vec![make, image(1, "sh")],
            samples: vec![sample(0, 2_000, 1_500), sample(1, 1_000, 900)],
            ..Tick::default()
        },
        Tick {
            tick: 1,
            elapsed_us: 52_000,
            late_us: 2_000,
            live: LONGEST,
            phase: Phase::Build,
            sampler_cpu_us: 77,
            host: Host { mem_available_kb: Some(0), load1_milli: Some(1_500), ..Host::default() },
            started: vec![cc1],
            samples: vec![sample(0, 2_100, 1_500), Sample { pss_kb: Some(0), uss_kb: Some(5), ..sample(2, 5 << 32, 4) }],
            ended: vec![end(1, WireEnd::Execed)],
        },
        Tick {
            tick: 4,
            elapsed_us: 150_000,
            sampler_cpu_us: 90,
            started: vec![ImageStart { outside_tree: true, ..image(3, "daemon") }],
            samples: vec![sample(0, 1_900, 1_500)],
            ended: vec![
                ImageEnd { signal: Some(9), cpu_us: Some(6), threads: Some(4), ..end(2, WireEnd::Signalled) },
                ImageEnd { exit_code: Some(3), vm_hwm_kb: Some(640), ..end(3, WireEnd::Exited) },
            ],
            ..Tick::default()
        },
    ]
}

fn recorded(dir: &Path, end: Option<u64>) -> Summary {
    put_journal(dir, &journal(ticks(), end));
    finalise(dir, Compression::default()).expect("the journal is whole")
}

#[test]
fn the_summary_counts_what_the_tables_hold() {
    let dir = tempfile::tempdir().unwrap();
    let summary = recorded(dir.path(), Some(160_000));
    assert_eq!(
        summary,
        Summary {
            ticks: 3,
            rows: 5,
            processes: 4,
            elapsed_us: Some(160_000),
            sampler_cpu_us: Some(90),
            unread_bytes: 0,
            orphan_samples: 0,
            ..Summary::default()
        }
    );
    let recording = Recording::open(dir.path()).unwrap();
    let info = recording.info();
    assert_eq!((info.ticks, info.rows, info.processes), (3, 5, 4));
    assert_eq!((info.run_id.as_str(), info.project.as_str(), info.jobs, info.repeat), ("6b0f7a52-demo", "demo", Some(2), 1));
}

#[test]
fn ticks_come_back_with_their_nulls() {
    let dir = tempfile::tempdir().unwrap();
    recorded(dir.path(), Some(160_000));
    let ticks = Recording::open(dir.path()).unwrap().ticks(0, u64::MAX).unwrap();
    assert_eq!(ticks.timeline.tick, [0, 1, 4]);
    assert_eq!(ticks.timeline.elapsed_us, [1_999, 52_000, 150_000]);
    assert_eq!(ticks.timeline.build, [false, true, true]);
    assert_eq!(ticks.live, [Some(2), Some(LONGEST), Some(0)]);
    assert_eq!(ticks.mem_available_kb, [None, Some(0), None]);
    assert_eq!(ticks.load1_milli, [None, Some(1_500), None]);
    assert_eq!(ticks.cgroup_limit_kb, [None; 3]);
    assert_eq!(ticks.total_rss_kb, [Some(3_000), Some((5 << 32) + 2_100), Some(1_900)]);
    // 500 + 100 private; make and sh share 900 of libc at most: 1,500 + 900 - 900.
    assert_eq!(ticks.total_pss_kb[0], Some(600 + 1_500));
}

#[test]
fn images_come_back_in_the_order_in_which_they_ended() {
    let dir = tempfile::tempdir().unwrap();
    recorded(dir.path(), Some(160_000));
    let images = Recording::open(dir.path()).unwrap().processes(0, 100).unwrap();
    assert_eq!(images.process_id, [1, 2, 3, 0]);
    assert_eq!(images.end, [End::Execed, End::Signalled, End::Exited, End::Alive]);
    assert_eq!(images.end_us, [Some(140_000), Some(140_000), Some(140_000), None]);
    assert_eq!(images.signal, [None, Some(9), None, None]);
    assert_eq!(images.exit_code, [None, None, Some(3), None]);
    assert_eq!(images.parent_id, [None, Some(0), None, None]);
    assert_eq!(images.exec_count, [Some(0), Some(1), Some(0), Some(0)]);
    assert_eq!(images.start_us[1], Some(-5));
    assert_eq!(images.peak_rss_kb, [Some(1_000), Some(5 << 32), Some(640), Some(2_100)]);
    assert_eq!(images.samples, [Some(1), Some(1), Some(0), Some(3)]);
    assert_eq!(images.threads, [None, Some(4), None, None]);
    assert_eq!(images.outside_tree, [Some(false), Some(false), Some(true), Some(false)]);
    assert_eq!(images.name.iter().flatten().collect::<Vec<_>>(), ["sh", "cc1", "daemon", "make"]);
    assert_eq!(images.exe, [None, Some(r"/opt/\xff/cc1".into()), None, Some("/usr/bin/make".into())]);
    assert_eq!(images.argv[0], None);
    assert_eq!(images.argv[1], Some(vec!["cc1".into(), "größe".into(), String::new(), r"\xfe".into()]));
    assert_eq!(images.argv[3], Some(vec!["make".into(), "-j2".into()]));
}

#[test]
fn any_stretch_of_images_can_be_read_alone() {
    let dir = tempfile::tempdir().unwrap();
    recorded(dir.path(), Some(160_000));
    let recording = Recording::open(dir.path()).unwrap();
    let all = recording.processes(0, 4).unwrap();
    for first in 0..6 {
        for count in 0..6 {
            let some = recording.processes(first, count).unwrap();
            let expected = first.min(4) as usize..(first + count).min(4) as usize;
            assert_eq!(some.process_id, all.process_id[expected.clone()]);
            assert_eq!(some.argv, all.argv[expected]);
        }
    }
}

#[test]
fn every_codec_writes_what_the_reader_reads() {
    for name in ["snappy", "gzip", "brotli", "lz4", "zstd"] {
        let dir = tempfile::tempdir().unwrap();
        put_journal(dir.path(), &journal(ticks(), None));
        finalise(dir.path(), Compression::from_name(name).unwrap()).unwrap();
        let recording = Recording::open(dir.path()).unwrap();
        let mut window = Window::new();
        recording.window(0, &mut window).unwrap();
        let rows: Vec<_> = (0..window.rows()).map(|row| (window.process_id(row), window.tick(row), window.rss_kb[row])).collect();
        assert_eq!(rows, [(0, 0, 2_000), (0, 1, 2_100), (0, 4, 1_900), (1, 0, 1_000), (2, 1, 5 << 32)], "{name}");
    }
    assert_eq!(Compression::from_name("rar"), None);
}

#[test]
fn what_is_live_at_the_end_of_a_torn_journal_is_lost() {
    let dir = tempfile::tempdir().unwrap();
    assert_eq!(recorded(dir.path(), None).elapsed_us, None);
    let images = Recording::open(dir.path()).unwrap().processes(3, 1).unwrap();
    assert_eq!((images.process_id[0], images.end[0], images.end_us[0]), (0, End::Lost, None));
}

#[test]
fn finalising_twice_gives_the_same_bytes_and_leaves_no_temporary_file() {
    let dir = tempfile::tempdir().unwrap();
    recorded(dir.path(), Some(1));
    let read = || [PROCESSES_FILE, TICKS_FILE].map(|name| fs::read(dir.path().join(name)).unwrap());
    let first = read();
    recorded(dir.path(), Some(1));
    assert_eq!(first, read());
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 4);
}

#[test]
fn a_sample_of_an_unknown_image_is_counted_and_in_no_table() {
    let dir = tempfile::tempdir().unwrap();
    let tick = Tick { samples: vec![sample(7, 1, 1)], ..Tick::default() };
    put_journal(dir.path(), &journal([tick], None));
    let summary = finalise(dir.path(), Compression::default()).unwrap();
    assert_eq!((summary.rows, summary.processes, summary.orphan_samples), (0, 0, 1));
}

#[test]
fn a_second_start_replaces_the_facts_of_a_live_image() {
    let dir = tempfile::tempdir().unwrap();
    let first = Tick { started: vec![image(0, "make")], samples: vec![sample(0, 9, 1)], ..Tick::default() };
    let second = Tick { tick: 1, started: vec![ImageStart { argv: b"cc\0".to_vec(), ..image(0, "cc") }], ..Tick::default() };
    put_journal(dir.path(), &journal([first, second], None));
    finalise(dir.path(), Compression::default()).unwrap();
    let images = Recording::open(dir.path()).unwrap().processes(0, 9).unwrap();
    assert_eq!((images.name, images.samples, images.peak_rss_kb), (vec![Some("cc".into())], vec![Some(1)], vec![Some(9)]));
}

#[test]
fn a_recording_without_ticks_is_a_recording() {
    let dir = tempfile::tempdir().unwrap();
    put_journal(dir.path(), &journal([], Some(0)));
    finalise(dir.path(), Compression::default()).unwrap();
    let recording = Recording::open(dir.path()).unwrap();
    assert_eq!((recording.info().ticks, recording.windows()), (0, 0));
    assert!(recording.timeline().unwrap().is_empty());
}

#[test]
fn classes_are_replaced_whole() {
    let dir = tempfile::tempdir().unwrap();
    recorded(dir.path(), Some(1));
    assert!(ClassesTable::open(dir.path()).unwrap().is_none());
    let class = |major: &str| Arc::new(Class { major_category: major.into(), minor_category: "Frontend_GCC".into(), rule: "cc1".into() });
    let [compile, other] = ["CPP_COMPILE", "Other"].map(class);
    let row = |process_id: u32, class: &Arc<Class>, target: Option<&str>| ClassRow {
        process_id,
        class: Arc::clone(class),
        target: target.map(Into::into),
        rules_digest: "d1".into(),
    };
    let many = (0..40_000).map(|id| row(id, if id % 3 == 0 { &other } else { &compile }, Some(&format!("{id}.c")))).collect();
    for rows in [vec![row(2, &compile, Some("a.c")), row(0, &other, None)], vec![row(1, &compile, None)], many, vec![]] {
        let mut writer = ClassesWriter::create(dir.path(), Compression::default()).unwrap();
        for batch in rows.chunks(512) {
            writer.write(batch.iter().cloned()).unwrap();
            assert!(writer.waiting() <= 16 * 1024, "{} rows are held at once", writer.waiting());
        }
        writer.publish().unwrap();
        let table = ClassesTable::open(dir.path()).unwrap().unwrap();
        let read = table.read().unwrap();
        assert_eq!(read.process_id, rows.iter().map(|row| row.process_id).collect::<Vec<_>>());
        assert!(read.class_of.iter().zip(&rows).all(|(&class, row)| read.classes[class as usize] == *row.class));
        assert!(read.classes.len() <= 2, "each class is there once");
        assert_eq!(read.rules_digest, if rows.is_empty() { "" } else { "d1" });
        let all: Vec<u32> = (0..).take(rows.len()).collect();
        assert_eq!(table.targets(&all).unwrap(), rows.iter().map(|row| row.target.clone()).collect::<Vec<_>>());
        if rows.len() > 20_000 {
            let targets = table.targets(&[3, 16_383, 16_384, 39_999, 40_000]).unwrap();
            assert_eq!(
                targets,
                [Some("3.c"), Some("16383.c"), Some("16384.c"), Some("39999.c"), None].map(|target| target.map(String::from))
            );
        }
    }
}

#[test]
fn classes_that_are_not_published_leave_nothing_behind() {
    let dir = tempfile::tempdir().unwrap();
    recorded(dir.path(), Some(1));
    let names = || fs::read_dir(dir.path()).unwrap().count();
    let before = names();
    let writer = ClassesWriter::create(dir.path(), Compression::default()).unwrap();
    assert_eq!(names(), before + 1);
    drop(writer);
    assert_eq!(names(), before);
    let elsewhere = tempfile::tempdir().unwrap();
    let failed = ClassesWriter::create(elsewhere.path(), Compression::default());
    assert!(matches!(failed, Err(RecordingError::NotARecording { .. })));
}
