//! Forks, waits and pipes: the few system calls that std does not offer.

use std::ffi::CString;
use std::io;
use std::os::fd::{FromRawFd as _, OwnedFd};
use std::ptr;

/// Forks; the child runs `body` and ends with the status it returns, or 70 if it failed.
///
/// The child of a process with several threads has only this one: `body` may not wait for another.
pub fn fork(body: impl FnOnce() -> io::Result<i32>) -> io::Result<libc::pid_t> {
    // SAFETY: the child runs `body` alone and leaves by _exit, so no destructor or exit handler of the parent's runs twice.
    match unsafe { libc::fork() } {
        -1 => Err(io::Error::last_os_error()),
        0 => {
            let status = body().unwrap_or(70);
            // SAFETY: ends the process.
            unsafe { libc::_exit(status) }
        }
        pid => Ok(pid),
    }
}

/// How a child ended, as a shell would say it: its status, or 128 + the signal.
pub fn wait(pid: libc::pid_t) -> io::Result<u8> {
    let mut status = 0;
    loop {
        // SAFETY: `status` is a valid place for the answer.
        if unsafe { libc::waitpid(pid, &raw mut status, 0) } != -1 {
            break;
        }
        let error = io::Error::last_os_error();
        if error.kind() != io::ErrorKind::Interrupted {
            return Err(error);
        }
    }
    let code = if libc::WIFSIGNALED(status) { 128 + libc::WTERMSIG(status) } else { libc::WEXITSTATUS(status) };
    u8::try_from(code).map_err(io::Error::other)
}

/// A pipe as (reading end, writing end); both are closed on exec.
pub fn pipe() -> io::Result<(OwnedFd, OwnedFd)> {
    let mut ends = [0; 2];
    // SAFETY: `ends` has room for two descriptors.
    if unsafe { libc::pipe2(ends.as_mut_ptr(), libc::O_CLOEXEC) } == -1 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: pipe2 has just opened both, nobody else owns them.
    Ok(unsafe { (OwnedFd::from_raw_fd(ends[0]), OwnedFd::from_raw_fd(ends[1])) })
}

/// Replaces this process; returns only if that failed.
pub fn exec(command: &[CString]) -> io::Error {
    let Some(program) = command.first() else { return io::Error::other("no command to exec") };
    let argv: Vec<_> = command.iter().map(|word| word.as_ptr()).chain([ptr::null()]).collect();
    // SAFETY: argv is an array of NUL-terminated strings that ends with a null pointer and outlives the call.
    unsafe { libc::execvp(program.as_ptr(), argv.as_ptr()) };
    io::Error::last_os_error()
}

/// The process id of this process.
pub fn pid() -> u32 {
    std::process::id()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_status_of_a_child_is_the_one_it_returned() {
        assert_eq!(wait(fork(|| Ok(7)).unwrap()).unwrap(), 7);
        assert_eq!(wait(fork(|| Err(io::Error::other("no"))).unwrap()).unwrap(), 70);
    }

    #[test]
    fn a_child_that_dies_by_a_signal_gives_128_and_the_signal() {
        let killed = fork(|| {
            // SAFETY: a signal to this process itself.
            unsafe { libc::raise(libc::SIGKILL) };
            Ok(0)
        });
        assert_eq!(wait(killed.unwrap()).unwrap(), 128 + 9);
    }
}
