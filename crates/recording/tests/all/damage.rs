//! Whatever is wrong with a recording is one clear error, never a panic and never memory that the file cannot fill.

use std::fs;
use std::path::Path;

use crate::build::build;
use crate::journal::{journal, put_journal};
use mymonitor_recording::{
    Compression, JOURNAL_FILE, MEMORY_SAMPLES_FILE, PROCESSES_FILE, Recording, RecordingError, TICKS_FILE, Window, finalise,
};
use mymonitor_wire::next_frame;

fn recorded(ticks: u32) -> tempfile::TempDir {
    let dir = tempfile::tempdir().expect("a temporary directory");
    put_journal(dir.path(), &journal(build(3, ticks), Some(u64::from(ticks) * 50_000)));
    finalise(dir.path(), Compression::default()).expect("the journal is whole");
    dir
}

fn read_all(dir: &Path) -> Result<usize, RecordingError> {
    let recording = Recording::open(dir)?;
    recording.ticks(0, u64::MAX)?;
    recording.processes(0, u64::MAX)?;
    recording.executables(1 << 16)?;
    let mut window = Window::new();
    let mut rows = 0;
    for index in 0..recording.windows() {
        recording.window(index, &mut window)?;
        rows += window.rows();
    }
    Ok(rows)
}

#[test]
fn a_journal_cut_at_any_byte_keeps_its_whole_ticks() {
    let bytes = journal(build(1, 4), Some(200_000));
    let mut ends = vec![];
    let mut rest = bytes.as_slice();
    while let Some((_, following)) = next_frame(rest) {
        ends.push(bytes.len() - following.len());
        rest = following;
    }
    let dir = tempfile::tempdir().unwrap();
    // crates/wire cuts at every byte; here each cut writes three files.
    for cut in (0..=bytes.len()).filter(|cut| cut % 11 == 0 || ends.contains(cut)) {
        put_journal(dir.path(), &bytes[..cut]);
        let result = finalise(dir.path(), Compression::default());
        let whole = ends.iter().filter(|&&end| end <= cut).count();
        if whole == 0 {
            assert!(matches!(result, Err(RecordingError::Damaged { .. })), "cut at {cut}");
            continue;
        }
        let summary = result.unwrap();
        let used = ends[whole - 1];
        assert_eq!(summary.ticks, whole.min(ends.len() - 1) as u64 - 1, "cut at {cut}");
        assert_eq!(summary.unread_bytes, (cut - used) as u64, "cut at {cut}");
        assert_eq!(summary.elapsed_us.is_some(), whole == ends.len(), "cut at {cut}");
        assert_eq!(read_all(dir.path()).unwrap() as u64, summary.rows, "cut at {cut}");
    }
}

#[test]
fn a_flipped_bit_in_the_journal_costs_no_tick_before_it() {
    let bytes = journal(build(1, 3), Some(150_000));
    let dir = tempfile::tempdir().unwrap();
    for bit in (0..bytes.len() * 8).step_by(101) {
        let mut damaged = bytes.clone();
        damaged[bit / 8] ^= 1 << (bit % 8);
        put_journal(dir.path(), &damaged);
        match finalise(dir.path(), Compression::default()) {
            Ok(summary) => assert!(summary.unread_bytes > 0, "bit {bit}"),
            Err(error) => assert!(matches!(error, RecordingError::Damaged { .. }), "bit {bit}: {error}"),
        }
    }
}

#[test]
fn ticks_that_go_backwards_end_the_reading() {
    let mut ticks: Vec<_> = build(1, 4).collect();
    ticks[2].tick = 1;
    let dir = tempfile::tempdir().unwrap();
    put_journal(dir.path(), &journal(ticks, Some(200_000)));
    let summary = finalise(dir.path(), Compression::default()).unwrap();
    assert_eq!((summary.ticks, summary.elapsed_us), (2, None));
    assert!(summary.unread_bytes > 0);
}

#[test]
fn a_truncated_table_is_an_error_that_names_the_file() {
    let dir = recorded(200);
    for name in [TICKS_FILE, PROCESSES_FILE, MEMORY_SAMPLES_FILE] {
        let path = dir.path().join(name);
        let whole = fs::read(&path).unwrap();
        for cut in (0..whole.len()).step_by(whole.len() / 200 + 1) {
            fs::write(&path, &whole[..cut]).unwrap();
            let error = read_all(dir.path()).unwrap_err();
            assert!(matches!(error, RecordingError::Damaged { .. }) && error.to_string().contains(name), "{name} cut at {cut}: {error}");
        }
        fs::write(&path, whole).unwrap();
    }
    assert!(read_all(dir.path()).is_ok());
}

