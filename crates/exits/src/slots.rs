//! Notifications that were received and not yet answered, in memory that two processes share.

use std::os::fd::{AsFd, OwnedFd};
use std::ptr::NonNull;

use rustix::fs::{MemfdFlags, ftruncate, memfd_create};
use rustix::mm::{MapFlags, ProtFlags, mmap, munmap};

const BYTES: usize = 4096;

/// How many notifications can be received at a time; the others wait in the kernel.
pub(crate) const COUNT: usize = BYTES / size_of::<libc::seccomp_notif>();

/// A page of slots. A slot whose id is 0 is free (the kernel counts ids up from a random 64-bit number).
#[derive(Debug)]
pub struct Slots {
    memory: OwnedFd,
    first: NonNull<libc::seccomp_notif>,
}

// SAFETY: the memory is plain integers, and whoever holds the value is its only user in this process.
unsafe impl Send for Slots {}

impl Slots {
    /// New memory, all slots free.
    pub fn create() -> rustix::io::Result<Self> {
        let memory = memfd_create("mymonitor-exits", MemfdFlags::CLOEXEC)?;
        ftruncate(&memory, BYTES as u64)?;
        Self::open(memory)
    }

    /// The memory that another process made.
    pub fn open(memory: OwnedFd) -> rustix::io::Result<Self> {
        // SAFETY: a fresh mapping where the kernel likes; the file is as long as the mapping and never shrinks.
        let address =
            unsafe { mmap(std::ptr::null_mut(), BYTES, ProtFlags::READ | ProtFlags::WRITE, MapFlags::SHARED, memory.as_fd(), 0)? };
        let first = NonNull::new(address.cast()).ok_or(rustix::io::Errno::NOMEM)?;
        Ok(Self { memory, first })
    }

    /// The memory, to be shared.
    pub fn memory(&self) -> &OwnedFd {
        &self.memory
    }

    pub(crate) fn slot(&self, index: usize) -> *mut libc::seccomp_notif {
        assert!(index < COUNT, "slot {index}");
        // SAFETY: the index is inside the mapping.
        unsafe { self.first.as_ptr().add(index) }
    }

    pub(crate) fn read(&self, index: usize) -> libc::seccomp_notif {
        // SAFETY: any bytes are a valid value of the structure; the other process may write at any time, hence volatile.
        unsafe { self.slot(index).read_volatile() }
    }

    pub(crate) fn clear(&self, index: usize) {
        // SAFETY: all zeros is a valid value.
        unsafe { self.slot(index).write_volatile(std::mem::zeroed()) };
    }

    /// Ids of the notifications that wait for an answer.
    pub(crate) fn waiting(&self) -> impl Iterator<Item = u64> + '_ {
        (0..COUNT).map(|index| self.read(index).id).filter(|&id| id != 0)
    }
}

impl Drop for Slots {
    fn drop(&mut self) {
        // SAFETY: the mapping was made in `open` with this length, and no reference into it is left.
        let _ = unsafe { munmap(self.first.as_ptr().cast(), BYTES) };
    }
}
