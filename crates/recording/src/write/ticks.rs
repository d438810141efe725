//! The table `ticks`.

use std::borrow::Cow;

use mymonitor_wire::{Host, Phase, Tick};

use super::table::{Column, Layout, Values};
use crate::model::Totals;

/// Rows after which a row group ends; a waiting one takes some 250 bytes.
pub(super) const GROUP_ROWS: usize = 16 * 1024;

/// A tick without its processes.
pub(super) struct TickRow {
    tick: u32,
    elapsed_us: i64,
    late_us: i64,
    phase: Phase,
    live: u32,
    totals: Totals,
    host: Host,
    sampler_cpu_us: i64,
}

impl TickRow {
    pub(super) fn new(tick: &Tick, totals: Totals) -> Self {
        Self {
            tick: tick.tick,
            elapsed_us: signed(tick.elapsed_us),
            late_us: signed(tick.late_us),
            phase: tick.phase,
            live: tick.live,
            totals,
            host: tick.host,
            sampler_cpu_us: signed(tick.sampler_cpu_us),
        }
    }
}

/// Sizes and times are stored signed, so that differences in SQL and pandas do not wrap around.
pub(super) fn signed(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

fn maybe(value: Option<u64>) -> Option<i64> {
    value.map(signed)
}

pub(super) const COLUMNS: &[Column<TickRow>] = &[
    Column { name: "tick", values: Values::U32(|row| row.tick), layout: Layout::Near },
    Column { name: "elapsed_us", values: Values::I64(|row| row.elapsed_us), layout: Layout::Near },
    Column { name: "late_us", values: Values::I64(|row| row.late_us), layout: Layout::Near },
    Column {
        name: "phase",
        values: Values::Text(|row| {
            Cow::Borrowed(match row.phase {
                Phase::Setup => b"setup",
                Phase::Build => b"build",
            })
        }),
        layout: Layout::Repeated,
    },
    Column { name: "live", values: Values::U32(|row| row.live), layout: Layout::Near },
    Column { name: "total_rss_kb", values: Values::I64(|row| signed(row.totals.rss_kb)), layout: Layout::Near },
    Column { name: "total_pss_kb", values: Values::I64(|row| signed(row.totals.pss_kb)), layout: Layout::Near },
    Column { name: "mem_available_kb", values: Values::MaybeI64(|row| maybe(row.host.mem_available_kb)), layout: Layout::Near },
    Column { name: "swap_used_kb", values: Values::MaybeI64(|row| maybe(row.host.swap_used_kb)), layout: Layout::Near },
    Column { name: "psi_memory_some_us", values: Values::MaybeI64(|row| maybe(row.host.psi_memory_some_us)), layout: Layout::Near },
    Column { name: "psi_memory_full_us", values: Values::MaybeI64(|row| maybe(row.host.psi_memory_full_us)), layout: Layout::Near },
    Column { name: "psi_cpu_some_us", values: Values::MaybeI64(|row| maybe(row.host.psi_cpu_some_us)), layout: Layout::Near },
    Column { name: "load1_milli", values: Values::MaybeI64(|row| maybe(row.host.load1_milli)), layout: Layout::Near },
    Column { name: "cgroup_usage_kb", values: Values::MaybeI64(|row| maybe(row.host.cgroup_usage_kb)), layout: Layout::Near },
    Column { name: "cgroup_limit_kb", values: Values::MaybeI64(|row| maybe(row.host.cgroup_limit_kb)), layout: Layout::Near },
    Column { name: "cgroup_oom_kills", values: Values::MaybeI64(|row| maybe(row.host.cgroup_oom_kills)), layout: Layout::Near },
    Column { name: "sampler_cpu_us", values: Values::I64(|row| row.sampler_cpu_us), layout: Layout::Near },
];
