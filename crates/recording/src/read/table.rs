//! One Parquet file: its footer checked, its columns by name.

use std::fmt::Display;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::{Buf, Bytes, buf::Reader};
use parquet::column::reader::ColumnReaderImpl;
use parquet::data_type::{ByteArray, DataType, Int32Type, Int64Type};
use parquet::errors::{ParquetError, Result as ParquetResult};
use parquet::file::metadata::{ColumnChunkMetaData, ParquetMetaData, ParquetMetaDataReader};
use parquet::file::reader::{ChunkReader, Length};
use parquet::file::serialized_reader::SerializedPageReader;

use super::pages;
use crate::{FORMAT_VERSION, RecordingError, footer};

/// A row group of ours has 64 Ki rows, or one tick if that has more processes: what is far beyond is damage.
const MOST_ROWS: i64 = 1 << 24;
/// The same for the bytes of a column chunk, decompressed.
const MOST_BYTES: i64 = 1 << 30;
const TAIL: usize = 8;

pub(super) struct Table<R> {
    source: R,
    file: PathBuf,
    metadata: ParquetMetaData,
    format_version: u32,
}

/// Values of a nullable column.
pub(super) type Nullable<T> = Vec<Option<T>>;

impl<R: ChunkReader> Table<R> {
    /// Reads the footer and checks that it is one of ours, of a version we know, with sizes that a file can have.
    pub(super) fn open(source: R, file: &Path, name: &str) -> Result<Self, RecordingError> {
        let metadata = guard(|| read_footer(&source)).map_err(|what| RecordingError::damaged(file, what))?;
        let mut table = Self { source, file: file.into(), metadata, format_version: 0 };
        if table.value(footer::TABLE) != Some(name) {
            return Err(table.damaged(format_args!("it is not the table {name} of a recording")));
        }
        let version: u64 = table.number(footer::FORMAT_VERSION)?.ok_or_else(|| table.damaged("it has no format version"))?;
        table.format_version = match u32::try_from(version) {
            Ok(version) if version <= FORMAT_VERSION => version,
            _ => return Err(RecordingError::NewerFormat { file: file.into(), found: version }),
        };
        for group in table.metadata.row_groups() {
            let possible = |column: &ColumnChunkMetaData| {
                let places = [column.compressed_size(), column.data_page_offset(), column.dictionary_page_offset().unwrap_or(0)];
                (0..=MOST_BYTES).contains(&column.uncompressed_size()) && places.iter().all(|&place| place >= 0)
            };
            if !(0..=MOST_ROWS).contains(&group.num_rows()) || !group.columns().iter().all(possible) {
                return Err(table.damaged("a row group has an impossible size or place"));
            }
        }
        Ok(table)
    }

    pub(super) fn format_version(&self) -> u32 {
        self.format_version
    }

    pub(super) fn damaged(&self, what: impl Display) -> RecordingError {
        RecordingError::damaged(&self.file, what)
    }

    pub(super) fn groups(&self) -> usize {
        self.metadata.num_row_groups()
    }

    pub(super) fn rows(&self) -> u64 {
        (0..self.groups()).map(|group| self.rows_of(group) as u64).sum()
    }

    pub(super) fn rows_of(&self, group: usize) -> usize {
        usize::try_from(self.metadata.row_group(group).num_rows()).unwrap_or(0)
    }

    /// Rows `first .. first + count` of the table as row groups, and rows to skip and to take of each.
    pub(super) fn parts(&self, first: u64, count: u64) -> impl Iterator<Item = (usize, usize, usize)> {
        let (mut skip, mut left) = (first, count);
        (0..self.groups()).filter_map(move |group| {
            let rows = self.rows_of(group) as u64;
            let take = rows.saturating_sub(skip).min(left);
            let part = (take > 0).then_some((skip, take));
            skip = skip.saturating_sub(rows);
            left -= take;
            let (skip, take) = part?;
            // Both are below the row group's length, which is an usize.
            Some((group, usize::try_from(skip).ok()?, usize::try_from(take).ok()?))
        })
    }

    /// A text of the footer.
    pub(super) fn text(&self, key: &str) -> Result<&str, RecordingError> {
        self.value(key).ok_or_else(|| self.damaged(format_args!("its footer lacks {key}")))
    }

    /// A number of the footer, `None` where there is none.
    pub(super) fn number<T: std::str::FromStr>(&self, key: &str) -> Result<Option<T>, RecordingError> {
        let parse = |text: &str| text.parse().map_err(|_| self.damaged(format_args!("{key} in its footer is {text:?}, not a number")));
        self.value(key).map(parse).transpose()
    }

