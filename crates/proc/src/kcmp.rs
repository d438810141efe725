use rustix::io::Errno;

/// Whether two processes run in one memory map.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SharedMemoryMap {
    /// They do: vfork or `posix_spawn` before the exec, or `clone(CLONE_VM)`.
    Yes,
    /// They do not.
    No,
    /// The kernel does not say: kcmp is not built in or not permitted.
    Unknown,
}

/// Asks the kernel by kcmp(2) whether `first` and `second` share their memory map.
pub fn same_memory_map(first: u32, second: u32) -> SharedMemoryMap {
    const KCMP_VM: libc::c_long = 1;
    // SAFETY: kcmp with KCMP_VM takes integers only and touches no memory of this process.
    let answer = unsafe { libc::syscall(libc::SYS_kcmp, libc::c_long::from(first), libc::c_long::from(second), KCMP_VM, 0, 0) };
    match answer {
        0 => SharedMemoryMap::Yes,
        -1 if matches!(last_errno(), Errno::SRCH) => SharedMemoryMap::No,
        -1 => SharedMemoryMap::Unknown,
        _ => SharedMemoryMap::No,
    }
}

fn last_errno() -> Errno {
    Errno::from_io_error(&std::io::Error::last_os_error()).unwrap_or(Errno::INVAL)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_shares_its_map_with_itself_and_not_with_its_child() {
        let own = std::process::id();
        let mut child = std::process::Command::new("sleep").arg("5").spawn().unwrap();
        let answers = (same_memory_map(own, own), same_memory_map(own, child.id()));
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(matches!(answers, (SharedMemoryMap::Yes, SharedMemoryMap::No) | (SharedMemoryMap::Unknown, SharedMemoryMap::Unknown)));
    }
}
