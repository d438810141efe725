//! One Parquet file: its columns as a table of getters, written under a temporary name.

use std::borrow::Cow;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;
use std::sync::Arc;

use mymonitor_wire::Header;
use parquet::basic::{BrotliLevel, Compression as Codec, Encoding, GzipLevel};
use parquet::data_type::{BoolType, ByteArray, ByteArrayType, DataType, Int32Type, Int64Type};
use parquet::errors::{ParquetError, Result as ParquetResult};
use parquet::file::metadata::KeyValue;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::file::writer::{SerializedColumnWriter, SerializedFileWriter};
use parquet::schema::parser::parse_message_type;
use parquet::schema::types::ColumnPath;

use super::partial::Partial;
use crate::{FORMAT_VERSION, RecordingError, footer};

/// How pages are compressed. The default, Snappy, is what every reader has built in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[expect(missing_docs, reason = "the names are the field's own")]
pub enum Compression {
    #[default]
    Snappy,
    Gzip,
    Brotli,
    Lz4,
    #[cfg(feature = "zstd")]
    Zstd,
}

impl Compression {
    /// The codec of a configuration's `compression`.
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "snappy" => Some(Self::Snappy),
            "gzip" => Some(Self::Gzip),
            "brotli" => Some(Self::Brotli),
            "lz4" => Some(Self::Lz4),
            #[cfg(feature = "zstd")]
            "zstd" => Some(Self::Zstd),
            _ => None,
        }
    }

    /// As the `parquet` crate names it, with its level.
    pub fn codec(self) -> Codec {
        match self {
            Self::Snappy => Codec::SNAPPY,
            Self::Gzip => Codec::GZIP(GzipLevel::default()),
            Self::Brotli => Codec::BROTLI(BrotliLevel::default()),
            Self::Lz4 => Codec::LZ4_RAW,
            #[cfg(feature = "zstd")]
            Self::Zstd => Codec::ZSTD(parquet::basic::ZstdLevel::try_new(3).unwrap_or_default()),
        }
    }
}

/// A column: its name, where its values come from, how they are laid out.
pub(super) struct Column<R> {
    pub(super) name: &'static str,
    pub(super) values: Values<R>,
    pub(super) layout: Layout,
}

