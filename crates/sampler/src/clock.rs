//! The kernel's clocks, in microseconds.

use rustix::time::{ClockId, clock_gettime};

pub(crate) fn monotonic_us() -> u64 {
    us(ClockId::Monotonic)
}

pub(crate) fn realtime_us() -> u64 {
    us(ClockId::Realtime)
}

/// CPU time of the calling thread.
pub(crate) fn thread_cpu_us() -> u64 {
    us(ClockId::ThreadCPUTime)
}

/// CPU time of this process.
pub(crate) fn process_cpu_us() -> u64 {
    us(ClockId::ProcessCPUTime)
}

fn us(clock: ClockId) -> u64 {
    let time = clock_gettime(clock);
    time.tv_sec.cast_unsigned() * 1_000_000 + time.tv_nsec.cast_unsigned() / 1000
}

/// Turns start times of /proc/PID/stat (clock ticks after boot) into microseconds after the build's start.
#[derive(Debug, Clone, Copy)]
pub(crate) struct StartClock {
    /// The build's start on the boot clock.
    origin_us: u64,
    ticks_per_second: u64,
}

impl StartClock {
    /// `started_us` is the build's start on the monotonic clock, which stands still while the machine is suspended; the boot clock does not.
    pub(crate) fn new(started_us: u64) -> Self {
        let suspended_us = us(ClockId::Boottime).saturating_sub(monotonic_us());
        Self { origin_us: started_us + suspended_us, ticks_per_second: rustix::param::clock_ticks_per_second() }
    }

    /// Not before 0: a clock tick is 10 ms, so the very first processes would seem to be older than the build.
    pub(crate) fn after_start_us(self, start_ticks: u64) -> i64 {
        let boot_us = start_ticks.saturating_mul(1_000_000) / self.ticks_per_second;
        i64::try_from(boot_us.saturating_sub(self.origin_us)).unwrap_or(i64::MAX)
    }
}
