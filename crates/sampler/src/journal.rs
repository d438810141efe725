//! `ticks.journal`: what one tick adds is one write, made by a thread of its own.
//!
//! The sampling thread must never wait for disk, and a write blocks whenever the kernel throttles dirty pages. What waits for the disk is bounded:
//! beyond that a tick's samples are dropped and counted. The writing thread is woken for every tick, because a tick that is only in memory dies
//! with this process.

use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use mymonitor_proc::CpuSet;
use mymonitor_wire::append_frame;

use crate::clock;

/// Ticks that may wait for the disk: three seconds at the default interval.
const MOST_WAITING: usize = 64;

pub(crate) struct Journal {
    shared: Arc<Shared>,
    payload: Vec<u8>,
    frames: Vec<u8>,
    writer: JoinHandle<Option<std::io::Error>>,
}

#[derive(Default)]
struct Shared {
    waiting: Mutex<Waiting>,
    news: Condvar,
    /// Of the writing thread.
    cpu_us: AtomicU64,
}

#[derive(Default)]
struct Waiting {
    bytes: Vec<u8>,
    ticks: usize,
    is_closed: bool,
}

impl Journal {
    /// Creates the file. It must not exist: a recording is never overwritten.
    pub(crate) fn create(path: &Path, cpus: Option<CpuSet>) -> std::io::Result<Self> {
        let file = File::create_new(path)?;
        // Tells `recover` that somebody is still at it; where a file system has no locks, nobody can ask either.
        let _ = rustix::fs::flock(&file, rustix::fs::FlockOperation::NonBlockingLockExclusive);
        let shared = Arc::new(Shared::default());
        let of_writer = Arc::clone(&shared);
        let writer = std::thread::Builder::new().name("mymonitor-log".into()).spawn(move || {
            // What keeps it from being pinned keeps the sampling thread from it, too, which says so.
            cpus.map(|cpus| cpus.pin_this_thread());
            of_writer.write_to(file)
        })?;
        Ok(Self { shared, payload: Vec::new(), frames: Vec::new(), writer })
    }

    /// Adds a frame with the payload that `encode` writes to the next [`Journal::commit`].
    pub(crate) fn append(&mut self, encode: impl FnOnce(&mut Vec<u8>)) {
        self.payload.clear();
        encode(&mut self.payload);
        append_frame(&mut self.frames, &self.payload);
    }

    /// Hands what was appended over to be written; drops it and returns `false` if too much is waiting.
    pub(crate) fn commit(&mut self) -> bool {
        self.hand_over(MOST_WAITING)
    }

    /// The same for the last frames, which are never too much.
    pub(crate) fn commit_last(&mut self) {
        self.hand_over(usize::MAX);
    }

    fn hand_over(&mut self, most_waiting: usize) -> bool {
        let mut waiting = self.shared.lock();
        let has_room = waiting.ticks < most_waiting;
        if has_room {
            waiting.bytes.extend_from_slice(&self.frames);
            waiting.ticks += 1;
        }
        // Unlocked first: a thread that is woken and finds the lock taken sleeps a second time.
        drop(waiting);
        self.shared.news.notify_one();
        self.frames.clear();
        has_room
    }

    /// CPU time of the writing thread so far.
    pub(crate) fn cpu_us(&self) -> u64 {
        self.shared.cpu_us.load(Ordering::Relaxed)
    }

    /// Waits until everything is written and returns what went wrong first.
    pub(crate) fn close(self) -> Option<std::io::Error> {
        self.shared.lock().is_closed = true;
        self.shared.news.notify_one();
        self.writer.join().unwrap_or_else(|_| Some(std::io::Error::other("the journal's thread panicked")))
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes until the journal is closed. After a failure it only takes what comes.
    fn write_to(&self, mut file: File) -> Option<std::io::Error> {
        let mut failed = None;
        let mut bytes = Vec::new();
        loop {
            let mut waiting = self.lock();
            while waiting.bytes.is_empty() {
                if waiting.is_closed {
                    return failed;
                }
                waiting = self.news.wait(waiting).unwrap_or_else(PoisonError::into_inner);
            }
            std::mem::swap(&mut waiting.bytes, &mut bytes);
            waiting.ticks = 0;
            drop(waiting);
            if failed.is_none() {
                failed = file.write_all(&bytes).err();
            }
            bytes.clear();
            self.cpu_us.store(clock::thread_cpu_us(), Ordering::Relaxed);
        }
    }
}
