//! What a process was given, for the questions that are asked once.

use procfs::process::{LimitValue, Process};

/// Soft limit of open files of `pid`; `None` where it is unlimited or cannot be read.
pub fn open_files_soft_limit(pid: u32) -> Option<u64> {
    match process(pid)?.limits().ok()?.max_open_files.soft_limit {
        LimitValue::Value(soft) => Some(soft),
        LimitValue::Unlimited => None,
    }
}

/// Ignored signals of `pid` as a mask, bit n - 1 for signal n.
pub fn ignored_signals(pid: u32) -> Option<u64> {
    Some(process(pid)?.status().ok()?.sigign)
}

/// `VmHWM` of `pid`, KiB.
pub fn peak_rss_kb(pid: u32) -> Option<u64> {
    process(pid)?.status().ok()?.vmhwm
}

fn process(pid: u32) -> Option<Process> {
    Process::new(pid.cast_signed()).ok()
}
