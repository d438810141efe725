//! Receives, reads, answers.

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;

use mymonitor_proc::{ExitReading, ProcRoot};
use mymonitor_wire::ExitRecord;
use rustix::io::Errno;

use crate::filter::asks_for_a_listener;
use crate::journal::Journal;
use crate::listener::{Listener, Waited};
use crate::slots::{COUNT, Slots};

/// The one server of a filter's notifications.
pub struct Server {
    inbox: Inbox,
    proc: ProcRoot,
    journal: Arc<Journal>,
    store_argv: bool,
    told: Told,
    refused: BTreeSet<Vec<u8>>,
}

/// Names of programs that asked for a listener: more are not told.
const MOST_REFUSED: usize = 64;

/// The processes whose exit was told last: several threads of one may call `exit_group` at once.
#[derive(Default)]
struct Told(VecDeque<(u32, u64)>);

impl Told {
    fn is_new(&mut self, process: (u32, u64)) -> bool {
        if self.0.contains(&process) {
            return false;
        }
        if self.0.len() == COUNT {
            self.0.pop_front();
        }
        self.0.push_back(process);
        true
    }
}

struct Inbox {
    listener: Listener,
    slots: Slots,
    pending: VecDeque<Pending>,
    free: Vec<usize>,
}

struct Pending {
    slot: usize,
    at_us: u64,
}

impl Server {
    /// A server that has not begun.
    pub fn new(listener: Listener, slots: Slots, proc: ProcRoot, journal: Arc<Journal>, store_argv: bool) -> Self {
        let inbox = Inbox { listener, slots, pending: VecDeque::with_capacity(COUNT), free: (0..COUNT).rev().collect() };
        Self { inbox, proc, journal, store_argv, told: Told::default(), refused: BTreeSet::new() }
    }

    /// Serves on the calling thread until no process has the filter any more.
    pub fn serve(mut self) {
        loop {
            match self.inbox.listener.wait(None) {
                Waited::Ready => self.inbox.receive(),
                Waited::TimedOut => {}
                Waited::Over => return,
            }
            while let Some(pending) = self.inbox.pending.pop_front() {
                self.handle(&pending);
            }
        }
    }

    /// Goes on where a server that was killed stopped: lets those go that it had received.
    pub fn take_over(self) {
        let Inbox { listener, slots, .. } = &self.inbox;
        let_received_go(listener, slots);
        self.serve();
    }

    /// Lets everything go that was received and that comes, without a look at it, until no process has the filter any more: for a process that may not
    /// be the server, when nobody else is there.
    pub fn let_all_go(listener: &Listener, slots: &Slots) {
        let_received_go(listener, slots);
        loop {
            match listener.wait(None) {
                Waited::Ready => {}
                Waited::TimedOut => continue,
                Waited::Over => return,
            }
            slots.clear(0);
            // SAFETY: the slot is inside the mapping, was just cleared, and nothing refers to it.
            if unsafe { listener.receive(slots.slot(0)) }.is_ok() {
                listener.answer(slots.read(0).id);
            }
        }
    }

    fn handle(&mut self, pending: &Pending) {
        let Self { inbox, proc, journal, store_argv, told, refused } = self;
        let notification = inbox.slots.read(pending.slot);
        if asks_for_a_listener(&notification) {
            let name = proc.program_name(notification.pid);
            inbox.listener.answer(notification.id);
            inbox.release(pending.slot);
            if let Ok(name) = name
                && refused.len() < MOST_REFUSED
                && refused.insert(name.clone())
            {
                journal.listener_refused(name);
            }
            return;
        }
        let reading = proc.exit_reading(notification.pid, *store_argv, || inbox.receive_what_is_there());
        let answer = || inbox.listener.answer(notification.id);
        match reading {
            // A process that was killed meanwhile has not ended by exit; how it ended is for others to find out.
            Ok(reading) if told.is_new((reading.pid, reading.start_ticks)) => {
                journal.exited(record(reading, pending.at_us, exit_code(&notification)), answer);
            }
            Ok(_) => {
                answer();
            }
            Err(_) => {
                if answer() {
                    journal.count_unreadable();
                }
            }
        }
        inbox.release(pending.slot);
    }
}

