//! The frames of `exits.journal` and `exits.2.journal`: what the servers of the exit records write.

use crate::codec::{Cursor, Malformed, put_bytes, put_i64, put_option, put_u64};
use crate::image::option_u32;

/// The version that [`ExitFrame::Origin`] carries. A reader refuses a higher one.
pub const EXITS_VERSION: u32 = 3;

/// A process that called `exit_group`, read while it waited for the answer: its last image, whole.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ExitRecord {
    /// Process id (thread group id).
    pub pid: u32,
    /// Field 22 of /proc/PID/stat: clock ticks after boot.
    pub start_ticks: u64,
    /// Parent.
    pub ppid: u32,
    /// Effective user.
    pub uid: u32,
    /// When the notification was received, microseconds of `CLOCK_MONOTONIC`.
    pub at_us: u64,
    /// The argument of `exit_group`, its low eight bits.
    pub exit_code: u32,
    /// Forked, and never replaced its image.
    pub never_execed: bool,
    /// Ran in its parent's memory (vfork, `posix_spawn` before its exec): it had no memory and no mark of its own.
    pub shares_parent: bool,
    /// `VmHWM`, KiB; absent where it could not be read, and with `shares_parent`.
    pub vm_hwm_kb: Option<u64>,
    /// The process's CPU clock, microseconds.
    pub cpu_us: Option<u64>,
    /// Threads alive at the call.
    pub threads: Option<u32>,
    /// Which memory map it ran in; see [`crate::ImageStart::memory_map`].
    pub memory_map: u64,
    /// `comm` of the kernel.
    pub name: Vec<u8>,
    /// /proc/PID/cmdline, NUL-separated, cut at 64 KiB; empty where none is stored.
    pub argv: Vec<u8>,
    /// Length of the whole command line, where it was cut.
    pub argv_cut_from: Option<u64>,
    /// 64-bit FNV-1a of the whole command line, where it was cut.
    pub argv_hash: Option<u64>,
}

/// A frame of `exits.journal`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ExitFrame {
    /// The first one: where the build's time begins on the clocks of the others.
    Origin {
        /// The build's start, microseconds of `CLOCK_MONOTONIC`.
        started_us: u64,
        /// The same instant on `CLOCK_BOOTTIME`, which start times of processes are on.
        started_boot_us: u64,
        /// Clock ticks a second.
        ticks_per_second: u64,
        /// Pid of the root; absent in version 1.
        root_pid: Option<u32>,
    },
    /// One a process.
    Exited(ExitRecord),
    /// A process that the launcher waited for and that a signal ended: the root or an orphan.
    Killed {
        /// Process id.
        pid: u32,
        /// The signal.
        signal: u32,
        /// When it was waited for, microseconds of `CLOCK_MONOTONIC`.
        at_us: u64,
    },
    /// So many records that had been read were dropped because the disk could not keep up, and so many exits could not be read.
    Missed {
        /// Dropped.
        dropped: u64,
        /// Unreadable.
        unreadable: u64,
    },
    /// The root has ended.
    RootEnded(RootEnd),
    /// A program asked for a seccomp listener of its own, which the kernel refuses below ours; once for each name. Since version 3.
    ListenerRefused {
        /// The base name of its executable, or `comm` where that could not be read.
        name: Vec<u8>,
    },
}

/// How the root ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RootEnd {
    /// As `waitpid` gives it.
    pub wait_status: i32,
    /// When; microseconds of `CLOCK_MONOTONIC`.
    pub at_us: u64,
    /// User and system CPU time of all descendants that were waited for, microseconds.
    pub children_cpu_us: u64,
    /// The launcher's own CPU time so far, microseconds.
    pub launcher_cpu_us: u64,
}

impl ExitRecord {
    fn encode(&self, out: &mut Vec<u8>) {
        put_u64(out, self.pid.into());
        put_u64(out, self.start_ticks);
        put_u64(out, self.ppid.into());
        put_u64(out, self.uid.into());
        put_u64(out, self.at_us);
        put_u64(out, self.exit_code.into());
        out.push(u8::from(self.never_execed) | u8::from(self.shares_parent) << 1);
        put_option(out, self.vm_hwm_kb);
        put_option(out, self.cpu_us);
        put_option(out, self.threads.map(u64::from));
        put_u64(out, self.memory_map);
        put_bytes(out, &self.name);
        put_bytes(out, &self.argv);
        put_option(out, self.argv_cut_from);
        put_u64(out, self.argv_hash.unwrap_or(0));
    }

    fn decode(cursor: &mut Cursor<'_>) -> Result<Self, Malformed> {
        const WHAT: &str = "exit record";
        let mut record = Self {
            pid: cursor.u32(WHAT)?,
            start_ticks: cursor.u64(WHAT)?,
            ppid: cursor.u32(WHAT)?,
            uid: cursor.u32(WHAT)?,
            at_us: cursor.u64(WHAT)?,
            exit_code: cursor.u32(WHAT)?,
            ..Self::default()
        };
        let flags = cursor.u8(WHAT)?;
        record.never_execed = flags & 1 != 0;
        record.shares_parent = flags & 2 != 0;
        record.vm_hwm_kb = cursor.option(WHAT)?;
        record.cpu_us = cursor.option(WHAT)?;
        record.threads = option_u32(cursor, WHAT)?;
        record.memory_map = cursor.u64(WHAT)?;
        record.name = cursor.bytes(WHAT)?.to_vec();
        record.argv = cursor.bytes(WHAT)?.to_vec();
        record.argv_cut_from = cursor.option(WHAT)?;
        let hash = cursor.u64(WHAT)?;
        record.argv_hash = record.argv_cut_from.map(|_| hash);
        Ok(record)
    }
}

