//! How a process ends and what it leaves on its output.

use std::io::{self, Write as _};
use std::process::ExitCode;
use std::thread::sleep;

use crate::Failure;
use crate::args::Args;

pub fn exit(mut args: Args) -> Result<ExitCode, Failure> {
    let after = args.time_or("after", 0)?;
    let signal = args.text("signal").map(|name| signal_number(&name)).transpose()?;
    let status = u8::try_from(args.count_or("status", 0)?)?;
    args.finish("exit")?.write(&[], "")?;
    sleep(after);
    if let Some(signal) = signal {
        // SAFETY: restores the default action (a caller may have it ignored) and sends the signal to this process itself.
        unsafe {
            libc::signal(signal, libc::SIG_DFL);
            libc::raise(signal);
        }
    }
    Ok(ExitCode::from(status))
}

fn signal_number(name: &str) -> Result<i32, Failure> {
    match name {
        "HUP" => Ok(libc::SIGHUP),
        "INT" => Ok(libc::SIGINT),
        "QUIT" => Ok(libc::SIGQUIT),
        "ABRT" => Ok(libc::SIGABRT),
        "KILL" => Ok(libc::SIGKILL),
        "SEGV" => Ok(libc::SIGSEGV),
        "TERM" => Ok(libc::SIGTERM),
        _ => Err(format!("signal={name}: one of HUP, INT, QUIT, ABRT, KILL, SEGV, TERM").into()),
    }
}

pub fn print(mut args: Args) -> Result<ExitCode, Failure> {
    let mut left = args.size("size")?;
    let chunk = args.size_or("chunk", 64 << 10)?;
    let target = args.text("to").unwrap_or_else(|| "stdout".to_owned());
    let report = args.finish("print")?;
    let (to_stdout, to_stderr) = match target.as_str() {
        "stdout" => (true, false),
        "stderr" => (false, true),
        "both" => (true, true),
        _ => return Err(format!("to={target}: one of stdout, stderr, both").into()),
    };
    report.write(&[], "")?;
    let text = lines(chunk);
    let (mut stdout, mut stderr) = (unbuffered_stdout()?, io::stderr());
    while left > 0 {
        let part = &text[..left.min(text.len())];
        if to_stdout {
            stdout.write_all(part)?;
        }
        if to_stderr {
            stderr.write_all(part)?;
        }
        left -= part.len();
    }
    Ok(ExitCode::SUCCESS)
}

/// `bytes` of text in lines of 80, numbered so that a lost or repeated part shows.
fn lines(bytes: usize) -> Vec<u8> {
    let mut text = (0..).flat_map(|number: u32| format!("{number:079}\n").into_bytes()).take(bytes.max(1)).collect::<Vec<_>>();
    if let Some(last) = text.last_mut() {
        *last = b'\n';
    }
    text
}

/// std's stdout is buffered by lines: 64 KiB of lines would still be one write, but a part of a line would wait.
fn unbuffered_stdout() -> io::Result<std::fs::File> {
    use std::os::fd::AsFd as _;
    Ok(io::stdout().as_fd().try_clone_to_owned()?.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_has_the_asked_length_and_ends_with_a_line() {
        for bytes in [1, 79, 80, 81, 4096] {
            let text = lines(bytes);
            assert_eq!(text.len(), bytes);
            assert_eq!(text.last(), Some(&b'\n'));
        }
    }
}
