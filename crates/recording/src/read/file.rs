//! A file that threads can read at the same time.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use parquet::errors::{ParquetError, Result as ParquetResult};
use parquet::file::reader::{ChunkReader, Length};

use crate::RecordingError;

/// An open file, read by position only: the parquet crate's own reader over a `File` moves the cursor that all its clones share.
#[derive(Debug, Clone)]
pub struct RecordingFile {
    file: Arc<File>,
    length: u64,
}

impl RecordingFile {
    /// Opens `path` for reading.
    pub fn open(path: &Path) -> Result<Self, RecordingError> {
        let read = || {
            let file = File::open(path)?;
            let length = file.metadata()?.len();
            Ok(Self { file: Arc::new(file), length })
        };
        read().map_err(|source| RecordingError::Read { file: path.into(), source })
    }
}

impl Length for RecordingFile {
    fn len(&self) -> u64 {
        self.length
    }
}

impl ChunkReader for RecordingFile {
    type T = From;

    fn get_read(&self, start: u64) -> ParquetResult<From> {
        Ok(From { file: Arc::clone(&self.file), position: start })
    }

    fn get_bytes(&self, start: u64, length: usize) -> ParquetResult<Bytes> {
        // Before the allocation: a damaged length must not ask for more memory than the file has bytes.
        if start.checked_add(length as u64).is_none_or(|end| end > self.length) {
            return Err(ParquetError::EOF(format!("{length} bytes at {start} lie beyond the end at {}", self.length)));
        }
        let mut bytes = vec![0; length];
        From { file: Arc::clone(&self.file), position: start }.read_exact(&mut bytes)?;
        Ok(bytes.into())
    }
}

/// Reads on from a position of its own.
pub struct From {
    file: Arc<File>,
    position: u64,
}

impl Read for From {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        #[cfg(unix)]
        let read = std::os::unix::fs::FileExt::read_at(&*self.file, buffer, self.position)?;
        #[cfg(windows)]
        let read = std::os::windows::fs::FileExt::seek_read(&*self.file, buffer, self.position)?;
        self.position += read as u64;
        Ok(read)
    }
}
