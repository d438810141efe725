//! The descriptor on which notifications arrive.

use std::os::fd::{AsRawFd, OwnedFd};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;

use crate::filter::last_errno;

/// One of the copies of a filter's listener.
#[derive(Debug)]
pub struct Listener(OwnedFd);

pub(crate) enum Waited {
    Ready,
    TimedOut,
    /// No process has the filter any more.
    Over,
}

const SYNC_WAKE_UP: u64 = 1;

impl Listener {
    /// Takes the descriptor that installing the filter gave.
    pub fn new(descriptor: OwnedFd) -> Self {
        // The one who waits for the answer runs on where the server stops; unknown before Linux 6.6, and only a matter of speed.
        // SAFETY: this ioctl takes its value as the argument itself.
        unsafe { libc::ioctl(descriptor.as_raw_fd(), libc::SECCOMP_IOCTL_NOTIF_SET_FLAGS, SYNC_WAKE_UP) };
        Self(descriptor)
    }

    /// Polled, because a receive that nothing arrives for never ends.
    pub(crate) fn wait(&self, timeout: Option<&Timespec>) -> Waited {
        let mut fds = [PollFd::new(&self.0, PollFlags::IN)];
        match poll(&mut fds, timeout) {
            Ok(0) | Err(_) => Waited::TimedOut,
            Ok(_) if fds[0].revents().contains(PollFlags::IN) => Waited::Ready,
            Ok(_) => Waited::Over,
        }
    }

    /// # Safety
    /// `slot` must be valid for writes and hold zeros.
    pub(crate) unsafe fn receive(&self, slot: *mut libc::seccomp_notif) -> Result<(), Errno> {
        // SAFETY: the kernel writes one structure to where the caller says.
        if unsafe { libc::ioctl(self.0.as_raw_fd(), libc::SECCOMP_IOCTL_NOTIF_RECV, slot) } == 0 { Ok(()) } else { Err(last_errno()) }
    }

    /// Lets the call go on; false if its process is gone, or was let go before.
    pub(crate) fn answer(&self, id: u64) -> bool {
        #[expect(clippy::cast_possible_truncation, reason = "the flag is 1")]
        let mut response = libc::seccomp_notif_resp { id, val: 0, error: 0, flags: libc::SECCOMP_USER_NOTIF_FLAG_CONTINUE as u32 };
        // SAFETY: the structure lives during the call.
        unsafe { libc::ioctl(self.0.as_raw_fd(), libc::SECCOMP_IOCTL_NOTIF_SEND, &raw mut response) == 0 }
    }
}
