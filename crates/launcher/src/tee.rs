//! Copying the build's output into the log on its way, byte for byte.
//!
//! Each stream has a pipe and a thread. A reader of ours that closes closes the build's pipe, as it would without us. When the root has ended,
//! what is in the pipes at that moment is passed on before the end is reported; what a left-behind daemon writes later goes to the log alone.

use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};
use std::sync::mpsc::{Receiver, Sender, TryRecvError, channel};

use rustix::event::{EventfdFlags, PollFd, PollFlags, eventfd, poll};
use rustix::io::Errno;
use rustix::pipe::{PipeFlags, fcntl_setpipe_size, pipe_with};

use crate::args::Args;

const PIPE_SIZE: usize = 1 << 20;
const CHUNK: usize = 1 << 18;

/// The build's outputs, before the fork.
pub(crate) struct Outputs {
    log: Option<OwnedFd>,
    streams: Vec<Stream>,
}

struct Stream {
    /// The build's end.
    write: OwnedFd,
    stop: OwnedFd,
    pump: Pump,
}

struct Pump {
    read: OwnedFd,
    target: OwnedFd,
    log: OwnedFd,
    stop_seen: OwnedFd,
}

/// The running copies, after the fork.
pub(crate) struct Tee {
    pumps: Vec<(OwnedFd, Receiver<()>)>,
}

/// Everything that can fail fails here, before the build exists.
pub(crate) fn prepare(args: &Args) -> rustix::io::Result<Outputs> {
    let duplicate = |fd: BorrowedFd<'_>| rustix::io::fcntl_dupfd_cloexec(fd, 3);
    let Some(log) = &args.log else { return Ok(Outputs { log: None, streams: Vec::new() }) };
    let mut streams = Vec::new();
    if args.output.is_tee() {
        for target in [rustix::stdio::stdout(), rustix::stdio::stderr()] {
            let (read, write) = pipe_with(PipeFlags::CLOEXEC)?;
            // An unprivileged user may have used up the limit; the default size works too.
            let _ = fcntl_setpipe_size(&read, PIPE_SIZE);
            rustix::io::ioctl_fionbio(&read, true)?;
            let stop = eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?;
            let stop_seen = duplicate(stop.as_fd())?;
            let pump = Pump { read, target: duplicate(target)?, log: duplicate(log.as_fd())?, stop_seen };
            streams.push(Stream { write, stop, pump });
        }
    }
    Ok(Outputs { log: Some(duplicate(log.as_fd())?), streams })
}

impl Outputs {
    /// What becomes the build's standard output; `None` keeps ours.
    pub(crate) fn stdout(&self) -> Option<RawFd> {
        self.output(0)
    }

    /// What becomes the build's standard error; `None` keeps ours.
    pub(crate) fn stderr(&self) -> Option<RawFd> {
        self.output(1)
    }

    fn output(&self, index: usize) -> Option<RawFd> {
        match self.streams.get(index) {
            Some(stream) => Some(stream.write.as_raw_fd()),
            None => self.log.as_ref().map(AsRawFd::as_raw_fd),
        }
    }

    /// Starts copying. The write ends are the build's alone from here on.
    pub(crate) fn pump(self) -> Tee {
        let pumps = self.streams.into_iter().filter_map(|Stream { stop, pump, .. }| {
            let (drained, is_drained) = channel();
            std::thread::Builder::new().spawn(move || run(pump, &drained)).ok()?;
            Some((stop, is_drained))
        });
        Tee { pumps: pumps.collect() }
    }
}

impl Tee {
    /// Asks for what is in the pipes now to be passed on; what comes later goes to the log alone.
    pub(crate) fn drain(&self) {
        for (stop, _) in &self.pumps {
            let _ = rustix::io::write(stop, &1u64.to_ne_bytes());
        }
    }

    /// Whether that has been done. The targets are closed then.
    pub(crate) fn is_drained(&mut self) -> bool {
        self.pumps.retain(|(_, is_drained)| matches!(is_drained.try_recv(), Err(TryRecvError::Empty)));
        self.pumps.is_empty()
    }
}

/// When to let go of the target.
enum Draining {
    NotYet,
    /// So many bytes were in the pipe when the root had ended.
    Left(u64),
    Done,
}

fn run(pump: Pump, drained: &Sender<()>) {
    let Pump { read, target, log, stop_seen } = pump;
    let mut chunk = vec![0; CHUNK];
    let mut target = Some(target);
    let mut draining = Draining::NotYet;
    loop {
        if let Draining::Left(0) = draining {
            target = None;
            draining = Draining::Done;
            let _ = drained.send(());
        }
        match rustix::io::read(&read, &mut chunk) {
            Ok(0) => break,
            Ok(length) => {
                // A full disk must not take the output from the person who is watching it.
                let _ = write_all(log.as_fd(), &chunk[..length]);
                if let Some(fd) = &target
                    && write_all(fd.as_fd(), &chunk[..length]).is_err()
                {
                    break;
                }
                if let Draining::Left(left) = &mut draining {
                    *left = left.saturating_sub(length as u64);
                }
            }
            Err(Errno::AGAIN) => {
                let mut fds = [PollFd::new(&read, PollFlags::IN), PollFd::new(&stop_seen, PollFlags::IN)];
                let waited_for = if matches!(draining, Draining::NotYet) { 2 } else { 1 };
                let _ = poll(&mut fds[..waited_for], None);
            }
            Err(Errno::INTR) => {}
            Err(_) => break,
        }
        if matches!(draining, Draining::NotYet) && rustix::io::read(&stop_seen, &mut [0; 8]).is_ok() {
            draining = Draining::Left(rustix::io::ioctl_fionread(&read).unwrap_or(0));
        }
    }
    drop(target);
    let _ = drained.send(());
}

/// The target may be non-blocking: somebody else who shares the pipe may have made it so.
fn write_all(fd: BorrowedFd<'_>, mut bytes: &[u8]) -> rustix::io::Result<()> {
    while !bytes.is_empty() {
        match rustix::io::write(fd, bytes) {
            Ok(written) => bytes = &bytes[written..],
            Err(Errno::INTR) => {}
            Err(Errno::AGAIN) => {
                let _ = poll(&mut [PollFd::new(&fd, PollFlags::OUT)], None);
            }
            Err(errno) => return Err(errno),
        }
    }
    Ok(())
}
