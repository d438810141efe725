//! Reading a journal frame by frame, whatever the frames hold.

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::{Path, PathBuf};

use mymonitor_wire::next_frame;

use crate::RecordingError;

const HEAD: usize = 8;

/// The frames of a file up to the first one that is not whole.
pub(super) struct Frames {
    file: PathBuf,
    reader: BufReader<File>,
    frame: Vec<u8>,
    /// Bytes behind the last whole frame.
    left: u64,
}

impl Frames {
    pub(super) fn open(file: &Path) -> Result<Self, RecordingError> {
        let read_error = |source| RecordingError::Read { file: file.into(), source };
        let opened = File::open(file).map_err(read_error)?;
        let left = opened.metadata().map_err(read_error)?.len();
        Ok(Self { file: file.into(), reader: BufReader::with_capacity(1 << 16, opened), frame: Vec::new(), left })
    }

    /// Bytes that belong to no whole frame.
    pub(super) fn left(&self) -> u64 {
        self.left
    }

    /// What `decode` makes of the next payload; `None` behind the last whole frame, and where it makes nothing of it.
    pub(super) fn next<T, E>(&mut self, decode: impl FnOnce(&[u8]) -> Result<T, E>) -> Result<Option<T>, RecordingError> {
        let left = self.left;
        let frame = self.payload()?.and_then(|payload| decode(payload).ok());
        if frame.is_none() {
            self.left = left;
        }
        Ok(frame)
    }

    pub(super) fn payload(&mut self) -> Result<Option<&[u8]>, RecordingError> {
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
