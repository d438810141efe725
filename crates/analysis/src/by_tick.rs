//! The rows of a window, from sorted by process to sorted by tick.

use mymonitor_recording::{Measured, Timeline, Window};

/// A process at a tick.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Sample {
    pub(crate) process_id: u32,
    /// Where in the window's [measurements](ByTick::measurements), or [`NOT_MEASURED`]: most never are, so that these lie apart.
    measurement: u32,
    pub(crate) rss_kb: u64,
    pub(crate) shared_kb: u64,
}

const NOT_MEASURED: u32 = u32::MAX;

impl Sample {
    pub(crate) fn is_measured(&self) -> bool {
        self.measurement != NOT_MEASURED
    }

    pub(crate) fn measured(&self, measurements: &[Measured]) -> Option<Measured> {
        measurements.get(self.measurement as usize).copied()
    }
}

/// The rows of one window, tick after tick; its memory is used again.
#[derive(Debug, Default)]
pub(crate) struct ByTick {
    /// Position in the timeline of each row of the window.
    positions: Vec<u32>,
    /// Index: position less `first`; where the tick's rows begin, then where they end.
    ends: Vec<u32>,
    first: u32,
    samples: Vec<Sample>,
    measurements: Vec<Measured>,
    /// Positions of the ticks in which something was measured, ascending.
    measured: Vec<u32>,
}

impl ByTick {
    /// Gathers a window by counting: two passes over its rows, whatever their order.
    ///
    /// `after` is the first position that no earlier window has used.
    pub(crate) fn gather(&mut self, window: &Window, ticks: &Timeline, after: u32) -> Result<(), String> {
        self.find_positions(window, ticks)?;
        self.find_measured(window);
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
        self.measurements.clear();
        let mut measure = |row: usize, pss_kb: i64| {
            // Without it nothing is known to be the process's own.
            let uss_kb = window.uss_kb.get(row).copied().flatten().unwrap_or(0);
            self.measurements.push(Measured { pss_kb: pss_kb.cast_unsigned(), uss_kb: uss_kb.cast_unsigned() });
            // A window has fewer rows than that.
            u32::try_from(self.measurements.len() - 1).unwrap_or(NOT_MEASURED)
        };
        for (row, position) in self.positions.iter().enumerate() {
            let slot = &mut self.ends[(position - first) as usize];
            self.samples[*slot as usize] = Sample {
                process_id: window.process_id(row),
                measurement: window.pss_kb.get(row).copied().flatten().map_or(NOT_MEASURED, |pss_kb| measure(row, pss_kb)),
                rss_kb: window.rss_kb[row].cast_unsigned(),
                shared_kb: window.shared_kb[row].cast_unsigned(),
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

    fn find_measured(&mut self, window: &Window) {
        self.measured.clear();
        let measured = self.positions.iter().zip(&window.pss_kb).filter(|(_, pss_kb)| pss_kb.is_some());
        self.measured.extend(measured.map(|(&position, _)| position));
        self.measured.sort_unstable();
        self.measured.dedup();
    }

    /// What was measured, where the [samples](Sample::measured) say.
    pub(crate) fn measurements(&self) -> &[Measured] {
        &self.measurements
    }

    /// Those of its ticks in which something was measured, latest first.
    pub(crate) fn measured_ticks(&self) -> impl Iterator<Item = (u32, &[Sample])> {
        self.measured.iter().rev().map(|&position| (position, self.at(position)))
    }

    /// The rows of a tick of the window.
    pub(crate) fn at(&self, position: u32) -> &[Sample] {
        let index = (position - self.first) as usize;
        let begin = if index == 0 { 0 } else { self.ends[index - 1] as usize };
        &self.samples[begin..self.ends[index] as usize]
    }

    /// The ticks of the window: position and rows, ascending; ticks between them without rows come with none.
    pub(crate) fn ticks(&self) -> impl Iterator<Item = (u32, &[Sample])> {
        let begins = std::iter::once(0).chain(self.ends.iter().copied());
        (self.first..).zip(begins.zip(&self.ends)).map(|(position, (begin, &end))| (position, &self.samples[begin as usize..end as usize]))
    }
}
