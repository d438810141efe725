//! Processes that are started some time apart and are then all alive together.

use std::fs::File;
use std::io::{self, Read as _, Write as _};
use std::os::fd::OwnedFd;
use std::thread::sleep;
use std::time::Duration;

use crate::memory::Resident;
use crate::process;
use crate::report::Member;

/// When the processes of a cohort start and how long they stay.
#[derive(Debug, Clone, Copy)]
pub struct Timing {
    /// Between two starts.
    pub stagger: Duration,
    /// From the moment when all have their memory until they are let go.
    pub hold: Duration,
}

/// Forks one process for each of `sizes`; each runs `allocate(size)`, keeps what that returns and reports itself. `all_alive` is called with all of
/// them once the last one has its memory, then they stay for `timing.hold`. They also end when this process does.
pub fn run<M>(
    sizes: &[usize],
    timing: Timing,
    allocate: impl Fn(usize) -> io::Result<M>,
    all_alive: impl FnOnce(&[Member]) -> io::Result<()>,
) -> io::Result<()> {
    let (reports, report) = process::pipe()?;
    let (let_go, keep) = process::pipe()?;
    let mut parent_ends = Some((keep, report));
    let mut pids = Vec::new();
    for &size in sizes {
        if !pids.is_empty() {
            sleep(timing.stagger);
        }
        pids.push(process::fork(|| {
            // The child's copies: the end of `let_go` has to come when the parent closes it or dies, the end of `reports` when no child can write.
            let (keep, report) = parent_ends.take().ok_or(io::ErrorKind::NotFound)?;
            drop(keep);
            let memory = announce(size, &allocate, report)?;
            let _ended = File::from(let_go.try_clone()?).read(&mut [0])?;
            drop(memory);
            Ok(0)
        })?);
    }
    let keep = parent_ends.take().map(|(keep, _report)| keep);
    let mut reports = File::from(reports);
    let members = sizes.iter().map(|_| receive(&mut reports)).collect::<io::Result<Vec<_>>>()?;
    all_alive(&members)?;
    sleep(timing.hold);
    drop(keep);
    for pid in pids {
        process::wait(pid)?;
    }
    Ok(())
}

/// Allocates and sends a [`Member`] of this process to `report`.
pub fn announce<M>(size: usize, allocate: impl Fn(usize) -> io::Result<M>, report: OwnedFd) -> io::Result<M> {
    let base = Resident::read()?;
    let memory = allocate(size)?;
    let member = Member { pid: process::pid(), size_kb: (size / 1024) as u64, base, full: Resident::read()? };
    File::from(report).write_all(&member.to_bytes())?;
    Ok(memory)
}

/// Reads what [`announce`] sent.
pub fn receive(reports: &mut File) -> io::Result<Member> {
    let mut bytes = [0; Member::BYTES];
    reports.read_exact(&mut bytes).map_err(|error| io::Error::other(format!("a process of the scenario failed: {error}")))?;
    Member::from_bytes(&bytes)
}
