//! From the journal to Parquet.

mod classes;
mod finalise;
mod images;
mod journal;
mod samples;
mod table;
#[cfg(test)]
mod tests;
mod text;
mod ticks;

pub use classes::{ClassRow, write_classes};
pub use finalise::{Summary, finalise};
pub use table::Compression;
