//! The replay against a straightforward reading of the same journal.

use std::collections::BTreeMap;

use mymonitor_wire::{End as WireEnd, Header, ImageEnd, ImageStart, Sample, Tick, append_frame};
use proptest::prelude::*;

use super::Compression;
use super::finalise::finalise_by_windows;
use crate::{JOURNAL_FILE, Recording, Window};

/// Ticks of up to 8 images that start, are sampled and end at random, even where that makes no sense.
fn ticks() -> impl Strategy<Value = Vec<Tick>> {
    let sample = (0u32..8, any::<u64>(), any::<u64>(), any::<Option<u64>>());
    let sample = sample.prop_map(|(process_id, rss, shared, pss)| Sample {
        process_id,
        rss_kb: rss >> 2,
        shared_kb: shared >> 2,
        pss_kb: pss.map(|pss| pss >> 2),
        uss_kb: None,
    });
    let start = (0u32..8, any::<u32>(), prop::collection::vec(any::<u8>(), 0..12)).prop_map(|(process_id, pid, bytes)| ImageStart {
        process_id,
        pid,
        name: bytes.clone(),
        exe: bytes.clone(),
        argv: bytes,
        ..ImageStart::default()
    });
    let end = (0u32..8, any::<i64>(), any::<Option<u32>>()).prop_map(|(process_id, end_us, vm_hwm_kb)| ImageEnd {
        process_id,
        end_us,
        end: WireEnd::Exited,
        exit_code: None,
        signal: None,
        cpu_us: None,
        vm_hwm_kb: vm_hwm_kb.map(u64::from),
        threads: None,
    });
    let tick =
        (1u32..3, prop::collection::vec(start, 0..4), prop::collection::btree_map(0u32..8, sample, 0..8), prop::collection::vec(end, 0..3));
    prop::collection::vec(tick, 0..20).prop_map(|ticks| {
        let mut number = 0;
        let ticks = ticks.into_iter().map(|(step, started, samples, ended)| {
            number += step;
            let samples = samples.into_iter().map(|(process_id, sample)| Sample { process_id, ..sample }).collect();
            Tick { tick: number, elapsed_us: u64::from(number) * 50_000, started, samples, ended, ..Tick::default() }
        });
        ticks.collect()
    })
}

fn journal(ticks: &[Tick]) -> Vec<u8> {
    let (mut bytes, mut payload) = (Vec::new(), Vec::new());
    Header::default().encode(&mut payload);
    append_frame(&mut bytes, &payload);
    for tick in ticks {
        payload.clear();
        tick.encode(&mut payload);
        append_frame(&mut bytes, &payload);
    }
    bytes
}

type NaiveRow = (u32, u32, i64);
type NaiveImage = (u32, u32, Option<i64>);

/// (tick, id, rss) of every sample of a live image, and (id, samples, peak) of every image in the order of their ends. Ids count the images as they
/// turn up.
fn naive(ticks: &[Tick]) -> (Vec<NaiveRow>, Vec<NaiveImage>) {
    let (mut rows, mut images, mut live) = (vec![], vec![], BTreeMap::<u32, NaiveImage>::new());
    let mut ids = 0..;
    for tick in ticks {
        for start in &tick.started {
            live.entry(start.process_id).or_insert_with(|| (ids.next().unwrap(), 0, None));
        }
        for sample in &tick.samples {
            if let Some((id, samples, peak)) = live.get_mut(&sample.process_id) {
                let rss_kb = i64::try_from(sample.rss_kb).unwrap();
                rows.push((tick.tick, *id, rss_kb));
                *samples += 1;
                *peak = Some(peak.map_or(rss_kb, |peak| peak.max(rss_kb)));
            }
        }
        for end in &tick.ended {
            if let Some((id, samples, peak)) = live.remove(&end.process_id) {
                images.push((id, samples, end.vm_hwm_kb.map(|kb| i64::try_from(kb).unwrap()).max(peak)));
            }
        }
    }
    let mut left: Vec<_> = live.into_values().collect();
    left.sort_unstable();
    images.extend(left);
    (rows, images)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn the_replay_is_the_naive_reading_in_windows_of_whole_ticks(ticks in ticks(), window_rows in 1usize..30) {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join(JOURNAL_FILE), journal(&ticks)).unwrap();
        let summary = finalise_by_windows(dir.path(), Compression::default(), window_rows).unwrap();
        let (mut expected, images) = naive(&ticks);
        prop_assert_eq!(summary.rows + summary.orphan_samples, ticks.iter().map(|tick| tick.samples.len() as u64).sum::<u64>());

        let recording = Recording::open(dir.path()).unwrap();
        let mut window = Window::new();
        let mut rows = vec![];
        let mut last_tick = None;
        for index in 0..recording.windows() {
            recording.window(index, &mut window).unwrap();
            let keys: Vec<_> = (0..window.rows()).map(|row| (window.process_id(row), window.tick(row))).collect();
            prop_assert!(keys.is_sorted(), "sorted by (process_id, tick)");
            let (first, last) = (keys.iter().map(|key| key.1).min(), keys.iter().map(|key| key.1).max());
            prop_assert!(first > last_tick, "a tick is in one window only");
            prop_assert!(keys.iter().filter(|key| Some(key.1) < last).count() < window_rows, "a window ends with the tick that fills it");
            last_tick = last;
            rows.extend(keys.iter().zip(&window.rss_kb).map(|(&(process_id, tick), &rss_kb)| (tick, process_id, rss_kb)));
        }
        rows.sort_unstable();
        expected.sort_unstable();
        prop_assert_eq!(rows, expected);

        let read = recording.processes(0, u64::MAX).unwrap();
        let read: Vec<_> = read.process_id.iter().zip(&read.samples).zip(&read.peak_rss_kb).map(|((&id, &samples), &peak)| (id, samples.unwrap(), peak)).collect();
        prop_assert_eq!(read, images);
    }
}
