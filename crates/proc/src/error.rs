use rustix::io::Errno;

/// Why something under /proc could not be read. A process that has vanished is a normal outcome, not a fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReadError {
    /// The process does not exist any more.
    Gone,
    /// It exists, but this user may not read it.
    Denied,
    /// The content is not what the kernel's documentation promises.
    Malformed(&'static str),
    /// Anything else, such as no descriptor left (`EMFILE`).
    Other(Errno),
}

impl From<Errno> for ReadError {
    fn from(errno: Errno) -> Self {
        match errno {
            Errno::NOENT | Errno::SRCH => Self::Gone,
            Errno::ACCESS | Errno::PERM => Self::Denied,
            other => Self::Other(other),
        }
    }
}

impl std::fmt::Display for ReadError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Gone => write!(f, "the process is gone"),
            Self::Denied => write!(f, "permission denied"),
            Self::Malformed(what) => write!(f, "{what} is malformed"),
            Self::Other(errno) => write!(f, "{errno}"),
        }
    }
}

impl std::error::Error for ReadError {}
