//! A recording as the one wide CSV of the Python `MyMonitor`: a row for each process at each tick, with everything about the process in it.

use std::collections::BTreeMap;
use std::io::{BufWriter, Write};
use std::path::Path;

use mymonitor_recording::model::{Model, Row};
use mymonitor_recording::{ClassesTable, Partial, Recording, RecordingError, RecordingFile, Window};

use crate::csv::quote;
use crate::error::ConvertError;
use crate::guard;

const HEADER: &str = "timestamp,pid,command_name,full_command,major_category,minor_category,PSS_KB,USS_KB,RSS_KB\n";
const IMAGES: u64 = 4096;

/// Writes it, replacing what is there; the number of rows. `started_at_unix_us` is the wall clock at the build's start, `commands` the command lines by
/// `process_id` that are written in place of those of the recording.
///
/// `PSS_KB` is what was measured where the whole tick was, else what the memory model hands to the process; `USS_KB` the part that is its own alone. In
/// the order of time. Memory: one window of rows, and name and command line of every image.
pub fn export_wide(dir: &Path, started_at_unix_us: i64, commands: &BTreeMap<u32, String>, target: &Path) -> Result<u64, ConvertError> {
    guard(dir, || {
        let input = |error: RecordingError| ConvertError::input(dir, error);
        let output = |error: std::io::Error| ConvertError::output(target, error);
        let recording = Recording::open(dir).map_err(input)?;
        let images = Images::read(dir, &recording, commands).map_err(input)?;
        let ticks = recording.timeline().map_err(input)?;
        let executables = recording.executables(images.middles.len()).map_err(input)?;
        let (partial, file) = Partial::create(target).map_err(output)?;
        let mut out = BufWriter::with_capacity(1 << 16, file);
        out.write_all(HEADER.as_bytes()).map_err(output)?;
        let (mut window, mut order, mut rows, mut pss_kb, mut written) = (Window::new(), Vec::new(), Vec::new(), Vec::new(), 0);
        let mut model = Model::new();
        let mut line = Vec::new();
        for index in 0..recording.windows() {
            recording.window(index, &mut window).map_err(input)?;
            order.clear();
            order.extend(0..window.rows());
            // Stable: within a tick by process, as in the window.
            order.sort_by_key(|&row| window.tick(row));
            for tick in order.chunk_by(|&a, &b| window.tick(a) == window.tick(b)) {
                let number = window.tick(tick[0]);
                let position = ticks
                    .tick
                    .binary_search(&number)
                    .map_err(|_| ConvertError::input(dir, format_args!("tick {number} is in no row of ticks.parquet")))?;
                let time_us = started_at_unix_us + ticks.elapsed_us[position];
                rows.clear();
                for &row in tick {
                    let process_id = window.process_id(row);
                    if process_id as usize >= images.middles.len() {
                        return Err(ConvertError::input(dir, format_args!("process_id {process_id} is in no row of processes.parquet")));
                    }
                    let [rss_kb, shared_kb] = [window.rss_kb[row], window.shared_kb[row]].map(i64::cast_unsigned);
                    rows.push(Row { executable: executables.key(process_id), rss_kb, shared_kb });
                }
                model.apportion(&rows, &mut pss_kb);
                let measured = tick.iter().map(|&row| window.pss_kb.get(row).copied().flatten()).collect::<Option<Vec<_>>>();
                for (at, (&row, size)) in tick.iter().zip(&rows).enumerate() {
                    let pss_kb = measured.as_ref().map_or(pss_kb[at], |measured| measured[at].cast_unsigned());
                    let middle = &images.middles[window.process_id(row) as usize];
                    line.clear();
                    // Writing to a `Vec` cannot fail.
                    let _ = write!(line, "{}.{:06},", time_us.div_euclid(1_000_000), time_us.rem_euclid(1_000_000));
                    line.extend_from_slice(middle);
                    let _ = writeln!(line, ",{pss_kb},{},{}", size.rss_kb.saturating_sub(size.shared_kb), size.rss_kb);
                    out.write_all(&line).map_err(output)?;
                }
                written += tick.len() as u64;
            }
        }
        let file = out.into_inner().map_err(|error| output(error.into_error()))?;
        file.sync_all().map_err(output)?;
        partial.publish().map_err(output)?;
        Ok(written)
    })
}

/// What every row of an image has in its middle: pid, name, command line, categories.
struct Images {
    /// By `process_id`.
    middles: Vec<Box<[u8]>>,
}

impl Images {
    fn read(dir: &Path, recording: &Recording<RecordingFile>, commands: &BTreeMap<u32, String>) -> Result<Self, RecordingError> {
        let count = recording.info().processes;
        let mut middles = vec![Box::default(); usize::try_from(count).unwrap_or(0)];
        let classes = ClassesTable::open(dir)?.map(|table| table.read()).transpose()?.unwrap_or_default();
        let mut class_of = vec![None; middles.len()];
        for (process_id, class) in classes.process_id.into_iter().zip(classes.class_of) {
            if let Some(slot) = class_of.get_mut(process_id as usize) {
                *slot = classes.classes.get(class as usize);
            }
        }
        let mut first = 0;
        while first < count {
            let batch = recording.processes(first, IMAGES)?;
            for (row, &process_id) in batch.process_id.iter().enumerate() {
                let Some(slot) = middles.get_mut(process_id as usize) else { continue };
                let class = class_of[process_id as usize];
                let [major, minor] = class.map_or([""; 2], |class| [&class.major_category, &class.minor_category]);
                let name = batch.name[row].as_deref().unwrap_or("");
                let stored = || batch.argv[row].as_ref().map_or_else(|| name.to_owned(), |argv| argv.join(" "));
                let command = commands.get(&process_id).cloned().unwrap_or_else(stored);
                let mut middle = batch.pid[row].map_or_else(String::new, |pid| pid.to_string()).into_bytes();
                for text in [name, &command, major, minor] {
                    middle.push(b',');
                    quote(text.as_bytes(), &mut middle);
                }
                *slot = middle.into();
            }
            first += IMAGES;
        }
        Ok(Self { middles })
    }
}
