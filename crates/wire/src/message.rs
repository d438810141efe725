//! What sampler and launcher say to each other over their socket, one message a datagram (`SOCK_SEQPACKET`).

use crate::codec::{Cursor, Malformed, put_i64, put_u64};

/// Sampler to launcher.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Command {
    /// The sampler is armed: fork the build now. End of file before this message means "no build".
    Go,
    /// A signal that a process sent to mymonitor: INT and QUIT go to the root, TERM and HUP to every descendant until none is left.
    Signal(i32),
    /// KILL to every descendant until none is left.
    Kill,
}

/// Launcher to sampler. Times are microseconds of `CLOCK_MONOTONIC`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// The root exists; the time was taken just before the fork.
    Started {
        /// The build's root process.
        pid: u32,
        /// When.
        at_us: u64,
    },
    /// The root could not be executed.
    ExecFailed {
        /// The `errno` of execve or chdir.
        errno: i32,
        /// Whether changing to the working directory failed, not the exec.
        chdir: bool,
    },
    /// The root said that its setup is done: phase `build` begins.
    PhaseMark {
        /// When.
        at_us: u64,
    },
    /// The root has ended. Also the content of `exits.journal`.
    RootExited {
        /// As `waitpid` gives it.
        wait_status: i32,
        /// When.
        at_us: u64,
        /// User and system CPU time of all descendants that were waited for, microseconds.
        children_cpu_us: u64,
        /// The launcher's own CPU time so far, microseconds.
        launcher_cpu_us: u64,
    },
}

impl Command {
    /// Appends the message to `out`.
    pub fn encode(self, out: &mut Vec<u8>) {
        match self {
            Self::Go => out.push(0),
            Self::Signal(signal) => {
                out.push(1);
                put_i64(out, signal.into());
            }
            Self::Kill => out.push(2),
        }
    }

    /// Reads one message.
    pub fn decode(bytes: &[u8]) -> Result<Self, Malformed> {
        const WHAT: &str = "command to the launcher";
        let mut cursor = Cursor::new(bytes);
        let command = match cursor.u8(WHAT)? {
            0 => Self::Go,
            1 => Self::Signal(cursor.i32(WHAT)?),
            2 => Self::Kill,
            _ => return Err(Malformed { what: WHAT }),
        };
        cursor.end(WHAT)?;
        Ok(command)
    }
}

impl Event {
    /// Appends the message to `out`.
    pub fn encode(self, out: &mut Vec<u8>) {
        match self {
            Self::Started { pid, at_us } => {
                out.push(0);
                put_u64(out, pid.into());
                put_u64(out, at_us);
            }
            Self::ExecFailed { errno, chdir } => {
                out.push(1);
                put_i64(out, errno.into());
                out.push(chdir.into());
            }
            Self::PhaseMark { at_us } => {
                out.push(2);
                put_u64(out, at_us);
            }
            Self::RootExited { wait_status, at_us, children_cpu_us, launcher_cpu_us } => {
                out.push(3);
                put_i64(out, wait_status.into());
                put_u64(out, at_us);
                put_u64(out, children_cpu_us);
                put_u64(out, launcher_cpu_us);
            }
        }
    }

    /// Reads one message.
    pub fn decode(bytes: &[u8]) -> Result<Self, Malformed> {
        const WHAT: &str = "event of the launcher";
        let mut cursor = Cursor::new(bytes);
        let event = match cursor.u8(WHAT)? {
            0 => Self::Started { pid: cursor.u32(WHAT)?, at_us: cursor.u64(WHAT)? },
            1 => Self::ExecFailed { errno: cursor.i32(WHAT)?, chdir: cursor.u8(WHAT)? != 0 },
            2 => Self::PhaseMark { at_us: cursor.u64(WHAT)? },
            3 => Self::RootExited {
                wait_status: cursor.i32(WHAT)?,
                at_us: cursor.u64(WHAT)?,
                children_cpu_us: cursor.u64(WHAT)?,
                launcher_cpu_us: cursor.u64(WHAT)?,
            },
            _ => return Err(Malformed { what: WHAT }),
        };
        cursor.end(WHAT)?;
        Ok(event)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_message_survives_the_way_there_and_back() {
        for command in [Command::Go, Command::Signal(2), Command::Signal(15), Command::Kill] {
            let mut bytes = Vec::new();
            command.encode(&mut bytes);
            assert_eq!(Command::decode(&bytes), Ok(command));
        }
        for event in [
            Event::Started { pid: 4_194_304, at_us: u64::MAX },
            Event::ExecFailed { errno: 2, chdir: true },
            Event::PhaseMark { at_us: 0 },
            Event::RootExited { wait_status: -1, at_us: 7, children_cpu_us: 8, launcher_cpu_us: 9 },
        ] {
            let mut bytes = Vec::new();
            event.encode(&mut bytes);
            assert_eq!(Event::decode(&bytes), Ok(event));
            assert!(Event::decode(&bytes[..bytes.len() - 1]).is_err());
        }
    }
}
