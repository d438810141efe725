//! The images with the largest peaks of their own.

use std::cmp::Reverse;

/// Images by their own largest samples, largest first.
#[derive(Debug, Default, Clone, PartialEq)]
pub struct Largest {
    /// Which image.
    pub process_id: Vec<u32>,
    /// Its largest resident set size over all ticks, KiB.
    pub rss_kb: Vec<f64>,
    /// Its largest PSS over all ticks by the memory model, KiB; not always of the same tick.
    pub pss_kb: Vec<f64>,
}

/// Largest samples of one image, as there is one for each image of a recording in 8 bytes: no process has 4 TiB.
#[derive(Debug, Clone, Copy, Default)]
struct Peaks {
    rss_kb: u32,
    pss_kb: u32,
}

/// Index: `process_id`.
#[derive(Debug)]
pub(crate) struct Images {
    peaks: Vec<Peaks>,
}

impl Images {
    pub(crate) fn new(count: usize) -> Self {
        Self { peaks: vec![Peaks::default(); count] }
    }

    pub(crate) fn add(&mut self, process_id: u32, rss_kb: u64, pss_kb: u64) {
        let peaks = &mut self.peaks[process_id as usize];
        peaks.rss_kb = peaks.rss_kb.max(u32::try_from(rss_kb).unwrap_or(u32::MAX));
        peaks.pss_kb = peaks.pss_kb.max(u32::try_from(pss_kb).unwrap_or(u32::MAX));
    }

    pub(crate) fn largest_by_rss(&self, count: usize) -> Largest {
        self.largest(count, |peaks| peaks.rss_kb)
    }

    pub(crate) fn largest_by_pss(&self, count: usize) -> Largest {
        self.largest(count, |peaks| peaks.pss_kb)
    }

    /// Of equals the first; what has no memory is not among them.
    fn largest(&self, count: usize, by: fn(&Peaks) -> u32) -> Largest {
        let mut found: Vec<(Reverse<u32>, u32)> = Vec::new();
        for (process_id, peaks) in (0..).zip(&self.peaks) {
            if by(peaks) == 0 {
                continue;
            }
            found.push((Reverse(by(peaks)), process_id));
            // Sorting now and then keeps twice as many as are wanted, not one for each image.
            if found.len() >= (2 * count).max(64) {
                found.sort_unstable();
                found.truncate(count);
            }
        }
        found.sort_unstable();
        found.truncate(count);
        let column =
            |value: fn(&Peaks) -> u32| found.iter().map(|&(_, process_id)| value(&self.peaks[process_id as usize]).into()).collect();
        Largest {
            process_id: found.iter().map(|&(_, process_id)| process_id).collect(),
            rss_kb: column(|peaks| peaks.rss_kb),
            pss_kb: column(|peaks| peaks.pss_kb),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_largest_come_first_and_of_equals_the_first() {
        let mut images = Images::new(1000);
        for process_id in 0..999 {
            images.add(process_id, u64::from(process_id % 100), 1);
            images.add(process_id, 1, u64::from(process_id));
        }
        let largest = images.largest_by_rss(3);
        assert_eq!((largest.process_id, largest.rss_kb, largest.pss_kb), (vec![99, 199, 299], vec![99.0; 3], vec![99.0, 199.0, 299.0]));
        assert_eq!(images.largest_by_pss(2).process_id, [998, 997]);
        assert_eq!(images.largest_by_rss(2000).process_id.len(), 999);
    }
}
