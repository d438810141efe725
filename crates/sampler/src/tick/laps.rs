use crate::clock;
use crate::outcome::PhaseCpu;

/// A thread's clock is a system call, several of which a tick would be some per cent of it: one tick in so many is timed. A prime, so that what
/// the tick does every 4th or 40th time has its share. What is rare and dear is measured each time, and left out here.
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

    /// The timed ticks' figures, scaled up to so many ticks; nothing of what was left out.
    pub(super) fn of_all(&self, ticks: u32) -> PhaseCpu {
        let scale = |us: u64| us * u64::from(ticks) / u64::from(self.timed_ticks.max(1));
        let PhaseCpu { read_us, discover_us, encode_us, .. } = self.cpu;
        PhaseCpu { read_us: scale(read_us), discover_us: scale(discover_us), rollup_us: 0, encode_us: scale(encode_us) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn use_cpu(us: u64) {
        let until_us = clock::thread_cpu_us() + us;
        while clock::thread_cpu_us() < until_us {
            std::hint::spin_loop();
        }
    }

    #[test]
    fn what_is_measured_each_time_is_not_scaled_up_with_the_timed_tick_it_happens_to_be_in() {
        const RARE_US: u64 = 20_000;
        let mut laps = Laps::default();
        for tick in 0..TIMED_TICKS {
            laps.begin(tick);
            if tick == 0 {
                use_cpu(RARE_US);
                laps.leave_out(RARE_US);
            }
            laps.end(|cpu| &mut cpu.discover_us);
        }
        assert!(laps.of_all(TIMED_TICKS).discover_us < RARE_US);
    }
}
