//! Forking the build. By hand and not by `std::process::Command`, because the child must get exactly the caller's signal mask and limits, a failed
//! chdir must be told from a failed exec, and the filter of the exit records must be its last step before the exec.

use std::ffi::{CString, OsString};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};
use std::os::unix::ffi::OsStringExt;

use mymonitor_exits::Filter;
use mymonitor_proc::CpuSet;
use mymonitor_wire::StartStep;
use rustix::io::Errno;
use rustix::net::{
    AddressFamily, RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer, SendAncillaryMessage, SendFlags, SocketFlags,
    SocketType, recvmsg, sendmsg, socketpair,
};
use rustix::process::Pid;

use crate::args::Args;
use crate::signals::{Signals, last_errno};
use crate::tee::Outputs;

#[derive(Debug)]
pub(crate) struct StartFailure {
    pub(crate) errno: i32,
    pub(crate) step: StartStep,
}

impl From<Errno> for StartFailure {
    fn from(errno: Errno) -> Self {
        Self { errno: errno.raw_os_error(), step: StartStep::Exec }
    }
}

/// Everything the child needs, prepared before the fork: after it only async-signal-safe calls are allowed.
struct Child<'a> {
    argv: Vec<CString>,
    cwd: Option<CString>,
    stdio: [Option<RawFd>; 3],
    nofile: Option<u64>,
    oom_score_adj: Option<CString>,
    ignore_hup: bool,
    cpus: Option<&'a CpuSet>,
    mask: libc::sigset_t,
    filter: Option<Filter>,
}

const EXEC: u8 = 0;
const CHDIR: u8 = 1;
const FILTER: u8 = 2;
const READY: u8 = 3;
const AFFINITY: u8 = 4;

/// Forks the build. `forked` is given its pid and, with a filter, the listener: from then on every exit waits for an answer, that of a child whose
/// exec fails too. The child goes on only when `forked` has returned; when we are killed before, it kills itself, as nobody could let it exit.
pub(crate) fn start(
    args: &Args,
    outputs: &Outputs,
    signals: &Signals,
    filter: Option<Filter>,
    forked: impl FnOnce(Pid, Option<OwnedFd>),
) -> Result<Pid, StartFailure> {
    let null = rustix::fs::open("/dev/null", rustix::fs::OFlags::RDONLY | rustix::fs::OFlags::CLOEXEC, rustix::fs::Mode::empty())?;
    let child = Child {
        argv: args.command.iter().cloned().map(c_string).collect::<Result<_, _>>()?,
        cwd: args.cwd.clone().map(c_string).transpose()?,
        stdio: [(!args.output.keeps_stdin()).then(|| null.as_raw_fd()), outputs.stdout(), outputs.stderr()],
        nofile: args.nofile,
        oom_score_adj: args.oom_score_adj.map(|value| c_string(value.to_string().into())).transpose()?,
        ignore_hup: args.ignore_hup,
        cpus: args.cpus.as_ref(),
        mask: *signals.original_mask(),
        filter,
    };
    let mut argv: Vec<*const libc::c_char> = child.argv.iter().map(|word| word.as_ptr()).collect();
    argv.push(std::ptr::null());
    let (ours, theirs) = socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, SocketFlags::CLOEXEC, None)?;

    // SAFETY: no other thread runs yet, so the child may do what any process may; it keeps to async-signal-safe calls all the same.
    let pid = unsafe { libc::fork() };
    if pid == 0 {
        // SAFETY: called in the child right after the fork, with pointers into `child` and `argv`, which live until exec or exit.
        unsafe {
            // As long as the child held this end too, it would never learn that we are gone.
            libc::close(ours.as_raw_fd());
            become_the_build(&child, &argv, theirs.as_fd())
        }
    }
    if pid < 0 {
        return Err(last_errno().into());
    }
    drop(theirs);
    let root = Pid::from_raw(pid).ok_or(Errno::CHILD)?;
    let mut forked = Some(forked);
    // The socket closes at exec; then nothing is received.
    loop {
        match receive(&ours) {
            Some(FromChild::Ready(listener)) => {
                if let Some(forked) = forked.take() {
                    forked(root, listener);
                }
                let _ = rustix::net::send(&ours, &[READY], SendFlags::NOSIGNAL);
            }
            Some(FromChild::Failed(failure)) => {
                // SAFETY: `pid` is our child and ends now.
                unsafe { libc::waitpid(pid, std::ptr::null_mut(), 0) };
                return Err(failure);
            }
            None => return Ok(root),
        }
    }
}

