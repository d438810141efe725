use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::Path;
use std::sync::{Arc, OnceLock};

use rustix::fs::{AtFlags, Dir, Mode, OFlags, fstat, openat, readlinkat, statat};
use rustix::io::Errno;

use crate::descriptors::{Budget, Grant};
use crate::stat::Stat;
use crate::{ReadError, Rollup, Statm, children, facts};

/// A mounted /proc, or a directory of fixtures that looks like one.
#[derive(Debug)]
pub struct ProcRoot {
    dir: Arc<OwnedFd>,
    budget: Arc<Budget>,
    page_kb: u64,
}

/// One process. Reads survive exec; after the process has ended every one fails with [`ReadError::Gone`], also when its pid has been reused.
#[derive(Debug)]
pub struct Process {
    pid: u32,
    access: Access,
    page_kb: u64,
    _grant: Grant,
}

/// How a process is reached. What is kept is bound to it; what is opened anew is checked against its start time.
#[derive(Debug)]
enum Access {
    /// The files of every tick are kept open: `children` from the first time on, as few processes are asked for them where forks are told.
    Files { dir: OwnedFd, statm: OwnedFd, children: OnceLock<OwnedFd> },
    /// Descriptors are short: the directory only.
    Directory(OwnedFd),
    /// None is left.
    Path { proc: Arc<OwnedFd>, start_ticks: u64 },
}

/// The directory of a process, kept or opened for the moment.
enum Reached<'a> {
    Kept(BorrowedFd<'a>),
    Opened(OwnedFd),
}

impl AsFd for Reached<'_> {
    fn as_fd(&self) -> BorrowedFd<'_> {
        match self {
            Self::Kept(dir) => *dir,
            Self::Opened(dir) => dir.as_fd(),
        }
    }
}

impl ProcRoot {
    /// Opens `path`, usually `/proc`. Of the descriptors that this process may have, a quarter is left to others.
    pub fn open(path: &Path) -> Result<Self, ReadError> {
        let dir = rustix::fs::open(path, OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?;
        Ok(Self { dir: Arc::new(dir), budget: Arc::new(Budget::of_this_process()), page_kb: rustix::param::page_size() as u64 / 1024 })
    }

    /// Keeps at most `descriptors` open for processes, about.
    #[must_use]
    pub fn keeping_at_most(mut self, descriptors: u32) -> Self {
        self.budget = Arc::new(Budget::new(descriptors));
        self
    }

    /// Opens what is read of process `pid` at every tick, as far as descriptors go.
    pub fn process(&self, pid: u32) -> Result<Process, ReadError> {
        let dir = open_directory(&self.dir, pid)?;
        let mut grant = Budget::ask(&self.budget);
        let access = match grant.descriptors() {
            3 => match open_file(&dir, "statm") {
                Ok(statm) => Access::Files { dir, statm, children: OnceLock::new() },
                Err(Errno::MFILE | Errno::NFILE) => {
                    grant.reduce_to(1);
                    Access::Directory(dir)
                }
                Err(errno) => return Err(errno.into()),
            },
            1 => Access::Directory(dir),
            _ => Access::Path { proc: Arc::clone(&self.dir), start_ticks: facts::stat(&dir)?.start_ticks },
        };
        Ok(Process { pid, access, page_kb: self.page_kb, _grant: grant })
    }

    pub(crate) fn dir(&self) -> &OwnedFd {
        &self.dir
    }

    /// Opens a file below the root, such as `meminfo`.
    pub(crate) fn file(&self, name: &str) -> Result<OwnedFd, ReadError> {
        Ok(open_file(&self.dir, name)?)
    }
}

impl Process {
    /// Process id.
    pub fn pid(&self) -> u32 {
        self.pid
    }

    /// Whether its files are opened anew at every read because descriptors are short.
    pub fn is_short_of_descriptors(&self) -> bool {
        !matches!(self.access, Access::Files { .. })
    }

