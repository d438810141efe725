//! What is read once of every new image.

use std::os::fd::AsFd;

use rustix::fs::{Mode, OFlags, openat};

use crate::stat::Stat;
use crate::{ARGV_CAP, Process, ReadError};

/// A process as it was when it was first seen, or after an exec.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts {
    /// Start time: clock ticks after boot. Together with the pid it identifies a process.
    pub start_ticks: u64,
    /// Parent.
    pub ppid: u32,
    /// Owner.
    pub uid: u32,
    /// `comm`, at most 15 bytes.
    pub name: Vec<u8>,
    /// Threads.
    pub threads: u32,
    /// Executable; empty where it may not be read.
    pub exe: Vec<u8>,
    /// Working directory; empty where it may not be read.
    pub cwd: Vec<u8>,
    /// A hash of where code and stack of its memory map lie, which is another one after every exec; 0 where it may not be read.
    pub memory_map: u64,
    /// Arguments.
    pub command_line: CommandLine,
}

/// /proc/PID/cmdline, cut at [`ARGV_CAP`].
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CommandLine {
    /// NUL-separated arguments. Empty in the middle of an exec, and for a process that has erased its own.
    pub bytes: Vec<u8>,
    /// Length and 64-bit FNV-1a hash of the whole, where it was cut.
    pub cut: Option<(u64, u64)>,
}

impl Process {
    /// Everything that identifies and describes the process now.
    pub fn facts(&self) -> Result<Facts, ReadError> {
        let stat = self.stat()?;
        let mut exe = Vec::new();
        let mut cwd = Vec::new();
        if !self.exe(&mut exe)? {
            exe.clear();
        }
        if !self.link("cwd", &mut cwd)? {
            cwd.clear();
        }
        Ok(Facts {
            start_ticks: stat.start_ticks,
            ppid: stat.ppid,
            uid: self.uid()?,
            name: stat.name,
            threads: stat.threads,
            exe,
            cwd,
            memory_map: stat.memory_map,
            command_line: self.command_line()?,
        })
    }

    /// The arguments now.
    pub fn command_line(&self) -> Result<CommandLine, ReadError> {
        let bytes = read_whole(self.file("cmdline")?, usize::MAX, || {}).map_err(|_| ReadError::Gone)?;
        Ok(CommandLine::new(bytes))
    }
}

/// A file of /proc from its start, up to `most` bytes or a chunk more. One read for nearly every process, because the kernel fills the buffer as far
/// as the file goes; `between` is called before each further one.
pub(crate) fn read_whole(file: impl AsFd, most: usize, mut between: impl FnMut()) -> Result<Vec<u8>, ReadError> {
    const CHUNK: usize = 4096;
    let mut bytes = Vec::new();
    loop {
        let filled = bytes.len();
        bytes.resize(filled + CHUNK, 0);
        let length = rustix::io::read(&file, &mut bytes[filled..])?;
        bytes.truncate(filled + length);
        if length < CHUNK || bytes.len() >= most {
            return Ok(bytes);
        }
        between();
    }
}

/// Fields 26 to 28 of /proc/PID/stat as one number. The kernel shows 1, 1 and 0 to those who may not know them.
pub(crate) fn memory_map(start_code: u64, end_code: u64, start_stack: u64) -> u64 {
    if start_stack == 0 {
        return 0;
    }
    fnv1a(&[start_code, end_code, start_stack].map(u64::to_le_bytes).concat())
}

/// /proc/PID/stat below the directory of a process, in one read.
pub(crate) fn stat(dir: impl AsFd) -> Result<Stat, ReadError> {
    let mut buffer = [0; 1024];
    let file = openat(dir, "stat", OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty())?;
    let length = rustix::io::read(file, &mut buffer)?;
    if length == 0 {
        return Err(ReadError::Gone);
    }
    Stat::parse(&buffer[..length])
}

impl CommandLine {
    pub(crate) fn new(mut bytes: Vec<u8>) -> Self {
        if bytes.len() <= ARGV_CAP {
            return Self { bytes, cut: None };
        }
        let cut = Some((bytes.len() as u64, fnv1a(&bytes)));
        // Cut at an argument's end, so that no argument is shown that was never given.
        let end = bytes[..ARGV_CAP].iter().rposition(|&byte| byte == 0).map_or(ARGV_CAP, |nul| nul + 1);
        bytes.truncate(end);
        bytes.shrink_to_fit();
        Self { bytes, cut }
    }
}

fn fnv1a(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, &byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_command_line_is_kept_as_it_is() {
        assert_eq!(CommandLine::new(b"cc\0-c\0a.c\0".to_vec()), CommandLine { bytes: b"cc\0-c\0a.c\0".to_vec(), cut: None });
    }

    #[test]
    fn a_long_one_is_cut_at_an_argument_and_says_how_long_it_was() {
        let argument = [vec![b'x'; 999], vec![0]].concat();
        let bytes = argument.repeat(100);
        let line = CommandLine::new(bytes.clone());
        assert_eq!(line.bytes.len(), 65_000);
        assert_eq!(line.cut, Some((100_000, fnv1a(&bytes))));
    }

    #[test]
    fn the_hash_is_fnv1a() {
        assert_eq!(fnv1a(b"foobar"), 0x8594_4171_f739_67e8);
    }
}
