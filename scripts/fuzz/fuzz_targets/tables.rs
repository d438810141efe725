#![no_main]
//! Damaged tables of a recording: an error or values, never a panic that is not caught and never memory that the file cannot fill.

use std::path::Path;
use std::sync::LazyLock;

use arbitrary::Unstructured;
use bytes::Bytes;
use mymonitor_fuzz::{Scratch, allow_caught_panics};
use mymonitor_recording::{
    Compression, EXITS_FILE, JOURNAL_FILE, MEMORY_SAMPLES_FILE, PROCESSES_FILE, Recording, RecordingError, TICKS_FILE, Window, finalise,
};
use mymonitor_wire::{ExitFrame, ExitRecord, Header, ImageStart, Sample, Tick, append_frame};

const TABLES: [&str; 3] = [TICKS_FILE, PROCESSES_FILE, MEMORY_SAMPLES_FILE];

/// The tables of a whole recording.
static WHOLE: LazyLock<[Vec<u8>; 3]> = LazyLock::new(|| {
    let scratch = Scratch::new();
    let (mut journal, mut exits, mut payload) = (Vec::new(), Vec::new(), Vec::new());
    Header { run_id: "u".into(), project: "p".into(), jobs: Some(1), repeat: 1, interval_us: 50_000 }.encode(&mut payload);
    append_frame(&mut journal, &payload);
    for tick in 0..30 {
        let image = |id: u32| ImageStart {
            process_id: id,
            pid: id + 1,
            exe: b"/bin/cc".to_vec(),
            argv: b"cc\0a b\0".to_vec(),
            ..ImageStart::default()
        };
        let sample = |id: u32| Sample {
            process_id: id,
            rss_kb: u64::from(9 * tick + id),
            shared_kb: 1,
            pss_kb: (id == 1).then_some(7),
            uss_kb: None,
        };
        let started = if tick == 0 { (0..5).map(image).collect() } else { Vec::new() };
        payload.clear();
        Tick { tick, elapsed_us: u64::from(tick) * 50_000, started, samples: (0..5).map(sample).collect(), ..Tick::default() }
            .encode(&mut payload);
        append_frame(&mut journal, &payload);
    }
    let exited = ExitRecord { pid: 3, at_us: 900_000, vm_hwm_kb: Some(5), cpu_us: Some(4), ..ExitRecord::default() };
    for frame in [ExitFrame::Origin { started_us: 0, started_boot_us: 0, ticks_per_second: 100, root_pid: None }, ExitFrame::Exited(exited)]
    {
        payload.clear();
        frame.encode(&mut payload);
        append_frame(&mut exits, &payload);
    }
    scratch.write(JOURNAL_FILE, &journal);
    scratch.write(EXITS_FILE, &exits);
    finalise(scratch.path(), Compression::default()).expect("whole journals");
    TABLES.map(|name| std::fs::read(scratch.path().join(name)).expect("the table"))
});

fn read(tables: &[Vec<u8>; 3]) -> Result<(), RecordingError> {
    let [ticks, processes, samples] = tables.each_ref().map(|bytes| Bytes::copy_from_slice(bytes));
    let [ticks_name, processes_name, samples_name] = TABLES.map(Path::new);
    let recording = Recording::from_tables((ticks, ticks_name), (processes, processes_name), (samples, samples_name))?;
    let _ = recording.ticks(0, u64::MAX);
    let _ = recording.timeline();
    let _ = recording.processes(0, u64::MAX);
    let _ = recording.executables(1 << 16);
    let _ = recording.corrections();
    recording.lifetimes().for_each(|lifetimes| drop(lifetimes));
    let mut window = Window::new();
    for index in 0..recording.windows() {
        let _ = recording.window(index, &mut window);
    }
    Ok(())
}

/// Up to eight bytes of one table are others, from the end as often as from the start, and perhaps it is cut or prolonged.
fn damage(table: &mut Vec<u8>, input: &mut Unstructured<'_>) -> arbitrary::Result<()> {
    for _ in 0..input.int_in_range(0..=8)? {
        let at = usize::from(input.arbitrary::<u16>()?) % table.len();
        let at = if input.arbitrary()? { at } else { table.len() - 1 - at };
        table[at] = input.arbitrary()?;
    }
    if input.ratio(1, 8)? {
        let footer = table.split_off(table.len() - 8);
        table.truncate(usize::from(input.arbitrary::<u16>()?) % table.len());
        table.extend(footer);
    }
    Ok(())
}

libfuzzer_sys::fuzz_target!(init: { allow_caught_panics(); }, |bytes: &[u8]| {
    let mut tables = WHOLE.clone();
    let mut input = Unstructured::new(bytes);
    let table = usize::from(input.arbitrary::<u8>().unwrap_or(0)) % 3;
    let _ = damage(&mut tables[table], &mut input);
    let _ = read(&tables);
});
