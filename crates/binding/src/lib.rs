//! What Node sees of the core: conversions only, one file a room.

// Napi registers nothing in a test harness, where all of this would be dead code.
#![cfg(not(test))]

mod columns;
mod convert;
mod error;
#[cfg(target_os = "linux")]
mod outcome;
#[cfg(target_os = "linux")]
mod probe;
mod reader;
#[cfg(target_os = "linux")]
mod recover;
#[cfg(target_os = "linux")]
mod session;
