//! `exits.journal`: written behind the back of the server, so that a slow disk never holds up an exit.

use std::os::fd::OwnedFd;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use mymonitor_wire::{ExitFrame, ExitRecord, append_frame};

/// Bytes that may wait for the disk: some ten thousand records, and more than can be read between two writes, however long the command lines.
const WAITING_BYTES: usize = 32 << 20;
/// Records are written together, this often at most: waking the writer costs a good part of what the reading of a process does. What a killed launcher had
/// not written is lost with it.
const WRITE_EVERY: Duration = Duration::from_millis(100);

/// The journal of one server.
#[derive(Debug)]
pub struct Journal {
    file: OwnedFd,
    state: Mutex<State>,
    news: Condvar,
    /// Held while writing, so that what waits is written in its order.
    writing: Mutex<()>,
}

#[derive(Debug, Default)]
struct State {
    waiting: Vec<u8>,
    /// Exit records in `waiting`.
    records: u64,
    payload: Vec<u8>,
    dropped: u64,
    unreadable: u64,
    /// Names that go with the next frames that can be written: each is told once only.
    refused_listeners: Vec<Vec<u8>>,
}

impl Journal {
    /// Writes to `file`, which is opened for appending.
    pub fn new(file: OwnedFd) -> Arc<Self> {
        Arc::new(Self { file, state: Mutex::default(), news: Condvar::new(), writing: Mutex::new(()) })
    }

    /// Writes what comes, on a thread of its own that ends with the process.
    pub fn write_in_background(self: &Arc<Self>) {
        let journal = Arc::clone(self);
        let _ = std::thread::Builder::new().stack_size(64 * 1024).spawn(move || {
            loop {
                let state = journal.lock();
                drop(journal.news.wait_while(state, |state| state.waiting.is_empty()).unwrap_or_else(PoisonError::into_inner));
                std::thread::sleep(WRITE_EVERY);
                journal.flush();
            }
        });
    }

    /// Queues a frame.
    pub fn append(&self, frame: &ExitFrame) {
        self.queue(self.lock(), frame);
    }

    fn queue(&self, mut state: MutexGuard<'_, State>, frame: &ExitFrame) {
        let was_empty = state.waiting.is_empty();
        state.push(frame);
        drop(state);
        if was_empty {
            self.news.notify_one();
        }
    }

    /// Lets a process go by `answer` and queues its record, in one: whoever has seen it end and flushes finds the record there. Where `answer`
    /// fails there is no record; with too much waiting it is dropped and counted.
    pub(crate) fn exited(&self, record: ExitRecord, answer: impl FnOnce() -> bool) {
        let mut state = self.lock();
        if !answer() {
            return;
        }
        if state.waiting.len() >= WAITING_BYTES {
            state.dropped += 1;
            return;
        }
        state.records += 1;
        self.queue(state, &ExitFrame::Exited(record));
    }

    pub(crate) fn count_unreadable(&self) {
        self.lock().unreadable += 1;
    }

    /// Notes a program that got no listener.
    pub(crate) fn listener_refused(&self, name: Vec<u8>) {
        self.lock().refused_listeners.push(name);
    }

    /// Writes everything that waits, and what was missed so far.
    pub fn flush(&self) {
        let _order = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        let mut state = self.lock();
        let (dropped, unreadable) = (std::mem::take(&mut state.dropped), std::mem::take(&mut state.unreadable));
        if dropped > 0 || unreadable > 0 {
            state.push(&ExitFrame::Missed { dropped, unreadable });
        }
        let refused_listeners = std::mem::take(&mut state.refused_listeners);
        for name in &refused_listeners {
            state.push(&ExitFrame::ListenerRefused { name: name.clone() });
        }
        let bytes = std::mem::take(&mut state.waiting);
        let records = std::mem::take(&mut state.records);
        drop(state);
        if let Err(written) = write_all(&self.file, &bytes) {
            // A full disk: the build goes on, and the recording says what it lacks. Nothing can be read behind half a frame, so none is left.
            if let Ok(stat) = rustix::fs::fstat(&self.file) {
                let _ = rustix::fs::ftruncate(&self.file, stat.st_size.cast_unsigned().saturating_sub(written));
            }
            let mut state = self.lock();
            state.dropped += records + dropped;
            state.unreadable += unreadable;
            state.refused_listeners.splice(0..0, refused_listeners);
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Fails with how much was written.
fn write_all(file: &OwnedFd, bytes: &[u8]) -> Result<(), u64> {
    let mut done = 0;
    while done < bytes.len() {
        match rustix::io::write(file, &bytes[done..]) {
            Ok(written) => done += written,
            Err(rustix::io::Errno::INTR) => {}
            Err(_) => return Err(done as u64),
        }
    }
    Ok(())
}

impl State {
    fn push(&mut self, frame: &ExitFrame) {
        self.payload.clear();
        frame.encode(&mut self.payload);
        append_frame(&mut self.waiting, &self.payload);
    }
}

#[cfg(test)]
mod tests {
    use mymonitor_wire::next_frame;
    use rustix::pipe::{PipeFlags, pipe_with};

    use super::*;

    #[test]
    fn what_a_full_disk_refused_is_told_with_what_can_be_written_next() {
        // A full pipe refuses as a full disk does, and can be emptied.
        let (reader, writer) = pipe_with(PipeFlags::NONBLOCK).unwrap();
        while rustix::io::write(&writer, &[0; 4096]).is_ok() {}
        let journal = Journal::new(writer);
        journal.listener_refused(b"first".to_vec());
        journal.exited(ExitRecord::default(), || true);
        journal.flush();
        let mut bytes = vec![0; 1 << 20];
        while rustix::io::read(&reader, &mut bytes).is_ok() {}
        journal.listener_refused(b"second".to_vec());
        journal.flush();
        let length = rustix::io::read(&reader, &mut bytes).unwrap();
        let mut rest = &bytes[..length];
        let mut frames = Vec::new();
        while let Some((payload, after)) = next_frame(rest) {
            frames.push(ExitFrame::decode(payload).unwrap());
            rest = after;
        }
        let refused = |name: &[u8]| ExitFrame::ListenerRefused { name: name.to_vec() };
        assert_eq!(frames, [ExitFrame::Missed { dropped: 1, unreadable: 0 }, refused(b"first"), refused(b"second")]);
    }
}
