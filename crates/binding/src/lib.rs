//! What Node sees of the core: conversions only, one file a room.

mod error;
mod reader;
mod session;
