//! Left of the wall: starts the launcher, samples the build's processes at every tick, writes raw facts.
//!
//! Straight line: [`Session::start`] opens the journal, starts the launcher and arms the sampling thread; only then is the build forked. The
//! thread walks the tree at absolute deadlines ([`tick`](crate::tick)), writes each tick to the journal, and at the end turns the
//! journal into the recording. It never waits for JavaScript, and once at most for the disk.
//!
//! Invariants of the product that this crate carries:
//! - *Totals are summed per tick*: a tick is one pass over all live processes, written as one frame.
//! - *Identity is pid + start time + exec count*: kept descriptors cannot read another process, and a seen exec begins a new image.
//! - *A vanished process yields no row*: a failed read ends the image at that tick; nothing is repeated and no zero is written.
//! - *What was missed is counted*: skipped and late ticks, lost frames and unreadable processes are in the [`Outcome`].

mod caller;
mod clock;
mod connector;
mod dormant;
mod journal;
mod launch;
mod memory;
mod oom;
mod options;
mod outcome;
mod pattern;
mod privilege;
mod probe;
mod programs;
mod pss;
mod recover;
mod session;
mod signals;
mod state;
mod tick;
mod tracker;

pub use caller::{take_stock, terminal_columns};
pub use connector::ConnectorRefusal;
pub use memory::give_back;
pub use mymonitor_recording::{ConnectorCounts, ExitCounts};
pub use mymonitor_wire::{ExitRecords, Header, Phase, StartStep};
pub use options::{Events, Options, OutputMode, PssMode, Snapshot, StartError};
pub use outcome::{ConfirmedPeak, ConnectorState, ModelCheck, Outcome, PhaseCpu, StartFailure};
pub use pattern::Pattern;
pub use probe::{Probe, probe};
pub use programs::Program;
pub use recover::{RecoverError, Recovered, recover};
pub use session::Session;
pub use tracker::SCAN_PERIOD_US;
