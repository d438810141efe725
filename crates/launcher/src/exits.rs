//! The exit records on the launcher's side: everything that can fail does so before the build exists.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;

use mymonitor_exits::{Filter, Journal, Listener, Server, Slots, hurry, rehearse};
use mymonitor_proc::ProcRoot;
use mymonitor_wire::ExitRecords as State;
use rustix::io::Errno;

use crate::args::{Args, Events};

/// The server, waiting for the listener of the build's filter.
pub(crate) struct ExitRecords {
    filter: Filter,
    /// Where the server gets its listener.
    door: Sender<Listener>,
    server: JoinHandle<()>,
    /// What mymonitor gets, to go on when we are killed.
    memory: OwnedFd,
    listener: Option<OwnedFd>,
}

/// What is to be said of the exit records.
pub(crate) enum Prepared {
    Off,
    Refused(Errno),
    Ready(ExitRecords),
}

/// A refusal is a fall-back with `auto`, and an error when the records were demanded.
pub(crate) fn prepare(args: &Args, journal: &Arc<Journal>) -> Result<Prepared, Errno> {
    if args.events == Events::Poll {
        return Ok(Prepared::Off);
    }
    match set_up(args, journal) {
        Ok(records) => Ok(Prepared::Ready(records)),
        Err(errno) if args.events == Events::Seccomp => Err(errno),
        Err(errno) => Ok(Prepared::Refused(errno)),
    }
}

fn set_up(args: &Args, journal: &Arc<Journal>) -> Result<ExitRecords, Errno> {
    let filter = rehearse(args.events == Events::Seccomp)?;
    let slots = Slots::create()?;
    let memory = rustix::io::fcntl_dupfd_cloexec(slots.memory(), 3)?;
    let proc = ProcRoot::open(std::path::Path::new("/proc")).map_err(|_| Errno::NOENT)?;
    let (door, arrival): (_, Receiver<Listener>) = channel();
    let journal = Arc::clone(journal);
    let store_argv = args.store_argv;
    let serve = move || {
        if let Ok(listener) = arrival.recv() {
            hurry();
            Server::new(listener, slots, proc, journal, store_argv).serve();
        }
    };
    // Long paths and command lines are on the heap; the stack is locked in memory.
    let server = std::thread::Builder::new().stack_size(128 * 1024).spawn(serve).map_err(|_| Errno::AGAIN)?;
    Ok(ExitRecords { filter, door, server, memory, listener: None })
}

impl Prepared {
    pub(crate) fn filter(&self) -> Option<Filter> {
        if let Self::Ready(records) = self { Some(records.filter) } else { None }
    }

    pub(crate) fn state(&self) -> State {
        match self {
            Self::Off => State::Off,
            Self::Refused(errno) => State::Refused { errno: errno.raw_os_error() },
            Self::Ready(records) => State::On { killable: records.filter.is_killable(), no_new_privs: records.filter.no_new_privs },
        }
    }

    /// The build has the filter: serve it.
    pub(crate) fn begin(&mut self, listener: OwnedFd) {
        if let Self::Ready(records) = self {
            records.listener = rustix::io::fcntl_dupfd_cloexec(&listener, 3).ok();
            let _ = records.door.send(Listener::new(listener));
        }
    }

    /// Listener and memory for mymonitor.
    pub(crate) fn to_share(&self) -> Vec<BorrowedFd<'_>> {
        match self {
            Self::Ready(ExitRecords { listener: Some(listener), memory, .. }) => vec![listener.as_fd(), memory.as_fd()],
            _ => Vec::new(),
        }
    }

    /// mymonitor has them now.
    pub(crate) fn forget_shared(&mut self) {
        if let Self::Ready(records) = self {
            records.listener = None;
        }
    }

    /// Waits until no process has the filter any more: one that left the tree has it still.
    pub(crate) fn wait_until_over(self) {
        if let Self::Ready(ExitRecords { door, server, .. }) = self {
            // A server that never got a listener ends with this.
            drop(door);
            let _ = server.join();
        }
    }
}