    /// Memory now; `None` for a zombie.
    pub fn statm(&self) -> Result<Option<Statm>, ReadError> {
        let statm = match &self.access {
            Access::Files { statm, .. } => read_statm(statm, self.page_kb)?,
            _ => read_statm(open_file(self.directory()?, "statm")?, self.page_kb)?,
        };
        if statm.is_some() {
            return Ok(statm);
        }
        // The main thread of a process may end before the others: its own files are then a zombie's.
        match self.other_live_thread()? {
            Some(thread) => read_statm(open_file(&thread, "statm")?, self.page_kb),
            None => Ok(None),
        }
    }

    /// The kernel's own count over all pages; its cost grows with them (about 11 µs a MiB).
    ///
    /// Opened anew each time: a kept descriptor is bound to the memory map of the moment, which an exec replaces.
    pub fn rollup(&self) -> Result<Rollup, ReadError> {
        let dir = self.directory()?;
        match read_rollup(&dir) {
            Err(ReadError::Gone) => read_rollup(self.other_live_thread()?.ok_or(ReadError::Gone)?),
            read => read,
        }
    }

    /// Appends the children of every thread to `pids` and returns the number of threads.
    ///
    /// A child belongs to the thread that forked it, and build drivers fork from worker threads: the main thread's list alone misses them.
    /// The kernel does not promise a complete list while siblings come and go, so a child may turn up one tick late; it never vanishes from the
    /// totals, because known processes are read on their own.
    pub fn children(&self, pids: &mut Vec<u32>) -> Result<u32, ReadError> {
        self.children_of_main_thread(pids)?;
        let dir = self.directory()?;
        let threads = statat(&dir, "task", AtFlags::empty())?.st_nlink.saturating_sub(2);
        if threads > 1 {
            self.of_other_threads(&dir, |thread| {
                read_children(open_file(&dir, &format!("{thread}/children"))?, pids)?;
                Ok(None::<()>)
            })?;
        }
        Ok(u32::try_from(threads).unwrap_or(u32::MAX))
    }

    /// Appends the children of the main thread to `pids`: all there are of a process that forks there only. Orphans that fall to a subreaper become
    /// children of its first thread that lives.
    pub fn children_of_main_thread(&self, pids: &mut Vec<u32>) -> Result<(), ReadError> {
        let open = || open_file(self.directory()?, &format!("task/{}/children", self.pid)).map_err(ReadError::from);
        let Access::Files { children, .. } = &self.access else { return read_children(open()?, pids) };
        if let Some(children) = children.get() {
            return read_children(children, pids);
        }
        let file = open()?;
        read_children(&file, pids)?;
        let _ = children.set(file);
        Ok(())
    }