    fn value(&self, key: &str) -> Option<&str> {
        let pairs = self.metadata.file_metadata().key_value_metadata()?;
        pairs.iter().find(|pair| pair.key == key)?.value.as_deref()
    }

    /// Appends a column that must be there and has no nulls.
    pub(super) fn required<T: DataType>(&self, group: usize, name: &str, values: &mut Vec<T::T>) -> Result<(), RecordingError> {
        self.required_part::<T>(group, name, 0, self.rows_of(group), values)
    }

    /// The same for rows `skip .. skip + count`.
    pub(super) fn required_part<T: DataType>(
        &self,
        group: usize,
        name: &str,
        skip: usize,
        count: usize,
        values: &mut Vec<T::T>,
    ) -> Result<(), RecordingError> {
        let before = values.len();
        self.with_column::<T, _>(group, name, |(column, deepest)| {
            column.skip_records(skip)?;
            let mut levels = (deepest > 0).then(Vec::new);
            column.read_records(count, levels.as_mut(), None, values)
        })?
        .ok_or_else(|| self.damaged(format_args!("column {name} is missing")))?;
        if values.len() - before == count { Ok(()) } else { Err(self.damaged(format_args!("column {name} has missing values"))) }
    }

    /// Rows `skip .. skip + count` of a column; nulls where the file does not have it.
    pub(super) fn nullable<T: DataType>(
        &self,
        group: usize,
        name: &str,
        skip: usize,
        count: usize,
    ) -> Result<Nullable<T::T>, RecordingError> {
        let (mut values, mut levels) = (Vec::new(), Vec::new());
        let read = self.with_column::<T, _>(group, name, |(column, deepest)| {
            let skipped = column.skip_records(skip)?;
            let (rows, ..) = column.read_records(count, Some(&mut levels), None, &mut values)?;
            if deepest == 0 {
                levels.resize(rows, 0);
            }
            Ok((skipped, rows, deepest))
        })?;
        let Some((skipped, rows, deepest)) = read else { return Ok(vec![None; count]) };
        if (skipped, rows) != (skip, count) {
            return Err(self.damaged(format_args!("column {name} has fewer rows than its row group")));
        }
        let mut values = values.into_iter();
        Ok(levels.into_iter().map(|level| if level == deepest { values.next() } else { None }).collect())
    }

    /// The same for a list of texts.
    pub(super) fn lists(&self, group: usize, name: &str, skip: usize, count: usize) -> Result<Nullable<Vec<String>>, RecordingError> {
        use parquet::data_type::ByteArrayType;
        let (mut values, mut levels, mut repeats) = (Vec::new(), Vec::new(), Vec::new());
        let read = self.with_column::<ByteArrayType, _>(group, name, |(column, deepest)| {
            let skipped = column.skip_records(skip)?;
            let (rows, ..) = column.read_records(count, Some(&mut levels), Some(&mut repeats), &mut values)?;
            Ok((skipped, rows, deepest))
        })?;
        let Some((skipped, rows, deepest)) = read else { return Ok(vec![None; count]) };
        if (skipped, rows) != (skip, count) || repeats.len() != levels.len() {
            return Err(self.damaged(format_args!("column {name} has fewer rows than its row group")));
        }
        let mut lists: Nullable<Vec<String>> = Vec::with_capacity(count);
        let mut values = values.iter();
        for (level, repeat) in levels.into_iter().zip(repeats) {
            if repeat == 0 {
                lists.push((level > 0).then(Vec::new));
            }
            if level == deepest
                && let (Some(Some(list)), Some(value)) = (lists.last_mut(), values.next())
            {
                list.push(text(value));
            }
        }
        Ok(lists)
    }

    /// `nullable` for unsigned 32-bit integers.
    pub(super) fn u32s(&self, group: usize, name: &str, skip: usize, count: usize) -> Result<Nullable<u32>, RecordingError> {
        let values = self.nullable::<Int32Type>(group, name, skip, count)?;
        Ok(values.into_iter().map(|value| value.map(i32::cast_unsigned)).collect())
    }

    /// `nullable` for 64-bit integers.
    pub(super) fn i64s(&self, group: usize, name: &str, skip: usize, count: usize) -> Result<Nullable<i64>, RecordingError> {
        self.nullable::<Int64Type>(group, name, skip, count)
    }

    /// `nullable` for texts.
    pub(super) fn texts(&self, group: usize, name: &str, skip: usize, count: usize) -> Result<Nullable<String>, RecordingError> {
        let values = self.nullable::<parquet::data_type::ByteArrayType>(group, name, skip, count)?;
        Ok(values.iter().map(|value| value.as_ref().map(text)).collect())
    }

