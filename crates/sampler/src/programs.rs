//! Which programs take the memory now, for a line that shows progress.

use std::collections::HashMap;

use mymonitor_recording::model::Row;
use mymonitor_wire::Sample;

use crate::tracker::Live;

/// More would say nothing: a build's memory is in few programs at a time.
const NAMED: usize = 8;

/// All live processes of one executable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Program {
    /// `comm` of the largest of them.
    pub name: Vec<u8>,
    /// Its executable; empty where it may not be read.
    pub exe: Vec<u8>,
    /// Its arguments, each ended by a zero byte.
    pub argv: Vec<u8>,
    /// Sum of RSS.
    pub rss_kb: u64,
    /// Sum of PSS, modelled where it was not measured in this tick.
    pub pss_kb: u64,
}

/// The largest by RSS first. Rows, samples and modelled PSS go together; `owners` holds the index in `live` of each.
pub(crate) fn largest(rows: &[Row], samples: &[Sample], modelled_kb: &[u64], owners: &[usize], live: &[Live]) -> Vec<Program> {
    struct Sums {
        rss_kb: u64,
        pss_kb: u64,
        largest: usize,
    }
    let mut programs: HashMap<u32, Sums> = HashMap::new();
    for (index, ((row, sample), &modelled_kb)) in rows.iter().zip(samples).zip(modelled_kb).enumerate() {
        let sums = programs.entry(row.executable).or_insert(Sums { rss_kb: 0, pss_kb: 0, largest: index });
        sums.rss_kb += row.rss_kb;
        sums.pss_kb += sample.pss_kb.unwrap_or(modelled_kb);
        if row.rss_kb > rows[sums.largest].rss_kb {
            sums.largest = index;
        }
    }
    let mut programs: Vec<Sums> = programs.into_values().collect();
    programs.sort_unstable_by_key(|sums| std::cmp::Reverse(sums.rss_kb));
    programs.truncate(NAMED);
    let named = programs.into_iter().filter_map(|Sums { rss_kb, pss_kb, largest }| {
        let start = &live.get(*owners.get(largest)?)?.start;
        Some(Program { name: start.name.clone(), exe: start.exe.clone(), argv: start.argv.clone(), rss_kb, pss_kb })
    });
    named.collect()
}