#[test]
fn damage_at_any_place_never_panics() {
    let dir = recorded(60);
    for name in [TICKS_FILE, PROCESSES_FILE, MEMORY_SAMPLES_FILE] {
        let path = dir.path().join(name);
        let whole = fs::read(&path).unwrap();
        for at in (0..whole.len()).step_by(whole.len() / 500 + 1) {
            for byte in [0, 0xff, whole[at] ^ 1, whole[at] ^ 0x80] {
                let mut damaged = whole.clone();
                damaged[at] = byte;
                fs::write(&path, damaged).unwrap();
                // Some damage leaves other values behind: without checksums that cannot be seen.
                let _ = read_all(dir.path());
            }
        }
        fs::write(&path, whole).unwrap();
    }
}

#[test]
fn garbage_is_no_table() {
    let dir = recorded(5);
    for garbage in [&b""[..], b"PAR1", b"not a table at all", b"PAR1\xff\xff\xff\x7fPAR1", b"\0\0\0\0\xff\xff\xff\xffPAR1"] {
        fs::write(dir.path().join(MEMORY_SAMPLES_FILE), garbage).unwrap();
        assert!(matches!(Recording::open(dir.path()), Err(RecordingError::Damaged { .. })), "{garbage:?}");
    }
}

#[test]
fn a_table_in_the_place_of_another_is_damage() {
    let dir = recorded(5);
    fs::copy(dir.path().join(TICKS_FILE), dir.path().join(PROCESSES_FILE)).unwrap();
    let error = Recording::open(dir.path()).err().unwrap().to_string();
    assert!(error.contains("it is not the table processes"), "{error}");
}

#[test]
fn a_newer_version_names_file_and_both_versions() {
    let dir = recorded(5);
    let path = dir.path().join(PROCESSES_FILE);
    let mut bytes = fs::read(&path).unwrap();
    let key = b"mymonitor.format_version";
    let at = bytes.windows(key.len()).position(|window| window == key).unwrap() + key.len();
    // Behind the key: the field's header, the length of the value, the value.
    assert_eq!(bytes[at..at + 3], [0x18, 1, b'1']);
    bytes[at + 2] = b'9';
    fs::write(&path, bytes).unwrap();
    let error = Recording::open(dir.path()).err().unwrap();
    assert_eq!(error.code(), "ERR_MYMONITOR_NEWER_FORMAT");
    let message = error.to_string();
    assert!(message.contains(PROCESSES_FILE) && message.contains("version 9") && message.contains("up to 1"), "{message}");
}

#[test]
fn a_directory_says_what_it_lacks() {
    let dir = tempfile::tempdir().unwrap();
    let error = Recording::open(dir.path()).err().unwrap();
    assert_eq!(error.code(), "ERR_MYMONITOR_NOT_A_RECORDING");
    assert!(error.to_string().contains("it has no ticks.parquet"), "{error}");
    put_journal(dir.path(), b"");
    let error = Recording::open(dir.path()).err().unwrap();
    assert!(error.to_string().contains("unfinished recording"), "{error}");
    let dir = recorded(1);
    fs::remove_file(dir.path().join(JOURNAL_FILE)).unwrap();
    fs::remove_file(dir.path().join(PROCESSES_FILE)).unwrap();
    assert!(Recording::open(dir.path()).err().unwrap().to_string().contains("it has no processes.parquet"));
}

#[test]
fn a_failed_finalise_leaves_no_half_table() {
    let dir = tempfile::tempdir().unwrap();
    put_journal(dir.path(), &journal(build(1, 3), None));
    fs::create_dir_all(dir.path().join(PROCESSES_FILE).join("in the way")).unwrap();
    let error = finalise(dir.path(), Compression::default()).unwrap_err();
    assert_eq!(error.code(), "ERR_MYMONITOR_OUTPUT");
    assert!(error.to_string().contains(PROCESSES_FILE), "{error}");
    let left =
        fs::read_dir(dir.path()).unwrap().map(|entry| entry.unwrap().file_name()).any(|name| name.to_string_lossy().contains(".partial"));
    assert!(!left);
}
