//! What is read of a process while it waits at its `exit_group`: as little as an exit record needs, because the build waits too.

use rustix::fs::{Mode, OFlags, openat};

use crate::facts::read_whole;
use crate::stat::Stat;
use crate::{CommandLine, ProcRoot, ReadError, SharedMemoryMap, same_memory_map};

/// A process in its last moment.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ExitReading {
    /// Thread group, whichever thread was asked about.
    pub pid: u32,
    /// Start time: clock ticks after boot.
    pub start_ticks: u64,
    /// Parent.
    pub ppid: u32,
    /// Effective user.
    pub uid: u32,
    /// Forked, and never replaced its image.
    pub never_execed: bool,
    /// Runs in its parent's memory.
    pub shares_parent: bool,
    /// `VmHWM`, KiB; `None` with `shares_parent`, or where the kernel does not say whether it does.
    pub vm_hwm_kb: Option<u64>,
    /// The process's CPU clock, microseconds.
    pub cpu_us: Option<u64>,
    /// Threads alive.
    pub threads: u32,
    /// See [`crate::Facts::memory_map`].
    pub memory_map: u64,
    /// `comm`.
    pub name: Vec<u8>,
    /// Arguments; empty unless asked for.
    pub command_line: CommandLine,
}

/// Of any file: everybody else's exit waits meanwhile.
const MOST_AT_EXIT: usize = 1 << 20;

impl ProcRoot {
    /// Reads the process of the thread `tid`. `between` is called between the reads, which take some tens of microseconds each.
    pub fn exit_reading(&self, tid: u32, with_command_line: bool, mut between: impl FnMut()) -> Result<ExitReading, ReadError> {
        let status = Status::parse(&self.read(tid, "status", &mut between)?)?;
        between();
        let mut reading = ExitReading { pid: status.tgid, uid: status.uid, vm_hwm_kb: status.vm_hwm_kb, ..ExitReading::default() };
        let stat = Stat::parse(&self.read(status.tgid, "stat", &mut between)?)?;
        reading.memory_map = stat.memory_map;
        if stat.memory_map == 0 && tid != status.tgid {
            // The first thread has ended before: it has no memory any more.
            reading.memory_map = Stat::parse(&self.read(tid, "stat", &mut between)?)?.memory_map;
        }
        reading.start_ticks = stat.start_ticks;
        reading.ppid = stat.ppid;
        reading.never_execed = stat.never_execed;
        reading.threads = stat.threads;
        reading.name = stat.name;
        reading.cpu_us = process_cpu_us(status.tgid);
        if reading.never_execed {
            match same_memory_map(reading.pid, reading.ppid) {
                SharedMemoryMap::No => {}
                // The mark would be the parent's; where the kernel does not say, it might be.
                shared => {
                    reading.shares_parent = shared == SharedMemoryMap::Yes;
                    reading.vm_hwm_kb = None;
                }
            }
        }
        if with_command_line {
            between();
            reading.command_line = CommandLine::new(self.read(tid, "cmdline", &mut between)?);
        }
        Ok(reading)
    }

    /// What the process of the thread `tid` runs: the base name of its executable, or `comm` where that may not be read.
    pub fn program_name(&self, tid: u32) -> Result<Vec<u8>, ReadError> {
        let process = self.process(tid)?;
        let mut exe = Vec::new();
        let is_known = process.exe(&mut exe).is_ok_and(|is_known| is_known);
        // A program that runs a sealed copy of itself (runc) has no file, but its name.
        if !is_known || exe.starts_with(b"/memfd:") {
            return Ok(process.stat()?.name);
        }
        let exe = exe.strip_suffix(b" (deleted)").unwrap_or(&exe);
        Ok(exe.rsplit(|&byte| byte == b'/').next().unwrap_or(exe).to_vec())
    }

    fn read(&self, pid: u32, name: &str, between: &mut impl FnMut()) -> Result<Vec<u8>, ReadError> {
        let file = openat(self.dir(), format!("{pid}/{name}"), OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty())?;
        read_whole(file, MOST_AT_EXIT, between)
    }
}

pub(crate) struct Status {
    pub(crate) tgid: u32,
    pub(crate) uid: u32,
    pub(crate) vm_hwm_kb: Option<u64>,
}

