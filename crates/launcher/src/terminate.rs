//! Ending the whole build: a signal to every descendant, to newcomers too, and KILL to what is left after the grace.

use std::collections::HashSet;
use std::path::Path;
use std::time::{Duration, Instant};

use mymonitor_proc::{ProcRoot, descendants};
use rustix::event::Timespec;
use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};

const GRACE: Duration = Duration::from_secs(10);
const PASS_EVERY: Timespec = Timespec { tv_sec: 0, tv_nsec: 50_000_000 };

#[derive(Default)]
pub(crate) struct Termination {
    going: Option<Going>,
}

struct Going {
    signal: Signal,
    kill_at: Instant,
    /// pid and start time of those that have had the signal: many programs take a second TERM for "now, without cleaning up".
    told: HashSet<(u32, u64)>,
}

impl Termination {
    pub(crate) fn begin(&mut self, signal: i32) {
        if self.going.is_none()
            && let Some(signal) = Signal::from_named_raw(signal)
        {
            self.going = Some(Going { signal, kill_at: Instant::now() + GRACE, told: HashSet::new() });
        }
    }

    pub(crate) fn kill(&mut self) {
        self.going = Some(Going { signal: Signal::KILL, kill_at: Instant::now(), told: HashSet::new() });
    }

    /// How long to wait at most before the next pass.
    pub(crate) fn next_step(&self) -> Option<Timespec> {
        self.going.as_ref().map(|_| PASS_EVERY)
    }

    /// Whether the grace is over.
    pub(crate) fn is_killing(&self) -> bool {
        self.going.as_ref().is_some_and(|going| Instant::now() >= going.kill_at)
    }

    pub(crate) fn step(&mut self) {
        let Some(going) = &mut self.going else { return };
        let killing = Instant::now() >= going.kill_at;
        let signal = if killing { Signal::KILL } else { going.signal };
        let Ok(proc) = ProcRoot::open(Path::new("/proc")) else { return };
        for pid in descendants(&proc, std::process::id()).unwrap_or_default() {
            let Some(raw) = Pid::from_raw(pid.cast_signed()) else { continue };
            let Ok(pidfd) = pidfd_open(raw, PidfdFlags::empty()) else { continue };
            // The descriptor was taken before the start time is read, so both are of one process or the signal goes nowhere.
            let start_ticks = || proc.process(pid).and_then(|process| process.start_ticks()).ok();
            if killing || start_ticks().is_some_and(|start_ticks| going.told.insert((pid, start_ticks))) {
                let _ = pidfd_send_signal(&pidfd, signal);
            }
        }
    }
}
