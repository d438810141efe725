//! Reading `ticks.journal` frame by frame.

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::{Path, PathBuf};

use mymonitor_wire::{Header, JournalFrame, next_frame};

use crate::RecordingError;

const HEAD: usize = 8;

/// The frames of a journal up to the first one that is not whole.
pub(super) struct Journal {
    file: PathBuf,
    reader: BufReader<File>,
    frame: Vec<u8>,
    /// Bytes behind the last whole frame.
    left: u64,
}

impl Journal {
    /// Opens the journal and reads its header.
    pub(super) fn open(file: &Path) -> Result<(Self, Header), RecordingError> {
        let read_error = |source| RecordingError::Read { file: file.into(), source };
        let opened = File::open(file).map_err(read_error)?;
        let left = opened.metadata().map_err(read_error)?.len();
        let mut journal = Self { file: file.into(), reader: BufReader::with_capacity(1 << 16, opened), frame: Vec::new(), left };
        match journal.payload()?.map(JournalFrame::decode) {
            Some(Ok(JournalFrame::Header(header))) => Ok((journal, header)),
            Some(Err(malformed)) => Err(RecordingError::damaged(file, malformed)),
            _ => Err(RecordingError::damaged(file, "it does not begin with the header of a journal")),
        }
    }

    /// Bytes that belong to no whole frame.
    pub(super) fn left(&self) -> u64 {
        self.left
    }

    /// The next frame, `None` behind the last whole one.
    pub(super) fn next(&mut self) -> Result<Option<JournalFrame>, RecordingError> {
        let left = self.left;
        let frame = self.payload()?.and_then(|payload| JournalFrame::decode(payload).ok());
        if frame.is_none() {
            self.left = left;
        }
        Ok(frame)
    }

    fn payload(&mut self) -> Result<Option<&[u8]>, RecordingError> {
        match self.fill() {
            Ok(true) => {}
            Ok(false) => return Ok(None),
            Err(source) => return Err(RecordingError::Read { file: self.file.clone(), source }),
        }
        let Some((payload, _)) = next_frame(&self.frame) else { return Ok(None) };
        self.left -= self.frame.len() as u64;
        Ok(Some(payload))
    }

    /// Reads the next frame's bytes, if that many are left: a torn length must not ask for memory that the file cannot fill.
    fn fill(&mut self) -> io::Result<bool> {
        if self.left < HEAD as u64 {
            return Ok(false);
        }
        self.frame.resize(HEAD, 0);
        self.reader.read_exact(&mut self.frame)?;
        let length = u32::from_le_bytes([self.frame[0], self.frame[1], self.frame[2], self.frame[3]]);
        if u64::from(length) > self.left - HEAD as u64 {
            return Ok(false);
        }
        self.frame.resize(HEAD + length as usize, 0);
        self.reader.read_exact(&mut self.frame[HEAD..])?;
        Ok(true)
    }
}
