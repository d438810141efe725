//! A table being read, whatever its format.

use std::fs::File;
use std::path::{Path, PathBuf};

use parquet::column::reader::{ColumnReader, ColumnReaderImpl};
use parquet::data_type::DataType;
use parquet::errors::ParquetError;
use parquet::file::reader::{FileReader, SerializedFileReader};

use crate::Format;
use crate::column::{Batch, Column, Values};
use crate::csv::{self, Records};
use crate::error::{ConvertError, What};
use crate::infer::{self, JsonColumns};
use crate::json::{self, RowSink, Unreadable};
use crate::schema::{Field, fields_of};
use crate::sidecar::{self, Header};
use crate::value::Json;

/// Rows that are in memory at a time.
const BATCH_ROWS: usize = 8 * 1024;

/// A table, opened: its columns are known, its rows not yet read.
pub(crate) struct Source {
    file: PathBuf,
    rows: Rows,
    pub(crate) header: Header,
}

enum Rows {
    Csv,
    Json,
    Parquet(SerializedFileReader<File>),
}

/// Takes each batch; may empty it.
type OnBatch<'a> = &'a mut dyn FnMut(&mut Batch) -> What<()>;

impl Source {
    /// Without a sidecar, reads a text file once to find out its types.
    pub(crate) fn open(file: &Path, format: Format) -> Result<Self, ConvertError> {
        let input = |what: String| ConvertError::input(file, what);
        let (rows, header) = match format {
            Format::Parquet => {
                let reader = SerializedFileReader::new(open(file)?).map_err(|error| input(damaged(&error)))?;
                let metadata = reader.metadata();
                let fields = fields_of(metadata.file_metadata().schema()).map_err(input)?;
                let pairs = metadata.file_metadata().key_value_metadata().cloned().unwrap_or_default();
                (Rows::Parquet(reader), Header { fields, metadata: pairs, row_groups: Vec::new() })
            }
            Format::Csv => {
                let header = match sidecar::read(file)? {
                    Some(header) => header,
                    None => Header { fields: infer::csv(Records::new(open(file)?).map_err(input)?).map_err(input)?, ..Header::default() },
                };
                (Rows::Csv, header)
            }
            Format::Json => {
                let header = if let Some(header) = sidecar::read(file)? {
                    header
                } else {
                    let mut columns = JsonColumns::default();
                    json::read(open(file)?, &mut columns).map_err(|why| unreadable(file, why))?;
                    Header { fields: columns.finish().map_err(input)?, ..Header::default() }
                };
                (Rows::Json, header)
            }
        };
        if header.fields.is_empty() {
            return Err(input("it has no columns".into()));
        }
        Ok(Self { file: file.into(), rows, header })
    }

    /// Reads all rows, in order.
    pub(crate) fn read(&self, on_batch: OnBatch<'_>) -> Result<(), ConvertError> {
        let input = |what: String| ConvertError::input(&self.file, what);
        let fields = &self.header.fields;
        match &self.rows {
            Rows::Parquet(reader) => {
                (0..reader.num_row_groups()).try_for_each(|group| read_row_group(reader, group, fields, on_batch)).map_err(input)
            }
            Rows::Csv => self.read_csv(on_batch).map_err(input),
            Rows::Json => {
                let mut rows = JsonRows { batches: Batches::new(&self.header, on_batch), filled: vec![false; fields.len()] };
                json::read(open(&self.file)?, &mut rows).map_err(|why| unreadable(&self.file, why))?;
                rows.batches.finish().map_err(input)
            }
        }
    }

    fn read_csv(&self, on_batch: OnBatch<'_>) -> What<()> {
        let mut records = Records::new(open(&self.file).map_err(|error| error.to_string())?)?;
        let names = csv::header(&mut records)?;
        if !names.iter().eq(self.header.fields.iter().map(|field| &field.name)) {
            let sidecar = sidecar::path_of(&self.file);
            return Err(format!("{} has other columns than its first line; remove it to have the types found out", sidecar.display()));
        }
        let mut batches = Batches::new(&self.header, on_batch);
        while records.next()? {
            csv::append(&records, &mut batches.batch)?;
            batches.end_row()?;
        }
        batches.finish()
    }
}

fn open(file: &Path) -> Result<File, ConvertError> {
    File::open(file).map_err(|error| ConvertError::input(file, error))
}

fn unreadable(file: &Path, why: Unreadable) -> ConvertError {
    match why {
        Unreadable::NotATable => ConvertError::NotATable { file: file.into() },
        Unreadable::What(what) => ConvertError::input(file, what),
    }
}

fn damaged(error: &ParquetError) -> String {
    format!("it is no Parquet file, or a damaged one: {error}")
}

/// Cuts rows into batches, at the ends of the row groups that the sidecar names.
struct Batches<'a> {
    batch: Batch,
    groups: std::slice::Iter<'a, usize>,
    left_in_group: Option<usize>,
    on_batch: OnBatch<'a>,
}