/// Type, nullability and source of a column in one.
pub(super) enum Values<R> {
    U32(fn(&R) -> u32),
    MaybeU32(fn(&R) -> Option<u32>),
    I64(fn(&R) -> i64),
    MaybeI64(fn(&R) -> Option<i64>),
    MaybeU64(fn(&R) -> Option<u64>),
    Bool(fn(&R) -> bool),
    Text(fn(&R) -> Cow<'_, [u8]>),
    MaybeText(fn(&R) -> Option<Cow<'_, [u8]>>),
    MaybeBytes(fn(&R) -> Option<Cow<'_, [u8]>>),
    MaybeTexts(fn(&R) -> Option<Texts<'_>>),
}

/// A list of texts.
pub(super) type Texts<'a> = Vec<Cow<'a, [u8]>>;

/// What the values look like, which decides their encoding.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Layout {
    /// Numbers near their predecessor: differences, bit-packed.
    Near,
    /// Few different values, or long runs of one: a dictionary.
    Repeated,
    /// Neither.
    Plain,
}

impl<R> Values<R> {
    fn schema(&self, name: &str) -> String {
        match self {
            Self::U32(_) => format!("required int32 {name} (INTEGER(32,false));"),
            Self::MaybeU32(_) => format!("optional int32 {name} (INTEGER(32,false));"),
            Self::I64(_) => format!("required int64 {name};"),
            Self::MaybeI64(_) => format!("optional int64 {name};"),
            Self::MaybeU64(_) => format!("optional int64 {name} (INTEGER(64,false));"),
            Self::Bool(_) => format!("required boolean {name};"),
            Self::Text(_) => format!("required binary {name} (STRING);"),
            Self::MaybeText(_) => format!("optional binary {name} (STRING);"),
            Self::MaybeBytes(_) => format!("optional binary {name};"),
            Self::MaybeTexts(_) => {
                format!("optional group {name} (LIST) {{ repeated group list {{ required binary element (STRING); }} }}")
            }
        }
    }

    fn path(&self, name: &str) -> ColumnPath {
        match self {
            Self::MaybeTexts(_) => ColumnPath::new(vec![name.into(), "list".into(), "element".into()]),
            _ => ColumnPath::from(name),
        }
    }

    fn write(&self, rows: &[R], column: &mut SerializedColumnWriter<'_>) -> ParquetResult<()> {
        match self {
            Self::U32(get) => write::<Int32Type>(column, rows.iter().map(|row| get(row).cast_signed())),
            Self::MaybeU32(get) => write_maybe::<Int32Type>(column, rows.iter().map(|row| get(row).map(u32::cast_signed))),
            Self::I64(get) => write::<Int64Type>(column, rows.iter().map(get)),
            Self::MaybeI64(get) => write_maybe::<Int64Type>(column, rows.iter().map(get)),
            Self::MaybeU64(get) => write_maybe::<Int64Type>(column, rows.iter().map(|row| get(row).map(u64::cast_signed))),
            Self::Bool(get) => write::<BoolType>(column, rows.iter().map(get)),
            Self::Text(get) => write::<ByteArrayType>(column, rows.iter().map(|row| bytes(get(row)))),
            Self::MaybeText(get) | Self::MaybeBytes(get) => {
                write_maybe::<ByteArrayType>(column, rows.iter().map(|row| get(row).map(bytes)))
            }
            Self::MaybeTexts(get) => write_lists(column, rows.iter().map(get)),
        }
    }
}

/// Values go to the column in batches of this many, so that a window is not held a second time.
const BATCH: usize = 16 * 1024;

fn write<T: DataType>(column: &mut SerializedColumnWriter<'_>, values: impl Iterator<Item = T::T>) -> ParquetResult<()> {
    let mut values = values.peekable();
    let mut batch = Vec::new();
    while values.peek().is_some() {
        batch.clear();
        batch.extend(values.by_ref().take(BATCH));
        column.typed::<T>().write_batch(&batch, None, None)?;
    }
    Ok(())
}

fn write_maybe<T: DataType>(column: &mut SerializedColumnWriter<'_>, values: impl Iterator<Item = Option<T::T>>) -> ParquetResult<()> {
    let mut values = values.peekable();
    let (mut batch, mut levels) = (Vec::new(), Vec::new());
    while values.peek().is_some() {
        batch.clear();
        levels.clear();
        batch.extend(values.by_ref().take(BATCH).inspect(|value| levels.push(value.is_some().into())).flatten());
        column.typed::<T>().write_batch(&batch, Some(&levels), None)?;
    }
    Ok(())
}

/// Definition level 0: null, 1: an empty list, 2: an element. Repetition level 0 begins a list.
fn write_lists<'a>(column: &mut SerializedColumnWriter<'_>, lists: impl Iterator<Item = Option<Texts<'a>>>) -> ParquetResult<()> {
    for list in lists {
        let (values, levels): (Vec<_>, Vec<_>) = match list {
            None => (vec![], vec![0]),
            Some(list) if list.is_empty() => (vec![], vec![1]),
            Some(list) => (list.into_iter().map(bytes).collect(), vec![2]),
        };
        let levels = if values.is_empty() { levels } else { vec![2; values.len()] };
        let mut repeats = vec![1; levels.len()];
        repeats[0] = 0;
        column.typed::<ByteArrayType>().write_batch(&values, Some(&levels), Some(&repeats))?;
    }
    Ok(())
}

fn bytes(text: Cow<'_, [u8]>) -> ByteArray {
    text.into_owned().into()
}

/// A table being written. Dropped before [`Finished::publish`], it leaves nothing behind.
pub(super) struct TableWriter<R: 'static> {
    columns: &'static [Column<R>],
    constants: Vec<Constant>,
    writer: SerializedFileWriter<BufWriter<File>>,
    file: Partial,
}

/// A complete table under its temporary name.
pub(super) struct Finished {
    file: Partial,
}

/// A column that has one value in the whole recording.
struct Constant {
    values: ConstantValue,
}

enum ConstantValue {
    Text(ByteArray),
    Number(u32),
    MaybeNumber(Option<u32>),
}

impl<R> TableWriter<R> {
    /// Creates the file `name` of `dir` under its temporary name.
    pub(super) fn create(
        dir: &Path,
        name: &'static str,
        columns: &'static [Column<R>],
        header: &Header,
        compression: Compression,
    ) -> Result<Self, RecordingError> {
        let target = dir.join(name);
        let table = name.strip_suffix(".parquet").unwrap_or(name);
        let (file, created) = Partial::create(&target).map_err(|error| RecordingError::write(&target, error))?;
        let open = || {
            let schema = Arc::new(parse_message_type(&schema(table, columns))?);
            let properties = Arc::new(properties(columns, table, header, compression));
            SerializedFileWriter::new(BufWriter::with_capacity(1 << 16, created), schema, properties)
        };
        let writer = open().map_err(|error| RecordingError::write(&target, error))?;
        let constants = vec![
            Constant { values: ConstantValue::Text(header.run_id.as_str().into()) },
            Constant { values: ConstantValue::Text(header.project.as_str().into()) },
            Constant { values: ConstantValue::MaybeNumber(header.jobs) },
            Constant { values: ConstantValue::Number(header.repeat) },
        ];
        Ok(Self { columns, constants, writer, file })
    }

