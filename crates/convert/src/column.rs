//! A piece of a column as Parquet has it: values, and levels that say where there is none.

use parquet::data_type::ByteArray;

use crate::error::What;
use crate::schema::{Field, Kind};
use crate::value::{Json, Value};

/// Rows of a table that travel together.
pub(crate) struct Batch {
    pub(crate) columns: Vec<Column>,
    pub(crate) rows: usize,
    /// The last rows of a row group: windows of `memory_samples` hold whole ticks, so their ends are part of the table.
    pub(crate) ends_group: bool,
}

pub(crate) struct Column {
    pub(crate) field: Field,
    pub(crate) values: Values,
    pub(crate) definition: Vec<i16>,
    /// Empty unless the column is a list.
    pub(crate) repetition: Vec<i16>,
}

/// By physical type. What a bit pattern means says the [`Kind`].
pub(crate) enum Values {
    Bool(Vec<bool>),
    Int32(Vec<i32>),
    Int64(Vec<i64>),
    Float(Vec<f32>),
    Double(Vec<f64>),
    Bytes(Vec<ByteArray>),
}

impl Batch {
    pub(crate) fn new(fields: &[Field]) -> Self {
        Self { columns: fields.iter().map(|field| Column::new(field.clone())).collect(), rows: 0, ends_group: false }
    }

    pub(crate) fn clear(&mut self) {
        for column in &mut self.columns {
            column.clear();
        }
        self.rows = 0;
        self.ends_group = false;
    }

    /// Moves the rows of another batch of the same table to the end of this one.
    pub(crate) fn append(&mut self, other: &mut Self) {
        for (column, other) in self.columns.iter_mut().zip(&mut other.columns) {
            column.values.append(&mut other.values);
            column.definition.append(&mut other.definition);
            column.repetition.append(&mut other.repetition);
        }
        self.rows += other.rows;
        self.ends_group = other.ends_group;
        other.clear();
    }

    /// Bytes of the values, roughly.
    pub(crate) fn size(&self) -> usize {
        self.columns.iter().map(|column| column.values.size() + 2 * (column.definition.len() + column.repetition.len())).sum()
    }
}

impl Column {
    fn new(field: Field) -> Self {
        let values = Values::of(field.kind);
        Self { field, values, definition: Vec::new(), repetition: Vec::new() }
    }

    fn clear(&mut self) {
        self.values.clear();
        self.definition.clear();
        self.repetition.clear();
    }

    pub(crate) fn push_null(&mut self) -> What<()> {
        if !self.field.nullable {
            return Err(format!("column {} has no value here, but its type says that it always has one", self.field.name));
        }
        self.level(0, 0);
        Ok(())
    }

    /// The value that a CSV field holds.
    pub(crate) fn push_text(&mut self, text: &str) -> What<()> {
        if self.field.list.is_some() {
            let list: Json = serde_json::from_str(text).map_err(|_| self.unfit(format_args!("{text:?}")))?;
            return self.push_json(list);
        }
        self.values.push_text(self.field.kind, text).ok_or_else(|| self.unfit(format_args!("{text:?}")))?;
        self.level(self.field.most_defined(), 0);
        Ok(())
    }

    pub(crate) fn push_json(&mut self, json: Json) -> What<()> {
        match (json, self.field.list) {
            (Json::Null, _) => self.push_null(),
            (Json::List(elements), Some(_)) if elements.is_empty() => {
                self.level(self.field.empty_list(), 0);
                Ok(())
            }
            (Json::List(elements), Some(list)) => {
                for (index, element) in elements.into_iter().enumerate() {
                    let repetition = i16::from(index > 0);
                    if matches!(element, Json::Null) && list.nullable_elements {
                        self.level(self.field.most_defined() - 1, repetition);
                    } else {
                        self.push_element(&element)?;
                        self.level(self.field.most_defined(), repetition);
                    }
                }
                Ok(())
            }
            (json, None) => {
                self.push_element(&json)?;
                self.level(self.field.most_defined(), 0);
                Ok(())
            }
            (json, Some(_)) => Err(self.unfit(format_args!("{json}"))),
        }
    }

    fn push_element(&mut self, element: &Json) -> What<()> {
        self.values.push_json(self.field.kind, element).ok_or_else(|| self.unfit(format_args!("{element}")))
    }

    fn level(&mut self, definition: i16, repetition: i16) {
        self.definition.push(definition);
        if self.field.list.is_some() {
            self.repetition.push(repetition);
        }
    }

    fn unfit(&self, value: std::fmt::Arguments<'_>) -> String {
        let kind = self.field.kind.name();
        let of = if self.field.list.is_some() { "a list of " } else { "a " };
        let value: String = value.to_string().chars().take(80).collect();
        format!("column {} has {value}, expected {of}{kind}", self.field.name)
    }
}

impl Values {
    /// None of a kind.
    pub(crate) fn of(kind: Kind) -> Self {
        match kind {
            Kind::Bool => Self::Bool(Vec::new()),
            Kind::Int { bits: 64, .. } | Kind::Time { .. } => Self::Int64(Vec::new()),
            Kind::Int { .. } | Kind::Date => Self::Int32(Vec::new()),
            Kind::Float => Self::Float(Vec::new()),
            Kind::Double => Self::Double(Vec::new()),
            Kind::Text | Kind::Binary => Self::Bytes(Vec::new()),
        }
    }

    fn clear(&mut self) {
        match self {
            Self::Bool(values) => values.clear(),
            Self::Int32(values) => values.clear(),
            Self::Int64(values) => values.clear(),
            Self::Float(values) => values.clear(),
            Self::Double(values) => values.clear(),
            Self::Bytes(values) => values.clear(),
        }
    }