impl<'a> Batches<'a> {
    fn new(header: &'a Header, on_batch: OnBatch<'a>) -> Self {
        let mut groups = header.row_groups.iter();
        let left_in_group = groups.next().copied();
        Self { batch: Batch::new(&header.fields), groups, left_in_group, on_batch }
    }

    fn end_row(&mut self) -> What<()> {
        if let Some(left) = &mut self.left_in_group {
            *left = left.saturating_sub(1);
            if *left == 0 {
                self.batch.ends_group = true;
                self.left_in_group = self.groups.next().copied();
            }
        }
        if self.batch.ends_group || self.batch.rows >= BATCH_ROWS { self.flush() } else { Ok(()) }
    }

    fn flush(&mut self) -> What<()> {
        (self.on_batch)(&mut self.batch)?;
        self.batch.clear();
        Ok(())
    }

    fn finish(mut self) -> What<()> {
        if self.batch.rows > 0 { self.flush() } else { Ok(()) }
    }
}

struct JsonRows<'a> {
    batches: Batches<'a>,
    /// Which columns the row has had.
    filled: Vec<bool>,
}

impl RowSink for JsonRows<'_> {
    fn value(&mut self, index: usize, key: &str, value: Json) -> What<()> {
        let columns = &mut self.batches.batch.columns;
        let index = match columns.get(index) {
            Some(column) if column.field.name == key => index,
            _ => {
                let found = columns.iter().position(|column| column.field.name == key);
                found.ok_or_else(|| format!("it has the key {key:?}, which its schema file does not name"))?
            }
        };
        if std::mem::replace(&mut self.filled[index], true) {
            return Err(format!("it has the key {key:?} twice"));
        }
        columns[index].push_json(value)
    }

    fn end_row(&mut self) -> What<()> {
        for (column, filled) in self.batches.batch.columns.iter_mut().zip(&mut self.filled) {
            if !std::mem::take(filled) {
                column.push_null()?;
            }
        }
        self.batches.batch.rows += 1;
        self.batches.end_row()
    }
}

fn read_row_group(reader: &SerializedFileReader<File>, group: usize, fields: &[Field], on_batch: OnBatch<'_>) -> What<()> {
    let group = reader.get_row_group(group).map_err(|error| damaged(&error))?;
    let mut left = usize::try_from(group.metadata().num_rows()).map_err(|_| "a row group has a negative number of rows".to_owned())?;
    let open = |column| group.get_column_reader(column).map_err(|error| damaged(&error));
    let mut readers = (0..fields.len()).map(open).collect::<What<Vec<_>>>()?;
    let mut batch = Batch::new(fields);
    while left > 0 {
        let rows = left.min(BATCH_ROWS);
        for (column, reader) in batch.columns.iter_mut().zip(&mut readers) {
            if read_column(column, reader, rows).map_err(|error| damaged(&error))? != rows {
                return Err(format!("it is damaged: column {} has fewer rows than its row group", column.field.name));
            }
        }
        left -= rows;
        batch.rows = rows;
        batch.ends_group = left == 0;
        on_batch(&mut batch)?;
        batch.clear();
    }
    Ok(())
}

fn read_column(column: &mut Column, reader: &mut ColumnReader, rows: usize) -> Result<usize, ParquetError> {
    let Column { field, values, definition, repetition } = column;
    let mut levels = Levels { definition: (field.most_defined() > 0).then_some(definition), repetition: field.list.map(|_| repetition) };
    match (reader, values) {
        (ColumnReader::BoolColumnReader(reader), Values::Bool(values)) => levels.read(reader, values, rows),
        (ColumnReader::Int32ColumnReader(reader), Values::Int32(values)) => levels.read(reader, values, rows),
        (ColumnReader::Int64ColumnReader(reader), Values::Int64(values)) => levels.read(reader, values, rows),
        (ColumnReader::FloatColumnReader(reader), Values::Float(values)) => levels.read(reader, values, rows),
        (ColumnReader::DoubleColumnReader(reader), Values::Double(values)) => levels.read(reader, values, rows),
        (ColumnReader::ByteArrayColumnReader(reader), Values::Bytes(values)) => levels.read(reader, values, rows),
        _ => Err(ParquetError::General(format!("column {} is not of the type that the schema says", field.name))),
    }
}

struct Levels<'a> {
    definition: Option<&'a mut Vec<i16>>,
    repetition: Option<&'a mut Vec<i16>>,
}

impl Levels<'_> {
    /// A read ends with a page; the rows of a batch may be on several.
    fn read<T: DataType>(&mut self, reader: &mut ColumnReaderImpl<T>, values: &mut Vec<T::T>, rows: usize) -> Result<usize, ParquetError> {
        let mut done = 0;
        while done < rows {
            let (read, ..) = reader.read_records(rows - done, self.definition.as_deref_mut(), self.repetition.as_deref_mut(), values)?;
            if read == 0 {
                break;
            }
            done += read;
        }
        Ok(done)
    }
}
