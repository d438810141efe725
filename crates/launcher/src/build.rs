//! Forking the build. By hand and not by `std::process::Command`, because the child must get exactly the caller's signal mask and limits, and a
//! failed chdir must be told from a failed exec.

use std::ffi::{CString, OsString};
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};
use std::os::unix::ffi::OsStringExt;

use rustix::process::Pid;

use crate::args::Args;
use crate::signals::{Signals, last_errno};
use crate::tee::Outputs;

#[derive(Debug)]
pub(crate) struct StartFailure {
    pub(crate) errno: i32,
    pub(crate) chdir: bool,
}

impl From<rustix::io::Errno> for StartFailure {
    fn from(errno: rustix::io::Errno) -> Self {
        Self { errno: errno.raw_os_error(), chdir: false }
    }
}

/// Everything the child needs, prepared before the fork: after it only async-signal-safe calls are allowed.
struct Child {
    argv: Vec<CString>,
    cwd: Option<CString>,
    stdio: [Option<RawFd>; 3],
    nofile: Option<u64>,
    ignore_hup: bool,
    mask: libc::sigset_t,
}

const CHDIR: u8 = 1;
const EXEC: u8 = 0;

pub(crate) fn start(args: &Args, outputs: &Outputs, signals: &Signals) -> Result<Pid, StartFailure> {
    let null = rustix::fs::open("/dev/null", rustix::fs::OFlags::RDONLY | rustix::fs::OFlags::CLOEXEC, rustix::fs::Mode::empty())?;
    let child = Child {
        argv: args.command.iter().cloned().map(c_string).collect::<Result<_, _>>()?,
        cwd: args.cwd.clone().map(c_string).transpose()?,
        stdio: [(!args.output.keeps_stdin()).then(|| null.as_raw_fd()), outputs.stdout(), outputs.stderr()],
        nofile: args.nofile,
        ignore_hup: args.ignore_hup,
        mask: *signals.original_mask(),
    };
    let mut argv: Vec<*const libc::c_char> = child.argv.iter().map(|word| word.as_ptr()).collect();
    argv.push(std::ptr::null());
    let (failed_read, failed_write) = rustix::pipe::pipe_with(rustix::pipe::PipeFlags::CLOEXEC)?;

    // SAFETY: no other thread runs yet, so the child may do what any process may; it keeps to async-signal-safe calls all the same.
    let pid = unsafe { libc::fork() };
    if pid == 0 {
        // SAFETY: called in the child right after the fork, with pointers into `child` and `argv`, which live until exec or exit.
        unsafe { become_the_build(&child, &argv, failed_write.as_raw_fd()) }
    }
    if pid < 0 {
        return Err(last_errno().into());
    }
    drop(failed_write);
    let mut report = [0; 5];
    // The pipe closes at exec; then nothing is read.
    let length = rustix::io::retry_on_intr(|| rustix::io::read(&failed_read, &mut report)).unwrap_or(0);
    if length == report.len() {
        // SAFETY: `pid` is our child and ends now.
        unsafe { libc::waitpid(pid, std::ptr::null_mut(), 0) };
        let errno = i32::from_le_bytes([report[1], report[2], report[3], report[4]]);
        return Err(StartFailure { errno, chdir: report[0] == CHDIR });
    }
    Pid::from_raw(pid).ok_or(StartFailure { errno: libc::ECHILD, chdir: false })
}

/// # Safety
/// Only in a freshly forked child; the pointers of `argv` must be valid and end with a null.
unsafe fn become_the_build(child: &Child, argv: &[*const libc::c_char], failed: RawFd) -> ! {
    // SAFETY: plain system calls on integers and on C strings that live until exec.
    unsafe {
        for signal in 1..=libc::SIGRTMAX() {
            if signal != libc::SIGKILL && signal != libc::SIGSTOP {
                let ignored = signal == libc::SIGHUP && child.ignore_hup;
                libc::signal(signal, if ignored { libc::SIG_IGN } else { libc::SIG_DFL });
            }
        }
        for (number, source) in (0..).zip(child.stdio) {
            if let Some(source) = source {
                libc::dup2(source, number);
            }
        }
        if let Some(soft) = child.nofile {
            let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
            if libc::getrlimit(libc::RLIMIT_NOFILE, &raw mut limit) == 0 {
                limit.rlim_cur = soft.min(limit.rlim_max);
                libc::setrlimit(libc::RLIMIT_NOFILE, &raw const limit);
            }
        }
        let mut step = EXEC;
        if child.cwd.as_ref().is_none_or(|cwd| libc::chdir(cwd.as_ptr()) == 0) {
            libc::sigprocmask(libc::SIG_SETMASK, &raw const child.mask, std::ptr::null_mut());
            libc::execvp(argv[0], argv.as_ptr());
        } else {
            step = CHDIR;
        }
        let [a, b, c, d] = (*libc::__errno_location()).to_le_bytes();
        let report = [step, a, b, c, d];
        libc::write(failed, report.as_ptr().cast(), report.len());
        libc::_exit(125)
    }
}

/// Closes every descriptor that the caller left open for the build; our own are close-on-exec.
pub(crate) fn close_inherited() {
    let Ok(entries) = std::fs::read_dir("/proc/self/fd") else { return };
    let numbers: Vec<RawFd> = entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok()).collect();
    for number in numbers.into_iter().filter(|&number| number > 2) {
        // SAFETY: F_GETFD only asks; a number that is not open gives -1.
        let flags = unsafe { libc::fcntl(number, libc::F_GETFD) };
        if flags >= 0 && flags & libc::FD_CLOEXEC == 0 {
            // SAFETY: without close-on-exec it was inherited, so nothing in this process owns it.
            drop(unsafe { OwnedFd::from_raw_fd(number) });
        }
    }
}

fn c_string(word: OsString) -> Result<CString, rustix::io::Errno> {
    CString::new(word.into_vec()).map_err(|_| rustix::io::Errno::INVAL)
}
