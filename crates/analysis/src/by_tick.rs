//! The rows of a window, from sorted by process to sorted by tick.

use mymonitor_recording::{Timeline, Window};

/// A process at a tick.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Sample {
    pub(crate) process_id: u32,
    pub(crate) rss_kb: u64,
    pub(crate) shared_kb: u64,
    /// [`NOT_MEASURED`], or the PSS that the kernel gave. An `Option` would take twice the space.
    pub(crate) pss_kb: u64,
}

pub(crate) const NOT_MEASURED: u64 = u64::MAX;

/// The rows of one window, tick after tick; its memory is used again.
#[derive(Debug, Default)]
pub(crate) struct ByTick {
    /// Position in the timeline of each row of the window.
    positions: Vec<u32>,
    /// Index: position less `first`; where the tick's rows begin, then where they end.
    ends: Vec<u32>,
    first: u32,
    samples: Vec<Sample>,
}

impl ByTick {
    /// Gathers a window by counting: two passes over its rows, whatever their order.
    ///
    /// `after` is the first position that no earlier window has used.
    pub(crate) fn gather(&mut self, window: &Window, ticks: &Timeline, after: u32) -> Result<(), String> {
        self.find_positions(window, ticks)?;
        let (Some(&first), Some(&last)) = (self.positions.iter().min(), self.positions.iter().max()) else {
            self.ends.clear();
            return Ok(());
        };
        if first < after {
            return Err(format!("tick {} is in two row groups", ticks.tick[first as usize]));
        }
        self.first = first;
        self.ends.clear();
        self.ends.resize((last - first) as usize + 1, 0);
        for position in &self.positions {
            self.ends[(position - first) as usize] += 1;
        }
        let mut begin = 0;
        for end in &mut self.ends {
            begin += std::mem::replace(end, begin);
        }
        self.samples.resize(self.positions.len(), Sample::default());
        for (row, position) in self.positions.iter().enumerate() {
            let slot = &mut self.ends[(position - first) as usize];
            self.samples[*slot as usize] = Sample {
                process_id: window.process_id(row),
                rss_kb: window.rss_kb[row].cast_unsigned(),
                shared_kb: window.shared_kb[row].cast_unsigned(),
                pss_kb: window.pss_kb.get(row).copied().flatten().map_or(NOT_MEASURED, i64::cast_unsigned),
            };
            *slot += 1;
        }
        Ok(())
    }

    /// Within a process ticks follow each other, so the next position is nearly always one more; else a binary search finds it.
    fn find_positions(&mut self, window: &Window, ticks: &Timeline) -> Result<(), String> {
        self.positions.clear();
        let mut position = 0;
        for row in 0..window.rows() {
            let tick = window.tick(row);
            if ticks.tick.get(position) != Some(&tick) {
                position = ticks.tick.binary_search(&tick).map_err(|_| format!("tick {tick} is not in ticks.parquet"))?;
            }
            // Ticks are numbered by u32, so there are not more of them.
            self.positions.push(u32::try_from(position).unwrap_or(u32::MAX));
            position += 1;
        }
        Ok(())
    }

    /// The ticks of the window: position and rows, ascending; ticks between them without rows come with none.
    pub(crate) fn ticks(&self) -> impl Iterator<Item = (u32, &[Sample])> {
        let begins = std::iter::once(0).chain(self.ends.iter().copied());
        (self.first..).zip(begins.zip(&self.ends)).map(|(position, (begin, &end))| (position, &self.samples[begin as usize..end as usize]))
    }
}
