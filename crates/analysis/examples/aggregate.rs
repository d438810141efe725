//! Aggregates recordings and says how fast: `aggregate DIR...`.

use std::error::Error;
use std::path::Path;
use std::time::Instant;

use mymonitor_analysis::{Options, aggregate};
use mymonitor_recording::Recording;

const GROUPS: u32 = 24;

#[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::print_stdout, reason = "a program that prints ratios")]
fn main() -> Result<(), Box<dyn Error>> {
    for dir in std::env::args().skip(1) {
        let recording = Recording::open(Path::new(&dir))?;
        let group_of: Vec<u32> = (0..recording.info().processes).map(|process_id| process_id as u32 % GROUPS).collect();
        let parent_of: Vec<u32> = (0..GROUPS).map(|group| group / 4).collect();
        let options = Options { group_of: &group_of, parent_of: &parent_of, parents: 6, points: 4000, largest: 100 };
        let rows = recording.info().rows;
        let mut best = f64::INFINITY;
        let mut peak = 0.0;
        for _ in 0..5 {
            let begin = Instant::now();
            let result = aggregate(&recording, &options)?;
            best = best.min(begin.elapsed().as_secs_f64());
            peak = result.peak_pss.map_or(0.0, |peak| peak.pss_kb);
        }
        println!("{dir}: {rows} rows, {:.1} million rows a second and core, peak {peak} KiB", rows as f64 / best / 1e6);
    }
    Ok(())
}
