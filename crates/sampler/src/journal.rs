//! `ticks.journal`: one frame a tick, written by a thread of its own.
//!
//! The sampling thread must never wait for disk, and a write blocks whenever the kernel throttles dirty pages. A bounded queue stands between:
//! when it is full, the frame's samples are dropped and counted.

use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;

use mymonitor_proc::CpuSet;
use mymonitor_wire::append_frame;

use crate::clock;

/// Frames that may wait for the disk: three seconds at the default interval.
const QUEUE: usize = 64;

pub(crate) struct Journal {
    frames: SyncSender<Vec<u8>>,
    used: Receiver<Vec<u8>>,
    payload: Vec<u8>,
    cpu_us: Arc<AtomicU64>,
    writer: JoinHandle<Option<std::io::Error>>,
}

impl Journal {
    /// Creates the file. It must not exist: a recording is never overwritten.
    pub(crate) fn create(path: &Path, cpus: Option<CpuSet>) -> std::io::Result<Self> {
        let mut file = File::create_new(path)?;
        // Tells `recover` that somebody is still at it; where a file system has no locks, nobody can ask either.
        let _ = rustix::fs::flock(&file, rustix::fs::FlockOperation::NonBlockingLockExclusive);
        let (frames, queue) = sync_channel::<Vec<u8>>(QUEUE);
        let (recycle, used) = sync_channel(QUEUE);
        let cpu_us = Arc::new(AtomicU64::new(0));
        let shared_cpu_us = Arc::clone(&cpu_us);
        let writer = std::thread::Builder::new().name("mymonitor-log".into()).spawn(move || {
            // What keeps it from being pinned keeps the sampling thread from it, too, which says so.
            cpus.map(|cpus| cpus.pin_this_thread());
            let mut failed = None;
            for frame in queue {
                if failed.is_none() {
                    failed = file.write_all(&frame).err();
                }
                shared_cpu_us.store(clock::thread_cpu_us(), Ordering::Relaxed);
                let _ = recycle.try_send(frame);
            }
            failed
        })?;
        Ok(Self { frames, used, payload: Vec::new(), cpu_us, writer })
    }

    /// Queues the payload that `encode` writes; `false` if the queue is full.
    pub(crate) fn append(&mut self, encode: impl FnOnce(&mut Vec<u8>)) -> bool {
        let frame = self.frame(encode);
        self.frames.try_send(frame).is_ok()
    }

    /// The same, but waits for room: for the last frames, when no tick can be late any more.
    pub(crate) fn append_waiting(&mut self, encode: impl FnOnce(&mut Vec<u8>)) -> bool {
        let frame = self.frame(encode);
        self.frames.send(frame).is_ok()
    }

    fn frame(&mut self, encode: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
        self.payload.clear();
        encode(&mut self.payload);
        let mut frame = self.used.try_recv().unwrap_or_default();
        frame.clear();
        append_frame(&mut frame, &self.payload);
        frame
    }

    /// CPU time of the writing thread so far.
    pub(crate) fn cpu_us(&self) -> u64 {
        self.cpu_us.load(Ordering::Relaxed)
    }

    /// Waits until everything is written and returns what went wrong first.
    pub(crate) fn close(self) -> Option<std::io::Error> {
        drop(self.frames);
        self.writer.join().unwrap_or_else(|_| Some(std::io::Error::other("the journal's thread panicked")))
    }
}
