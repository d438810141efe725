//! A table being written, whatever its format: under a temporary name, then renamed.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use mymonitor_recording::{Compression, Partial};
use parquet::basic::Encoding;
use parquet::data_type::{BoolType, ByteArrayType, DataType, DoubleType, FloatType, Int32Type, Int64Type};
use parquet::errors::ParquetError;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::file::writer::{SerializedColumnWriter, SerializedFileWriter};
use parquet::schema::types::ColumnPath;

use crate::Format;
use crate::column::{Batch, Column, Values};
use crate::csv::CsvWriter;
use crate::error::{ConvertError, What};
use crate::json::JsonWriter;
use crate::schema::{Field, to_parquet};
use crate::sidecar::{self, Header};

/// A row group ends at the latest with this many rows or bytes, which bounds the memory whatever the input is. The windows of a recording are smaller.
const GROUP_ROWS: usize = 128 * 1024;
const GROUP_BYTES: usize = 64 << 20;

/// A table being written. Dropped before [`Sink::finish`], it leaves nothing behind.
pub(crate) struct Sink {
    target: PathBuf,
    partial: Partial,
    rows: Rows,
    header: Header,
    rows_in_group: usize,
    /// Of the rows that are collected for a row group of Parquet.
    bytes_in_group: usize,
}

enum Rows {
    Csv(CsvWriter<BufWriter<File>>),
    Json(JsonWriter<BufWriter<File>>),
    Parquet { writer: SerializedFileWriter<BufWriter<File>>, group: Batch },
}

impl Sink {
    pub(crate) fn create(target: &Path, format: Format, header: &Header, compression: Compression) -> Result<Self, ConvertError> {
        let output = |what: String| ConvertError::output(target, what);
        let (partial, file) = Partial::create(target).map_err(|error| output(error.to_string()))?;
        let file = BufWriter::with_capacity(1 << 16, file);
        let header = Header { fields: header.fields.clone(), metadata: header.metadata.clone(), row_groups: Vec::new() };
        let rows = match format {
            Format::Csv => Rows::Csv(CsvWriter::new(file, &header.fields).map_err(output)?),
            Format::Json => Rows::Json(JsonWriter::new(file, &header.fields).map_err(output)?),
            Format::Parquet => {
                let schema = to_parquet("table", &header.fields).map_err(output)?;
                let properties = Arc::new(properties(&header, compression));
                let writer = SerializedFileWriter::new(file, schema, properties).map_err(|error| output(error.to_string()))?;
                Rows::Parquet { writer, group: Batch::new(&header.fields) }
            }
        };
        Ok(Self { target: target.into(), partial, rows, header, rows_in_group: 0, bytes_in_group: 0 })
    }

    pub(crate) fn write(&mut self, batch: &mut Batch) -> What<()> {
        let ends_group = batch.ends_group;
        self.rows_in_group += batch.rows;
        match &mut self.rows {
            Rows::Csv(writer) => writer.write(batch)?,
            Rows::Json(writer) => writer.write(batch)?,
            Rows::Parquet { writer, group } => {
                self.bytes_in_group += batch.size();
                group.append(batch);
                if ends_group || group.rows >= GROUP_ROWS || self.bytes_in_group >= GROUP_BYTES {
                    self.bytes_in_group = 0;
                    write_row_group(writer, group).map_err(|error| error.to_string())?;
                }
            }
        }
        if ends_group {
            self.header.row_groups.push(std::mem::take(&mut self.rows_in_group));
        }
        Ok(())
    }

    /// Gives the file its name. The sidecar of a text file comes first: a text file without it has lost its types.
    pub(crate) fn finish(self) -> Result<(), ConvertError> {
        let Self { target, partial, rows, header, .. } = self;
        let output = |what: String| ConvertError::output(&target, what);
        let (file, is_text) = match rows {
            Rows::Csv(writer) => (writer.finish(), true),
            Rows::Json(writer) => (writer.finish().map_err(output)?, true),
            Rows::Parquet { mut writer, mut group } => {
                let end = || {
                    if group.rows > 0 {
                        write_row_group(&mut writer, &mut group)?;
                    }
                    writer.into_inner()
                };
                (end().map_err(|error| output(error.to_string()))?, false)
            }
        };
        let file = file.into_inner().map_err(|error| output(error.to_string()))?;
        file.sync_all().map_err(|error| output(error.to_string()))?;
        if is_text {
            let path = sidecar::path_of(&target);
            let output = |error: std::io::Error| ConvertError::output(&path, error);
            let (partial, mut file) = Partial::create(&path).map_err(output)?;
            file.write_all(&sidecar::text(&header)).map_err(output)?;
            partial.publish().map_err(output)?;
        }
        partial.publish().map_err(|error| output(error.to_string()))
    }
}

fn write_row_group(writer: &mut SerializedFileWriter<BufWriter<File>>, rows: &mut Batch) -> Result<(), ParquetError> {
    let mut group = writer.next_row_group()?;
    for column in &rows.columns {
        let mut writer = group.next_column()?.ok_or_else(|| ParquetError::General("the schema has fewer columns than the table".into()))?;
        match &column.values {
            Values::Bool(values) => write_column::<BoolType>(&mut writer, column, values)?,
            Values::Int32(values) => write_column::<Int32Type>(&mut writer, column, values)?,
            Values::Int64(values) => write_column::<Int64Type>(&mut writer, column, values)?,
            Values::Float(values) => write_column::<FloatType>(&mut writer, column, values)?,
            Values::Double(values) => write_column::<DoubleType>(&mut writer, column, values)?,
            Values::Bytes(values) => write_column::<ByteArrayType>(&mut writer, column, values)?,
        }
        writer.close()?;
    }
    group.close()?;
    rows.clear();
    Ok(())
}

fn write_column<T: DataType>(writer: &mut SerializedColumnWriter<'_>, column: &Column, values: &[T::T]) -> Result<(), ParquetError> {
    let definition = (column.field.most_defined() > 0).then_some(column.definition.as_slice());
    let repetition = column.field.list.map(|_| column.repetition.as_slice());
    writer.typed::<T>().write_batch(values, definition, repetition)?;
    Ok(())
}

fn properties(header: &Header, compression: Compression) -> WriterProperties {
    let mut properties = WriterProperties::builder()
        .set_created_by(format!("mymonitor {}", env!("CARGO_PKG_VERSION")))
        .set_key_value_metadata((!header.metadata.is_empty()).then(|| header.metadata.clone()))
        .set_compression(compression.codec())
        .set_statistics_enabled(EnabledStatistics::Chunk)
        .set_offset_index_disabled(true)
        .set_data_page_row_count_limit(usize::MAX);
    // As in the recordings themselves: differences of integers take less than a dictionary of them.
    let is_number = |field: &&Field| matches!(Values::of(field.kind), Values::Int32(_) | Values::Int64(_)) && field.list.is_none();
    for field in header.fields.iter().filter(is_number) {
        let path = ColumnPath::new(vec![field.name.clone()]);
        properties = properties.set_column_dictionary_enabled(path.clone(), false).set_column_encoding(path, Encoding::DELTA_BINARY_PACKED);
    }
    properties.build()
}
