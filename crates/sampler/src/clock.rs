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
    /// The build's start on the monotonic clock.
    started_us: u64,
    ticks_per_second: u64,
}

impl StartClock {
    /// `started_us` is the build's start on the monotonic clock.
    pub(crate) fn new(started_us: u64) -> Self {
        Self { started_us, ticks_per_second: rustix::param::clock_ticks_per_second() }
    }

    /// For a process that has just been found. The monotonic clock stands still while the machine is suspended and the boot clock does not, so
    /// the distance of the two is asked for each time.
    pub(crate) fn after_start_us(self, start_ticks: u64) -> i64 {
        self.after_start_with(start_ticks, us(ClockId::Boottime).saturating_sub(monotonic_us()))
    }

    /// A CPU clock of /proc/PID/stat.
    pub(crate) fn cpu_us(self, cpu_ticks: u64) -> u64 {
        cpu_ticks.saturating_mul(1_000_000) / self.ticks_per_second
    }

    /// Whether a process that started then is certainly younger than the build.
    pub(crate) fn is_after_start(self, start_ticks: u64) -> bool {
        self.after_start_us(start_ticks) > 0
    }

    /// Not before 0: a clock tick is 10 ms, so the very first processes would seem to be older than the build.
    fn after_start_with(self, start_ticks: u64, suspended_us: u64) -> i64 {
        let boot_us = start_ticks.saturating_mul(1_000_000) / self.ticks_per_second;
        i64::try_from(boot_us.saturating_sub(self.started_us + suspended_us)).unwrap_or(i64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_suspended_machine_shifts_no_start() {
        let clock = StartClock { started_us: 1_000_000, ticks_per_second: 100 };
        assert_eq!(clock.after_start_with(350, 0), 2_500_000);
        // Suspended for an hour before the build, and for another one while it ran.
        assert_eq!(clock.after_start_with(360_350, 3_600_000_000), 2_500_000);
        assert_eq!(clock.after_start_with(720_350, 7_200_000_000), 2_500_000);
        assert_eq!(clock.after_start_with(99, 0), 0);
    }
}
