//! `ticks.journal`: what one tick adds is one write.
//!
//! The sampling thread makes it itself: to hand it to another thread costs twice the write, because that thread must be woken for every tick (what
//! is only in memory dies with this process). A disk that holds up a write, as the kernel does when it throttles dirty pages, holds up one tick:
//! from then on a thread of its own writes. What waits for that is bounded: beyond it a tick's samples are dropped and counted.

use std::fs::File;
use std::io::{Error, Write};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use mymonitor_wire::append_frame;

use crate::clock;

/// A write that takes longer has waited for the disk. It takes some 10 µs otherwise.
const SLOW_US: u64 = 5_000;

/// Ticks that may wait for the disk: three seconds at the default interval.
const MOST_WAITING: usize = 64;

pub(crate) struct Journal {
    payload: Vec<u8>,
    frames: Vec<u8>,
    writer: Writer,
}

enum Writer {
    /// The sampling thread; with what went wrong first, after which nothing is written.
    Own(File, Option<Error>),
    Thread(Arc<Shared>, JoinHandle<Option<Error>>),
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
    pub(crate) fn create(path: &Path) -> std::io::Result<Self> {
        let file = File::create_new(path)?;
        // Tells `recover` that somebody is still at it; where a file system has no locks, nobody can ask either.
        let _ = rustix::fs::flock(&file, rustix::fs::FlockOperation::NonBlockingLockExclusive);
        Ok(Self::to(file))
    }

    fn to(file: File) -> Self {
        Self { payload: Vec::new(), frames: Vec::new(), writer: Writer::Own(file, None) }
    }

    /// Adds a frame with the payload that `encode` writes to the next [`Journal::commit`].
    pub(crate) fn append(&mut self, encode: impl FnOnce(&mut Vec<u8>)) {
        self.payload.clear();
        encode(&mut self.payload);
        append_frame(&mut self.frames, &self.payload);
    }

    /// Writes what was appended, or has it written; drops it and returns `false` if too much is waiting.
    pub(crate) fn commit(&mut self) -> bool {
        self.pass_on(MOST_WAITING)
    }

    /// The same for the last frames, which are never too much.
    pub(crate) fn commit_last(&mut self) {
        self.pass_on(usize::MAX);
    }

    fn pass_on(&mut self, most_waiting: usize) -> bool {
        let has_room = match &mut self.writer {
            Writer::Own(file, failed) => {
                let began_us = clock::monotonic_us();
                if failed.is_none() {
                    *failed = file.write_all(&self.frames).err();
                }
                if clock::monotonic_us() - began_us > SLOW_US {
                    self.leave_to_a_thread();
                }
                true
            }
            Writer::Thread(shared, _) => shared.take(&self.frames, most_waiting),
        };
        self.frames.clear();
        has_room
    }

    /// Where none can be started, this thread goes on.
    fn leave_to_a_thread(&mut self) {
        // After a failure nothing is written any more.
        let Writer::Own(file, None) = &self.writer else { return };
        let Ok(file) = file.try_clone() else { return };
        let shared = Arc::new(Shared::default());
        let of_writer = Arc::clone(&shared);
        // It runs where the sampling thread may, because it inherits that.
        let writer = std::thread::Builder::new().name("mymonitor-log".into()).spawn(move || of_writer.write_to(file));
        if let Ok(writer) = writer {
            self.writer = Writer::Thread(shared, writer);
        }
    }

    /// CPU time of the writing thread so far, where there is one.
    pub(crate) fn cpu_us(&self) -> u64 {
        match &self.writer {
            Writer::Own(..) => 0,
            Writer::Thread(shared, _) => shared.cpu_us.load(Ordering::Relaxed),
        }
    }

