#![no_main]
//! Journals whose frames are whole, and hold anything: they become a recording that opens, or one error.

use std::sync::LazyLock;

use arbitrary::{Arbitrary, Unstructured};
use mymonitor_fuzz::Scratch;
use mymonitor_recording::{Compression, EXITS_FILE, JOURNAL_FILE, Recording, Window, finalise};
use mymonitor_wire::{
    End, ExitFrame, ExitRecord, Header, ImageEnd, ImageStart, JournalFrame, Lifetime, Lifetimes, RootEnd, Sample, Tick, append_frame,
};

static SCRATCH: LazyLock<Scratch> = LazyLock::new(Scratch::new);

/// A number that is small as often as it is anything: small ones meet each other.
fn number(input: &mut Unstructured<'_>) -> arbitrary::Result<u64> {
    if input.arbitrary()? { u64::arbitrary(input) } else { Ok(u8::arbitrary(input)?.into()) }
}

fn small(input: &mut Unstructured<'_>) -> arbitrary::Result<u32> {
    Ok(u32::from(u8::arbitrary(input)? % 8))
}

fn optional(input: &mut Unstructured<'_>) -> arbitrary::Result<Option<u64>> {
    if input.arbitrary()? { Ok(Some(number(input)?)) } else { Ok(None) }
}

fn some<'a, T>(
    input: &mut Unstructured<'a>,
    mut one: impl FnMut(&mut Unstructured<'a>) -> arbitrary::Result<T>,
) -> arbitrary::Result<Vec<T>> {
    (0..small(input)?).map(|_| one(input)).collect()
}

fn image(input: &mut Unstructured<'_>) -> arbitrary::Result<ImageStart> {
    Ok(ImageStart {
        process_id: small(input)?,
        pid: small(input)?,
        start_ticks: number(input)?,
        exec_count: small(input)?,
        ppid: small(input)?,
        parent_id: if input.arbitrary()? { Some(small(input)?) } else { None },
        start_us: number(input)?.cast_signed(),
        memory_map: small(input)?.into(),
        exe: input.arbitrary()?,
        argv: input.arbitrary()?,
        argv_cut_from: optional(input)?,
        ..ImageStart::default()
    })
}

fn sample(input: &mut Unstructured<'_>) -> arbitrary::Result<Sample> {
    Ok(Sample {
        process_id: small(input)?,
        rss_kb: number(input)?,
        shared_kb: number(input)?,
        pss_kb: optional(input)?,
        uss_kb: optional(input)?,
    })
}

fn end(input: &mut Unstructured<'_>) -> arbitrary::Result<ImageEnd> {
    Ok(ImageEnd {
        process_id: small(input)?,
        end_us: number(input)?.cast_signed(),
        end: *input.choose(&[End::Lost, End::Exited, End::Signalled, End::Execed, End::Alive])?,
        exit_code: input.arbitrary()?,
        signal: input.arbitrary()?,
        cpu_us: optional(input)?,
        vm_hwm_kb: optional(input)?,
        threads: input.arbitrary()?,
    })
}

fn life(input: &mut Unstructured<'_>) -> arbitrary::Result<Lifetime> {
    Ok(Lifetime {
        pid: small(input)?,
        ppid: small(input)?,
        start_us: number(input)?,
        end_us: optional(input)?,
        wait_status: input.arbitrary()?,
        execs: small(input)?,
        seen: input.arbitrary()?,
    })
}

fn tick(input: &mut Unstructured<'_>, number_of: u32) -> arbitrary::Result<Vec<u8>> {
    let mut payload = Vec::new();
    match small(input)? {
        0 => Lifetimes { existed: number(input)?, execs: number(input)?, overflows: number(input)?, ended: some(input, life)? }
            .encode(&mut payload),
        1 => JournalFrame::End { elapsed_us: number(input)? }.encode(&mut payload),
        _ => Tick {
            tick: number_of,
            elapsed_us: u64::from(number_of) * 50_000 + number(input)?,
            late_us: number(input)?,
            live: input.arbitrary()?,
            started: some(input, image)?,
            samples: some(input, sample)?,
            ended: some(input, end)?,
            ..Tick::default()
        }
        .encode(&mut payload),
    }
    Ok(payload)
}

fn exit(input: &mut Unstructured<'_>) -> arbitrary::Result<Vec<u8>> {
    let frame = match small(input)? {
        0 => ExitFrame::Origin {
            started_us: number(input)?,
            started_boot_us: number(input)?,
            ticks_per_second: number(input)?,
            root_pid: if input.arbitrary()? { Some(small(input)?) } else { None },
        },
        1 => ExitFrame::Killed { pid: small(input)?, signal: input.arbitrary()?, at_us: number(input)? },
        2 => ExitFrame::Missed { dropped: number(input)?, unreadable: number(input)? },
        3 => ExitFrame::RootEnded(RootEnd {
            wait_status: input.arbitrary()?,
            at_us: number(input)?,
            children_cpu_us: number(input)?,
            launcher_cpu_us: number(input)?,
        }),
        _ => ExitFrame::Exited(ExitRecord {
            pid: small(input)?,
            start_ticks: number(input)?,
            ppid: small(input)?,
            at_us: number(input)?,
            exit_code: input.arbitrary()?,
            never_execed: input.arbitrary()?,
            shares_parent: input.arbitrary()?,
            vm_hwm_kb: optional(input)?,
            cpu_us: optional(input)?,
            threads: input.arbitrary()?,
            memory_map: small(input)?.into(),
            argv: input.arbitrary()?,
            ..ExitRecord::default()
        }),
    };
    let mut payload = Vec::new();
    frame.encode(&mut payload);
    Ok(payload)
}

fn journals(input: &mut Unstructured<'_>) -> arbitrary::Result<(Vec<u8>, Vec<u8>)> {
    let (mut ticks, mut exits) = (Vec::new(), Vec::new());
    let mut payload = Vec::new();
    Header { run_id: "u".into(), project: "p".into(), jobs: Some(1), repeat: 1, interval_us: 50_000 }.encode(&mut payload);
    append_frame(&mut ticks, &payload);
    payload.clear();
    ExitFrame::Origin { started_us: 0, started_boot_us: 0, ticks_per_second: 100, root_pid: None }.encode(&mut payload);
    append_frame(&mut exits, &payload);
    for number_of in 0..=small(input)? {
        append_frame(&mut ticks, &tick(input, number_of)?);
    }
    for _ in 0..=small(input)? {
        append_frame(&mut exits, &exit(input)?);
    }
    Ok((ticks, exits))
}

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let Ok((ticks, exits)) = journals(&mut Unstructured::new(bytes)) else { return };
    SCRATCH.write(JOURNAL_FILE, &ticks);
    SCRATCH.write(EXITS_FILE, &exits);
    let summary = finalise(SCRATCH.path(), Compression::default()).expect("whole frames become tables");
    let recording = Recording::open(SCRATCH.path()).expect("the tables open");
    assert_eq!(recording.ticks(0, u64::MAX).expect("ticks").timeline.tick.len() as u64, summary.ticks);
    recording.processes(0, u64::MAX).expect("processes");
    recording.lifetimes().for_each(|lifetimes| drop(lifetimes.expect("lifetimes")));
    let (mut window, mut rows) = (Window::new(), 0);
    for index in 0..recording.windows() {
        recording.window(index, &mut window).expect("a window");
        rows += window.rows() as u64;
    }
    assert_eq!(rows, summary.rows);
});