impl Status {
    pub(crate) fn parse(status: &[u8]) -> Result<Self, ReadError> {
        let number = |key: &[u8], index: usize| {
            let line = status.split(|&byte| byte == b'\n').find_map(|line| line.strip_prefix(key))?;
            str::from_utf8(line).ok()?.split_ascii_whitespace().nth(index)?.parse::<u64>().ok()
        };
        let number32 = |key, index| number(key, index).and_then(|value| u32::try_from(value).ok()).ok_or(ReadError::Malformed("status"));
        Ok(Self { tgid: number32(b"Tgid:", 0)?, uid: number32(b"Uid:", 1)?, vm_hwm_kb: number(b"VmHWM:", 0) })
    }
}

/// The CPU clock of another process: the clock id is made from the pid, as `clock_getcpuclockid(3)` does.
fn process_cpu_us(pid: u32) -> Option<u64> {
    const SCHED: libc::clockid_t = 2;
    let clock = (!pid.cast_signed() << 3) | SCHED;
    let mut time = std::mem::MaybeUninit::<libc::timespec>::uninit();
    // SAFETY: on success the kernel fills the structure.
    let time = unsafe {
        if libc::clock_gettime(clock, time.as_mut_ptr()) != 0 {
            return None;
        }
        time.assume_init()
    };
    Some(u64::try_from(time.tv_sec).ok()? * 1_000_000 + u64::try_from(time.tv_nsec).ok()? / 1000)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn root() -> ProcRoot {
        ProcRoot::open(Path::new("/proc")).unwrap()
    }

    #[test]
    fn a_process_is_read_by_the_number_of_any_of_its_threads() {
        let (tid_sender, tid) = std::sync::mpsc::channel();
        let (stop, stopped) = std::sync::mpsc::channel::<()>();
        let worker = std::thread::spawn(move || {
            tid_sender.send(rustix::thread::gettid().as_raw_nonzero().get().cast_unsigned()).unwrap();
            let _ = stopped.recv();
        });
        let mut steps = 0;
        let reading = root().exit_reading(tid.recv().unwrap(), true, || steps += 1).unwrap();
        drop(stop);
        worker.join().unwrap();
        let own = root().process(std::process::id()).unwrap();
        let facts = own.facts().unwrap();
        assert_eq!(reading.pid, std::process::id());
        assert_eq!(
            (reading.start_ticks, reading.ppid, reading.uid, &reading.name, reading.memory_map, &reading.command_line),
            (facts.start_ticks, facts.ppid, facts.uid, &facts.name, facts.memory_map, &facts.command_line)
        );
        assert_ne!(reading.memory_map, 0);
        assert!(!reading.never_execed && !reading.shares_parent);
        assert!(reading.threads >= 2);
        let rss_kb = own.statm().unwrap().unwrap().rss_kb;
        assert!(reading.vm_hwm_kb.unwrap() >= rss_kb / 2, "{reading:?} {rss_kb}");
        assert!(reading.cpu_us.unwrap() > 0);
        assert_eq!(steps, 2);
    }

    #[test]
    fn no_command_line_is_read_where_none_is_wanted() {
        assert_eq!(root().exit_reading(std::process::id(), false, || {}).unwrap().command_line, CommandLine::default());
    }

    #[test]
    fn a_fork_that_never_execed_says_so_and_has_a_mark_of_its_own() {
        // SAFETY: the child only waits to be killed.
        let pid = unsafe { libc::fork() };
        if pid == 0 {
            loop {
                std::thread::park();
            }
        }
        let reading = root().exit_reading(pid.cast_unsigned(), false, || {});
        // SAFETY: both calls take integers.
        unsafe {
            libc::kill(pid, libc::SIGKILL);
            libc::waitpid(pid, std::ptr::null_mut(), 0);
        }
        let reading = reading.unwrap();
        assert!(reading.never_execed && !reading.shares_parent, "{reading:?}");
    }

    #[test]
    fn a_cut_status_is_malformed() {
        assert!(Status::parse(b"Name:\tx\nTgid:\t5\nUid:\t1").is_err());
    }
}
