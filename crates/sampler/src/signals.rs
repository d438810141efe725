//! INT, QUIT, TERM and HUP of this process as messages that say whether a terminal or a process sent them.
//!
//! By hand and not by a library: Node installs handlers of its own that end the process, so they must be replaced and not chained, and put back
//! afterwards.

use std::os::fd::{AsRawFd, OwnedFd};
use std::sync::atomic::{AtomicI32, Ordering};

/// Where the handler writes; -1 outside a session.
static WRITE_END: AtomicI32 = AtomicI32::new(-1);

/// Signal, whether a process sent it, and which.
const MESSAGE: usize = 6;

/// One signal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Received {
    pub(crate) signal: i32,
    /// Who sent it by kill(2) and the like; `None`: the terminal.
    pub(crate) sender: Option<u32>,
}

/// What would end us, or make Node start its debugger, and means nothing to us: a build may send it to its process group, which is ours.
const MEANINGLESS: [i32; 8] =
    [libc::SIGUSR1, libc::SIGUSR2, libc::SIGALRM, libc::SIGVTALRM, libc::SIGPROF, libc::SIGIO, libc::SIGPWR, libc::SIGSTKFLT];

/// While it lives, the signals arrive here.
pub(crate) struct Signals {
    read: OwnedFd,
    _write: OwnedFd,
    previous: Vec<(i32, libc::sigaction)>,
}

impl Signals {
    pub(crate) fn take(with_hup: bool) -> std::io::Result<Self> {
        let flags = rustix::pipe::PipeFlags::CLOEXEC | rustix::pipe::PipeFlags::NONBLOCK;
        let (read, write) = rustix::pipe::pipe_with(flags)?;
        if WRITE_END.compare_exchange(-1, write.as_raw_fd(), Ordering::SeqCst, Ordering::SeqCst).is_err() {
            return Err(std::io::Error::other("another session of this process takes the signals already"));
        }
        let mut signals = Self { read, _write: write, previous: Vec::new() };
        for signal in [libc::SIGINT, libc::SIGQUIT, libc::SIGTERM, libc::SIGHUP] {
            if signal == libc::SIGHUP && !with_hup {
                continue;
            }
            signals.previous.push((signal, install(signal, handle as *const () as usize)?));
        }
        // By a handler and not SIG_IGN, which the launcher would inherit.
        for signal in MEANINGLESS.into_iter().chain(libc::SIGRTMIN()..=libc::SIGRTMAX()) {
            signals.previous.push((signal, install(signal, disregard as *const () as usize)?));
        }
        Ok(signals)
    }

    pub(crate) fn descriptor(&self) -> &OwnedFd {
        &self.read
    }

    pub(crate) fn next(&self) -> Option<Received> {
        let mut message = [0; MESSAGE];
        // So few bytes are written at once, which a pipe never splits.
        let length = rustix::io::read(&self.read, &mut message).ok()?;
        let [signal, by_process, pid @ ..] = message;
        (length == MESSAGE).then(|| Received { signal: signal.into(), sender: (by_process != 0).then(|| u32::from_le_bytes(pid)) })
    }
}

impl Drop for Signals {
    fn drop(&mut self) {
        for (signal, action) in self.previous.drain(..) {
            // SAFETY: `action` is what the kernel gave us for this signal.
            unsafe { libc::sigaction(signal, &raw const action, std::ptr::null_mut()) };
        }
        WRITE_END.store(-1, Ordering::SeqCst);
    }
}

fn install(signal: i32, handler: libc::sighandler_t) -> std::io::Result<libc::sigaction> {
    // SAFETY: all zeros is a valid sigaction; its fields are then set as sigaction(2) asks.
    let (mut action, mut previous): (libc::sigaction, libc::sigaction) = unsafe { std::mem::zeroed() };
    action.sa_sigaction = handler;
    action.sa_flags = libc::SA_SIGINFO | libc::SA_RESTART;
    // SAFETY: both structures live during the call, and the handler only makes async-signal-safe calls.
    if unsafe { libc::sigaction(signal, &raw const action, &raw mut previous) } != 0 {
        return Err(std::io::Error::last_os_error());
    }
    Ok(previous)
}

extern "C" fn disregard(_signal: i32) {}

extern "C" fn handle(signal: i32, info: *const libc::siginfo_t, _context: *const libc::c_void) {
    // SAFETY: with SA_SIGINFO the kernel passes a valid structure; errno is this thread's own and is put back; write(2) is async-signal-safe.
    unsafe {
        let errno = *libc::__errno_location();
        // Positive codes come from the kernel: a terminal's is SI_KERNEL.
        let by_process = u8::from((*info).si_code <= 0);
        let [a, b, c, d] = (*info).si_pid().to_le_bytes();
        let message: [u8; MESSAGE] = [u8::try_from(signal).unwrap_or(0), by_process, a, b, c, d];
        libc::write(WRITE_END.load(Ordering::SeqCst), message.as_ptr().cast(), message.len());
        *libc::__errno_location() = errno;
    }
}
