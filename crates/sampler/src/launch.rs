//! Starting the launcher.

use std::ffi::OsString;
use std::os::fd::{AsRawFd, OwnedFd, RawFd};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command};

use rustix::net::{AddressFamily, SocketFlags, SocketType, socketpair};

use crate::caller::Caller;
use crate::session::EXITS_FILE;
use crate::{Events, Options, OutputMode, StartError};

/// The launcher, waiting for its go.
pub(crate) struct Launched {
    pub(crate) child: Child,
    pub(crate) socket: OwnedFd,
}

pub(crate) fn launch(options: &Options, caller: &Caller) -> Result<Launched, StartError> {
    let system = |errno: rustix::io::Errno| StartError::System("socketpair", errno.into());
    let (ours, theirs) = socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, SocketFlags::CLOEXEC, None).map_err(system)?;
    let mut command = Command::new(&options.launcher);
    command.args(arguments(options, caller, theirs.as_raw_fd()));
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

fn arguments(options: &Options, caller: &Caller, socket: RawFd) -> Vec<OsString> {
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
    if caller.ignores_hup {
        words.push("--ignore-hup".into());
    }
    let events = match options.events {
        Events::Auto => "auto",
        Events::Seccomp => "seccomp",
        Events::Poll => "poll",
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
