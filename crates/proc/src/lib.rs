//! Reading /proc, for the sampler and the launcher.
//!
//! Parsers take bytes and readers take a root, so that a directory of fixtures can stand in for the live tree. Everything about one process is
//! read relative to a directory descriptor of it, which is immune to pid reuse: once the process is gone, every read says so, and none can
//! return the numbers of whoever got the pid next. Where descriptors are short it is reached by path, and its start time compared before each read.
//!
//! The files that are read once a process are parsed by procfs. The three that are read at every tick (`statm`, `children`, and the host's
//! files) are parsed here from kept descriptors: `cargo run --profile fast -p mymonitor-proc --example statm` shows what that saves.

mod affinity;
mod children;
mod descriptors;
mod error;
mod exit;
mod facts;
mod host;
mod kcmp;
mod pids;
mod process;
#[cfg(test)]
mod properties;
mod rollup;
mod scan;
mod stat;
mod statm;
mod status;
mod tree;

pub use affinity::CpuSet;
pub use error::ReadError;
pub use exit::ExitReading;
pub use facts::{CommandLine, Facts};
pub use host::{HostFiles, HostReading};
pub use kcmp::{SharedMemoryMap, same_memory_map};
pub use process::{ProcRoot, Process};
pub use rollup::Rollup;
pub use scan::Glance;
pub use statm::Statm;
pub use status::{ignored_signals, open_files_soft_limit, peak_rss_kb};
pub use tree::{descendants, is_below};

/// Bytes of a command line that are kept; the rest is represented by its length and hash.
pub const ARGV_CAP: usize = 64 * 1024;
