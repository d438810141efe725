//! From the journal to Parquet.

mod classes;
mod exits;
mod finalise;
mod frames;
mod images;
mod journal;
mod lifetimes;
mod partial;
mod processes;
mod samples;
mod table;
#[cfg(test)]
mod tests;
mod text;
mod ticks;

pub use classes::{ClassRow, ClassesWriter};
pub use exits::{ExitCounts, ExitFrames, exit_frames};
pub use finalise::{ConnectorCounts, Summary, finalise};
pub use partial::Partial;
pub use table::Compression;
