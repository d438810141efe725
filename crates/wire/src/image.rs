//! An image in the journal: its facts when it is first seen, its end.

use crate::codec::{Cursor, Malformed, put_bytes, put_i64, put_option, put_u64};

/// A new image: a process first seen, or one that was seen to exec. A second start of a known `process_id` replaces its facts (the command
/// line of a process that was caught in the middle of its exec).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ImageStart {
    /// Number of the image in this recording, from 0.
    pub process_id: u32,
    /// Process id.
    pub pid: u32,
    /// Field 22 of /proc/PID/stat: clock ticks after boot.
    pub start_ticks: u64,
    /// How many changes of image were seen before this one.
    pub exec_count: u32,
    /// Parent process id when first seen.
    pub ppid: u32,
    /// The parent's image, if it is in the recording.
    pub parent_id: Option<u32>,
    /// Owner.
    pub uid: u32,
    /// Start of the process (a clock tick is 10 ms); of an image after an exec the tick that saw it. Microseconds after the build's start.
    pub start_us: i64,
    /// Matched by pattern, not a descendant.
    pub outside_tree: bool,
    /// Which memory map it runs in, a hash of where its code and stack lie: exec makes another one. 0 where it could not be read.
    pub memory_map: u64,
    /// `comm` of the kernel.
    pub name: Vec<u8>,
    /// Target of /proc/PID/exe; empty where it could not be read.
    pub exe: Vec<u8>,
    /// Target of /proc/PID/cwd; empty where it could not be read.
    pub cwd: Vec<u8>,
    /// /proc/PID/cmdline, NUL-separated, cut at 64 KiB.
    pub argv: Vec<u8>,
    /// Length of the whole command line, where it was cut.
    pub argv_cut_from: Option<u64>,
    /// 64-bit FNV-1a of the whole command line, where it was cut.
    pub argv_hash: Option<u64>,
}

/// How an image ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// Seen to be gone; how is known only from an exit record.
    Lost,
    /// Ended by exit.
    Exited,
    /// Ended by a signal.
    Signalled,
    /// Became the next image of the same process.
    Execed,
    /// Was there when the recording ended.
    Alive,
}

/// An image's last frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ImageEnd {
    /// Which image.
    pub process_id: u32,
    /// First instant at which it was known gone; microseconds after the build's start.
    pub end_us: i64,
    /// How it ended.
    pub end: End,
    /// Exit code, where known.
    pub exit_code: Option<u32>,
    /// Signal that ended it, where known.
    pub signal: Option<u32>,
    /// CPU time, microseconds, where known.
    pub cpu_us: Option<u64>,
    /// `VmHWM` in KiB from an exit record; without one the reader takes the largest sample.
    pub vm_hwm_kb: Option<u64>,
    /// Largest number of threads seen, where known.
    pub threads: Option<u32>,
}

impl ImageStart {
    pub(crate) fn encode(&self, out: &mut Vec<u8>) {
        put_u64(out, self.process_id.into());
        put_u64(out, self.pid.into());
        put_u64(out, self.start_ticks);
        put_u64(out, self.exec_count.into());
        put_u64(out, self.ppid.into());
        put_option(out, self.parent_id.map(u64::from));
        put_u64(out, self.uid.into());
        put_i64(out, self.start_us);
        out.push(self.outside_tree.into());
        put_u64(out, self.memory_map);
        for text in [&self.name, &self.exe, &self.cwd, &self.argv] {
            put_bytes(out, text);
        }
        put_option(out, self.argv_cut_from);
        // A hash uses all 64 bits, so it cannot be stored as `value + 1`; it is there exactly when the length is.
        put_u64(out, self.argv_hash.unwrap_or(0));
    }

    pub(crate) fn decode(cursor: &mut Cursor<'_>) -> Result<Self, Malformed> {
        const WHAT: &str = "start of an image";
        let mut image = Self {
            process_id: cursor.u32(WHAT)?,
            pid: cursor.u32(WHAT)?,
            start_ticks: cursor.u64(WHAT)?,
            exec_count: cursor.u32(WHAT)?,
            ppid: cursor.u32(WHAT)?,
            parent_id: option_u32(cursor, WHAT)?,
            uid: cursor.u32(WHAT)?,
            start_us: cursor.i64(WHAT)?,
            outside_tree: cursor.u8(WHAT)? != 0,
            memory_map: cursor.u64(WHAT)?,
            name: cursor.bytes(WHAT)?.to_vec(),
            exe: cursor.bytes(WHAT)?.to_vec(),
            cwd: cursor.bytes(WHAT)?.to_vec(),
            argv: cursor.bytes(WHAT)?.to_vec(),
            argv_cut_from: cursor.option(WHAT)?,
            argv_hash: None,
        };
        let hash = cursor.u64(WHAT)?;
        image.argv_hash = image.argv_cut_from.map(|_| hash);
        Ok(image)
    }
}

impl ImageEnd {
    pub(crate) fn encode(&self, out: &mut Vec<u8>) {
        put_u64(out, self.process_id.into());
        put_i64(out, self.end_us);
        out.push(match self.end {
            End::Lost => 0,
            End::Exited => 1,
            End::Signalled => 2,
            End::Execed => 3,
            End::Alive => 4,
        });
        put_option(out, self.exit_code.map(u64::from));
        put_option(out, self.signal.map(u64::from));
        put_option(out, self.cpu_us);
        put_option(out, self.vm_hwm_kb);
        put_option(out, self.threads.map(u64::from));
    }

    pub(crate) fn decode(cursor: &mut Cursor<'_>) -> Result<Self, Malformed> {
        const WHAT: &str = "end of an image";
        Ok(Self {
            process_id: cursor.u32(WHAT)?,
            end_us: cursor.i64(WHAT)?,
            end: match cursor.u8(WHAT)? {
                0 => End::Lost,
                1 => End::Exited,
                2 => End::Signalled,
                3 => End::Execed,
                4 => End::Alive,
                _ => return Err(Malformed { what: WHAT }),
            },
            exit_code: option_u32(cursor, WHAT)?,
            signal: option_u32(cursor, WHAT)?,
            cpu_us: cursor.option(WHAT)?,
            vm_hwm_kb: cursor.option(WHAT)?,
            threads: option_u32(cursor, WHAT)?,
        })
    }
}

pub(crate) fn option_u32(cursor: &mut Cursor<'_>, what: &'static str) -> Result<Option<u32>, Malformed> {
    cursor.option(what)?.map(u32::try_from).transpose().map_err(|_| Malformed { what })
}