    /// Runs `read` on a column and its deepest definition level, or returns `None` where the file does not have it.
    fn with_column<T: DataType, O>(
        &self,
        group: usize,
        name: &str,
        read: impl FnOnce((&mut ColumnReaderImpl<T>, i16)) -> ParquetResult<O>,
    ) -> Result<Option<O>, RecordingError> {
        let group = self.metadata.row_group(group);
        let Some(chunk) = group.columns().iter().find(|column| column.column_path().parts().first().is_some_and(|part| part == name))
        else {
            return Ok(None);
        };
        if chunk.column_type() != T::get_physical_type() {
            return Err(self.damaged(format_args!("column {name} is {}, not {}", chunk.column_type(), T::get_physical_type())));
        }
        guard(|| {
            let pages = Chunk::read(&self.source, chunk)?;
            let rows = usize::try_from(group.num_rows())?;
            let pages = SerializedPageReader::new(Arc::new(pages), chunk, rows, None)?;
            let descriptor = chunk.column_descr_ptr();
            let deepest = descriptor.max_def_level();
            read((&mut ColumnReaderImpl::new(descriptor, Box::new(pages)), deepest))
        })
        .map(Some)
        .map_err(|what| self.damaged(format_args!("column {name}: {what}")))
    }
}

/// The bytes of one column chunk, at their place in the file.
struct Chunk {
    start: u64,
    bytes: Bytes,
}

impl Chunk {
    fn read<R: ChunkReader>(source: &R, chunk: &ColumnChunkMetaData) -> ParquetResult<Self> {
        let (start, length) = chunk.byte_range();
        if start.checked_add(length).is_none_or(|end| end > source.len()) {
            return Err(ParquetError::EOF("it lies beyond the end of the file".into()));
        }
        let bytes = source.get_bytes(start, usize::try_from(length)?)?;
        pages::check(&bytes, u64::try_from(chunk.uncompressed_size())?)?;
        Ok(Self { start, bytes })
    }

    fn from(&self, start: u64) -> ParquetResult<Bytes> {
        let offset = start.checked_sub(self.start).and_then(|offset| usize::try_from(offset).ok());
        let offset = offset.filter(|&offset| offset <= self.bytes.len());
        Ok(self.bytes.slice(offset.ok_or_else(|| ParquetError::EOF("a page lies outside its column".into()))?..))
    }
}

impl Length for Chunk {
    fn len(&self) -> u64 {
        self.start + self.bytes.len() as u64
    }
}

impl ChunkReader for Chunk {
    type T = Reader<Bytes>;

    fn get_read(&self, start: u64) -> ParquetResult<Self::T> {
        Ok(self.from(start)?.reader())
    }

    fn get_bytes(&self, start: u64, length: usize) -> ParquetResult<Bytes> {
        let bytes = self.from(start)?;
        if length > bytes.len() {
            return Err(ParquetError::EOF("a page is cut off".into()));
        }
        Ok(bytes.slice(..length))
    }
}

fn read_footer<R: ChunkReader>(source: &R) -> ParquetResult<ParquetMetaData> {
    let cut = || ParquetError::EOF("it is cut off or not a Parquet file".into());
    let tail_at = source.len().checked_sub(TAIL as u64).ok_or_else(cut)?;
    let tail = source.get_bytes(tail_at, TAIL)?;
    let (length, magic) = tail.split_at(4);
    if magic != b"PAR1" {
        return Err(cut());
    }
    let length = u32::from_le_bytes([length[0], length[1], length[2], length[3]]);
    let start = tail_at.checked_sub(length.into()).ok_or_else(cut)?;
    ParquetMetaDataReader::decode_metadata(&source.get_bytes(start, length as usize)?)
}

/// The parquet crate checks most of what it reads; what it does not check it panics on, and damage must be an error.
fn guard<O>(read: impl FnOnce() -> ParquetResult<O>) -> Result<O, String> {
    match std::panic::catch_unwind(std::panic::AssertUnwindSafe(read)) {
        Ok(result) => result.map_err(|error| match error {
            // Without the crate's own "Parquet error:" and "EOF:" in front.
            ParquetError::General(what) | ParquetError::EOF(what) => what,
            other => other.to_string(),
        }),
        Err(_) => Err("its content contradicts itself".into()),
    }
}

pub(super) fn text(value: &ByteArray) -> String {
    String::from_utf8_lossy(value.data()).into_owned()
}
