//! Waiting for everything that is ours: the root, and the orphans that fall to the subreaper.

use rustix::process::{Pid, Signal, WaitOptions, kill_process, wait};

pub(crate) struct Reaper {
    root: Pid,
    root_is_live: bool,
}

pub(crate) enum Reaped {
    Nothing,
    /// The root has ended; others may still run.
    Root {
        wait_status: i32,
    },
    /// No descendant is left.
    Last,
}

impl Reaper {
    pub(crate) fn new(root: Pid) -> Self {
        Self { root, root_is_live: true }
    }

    pub(crate) fn root_pid(&self) -> i32 {
        if self.root_is_live { self.root.as_raw_nonzero().get() } else { 0 }
    }

    pub(crate) fn signal_root(&self, signal: i32) {
        // A pid that has not been waited for cannot have been reused.
        if let Some(signal) = self.root_is_live.then(|| Signal::from_named_raw(signal)).flatten() {
            let _ = kill_process(self.root, signal);
        }
    }

    /// Waits for all that has ended. The end of the root is told alone, so that it can be reported before anything else happens; of the orphans
    /// those that a signal ended.
    pub(crate) fn reap(&mut self, mut killed: impl FnMut(u32, u32)) -> Reaped {
        loop {
            match wait(WaitOptions::NOHANG) {
                Ok(Some((pid, status))) if pid == self.root && self.root_is_live => {
                    self.root_is_live = false;
                    return Reaped::Root { wait_status: status.as_raw() };
                }
                Ok(Some((pid, status))) => {
                    if let Some(signal) = status.terminating_signal() {
                        killed(pid.as_raw_nonzero().get().cast_unsigned(), signal.cast_unsigned());
                    }
                }
                Err(rustix::io::Errno::INTR) => {}
                Ok(None) => return Reaped::Nothing,
                Err(_) => return Reaped::Last,
            }
        }
    }
}

/// Whether a descendant is still there after the root.
pub(crate) fn someone_is_left() -> bool {
    // waitid with NOWAIT takes nothing away.
    let options = rustix::process::WaitIdOptions::EXITED | rustix::process::WaitIdOptions::NOHANG | rustix::process::WaitIdOptions::NOWAIT;
    rustix::process::waitid(rustix::process::WaitId::All, options).is_ok()
}

/// CPU time of every descendant that has been waited for, microseconds.
pub(crate) fn children_cpu_us() -> u64 {
    cpu_us(libc::RUSAGE_CHILDREN)
}

/// CPU time of the launcher, microseconds.
pub(crate) fn own_cpu_us() -> u64 {
    cpu_us(libc::RUSAGE_SELF)
}

fn cpu_us(whose: libc::c_int) -> u64 {
    let mut usage = std::mem::MaybeUninit::<libc::rusage>::zeroed();
    // SAFETY: getrusage fills the structure; all zeros is a valid value of it if the call fails.
    let usage = unsafe {
        libc::getrusage(whose, usage.as_mut_ptr());
        usage.assume_init()
    };
    let us = |time: libc::timeval| time.tv_sec.cast_unsigned() * 1_000_000 + time.tv_usec.cast_unsigned();
    us(usage.ru_utime) + us(usage.ru_stime)
}
