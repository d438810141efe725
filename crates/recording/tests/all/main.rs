//! One executable for all of them: each would link the Parquet code again.

#[path = "../support/build.rs"]
mod build;
mod columns;
mod damage;
mod exits;
#[path = "../support/journal.rs"]
mod journal;
mod lifetimes;
mod round_trip;
