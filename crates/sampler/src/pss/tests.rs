//! On real processes of the burner, whose sizes are known.

use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use mymonitor_proc::{HostFiles, ProcRoot};
use mymonitor_wire::{JournalFrame, Phase, Sample, Tick, next_frame};

use crate::clock::{self, StartClock};
use crate::journal::Journal;
use crate::options::{PssMode, Snapshot};
use crate::outcome::{ConfirmedPeak, ModelCheck};
use crate::pss::{Meter, PssCounts};
use crate::tick::Ticker;
use crate::tracker::Tracker;

const MIB_KB: u64 = 1024;
/// What a burner holds besides what it was asked for.
const PROCESS_KB: u64 = 600;

struct Recorded {
    ticks: Vec<Tick>,
    counts: PssCounts,
    confirmed: Option<ConfirmedPeak>,
    check: Option<ModelCheck>,
    snapshot: Snapshot,
    wall_us: u64,
}

impl Recorded {
    /// Ticks in which everything was measured, with the sum.
    fn full(&self) -> Vec<(u32, u64)> {
        let sum = |tick: &Tick| tick.samples.iter().map(|sample| sample.pss_kb).sum::<Option<u64>>().map(|pss_kb| (tick.tick, pss_kb));
        self.ticks.iter().filter(|tick| !tick.samples.is_empty()).filter_map(sum).collect()
    }
}

/// A burner below a shell that stands in for the launcher.
struct Build {
    shell: Child,
}

impl Build {
    fn new(scenario: &str) -> Self {
        let burner = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../target/fast/mymonitor-burner"));
        assert!(burner.exists(), "{} is missing: cargo build --profile fast -p mymonitor-burner", burner.display());
        let script = format!("{} {scenario} & wait", burner.display());
        Self { shell: Command::new("sh").args(["-c", &script]).stdout(Stdio::null()).spawn().unwrap() }
    }

    fn record(&self, pss: PssMode, ticks: u32) -> Recorded {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("ticks.journal");
        let started_us = clock::monotonic_us();
        let proc = ProcRoot::open("/proc".as_ref()).unwrap();
        let host = HostFiles::open(&proc);
        let tracker = Tracker::new(proc, Some(self.shell.id()), u32::MAX, StartClock::new(started_us), true).unwrap();
        let journal = Journal::create(&path).unwrap();
        let mut ticker = Ticker::new(tracker, None, host, journal, Meter::new(pss, 50_000), started_us, 50_000);
        for _ in 0..ticks {
            std::thread::sleep(Duration::from_micros(ticker.deadline_us().saturating_sub(clock::monotonic_us())));
            ticker.tick(Phase::Build);
        }
        let (counts, confirmed, snapshot) = (ticker.meter().counts, ticker.meter().confirmed_peak(), ticker.snapshot.clone());
        let check = ticker.meter().last_check;
        let wall_us = clock::monotonic_us() - started_us;
        assert!(ticker.close().1.is_none());
        let bytes = std::fs::read(&path).unwrap();
        let mut rest = &bytes[..];
        let mut ticks = Vec::new();
        while let Some((payload, following)) = next_frame(rest) {
            if let JournalFrame::Tick(tick) = JournalFrame::decode(payload).unwrap() {
                ticks.push(tick);
            }
            rest = following;
        }
        Recorded { ticks, counts, confirmed, check, snapshot, wall_us }
    }
}

impl Drop for Build {
    fn drop(&mut self) {
        let proc = ProcRoot::open("/proc".as_ref()).unwrap();
        let pids = mymonitor_proc::descendants(&proc, self.shell.id()).unwrap_or_default();
        for pid in pids.into_iter().chain([self.shell.id()]) {
            let _ =
                rustix::process::kill_process(rustix::process::Pid::from_raw(pid.cast_signed()).unwrap(), rustix::process::Signal::KILL);
        }
        let _ = self.shell.wait();
    }
}

fn assert_near(kb: u64, expected_kb: u64, tolerance_kb: u64) {
    assert!(kb.abs_diff(expected_kb) <= tolerance_kb, "{kb} KiB instead of {expected_kb} ± {tolerance_kb}");
}

#[test]
fn forks_that_share_pages_copy_on_write_are_counted_once() {
    let recorded = Build::new("cow size=64M children=3 hold=20s").record(PssMode::Budget { percent: 50.0 }, 40);
    let (tick, pss_kb) = *recorded.full().last().expect("a tick with every process measured");
    assert_near(pss_kb, 64 * MIB_KB, 4 * PROCESS_KB);
    let rss_kb: u64 = recorded.ticks[tick as usize].samples.iter().map(|sample| sample.rss_kb).sum();
    assert!(rss_kb > 4 * 64 * MIB_KB, "{rss_kb}");
    // The model alone says four times as much; once measured, every later tick is corrected.
    assert_near(recorded.snapshot.pss_kb, 64 * MIB_KB, 8 * PROCESS_KB);
}

