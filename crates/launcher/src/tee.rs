//! Copying the build's output into the log on its way, byte for byte.
//!
//! Each stream has a pipe and a thread. A reader of ours that closes closes the build's pipe, as it would without us. When the root has ended,
//! what is in the pipes is passed on before the end is reported; what a left-behind daemon writes later goes to the log alone.

use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};
use std::sync::mpsc::{Receiver, Sender, channel};

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
    read: OwnedFd,
    write: OwnedFd,
    target: OwnedFd,
}

/// The running copies, after the fork.
pub(crate) struct Tee {
    pumps: Vec<(OwnedFd, Receiver<()>)>,
}

pub(crate) fn prepare(args: &Args) -> rustix::io::Result<Outputs> {
    let log = args.log.as_ref().map(|log| rustix::io::fcntl_dupfd_cloexec(log, 3)).transpose()?;
    let mut streams = Vec::new();
    if args.output.is_tee() {
        for target in [rustix::stdio::stdout(), rustix::stdio::stderr()] {
            let (read, write) = pipe_with(PipeFlags::CLOEXEC)?;
            // An unprivileged user may have used up the limit; the default size works too.
            let _ = fcntl_setpipe_size(&read, PIPE_SIZE);
            rustix::io::ioctl_fionbio(&read, true)?;
            streams.push(Stream { read, write, target: rustix::io::fcntl_dupfd_cloexec(target, 3)? });
        }
    }
    Ok(Outputs { log, streams })
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
        let Some(log) = self.log else { return Tee { pumps: Vec::new() } };
        let pumps = self.streams.into_iter().filter_map(|stream| {
            let log = rustix::io::fcntl_dupfd_cloexec(&log, 3).ok()?;
            let stop = eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK).ok()?;
            let stop_seen = rustix::io::fcntl_dupfd_cloexec(&stop, 3).ok()?;
            let (drained, is_drained) = channel();
            std::thread::spawn(move || pump(&stream.read, &log, stream.target, &stop_seen, &drained));
            Some((stop, is_drained))
        });
        Tee { pumps: pumps.collect() }
    }
}

impl Tee {
    /// Returns when everything that was in the pipes has been passed on; the targets are closed then.
    pub(crate) fn drain(&mut self) {
        for (stop, is_drained) in self.pumps.drain(..) {
            let _ = rustix::io::write(&stop, &1u64.to_ne_bytes());
            let _ = is_drained.recv();
        }
    }
}

fn pump(read: &OwnedFd, log: &OwnedFd, target: OwnedFd, stop: &OwnedFd, drained: &Sender<()>) {
    let mut chunk = vec![0; CHUNK];
    let mut target = Some(target);
    let mut stopping = false;
    loop {
        match rustix::io::read(read, &mut chunk) {
            Ok(0) => break,
            Ok(length) => {
                // A full disk must not take the output from the person who is watching it.
                let _ = write_all(log.as_fd(), &chunk[..length]);
                if let Some(fd) = &target
                    && write_all(fd.as_fd(), &chunk[..length]).is_err()
                {
                    break;
                }
            }
            Err(Errno::AGAIN) if stopping => {
                if target.take().is_some() {
                    let _ = drained.send(());
                }
                let _ = poll(&mut [PollFd::new(read, PollFlags::IN)], None);
            }
            Err(Errno::AGAIN) => {
                let mut fds = [PollFd::new(read, PollFlags::IN), PollFd::new(stop, PollFlags::IN)];
                let _ = poll(&mut fds, None);
                stopping = fds[1].revents().contains(PollFlags::IN);
            }
            Err(Errno::INTR) => {}
            Err(_) => break,
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
