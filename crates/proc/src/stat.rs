use crate::ReadError;
use crate::facts::memory_map;

/// What is used of /proc/PID/stat.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Stat {
    /// `comm`.
    pub(crate) name: Vec<u8>,
    pub(crate) ppid: u32,
    /// Forked and not exec'ed since.
    pub(crate) never_execed: bool,
    pub(crate) threads: u32,
    /// User and system time of all threads, clock ticks.
    pub(crate) cpu_ticks: u64,
    pub(crate) is_kernel_thread: bool,
    /// Clock ticks after boot.
    pub(crate) start_ticks: u64,
    /// See [`crate::Facts::memory_map`].
    pub(crate) memory_map: u64,
    /// Not the first thread of its process.
    pub(crate) is_other_thread: bool,
}

/// `PF_FORKNOEXEC` of include/linux/sched.h: set by fork, cleared by exec.
const FORKED_NO_EXEC: u64 = 0x40;
/// `PF_KTHREAD` of the same.
const KERNEL_THREAD: u64 = 0x0020_0000;

impl Stat {
    /// Fields by their number in proc(5), from 3 behind the name, which may hold anything.
    pub(crate) fn parse(stat: &[u8]) -> Result<Self, ReadError> {
        const MALFORMED: ReadError = ReadError::Malformed("stat");
        let open = stat.iter().position(|&byte| byte == b'(').ok_or(MALFORMED)?;
        let close = stat.iter().rposition(|&byte| byte == b')').filter(|&close| close > open).ok_or(MALFORMED)?;
        let rest = str::from_utf8(&stat[close + 1..]).map_err(|_| MALFORMED)?;
        let mut fields = [0u64; 29];
        let mut seen = 2;
        let mut words = rest.split_ascii_whitespace();
        for (number, word) in (3..fields.len()).zip(words.by_ref()) {
            fields[number] = word.parse().unwrap_or(0);
            seen = number;
        }
        if seen < 28 {
            return Err(MALFORMED);
        }
        Ok(Self {
            name: stat[open + 1..close].to_vec(),
            ppid: u32::try_from(fields[4]).map_err(|_| MALFORMED)?,
            never_execed: fields[9] & FORKED_NO_EXEC != 0,
            threads: u32::try_from(fields[20]).unwrap_or(u32::MAX),
            cpu_ticks: fields[14].saturating_add(fields[15]),
            is_kernel_thread: fields[9] & KERNEL_THREAD != 0,
            start_ticks: fields[22],
            memory_map: memory_map(fields[26], fields[27], fields[28]),
            // Field 38, the signal that its end sends: -1 for all threads but the first.
            is_other_thread: words.nth(9).is_some_and(|signal| signal.starts_with('-')),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_may_hold_anything_and_a_cut_file_is_malformed() {
        let stat = |name: &str| {
            format!("7 ({name}) S 3 1 1 0 -1 4194368 1 0 0 0 0 0 0 0 20 0 5 0 {} 9 9 18446744073709551615 4096 8192 140 0 0", u64::MAX - 1)
        };
        for name in ["a b", "x) R 1 (y", "new\nline", ")", ""] {
            let stat = Stat::parse(stat(name).as_bytes()).unwrap();
            assert_eq!((stat.name.as_slice(), stat.ppid, stat.threads), (name.as_bytes(), 3, 5));
            assert_eq!((stat.start_ticks, stat.never_execed), (u64::MAX - 1, true));
        }
        let whole = stat("cc");
        for cut in 0..whole.len() - 6 {
            assert!(Stat::parse(&whole.as_bytes()[..cut]).is_err(), "cut at {cut}");
        }
    }
}
