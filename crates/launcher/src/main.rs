//! The build's parent, and the one owner of what must outlive mymonitor.
//!
//! It is started by the sampler, says nothing and opens nothing of its own in the build. It is the subreaper, so double-forked orphans stay in
//! the tree; it forks the build when the sampler is armed, serves the exit records, waits, passes signals on, and reports the final status over its
//! socket and in `exits.journal`. When mymonitor dies, it goes on until the last descendant has ended, so that the build never notices.
//!
//! When the launcher is killed, mymonitor starts it once more, as the successor that only serves exits (`successor.rs`).
//!
//! Exit status of its own: 0 after everything was waited for, 125 when the build was not started.

mod args;
mod build;
mod exits;
mod reaper;
mod signals;
mod successor;
mod tee;
mod terminate;

use std::os::fd::{BorrowedFd, OwnedFd};
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use mymonitor_exits::Journal;
use mymonitor_proc::{ProcRoot, is_below};
use mymonitor_wire::{Command, Event, ExitFrame, RootEnd, StartStep};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::net::{SendAncillaryBuffer, SendAncillaryMessage, SendFlags};
use rustix::process::Pid;
use rustix::time::ClockId;

use crate::args::{Args, Serve};
use crate::reaper::{Reaped, Reaper};
use crate::signals::{Received, Signals};
use crate::tee::Tee;
use crate::terminate::Termination;

const NOT_STARTED: u8 = 125;
/// How often the tee is asked whether it has passed everything on.
const DRAIN_EVERY: Timespec = Timespec { tv_sec: 0, tv_nsec: 2_000_000 };

fn main() -> ExitCode {
    // Half a launcher would hold up every exit, and nobody would take over from it.
    std::panic::set_hook(Box::new(|_| std::process::abort()));
    let words: Vec<_> = std::env::args_os().skip(1).collect();
    let parsed = match Serve::parse(&words) {
        Some(serve) => serve.map(|serve| {
            successor::serve(serve);
            ExitCode::SUCCESS
        }),
        None => Args::parse(words.into_iter()).map(|args| run(args).unwrap_or(ExitCode::from(NOT_STARTED))),
    };
    match parsed {
        Ok(code) => code,
        Err(message) => {
            // Only a person who starts the launcher by hand gets here.
            let _ = rustix::io::write(rustix::stdio::stderr(), format!("mymonitor-launcher: {message}\n").as_bytes());
            ExitCode::from(NOT_STARTED)
        }
    }
}

fn run(args: Args) -> rustix::io::Result<ExitCode> {
    rustix::io::fcntl_setfd(&args.socket, rustix::io::FdFlags::CLOEXEC)?;
    rustix::process::set_child_subreaper(Some(rustix::process::getpid()))?;
    let signals = Signals::take(args.ignore_hup)?;
    // Tells `mymonitor recover` that the build still runs; where a file system has no locks, nobody can ask either.
    let _ = rustix::fs::flock(&args.journal, rustix::fs::FlockOperation::NonBlockingLockExclusive);
    let journal = Journal::new(rustix::io::fcntl_dupfd_cloexec(&args.journal, 3)?);
    let prepared = exits::prepare(&args, &journal);
    let Some(Command::Go) = receive(&args.socket) else {
        return Ok(ExitCode::from(NOT_STARTED));
    };
    let not_started = |errno, step| {
        send(Some(&args.socket), Event::NotStarted { errno, step });
        Ok(ExitCode::from(NOT_STARTED))
    };
    let mut exits = match prepared {
        Ok(exits) => exits,
        Err(errno) => return not_started(errno.raw_os_error(), StartStep::ExitRecords),
    };

    let outputs = tee::prepare(&args)?;
    let started_us = now_us(ClockId::Monotonic);
    let started_boot_us = now_us(ClockId::Boottime);
    let (filter, exit_records) = (exits.filter(), exits.state());
    let forked = |root: Pid, listener: Option<OwnedFd>| {
        let pid = root.as_raw_nonzero().get().cast_unsigned();
        let ticks_per_second = rustix::param::clock_ticks_per_second();
        journal.append(&ExitFrame::Origin { started_us, started_boot_us, ticks_per_second, root_pid: Some(pid) });
        if let Some(listener) = listener {
            exits.begin(listener);
        }
        send_with(Some(&args.socket), Event::Forked { pid, at_us: started_us, exit_records }, &exits.to_share());
        exits.forget_shared();
        journal.write_in_background();
        journal.flush();
    };
    let root = match build::start(&args, &outputs, &signals, filter, forked) {
        Ok(root) => root,
        Err(failure) => return not_started(failure.errno, failure.step),
    };
    send(Some(&args.socket), Event::Started);
    let tee = outputs.pump();
    serve(args.socket, &journal, &signals, &mut Reaper::new(root), tee)?;
    exits.wait_until_over();
    journal.flush();
    Ok(ExitCode::SUCCESS)
}

