//! Anonymous mappings and what the kernel says of them.

use std::fs::{self, File};
use std::io;
use std::os::fd::{AsRawFd as _, FromRawFd as _};
use std::ptr;

const PAGE: usize = 4096;

/// Who sees what is written to a mapping.
#[derive(Debug, Clone, Copy)]
pub enum Sharing {
    /// This process, and its forks until one of them writes.
    Private,
    /// This process and its forks.
    Shared,
}

/// An anonymous mapping without huge pages; it has no memory until it is touched.
#[derive(Debug)]
pub struct Mapping {
    start: *mut u8,
    bytes: usize,
}

impl Mapping {
    /// Maps `bytes`, of which nothing is resident yet.
    pub fn new(bytes: usize, sharing: Sharing) -> io::Result<Self> {
        if bytes == 0 {
            return Ok(Self { start: ptr::null_mut(), bytes });
        }
        let flags = match sharing {
            Sharing::Private => libc::MAP_PRIVATE,
            Sharing::Shared => libc::MAP_SHARED,
        };
        // SAFETY: an anonymous mapping at an address of the kernel's choice touches nothing that exists.
        let start = unsafe { libc::mmap(ptr::null_mut(), bytes, libc::PROT_READ | libc::PROT_WRITE, flags | libc::MAP_ANONYMOUS, -1, 0) };
        if start == libc::MAP_FAILED {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: the range was mapped above. A kernel built without huge pages says EINVAL, which is as good.
        unsafe { libc::madvise(start, bytes, libc::MADV_NOHUGEPAGE) };
        Ok(Self { start: start.cast(), bytes })
    }

    /// Maps `bytes` of a file, without a page of it so far.
    pub fn of_file(file: &File, bytes: usize) -> io::Result<Self> {
        // SAFETY: a mapping at an address of the kernel's choice touches nothing that exists.
        let start =
            unsafe { libc::mmap(ptr::null_mut(), bytes, libc::PROT_READ | libc::PROT_WRITE, libc::MAP_SHARED, file.as_raw_fd(), 0) };
        if start == libc::MAP_FAILED { Err(io::Error::last_os_error()) } else { Ok(Self { start: start.cast(), bytes }) }
    }

    /// Maps `bytes` of private memory and touches all of it.
    pub fn filled(bytes: usize) -> io::Result<Self> {
        let mapping = Self::new(bytes, Sharing::Private)?;
        mapping.touch(0, bytes);
        Ok(mapping)
    }

    /// Writes one non-zero byte to each page of `[from, to)`.
    pub fn touch(&self, from: usize, to: usize) {
        for offset in (from..to.min(self.bytes)).step_by(PAGE) {
            // SAFETY: offset < bytes, inside the mapping, which lives as long as self.
            unsafe { self.start.add(offset).write_volatile(0xA5) };
        }
    }

    /// Gives the memory of `[from, to)` back; the addresses stay mapped.
    pub fn release(&self, from: usize, to: usize) -> io::Result<()> {
        let to = to.min(self.bytes);
        if from >= to {
            return Ok(());
        }
        // SAFETY: the range is inside the mapping, nothing refers to its contents.
        let result = unsafe { libc::madvise(self.start.add(from).cast(), to - from, libc::MADV_DONTNEED) };
        if result == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
    }
}

impl Drop for Mapping {
    fn drop(&mut self) {
        if self.bytes > 0 {
            // SAFETY: mapped in new, not unmapped since, and no reference into it is ever given out.
            unsafe { libc::munmap(self.start.cast(), self.bytes) };
        }
    }
}

/// An unnamed file in memory; `flags` as for `memfd_create`.
pub fn memfd(bytes: usize, flags: libc::c_uint) -> io::Result<File> {
    // SAFETY: the name is a C string that outlives the call.
    let descriptor = unsafe { libc::memfd_create(c"burner".as_ptr(), flags) };
    if descriptor == -1 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: it has just been opened, nobody else owns it.
    let file = unsafe { File::from_raw_fd(descriptor) };
    file.set_len(bytes as u64)?;
    Ok(file)
}

/// What statm says of this process, KiB.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Resident {
    /// Resident set size.
    pub rss_kb: u64,
    /// Its file-backed and shared-memory part.
    pub shared_kb: u64,
}

impl Resident {
    /// Reads /proc/self/statm.
    pub fn read() -> io::Result<Self> {
        let text = fs::read_to_string("/proc/self/statm")?;
        let mut pages = text.split(' ').skip(1).map(|field| field.parse::<u64>().map_err(io::Error::other));
        let mut next = || pages.next().unwrap_or(Ok(0)).map(|pages| pages * (PAGE as u64 / 1024));
        Ok(Self { rss_kb: next()?, shared_kb: next()? })
    }
}

/// `VmHWM` of this process, KiB.
pub fn high_water_mark_kb() -> io::Result<u64> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let number = line.and_then(|rest| rest.trim().strip_suffix(" kB"));
    number.and_then(|number| number.parse().ok()).ok_or_else(|| io::Error::other("no VmHWM in /proc/self/status"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::process;

    const NOISE_KB: u64 = 1024;

    /// Runs `check` in a process of its own, whose memory no other test changes.
    fn alone(check: impl FnOnce() -> io::Result<bool>) {
        let child = process::fork(|| Ok(i32::from(!check()?))).unwrap();
        assert_eq!(process::wait(child).unwrap(), 0);
    }

    #[test]
    fn touched_memory_is_resident_and_released_memory_is_not() {
        alone(|| {
            let before = Resident::read()?.rss_kb;
            let mapping = Mapping::new(32 << 20, Sharing::Private)?;
            let mapped = Resident::read()?.rss_kb;
            mapping.touch(0, 32 << 20);
            let touched = Resident::read()?.rss_kb;
            mapping.release(8 << 20, 32 << 20)?;
            let shrunk = Resident::read()?.rss_kb;
            let grew_by = |now: u64, kb: u64| now.abs_diff(before + kb) < NOISE_KB;
            Ok(grew_by(mapped, 0) && grew_by(touched, 32 * 1024) && grew_by(shrunk, 8 * 1024))
        });
    }

    #[test]
    fn a_shared_mapping_counts_as_shared() {
        alone(|| {
            let before = Resident::read()?.shared_kb;
            let mapping = Mapping::new(16 << 20, Sharing::Shared)?;
            mapping.touch(0, 16 << 20);
            Ok(Resident::read()?.shared_kb.abs_diff(before + 16 * 1024) < NOISE_KB)
        });
    }
}
