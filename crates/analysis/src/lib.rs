//! The arithmetic over a recording: pure functions from its tables to finished columns.
//!
//! Invariants of the product that this crate carries:
//! - *Totals are summed per tick, never per time stamp*: rows are gathered by tick before anything is added.
//! - *A vanished process yields no row*: between two samples of an image nothing is interpolated; a tick without samples is zero.

#![forbid(unsafe_code)]

mod aggregate;
mod bound;
mod by_tick;
mod foresight;
mod groups;
mod images;
mod peak;
mod remarks;
mod series;
mod tick_facts;

pub use aggregate::{Aggregate, AnalysisError, IGNORED, Options, aggregate};
pub use bound::UpperBound;
pub use groups::GroupColumns;
pub use images::Largest;
pub use peak::Peak;
pub use tick_facts::{Course, TickFacts, tick_facts};
