//! The types of a text file that has none: one pass over all of it. A column gets a type only if every value of it is written back as it was read;
//! versions such as `1.10` and numbers such as `007` stay texts.

use crate::csv::{self, Records};
use crate::error::What;
use crate::json::RowSink;
use crate::schema::{Field, Kind, List};
use crate::value::Json;

/// What the values of a column have in common.
#[derive(Clone, Copy)]
#[expect(clippy::struct_excessive_bools, reason = "each type is ruled out by itself")]
struct Seen {
    any: bool,
    bools: bool,
    ints: bool,
    unsigned: bool,
    doubles: bool,
    texts: bool,
}

impl Default for Seen {
    fn default() -> Self {
        Self { any: false, bools: true, ints: true, unsigned: true, doubles: true, texts: true }
    }
}

impl Seen {
    /// Most columns are texts from their first value on, so what is ruled out is not looked at again.
    fn text(&mut self, text: &str) {
        self.any = true;
        self.bools = self.bools && matches!(text, "true" | "false");
        self.ints = self.ints && is_whole(text) && text.parse::<i64>().is_ok();
        self.unsigned = self.unsigned && is_whole(text) && text.parse::<u64>().is_ok();
        self.doubles = self.doubles && is_double(text);
    }

    /// No value of CSV changes it any more.
    fn is_only_text(self) -> bool {
        !(self.bools || self.ints || self.unsigned || self.doubles)
    }

    fn json(&mut self, json: &Json) {
        self.any = true;
        self.bools &= matches!(json, Json::Bool(_));
        self.ints &= matches!(json, Json::Int(_));
        self.unsigned &= matches!(json, Json::Unsigned(_)) || matches!(json, Json::Int(0..));
        self.doubles &= matches!(json, Json::Double(_)) || matches!(json, Json::Int(value) if value.unsigned_abs() <= 1 << 53);
        self.texts &= matches!(json, Json::Text(_));
    }

    /// `None`: the values have no type in common.
    fn kind(self) -> Option<Kind> {
        let int = |signed| Kind::Int { bits: 64, signed };
        let kinds = [
            (!self.any, Kind::Text),
            (self.bools, Kind::Bool),
            (self.ints, int(true)),
            (self.unsigned, int(false)),
            (self.doubles, Kind::Double),
            (self.texts, Kind::Text),
        ];
        kinds.into_iter().find(|&(fits, _)| fits).map(|(_, kind)| kind)
    }
}

/// A whole number that is written the same way again.
fn is_whole(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text).as_bytes();
    digits.iter().all(u8::is_ascii_digit) && (digits.first().is_some_and(|&digit| digit != b'0') || text == "0")
}

/// From here on a number may be a whole one that was read as a double.
const BEYOND_64_BITS: f64 = 18_446_744_073_709_551_616.0;

/// Whole numbers of so many digits are doubles, too.
const DOUBLE_DIGITS: usize = 15;

/// A finite number that is written the same way again, with or without `.0`.
fn is_double(text: &str) -> bool {
    if text.len() <= DOUBLE_DIGITS && is_whole(text) {
        return true;
    }
    text.parse::<f64>().is_ok_and(|value| value.is_finite() && (format!("{value:?}") == text || value.to_string() == text))
}

/// The columns of a CSV file.
pub(crate) fn csv<R: std::io::Read>(mut records: Records<R>) -> What<Vec<Field>> {
    let names = csv::header(&mut records)?;
    let mut seen = vec![Seen::default(); names.len()];
    while records.next()? {
        csv::check_width(&records, names.len())?;
        for (index, seen) in seen.iter_mut().enumerate().filter(|(_, seen)| !seen.is_only_text()) {
            let field = records.field(index).map_err(|what| format!("line {}: {what}", records.line()))?;
            if let Some(text) = field {
                seen.text(text);
            }
        }
    }
    let field = |(name, seen): (String, Seen)| {
        let kind = seen.kind().unwrap_or(Kind::Text);
        Field { name, kind, nullable: true, list: None }
    };
    Ok(names.into_iter().zip(seen).map(field).collect())
}

/// The columns of a JSON file, in the order in which they first appear.
#[derive(Default)]
pub(crate) struct JsonColumns {
    columns: Vec<JsonColumn>,
}

#[derive(Default)]
struct JsonColumn {
    name: String,
    values: Seen,
    /// Values that are lists, and their elements.
    lists: bool,
    elements: Seen,
    nullable_elements: bool,
}

impl RowSink for JsonColumns {
    fn value(&mut self, index: usize, key: &str, value: Json) -> What<()> {
        let index = match self.columns.get(index) {
            Some(column) if column.name == key => index,
            _ => self.columns.iter().position(|column| column.name == key).unwrap_or_else(|| {
                self.columns.push(JsonColumn { name: key.into(), ..JsonColumn::default() });
                self.columns.len() - 1
            }),
        };
        let column = &mut self.columns[index];
        match value {
            Json::Null => {}
            Json::Double(double) if double.abs() >= BEYOND_64_BITS => {
                return Err(format!(
                    "column {key} has {double:e}: a whole number of more than 64 bits would lose digits, write it as a text"
                ));
            }
            Json::List(elements) => {
                column.lists = true;
                for element in elements {
                    match element {
                        Json::Null => column.nullable_elements = true,
                        Json::List(_) => return Err(format!("column {key} has a list in a list")),
                        element => column.elements.json(&element),
                    }
                }
            }
            value => column.values.json(&value),
        }
        Ok(())
    }

    fn end_row(&mut self) -> What<()> {
        Ok(())
    }
}

impl JsonColumns {
    pub(crate) fn finish(self) -> What<Vec<Field>> {
        self.columns.into_iter().map(JsonColumn::field).collect()
    }
}

impl JsonColumn {
    fn field(self) -> What<Field> {
        let Self { name, values, lists, elements, nullable_elements } = self;
        let mixed = |what| format!("column {name} has values of different types ({what}): a column of a table has one");
        if lists && values.any {
            return Err(mixed("lists and others"));
        }
        let kind = if lists { elements } else { values }.kind().ok_or_else(|| mixed("numbers, texts or booleans"))?;
        let list = lists.then_some(List { nullable_elements });
        Ok(Field { name, kind, nullable: true, list })
    }
}
