use std::fs::File;
use std::io::Read;
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;

use rustix::fs::{AtFlags, Dir, Mode, OFlags, fstat, openat, readlinkat, statat};

use crate::{ReadError, Statm, children};

/// A mounted /proc, or a directory of fixtures that looks like one.
#[derive(Debug)]
pub struct ProcRoot {
    dir: OwnedFd,
    page_kb: u64,
}

/// Kept descriptors of one process.
///
/// They survive exec. After the process has ended every read fails with [`ReadError::Gone`], also when its pid has been reused.
#[derive(Debug)]
pub struct Process {
    pid: u32,
    dir: OwnedFd,
    statm: OwnedFd,
    children: OwnedFd,
    page_kb: u64,
}

impl ProcRoot {
    /// Opens `path`, usually `/proc`.
    pub fn open(path: &Path) -> Result<Self, ReadError> {
        let dir = rustix::fs::open(path, OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?;
        Ok(Self { dir, page_kb: rustix::param::page_size() as u64 / 1024 })
    }

    /// Opens what is read of process `pid` at every tick.
    pub fn process(&self, pid: u32) -> Result<Process, ReadError> {
        let dir = openat(&self.dir, pid.to_string(), OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?;
        let open = |name: &str| openat(&dir, name, OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty());
        let statm = open("statm")?;
        let children = open(&format!("task/{pid}/children"))?;
        Ok(Process { pid, dir, statm, children, page_kb: self.page_kb })
    }

    pub(crate) fn dir(&self) -> &OwnedFd {
        &self.dir
    }

    /// Opens a file below the root, such as `meminfo`.
    pub(crate) fn file(&self, name: &str) -> Result<OwnedFd, ReadError> {
        Ok(openat(&self.dir, name, OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty())?)
    }
}

impl Process {
    /// Process id.
    pub fn pid(&self) -> u32 {
        self.pid
    }

    /// Memory now; `None` for a zombie.
    pub fn statm(&self) -> Result<Option<Statm>, ReadError> {
        let mut buffer = [0; 160];
        let length = rustix::io::pread(&self.statm, &mut buffer, 0)?;
        if length == 0 {
            return Err(ReadError::Gone);
        }
        Statm::parse(&buffer[..length], self.page_kb)
    }

    /// Appends the children of every thread to `pids` and returns the number of threads.
    ///
    /// A child belongs to the thread that forked it, and build drivers fork from worker threads: the main thread's list alone misses them.
    /// The kernel does not promise a complete list while siblings come and go, so a child may turn up one tick late; it never vanishes from the
    /// totals, because known processes are read by their own descriptors.
    pub fn children(&self, pids: &mut Vec<u32>) -> Result<u32, ReadError> {
        read_children(&self.children, pids)?;
        let threads = statat(&self.dir, "task", AtFlags::empty())?.st_nlink.saturating_sub(2);
        if threads > 1 {
            self.children_of_other_threads(pids)?;
        }
        Ok(u32::try_from(threads).unwrap_or(u32::MAX))
    }

    fn children_of_other_threads(&self, pids: &mut Vec<u32>) -> Result<(), ReadError> {
        let main = self.pid.to_string();
        let tasks = openat(&self.dir, "task", OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?;
        for entry in Dir::read_from(&tasks)? {
            let entry = entry?;
            let Ok(name) = entry.file_name().to_str() else { continue };
            if name == main || !name.bytes().all(|byte| byte.is_ascii_digit()) {
                continue;
            }
            match openat(&tasks, format!("{name}/children"), OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty()) {
                Ok(file) => match read_children(&file, pids) {
                    // A thread may end at any moment; its children have then moved to another thread of the process.
                    Ok(()) | Err(ReadError::Gone) => {}
                    Err(error) => return Err(error),
                },
                Err(rustix::io::Errno::NOENT | rustix::io::Errno::SRCH) => {}
                Err(errno) => return Err(errno.into()),
            }
        }
        Ok(())
    }

    /// Target of the `exe` link into `buffer`; `false` where it may not be read (another user's process).
    pub fn exe(&self, buffer: &mut Vec<u8>) -> Result<bool, ReadError> {
        self.link("exe", buffer)
    }

    /// Target of a link into `buffer`; `false` where it may not be read.
    pub(crate) fn link(&self, name: &str, buffer: &mut Vec<u8>) -> Result<bool, ReadError> {
        match readlinkat(&self.dir, name, std::mem::take(buffer)) {
            Ok(target) => {
                *buffer = target.into_bytes();
                Ok(true)
            }
            Err(rustix::io::Errno::ACCESS | rustix::io::Errno::PERM) => Ok(false),
            Err(errno) => Err(errno.into()),
        }
    }

    /// Opens a file of this process.
    pub(crate) fn file(&self, name: &str) -> Result<File, ReadError> {
        Ok(File::from(openat(&self.dir, name, OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty())?))
    }

    /// Owner: of the directory, which is the effective user id.
    pub(crate) fn uid(&self) -> Result<u32, ReadError> {
        Ok(fstat(&self.dir)?.st_uid)
    }
}

fn read_children(file: impl AsFd, pids: &mut Vec<u32>) -> Result<(), ReadError> {
    let mut buffer = [0; 4096];
    let length = rustix::io::pread(&file, &mut buffer, 0)?;
    if length < buffer.len() / 2 {
        return children::parse(&buffer[..length], pids);
    }
    // A process with hundreds of children: take the file from its start in one go, however long it is.
    let mut bytes = Vec::new();
    let mut whole = File::from(rustix::io::fcntl_dupfd_cloexec(&file, 0)?);
    rustix::fs::seek(&whole, rustix::fs::SeekFrom::Start(0))?;
    whole
        .read_to_end(&mut bytes)
        .map_err(|error| rustix::io::Errno::from_io_error(&error).map_or(ReadError::Malformed("children"), ReadError::from))?;
    children::parse(&bytes, pids)
}