    /// Directory of a thread other than the main one that has memory.
    fn other_live_thread(&self) -> Result<Option<OwnedFd>, ReadError> {
        let dir = self.directory()?;
        if statat(&dir, "task", AtFlags::empty())?.st_nlink <= 3 {
            return Ok(None);
        }
        self.of_other_threads(&dir, |thread| {
            let statm =
                open_file(&dir, &format!("{thread}/statm")).map_err(ReadError::from).and_then(|file| read_statm(file, self.page_kb));
            if !matches!(statm, Ok(Some(_))) {
                return Ok(None);
            }
            Ok(Some(openat(&dir, thread, OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?))
        })
    }

    /// Calls `visit` with the path below `dir` of each thread but the main one until it returns something.
    fn of_other_threads<T>(
        &self,
        dir: &Reached<'_>,
        mut visit: impl FnMut(&str) -> Result<Option<T>, ReadError>,
    ) -> Result<Option<T>, ReadError> {
        let main = self.pid.to_string();
        let tasks = openat(dir, "task", OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?;
        for entry in Dir::new(tasks)? {
            let entry = entry?;
            let Ok(name) = entry.file_name().to_str() else { continue };
            if name == main || !name.bytes().all(|byte| byte.is_ascii_digit()) {
                continue;
            }
            match visit(&format!("task/{name}")) {
                // A thread may end at any moment; its children have then moved to another thread of the process.
                Ok(None) | Err(ReadError::Gone) => {}
                found => return found,
            }
        }
        Ok(None)
    }

    /// Target of the `exe` link into `buffer`; `false` where it may not be read (another user's process).
    pub fn exe(&self, buffer: &mut Vec<u8>) -> Result<bool, ReadError> {
        self.link("exe", buffer)
    }

    /// Target of a link into `buffer`; `false` where it may not be read.
    pub(crate) fn link(&self, name: &str, buffer: &mut Vec<u8>) -> Result<bool, ReadError> {
        let target = match readlinkat(self.directory()?, name, std::mem::take(buffer)) {
            // What the main thread no longer has, another may.
            Err(Errno::NOENT) => readlinkat(self.other_live_thread()?.ok_or(ReadError::Gone)?, name, Vec::new()),
            target => target,
        };
        match target {
            Ok(target) => {
                *buffer = target.into_bytes();
                Ok(true)
            }
            Err(Errno::ACCESS | Errno::PERM) => Ok(false),
            Err(errno) => Err(errno.into()),
        }
    }

    /// Owner: of the directory, which is the effective user id.
    pub(crate) fn uid(&self) -> Result<u32, ReadError> {
        Ok(fstat(self.directory()?)?.st_uid)
    }

    /// Opens a file of this process.
    pub(crate) fn file(&self, name: &str) -> Result<OwnedFd, ReadError> {
        Ok(open_file(self.directory()?, name)?)
    }

    /// Clock ticks after boot at its start.
    pub fn start_ticks(&self) -> Result<u64, ReadError> {
        Ok(self.stat()?.start_ticks)
    }

    pub(crate) fn stat(&self) -> Result<Stat, ReadError> {
        facts::stat(self.directory()?)
    }

    fn directory(&self) -> Result<Reached<'_>, ReadError> {
        match &self.access {
            Access::Files { dir, .. } | Access::Directory(dir) => Ok(Reached::Kept(dir.as_fd())),
            Access::Path { proc, start_ticks } => {
                let dir = open_directory(proc, self.pid)?;
                if facts::stat(&dir)?.start_ticks == *start_ticks { Ok(Reached::Opened(dir)) } else { Err(ReadError::Gone) }
            }
        }
    }
}

pub(crate) fn open_directory(proc: impl AsFd, pid: u32) -> Result<OwnedFd, Errno> {
    openat(proc, pid.to_string(), OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())
}

fn open_file(dir: impl AsFd, name: &str) -> Result<OwnedFd, Errno> {
    openat(dir, name, OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty())
}

fn read_statm(file: impl AsFd, page_kb: u64) -> Result<Option<Statm>, ReadError> {
    let mut buffer = [0; 160];
    let length = rustix::io::pread(file, &mut buffer, 0)?;
    if length == 0 {
        return Err(ReadError::Gone);
    }
    Statm::parse(&buffer[..length], page_kb)
}

fn read_rollup(dir: impl AsFd) -> Result<Rollup, ReadError> {
    let mut buffer = [0; 2048];
    let length = rustix::io::pread(open_file(dir, "smaps_rollup")?, &mut buffer, 0)?;
    // Without a memory map any more: the process has just ended.
    if length == 0 { Err(ReadError::Gone) } else { Rollup::parse(&buffer[..length]) }
}

fn read_children(file: impl AsFd, pids: &mut Vec<u32>) -> Result<(), ReadError> {
    let mut buffer = [0; 4096];
    let length = rustix::io::pread(&file, &mut buffer, 0)?;
    if length < buffer.len() / 2 {
        return children::parse(&buffer[..length], pids);
    }
    // A process with hundreds of children: the kernel gives a page at a time.
    let mut bytes = buffer[..length].to_vec();
    loop {
        match rustix::io::pread(&file, &mut buffer, bytes.len() as u64)? {
            0 => return children::parse(&bytes, pids),
            length => bytes.extend_from_slice(&buffer[..length]),
        }
    }
}

#[cfg(test)]
mod tests;
