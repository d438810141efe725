//! Reading `ticks.journal`.

use std::path::Path;

use mymonitor_wire::{Header, JournalFrame};

use super::frames::Frames;
use crate::RecordingError;

/// Opens the journal and reads its header.
pub(super) fn open(file: &Path) -> Result<(Frames, Header), RecordingError> {
    let mut frames = Frames::open(file)?;
    match frames.payload()?.map(JournalFrame::decode) {
        Some(Ok(JournalFrame::Header(header))) => Ok((frames, header)),
        Some(Err(malformed)) => Err(RecordingError::damaged(file, malformed)),
        _ => Err(RecordingError::damaged(file, "it does not begin with the header of a journal")),
    }
}
