//! Memory that was freed goes back to the system.

/// glibc keeps what is freed for later allocations, up to the largest it has seen. After a piece of work that needs far more than what follows that is
/// memory for nothing.
pub fn give_back() {
    // SAFETY: there is no precondition, and nothing that is in use is touched.
    #[cfg(target_env = "gnu")]
    unsafe {
        libc::malloc_trim(0);
    }
}
