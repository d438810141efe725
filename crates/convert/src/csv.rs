//! CSV by RFC 4180 with a header line. An empty field is a missing value, `""` an empty text, as in `PostgreSQL` and polars; a list is JSON in its field.

use std::io::{BufRead, BufReader, Read, Write};

use csv_core::ReadFieldResult;

use crate::column::{Batch, Cell, Cursor};
use crate::error::What;
use crate::schema::Field;

/// Splits a stream into records. The grammar is csv-core's; what it does not tell, whether a field was quoted, is seen at the field's first byte.
pub(crate) struct Records<R> {
    input: BufReader<R>,
    reader: csv_core::Reader,
    text: Vec<u8>,
    /// End in `text`, and whether there were quotes.
    fields: Vec<(usize, bool)>,
    line: u64,
    /// The end of the file was reached.
    ended: bool,
}

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

impl<R: Read> Records<R> {
    pub(crate) fn new(input: R) -> What<Self> {
        let mut input = BufReader::with_capacity(1 << 16, input);
        let start = input.fill_buf().map_err(|error| error.to_string())?;
        if start.starts_with(BYTE_ORDER_MARK) {
            input.consume(BYTE_ORDER_MARK.len());
        }
        Ok(Self { input, reader: csv_core::Reader::new(), text: vec![0; 1 << 12], fields: Vec::new(), line: 1, ended: false })
    }

    /// Line on which the record began, from 1.
    pub(crate) fn line(&self) -> u64 {
        self.line
    }

    pub(crate) fn len(&self) -> usize {
        self.fields.len()
    }

    /// A field of the record; `None` for a missing value.
    pub(crate) fn field(&self, index: usize) -> What<Option<&str>> {
        let start = if index == 0 { 0 } else { self.fields[index - 1].0 };
        let (end, quoted) = self.fields[index];
        if start == end && !quoted {
            return Ok(None);
        }
        std::str::from_utf8(&self.text[start..end]).map(Some).map_err(|_| format!("field {} is not UTF-8", index + 1))
    }

    /// False at the end of the file.
    pub(crate) fn next(&mut self) -> What<bool> {
        self.fields.clear();
        let (mut end, mut quoted) = (0, None);
        loop {
            let input = self.input.fill_buf().map_err(|error| error.to_string())?;
            if quoted.is_none() {
                // Line ends before a record belong to nothing.
                let first = input.iter().find(|&&byte| !self.fields.is_empty() || (byte != b'\n' && byte != b'\r'));
                quoted = first.map(|&byte| byte == b'"');
                if self.fields.is_empty() {
                    let skipped = input.iter().take_while(|&&byte| byte == b'\n' || byte == b'\r').filter(|&&byte| byte == b'\n').count();
                    self.line = self.reader.line() + skipped as u64;
                }
            }
            let closes = input.is_empty() && !self.ended;
            if closes {
                // Inside quotes the line end that we add is text: the file is cut off.
                self.ended = true;
                self.text.resize(self.text.len().max(end + 1), 0);
            }
            let (result, read, written) = self.reader.read_field(if closes { b"\n" } else { input }, &mut self.text[end..]);
            if closes && written > 0 {
                return Err(format!("it ends inside the quotes of the record that began on line {}: it is cut off", self.line));
            }
            self.input.consume(if closes { 0 } else { read });
            end += written;
            match result {
                ReadFieldResult::InputEmpty => {}
                ReadFieldResult::OutputFull => self.text.resize(self.text.len() * 2, 0),
                ReadFieldResult::Field { record_end } => {
                    self.fields.push((end, quoted == Some(true)));
                    quoted = None;
                    if record_end {
                        return Ok(true);
                    }
                }
                ReadFieldResult::End => return Ok(false),
            }
        }
    }
}

/// The names in the header line.
pub(crate) fn header<R: Read>(records: &mut Records<R>) -> What<Vec<String>> {
    if !records.next()? {
        return Err("it is empty: expected a line with the names of the columns".into());
    }
    (0..records.len())
        .map(|index| match records.field(index)? {
            Some(name) => Ok(name.to_owned()),
            None => Err(format!("column {} has no name in the first line", index + 1)),
        })
        .collect()
}

/// Appends the record to a batch.
pub(crate) fn append<R: Read>(records: &Records<R>, batch: &mut Batch) -> What<()> {
    check_width(records, batch.columns.len())?;
    for (index, column) in batch.columns.iter_mut().enumerate() {
        let pushed = match records.field(index)? {
            None => column.push_null(),
            Some(text) => column.push_text(text),
        };
        pushed.map_err(|what| format!("line {}: {what}", records.line()))?;
    }
    batch.rows += 1;
    Ok(())
}

pub(crate) fn check_width<R: Read>(records: &Records<R>, columns: usize) -> What<()> {
    let found = records.len();
    if found == columns { Ok(()) } else { Err(format!("line {} has {found} fields, the first line names {columns}", records.line())) }
}

/// Writes a table.
pub(crate) struct CsvWriter<W> {
    out: W,
    buffer: Vec<u8>,
}

impl<W: Write> CsvWriter<W> {
    pub(crate) fn new(out: W, fields: &[Field]) -> What<Self> {
        let mut writer = Self { out, buffer: Vec::new() };
        for (index, field) in fields.iter().enumerate() {
            writer.separate(index);
            quote(field.name.as_bytes(), &mut writer.buffer);
        }
        writer.buffer.push(b'\n');
        writer.flush()?;
        Ok(writer)
    }

    pub(crate) fn write(&mut self, batch: &Batch) -> What<()> {
        let mut cursors: Vec<_> = batch.columns.iter().map(Cursor::new).collect();
        let mut text = Vec::new();
        let alone = cursors.len() == 1;
        for _ in 0..batch.rows {
            for (index, cursor) in cursors.iter_mut().enumerate() {
                self.separate(index);
                text.clear();
                match cursor.next()? {
                    // A line without anything in it is no record to any reader of CSV.
                    Cell::Null if alone => return Err("a table of one column with missing values has no form in csv: take json".into()),
                    Cell::Null => continue,
                    Cell::One(value) => value.write(&mut text)?,
                    Cell::List(elements) => crate::json::write_list(&elements, &mut text)?,
                }
                quote(&text, &mut self.buffer);
            }
            self.buffer.push(b'\n');
            if self.buffer.len() >= 1 << 16 {
                self.flush()?;
            }
        }
        self.flush()
    }

    pub(crate) fn finish(self) -> W {
        self.out
    }

    fn separate(&mut self, index: usize) {
        if index > 0 {
            self.buffer.push(b',');
        }
    }

    fn flush(&mut self) -> What<()> {
        self.out.write_all(&self.buffer).map_err(|error| error.to_string())?;
        self.buffer.clear();
        Ok(())
    }
}

/// An empty text needs quotes, too: without them it is a missing value.
pub(crate) fn quote(text: &[u8], out: &mut Vec<u8>) {
    if !text.is_empty() && !text.iter().any(|byte| matches!(byte, b'"' | b',' | b'\n' | b'\r')) {
        out.extend_from_slice(text);
        return;
    }
    out.push(b'"');
    for &byte in text {
        if byte == b'"' {
            out.push(b'"');
        }
        out.push(byte);
    }
    out.push(b'"');
}
