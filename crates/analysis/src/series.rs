//! Thinning a recording to a given number of time points by choosing whole ticks.
//!
//! A chart of an hour cannot show 72,000 ticks. Averaging would invent totals that never were, and choosing each group's extremes for itself would
//! stack sizes of different moments. So ticks are chosen, and all groups at a point are of the same tick: of each bucket of ticks the one with the
//! largest and the one with the smallest total PSS, and always the first, the last and both peaks.

use mymonitor_recording::model::Totals;

use crate::groups::Size;

/// First, last and two peaks.
const ALWAYS: usize = 4;
/// One bucket of two ticks, and those that are always chosen.
const FEWEST_POINTS: usize = ALWAYS + 2;

/// A chosen tick.
#[derive(Debug, Default, Clone)]
pub(crate) struct Point {
    pub(crate) position: usize,
    pub(crate) totals: Totals,
    pub(crate) groups: Vec<Size>,
}

impl Point {
    /// Becomes another tick, in the same memory.
    fn set(&mut self, position: usize, totals: Totals, groups: &[Size]) {
        self.position = position;
        self.totals = totals;
        self.groups.clear();
        self.groups.extend_from_slice(groups);
    }
}

#[derive(Debug)]
pub(crate) struct Series {
    ticks: usize,
    buckets: usize,
    bucket: usize,
    largest: Option<Point>,
    smallest: Option<Point>,
    chosen: Vec<Point>,
    peak_rss: Option<Point>,
    peak_pss: Option<Point>,
}

impl Series {
    /// For `ticks` ticks, at most `points` of which are chosen (6 if less is asked for).
    pub(crate) fn new(ticks: usize, points: usize) -> Self {
        let points = points.max(FEWEST_POINTS);
        let buckets = if ticks <= points { ticks } else { (points - ALWAYS) / 2 };
        Self { ticks, buckets, bucket: 0, largest: None, smallest: None, chosen: Vec::new(), peak_rss: None, peak_pss: None }
    }

    /// Takes the next tick.
    pub(crate) fn push(&mut self, position: usize, totals: Totals, groups: &[Size]) {
        // In 128 bits, as `usize` has 32 in WebAssembly.
        let bucket = (position as u128 * self.buckets as u128 / self.ticks as u128) as usize;
        if bucket != self.bucket {
            self.end_bucket();
            self.bucket = bucket;
        }
        if position == 0 || position + 1 == self.ticks {
            self.chosen.push(Point { position, totals, groups: groups.to_vec() });
        }
        if self.largest.as_ref().is_none_or(|point| totals.pss_kb > point.totals.pss_kb) {
            self.largest.get_or_insert_default().set(position, totals, groups);
        }
        if self.smallest.as_ref().is_none_or(|point| totals.pss_kb < point.totals.pss_kb) {
            self.smallest.get_or_insert_default().set(position, totals, groups);
        }
    }

    /// The tick is the largest so far by RSS.
    pub(crate) fn peak_rss(&mut self, position: usize, totals: Totals, groups: &[Size]) {
        self.peak_rss.get_or_insert_default().set(position, totals, groups);
    }

    /// The tick is the largest so far by PSS.
    pub(crate) fn peak_pss(&mut self, position: usize, totals: Totals, groups: &[Size]) {
        self.peak_pss.get_or_insert_default().set(position, totals, groups);
    }

    fn end_bucket(&mut self) {
        self.chosen.extend(self.largest.take());
        self.chosen.extend(self.smallest.take());
    }

    /// The chosen ticks in their order, and the PSS peak's groups.
    pub(crate) fn finish(mut self) -> (Vec<Point>, Vec<Size>) {
        self.end_bucket();
        let at_peak = self.peak_pss.as_ref().map(|point| point.groups.clone()).unwrap_or_default();
        self.chosen.extend(self.peak_rss.take());
        self.chosen.extend(self.peak_pss.take());
        self.chosen.sort_by_key(|point| point.position);
        self.chosen.dedup_by_key(|point| point.position);
        (self.chosen, at_peak)
    }
}
