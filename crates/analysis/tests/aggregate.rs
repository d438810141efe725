//! The streaming pass against a naive one over the same rows.

#[path = "../../recording/tests/support/build.rs"]
mod build;
#[path = "../../recording/tests/support/journal.rs"]
mod journal;

use std::cmp::Reverse;
use std::collections::BTreeMap;

use journal::{journal, put_journal};
use mymonitor_analysis::{Aggregate, AnalysisError, Course, IGNORED, Options, aggregate, tick_facts};
use mymonitor_recording::model::{Interner, Model, Row, Totals};
use mymonitor_recording::{Compression, Recording, RecordingFile, finalise};
use mymonitor_wire::{Host, ImageStart, Phase, Sample, Tick};
use proptest::prelude::*;

const GROUPS: u32 = 5;
const PARENT_OF: [u32; GROUPS as usize] = [0, 1, 0, 1, 2];
const PARENTS: usize = 3;

fn recorded(ticks: &[Tick]) -> (tempfile::TempDir, Recording<RecordingFile>) {
    let dir = tempfile::tempdir().expect("a temporary directory");
    put_journal(dir.path(), &journal(ticks.iter().cloned(), Some(1)));
    finalise(dir.path(), Compression::default()).expect("the journal is whole");
    let recording = Recording::open(dir.path()).expect("what was written can be read");
    (dir, recording)
}

fn options(group_of: &[u32], points: usize) -> Options<'_> {
    Options { group_of, parent_of: &PARENT_OF, parents: PARENTS, points, largest: 100 }
}

/// Group to RSS and PSS.
type Sizes = BTreeMap<u32, (f64, f64)>;
type LevelOf = fn(&Seen) -> &Sizes;

/// A tick as the naive pass sees it.
struct Seen {
    totals: Totals,
    /// process, rss, shared, pss
    rows: Vec<(u32, u64, u64, u64)>,
    groups: Sizes,
    parents: Sizes,
    build: bool,
    seconds: f64,
}

#[expect(clippy::cast_precision_loss, reason = "small numbers")]
fn naive(ticks: &[Tick], group_of: &[u32]) -> Vec<Seen> {
    let mut interner = Interner::new();
    let mut key_of = BTreeMap::new();
    let mut seen = vec![];
    for (position, tick) in ticks.iter().enumerate() {
        for start in &tick.started {
            key_of.insert(start.process_id, interner.key(&start.exe, &start.name));
        }
        let counted: Vec<_> = tick.samples.iter().filter(|sample| group_of[sample.process_id as usize] != IGNORED).collect();
        let model_rows: Vec<_> = counted
            .iter()
            .map(|sample| Row { executable: key_of[&sample.process_id], rss_kb: sample.rss_kb, shared_kb: sample.shared_kb })
            .collect();
        let mut pss = vec![];
        let totals = Model::new().apportion(&model_rows, &mut pss);
        let rows: Vec<_> = counted.iter().zip(pss).map(|(sample, pss)| (sample.process_id, sample.rss_kb, sample.shared_kb, pss)).collect();
        let (mut groups, mut parents) = (BTreeMap::new(), BTreeMap::new());
        for &(process_id, rss, _, pss) in &rows {
            let group = group_of[process_id as usize];
            for (sums, key) in [(&mut groups, group), (&mut parents, PARENT_OF[group as usize])] {
                let sum: &mut (f64, f64) = sums.entry(key).or_default();
                *sum = (sum.0 + rss as f64, sum.1 + pss as f64);
            }
        }
        let seconds = ticks.get(position + 1).map_or(0.0, |next| (next.elapsed_us - tick.elapsed_us) as f64 / 1e6);
        seen.push(Seen { totals, rows, groups, parents, build: tick.phase == Phase::Build, seconds });
    }
    seen
}

fn near(a: f64, b: f64) -> bool {
    (a - b).abs() <= 1e-9 * a.abs().max(b.abs())
}

