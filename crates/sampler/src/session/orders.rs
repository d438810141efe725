//! What is asked of a running build: signals that came to us, and its end.

use std::path::Path;

use mymonitor_proc::{ProcRoot, is_below};
use mymonitor_wire::Command;
use rustix::process::{Signal, pidfd_send_signal};

use super::{GRACE_US, Run, SAME_SIGNAL_US};
use crate::clock;
use crate::signals::Received;

impl Run {
    /// INT and QUIT of the terminal have reached the build by the terminal; what a process sent to us alone is passed on.
    pub(super) fn pass_on(&mut self, Received { signal, sender }: Received) {
        if sender.is_some_and(|pid| self.is_of_the_build(pid)) {
            return;
        }
        let now_us = clock::monotonic_us();
        let repeated = self.state.last_signal.is_some_and(|(last, at_us)| last == signal && now_us - at_us < SAME_SIGNAL_US);
        if repeated {
            return;
        }
        self.state.last_signal = Some((signal, now_us));
        self.outcome.interrupted_by.get_or_insert(signal);
        if self.options.attach.is_some() {
            self.state.root_is_gone = true;
        } else if signal == libc::SIGTERM || signal == libc::SIGHUP {
            self.terminate(signal);
        } else if self.state.first_interrupt_us.is_some() && self.options.second_interrupt_kills {
            self.state.terminating = true;
            self.order(Command::Kill);
        } else {
            self.state.first_interrupt_us.get_or_insert(now_us);
            if sender.is_some() {
                self.order(Command::Signal(signal));
            }
        }
    }

    /// What the build sends to its own process group, which is ours, has reached whom it was meant for.
    fn is_of_the_build(&self, pid: u32) -> bool {
        let launcher = self.launched.as_ref().map(|launched| launched.child.id());
        // The root may have ended of it meanwhile.
        pid == self.state.root_pid
            || launcher.is_some_and(|launcher| ProcRoot::open(Path::new("/proc")).is_ok_and(|proc| is_below(&proc, pid, launcher)))
    }

    pub(super) fn terminate(&mut self, signal: i32) {
        if self.options.attach.is_some() {
            self.state.root_is_gone = true;
            return;
        }
        self.state.terminating = true;
        self.outcome.interrupted_by.get_or_insert(signal);
        self.order(Command::Signal(signal));
    }

    /// Without a launcher the root is all that we can reach; what it leaves behind ends by itself.
    pub(super) fn order(&mut self, command: Command) {
        if let Some(launched) = self.launched.as_ref().filter(|_| !self.state.launcher_is_gone) {
            launched.tell(command);
            return;
        }
        let signal = match command {
            Command::Signal(signal) => Signal::from_named_raw(signal),
            Command::Kill | Command::Go => Some(Signal::KILL),
        };
        if let (Some(root), Some(signal)) = (&self.state.root, signal) {
            let _ = pidfd_send_signal(root, signal);
        }
        if self.state.terminating {
            self.state.kill_root_at_us.get_or_insert(clock::monotonic_us() + GRACE_US);
        }
    }
}
