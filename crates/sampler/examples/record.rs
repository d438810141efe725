//! Records one build without Node and prints the outcome: for profiling the sampler alone (`strace -c -f`, `perf record`).
//!
//! `PSS=off`, `PSS=full` or `PSS=<percent>` says how much PSS is measured.
//! `cargo run --profile fast -p mymonitor-sampler --example record -- DIR COMMAND...`; the launcher is taken from the directory above the example.

use std::error::Error;
use std::io::Write;
use std::path::PathBuf;

use mymonitor_recording::Compression;
use mymonitor_sampler::{Events, Header, Options, OutputMode, PssMode, Session};

fn main() -> Result<(), Box<dyn Error>> {
    let mut words = std::env::args_os().skip(1);
    let recording_dir = PathBuf::from(words.next().ok_or("usage: record DIR COMMAND...")?);
    std::fs::create_dir_all(&recording_dir)?;
    let launcher = std::env::current_exe()?.ancestors().nth(2).ok_or("no directory above the example")?.join("mymonitor-launcher");
    let pss = match std::env::var("PSS").as_deref() {
        Ok("off") => PssMode::Off,
        Ok("full") => PssMode::Full,
        Ok(percent) => PssMode::Budget { percent: percent.parse()? },
        Err(_) => PssMode::Budget { percent: 1.0 },
    };
    let options = Options {
        launcher,
        recording_dir,
        command: words.collect(),
        cwd: std::env::current_dir()?,
        output: OutputMode::Inherit,
        events: Events::Poll,
        interval_us: 50_000,
        phases: false,
        store_argv: true,
        second_interrupt_kills: false,
        handle_signals: false,
        pss,
        timeout_us: None,
        compression: Compression::Snappy,
        build_cpus: None,
        sampler_cpus: None,
        attach: None,
        outside: None,
        header: Header { project: "record".into(), repeat: 1, interval_us: 50_000, ..Header::default() },
    };
    let (sender, receiver) = std::sync::mpsc::channel();
    let session = Session::start(options, |_| {}, move |outcome| sender.send(outcome).unwrap_or_default())?;
    let outcome = receiver.recv()?;
    session.join();
    writeln!(
        std::io::stderr(),
        "{outcome:#?}\nsampler CPU {} ms per 1,000 ticks",
        outcome.sampler_cpu_us / u64::from(outcome.ticks.max(1))
    )?;
    Ok(())
}
