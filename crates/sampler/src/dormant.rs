//! What mymonitor keeps of the exit records, and does nothing with unless the launcher is killed.

use std::os::fd::OwnedFd;
use std::path::Path;

use mymonitor_exits::{Journal, Listener, Server, Slots};
use mymonitor_proc::ProcRoot;
use rustix::fs::{Mode, OFlags};

/// Copies of the listener and of the launcher's slots.
pub(crate) struct Dormant {
    listener: OwnedFd,
    slots: OwnedFd,
}

impl Dormant {
    pub(crate) fn new(mut descriptors: Vec<OwnedFd>) -> Option<Self> {
        let slots = descriptors.pop()?;
        let listener = descriptors.pop()?;
        Some(Self { listener, slots })
    }

    /// Lets those go that the launcher had received, and serves the others into `file` until no process has the filter any more.
    ///
    /// # Errors
    /// Nobody serves now: processes of the build that end will fail to.
    pub(crate) fn take_over(self, file: &Path, store_argv: bool) -> std::io::Result<()> {
        let file = rustix::fs::open(file, OFlags::WRONLY | OFlags::CREATE | OFlags::APPEND | OFlags::CLOEXEC, Mode::from_raw_mode(0o666))
            // A full disk must not keep the build from ending.
            .or_else(|_| rustix::fs::open("/dev/null", OFlags::WRONLY | OFlags::CLOEXEC, Mode::empty()))?;
        let proc = ProcRoot::open(Path::new("/proc")).map_err(std::io::Error::other)?;
        let journal = Journal::new(file);
        journal.write_in_background();
        let server = Server::new(Listener::new(self.listener), Slots::open(self.slots)?, proc, journal, store_argv);
        std::thread::Builder::new().name("mymonitor-exits".into()).spawn(move || server.take_over())?;
        Ok(())
    }
}