/// Everything but the choice of time points.
#[expect(clippy::cast_precision_loss, clippy::float_cmp, reason = "sums of small integers are exact")]
fn check(ticks: &[Tick], group_of: &[u32], result: &Aggregate) {
    let seen = naive(ticks, group_of);
    let built = || seen.iter().enumerate().filter(|(_, tick)| tick.build && !tick.rows.is_empty());
    let first_largest = |metric: fn(&Totals) -> u64| {
        let largest = built().map(|(_, tick)| metric(&tick.totals)).max().filter(|&kb| kb > 0);
        largest.and_then(|largest| built().find(|(_, tick)| metric(&tick.totals) == largest))
    };
    let by_pss = first_largest(|totals| totals.pss_kb);
    for (peak, expected) in [(&result.peak_rss, first_largest(|totals| totals.rss_kb)), (&result.peak_pss, by_pss)] {
        assert_eq!(peak.is_some(), expected.is_some());
        let (Some(peak), Some((position, tick))) = (peak, expected) else { continue };
        assert_eq!(peak.tick, ticks[position].tick);
        assert_eq!([peak.rss_kb, peak.pss_kb], [tick.totals.rss_kb as f64, tick.totals.pss_kb as f64]);
        assert_eq!(peak.private_kb + peak.shared_kb, peak.pss_kb);
        assert_eq!(peak.process_rss_kb.iter().sum::<f64>(), peak.rss_kb);
        assert_eq!(peak.process_pss_kb.iter().sum::<f64>(), peak.pss_kb);
        let mut processes = peak.process_id.clone();
        processes.sort_unstable();
        assert_eq!(processes, tick.rows.iter().map(|row| row.0).collect::<Vec<_>>());
    }
    assert!(result.peak_rss.as_ref().is_none_or(|peak| peak.process_rss_kb.is_sorted_by(|a, b| a >= b)));
    assert!(result.peak_pss.as_ref().is_none_or(|peak| peak.process_pss_kb.is_sorted_by(|a, b| a >= b)));
    let levels: [(_, u32, LevelOf); 2] = [(&result.groups, GROUPS, |tick| &tick.groups), (&result.parents, 3, |tick| &tick.parents)];
    for (columns, count, of) in levels {
        for group in 0..count {
            let index = group as usize;
            let sizes = |tick: &Seen| of(tick).get(&group).copied().unwrap_or_default();
            let largest =
                |value: fn((f64, f64)) -> f64| seen.iter().filter(|tick| tick.build).map(|tick| value(sizes(tick))).fold(0.0, f64::max);
            assert_eq!([columns.peak_rss_kb[index], columns.peak_pss_kb[index]], [largest(|size| size.0), largest(|size| size.1)]);
            assert!(near(columns.time_rss_kb_s[index], seen.iter().map(|tick| sizes(tick).0 * tick.seconds).sum()));
            assert!(near(columns.time_pss_kb_s[index], seen.iter().map(|tick| sizes(tick).1 * tick.seconds).sum()));
            let at_peak = by_pss.map(|(_, tick)| sizes(tick)).unwrap_or_default();
            assert_eq!((columns.at_peak_rss_kb[index], columns.at_peak_pss_kb[index]), at_peak);
        }
    }
    let mut peaks = BTreeMap::<u32, (u64, u64)>::new();
    for &(process_id, rss, _, pss) in seen.iter().flat_map(|tick| &tick.rows) {
        let peak = peaks.entry(process_id).or_default();
        *peak = (peak.0.max(rss), peak.1.max(pss));
    }
    for (largest, by) in [(&result.largest_rss, (|peak| peak.0) as fn(&(u64, u64)) -> u64), (&result.largest_pss, |peak| peak.1)] {
        let mut expected: Vec<_> = peaks.iter().filter(|(_, peak)| by(peak) > 0).collect();
        expected.sort_by_key(|(process_id, peak)| (Reverse(by(peak)), **process_id));
        expected.truncate(100);
        assert_eq!(largest.process_id, expected.iter().map(|(process_id, _)| **process_id).collect::<Vec<_>>());
        assert_eq!(largest.rss_kb, expected.iter().map(|(_, peak)| peak.0 as f64).collect::<Vec<_>>());
        assert_eq!(largest.pss_kb, expected.iter().map(|(_, peak)| peak.1 as f64).collect::<Vec<_>>());
    }
    check_series(ticks, &seen, result);
}

/// Every point is a whole tick with its own totals and groups.
#[expect(clippy::cast_precision_loss, clippy::float_cmp, reason = "sums of small integers are exact")]
fn check_series(ticks: &[Tick], seen: &[Seen], result: &Aggregate) {
    assert!(result.tick.is_sorted_by(|a, b| a < b));
    assert_eq!(result.tick.first(), ticks.first().map(|tick| &tick.tick));
    assert_eq!(result.tick.last(), ticks.last().map(|tick| &tick.tick));
    for peak in [&result.peak_rss, &result.peak_pss].into_iter().flatten() {
        assert!(result.tick.contains(&peak.tick));
    }
    for (point, tick) in result.tick.iter().enumerate() {
        let position = ticks.iter().position(|other| other.tick == *tick).expect("a point is a tick");
        assert_eq!(result.elapsed_us[point], ticks[position].elapsed_us as f64);
        assert_eq!(result.total_rss_kb[point], seen[position].totals.rss_kb as f64);
        assert_eq!(result.total_pss_kb[point], seen[position].totals.pss_kb as f64);
        for group in 0..GROUPS {
            let entry = group as usize * result.points + point;
            let sizes = seen[position].groups.get(&group).copied().unwrap_or_default();
            assert_eq!((result.group_rss_kb[entry], result.group_pss_kb[entry]), sizes);
        }
    }
}

