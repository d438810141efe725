//! Starting the launcher, and talking to it.

use std::ffi::OsString;
use std::os::fd::{AsRawFd, OwnedFd, RawFd};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command};

use mymonitor_recording::EXITS_FILE;
use mymonitor_wire::{Command as Order, Event};
use rustix::io::Errno;
use rustix::net::{
    AddressFamily, RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendFlags, SocketFlags, SocketType, recv, recvmsg, send,
    socketpair,
};
use rustix::process::Pid;

use crate::caller::Caller;
use crate::oom::Spared;
use crate::{Events, Options, OutputMode, StartError};

/// The launcher, waiting for its go.
pub(crate) struct Launched {
    pub(crate) child: Child,
    pub(crate) socket: OwnedFd,
}

/// What there is to read from it.
pub(crate) enum News {
    Event(Event),
    None,
    Gone,
}

impl Launched {
    pub(crate) fn tell(&self, command: Order) {
        let mut bytes = Vec::new();
        command.encode(&mut bytes);
        // A launcher that is gone shows as end of file where its news are read.
        let _ = send(&self.socket, &bytes, SendFlags::NOSIGNAL);
    }

    /// The first thing the launcher says, with the descriptors that come with it.
    pub(crate) fn first_event(&self) -> Option<(Event, Vec<OwnedFd>)> {
        let mut buffer = [0; 64];
        let mut space = [std::mem::MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(2))];
        let mut ancillary = RecvAncillaryBuffer::new(&mut space);
        let received = rustix::io::retry_on_intr(|| {
            let mut into = [std::io::IoSliceMut::new(&mut buffer)];
            recvmsg(&self.socket, &mut into, &mut ancillary, RecvFlags::CMSG_CLOEXEC)
        });
        let length = received.ok()?.bytes;
        let descriptors = ancillary.drain().flat_map(|message| match message {
            RecvAncillaryMessage::ScmRights(descriptors) => descriptors.collect(),
            _ => Vec::new(),
        });
        let descriptors = descriptors.collect();
        Some((Event::decode(&buffer[..length]).ok()?, descriptors))
    }

    /// The next thing it has said since.
    pub(crate) fn news(&self) -> News {
        loop {
            let mut buffer = [0; 64];
            match recv(&self.socket, &mut buffer, RecvFlags::DONTWAIT) {
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN) => return News::None,
                Ok((_, 0)) | Err(_) => return News::Gone,
                Ok((_, length)) => {
                    if let Ok(event) = Event::decode(&buffer[..length]) {
                        return News::Event(event);
                    }
                }
            }
        }
    }

    /// It ends with the last descendant. Behind a left-behind daemon a small thread waits, so that no zombie stays in a long-lived Node process.
    pub(crate) fn reap(&mut self) {
        if let Ok(None) = self.child.try_wait() {
            let pid = self.child.id();
            let _ = std::thread::Builder::new().name("mymonitor-wait".into()).stack_size(64 * 1024).spawn(move || {
                if let Some(pid) = Pid::from_raw(pid.cast_signed()) {
                    let _ = rustix::process::waitpid(Some(pid), rustix::process::WaitOptions::empty());
                }
            });
        }
    }
}

pub(crate) fn launch(options: &Options, caller: &Caller, spared: Option<&Spared>) -> Result<Launched, StartError> {
    let system = |errno: Errno| StartError::System("socketpair", errno.into());
    let (ours, theirs) = socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, SocketFlags::CLOEXEC, None).map_err(system)?;
    let mut command = Command::new(&options.launcher);
    command.args(arguments(options, caller, spared, theirs.as_raw_fd()));
    // Node has marked the standard descriptors close-on-exec too.
    let kept: Vec<RawFd> = [0, 1, 2, theirs.as_raw_fd()].into_iter().chain(caller.descriptors.iter().copied()).collect();
    // SAFETY: the closure runs in the forked child and makes only async-signal-safe calls on integers.
    unsafe {
        command.pre_exec(move || {
            for &fd in &kept {
                libc::fcntl(fd, libc::F_SETFD, 0);
            }
            Ok(())
        });
    }
    let child = command.spawn().map_err(|error| StartError::Launcher(options.launcher.clone(), error))?;
    Ok(Launched { child, socket: ours })
}

fn arguments(options: &Options, caller: &Caller, spared: Option<&Spared>, socket: RawFd) -> Vec<OsString> {
    let log = options.recording_dir.join("build_stdout.log");
    let mut words: Vec<OsString> = vec!["--socket".into(), socket.to_string().into()];
    words.extend(["--journal".into(), options.recording_dir.join(EXITS_FILE).into()]);
    words.extend(["--output".into(), mode(options.output).into()]);
    if options.output != OutputMode::Inherit {
        words.extend(["--log".into(), log.into()]);
    }
    if options.cwd != Path::new("") {
        words.extend(["--cwd".into(), options.cwd.clone().into()]);
    }
    if let Some(soft) = caller.nofile {
        words.extend(["--nofile".into(), soft.to_string().into()]);
    }
    if let Some(spared) = spared {
        words.extend(["--oom-score-adj".into(), spared.before().to_string().into()]);
    }
    if caller.ignores_hup {
        words.push("--ignore-hup".into());
    }
    if let Some(cpus) = &options.build_cpus {
        let numbers: Vec<_> = cpus.iter().map(u32::to_string).collect();
        words.extend(["--cpus".into(), numbers.join(",").into()]);
    }
    let events = match options.events {
        Events::Auto => "auto",
        Events::Seccomp => "seccomp",
        Events::Connector | Events::Poll => "poll",
    };
    words.extend(["--events".into(), events.into()]);
    if !options.store_argv {
        words.push("--no-argv".into());
    }
    words.push("--".into());
    words.extend(options.command.iter().cloned());
    words
}

fn mode(output: OutputMode) -> &'static str {
    match output {
        OutputMode::Inherit => "inherit",
        OutputMode::InheritLog => "inherit-log",
        OutputMode::Log => "log",
        OutputMode::LogShow => "log-show",
    }
}
