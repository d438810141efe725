//! The filter that notifies `exit_group` and allows everything else.

use std::os::fd::{FromRawFd, OwnedFd, RawFd};

use rustix::io::Errno;

/// How the kernel takes the filter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Filter {
    flags: libc::c_ulong,
    /// `NO_NEW_PRIVS` has to be set first: no `CAP_SYS_ADMIN`.
    pub no_new_privs: bool,
}

impl Filter {
    /// Whether a signal cannot interrupt an exit whose notification was received (Linux 5.19).
    pub fn is_killable(self) -> bool {
        self.flags & libc::SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV != 0
    }

    /// Installs the filter on the calling thread; the listener is close-on-exec. Async-signal-safe.
    pub fn install(self) -> Result<RawFd, Errno> {
        if self.no_new_privs {
            // SAFETY: the call takes integers.
            unsafe { libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) };
        }
        #[expect(clippy::cast_possible_truncation, reason = "twelve instructions")]
        let program = libc::sock_fprog { len: PROGRAM.len() as libc::c_ushort, filter: PROGRAM.as_ptr().cast_mut() };
        // SAFETY: the kernel only reads the program, which is a constant.
        let listener = unsafe { libc::syscall(libc::SYS_seccomp, libc::SECCOMP_SET_MODE_FILTER, self.flags, &raw const program) };
        RawFd::try_from(listener).ok().filter(|&fd| fd >= 0).ok_or_else(last_errno)
    }
}

/// Finds out, on a thread that ends at once, how this process's children can be given the filter. Nothing else is changed. Where a signal
/// could interrupt an exit at any time (before Linux 5.19), only with `forced`.
///
/// # Errors
/// `EBUSY`: this process already runs under a listener. `EPERM`, `ENOSYS`: a container forbids it, or the kernel is built without it. `EINVAL`: the
/// kernel is older than 5.19 (5.0 with `forced`).
pub fn rehearse(forced: bool) -> Result<Filter, Errno> {
    std::thread::Builder::new()
        .stack_size(64 * 1024)
        .spawn(move || try_all(forced))
        .map_err(|_| Errno::AGAIN)?
        .join()
        .unwrap_or(Err(Errno::INVAL))
}

fn try_all(forced: bool) -> Result<Filter, Errno> {
    let newest =
        libc::SECCOMP_FILTER_FLAG_NEW_LISTENER | libc::SECCOMP_FILTER_FLAG_SPEC_ALLOW | libc::SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV;
    let oldest = libc::SECCOMP_FILTER_FLAG_NEW_LISTENER;
    let mut filter = Filter { flags: newest, no_new_privs: false };
    loop {
        match filter.install() {
            Ok(listener) => {
                // SAFETY: the descriptor was just made and is owned by nobody else. Without it the filter refuses exit_group, which a thread's end is not.
                drop(unsafe { OwnedFd::from_raw_fd(listener) });
                return Ok(filter);
            }
            Err(Errno::ACCESS) if !filter.no_new_privs => filter.no_new_privs = true,
            Err(Errno::INVAL) if forced && filter.flags != oldest => filter.flags = oldest,
            Err(errno) => return Err(errno),
        }
    }
}

pub(crate) fn last_errno() -> Errno {
    Errno::from_io_error(&std::io::Error::last_os_error()).unwrap_or(Errno::INVAL)
}

/// The number of the system call means nothing without the architecture: x86-64 programs may make 32-bit calls.
const PROGRAM: [libc::sock_filter; 12] = [
    load(4),
    skip_unless(0xc000_003e, 2), // AUDIT_ARCH_X86_64
    load(0),
    // x32 calls have bit 30 set and pass.
    notify_if(231, 7),
    skip_unless(0x4000_0003, 2), // AUDIT_ARCH_I386
    load(0),
    notify_if(252, 4),
    skip_unless(0xc000_00b7, 2), // AUDIT_ARCH_AARCH64
    load(0),
    notify_if(94, 1),
    give(libc::SECCOMP_RET_ALLOW),
    give(libc::SECCOMP_RET_USER_NOTIF),
];

/// A word of `struct seccomp_data`: 0 is the number, 4 the architecture.
const fn load(offset: u32) -> libc::sock_filter {
    instruction(libc::BPF_LD | libc::BPF_W | libc::BPF_ABS, 0, 0, offset)
}

/// Skips `count` instructions unless the loaded word is `value`.
const fn skip_unless(value: u32, count: u8) -> libc::sock_filter {
    instruction(libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K, 0, count, value)
}

/// To the last instruction, `distance` further on, if the loaded word is `value`, else to the one before it.
const fn notify_if(value: u32, distance: u8) -> libc::sock_filter {
    instruction(libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K, distance, distance - 1, value)
}

const fn give(action: u32) -> libc::sock_filter {
    instruction(libc::BPF_RET | libc::BPF_K, 0, 0, action)
}

#[expect(clippy::cast_possible_truncation, reason = "the codes are those of classic BPF, 16 bits wide")]
const fn instruction(code: u32, jt: u8, jf: u8, k: u32) -> libc::sock_filter {
    libc::sock_filter { code: code as u16, jt, jf, k }
}
