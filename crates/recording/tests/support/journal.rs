//! Writes journals.

use std::path::Path;

use mymonitor_recording::JOURNAL_FILE;
use mymonitor_wire::{Header, JournalFrame, Tick, append_frame};

/// The header of every journal here.
pub fn header() -> Header {
    Header { run_id: "6b0f7a52-demo".into(), project: "demo".into(), jobs: Some(2), repeat: 1, interval_us: 50_000 }
}

/// The bytes of a journal; with `end` it has a closing frame.
pub fn journal(ticks: impl IntoIterator<Item = Tick>, end: Option<u64>) -> Vec<u8> {
    let (mut bytes, mut payload) = (Vec::new(), Vec::new());
    header().encode(&mut payload);
    append_frame(&mut bytes, &payload);
    for tick in ticks {
        payload.clear();
        tick.encode(&mut payload);
        append_frame(&mut bytes, &payload);
    }
    if let Some(elapsed_us) = end {
        payload.clear();
        JournalFrame::End { elapsed_us }.encode(&mut payload);
        append_frame(&mut bytes, &payload);
    }
    bytes
}

/// Puts a journal where `finalise` finds it.
pub fn put_journal(dir: &Path, bytes: &[u8]) {
    std::fs::write(dir.join(JOURNAL_FILE), bytes).expect("the journal can be written");
}
