//! One executable for all of them: each would link the Parquet code again.

mod failure;
mod import;
mod round_trip;
