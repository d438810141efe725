//! What a session knows of its build.

use std::os::fd::OwnedFd;

use mymonitor_wire::Phase;
use rustix::event::{PollFd, PollFlags, Timespec, poll};

use crate::dormant::Dormant;
use crate::tick::RootEnd;

#[derive(Default)]
pub(crate) struct State {
    pub(crate) phase: Phase,
    pub(crate) started_us: u64,
    pub(crate) root_end: Option<RootEnd>,
    pub(crate) launcher_is_gone: bool,
    pub(crate) root_pid: u32,
    /// Tells the end of the root when there is no launcher (any more) to tell it.
    pub(crate) root: Option<OwnedFd>,
    /// It has ended with nobody to tell how, or an attached one is left alone.
    pub(crate) root_is_gone: bool,
    /// Told to end without a launcher: when to stop asking.
    pub(crate) kill_root_at_us: Option<u64>,
    pub(crate) dormant: Option<Dormant>,
    /// Everything was told to end; wait for stragglers.
    pub(crate) terminating: bool,
    pub(crate) first_interrupt_us: Option<u64>,
    /// Signal and time of the last one, to tell a repetition from a second press.
    pub(crate) last_signal: Option<(i32, u64)>,
}

impl State {
    pub(crate) fn is_running(&self) -> bool {
        self.root_end.is_none() && !self.root_is_gone
    }

    /// Whether the root is known to have ended, with nobody to tell how; without a descriptor of it nobody can tell whether either.
    pub(crate) fn root_has_ended(&self) -> bool {
        self.root.as_ref().is_none_or(has_ended)
    }
}

/// A descriptor of a process is readable when it has ended.
fn has_ended(process: &OwnedFd) -> bool {
    poll(&mut [PollFd::new(process, PollFlags::IN)], Some(&Timespec { tv_sec: 0, tv_nsec: 0 })) == Ok(1)
}
