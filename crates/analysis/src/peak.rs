//! The peak of phase `build` and who was live at it.

use mymonitor_recording::model::Totals;

use crate::by_tick::Sample;
use crate::groups::kb;

/// A peak. The process columns have one entry for each process with memory at that tick, largest first by the peak's metric.
#[derive(Debug, Default, Clone, PartialEq)]
pub struct Peak {
    /// Number of the tick.
    pub tick: u32,
    /// Microseconds after the build's start.
    pub elapsed_us: f64,
    /// Sum of resident set sizes, KiB.
    pub rss_kb: f64,
    /// By the memory model, KiB: `private_kb + shared_kb`.
    pub pss_kb: f64,
    /// Memory that belongs to one process only, KiB.
    pub private_kb: f64,
    /// Shared memory, each page counted once, KiB.
    pub shared_kb: f64,
    /// Every process of the tick was measured: nothing of its PSS is modelled.
    pub measured: bool,
    /// Which image.
    pub process_id: Vec<u32>,
    /// Its resident set size, KiB.
    pub process_rss_kb: Vec<f64>,
    /// The file-backed and shared-memory part of it, KiB.
    pub process_shared_kb: Vec<f64>,
    /// Its part of the model's total, KiB.
    pub process_pss_kb: Vec<f64>,
}

/// The largest tick so far by one metric; the first of equals.
#[derive(Debug, Default)]
pub(crate) struct LargestTick {
    kb: u64,
    position: usize,
    totals: Totals,
    processes: Vec<(Sample, u64)>,
}

impl LargestTick {
    /// By its metric; 0 when no tick was offered that had memory.
    pub(crate) fn kb(&self) -> u64 {
        self.kb
    }

    /// Offers a tick of `kb` by this peak's metric; whether it is the new largest.
    pub(crate) fn offer(&mut self, kb: u64, position: usize, totals: Totals, samples: &[Sample], pss_kb: &[u64]) -> bool {
        if kb <= self.kb || samples.is_empty() {
            return false;
        }
        self.kb = kb;
        self.position = position;
        self.totals = totals;
        self.processes.clear();
        self.processes.extend(samples.iter().copied().zip(pss_kb.iter().copied()));
        true
    }

    /// `None` when no tick was offered that had memory.
    pub(crate) fn finish(mut self, tick: &[u32], elapsed_us: &[i64], by: fn(&(Sample, u64)) -> u64) -> Option<Peak> {
        if self.processes.is_empty() {
            return None;
        }
        self.processes.sort_by_key(|process| (std::cmp::Reverse(by(process)), process.0.process_id));
        let column = |value: fn(&(Sample, u64)) -> u64| self.processes.iter().map(|process| kb(value(process))).collect();
        Some(Peak {
            tick: tick[self.position],
            elapsed_us: crate::aggregate::us(elapsed_us[self.position]),
            rss_kb: kb(self.totals.rss_kb),
            pss_kb: kb(self.totals.pss_kb),
            private_kb: kb(self.totals.private_kb),
            shared_kb: kb(self.totals.shared_kb),
            measured: self.processes.iter().all(|(sample, _)| sample.is_measured()),
            process_id: self.processes.iter().map(|(sample, _)| sample.process_id).collect(),
            process_rss_kb: column(|(sample, _)| sample.rss_kb),
            process_shared_kb: column(|(sample, _)| sample.shared_kb),
            process_pss_kb: column(|&(_, pss_kb)| pss_kb),
        })
    }
}
