//! A command on a terminal of its own, for tests that have none.

use std::fs::File;
use std::io::{self, Read as _, Write as _};
use std::os::fd::{AsRawFd as _, FromRawFd as _, OwnedFd};
use std::process::ExitCode;
use std::ptr;

use crate::Failure;
use crate::args::Args;
use crate::process;

pub fn run(mut args: Args) -> Result<ExitCode, Failure> {
    let command = args.command()?;
    args.finish("pty")?;
    if command.is_empty() {
        return Err("pty needs a command after --".into());
    }
    let size = libc::winsize { ws_row: 24, ws_col: 80, ws_xpixel: 0, ws_ypixel: 0 };
    let mut terminal = -1;
    // SAFETY: the pointers are valid or null where that is allowed; the child below only execs or exits.
    let pid = unsafe { libc::forkpty(&raw mut terminal, ptr::null_mut(), ptr::null(), &raw const size) };
    match pid {
        -1 => return Err(io::Error::last_os_error().into()),
        0 => {
            let error = process::exec(&command);
            let _ = writeln!(io::stderr(), "mymonitor-burner: {error}");
            // SAFETY: ends the process.
            unsafe { libc::_exit(127) }
        }
        _ => {}
    }
    // SAFETY: forkpty has just opened it, nobody else owns it.
    let terminal = File::from(unsafe { OwnedFd::from_raw_fd(terminal) });
    relay(&terminal)?;
    Ok(ExitCode::from(process::wait(pid)?))
}

/// Copies stdin to the terminal and the terminal to stdout until no process has the terminal open.
fn relay(mut terminal: &File) -> io::Result<()> {
    let (mut stdin, mut stdout) = (io::stdin().lock(), io::stdout().lock());
    let wanted = |fd| libc::pollfd { fd, events: libc::POLLIN, revents: 0 };
    let mut polled = [wanted(terminal.as_raw_fd()), wanted(libc::STDIN_FILENO)];
    let mut buffer = [0; 4096];
    loop {
        // SAFETY: two valid entries; poll skips a negative descriptor.
        if unsafe { libc::poll(polled.as_mut_ptr(), 2, -1) } == -1 {
            return Err(io::Error::last_os_error());
        }
        if polled[0].revents != 0 {
            match terminal.read(&mut buffer) {
                Ok(0) => return Ok(()),
                Ok(length) => {
                    stdout.write_all(&buffer[..length])?;
                    stdout.flush()?;
                }
                // What Linux says once every copy of the other side is closed.
                Err(error) if error.raw_os_error() == Some(libc::EIO) => return Ok(()),
                Err(error) => return Err(error),
            }
        }
        if polled[1].revents != 0 {
            match stdin.read(&mut buffer)? {
                // No more input is not an end of file typed at the terminal.
                0 => polled[1].fd = -1,
                length => terminal.write_all(&buffer[..length])?,
            }
        }
    }
}
