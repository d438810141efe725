//! Columns that came or went between versions.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use mymonitor_recording::{Recording, RecordingError};
use parquet::data_type::{Int32Type, Int64Type};
use parquet::errors::Result as ParquetResult;
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::parser::parse_message_type;

/// A table of two rows with the given columns; 32-bit ones hold 0, 1, the others 10, 11.
fn table(name: &str, columns: &[(&str, &str)]) -> Bytes {
    let fields: Vec<String> = columns.iter().map(|(kind, column)| format!("required {kind} {column};")).collect();
    write(name, columns, &fields.concat()).expect("the table can be written")
}

fn write(name: &str, columns: &[(&str, &str)], fields: &str) -> ParquetResult<Bytes> {
    let pair = |key: &str, value: &str| KeyValue::new(format!("mymonitor.{key}"), value.to_string());
    let metadata = vec![pair("format_version", "1"), pair("table", name), pair("run_id", "u"), pair("project", "p")];
    let properties = WriterProperties::builder().set_key_value_metadata(Some(metadata)).build();
    let schema = Arc::new(parse_message_type(&format!("message {name} {{ {fields} }}"))?);
    let mut writer = SerializedFileWriter::new(Vec::new(), schema, Arc::new(properties))?;
    let mut group = writer.next_row_group()?;
    for (kind, _) in columns {
        let mut column = group.next_column()?.expect("the schema has it");
        match *kind {
            "int32" => column.typed::<Int32Type>().write_batch(&[0, 1], None, None)?,
            _ => column.typed::<Int64Type>().write_batch(&[10, 11], None, None)?,
        };
        column.close()?;
    }
    group.close()?;
    Ok(writer.into_inner()?.into())
}

const SAMPLES: [(&str, &str); 4] = [("int32", "tick"), ("int32", "process_id"), ("int64", "rss_kb"), ("int64", "shared_kb")];

fn open(ticks: &[(&str, &str)], samples: &[(&str, &str)]) -> Result<Recording<Bytes>, RecordingError> {
    Recording::from_tables(
        (table("ticks", ticks), Path::new("ticks.parquet")),
        (table("processes", &[("int32", "process_id")]), Path::new("processes.parquet")),
        (table("memory_samples", samples), Path::new("memory_samples.parquet")),
    )
}

#[test]
fn unknown_columns_are_ignored_and_missing_ones_are_null() {
    let recording = open(&[("int64", "invented_later"), ("int32", "tick"), ("int64", "elapsed_us")], &SAMPLES).unwrap();
    let ticks = recording.ticks(0, u64::MAX).unwrap();
    assert_eq!((ticks.timeline.tick, ticks.timeline.elapsed_us), (vec![0, 1], vec![10, 11]));
    assert_eq!((ticks.live, ticks.total_rss_kb), (vec![None; 2], vec![None; 2]));
    let images = recording.processes(0, 9).unwrap();
    assert_eq!(images.process_id, [0, 1]);
    assert_eq!((images.name, images.argv, images.outside_tree), (vec![None; 2], vec![None; 2], vec![None; 2]));
}

#[test]
fn a_table_without_its_key_columns_is_damaged() {
    let recording = open(&[("int32", "tick")], &SAMPLES[..3]).unwrap();
    let message = recording.timeline().unwrap_err().to_string();
    assert!(message.contains("ticks.parquet is damaged: column elapsed_us is missing"), "{message}");
    let message = recording.window(0, &mut mymonitor_recording::Window::new()).unwrap_err().to_string();
    assert!(message.contains("column shared_kb is missing"), "{message}");
}

#[test]
fn a_column_of_another_type_is_damaged() {
    let recording = open(&[("int64", "tick"), ("int64", "elapsed_us")], &SAMPLES).unwrap();
    let message = recording.timeline().unwrap_err().to_string();
    assert!(message.contains("column tick is INT64, not INT32"), "{message}");
}

#[test]
fn a_parquet_file_of_someone_else_is_not_ours() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let schema = Arc::new(parse_message_type("message other { required int32 tick; }").unwrap());
    let writer = SerializedFileWriter::new(File::create(file.path()).unwrap(), schema, Arc::default()).unwrap();
    writer.close().unwrap();
    let bytes = Bytes::from(std::fs::read(file.path()).unwrap());
    let error = Recording::from_tables((bytes.clone(), file.path()), (bytes.clone(), file.path()), (bytes, file.path())).err().unwrap();
    assert!(error.to_string().contains("it is not the table ticks of a recording"), "{error}");
}