#[test]
fn a_build_of_several_windows_agrees_with_the_naive_pass() {
    let ticks: Vec<_> = build::build(5, 12_000).collect();
    let (_dir, recording) = recorded(&ticks);
    assert!(recording.windows() > 2, "{} windows", recording.windows());
    let group_of: Vec<u32> =
        (0..u32::try_from(recording.info().processes).unwrap()).map(|id| if id % 7 == 6 { IGNORED } else { id % GROUPS }).collect();
    let result = aggregate(&recording, &options(&group_of, 500)).unwrap();
    assert!((400..=500).contains(&result.points), "{} points", result.points);
    check(&ticks, &group_of, &result);
}

#[test]
fn of_each_bucket_the_extremes_survive_thinning() {
    let sizes = |tick: u64| {
        if tick == 500 {
            900
        } else if tick == 700 {
            1
        } else {
            100 + tick % 10
        }
    };
    let ticks: Vec<_> = (0..1000).map(|tick| one_process(tick, sizes(tick.into()))).collect();
    let (_dir, recording) = recorded(&ticks);
    let result = aggregate(&recording, &options(&[0], 20)).unwrap();
    assert!(result.points <= 20, "{} points", result.points);
    assert!([0, 500, 700, 999].iter().all(|tick| result.tick.contains(tick)), "{:?}", result.tick);
}

fn one_process(tick: u32, rss_kb: u64) -> Tick {
    let started = if tick == 0 { vec![ImageStart { name: b"make".to_vec(), ..ImageStart::default() }] } else { vec![] };
    let samples = vec![Sample { process_id: 0, rss_kb, shared_kb: 0, pss_kb: None, uss_kb: None }];
    Tick { tick, elapsed_us: u64::from(tick) * 50_000, started, samples, ..Tick::default() }
}

#[test]
#[expect(clippy::float_cmp, reason = "sums of small integers are exact")]
fn eight_processes_of_one_sweep_are_summed_though_read_one_after_the_other() {
    let started = (0..8).map(|process_id| ImageStart { process_id, name: b"hog".to_vec(), ..ImageStart::default() }).collect();
    let samples = (0..8).map(|process_id| Sample { process_id, rss_kb: 1 << 20, shared_kb: 0, pss_kb: None, uss_kb: None }).collect();
    let (_dir, recording) = recorded(&[Tick { started, samples, ..Tick::default() }]);
    let peak = aggregate(&recording, &options(&[0; 8], 10)).unwrap().peak_rss.unwrap();
    assert_eq!([peak.rss_kb, peak.pss_kb], [f64::from(8 << 20); 2]);
}

#[test]
fn a_setup_without_a_build_has_no_peak() {
    let tick = Tick { phase: Phase::Setup, ..one_process(0, 500) };
    let (_dir, recording) = recorded(&[tick]);
    let result = aggregate(&recording, &options(&[0], 10)).unwrap();
    assert_eq!((result.peak_rss, result.peak_pss), (None, None));
    assert_eq!(result.total_rss_kb, [500.0]);
}

