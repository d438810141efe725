//! How pids are given out, and to whom.

use rustix::fs::{Mode, OFlags, PROC_SUPER_MAGIC, fstatfs, openat};

use crate::facts::read_whole;
use crate::process::open_directory;
use crate::{ProcRoot, ReadError};

impl ProcRoot {
    /// Whether `loadavg` is the kernel's. Containers may have one of lxcfs there, whose last pid is seconds old.
    pub fn tells_last_pid(&self) -> bool {
        self.file("loadavg").is_ok_and(|file| fstatfs(file).is_ok_and(|of| of.f_type == PROC_SUPER_MAGIC))
    }

    /// The first pid that is not given out.
    pub fn pid_max(&self) -> Option<u32> {
        let bytes = read_whole(self.file("sys/kernel/pid_max").ok()?, usize::MAX, || {}).ok()?;
        str::from_utf8(&bytes).ok()?.trim().parse().ok()
    }

    /// The process that thread `tid` belongs to.
    pub fn process_of_thread(&self, tid: u32) -> Result<u32, ReadError> {
        let file = openat(open_directory(self.dir(), tid)?, "status", OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty())?;
        let status = read_whole(file, usize::MAX, || {})?;
        let pid = status.split(|&byte| byte == b'\n').find_map(|line| line.strip_prefix(b"Tgid:\t"));
        pid.and_then(|pid| str::from_utf8(pid).ok()?.parse().ok()).ok_or(ReadError::Malformed("status"))
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn a_thread_is_told_from_a_process_and_belongs_to_one() {
        let proc = ProcRoot::open(Path::new("/proc")).unwrap();
        let own = std::process::id();
        let thread = move || {
            let tid = rustix::thread::gettid().as_raw_pid().cast_unsigned();
            (proc.glance(tid).unwrap(), proc.process_of_thread(tid).unwrap(), proc.glance(own).unwrap())
        };
        let (thread, process, leader) = std::thread::spawn(thread).join().unwrap();
        assert_eq!((thread.is_other_thread, process), (true, own));
        assert!(!leader.is_other_thread && thread.threads >= 2 && thread.ppid == leader.ppid);
    }
}
