//! The frames that launcher, sampler and recording exchange: in the journals on disk and on the socket between sampler and launcher.
//!
//! A journal must survive a cut at any byte, so every frame carries its length and a checksum and is appended with one write; a reader stops at
//! the first frame that is not whole and loses nothing before it. The crate has no dependencies: the launcher must stay tiny, and the portable
//! reader must compile for WebAssembly.
//!
//! Numbers are LEB128 varints, signed ones zigzag-coded, texts and byte strings are length-prefixed. An optional number is stored as `value + 1`,
//! with 0 for "could not be read", so that a null never turns into a zero.

#![forbid(unsafe_code)]

mod codec;
mod exits;
mod frame;
mod image;
mod journal;
mod lifetime;
mod message;

pub use codec::Malformed;
pub use exits::{EXITS_VERSION, ExitFrame, ExitRecord, RootEnd};
pub use frame::{append_frame, next_frame};
pub use image::{End, ImageEnd, ImageStart};
pub use journal::{Header, Host, JOURNAL_VERSION, JournalFrame, Phase, Sample, Tick};
pub use lifetime::{Lifetime, Lifetimes};
pub use message::{Command, Event, ExitRecords, StartStep};
