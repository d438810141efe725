//! What is read of a process while it waits at its `exit_group`: as little as an exit record needs, because the build waits too.

use rustix::fs::{Mode, OFlags, openat};

use crate::facts::{memory_map, read_whole};
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

/// `PF_FORKNOEXEC` of include/linux/sched.h: set by fork, cleared by exec.
const FORKED_NO_EXEC: u64 = 0x40;

impl ProcRoot {
    /// Reads the process of the thread `tid`. `between` is called between the reads, which take some tens of microseconds each.
    pub fn exit_reading(&self, tid: u32, with_command_line: bool, mut between: impl FnMut()) -> Result<ExitReading, ReadError> {
        let status = Status::parse(&self.read(tid, "status", &mut between)?)?;
        between();
        let mut reading = ExitReading { pid: status.tgid, uid: status.uid, vm_hwm_kb: status.vm_hwm_kb, ..ExitReading::default() };
        reading.take_stat(&self.read(status.tgid, "stat", &mut between)?)?;
        if reading.memory_map == 0 && tid != status.tgid {
            // The first thread has ended before: it has no memory any more.
            let mut thread = ExitReading::default();
            thread.take_stat(&self.read(tid, "stat", &mut between)?)?;
            reading.memory_map = thread.memory_map;
        }
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

    fn read(&self, pid: u32, name: &str, between: &mut impl FnMut()) -> Result<Vec<u8>, ReadError> {
        let file = openat(self.dir(), format!("{pid}/{name}"), OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty())?;
        read_whole(file, MOST_AT_EXIT, between)
    }
}

impl ExitReading {
    /// Fields by their number in proc(5), from 3 behind the name, which may hold anything.
    fn take_stat(&mut self, stat: &[u8]) -> Result<(), ReadError> {
        const MALFORMED: ReadError = ReadError::Malformed("stat");
        let open = stat.iter().position(|&byte| byte == b'(').ok_or(MALFORMED)?;
        let close = stat.iter().rposition(|&byte| byte == b')').filter(|&close| close > open).ok_or(MALFORMED)?;
        self.name = stat[open + 1..close].to_vec();
        let rest = str::from_utf8(&stat[close + 1..]).map_err(|_| MALFORMED)?;
        let mut fields = [0u64; 29];
        let mut seen = 2;
        for (number, word) in (3..fields.len()).zip(rest.split_ascii_whitespace()) {
            fields[number] = word.parse().unwrap_or(0);
            seen = number;
        }
        if seen < 28 {
            return Err(MALFORMED);
        }
        self.ppid = u32::try_from(fields[4]).map_err(|_| MALFORMED)?;
        self.never_execed = fields[9] & FORKED_NO_EXEC != 0;
        self.threads = u32::try_from(fields[20]).unwrap_or(u32::MAX);
        self.start_ticks = fields[22];
        self.memory_map = memory_map(fields[26], fields[27], fields[28]);
        Ok(())
    }
}

struct Status {
    tgid: u32,
    uid: u32,
    vm_hwm_kb: Option<u64>,
}

impl Status {
    fn parse(status: &[u8]) -> Result<Self, ReadError> {
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
    fn a_name_may_hold_anything_and_a_cut_file_is_malformed() {
        let stat = |name: &str| {
            format!("7 ({name}) S 3 1 1 0 -1 4194368 1 0 0 0 0 0 0 0 20 0 5 0 {} 9 9 18446744073709551615 4096 8192 140 0 0", u64::MAX - 1)
        };
        for name in ["a b", "x) R 1 (y", "new\nline", ")", ""] {
            let mut reading = ExitReading::default();
            reading.take_stat(stat(name).as_bytes()).unwrap();
            assert_eq!((reading.name.as_slice(), reading.ppid, reading.threads), (name.as_bytes(), 3, 5));
            assert_eq!((reading.start_ticks, reading.never_execed), (u64::MAX - 1, true));
        }
        let whole = stat("cc");
        for cut in 0..whole.len() - 6 {
            assert!(ExitReading::default().take_stat(&whole.as_bytes()[..cut]).is_err(), "cut at {cut}");
        }
        assert!(Status::parse(b"Name:\tx\nTgid:\t5\nUid:\t1").is_err());
    }
}
