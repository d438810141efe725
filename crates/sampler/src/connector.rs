//! The process connector: the kernel tells every fork, exec and exit of the machine, at no cost to those who do them.
//!
//! Nothing wakes up for it: the events wait in the socket until the next tick. When there are more than the socket holds, some are lost, and it
//! is said that there were.

mod family;
mod message;

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::os::fd::OwnedFd;

use mymonitor_wire::Lifetimes;
use rustix::io::Errno;
use rustix::net::netlink::{CONNECTOR, SocketAddrNetlink};
use rustix::net::{AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType, bind, recvfrom, sendto, socket_with, sockopt};
use rustix::process::{Pid, test_kill_process};

use crate::clock;
use family::Family;
use message::{Message, Request, What, messages, request};

/// Room for the events of 5,000 processes, which costs memory only while they wait.
const BUFFER_BYTES: usize = 8 << 20;
/// What a waiting event takes of it.
const EVENT_BYTES: usize = 832;
/// Of the kernel: `nl_pid` 0, all groups of the process connector.
const KERNEL: u32 = 0;
const GROUP: u32 = 1;
/// Between two ticks no event is fetched earlier than this after the last ones.
const SHORTEST_PAUSE_US: u64 = 1_000;

/// Why there is no process connector.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConnectorRefusal {
    /// A call failed: before Linux 6.6 it needs `CAP_NET_ADMIN`, in another network namespace there is none.
    Failed(Errno),
    /// The kernel gives no answer: this process is not in the initial pid and user namespaces.
    Unanswered,
}

impl fmt::Display for ConnectorRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Failed(errno) => write!(f, "{}", std::io::Error::from(*errno)),
            Self::Unanswered => f.write_str("no answer: this is not the initial pid and user namespace"),
        }
    }
}

/// What happened to the build's processes between two passes, if nothing of it was lost.
#[derive(Debug, Default)]
pub(crate) struct Told {
    /// Have exec'ed.
    pub(crate) execed: HashSet<u32>,
    /// Live and were not yet seen by a tick, parents before their children.
    pub(crate) unseen: Vec<u32>,
    /// The most threads at a time of those that have made some.
    pub(crate) threads: HashMap<u32, u32>,
}

/// A socket on which the kernel tells.
pub(crate) struct Connector {
    socket: OwnedFd,
    datagram: Vec<u8>,
    /// Events that fit into the socket.
    room: u64,
}

impl Connector {
    /// Events are told from now on.
    pub(crate) fn open() -> Result<Self, ConnectorRefusal> {
        let failed = ConnectorRefusal::Failed;
        let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
        let socket = socket_with(AddressFamily::NETLINK, SocketType::DGRAM, flags, Some(CONNECTOR)).map_err(failed)?;
        // Beyond the system's limit only with privilege; else as much as the limit lets.
        if sockopt::set_socket_recv_buffer_size_force(&socket, BUFFER_BYTES).is_err() {
            let _ = sockopt::set_socket_recv_buffer_size(&socket, BUFFER_BYTES);
        }
        bind(&socket, &SocketAddrNetlink::new(0, GROUP)).map_err(failed)?;
        let bytes = sockopt::socket_recv_buffer_size(&socket).unwrap_or(EVENT_BYTES);
        let mut connector = Self { socket, datagram: vec![0; 4096], room: (bytes / EVENT_BYTES).max(1) as u64 };
        let number = std::process::id();
        connector.send(Request::Listen, number).map_err(failed)?;
        // The kernel answers before it returns from the call.
        let mut answer = None;
        connector.fetch(|message| {
            if let (What::Acknowledged { errno }, true) = (message.what, message.request == number) {
                answer = Some(errno);
            }
        });
        match answer {
            Some(0) => Ok(connector),
            Some(errno) => Err(failed(Errno::from_raw_os_error(errno))),
            None => Err(ConnectorRefusal::Unanswered),
        }
    }

    fn send(&self, what: Request, number: u32) -> Result<usize, Errno> {
        sendto(&self.socket, &request(what, number), SendFlags::empty(), &SocketAddrNetlink::new(KERNEL, 0))
    }

