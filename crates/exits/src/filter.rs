//! The filter that notifies `exit_group`, and who asks for a listener of its own, and allows everything else.

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
        #[expect(clippy::cast_possible_truncation, reason = "some twenty instructions")]
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

/// Where the program goes on.
const LISTENER: u8 = 13;
const ALLOW: u8 = 21;
const NOTIFY: u8 = 22;

/// The number of the system call means nothing without the architecture: x86-64 programs may make 32-bit calls. x32 calls have bit 30 set and pass.
///
/// Of seccomp(2) only what asks for a listener is notified, which the kernel refuses below this one: nothing is lost where the notification fails.
/// Without a filter it is libseccomp's question whether the kernel knows the flag.
const PROGRAM: [libc::sock_filter; 23] = [
    load(4),
    when_equal(1, 0xc000_003e, 2, 5), // AUDIT_ARCH_X86_64
    load(0),
    when_equal(3, 231, NOTIFY, 4),       // exit_group
    when_equal(4, 317, LISTENER, ALLOW), // seccomp
    when_equal(5, 0x4000_0003, 6, 9),    // AUDIT_ARCH_I386
    load(0),
    when_equal(7, 252, NOTIFY, 8),
    when_equal(8, 354, LISTENER, ALLOW),
    when_equal(9, 0xc000_00b7, 10, ALLOW), // AUDIT_ARCH_AARCH64
    load(0),
    when_equal(11, 94, NOTIFY, 12),
    when_equal(12, 277, LISTENER, ALLOW),
    load(argument(0)),
    when_equal(14, libc::SECCOMP_SET_MODE_FILTER, 15, ALLOW),
    load(argument(1)),
    when_any(16, NEW_LISTENER, 17, ALLOW),
    load(argument(2)),
    when_equal(18, 0, 19, NOTIFY),
    load(argument(2) + 4),
    when_equal(20, 0, ALLOW, NOTIFY),
    give(libc::SECCOMP_RET_ALLOW),
    give(libc::SECCOMP_RET_USER_NOTIF),
];

#[expect(clippy::cast_possible_truncation, reason = "a flag of the lower word")]
const NEW_LISTENER: u32 = libc::SECCOMP_FILTER_FLAG_NEW_LISTENER as u32;

/// Whether a notification is one of seccomp(2): its numbers are those of no `exit_group`.
pub(crate) fn asks_for_a_listener(notification: &libc::seccomp_notif) -> bool {
    matches!(notification.data.nr, 317 | 354 | 277)
}

/// A word of `struct seccomp_data`: 0 is the number, 4 the architecture.
const fn load(offset: u32) -> libc::sock_filter {
    instruction(libc::BPF_LD | libc::BPF_W | libc::BPF_ABS, 0, 0, offset)
}

/// Where the lower word of an argument is: all three architectures are little-endian.
const fn argument(index: u32) -> u32 {
    16 + 8 * index
}

/// The instruction at index `at`: goes to index `yes` if the loaded word is `value`, else to `no`.
const fn when_equal(at: u8, value: u32, yes: u8, no: u8) -> libc::sock_filter {
    instruction(libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K, yes - at - 1, no - at - 1, value)
}

/// The same if the loaded word has any bit of `bits`.
const fn when_any(at: u8, bits: u32, yes: u8, no: u8) -> libc::sock_filter {
    instruction(libc::BPF_JMP | libc::BPF_JSET | libc::BPF_K, yes - at - 1, no - at - 1, bits)
}

const fn give(action: u32) -> libc::sock_filter {
    instruction(libc::BPF_RET | libc::BPF_K, 0, 0, action)
}

#[expect(clippy::cast_possible_truncation, reason = "the codes are those of classic BPF, 16 bits wide")]
const fn instruction(code: u32, jt: u8, jf: u8, k: u32) -> libc::sock_filter {
    libc::sock_filter { code: code as u16, jt, jf, k }
}

#[cfg(test)]
mod tests {
    use super::*;

    const X86_64: u32 = 0xc000_003e;
    const I386: u32 = 0x4000_0003;
    const AARCH64: u32 = 0xc000_00b7;

    /// What the kernel's interpreter makes of a call.
    fn action(arch: u32, number: u32, arguments: [u64; 3]) -> u32 {
        let word = |offset: u32| match offset {
            0 => number,
            4 => arch,
            _ => u32::try_from(arguments[(offset as usize - 16) / 8] >> (offset % 8 * 8) & u64::from(u32::MAX)).unwrap(),
        };
        let (mut at, mut loaded) = (0, 0);
        loop {
            let libc::sock_filter { code, jt, jf, k } = PROGRAM[at];
            at += 1;
            let condition = match u32::from(code) {
                libc::BPF_RET => return k,
                code if code & 0x07 == libc::BPF_LD => {
                    loaded = word(k);
                    continue;
                }
                code if code & 0xf0 == libc::BPF_JEQ => loaded == k,
                _ => loaded & k != 0,
            };
            at += usize::from(if condition { jt } else { jf });
        }
    }

    #[test]
    fn exit_group_is_notified_on_every_architecture_and_nothing_else_of_its_number() {
        for (arch, number) in [(X86_64, 231), (I386, 252), (AARCH64, 94)] {
            for other in [X86_64, I386, AARCH64, 0] {
                let expected = if other == arch { libc::SECCOMP_RET_USER_NOTIF } else { libc::SECCOMP_RET_ALLOW };
                assert_eq!(action(other, number, [0; 3]), expected, "{number} on {other:x}");
            }
        }
        assert_eq!(action(X86_64, 231 + (1 << 30), [0; 3]), libc::SECCOMP_RET_ALLOW);
    }

    #[test]
    fn of_seccomp_only_what_asks_for_a_listener_with_a_filter_is_notified() {
        let program = 0x7fff_0000_0000;
        for (arch, number) in [(X86_64, 317), (I386, 354), (AARCH64, 277)] {
            let of = |arguments| action(arch, number, arguments) == libc::SECCOMP_RET_USER_NOTIF;
            assert!(of([1, 8, 0x1000]) && of([1, 8 | 1 | 32, program]), "{arch:x}");
            assert!(![[1, 8, 0], [1, 7, program], [0, 8, program], [2, 8, program]].into_iter().any(of), "{arch:x}");
        }
    }
}
