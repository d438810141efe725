//! Finishing a recording whose mymonitor died.

use std::path::PathBuf;

use mymonitor_sampler::RecoverError;
use napi::bindgen_prelude::*;
use napi_derive::napi;

use crate::error::coded;
use crate::outcome::{ConnectorCounts, ExitCounts, number};
use crate::session::Compression;

/// What was saved.
#[napi(object, object_from_js = false)]
pub struct Recovered {
    /// Rows of `ticks`.
    pub ticks: f64,
    /// Rows of `processes`.
    pub processes: f64,
    /// Rows of `memory_samples`.
    pub rows: f64,
    /// Bytes at the end of the journals that belong to no whole frame; the journals are kept then.
    pub unread_bytes: f64,
    /// What the exit records were.
    pub exits: ExitCounts,
    /// What the process connector counted; absent where it was not used.
    pub connector_counts: Option<ConnectorCounts>,
    /// Of the root, where the launcher lived to tell it.
    pub exit_code: Option<u32>,
    /// The signal that ended the root.
    pub signal: Option<u32>,
    /// From the root's start to its end; absent where nobody saw the end.
    pub duration_us: Option<f64>,
    /// CPU time of the build's processes that were waited for.
    pub build_cpu_us: Option<f64>,
    /// CPU time of mymonitor's sampling up to its last tick; absent where there was none.
    pub sampler_cpu_us: Option<f64>,
}

/// Writes the tables of a recording from its journals, and removes the journals if every byte of them was used. Throws with code
/// `ERR_MYMONITOR_BUSY` while mymonitor or the build is still at it.
#[napi(catch_unwind)]
pub fn recover(dir: String, compression: Compression) -> Result<Recovered, String> {
    let recovered = mymonitor_sampler::recover(&PathBuf::from(dir), compression.into()).map_err(|error| {
        let code = match &error {
            RecoverError::Busy { .. } => "ERR_MYMONITOR_BUSY",
            RecoverError::Recording(error) => error.code(),
        };
        coded(code, error.to_string())
    })?;
    let summary = recovered.summary;
    Ok(Recovered {
        ticks: number(summary.ticks),
        processes: number(summary.processes),
        rows: number(summary.rows),
        unread_bytes: number(summary.unused_bytes()),
        exits: summary.exits.into(),
        connector_counts: summary.connector.map(ConnectorCounts::from),
        exit_code: recovered.exit_code,
        signal: recovered.signal,
        duration_us: recovered.duration_us.map(number),
        build_cpu_us: recovered.build_cpu_us.map(number),
        sampler_cpu_us: summary.sampler_cpu_us.map(number),
    })
}
