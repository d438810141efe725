use crate::clock;
use crate::outcome::PhaseCpu;

/// A thread's clock is a system call, several of which a tick would be some per cent of it: one tick in so many is timed. A prime, so that what
/// the tick does every 4th, 20th or 40th time has its share.
const TIMED_TICKS: u32 = 7;

/// CPU time of the sampling thread by what it did, from a part of the ticks.
#[derive(Default)]
pub(super) struct Laps {
    /// CPU time at the end of the last lap, while a tick is timed.
    lap_us: Option<u64>,
    timed_ticks: u32,
    cpu: PhaseCpu,
}

impl Laps {
    pub(super) fn begin(&mut self, tick: u32) {
        self.lap_us = tick.is_multiple_of(TIMED_TICKS).then(clock::thread_cpu_us);
        self.timed_ticks += u32::from(self.lap_us.is_some());
    }

    /// What was used since the last lap belongs to `phase`.
    pub(super) fn end(&mut self, phase: impl FnOnce(&mut PhaseCpu) -> &mut u64) {
        if let Some(lap_us) = &mut self.lap_us {
            let now_us = clock::thread_cpu_us();
            *phase(&mut self.cpu) += now_us.saturating_sub(*lap_us);
            *lap_us = now_us;
        }
    }

    /// So much of this lap is counted elsewhere.
    pub(super) fn leave_out(&mut self, us: u64) {
        self.lap_us = self.lap_us.map(|lap_us| lap_us + us);
    }

    /// The timed ticks' figures, scaled up to so many ticks; of rollups nothing.
    pub(super) fn of_all(&self, ticks: u32) -> PhaseCpu {
        let scale = |us: u64| us * u64::from(ticks) / u64::from(self.timed_ticks.max(1));
        let PhaseCpu { read_us, discover_us, encode_us, .. } = self.cpu;
        PhaseCpu { read_us: scale(read_us), discover_us: scale(discover_us), rollup_us: 0, encode_us: scale(encode_us) }
    }
}
