//! Writes a recording of a make-believe build and says what it takes: `synthesize DIR [TICKS] [COMPRESSION]`.

#[path = "../tests/support/build.rs"]
mod build;
#[path = "../tests/support/journal.rs"]
mod journal;

use std::error::Error;
use std::path::PathBuf;
use std::time::Instant;

use mymonitor_recording::{Compression, MEMORY_SAMPLES_FILE, finalise};

#[expect(clippy::cast_precision_loss, clippy::print_stdout, reason = "a program that prints ratios")]
fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let dir = PathBuf::from(arguments.next().ok_or("usage: synthesize DIR [TICKS] [COMPRESSION]")?);
    let ticks = arguments.next().map_or(Ok(72_000), |ticks| ticks.parse())?;
    let compression = arguments.next().map_or(Some(Compression::default()), |name| Compression::from_name(&name)).ok_or("no such codec")?;
    std::fs::create_dir_all(&dir)?;
    journal::put_journal(&dir, &journal::journal(build::build(1, ticks), Some(u64::from(ticks) * 50_000)));
    let begin = Instant::now();
    let summary = finalise(&dir, compression)?;
    let seconds = begin.elapsed().as_secs_f64();
    let bytes = std::fs::metadata(dir.join(MEMORY_SAMPLES_FILE))?.len();
    println!("{} -j{}: {summary:?}", dir.display(), build::JOBS);
    println!("{:.2} bytes a row, {:.1} million rows a second", bytes as f64 / summary.rows as f64, summary.rows as f64 / seconds / 1e6);
    Ok(())
}
