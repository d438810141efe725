//! What is settled before anything of the build is made.

use std::path::PathBuf;

use rustix::process::{Pid, PidfdFlags, pidfd_open};

use crate::connector::Connector;
use crate::outcome::ConnectorState;
use crate::state::State;
use crate::{Events, StartError};

/// A demanded source that is refused keeps the build from being started.
pub(super) fn connect(events: Events) -> Result<(Option<Connector>, ConnectorState), StartError> {
    match events {
        Events::Auto => {
            Ok(Connector::open().map_or_else(|refusal| (None, ConnectorState::Refused(refusal)), |open| (Some(open), ConnectorState::On)))
        }
        Events::Connector => Connector::open().map(|open| (Some(open), ConnectorState::On)).map_err(StartError::Connector),
        Events::Seccomp | Events::Poll => Ok((None, ConnectorState::Off)),
    }
}

/// There is no launcher, and its descriptor tells when the root ends.
pub(super) fn attach(pid: u32, state: &mut State) -> Result<(), StartError> {
    let opened = Pid::from_raw(pid.cast_signed()).ok_or(rustix::io::Errno::SRCH).and_then(|pid| pidfd_open(pid, PidfdFlags::empty()));
    state.root = Some(opened.map_err(|errno| StartError::Attach(pid, errno.into()))?);
    state.root_pid = pid;
    state.launcher_is_gone = true;
    Ok(())
}

pub(super) fn remove(path: PathBuf) {
    let _ = std::fs::remove_file(path);
}
