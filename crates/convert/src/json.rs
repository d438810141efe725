//! JSON: an array with one object a row, or one object a line. A missing value is null or no key at all. Of an object, the array under `samples` is the
//! table, as the Python `MyMonitor` wrote it.

use std::fmt;
use std::io::{BufReader, Read, Write};

use serde_core::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::de::IoRead;

use crate::column::{Batch, Cell, Cursor};
use crate::error::What;
use crate::schema::Field;
use crate::value::{Json, Value};

/// Of an object that is no row, the key that has the rows.
const ROWS_KEY: &str = "samples";

/// Takes the rows of a document.
pub(crate) trait RowSink {
    /// A value of the row; `index` is where the key stood in its object.
    fn value(&mut self, index: usize, key: &str, value: Json) -> What<()>;
    /// The row is complete.
    fn end_row(&mut self) -> What<()>;
}

/// Why a document was not read to its end.
pub(crate) enum Unreadable {
    NotATable,
    What(String),
}

/// Hands every row to the sink. A table has at least one row or an empty array.
pub(crate) fn read(input: impl Read, sink: &mut impl RowSink) -> Result<(), Unreadable> {
    let mut document = serde_json::Deserializer::new(IoRead::new(BufReader::with_capacity(1 << 16, input)));
    let mut done = 0;
    let mut first = true;
    loop {
        if document.end().is_ok() {
            return if first { Err(Unreadable::NotATable) } else { Ok(()) };
        }
        let mut reader = Rows { sink, done: &mut done, depth: 0, failure: None, is_table: false };
        let read = (&mut reader).deserialize(&mut document);
        let (failure, is_table) = (reader.failure.take(), reader.is_table);
        match (read, failure) {
            (_, Some(what)) => return Err(Unreadable::What(format!("row {}: {what}", done + 1))),
            (Ok(()), None) if is_table => first = false,
            (Ok(()), None) => return Err(Unreadable::NotATable),
            (Err(error), None) => return Err(Unreadable::What(format!("it is not JSON that a table can hold: {error}"))),
        }
    }
}

struct Rows<'a, S> {
    sink: &'a mut S,
    done: &'a mut u64,
    /// 0: the document, 1: an element of its array.
    depth: usize,
    failure: Option<String>,
    is_table: bool,
}

impl<'de, S: RowSink> DeserializeSeed<'de> for &mut Rows<'_, S> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de, S: RowSink> Visitor<'de> for &mut Rows<'_, S> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object for each row")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut rows: A) -> Result<(), A::Error> {
        if self.depth > 0 {
            return Err(serde_core::de::Error::invalid_type(serde_core::de::Unexpected::Seq, &"an object for each row"));
        }
        self.depth = 1;
        self.is_table = true;
        while rows.next_element_seed(&mut *self)?.is_some() {}
        self.depth = 0;
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut row: A) -> Result<(), A::Error> {
        let mut index = 0;
        while let Some(key) = row.next_key::<String>()? {
            if self.depth == 0 && index == 0 && key == ROWS_KEY {
                row.next_value_seed(&mut *self)?;
                while row.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
                return Ok(());
            }
            let value = row.next_value::<Json>()?;
            self.take(|sink| sink.value(index, &key, value))?;
            index += 1;
        }
        self.take(RowSink::end_row)?;
        *self.done += 1;
        self.is_table = true;
        Ok(())
    }
}

impl<S: RowSink> Rows<'_, S> {
    /// A failure of the sink keeps its own words.
    fn take<E: serde_core::de::Error>(&mut self, step: impl FnOnce(&mut S) -> What<()>) -> Result<(), E> {
        step(self.sink).map_err(|what| {
            self.failure = Some(what);
            E::custom("")
        })
    }
}

/// Writes a table as an array with one object a line.
pub(crate) struct JsonWriter<W> {
    out: W,
    buffer: Vec<u8>,
    keys: Vec<Vec<u8>>,
    first: bool,
}

impl<W: Write> JsonWriter<W> {
    pub(crate) fn new(out: W, fields: &[Field]) -> What<Self> {
        let key = |field: &Field| serde_json::to_vec(&field.name).map_err(|error| error.to_string());
        let keys = fields.iter().map(key).collect::<What<Vec<_>>>()?;
        Ok(Self { out, buffer: b"[".to_vec(), keys, first: true })
    }

    pub(crate) fn write(&mut self, batch: &Batch) -> What<()> {
        let mut cursors: Vec<_> = batch.columns.iter().map(Cursor::new).collect();
        for _ in 0..batch.rows {
            self.buffer.extend_from_slice(if self.first { b"\n{" } else { b",\n{" });
            self.first = false;
            for (index, (cursor, key)) in cursors.iter_mut().zip(&self.keys).enumerate() {
                if index > 0 {
                    self.buffer.push(b',');
                }
                self.buffer.extend_from_slice(key);
                self.buffer.push(b':');
                match cursor.next()? {
                    Cell::Null => self.buffer.extend_from_slice(b"null"),
                    Cell::One(value) => value.write_json(&mut self.buffer)?,
                    Cell::List(elements) => write_list(&elements, &mut self.buffer)?,
                }
            }
            self.buffer.push(b'}');
            if self.buffer.len() >= 1 << 16 {
                self.flush()?;
            }
        }
        self.flush()
    }

    pub(crate) fn finish(mut self) -> What<W> {
        self.buffer.extend_from_slice(b"\n]\n");
        self.flush()?;
        Ok(self.out)
    }

    fn flush(&mut self) -> What<()> {
        self.out.write_all(&self.buffer).map_err(|error| error.to_string())?;
        self.buffer.clear();
        Ok(())
    }
}

pub(crate) fn write_list(elements: &[Option<Value<'_>>], out: &mut Vec<u8>) -> What<()> {
    out.push(b'[');
    for (index, element) in elements.iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        match element {
            None => out.extend_from_slice(b"null"),
            Some(value) => value.write_json(out)?,
        }
    }
    out.push(b']');
    Ok(())
}