    fn append(&mut self, other: &mut Self) {
        match (self, other) {
            (Self::Bool(values), Self::Bool(other)) => values.append(other),
            (Self::Int32(values), Self::Int32(other)) => values.append(other),
            (Self::Int64(values), Self::Int64(other)) => values.append(other),
            (Self::Float(values), Self::Float(other)) => values.append(other),
            (Self::Double(values), Self::Double(other)) => values.append(other),
            (Self::Bytes(values), Self::Bytes(other)) => values.append(other),
            _ => debug_assert!(false, "both are columns of one field"),
        }
    }

    fn size(&self) -> usize {
        match self {
            Self::Bool(values) => values.len(),
            Self::Int32(values) => values.len() * 4,
            Self::Int64(values) => values.len() * 8,
            Self::Float(values) => values.len() * 4,
            Self::Double(values) => values.len() * 8,
            Self::Bytes(values) => values.iter().map(|bytes| bytes.len() + size_of::<ByteArray>()).sum(),
        }
    }

    /// `None`: the text is no such value.
    fn push_text(&mut self, kind: Kind, text: &str) -> Option<()> {
        self.push(Value::parse(kind, text)?)
    }

    fn push_json(&mut self, kind: Kind, json: &Json) -> Option<()> {
        self.push(Value::from_json(kind, json)?)
    }

    fn push(&mut self, value: Value<'_>) -> Option<()> {
        match (self, value) {
            (Self::Bool(values), Value::Bool(value)) => values.push(value),
            (Self::Int32(values), Value::Int(value)) => values.push(i32::try_from(value).ok()?),
            // Of the unsigned types Parquet stores the bits.
            (Self::Int32(values), Value::Unsigned(value)) => values.push(u32::try_from(value).ok()?.cast_signed()),
            (Self::Int32(values), Value::Date(value)) => values.push(value),
            (Self::Int64(values), Value::Int(value) | Value::Time { value, .. }) => values.push(value),
            (Self::Int64(values), Value::Unsigned(value)) => values.push(value.cast_signed()),
            (Self::Float(values), Value::Float(value)) => values.push(value),
            (Self::Double(values), Value::Double(value)) => values.push(value),
            // Names and commands come in runs, and a copy of a handle is no allocation.
            (Self::Bytes(values), Value::Text(text)) => match values.last() {
                Some(last) if last.data() == text.as_bytes() => values.push(last.clone()),
                _ => values.push(text.into()),
            },
            (Self::Bytes(values), Value::Binary(bytes)) => values.push(bytes.into_owned().into()),
            _ => return None,
        }
        Some(())
    }

    /// The value at an index, as its kind reads it.
    fn get(&self, index: usize, kind: Kind) -> What<Value<'_>> {
        Ok(match (self, kind) {
            (Self::Bool(values), _) => Value::Bool(values[index]),
            (Self::Int32(values), Kind::Date) => Value::Date(values[index]),
            (Self::Int32(values), Kind::Int { signed: false, .. }) => Value::Unsigned(values[index].cast_unsigned().into()),
            (Self::Int32(values), _) => Value::Int(values[index].into()),
            (Self::Int64(values), Kind::Time { unit, utc }) => Value::Time { value: values[index], unit, utc },
            (Self::Int64(values), Kind::Int { signed: false, .. }) => Value::Unsigned(values[index].cast_unsigned()),
            (Self::Int64(values), _) => Value::Int(values[index]),
            (Self::Float(values), _) => Value::Float(values[index]),
            (Self::Double(values), _) => Value::Double(values[index]),
            (Self::Bytes(values), Kind::Text) => {
                Value::Text(std::str::from_utf8(values[index].data()).map_err(|_| "a text is not UTF-8".to_owned())?)
            }
            (Self::Bytes(values), _) => Value::Binary(values[index].data().into()),
        })
    }
}

/// Reads a column row by row.
pub(crate) struct Cursor<'a> {
    column: &'a Column,
    level: usize,
    value: usize,
}

/// What a row has in a column.
pub(crate) enum Cell<'a> {
    Null,
    One(Value<'a>),
    List(Vec<Option<Value<'a>>>),
}

impl<'a> Cursor<'a> {
    pub(crate) fn new(column: &'a Column) -> Self {
        Self { column, level: 0, value: 0 }
    }

    /// The next row's cell; there must be one.
    pub(crate) fn next(&mut self) -> What<Cell<'a>> {
        let field = &self.column.field;
        let most = field.most_defined();
        // A column that is never null and no list needs no levels.
        let level = if most == 0 { 0 } else { self.column.definition[self.level] };
        self.level += 1;
        let named = |what| format!("column {}: {what}", field.name);
        let Some(_) = field.list else {
            if level < most {
                return Ok(Cell::Null);
            }
            return self.value().map(Cell::One).map_err(named);
        };
        if field.nullable && level == 0 {
            return Ok(Cell::Null);
        }
        if level == field.empty_list() {
            return Ok(Cell::List(Vec::new()));
        }
        let mut elements = vec![self.element(level, most).map_err(named)?];
        while self.column.repetition.get(self.level).is_some_and(|&repetition| repetition > 0) {
            let level = self.column.definition[self.level];
            self.level += 1;
            elements.push(self.element(level, most).map_err(named)?);
        }
        Ok(Cell::List(elements))
    }

    fn element(&mut self, level: i16, most: i16) -> What<Option<Value<'a>>> {
        if level < most { Ok(None) } else { self.value().map(Some) }
    }

    fn value(&mut self) -> What<Value<'a>> {
        let value = self.column.values.get(self.value, self.column.field.kind);
        self.value += 1;
        value
    }
}