    /// Waits until everything is written and returns what went wrong first.
    pub(crate) fn close(self) -> Option<Error> {
        match self.writer {
            Writer::Own(_, failed) => failed,
            Writer::Thread(shared, writer) => {
                shared.lock().is_closed = true;
                shared.news.notify_one();
                writer.join().unwrap_or_else(|_| Some(Error::other("the journal's thread panicked")))
            }
        }
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether there is room for it.
    fn take(&self, frames: &[u8], most_waiting: usize) -> bool {
        let mut waiting = self.lock();
        let has_room = waiting.ticks < most_waiting;
        if has_room {
            waiting.bytes.extend_from_slice(frames);
            waiting.ticks += 1;
        }
        // Unlocked first: a thread that is woken and finds the lock taken sleeps a second time.
        drop(waiting);
        self.news.notify_one();
        has_room
    }

    /// Writes until the journal is closed. After a failure it only takes what comes.
    fn write_to(&self, mut file: File) -> Option<Error> {
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

#[cfg(test)]
mod tests {
    use std::io::Read;
    use std::time::Duration;

    use mymonitor_wire::next_frame;

    use super::*;

    const LARGE: usize = 1 << 20;

    /// What a pipe does not hold waits for its reader, as a throttled write does for the disk.
    fn slow_disk() -> (Journal, File) {
        let (reader, writer) = rustix::pipe::pipe().unwrap();
        (Journal::to(writer.into()), reader.into())
    }

    fn append(journal: &mut Journal, byte: u8, length: usize) {
        journal.append(|out| out.resize(length, byte));
    }

    fn payloads(mut journal: &[u8]) -> Vec<(u8, usize)> {
        std::iter::from_fn(|| {
            let (payload, rest) = next_frame(journal)?;
            journal = rest;
            Some((payload[0], payload.len()))
        })
        .collect()
    }

    #[test]
    fn a_tick_is_in_the_file_when_it_is_committed() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("ticks.journal");
        let mut journal = Journal::create(&path).unwrap();
        append(&mut journal, 1, 3);
        assert!(journal.commit());
        assert_eq!(payloads(&std::fs::read(&path).unwrap()), [(1, 3)]);
        assert!(journal.close().is_none());
    }

    #[test]
    fn a_slow_disk_holds_up_one_tick_and_costs_the_samples_of_those_that_cannot_wait() {
        let (mut journal, mut disk) = slow_disk();
        append(&mut journal, 1, LARGE);
        let reader = std::thread::spawn(move || {
            std::thread::sleep(Duration::from_micros(2 * SLOW_US));
            let mut bytes = vec![0; LARGE];
            disk.read_exact(&mut bytes).unwrap();
            (disk, bytes)
        });
        assert!(journal.commit());
        let (mut disk, mut bytes) = reader.join().unwrap();
        // Nobody reads now, so every one of these would wait for ever. One is being written when the others begin to wait.
        append(&mut journal, 2, LARGE);
        assert!(journal.commit());
        while !journal.is_idle() {
            std::thread::yield_now();
        }
        for byte in 0..=MOST_WAITING {
            append(&mut journal, 100, 1);
            assert_eq!(journal.commit(), byte < MOST_WAITING, "{byte}");
        }
        let closed = std::thread::spawn(move || journal.close().is_none());
        disk.read_to_end(&mut bytes).unwrap();
        assert!(closed.join().unwrap());
        let mut expected = vec![(1, LARGE), (2, LARGE)];
        expected.resize(2 + MOST_WAITING, (100, 1));
        assert_eq!(payloads(&bytes), expected);
    }

    #[test]
    fn what_went_wrong_first_is_told_at_the_end() {
        let (mut journal, disk) = slow_disk();
        drop(disk);
        append(&mut journal, 1, 1);
        assert!(journal.commit());
        assert_eq!(journal.close().map(|error| error.kind()), Some(std::io::ErrorKind::BrokenPipe));
    }

    impl Journal {
        fn is_idle(&self) -> bool {
            matches!(&self.writer, Writer::Thread(shared, _) if shared.lock().ticks == 0)
        }
    }
}