/// Waits, passes signals on and reports, until no descendant is left.
fn serve(socket: OwnedFd, journal: &Arc<Journal>, signals: &Signals, reaper: &mut Reaper, mut tee: Tee) -> rustix::io::Result<()> {
    let mut sampler = Some(socket);
    let mut termination = Termination::default();
    // The root's end, while what it wrote is still being passed on.
    let mut ending: Option<(i32, u64)> = None;
    loop {
        wait_for_news(signals, sampler.as_ref(), if ending.is_some() { Some(DRAIN_EVERY) } else { termination.next_step() })?;
        while let Some(received) = signals.next() {
            match received {
                // INT and QUIT of the terminal reach the build by the terminal; those of a process come as a command.
                // What the build sends to its own process group, which is ours, has reached whom it was meant for.
                Received::Terminate { signal, sender } if sender.cast_signed() != reaper.root_pid() && !is_of_the_build(sender) => {
                    termination.begin(signal);
                }
                Received::User1 { pid } if pid == reaper.root_pid() => {
                    send(sampler.as_ref(), Event::PhaseMark { at_us: now_us(ClockId::Monotonic) });
                }
                Received::Interrupt | Received::Terminate { .. } | Received::ChildChanged | Received::User1 { .. } => {}
            }
        }
        if let Some(socket) = &sampler {
            match poll_command(socket) {
                Ok(Some(Command::Signal(signal))) if signal == libc::SIGINT || signal == libc::SIGQUIT => reaper.signal_root(signal),
                Ok(Some(Command::Signal(signal))) => termination.begin(signal),
                Ok(Some(Command::Kill)) => termination.kill(),
                Ok(None | Some(Command::Go)) => {}
                // mymonitor is gone; the build must not notice.
                Err(Closed) => sampler = None,
            }
        }
        let killed = |pid, signal| journal.append(&ExitFrame::Killed { pid, signal, at_us: now_us(ClockId::Monotonic) });
        if let Reaped::Root { wait_status } = reaper.reap(killed) {
            ending = Some((wait_status, now_us(ClockId::Monotonic)));
            tee.drain();
        }
        // A reader that does not read may keep the build waiting, but not a build that was told to end.
        if let Some((wait_status, at_us)) = ending.take_if(|_| tee.is_drained() || termination.is_killing()) {
            report_end(sampler.as_ref(), journal, wait_status, at_us);
        }
        if ending.is_none() && matches!(reaper.reap(killed), Reaped::Last) {
            return Ok(());
        }
        termination.step();
    }
}

fn is_of_the_build(pid: u32) -> bool {
    ProcRoot::open(Path::new("/proc")).is_ok_and(|proc| is_below(&proc, pid, std::process::id()))
}

fn report_end(sampler: Option<&OwnedFd>, journal: &Arc<Journal>, wait_status: i32, at_us: u64) {
    let end = RootEnd { wait_status, at_us, children_cpu_us: reaper::children_cpu_us(), launcher_cpu_us: reaper::own_cpu_us() };
    journal.append(&ExitFrame::RootEnded(end));
    journal.flush();
    if reaper::someone_is_left() {
        let_go_of_the_caller();
    }
    send(sampler, Event::RootEnded(end));
}

fn wait_for_news(signals: &Signals, sampler: Option<&OwnedFd>, timeout: Option<Timespec>) -> rustix::io::Result<()> {
    let mut fds = vec![PollFd::new(signals.descriptor(), PollFlags::IN)];
    if let Some(socket) = sampler {
        fds.push(PollFd::new(socket, PollFlags::IN));
    }
    match poll(&mut fds, timeout.as_ref()) {
        Ok(_) | Err(rustix::io::Errno::INTR) => Ok(()),
        Err(errno) => Err(errno),
    }
}

/// A daemon that the build leaves behind must not keep the caller's terminal or pipes open through us.
fn let_go_of_the_caller() {
    let null = rustix::fs::open("/dev/null", rustix::fs::OFlags::RDWR | rustix::fs::OFlags::CLOEXEC, rustix::fs::Mode::empty());
    if let Ok(null) = null {
        let _ = rustix::stdio::dup2_stdin(&null);
        let _ = rustix::stdio::dup2_stdout(&null);
        let _ = rustix::stdio::dup2_stderr(&null);
    }
    build::close_inherited();
    let _ = rustix::process::chdir("/");
    // Fails only for a process group leader, which we are not unless a person started us by hand.
    let _ = rustix::process::setsid();
}

struct Closed;

fn poll_command(socket: &OwnedFd) -> Result<Option<Command>, Closed> {
    let mut buffer = [0; 64];
    match rustix::net::recv(socket, &mut buffer, rustix::net::RecvFlags::DONTWAIT) {
        Ok((_, 0)) => Err(Closed),
        Ok((_, length)) => Ok(Command::decode(&buffer[..length]).ok()),
        Err(rustix::io::Errno::AGAIN | rustix::io::Errno::INTR) => Ok(None),
        Err(_) => Err(Closed),
    }
}

fn receive(socket: &OwnedFd) -> Option<Command> {
    let mut buffer = [0; 64];
    let (_, length) = rustix::io::retry_on_intr(|| rustix::net::recv(socket, &mut buffer, rustix::net::RecvFlags::empty())).ok()?;
    Command::decode(&buffer[..length]).ok()
}

fn send(socket: Option<&OwnedFd>, event: Event) {
    send_with(socket, event, &[]);
}

fn send_with(socket: Option<&OwnedFd>, event: Event, descriptors: &[BorrowedFd<'_>]) {
    let Some(socket) = socket else { return };
    let mut bytes = Vec::new();
    event.encode(&mut bytes);
    let mut space = [std::mem::MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(2))];
    let mut ancillary = SendAncillaryBuffer::new(&mut space);
    if !descriptors.is_empty() {
        ancillary.push(SendAncillaryMessage::ScmRights(descriptors));
    }
    // A sampler that is stopped or gone must never hold up the build; the journal has what counts.
    let _ = rustix::net::sendmsg(socket, &[std::io::IoSlice::new(&bytes)], &mut ancillary, SendFlags::DONTWAIT | SendFlags::NOSIGNAL);
}

fn now_us(clock: ClockId) -> u64 {
    let now = rustix::time::clock_gettime(clock);
    now.tv_sec.cast_unsigned() * 1_000_000 + now.tv_nsec.cast_unsigned() / 1000
}
