//! What this machine offers to a recording, found out by trying.

use mymonitor_proc::{HostFiles, ProcRoot, SharedMemoryMap, same_memory_map};
use mymonitor_wire::ExitRecords;

use crate::connector::{Connector, ConnectorRefusal};

/// What was found. Nothing was changed.
#[derive(Debug, Clone)]
#[expect(clippy::struct_excessive_bools, reason = "independent answers, each named where it is asked")]
pub struct Probe {
    /// With `--events auto`.
    pub exit_records: ExitRecords,
    /// Why the process connector may not be used.
    pub connector_refusal: Option<ConnectorRefusal>,
    /// The last pid given out can be read.
    pub last_pid: bool,
    /// PSS of own processes can be measured.
    pub rollup: bool,
    /// The kernel tells whether two processes share their memory (kcmp).
    pub kcmp: bool,
    /// Pressure stall information of memory.
    pub pressure: bool,
    /// Memory use of the cgroup this process is in.
    pub cgroup: bool,
    /// Its memory limit, KiB.
    pub cgroup_limit_kb: Option<u64>,
    /// The thread that serves exits may run with real-time priority: what it waits for a CPU is what exits wait.
    pub real_time: bool,
}

/// Tries everything once.
pub fn probe() -> Probe {
    let proc = ProcRoot::open(std::path::Path::new("/proc")).ok();
    let host = proc.as_ref().map(|proc| HostFiles::open(proc).read()).unwrap_or_default();
    let own = std::process::id();
    Probe {
        exit_records: match mymonitor_exits::rehearse(false) {
            Ok(filter) => ExitRecords::On { killable: filter.is_killable(), no_new_privs: filter.no_new_privs },
            Err(errno) => ExitRecords::Refused { errno: errno.raw_os_error() },
        },
        connector_refusal: Connector::open().err(),
        last_pid: host.last_pid.is_some() && proc.as_ref().is_some_and(ProcRoot::tells_last_pid),
        rollup: proc.and_then(|proc| proc.process(own).ok()).is_some_and(|process| process.rollup().is_ok()),
        kcmp: same_memory_map(own, own) != SharedMemoryMap::Unknown,
        pressure: host.psi_memory_some_us.is_some(),
        cgroup: host.cgroup_usage_kb.is_some(),
        cgroup_limit_kb: host.cgroup_limit_kb,
        real_time: mymonitor_exits::may_hurry(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn probing_leaves_this_process_without_a_filter() {
        probe();
        let status = std::fs::read_to_string("/proc/self/status").unwrap();
        assert!(status.contains("\nSeccomp:\t0\n"), "{status}");
    }
}
