//! What mymonitor keeps of the exit records, and does nothing with unless the launcher is killed.

use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};

use mymonitor_exits::{Listener, Server, Slots};

/// Copies of the listener and of the launcher's slots.
pub(crate) struct Dormant {
    listener: OwnedFd,
    slots: OwnedFd,
}

impl Dormant {
    pub(crate) fn new(mut descriptors: Vec<OwnedFd>) -> Option<Self> {
        let slots = descriptors.pop()?;
        let listener = descriptors.pop()?;
        Some(Self { listener, slots })
    }

    /// Starts the launcher once more, to serve only: a process of its own, because what outlives the build outlives us too.
    ///
    /// # Errors
    /// It cannot be started. A thread of ours lets every exit go now, unread, as long as we live.
    pub(crate) fn take_over(self, launcher: &Path, journal: &Path, store_argv: bool) -> std::io::Result<()> {
        let descriptors = [self.listener.as_raw_fd(), self.slots.as_raw_fd()];
        let mut command = Command::new(launcher);
        command.arg("--serve").args(descriptors.map(|fd| fd.to_string())).arg(journal);
        if !store_argv {
            command.arg("--no-argv");
        }
        // SAFETY: the closure runs in the forked child and makes only async-signal-safe calls on integers.
        unsafe {
            command.pre_exec(move || {
                for fd in descriptors {
                    libc::fcntl(fd, libc::F_SETFD, 0);
                }
                Ok(())
            });
        }
        let mut successor = match command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn() {
            Ok(successor) => successor,
            Err(error) => {
                self.let_all_go();
                return Err(error);
            }
        };
        // So that no zombie stays in a long-lived Node process.
        let wait = move || successor.wait();
        let _ = std::thread::Builder::new().name("mymonitor-wait".into()).stack_size(64 * 1024).spawn(wait);
        Ok(())
    }

    /// In the background; it ends with the last process that has the filter.
    fn let_all_go(self) {
        let Ok(slots) = Slots::open(self.slots) else { return };
        let listener = Listener::new(self.listener);
        let serve = move || Server::let_all_go(&listener, &slots);
        let _ = std::thread::Builder::new().name("mymonitor-exits".into()).stack_size(64 * 1024).spawn(serve);
    }
}