#[test]
fn a_steady_peak_is_confirmed_by_a_tick_that_was_measured_in_full() {
    let recorded = Build::new("private sizes=80M,60M hold=20s").record(PssMode::Budget { percent: 20.0 }, 80);
    let confirmed = recorded.confirmed.expect("the peak is confirmed");
    assert!(recorded.full().contains(&(confirmed.tick, confirmed.pss_kb)), "{confirmed:?} {:?}", recorded.full());
    assert_near(confirmed.pss_kb, 140 * MIB_KB, 3 * PROCESS_KB);
    let check = recorded.check.expect("the model was checked");
    assert!(recorded.full().contains(&(check.tick, check.measured_kb)), "{check:?}");
    assert_near(check.estimate_kb, check.measured_kb, 3 * PROCESS_KB);
}

#[test]
fn what_only_grows_is_measured_rarely_and_confirmed_where_it_stays() {
    let sizes: Vec<u64> = (0..60).map(|step| 200 + 5 * step).chain([500; 40]).collect();
    let sizes: Vec<String> = sizes.iter().map(|mib| format!("{mib}M")).collect();
    let recorded = Build::new(&format!("ramp sizes={} hold=100ms", sizes.join(","))).record(PssMode::Budget { percent: 50.0 }, 190);
    assert_near(recorded.confirmed.expect("the plateau is confirmed").pss_kb, 500 * MIB_KB, 15 * MIB_KB);
    assert!(recorded.full().len() <= 13, "{:?}", recorded.full());
}

#[test]
fn the_better_the_model_the_longer_the_next_peak_waits() {
    let measured = [Sample { process_id: 0, rss_kb: 0, shared_kb: 0, pss_kb: Some(0), uss_kb: Some(0) }];
    let rests = |interval_us: u64, errors: &[u64]| -> Vec<u32> {
        let mut meter = Meter::new(PssMode::Budget { percent: 1.0 }, interval_us);
        let mut total_kb = 1_000_000;
        let mut rest = |error_kb: &u64| {
            total_kb += total_kb / 5;
            meter.note_full(0, total_kb + error_kb, total_kb, &measured);
            meter.rest_ticks
        };
        errors.iter().map(&mut rest).collect()
    };
    assert_eq!(rests(50_000, &[0; 7]), [4, 8, 16, 32, 64, 64, 64]);
    assert_eq!(rests(10_000, &[0; 9])[7..], [320, 320]);
    assert_eq!(rests(1_000_000, &[0; 3]), [4, 4, 4]);
    assert_eq!(rests(50_000, &[0, 0, 0, 50_000, 0]), [4, 8, 16, 4, 8]);
}

#[test]
fn private_memory_is_measured_as_such() {
    let recorded = Build::new("private sizes=32M hold=20s").record(PssMode::Full, 10);
    let tick = recorded.ticks.last().unwrap();
    let largest = tick.samples.iter().max_by_key(|sample| sample.rss_kb).unwrap();
    assert_near(largest.uss_kb.unwrap(), 32 * MIB_KB, PROCESS_KB);
    assert_eq!(recorded.full().last().unwrap().0, tick.tick);
}

#[test]
fn without_pss_nothing_is_measured_and_nothing_is_confirmed() {
    let recorded = Build::new("private sizes=16M hold=20s").record(PssMode::Off, 10);
    assert_eq!((recorded.counts.rollups, recorded.counts.postponed, recorded.confirmed, recorded.check), (0, 0, None, None));
    assert!(recorded.ticks.iter().flat_map(|tick| &tick.samples).all(|sample| sample.pss_kb.is_none() && sample.uss_kb.is_none()));
    assert!(recorded.snapshot.peak_pss_kb > 16 * MIB_KB);
}

#[test]
fn the_budget_holds_where_the_build_is_too_large_for_it_and_what_was_postponed_is_counted() {
    let sizes = ["60M"; 8].join(",");
    let recorded = Build::new(&format!("private sizes={sizes} hold=20s")).record(PssMode::Budget { percent: 0.2 }, 30);
    // The bucket starts with three seconds' worth, which a whole family may use in one tick, and falls below zero by what the last walk cost more than
    // was predicted: on a loaded machine several times as much. Without a budget the walks of 30 ticks take 150 ms at least.
    let limit_us = (recorded.wall_us + 2 * 3_000_000) / 500 + 30_000;
    assert!(recorded.counts.cpu_us <= limit_us, "{} µs of {limit_us}", recorded.counts.cpu_us);
    assert!(recorded.counts.postponed >= 5, "{:?}", recorded.counts);
    assert_eq!(recorded.confirmed, None);
}

#[test]
fn a_process_that_may_not_be_measured_is_asked_once_and_counted() {
    let build = Build::new("private sizes=16M,16M hold=20s");
    let (recorded, _build) = std::thread::spawn(move || {
        // SAFETY: integers only; the raw call changes this thread's ids and no other's. Where it fails, this user cannot make the situation.
        let dropped = unsafe { libc::syscall(libc::SYS_setresuid, 65_534, 65_534, 65_534) } == 0;
        (dropped.then(|| build.record(PssMode::Budget { percent: 50.0 }, 20)), build)
    })
    .join()
    .unwrap();
    let Some(recorded) = recorded else { return };
    let rows = recorded.ticks.last().unwrap().samples.len() as u64;
    assert!(rows >= 3, "{rows}");
    assert_eq!((recorded.counts.denied, recorded.counts.rollups), (rows, rows));
    assert_eq!(recorded.confirmed, None);
}