impl Inbox {
    /// After the answer.
    fn release(&mut self, slot: usize) {
        self.slots.clear(slot);
        self.free.push(slot);
    }

    /// Receives one that is there, and all that are behind it.
    fn receive(&mut self) {
        while let Some(slot) = self.free.pop() {
            self.slots.clear(slot);
            // SAFETY: the slot is inside the mapping, was just cleared, and nothing refers to it.
            match unsafe { self.listener.receive(self.slots.slot(slot)) } {
                Ok(()) => self.pending.push_back(Pending { slot, at_us: now_us() }),
                Err(errno) => {
                    self.release(slot);
                    // Interrupted, or its process was killed before we came.
                    if errno != Errno::INTR && errno != Errno::NOENT {
                        return;
                    }
                }
            }
            if !self.is_ready() {
                return;
            }
        }
    }

    fn receive_what_is_there(&mut self) {
        if self.is_ready() {
            self.receive();
        }
    }

    fn is_ready(&self) -> bool {
        matches!(self.listener.wait(Some(&rustix::event::Timespec { tv_sec: 0, tv_nsec: 0 })), Waited::Ready)
    }
}

/// All slots are free after it.
fn let_received_go(listener: &Listener, slots: &Slots) {
    for id in slots.waiting() {
        listener.answer(id);
    }
    for slot in 0..COUNT {
        slots.clear(slot);
    }
}

fn record(reading: ExitReading, at_us: u64, exit_code: u32) -> ExitRecord {
    ExitRecord {
        pid: reading.pid,
        start_ticks: reading.start_ticks,
        ppid: reading.ppid,
        uid: reading.uid,
        at_us,
        exit_code,
        never_execed: reading.never_execed,
        shares_parent: reading.shares_parent,
        vm_hwm_kb: reading.vm_hwm_kb,
        cpu_us: reading.cpu_us,
        threads: Some(reading.threads),
        memory_map: reading.memory_map,
        name: reading.name,
        argv: reading.command_line.bytes,
        argv_cut_from: reading.command_line.cut.map(|(length, _)| length),
        argv_hash: reading.command_line.cut.map(|(_, hash)| hash),
    }
}

fn exit_code(notification: &libc::seccomp_notif) -> u32 {
    // What wait() will tell the parent.
    (notification.data.args[0] & 0xff) as u32
}

fn now_us() -> u64 {
    let now = rustix::time::clock_gettime(rustix::time::ClockId::Monotonic);
    now.tv_sec.cast_unsigned() * 1_000_000 + now.tv_nsec.cast_unsigned() / 1000
}

#[cfg(test)]
mod tests {
    use std::os::fd::{FromRawFd, OwnedFd};
    use std::process::Command;
    use std::sync::mpsc::channel;

    use super::*;

    #[test]
    fn without_a_server_everything_is_let_go_what_was_received_before_too() {
        // A container or an old kernel may refuse: nothing to test then.
        let Ok(filter) = crate::rehearse(false) else { return };
        let (installed, listener) = channel();
        // The filter is this thread's alone, and of what it starts.
        let build = std::thread::spawn(move || {
            installed.send(filter.install().unwrap()).unwrap();
            Command::new("sh").args(["-c", "/bin/true && (exit 4); exit $(($? + 3))"]).status().unwrap().code()
        });
        // SAFETY: the descriptor was just made and is owned by nobody else.
        let listener = Listener::new(unsafe { OwnedFd::from_raw_fd(listener.recv().unwrap()) });
        let slots = Slots::create().unwrap();
        while !matches!(listener.wait(None), Waited::Ready) {}
        // SAFETY: the slot is inside the mapping and holds zeros.
        unsafe { listener.receive(slots.slot(1)) }.unwrap();
        Server::let_all_go(&listener, &slots);
        assert_eq!(build.join().unwrap(), Some(7));
    }
}
