//! How processes come about: from a worker thread, double-forked, sharing their parent's memory, by exec, in great number.

use std::ffi::CString;
use std::fs::File;
use std::io;
use std::process::ExitCode;
use std::thread::sleep;
use std::time::Duration;

use crate::Failure;
use crate::args::Args;
use crate::cohort::{self, Timing};
use crate::memory::Mapping;
use crate::process;

pub fn threads(mut args: Args) -> Result<ExitCode, Failure> {
    let sizes = args.sizes("sizes")?;
    let timing = Timing { stagger: args.time_or("stagger", 0)?, hold: args.time_or("hold", 1000)? };
    let report = args.finish("threads")?;
    std::thread::scope(|scope| {
        let worker = scope.spawn(|| cohort::run(&sizes, timing, Mapping::filled, |members| report.write(members, "")));
        worker.join().unwrap_or_else(|_| Err(io::Error::other("the worker thread panicked")))
    })?;
    Ok(ExitCode::SUCCESS)
}

pub fn daemon(mut args: Args) -> Result<ExitCode, Failure> {
    let size = args.size("size")?;
    let hold = args.time_or("hold", 1000)?;
    let linger = args.time_or("linger", 0)?;
    let report = args.finish("daemon")?;
    let (members, announced) = process::pipe()?;
    let parent = process::fork(|| {
        // SAFETY: takes no memory; it cannot fail in a fresh fork, which leads no process group.
        unsafe { libc::setsid() };
        process::fork(|| {
            let memory = cohort::announce(size, Mapping::filled, announced.try_clone()?)?;
            sleep(hold);
            drop(memory);
            Ok(0)
        })?;
        Ok(0)
    })?;
    process::wait(parent)?;
    drop(announced);
    report.write(&[cohort::receive(&mut File::from(members))?], "")?;
    sleep(linger);
    Ok(ExitCode::SUCCESS)
}

pub fn vfork(mut args: Args) -> Result<ExitCode, Failure> {
    let size = args.size("size")?;
    let held = args.time_or("held", 200)?;
    let command = args.command()?;
    let report = args.finish("vfork")?;
    let memory = Mapping::filled(size)?;
    let child = Held { time: held, command };
    let pid = clone_vfork(&child)?;
    report.write(&[], &format!(r#","size_kb":{},"child":{pid}"#, size / 1024))?;
    let status = process::wait(pid)?;
    drop(memory);
    Ok(ExitCode::from(status))
}

/// What the child of [`clone_vfork`] does: wait, then exec or exit.
struct Held {
    time: Duration,
    command: Vec<CString>,
}

/// As vfork(2): the child shares this process's memory and this thread stops until it execs or exits. vfork itself returns twice on one stack, which
/// Rust cannot express; clone gives the child a stack of its own.
fn clone_vfork(held: &Held) -> io::Result<libc::pid_t> {
    extern "C" fn child(held: *mut libc::c_void) -> libc::c_int {
        // SAFETY: the parent passes a Held that it keeps until this child has left its memory.
        let held = unsafe { &*held.cast::<Held>() };
        sleep(held.time);
        if held.command.is_empty() { 0 } else { process::exec(&held.command).raw_os_error().map_or(70, |_| 127) }
    }
    let mut stack = vec![0_u128; 64 * 1024 / size_of::<u128>()];
    let flags = libc::CLONE_VM | libc::CLONE_VFORK | libc::SIGCHLD;
    // SAFETY: the stack grows down from its aligned end and lives until clone returns, which CLONE_VFORK delays until the child has exec'ed or
    // exited; meanwhile nothing else runs in this single-threaded process. `child` never writes to the Held.
    let pid = unsafe { libc::clone(child, stack.as_mut_ptr_range().end.cast(), flags, std::ptr::from_ref(held).cast_mut().cast()) };
    if pid == -1 { Err(io::Error::last_os_error()) } else { Ok(pid) }
}

pub fn exec(mut args: Args) -> Result<ExitCode, Failure> {
    let size = args.size("size")?;
    let after = args.time_or("after", 500)?;
    let command = args.command()?;
    let report = args.finish("exec")?;
    let memory = Mapping::filled(size)?;
    report.write(&[], &format!(r#","size_kb":{}"#, size / 1024))?;
    sleep(after);
    let error = process::exec(&command);
    drop(memory);
    Err(error.into())
}

pub fn spawn(mut args: Args) -> Result<ExitCode, Failure> {
    let count = args.count_or("count", 100)?;
    let parallel = args.count_or("parallel", 1)?.max(1);
    let command = args.command()?;
    let report = args.finish("spawn")?;
    let mut live = std::collections::VecDeque::new();
    for _ in 0..count {
        if live.len() == parallel {
            live.pop_front().map_or(Ok(0), process::wait)?;
        }
        live.push_back(process::fork(|| if command.is_empty() { Ok(0) } else { Err(process::exec(&command)) })?);
    }
    for pid in live {
        process::wait(pid)?;
    }
    report.write(&[], &format!(r#","count":{count}"#))?;
    Ok(ExitCode::SUCCESS)
}