    /// Everything that was told since the last time: how many events, and how often some were lost.
    fn fetch(&mut self, mut hear: impl FnMut(&Message)) -> (u64, u64) {
        let (mut events, mut overflows) = (0, 0);
        // As many as can wait, and not those that come meanwhile: a machine that forks faster than we read must not hold us.
        while events < 2 * self.room {
            match recvfrom(&self.socket, &mut *self.datagram, RecvFlags::empty()) {
                Ok((length, _, sender)) => {
                    events += 1;
                    let sender = sender.and_then(|sender| SocketAddrNetlink::try_from(sender).ok());
                    if sender.is_some_and(|sender| sender.pid() == KERNEL) {
                        messages(&self.datagram[..length]).for_each(|message| hear(&message));
                    }
                }
                Err(Errno::INTR) => {}
                Err(Errno::NOBUFS) => overflows += 1,
                Err(_) => break,
            }
        }
        (events, overflows)
    }

    /// Forgets what was told so far.
    pub(crate) fn clear(&mut self) {
        self.fetch(|_| {});
    }

    /// Follows what descends from `root` from its fork on, which must not have been fetched.
    pub(crate) fn follow(self, launcher: u32, root: u32, started_us: u64) -> Follower {
        Follower {
            connector: self,
            family: Family::new(launcher, root, started_us),
            overflows: 0,
            incomplete: false,
            written: None,
            fetched_us: clock::monotonic_us(),
            due_us: u64::MAX,
        }
    }
}

impl Drop for Connector {
    /// A socket that is only closed still counts as a listener, and the kernel goes on making events for nobody.
    fn drop(&mut self) {
        let _ = self.send(Request::Ignore, 0);
    }
}

/// Follows the build's processes.
pub(crate) struct Follower {
    connector: Connector,
    family: Family,
    overflows: u64,
    /// Events were lost since the last pass.
    incomplete: bool,
    /// The counts of the last frame.
    written: Option<[u64; 3]>,
    fetched_us: u64,
    due_us: u64,
}

impl Follower {
    /// Hears what was told since the last time.
    pub(crate) fn hear(&mut self) {
        let now_us = clock::monotonic_us();
        let (events, overflows) = self.connector.fetch(|message| self.family.hear(message));
        self.overflows += overflows;
        self.incomplete |= overflows > 0;
        // At this rate the socket would be half full then.
        let pause_us = (now_us - self.fetched_us).saturating_mul(self.connector.room) / (2 * events.max(1));
        self.fetched_us = now_us;
        self.due_us = now_us + pause_us.max(SHORTEST_PAUSE_US);
    }

    /// When to hear at the latest, on the monotonic clock, for nothing to be lost.
    pub(crate) fn due_us(&self) -> u64 {
        self.due_us
    }

    /// A pass of the tracker has found these pids alive; `started` are the new ones.
    pub(crate) fn compare(&mut self, started: impl Iterator<Item = u32> + Clone, alive: impl Iterator<Item = u32>) {
        // What a walk has found was forked before, but not all of it before the last hearing.
        if self.incomplete || started.clone().any(|pid| !self.family.knows(pid)) {
            self.hear();
        }
        if std::mem::take(&mut self.incomplete) {
            alive.for_each(|pid| self.family.adopt(pid));
            self.bury();
        }
        started.for_each(|pid| self.family.seen(pid));
    }

    /// What was told since the last call; `None` for good once events were lost, as it is not known which.
    pub(crate) fn take_told(&mut self) -> Option<Told> {
        let told = self.family.take_told();
        (self.overflows == 0).then_some(told)
    }

    /// At the end of the recording, after the last pass.
    pub(crate) fn finish(&mut self) {
        self.bury();
        self.family.leave_alive();
    }

    /// Ends what is not there any more and whose end was lost, not what has ended just now.
    fn bury(&mut self) {
        let gone: Vec<u32> = self.family.living().filter(|&pid| !is_there(pid)).collect();
        if !gone.is_empty() {
            self.hear();
            self.family.bury(&gone, clock::monotonic_us());
        }
    }

    /// What is to be written, if there is anything new.
    pub(crate) fn take_news(&mut self, frame: &mut Lifetimes) -> bool {
        let counts = [self.family.existed(), self.family.execs(), self.overflows];
        [frame.existed, frame.execs, frame.overflows] = counts;
        frame.ended.append(&mut self.family.take_ended());
        self.written.replace(counts) != Some(counts) || !frame.ended.is_empty()
    }
}

/// Whether there is a process or thread with this id, in this process's pid namespace.
pub(crate) fn is_there(pid: u32) -> bool {
    Pid::from_raw(pid.cast_signed()).is_some_and(|pid| test_kill_process(pid) != Err(Errno::SRCH))
}

#[cfg(test)]
mod tests;