impl RootEnd {
    pub(crate) fn encode(self, out: &mut Vec<u8>) {
        put_i64(out, self.wait_status.into());
        put_u64(out, self.at_us);
        put_u64(out, self.children_cpu_us);
        put_u64(out, self.launcher_cpu_us);
    }

    pub(crate) fn decode(cursor: &mut Cursor<'_>) -> Result<Self, Malformed> {
        const WHAT: &str = "end of the root";
        Ok(Self {
            wait_status: cursor.i32(WHAT)?,
            at_us: cursor.u64(WHAT)?,
            children_cpu_us: cursor.u64(WHAT)?,
            launcher_cpu_us: cursor.u64(WHAT)?,
        })
    }
}

impl ExitFrame {
    /// Appends the payload of this frame to `out`.
    pub fn encode(&self, out: &mut Vec<u8>) {
        match self {
            Self::Origin { started_us, started_boot_us, ticks_per_second, root_pid } => {
                out.push(0);
                put_u64(out, EXITS_VERSION.into());
                put_u64(out, *started_us);
                put_u64(out, *started_boot_us);
                put_u64(out, *ticks_per_second);
                put_option(out, root_pid.map(u64::from));
            }
            Self::Exited(record) => {
                out.push(1);
                record.encode(out);
            }
            Self::Killed { pid, signal, at_us } => {
                out.push(2);
                put_u64(out, (*pid).into());
                put_u64(out, (*signal).into());
                put_u64(out, *at_us);
            }
            Self::Missed { dropped, unreadable } => {
                out.push(3);
                put_u64(out, *dropped);
                put_u64(out, *unreadable);
            }
            Self::RootEnded(end) => {
                out.push(4);
                end.encode(out);
            }
            Self::ListenerRefused { name } => {
                out.push(5);
                put_bytes(out, name);
            }
        }
    }

    /// Reads one payload.
    pub fn decode(payload: &[u8]) -> Result<Self, Malformed> {
        const WHAT: &str = "frame of the exit records";
        let mut cursor = Cursor::new(payload);
        let frame = match cursor.u8(WHAT)? {
            0 => {
                let version = cursor.u32(WHAT)?;
                if version > EXITS_VERSION {
                    return Err(Malformed { what: "exit records of a newer version" });
                }
                Self::Origin {
                    started_us: cursor.u64(WHAT)?,
                    started_boot_us: cursor.u64(WHAT)?,
                    ticks_per_second: cursor.u64(WHAT)?.max(1),
                    root_pid: if version < 2 { None } else { option_u32(&mut cursor, WHAT)? },
                }
            }
            1 => Self::Exited(ExitRecord::decode(&mut cursor)?),
            2 => Self::Killed { pid: cursor.u32(WHAT)?, signal: cursor.u32(WHAT)?, at_us: cursor.u64(WHAT)? },
            3 => Self::Missed { dropped: cursor.u64(WHAT)?, unreadable: cursor.u64(WHAT)? },
            4 => Self::RootEnded(RootEnd::decode(&mut cursor)?),
            5 => Self::ListenerRefused { name: cursor.bytes(WHAT)?.to_vec() },
            _ => return Err(Malformed { what: WHAT }),
        };
        cursor.end(WHAT)?;
        Ok(frame)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_frame_survives_the_way_there_and_back_and_no_cut_of_it_does() {
        let record = ExitRecord {
            pid: 7,
            start_ticks: 1 << 40,
            ppid: 1,
            uid: 65534,
            at_us: u64::MAX,
            exit_code: 255,
            never_execed: true,
            shares_parent: false,
            vm_hwm_kb: Some(0),
            cpu_us: None,
            threads: Some(3),
            memory_map: u64::MAX,
            name: b"a b)\n".to_vec(),
            argv: b"cc\0-c\0\xff\0".to_vec(),
            argv_cut_from: Some(99_999),
            argv_hash: Some(u64::MAX),
        };
        for frame in [
            ExitFrame::Origin { started_us: 1, started_boot_us: 2, ticks_per_second: 100, root_pid: Some(7) },
            ExitFrame::Exited(record),
            ExitFrame::Exited(ExitRecord { shares_parent: true, ..ExitRecord::default() }),
            ExitFrame::Killed { pid: 3, signal: 9, at_us: 4 },
            ExitFrame::Missed { dropped: 5, unreadable: 6 },
            ExitFrame::RootEnded(RootEnd { wait_status: -1, at_us: 7, children_cpu_us: 8, launcher_cpu_us: 9 }),
            ExitFrame::ListenerRefused { name: b"bwrap".to_vec() },
        ] {
            let mut bytes = Vec::new();
            frame.encode(&mut bytes);
            assert_eq!(ExitFrame::decode(&bytes), Ok(frame));
            for cut in 0..bytes.len() {
                assert!(ExitFrame::decode(&bytes[..cut]).is_err(), "cut at {cut}");
            }
        }
    }

    #[test]
    fn version_1_did_not_tell_the_root() {
        let origin = ExitFrame::Origin { started_us: 1, started_boot_us: 2, ticks_per_second: 100, root_pid: None };
        assert_eq!(ExitFrame::decode(&[0, 1, 1, 2, 100]), Ok(origin));
    }
}
