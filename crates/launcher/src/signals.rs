//! Signals as messages: blocked, and read from a descriptor together with who sent them. All others that would end us are blocked, too: a build may
//! send them to its process group, which is ours, and without us it could not end.

use std::os::fd::{FromRawFd, OwnedFd};

const TAKEN: [libc::c_int; 6] = [libc::SIGINT, libc::SIGQUIT, libc::SIGTERM, libc::SIGHUP, libc::SIGUSR1, libc::SIGCHLD];

/// Our own defects, and the terminal's job control.
const NEVER_BLOCKED: [libc::c_int; 10] = [
    libc::SIGILL,
    libc::SIGTRAP,
    libc::SIGABRT,
    libc::SIGBUS,
    libc::SIGFPE,
    libc::SIGSEGV,
    libc::SIGSYS,
    libc::SIGTSTP,
    libc::SIGTTIN,
    libc::SIGTTOU,
];

pub(crate) struct Signals {
    descriptor: OwnedFd,
    /// The mask that the build inherits.
    original: libc::sigset_t,
}

pub(crate) enum Received {
    Interrupt,
    Terminate { signal: i32, sender: u32 },
    User1 { pid: i32 },
    ChildChanged,
}

impl Signals {
    /// Under nohup HUP is not taken but ignored: a blocked signal would be queued even so, and end the build.
    pub(crate) fn take(ignore_hup: bool) -> rustix::io::Result<Self> {
        let mut taken = empty_set();
        if ignore_hup {
            // SAFETY: SIG_IGN runs no code of ours.
            unsafe { libc::signal(libc::SIGHUP, libc::SIG_IGN) };
        }
        for signal in TAKEN.into_iter().filter(|&signal| signal != libc::SIGHUP || !ignore_hup) {
            // SAFETY: `taken` is an initialised set and the numbers are valid signals.
            unsafe { libc::sigaddset(&raw mut taken, signal) };
        }
        // Read and left out: each that is blocked and sent is queued, at the expense of the user's limit, which is the build's, too.
        for signal in libc::SIGRTMIN()..=libc::SIGRTMAX() {
            // SAFETY: as above.
            unsafe { libc::sigaddset(&raw mut taken, signal) };
        }
        let mut original = empty_set();
        let mut blocked = full_set();
        for signal in NEVER_BLOCKED {
            // SAFETY: `blocked` is an initialised set and the numbers are valid signals.
            unsafe { libc::sigdelset(&raw mut blocked, signal) };
        }
        // SAFETY: both sets are initialised and live during the call.
        if unsafe { libc::sigprocmask(libc::SIG_BLOCK, &raw const blocked, &raw mut original) } != 0 {
            return Err(last_errno());
        }
        // SAFETY: -1 asks for a new descriptor; the set is initialised.
        let raw = unsafe { libc::signalfd(-1, &raw const taken, libc::SFD_CLOEXEC | libc::SFD_NONBLOCK) };
        if raw < 0 {
            return Err(last_errno());
        }
        // SAFETY: the descriptor was just made and is owned by nobody else.
        Ok(Self { descriptor: unsafe { OwnedFd::from_raw_fd(raw) }, original })
    }

    pub(crate) fn descriptor(&self) -> &OwnedFd {
        &self.descriptor
    }

    pub(crate) fn original_mask(&self) -> &libc::sigset_t {
        &self.original
    }

    pub(crate) fn next(&self) -> Option<Received> {
        let mut bytes = [0u8; size_of::<libc::signalfd_siginfo>()];
        if rustix::io::read(&self.descriptor, &mut bytes).ok()? != bytes.len() {
            return None;
        }
        // SAFETY: the kernel fills whole structures of this type, which is plain integers; the read is unaligned-safe.
        let info = unsafe { std::ptr::read_unaligned(bytes.as_ptr().cast::<libc::signalfd_siginfo>()) };
        match info.ssi_signo.cast_signed() {
            libc::SIGINT | libc::SIGQUIT => Some(Received::Interrupt),
            signal @ (libc::SIGTERM | libc::SIGHUP) => Some(Received::Terminate { signal, sender: info.ssi_pid }),
            libc::SIGUSR1 => Some(Received::User1 { pid: info.ssi_pid.cast_signed() }),
            _ => Some(Received::ChildChanged),
        }
    }
}

pub(crate) fn empty_set() -> libc::sigset_t {
    let mut set = std::mem::MaybeUninit::uninit();
    // SAFETY: sigemptyset initialises the whole set.
    unsafe {
        libc::sigemptyset(set.as_mut_ptr());
        set.assume_init()
    }
}

pub(crate) fn full_set() -> libc::sigset_t {
    let mut set = std::mem::MaybeUninit::uninit();
    // SAFETY: sigfillset initialises the whole set.
    unsafe {
        libc::sigfillset(set.as_mut_ptr());
        set.assume_init()
    }
}

pub(crate) fn last_errno() -> rustix::io::Errno {
    rustix::io::Errno::from_io_error(&std::io::Error::last_os_error()).unwrap_or(rustix::io::Errno::INVAL)
}