    /// Writes the rows as one row group; none for no rows.
    pub(super) fn row_group(&mut self, rows: &[R]) -> Result<(), RecordingError> {
        if rows.is_empty() {
            return Ok(());
        }
        self.try_row_group(rows).map_err(|error| RecordingError::write(self.file.target(), error))
    }

    fn try_row_group(&mut self, rows: &[R]) -> ParquetResult<()> {
        let mut group = self.writer.next_row_group()?;
        for column in self.columns {
            let mut writer = group.next_column()?.ok_or_else(missing)?;
            column.values.write(rows, &mut writer)?;
            writer.close()?;
        }
        for constant in &self.constants {
            let mut writer = group.next_column()?.ok_or_else(missing)?;
            constant.write(rows.len(), &mut writer)?;
            writer.close()?;
        }
        group.close()?;
        Ok(())
    }

    /// Writes the footer and waits until the file is on disk.
    pub(super) fn finish(mut self) -> Result<Finished, RecordingError> {
        let finish = |writer: &mut SerializedFileWriter<BufWriter<File>>| {
            writer.finish()?;
            writer.inner_mut().flush()?;
            writer.inner().get_ref().sync_all()?;
            Ok::<(), ParquetError>(())
        };
        finish(&mut self.writer).map_err(|error| RecordingError::write(self.file.target(), error))?;
        Ok(Finished { file: self.file })
    }
}

impl Finished {
    /// Gives the file its name, replacing an older one.
    pub(super) fn publish(self) -> Result<(), RecordingError> {
        let target = self.file.target().to_path_buf();
        self.file.publish().map_err(|error| RecordingError::write(&target, error))
    }
}

impl Constant {
    fn write(&self, rows: usize, column: &mut SerializedColumnWriter<'_>) -> ParquetResult<()> {
        match &self.values {
            ConstantValue::Text(text) => write::<ByteArrayType>(column, std::iter::repeat_n(text.clone(), rows)),
            ConstantValue::Number(number) => write::<Int32Type>(column, std::iter::repeat_n(number.cast_signed(), rows)),
            ConstantValue::MaybeNumber(number) => write_maybe::<Int32Type>(column, std::iter::repeat_n(number.map(u32::cast_signed), rows)),
        }
    }
}

fn missing() -> ParquetError {
    ParquetError::General("the schema has fewer columns than the table".into())
}

fn schema<R>(table: &str, columns: &[Column<R>]) -> String {
    let columns: String = columns.iter().map(|column| column.values.schema(column.name)).collect();
    format!(
        "message {table} {{ {columns} required binary run_id (STRING); required binary project (STRING); \
         optional int32 jobs (INTEGER(32,false)); required int32 repeat (INTEGER(32,false)); }}"
    )
}

fn properties<R>(columns: &[Column<R>], table: &str, header: &Header, compression: Compression) -> WriterProperties {
    let pair = |key: &str, value: String| KeyValue::new(key.into(), value);
    let mut metadata = vec![
        pair(footer::FORMAT_VERSION, FORMAT_VERSION.to_string()),
        pair(footer::TABLE, table.into()),
        pair(footer::WRITER, format!("mymonitor {}", env!("CARGO_PKG_VERSION"))),
        pair(footer::RUN_ID, header.run_id.clone()),
        pair(footer::PROJECT, header.project.clone()),
        pair(footer::REPEAT, header.repeat.to_string()),
    ];
    metadata.extend(header.jobs.map(|jobs| pair(footer::JOBS, jobs.to_string())));
    // Page indexes and statistics of constant columns would be a third of a small recording.
    let mut properties = WriterProperties::builder()
        .set_created_by(format!("mymonitor {}", env!("CARGO_PKG_VERSION")))
        .set_key_value_metadata(Some(metadata))
        .set_compression(compression.codec())
        .set_statistics_enabled(EnabledStatistics::None)
        .set_offset_index_disabled(true)
        .set_data_page_row_count_limit(usize::MAX);
    for column in columns {
        let path = column.values.path(column.name);
        properties = match column.layout {
            Layout::Repeated => properties,
            Layout::Near => properties
                .set_column_dictionary_enabled(path.clone(), false)
                .set_column_encoding(path.clone(), Encoding::DELTA_BINARY_PACKED),
            Layout::Plain => properties.set_column_dictionary_enabled(path.clone(), false),
        };
        if matches!(column.values, Values::U32(_) | Values::I64(_)) {
            properties = properties.set_column_statistics_enabled(path, EnabledStatistics::Chunk);
        }
    }
    properties.build()
}
