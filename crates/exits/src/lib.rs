//! Exit records: what a process was in its last moment, by seccomp user notification on `exit_group`.
//!
//! The filter is installed on the build's root just before its exec and inherited by everything it starts; no privilege is needed. Every process
//! that calls `exit_group` then waits until the one server has read its high-water mark, CPU clock and command line and has let it go. That
//! makes the server the one part of mymonitor that can hold up a build, so it is written to be small, and to be replaceable at any instant:
//!
//! - The server runs in the launcher, which does not die with mymonitor.
//! - A notification that was received but not answered belongs to no other reader any more. Received ones therefore lie in [`Slots`], memory
//!   shared with mymonitor, into which the kernel itself writes them: whoever takes over after the launcher was killed finds there exactly the
//!   ones that still wait, answers them, and goes on serving with its own copy of the listener.
//! - Until a notification is received, a signal with a handler that was set without `SA_RESTART` makes `exit_group` return `EINTR`, which no
//!   program expects. So receiving comes before everything else, between the reads of another process too.
//!
//! Not notified: death by a signal, and raw exit(2) of the last thread.

mod filter;
mod hurry;
mod journal;
mod listener;
mod server;
mod slots;

pub use filter::{Filter, rehearse};
pub use hurry::{hurry, may_hurry};
pub use journal::Journal;
pub use listener::Listener;
pub use server::Server;
pub use slots::Slots;
