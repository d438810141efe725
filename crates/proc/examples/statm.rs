//! Why `statm` and the host's files are parsed here and not by procfs: CPU time of one read on kept descriptors, hot and at 20 Hz.
//!
//! `cargo run --profile fast -p mymonitor-proc --example statm` prints each figure, the ratio to ours, and what was measured.

use std::error::Error;
use std::io::{Cursor, Write};
use std::path::Path;
use std::process::{Child, Command};
use std::time::Duration;

use mymonitor_proc::{HostFiles, ProcRoot, Process};
use procfs::FromRead;
use procfs::process::StatM;
use rustix::fs::{Mode, OFlags};
use rustix::time::{ClockId, clock_gettime};

const PROCESSES: usize = 100;
const ROUNDS: usize = 5;

fn main() -> Result<(), Box<dyn Error>> {
    let children: Vec<Child> = (0..PROCESSES).map(|_| Command::new("sleep").arg("600").spawn()).collect::<Result<_, _>>()?;
    let result = compare(&children);
    for mut child in children {
        child.kill()?;
        child.wait()?;
    }
    result
}

fn compare(children: &[Child]) -> Result<(), Box<dyn Error>> {
    let proc = ProcRoot::open(Path::new("/proc"))?;
    let kept: Vec<Process> = children.iter().map(|child| proc.process(child.id())).collect::<Result<_, _>>()?;
    let files = children
        .iter()
        .map(|child| rustix::fs::open(format!("/proc/{}/statm", child.id()), OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty()))
        .collect::<Result<Vec<_>, _>>()?;
    let host = HostFiles::open(&proc);

    let ours = || {
        for process in &kept {
            let _ = process.statm();
        }
    };
    let theirs = || {
        for file in &files {
            let mut buffer = [0; 160];
            if let Ok(length) = rustix::io::pread(file, &mut buffer, 0) {
                let _ = StatM::from_read(Cursor::new(&buffer[..length]));
            }
        }
    };
    let by_path = || {
        for child in children {
            let _ = procfs::process::Process::new(child.id().cast_signed()).and_then(|process| process.statm());
        }
    };
    let our_host = || {
        let _ = host.read();
    };
    let their_host = || {
        let _ = procfs::Meminfo::from_file("/proc/meminfo");
        let _ = procfs::MemoryPressure::from_file("/proc/pressure/memory");
        let _ = procfs::CpuPressure::from_file("/proc/pressure/cpu");
        let _ = procfs::LoadAverage::from_file("/proc/loadavg");
    };

    let mut out = std::io::stdout();
    for (pause, name) in [(None, "hot"), (Some(Duration::from_millis(50)), "at 20 Hz")] {
        let base = measure(pause, &ours);
        writeln!(out, "{name}, {PROCESSES} processes, median of {ROUNDS}, µs CPU")?;
        writeln!(out, "  statm, ours                     {:7.2} a process", base / 100.0)?;
        for (what, measured) in
            [("statm, procfs on kept descriptor", measure(pause, &theirs)), ("statm, procfs by path", measure(pause, &by_path))]
        {
            writeln!(out, "  {what:32}{:7.2} a process  ratio to ours {:.2}", measured / 100.0, measured / base)?;
        }
        let base = measure(pause, &our_host);
        let measured = measure(pause, &their_host);
        writeln!(out, "  host files, ours (cgroup too)   {base:7.2}")?;
        writeln!(out, "  host files, procfs              {measured:7.2}            ratio to ours {:.2}", measured / base)?;
    }
    Ok(())
}

/// Median CPU time of one call, microseconds.
fn measure(pause: Option<Duration>, call: &dyn Fn()) -> f64 {
    let calls = if pause.is_some() { 20 } else { 200 };
    let mut rounds: Vec<f64> = (0..ROUNDS)
        .map(|_| {
            let mut spent = 0.0;
            for _ in 0..calls {
                if let Some(pause) = pause {
                    std::thread::sleep(pause);
                }
                let before = cpu_us();
                call();
                spent += cpu_us() - before;
            }
            spent / f64::from(calls)
        })
        .collect();
    rounds.sort_by(f64::total_cmp);
    rounds[ROUNDS / 2]
}

fn cpu_us() -> f64 {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    #[expect(clippy::cast_precision_loss, reason = "CPU time of a bench fits 2^53 nanoseconds")]
    let nanoseconds = (time.tv_sec * 1_000_000_000 + time.tv_nsec) as f64;
    nanoseconds / 1000.0
}
