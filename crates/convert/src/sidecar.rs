//! What a text file cannot say: types, key/value metadata and row groups, in `NAME.schema.json` beside it.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use parquet::file::metadata::KeyValue;
use serde_json::{Map, Value, json};

use crate::error::{ConvertError, What};
use crate::schema::{Field, Kind, List};

const VERSION: u64 = 1;

/// A table without its rows.
#[derive(Default)]
pub(crate) struct Header {
    pub(crate) fields: Vec<Field>,
    pub(crate) metadata: Vec<KeyValue>,
    /// Rows of each group; empty where nobody knows.
    pub(crate) row_groups: Vec<usize>,
}

/// The sidecar of a text file.
pub(crate) fn path_of(file: &Path) -> PathBuf {
    let mut name = OsString::from(file);
    name.push(".schema.json");
    name.into()
}

/// `None` where there is none.
pub(crate) fn read(file: &Path) -> Result<Option<Header>, ConvertError> {
    let path = path_of(file);
    let text = match std::fs::read(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(ConvertError::input(&path, error)),
    };
    let parsed = serde_json::from_slice(&text).map_err(|error| error.to_string()).and_then(|json| parse(&json));
    parsed
        .map(Some)
        .map_err(|what| ConvertError::input(file, format_args!("{}: {what}; remove it to have the types found out", path.display())))
}

pub(crate) fn text(header: &Header) -> Vec<u8> {
    let columns: Vec<Value> = header.fields.iter().map(column).collect();
    let metadata: Map<String, Value> = header.metadata.iter().map(|pair| (pair.key.clone(), json!(pair.value))).collect();
    let json = json!({ "version": VERSION, "columns": columns, "metadata": metadata, "row_groups": header.row_groups });
    format!("{json:#}\n").into_bytes()
}

fn column(field: &Field) -> Value {
    let mut column = json!({ "name": field.name, "type": field.kind.name(), "nullable": field.nullable });
    if let Some(list) = field.list {
        column["list"] = json!({ "nullable_elements": list.nullable_elements });
    }
    column
}

fn parse(json: &Value) -> What<Header> {
    match json["version"].as_u64() {
        Some(VERSION) => {}
        Some(version) if version > VERSION => return Err(format!("it has version {version}, this mymonitor reads {VERSION}")),
        _ => return Err("it is no description of a table".into()),
    }
    let field = |column: &Value| {
        let list = &column["list"];
        let list = if list.is_null() { None } else { Some(List { nullable_elements: list["nullable_elements"].as_bool()? }) };
        let (name, kind) = (column["name"].as_str()?.to_owned(), Kind::from_name(column["type"].as_str()?)?);
        Some(Field { name, kind, nullable: column["nullable"].as_bool()?, list })
    };
    let columns = json["columns"].as_array().ok_or("it has no columns")?;
    let fields = columns.iter().map(|column| field(column).ok_or_else(|| format!("{column} is no column"))).collect::<What<_>>()?;
    let pair = |(key, value): (&String, &Value)| KeyValue::new(key.clone(), value.as_str().map(str::to_owned));
    let metadata = json["metadata"].as_object().into_iter().flatten().map(pair).collect();
    let groups = json["row_groups"].as_array().into_iter().flatten();
    let row_groups = groups.filter_map(|rows| usize::try_from(rows.as_u64()?).ok()).collect();
    Ok(Header { fields, metadata, row_groups })
}