#[test]
fn what_was_measured_takes_the_place_of_the_model_and_corrects_it_in_the_other_ticks() {
    let sample = |process_id, pss_kb| Sample { process_id, rss_kb: 5_000, shared_kb: 4_000, pss_kb, uss_kb: None };
    let started = (0..2).map(|process_id| ImageStart { process_id, name: b"cc1".to_vec(), ..ImageStart::default() }).collect();
    let of = |tick, samples| Tick { tick, elapsed_us: u64::from(tick) * 50_000, samples, ..Tick::default() };
    // All of the executable were measured together, so that holds before and after; one that was measured alone takes its new value along.
    let before = Tick { started, ..of(0, vec![sample(0, None), sample(1, None)]) };
    let first = of(1, vec![sample(0, Some(1_100)), sample(1, Some(400))]);
    let second = of(3, vec![sample(0, None), sample(1, Some(700))]);
    let ticks = [before, first, of(2, vec![sample(0, None), sample(1, None)]), second, of(4, vec![sample(0, None), sample(1, None)])];
    let (_dir, recording) = recorded(&ticks);
    let result = aggregate(&recording, &options(&[0, 1], 100)).expect("a result");
    // The model gives each 3,000: what is private to it, 1,000, and half of what both map.
    // Measured: 1,100 and 400, of which 400 is below what is private: 600 of its pages are shared copy-on-write.
    assert_eq!(result.total_pss_kb, [1_500.0, 1_500.0, 1_500.0, 1_100.0 + 700.0, 1_100.0 + 700.0]);
    assert_eq!((result.largest_pss.process_id, result.largest_pss.pss_kb), (vec![0, 1], vec![1_100.0, 700.0]));
    assert_eq!(result.total_rss_kb, [10_000.0; 5]);
    assert_eq!(result.peak_pss.map(|peak| (peak.tick, peak.measured)), Some((3, false)));
}

#[test]
#[expect(clippy::float_cmp, reason = "sums of small integers are exact")]
fn what_newcomers_share_is_their_parent_s_only_if_they_were_forked_from_it() {
    let measured = |process_id, own_kb: u64, shares: u64| {
        let pss_kb = Some(own_kb + 48_000 / shares);
        Sample { process_id, rss_kb: 48_000 + own_kb, shared_kb: 0, pss_kb, uss_kb: Some(own_kb) }
    };
    let later = |process_id| Sample { pss_kb: None, uss_kb: None, ..measured(process_id, 1_000, 1) };
    let total_with = |newcomers: [ImageStart; 2]| {
        let image = |process_id, parent_id| ImageStart { process_id, parent_id, exe: b"/bin/server".to_vec(), ..ImageStart::default() };
        // A forked pair that is measured whole, then two more: of the pair's root, or of each other.
        let first = Tick {
            started: vec![image(0, None), image(1, Some(0))],
            samples: vec![measured(0, 1_000, 2), measured(1, 1_000, 2)],
            ..Tick::default()
        };
        let samples = vec![later(0), later(1), measured(2, 1_000, 2), measured(3, 1_000, 2)];
        let second = Tick { tick: 1, elapsed_us: 50_000, started: newcomers.to_vec(), samples, ..Tick::default() };
        let (_dir, recording) = recorded(&[first, second]);
        aggregate(&recording, &options(&[0; 4], 10)).expect("a result").total_pss_kb[1]
    };
    let image = |process_id, parent_id, exec_count| ImageStart {
        process_id,
        parent_id,
        exec_count,
        exe: b"/bin/server".to_vec(),
        ..ImageStart::default()
    };
    // The other pair's 48,000 come on top, once; of what the first pair inherited nothing does.
    assert_eq!(total_with([image(2, None, 0), image(3, Some(2), 0)]), 2.0 * (48_000.0 + 2_000.0));
    assert_eq!(total_with([image(2, Some(0), 1), image(3, Some(2), 0)]), 2.0 * (48_000.0 + 2_000.0));
    // What the kernel said of the newcomers themselves is the least.
    assert_eq!(total_with([image(2, Some(0), 0), image(3, Some(2), 0)]), 50_000.0 + 2_000.0);
}

#[test]
fn ignored_processes_neither_count_nor_share() {
    let image = |process_id| ImageStart { process_id, exe: b"/bin/editor".to_vec(), ..ImageStart::default() };
    let sample = |process_id| Sample { process_id, rss_kb: 5_000, shared_kb: 4_000, pss_kb: None, uss_kb: None };
    let tick = Tick { started: vec![image(0), image(1)], samples: vec![sample(0), sample(1)], ..Tick::default() };
    let (_dir, recording) = recorded(&[tick]);
    let both = aggregate(&recording, &options(&[0, 0], 10)).unwrap().peak_pss.unwrap();
    assert_eq!(both.process_pss_kb, [3_000.0, 3_000.0]);
    let one = aggregate(&recording, &options(&[0, IGNORED], 10)).unwrap();
    assert_eq!(one.peak_pss.unwrap().process_pss_kb, [5_000.0]);
    assert_eq!(one.largest_rss.process_id, [0]);
}

