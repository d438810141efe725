//! The whole host at a glance: which processes there are, by one read each.

use rustix::fs::{Dir, Mode, OFlags, openat};

use crate::facts::{self, read_whole};
use crate::process::open_directory;
use crate::{ProcRoot, ReadError};

/// What /proc/PID/stat says of a process, whoever's it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Glance {
    /// `comm`, at most 15 bytes.
    pub name: Vec<u8>,
    /// Parent.
    pub ppid: u32,
    /// Clock ticks after boot at its start.
    pub start_ticks: u64,
    /// CPU time of all its threads in clock ticks, those that have ended included.
    pub cpu_ticks: u64,
    /// It has no memory of its own.
    pub is_kernel_thread: bool,
    /// Threads of its process.
    pub threads: u32,
    /// It is a thread of a process, but not its first.
    pub is_other_thread: bool,
}

impl ProcRoot {
    /// Appends every process id to `pids`.
    pub fn processes(&self, pids: &mut Vec<u32>) -> Result<(), ReadError> {
        let root = openat(self.dir(), ".", OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?;
        for entry in Dir::new(root)? {
            pids.extend(entry?.file_name().to_str().ok().and_then(|name| name.parse::<u32>().ok()));
        }
        Ok(())
    }

    /// A look at process `pid` without keeping anything of it.
    pub fn glance(&self, pid: u32) -> Result<Glance, ReadError> {
        let stat = facts::stat(open_directory(self.dir(), pid)?)?;
        Ok(Glance {
            name: stat.name,
            ppid: stat.ppid,
            start_ticks: stat.start_ticks,
            cpu_ticks: stat.cpu_ticks,
            is_kernel_thread: stat.is_kernel_thread,
            threads: stat.threads,
            is_other_thread: stat.is_other_thread,
        })
    }

    /// Its arguments, NUL-separated; empty where it has erased them, and in the middle of an exec.
    pub fn arguments(&self, pid: u32) -> Result<Vec<u8>, ReadError> {
        let dir = open_directory(self.dir(), pid)?;
        read_whole(openat(dir, "cmdline", OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty())?, 1, || {})
    }

    /// Whether a thread of process `pid` has this name.
    pub fn has_thread_named(&self, pid: u32, name: &[u8]) -> Result<bool, ReadError> {
        let tasks = openat(open_directory(self.dir(), pid)?, "task", OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?;
        let mut threads = Vec::new();
        for entry in Dir::read_from(&tasks)? {
            threads
                .extend(entry?.file_name().to_str().ok().filter(|thread| !thread.starts_with('.')).map(|thread| format!("{thread}/comm")));
        }
        // A thread may end at any moment.
        let comms = threads.iter().filter_map(|comm| openat(&tasks, comm.as_str(), OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty()).ok());
        Ok(comms.filter_map(|comm| read_whole(comm, 1, || {}).ok()).any(|comm| comm.strip_suffix(b"\n") == Some(name)))
    }
}
