//! What sampler and launcher say to each other over their socket, one message a datagram (`SOCK_SEQPACKET`).

use crate::codec::{Cursor, Malformed, put_i64, put_u64};
use crate::exits::RootEnd;

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
    /// The root's process exists, and waits until this was sent; the time was taken just before the fork. With [`ExitRecords::On`] two descriptors
    /// come with it: the listener, and the memory of its slots.
    Forked {
        /// The build's root process.
        pid: u32,
        /// When.
        at_us: u64,
        /// Whether exits are recorded.
        exit_records: ExitRecords,
    },
    /// It runs the build.
    Started,
    /// The root could not be executed.
    NotStarted {
        /// The `errno` of what failed.
        errno: i32,
        /// What failed.
        step: StartStep,
    },
    /// The root said that its setup is done: phase `build` begins.
    PhaseMark {
        /// When.
        at_us: u64,
    },
    /// The root has ended. `exits.journal` has it too.
    RootEnded(RootEnd),
}

/// Whether the launcher serves exit records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExitRecords {
    /// Not asked for.
    Off,
    /// It does.
    On {
        /// A signal cannot interrupt an exit once its notification was received (`WAIT_KILLABLE_RECV`, Linux 5.19).
        killable: bool,
        /// `NO_NEW_PRIVS` had to be set: programs of the build gain no privilege at exec.
        no_new_privs: bool,
    },
    /// The kernel refused.
    Refused {
        /// The `errno` of the refusal.
        errno: i32,
    },
}

/// A step on the way to the running build.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StartStep {
    /// `execve`.
    Exec,
    /// `chdir` to the working directory.
    Chdir,
    /// Exit records were demanded, and the kernel refused them.
    ExitRecords,
    /// `sched_setaffinity` to the CPUs that were asked for.
    Affinity,
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
            Self::Forked { pid, at_us, exit_records } => {
                out.push(0);
                put_u64(out, pid.into());
                put_u64(out, at_us);
                exit_records.encode(out);
            }
            Self::NotStarted { errno, step } => {
                out.push(1);
                put_i64(out, errno.into());
                out.push(match step {
                    StartStep::Exec => 0,
                    StartStep::Chdir => 1,
                    StartStep::ExitRecords => 2,
                    StartStep::Affinity => 3,
                });
            }
            Self::PhaseMark { at_us } => {
                out.push(2);
                put_u64(out, at_us);
            }
            Self::Started => out.push(4),
            Self::RootEnded(end) => {
                out.push(3);
                end.encode(out);
            }
        }
    }

    /// Reads one message.
    pub fn decode(bytes: &[u8]) -> Result<Self, Malformed> {
        const WHAT: &str = "event of the launcher";
        let mut cursor = Cursor::new(bytes);
        let event = match cursor.u8(WHAT)? {
            0 => Self::Forked { pid: cursor.u32(WHAT)?, at_us: cursor.u64(WHAT)?, exit_records: ExitRecords::decode(&mut cursor)? },
            1 => Self::NotStarted {
                errno: cursor.i32(WHAT)?,
                step: match cursor.u8(WHAT)? {
                    0 => StartStep::Exec,
                    1 => StartStep::Chdir,
                    2 => StartStep::ExitRecords,
                    3 => StartStep::Affinity,
                    _ => return Err(Malformed { what: WHAT }),
                },
            },
            2 => Self::PhaseMark { at_us: cursor.u64(WHAT)? },
            3 => Self::RootEnded(RootEnd::decode(&mut cursor)?),
            4 => Self::Started,
            _ => return Err(Malformed { what: WHAT }),
        };
        cursor.end(WHAT)?;
        Ok(event)
    }
}

impl ExitRecords {
    fn encode(self, out: &mut Vec<u8>) {
        match self {
            Self::Off => out.push(0),
            Self::On { killable, no_new_privs } => out.extend([1, u8::from(killable) | u8::from(no_new_privs) << 1]),
            Self::Refused { errno } => {
                out.push(2);
                put_i64(out, errno.into());
            }
        }
    }

    fn decode(cursor: &mut Cursor<'_>) -> Result<Self, Malformed> {
        const WHAT: &str = "state of the exit records";
        match cursor.u8(WHAT)? {
            0 => Ok(Self::Off),
            1 => {
                let flags = cursor.u8(WHAT)?;
                Ok(Self::On { killable: flags & 1 != 0, no_new_privs: flags & 2 != 0 })
            }
            2 => Ok(Self::Refused { errno: cursor.i32(WHAT)? }),
            _ => Err(Malformed { what: WHAT }),
        }
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
            Event::Started,
            Event::Forked { pid: 4_194_304, at_us: u64::MAX, exit_records: ExitRecords::Off },
            Event::Forked { pid: 1, at_us: 0, exit_records: ExitRecords::On { killable: true, no_new_privs: false } },
            Event::Forked { pid: 1, at_us: 0, exit_records: ExitRecords::Refused { errno: 16 } },
            Event::NotStarted { errno: 2, step: StartStep::Chdir },
            Event::NotStarted { errno: 1, step: StartStep::ExitRecords },
            Event::NotStarted { errno: 22, step: StartStep::Affinity },
            Event::PhaseMark { at_us: 0 },
            Event::RootEnded(RootEnd { wait_status: -1, at_us: 7, children_cpu_us: 8, launcher_cpu_us: 9 }),
        ] {
            let mut bytes = Vec::new();
            event.encode(&mut bytes);
            assert_eq!(Event::decode(&bytes), Ok(event));
            assert!(Event::decode(&bytes[..bytes.len() - 1]).is_err());
        }
    }
}
