//! What this machine offers, for `mymonitor doctor`.

use mymonitor_sampler::ConnectorState;
use napi_derive::napi;

use crate::outcome::{ConnectorUse, ExitRecordsState, number};

/// What was found by trying; nothing was changed.
#[napi(object, object_from_js = false)]
#[expect(clippy::struct_excessive_bools, reason = "independent answers, each named where it is asked")]
pub struct Probe {
    /// With `--events auto`.
    pub exit_records: ExitRecordsState,
    /// With `--events auto`.
    pub connector: ConnectorUse,
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
    pub cgroup_limit_kb: Option<f64>,
    /// The thread that serves exits may run with real-time priority.
    pub real_time: bool,
}

/// Tries everything once.
#[napi(catch_unwind)]
pub fn probe() -> Probe {
    let found = mymonitor_sampler::probe();
    Probe {
        exit_records: found.exit_records.into(),
        connector: found.connector_refusal.map_or(ConnectorState::On, ConnectorState::Refused).into(),
        last_pid: found.last_pid,
        rollup: found.rollup,
        kcmp: found.kcmp,
        pressure: found.pressure,
        cgroup: found.cgroup,
        cgroup_limit_kb: found.cgroup_limit_kb.map(number),
        real_time: found.real_time,
    }
}