enum FromChild {
    /// With the listener of its filter, if it has one.
    Ready(Option<OwnedFd>),
    Failed(StartFailure),
}

fn receive(socket: &OwnedFd) -> Option<FromChild> {
    let mut report = [0; 5];
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut ancillary = RecvAncillaryBuffer::new(&mut space);
    let received = rustix::io::retry_on_intr(|| {
        recvmsg(socket, &mut [rustix::io::IoSliceMut::new(&mut report)], &mut ancillary, RecvFlags::CMSG_CLOEXEC)
    });
    if received.ok()?.bytes == 0 {
        return None;
    }
    let listener = ancillary.drain().find_map(|message| match message {
        RecvAncillaryMessage::ScmRights(mut descriptors) => descriptors.next(),
        _ => None,
    });
    if report[0] == READY {
        return Some(FromChild::Ready(listener));
    }
    let errno = i32::from_le_bytes([report[1], report[2], report[3], report[4]]);
    let step = match report[0] {
        CHDIR => StartStep::Chdir,
        FILTER => StartStep::ExitRecords,
        AFFINITY => StartStep::Affinity,
        _ => StartStep::Exec,
    };
    Some(FromChild::Failed(StartFailure { errno, step }))
}

/// Says that the child is ready, and waits until it may go on. Allocates nothing: it is called between fork and exec.
fn is_let_go(launcher: BorrowedFd<'_>, listener: Option<BorrowedFd<'_>>) -> bool {
    let descriptors = listener.as_slice();
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut ancillary = SendAncillaryBuffer::new(&mut space);
    let is_attached = descriptors.is_empty() || ancillary.push(SendAncillaryMessage::ScmRights(descriptors));
    let mut answer = [0];
    is_attached
        && sendmsg(launcher, &[rustix::io::IoSlice::new(&[READY])], &mut ancillary, SendFlags::NOSIGNAL).is_ok()
        && rustix::io::retry_on_intr(|| rustix::net::recv(launcher, &mut answer, RecvFlags::empty())).is_ok()
        && answer[0] == READY
}

/// # Safety
/// Only in a freshly forked child; the pointers of `argv` must be valid and end with a null.
unsafe fn become_the_build(child: &Child<'_>, argv: &[*const libc::c_char], launcher: BorrowedFd<'_>) -> ! {
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
        if let Some(value) = &child.oom_score_adj {
            let file = libc::open(c"/proc/self/oom_score_adj".as_ptr(), libc::O_WRONLY | libc::O_CLOEXEC);
            libc::write(file, value.as_ptr().cast(), value.count_bytes());
            libc::close(file);
        }
        let mut step = EXEC;
        let mut errno = None;
        if child.cwd.as_ref().is_some_and(|cwd| libc::chdir(cwd.as_ptr()) != 0) {
            step = CHDIR;
        } else if child.cpus.is_some_and(|cpus| cpus.pin_this_thread().is_err()) {
            step = AFFINITY;
        } else if let Err(refusal) = prepare(child.filter, launcher) {
            step = FILTER;
            errno = Some(refusal.raw_os_error());
        } else {
            libc::sigprocmask(libc::SIG_SETMASK, &raw const child.mask, std::ptr::null_mut());
            libc::execvp(argv[0], argv.as_ptr());
        }
        let [a, b, c, d] = errno.unwrap_or(*libc::__errno_location()).to_le_bytes();
        let report = [step, a, b, c, d];
        libc::send(launcher.as_raw_fd(), report.as_ptr().cast(), report.len(), libc::MSG_NOSIGNAL);
        libc::_exit(125)
    }
}

/// The child's last step: the filter, and the word of the launcher that somebody serves it.
fn prepare(filter: Option<Filter>, launcher: BorrowedFd<'_>) -> Result<(), Errno> {
    let listener = filter.map(Filter::install).transpose()?;
    // SAFETY: the descriptor was just made, and nothing else in the child knows it.
    let listener = listener.map(|listener| unsafe { OwnedFd::from_raw_fd(listener) });
    if !is_let_go(launcher, listener.as_ref().map(AsFd::as_fd)) {
        // Nobody may be there to let it exit; a signal needs nobody.
        let _ = rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::KILL);
    }
    Ok(())
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

fn c_string(word: OsString) -> Result<CString, Errno> {
    CString::new(word.into_vec()).map_err(|_| Errno::INVAL)
}
