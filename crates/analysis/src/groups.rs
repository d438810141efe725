//! Sums per group of processes: minor categories, and their parents, the major ones.

/// Results of the groups of one level. Index: group.
#[derive(Debug, Default, Clone, PartialEq)]
pub struct GroupColumns {
    /// The group's largest tick total of phase `build`, KiB.
    pub peak_rss_kb: Vec<f64>,
    /// The same by the memory model.
    pub peak_pss_kb: Vec<f64>,
    /// At the tick of the build's PSS peak, KiB.
    pub at_peak_rss_kb: Vec<f64>,
    /// The same by the memory model.
    pub at_peak_pss_kb: Vec<f64>,
    /// Over all ticks: size times the time to the next tick, KiB·s.
    pub time_rss_kb_s: Vec<f64>,
    /// The same by the memory model.
    pub time_pss_kb_s: Vec<f64>,
}

/// A group at a tick.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Size {
    pub(crate) group: u32,
    pub(crate) rss_kb: u64,
    pub(crate) pss_kb: u64,
}

/// Adds up one tick at a time. Most groups are absent from most ticks, so only those present are touched.
#[derive(Debug)]
pub(crate) struct Groups {
    /// Index: group; where it is in `present`, or `ABSENT`.
    slots: Vec<u32>,
    present: Vec<Size>,
    columns: GroupColumns,
}

const ABSENT: u32 = u32::MAX;

impl Groups {
    pub(crate) fn new(groups: usize) -> Self {
        let zeros = || vec![0.0; groups];
        let columns = GroupColumns {
            peak_rss_kb: zeros(),
            peak_pss_kb: zeros(),
            at_peak_rss_kb: zeros(),
            at_peak_pss_kb: zeros(),
            time_rss_kb_s: zeros(),
            time_pss_kb_s: zeros(),
        };
        Self { slots: vec![ABSENT; groups], present: Vec::new(), columns }
    }

    pub(crate) fn add(&mut self, group: u32, rss_kb: u64, pss_kb: u64) {
        let slot = &mut self.slots[group as usize];
        if *slot == ABSENT {
            // Fewer groups are present than exist, and those are numbered by u32.
            *slot = u32::try_from(self.present.len()).unwrap_or(ABSENT);
            self.present.push(Size { group, rss_kb, pss_kb });
        } else {
            let size = &mut self.present[*slot as usize];
            size.rss_kb = size.rss_kb.saturating_add(rss_kb);
            size.pss_kb = size.pss_kb.saturating_add(pss_kb);
        }
    }

    /// The groups of the tick so far.
    pub(crate) fn present(&self) -> &[Size] {
        &self.present
    }

    /// Takes the tick into the results and begins an empty one.
    pub(crate) fn end_tick(&mut self, build: bool, seconds: f64) {
        for size in self.present.drain(..) {
            let group = size.group as usize;
            let (rss, pss) = (kb(size.rss_kb), kb(size.pss_kb));
            if build {
                self.columns.peak_rss_kb[group] = self.columns.peak_rss_kb[group].max(rss);
                self.columns.peak_pss_kb[group] = self.columns.peak_pss_kb[group].max(pss);
            }
            self.columns.time_rss_kb_s[group] += rss * seconds;
            self.columns.time_pss_kb_s[group] += pss * seconds;
            self.slots[group] = ABSENT;
        }
    }

    pub(crate) fn finish(mut self, at_peak: impl IntoIterator<Item = Size>) -> GroupColumns {
        for size in at_peak {
            self.columns.at_peak_rss_kb[size.group as usize] += kb(size.rss_kb);
            self.columns.at_peak_pss_kb[size.group as usize] += kb(size.pss_kb);
        }
        self.columns
    }
}

/// A size as JavaScript has it: exact up to 8 EiB.
#[expect(clippy::cast_precision_loss, reason = "sizes of real machines are far below 2^53 KiB")]
pub(crate) fn kb(kb: u64) -> f64 {
    kb as f64
}