#[test]
fn the_facts_of_very_many_ticks_are_those_of_all_of_them() {
    let host = |tick: u32| Host {
        mem_available_kb: (tick > 0).then(|| u64::from(9_000 + tick.abs_diff(20_000))),
        swap_used_kb: (tick >= 30_000).then(|| u64::from(tick)),
        ..Host::default()
    };
    let ticks = (0..40_000).map(|tick| Tick {
        tick,
        elapsed_us: u64::from(tick) * 50_000,
        // Every thousandth is two or three deadlines and some late, every other one of them a little.
        late_us: if tick % 1000 == 999 { 120_000 + u64::from(tick) } else { u64::from(tick % 2) * 5_000 },
        phase: if tick < 100 { Phase::Setup } else { Phase::Build },
        host: host(tick),
        ..Tick::default()
    });
    let (_dir, recording) = recorded(&ticks.collect::<Vec<_>>());
    let facts = tick_facts(&recording, 50_000).expect("facts");
    assert_eq!((facts.count, facts.build, facts.ends_in_setup), (40_000, 39_900, false));
    assert_eq!((facts.late, facts.skipped, facts.max_late_us), (40, 90, 159_999));
    let elapsed_us = Course { first: Some(0), last: Some(1_999_950_000), smallest: Some(0), largest: Some(1_999_950_000) };
    assert_eq!(facts.elapsed_us, elapsed_us);
    let available = Course { first: Some(28_999), last: Some(28_999), smallest: Some(9_000), largest: Some(28_999) };
    assert_eq!(facts.mem_available_kb, available);
    let swap = Course { first: Some(30_000), last: Some(39_999), smallest: Some(30_000), largest: Some(39_999) };
    assert_eq!(facts.swap_used_kb, swap);
    assert_eq!(facts.cgroup_oom_kills, Course::default());
}

#[test]
fn an_image_beyond_the_grouping_is_damage() {
    let (_dir, recording) = recorded(&[one_process(0, 1)]);
    let error = aggregate(&recording, &options(&[], 10)).unwrap_err();
    assert_eq!(error.code(), "ERR_MYMONITOR_DAMAGED");
    assert!(error.to_string().contains("processes.parquet"), "{error}");
}

#[test]
fn samples_of_another_recording_are_damage() {
    let (long, _) = recorded(&(0..9).map(|tick| one_process(tick, 5)).collect::<Vec<_>>());
    let (short, _) = recorded(&[one_process(0, 5)]);
    std::fs::copy(long.path().join("memory_samples.parquet"), short.path().join("memory_samples.parquet")).unwrap();
    let recording = Recording::open(short.path()).unwrap();
    let error = aggregate(&recording, &options(&[0], 10)).unwrap_err();
    assert!(error.to_string().contains("tick 1 is not in ticks.parquet"), "{error}");
}

#[test]
fn a_grouping_that_contradicts_itself_is_the_callers_fault() {
    let (_dir, recording) = recorded(&[one_process(0, 1)]);
    for options in [options(&[GROUPS], 10), Options { parents: 1, ..options(&[0], 10) }] {
        assert!(matches!(aggregate(&recording, &options), Err(AnalysisError::Grouping(_))));
    }
}

fn ticks() -> impl Strategy<Value = Vec<Tick>> {
    let tick = (any::<bool>(), 0u64..100_000, prop::collection::btree_map(0u32..6, (0u64..1 << 20, 0u64..1 << 20), 0..6));
    prop::collection::vec(tick, 1..60).prop_map(|ticks| {
        let mut elapsed_us = 0;
        let image = |process_id| ImageStart { process_id, name: vec![b'a' + u8::from(process_id > 2)], ..ImageStart::default() };
        let ticks = (0u32..).zip(ticks).map(|(tick, (setup, step, sizes))| {
            elapsed_us += step;
            let samples = sizes.into_iter().map(|(process_id, (private, shared))| Sample {
                process_id,
                rss_kb: private + shared,
                shared_kb: shared,
                pss_kb: None,
                uss_kb: None,
            });
            Tick {
                tick: tick * 2,
                elapsed_us,
                phase: if setup { Phase::Setup } else { Phase::Build },
                started: if tick == 0 { (0..6).map(image).collect() } else { vec![] },
                samples: samples.collect(),
                ..Tick::default()
            }
        });
        ticks.collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_recording_agrees_with_the_naive_pass(ticks in ticks(), points in 0usize..80) {
        let group_of = [0, 1, IGNORED, 3, 4, 1];
        let (_dir, recording) = recorded(&ticks);
        let result = aggregate(&recording, &options(&group_of, points)).unwrap();
        prop_assert!(result.points <= points.max(6));
        check(&ticks, &group_of, &result);
    }
}
