//! What goes through every format comes back as it was.

use std::fmt::Write;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use mymonitor_convert::{Compression, Format, convert};
use parquet::basic::Type;
use parquet::data_type::{BoolType, ByteArray, ByteArrayType, DoubleType, FloatType, Int32Type, Int64Type};
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::file::writer::SerializedFileWriter;
use parquet::record::Row;
use parquet::schema::parser::parse_message_type;
use parquet::schema::types::Type as SchemaType;
use proptest::prelude::*;

const SCHEMA: &str = "message table {
    required int32 id (INTEGER(32,false));
    optional int64 signed;
    optional int64 hash (INTEGER(64,false));
    optional int32 small (INTEGER(8,true));
    required boolean flag;
    optional binary text (STRING);
    optional binary bytes;
    optional group argv (LIST) { repeated group list { required binary element (STRING); } }
    optional float ratio;
    required double value;
    optional int64 at (TIMESTAMP(MICROS,true));
    optional int32 day (DATE);
}";

#[derive(Debug, Clone)]
struct Record {
    signed: Option<i64>,
    hash: Option<i64>,
    small: Option<i8>,
    flag: bool,
    text: Option<String>,
    bytes: Option<Vec<u8>>,
    argv: Option<Vec<String>>,
    ratio: Option<f32>,
    value: f64,
    at: Option<i64>,
    day: Option<i32>,
}

/// Everything that a text format could take for something else.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        Just(String::new()),
        Just("null".into()),
        Just("NaN".into()),
        Just("007".into()),
        Just(" a,\"b\"\r\n'c'\n\"".into()),
        Just("größe 内存 🦀 \u{0}\u{feff}".into()),
        Just("[]".into()),
        any::<String>(),
    ]
}

fn record() -> impl Strategy<Value = Record> {
    let optional = prop::option::of::<BoxedStrategy<i64>>;
    (
        (
            optional(any::<i64>().boxed()),
            optional(any::<i64>().boxed()),
            prop::option::of(any::<i8>()),
            any::<bool>(),
            prop::option::of(text()),
        ),
        prop::option::of(prop::collection::vec(any::<u8>(), 0..20)),
        prop::option::of(prop::collection::vec(text(), 0..4)),
        prop::option::of(prop_oneof![any::<f32>(), Just(f32::INFINITY), Just(-0.0)]),
        prop_oneof![any::<f64>(), Just(f64::NEG_INFINITY), Just(5.0), Just(-0.0), Just(f64::MIN_POSITIVE)],
        // From the year 0 to 9999.
        optional((-62_000_000_000_000_000..253_000_000_000_000_000i64).boxed()),
        prop::option::of(-700_000..2_900_000i32),
    )
        .prop_map(|((signed, hash, small, flag, text), bytes, argv, ratio, value, at, day)| Record {
            signed,
            hash,
            small,
            flag,
            text,
            bytes,
            argv,
            ratio,
            value,
            at,
            day,
        })
}

fn write(file: &Path, groups: &[&[Record]]) {
    let schema = Arc::new(parse_message_type(SCHEMA).expect("a schema"));
    let pair = KeyValue::new("mymonitor.table".into(), "demo".to_owned());
    let properties = WriterProperties::builder().set_key_value_metadata(Some(vec![pair])).build();
    let mut writer = SerializedFileWriter::new(File::create(file).expect("a file"), schema, Arc::new(properties)).expect("a writer");
    for rows in groups {
        let mut group = writer.next_row_group().expect("a group");
        macro_rules! column {
            ($type:ty, $values:expr, $definition:expr, $repetition:expr) => {{
                let mut column = group.next_column().expect("a column").expect("one more");
                column.typed::<$type>().write_batch(&$values, $definition, $repetition).expect("values");
                column.close().expect("a column");
            }};
        }
        macro_rules! optional {
            ($type:ty, $get:expr) => {{
                let cells: Vec<_> = rows.iter().map($get).collect();
                let levels: Vec<i16> = cells.iter().map(|cell| cell.is_some().into()).collect();
                column!($type, cells.into_iter().flatten().collect::<Vec<_>>(), Some(&levels), None);
            }};
        }
        column!(Int32Type, (0..rows.len()).map(|row| i32::try_from(row).expect("few")).collect::<Vec<_>>(), None, None);
        optional!(Int64Type, |row| row.signed);
        optional!(Int64Type, |row| row.hash);
        optional!(Int32Type, |row| row.small.map(i32::from));
        column!(BoolType, rows.iter().map(|row| row.flag).collect::<Vec<_>>(), None, None);
        optional!(ByteArrayType, |row| row.text.as_deref().map(ByteArray::from));
        optional!(ByteArrayType, |row| row.bytes.clone().map(ByteArray::from));
        let (mut values, mut definition, mut repetition) = (Vec::new(), Vec::new(), Vec::new());
        for row in *rows {
            match &row.argv {
                None => definition.push(0),
                Some(argv) if argv.is_empty() => definition.push(1),
                Some(argv) => definition.extend(argv.iter().map(|_| 2)),
            }
            let words = row.argv.iter().flatten();
            values.extend(words.map(|word| ByteArray::from(word.as_str())));
            repetition.push(0);
            repetition.resize(definition.len(), 1);
        }
        column!(ByteArrayType, values, Some(&definition), Some(&repetition));
        optional!(FloatType, |row| row.ratio);
        column!(DoubleType, rows.iter().map(|row| row.value).collect::<Vec<_>>(), None, None);
        optional!(Int64Type, |row| row.at);
        optional!(Int32Type, |row| row.day);
        group.close().expect("a group");
    }
    writer.close().expect("a file");
}

/// Everything a reader of the file can see.
#[derive(Debug, PartialEq)]
struct Contents {
    schema: SchemaType,
    metadata: Option<Vec<KeyValue>>,
    groups: Vec<i64>,
    /// As text: `NaN` is not equal to itself.
    rows: Vec<String>,
}

fn read(file: &Path) -> Contents {
    let reader = SerializedFileReader::new(File::open(file).expect("a file")).expect("a Parquet file");
    let metadata = reader.metadata();
    Contents {
        schema: metadata.file_metadata().schema().clone(),
        metadata: metadata.file_metadata().key_value_metadata().cloned(),
        groups: metadata.row_groups().iter().map(parquet::file::metadata::RowGroupMetaData::num_rows).collect(),
        rows: reader.get_row_iter(None).expect("rows").map(|row: Result<Row, _>| format!("{:?}", row.expect("a row"))).collect(),
    }
}

fn through(dir: &Path, formats: &[(&str, Format)]) -> PathBuf {
    let mut from = (dir.join("table.parquet"), Format::Parquet);
    for &(name, format) in formats {
        let to = dir.join(name);
        convert((&from.0, from.1), (&to, format), Compression::Zstd).expect("a conversion");
        from = (to, format);
    }
    from.0
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn every_value_type_and_row_group_comes_back_from_csv_and_json(rows in prop::collection::vec(record(), 1..40), cut in 0..40usize) {
        let dir = tempfile::tempdir().expect("a directory");
        let (first, second) = rows.split_at(cut.min(rows.len()));
        let groups: Vec<&[Record]> = [first, second].into_iter().filter(|rows| !rows.is_empty()).collect();
        write(&dir.path().join("table.parquet"), &groups);
        let written = read(&dir.path().join("table.parquet"));
        for formats in [
            [("a.csv", Format::Csv), ("a.json", Format::Json), ("a.parquet", Format::Parquet)],
            [("b.json", Format::Json), ("b.csv", Format::Csv), ("b.parquet", Format::Parquet)],
        ] {
            let back = read(&through(dir.path(), &formats));
            prop_assert_eq!(&back.rows, &written.rows);
            prop_assert_eq!(&back.schema, &written.schema);
            prop_assert_eq!(&back.groups, &written.groups);
            prop_assert_eq!(&back.metadata, &written.metadata);
        }
    }

    #[test]
    fn a_csv_without_types_is_the_same_text_after_parquet(cells in prop::collection::vec((text(), "[0-9.eE+-]{0,6}", any::<i64>(), any::<f64>()), 1..30)) {
        let dir = tempfile::tempdir().expect("a directory");
        let [csv, parquet, back] = ["t.csv", "t.parquet", "back.csv"].map(|name| dir.path().join(name));
        let quote = |text: &str| format!("\"{}\"", text.replace('"', "\"\""));
        let mut table = "text,number,int,float\n".to_owned();
        for (text, number, int, float) in &cells {
            let float = if float.is_finite() { format!("{float:?}") } else { String::new() };
            let text = if text.contains([',', '"', '\r', '\n']) || text.is_empty() { quote(text) } else { text.clone() };
            writeln!(table, "{text},{number},{int},{float}").expect("memory");
        }
        fs::write(&csv, &table).expect("a file");
        convert((&csv, Format::Csv), (&parquet, Format::Parquet), Compression::Snappy).expect("a conversion");
        convert((&parquet, Format::Parquet), (&back, Format::Csv), Compression::Snappy).expect("a conversion");
        prop_assert_eq!(fs::read_to_string(&back).expect("a file"), table);
    }
}

#[test]
fn every_codec_is_written_and_read() {
    let dir = tempfile::tempdir().expect("a directory");
    let csv = dir.path().join("t.csv");
    fs::write(&csv, "a,b\n1,x\n2,\n").expect("a file");
    for name in ["snappy", "gzip", "brotli", "lz4", "zstd"] {
        let parquet = dir.path().join(format!("{name}.parquet"));
        convert((&csv, Format::Csv), (&parquet, Format::Parquet), Compression::from_name(name).expect("a codec")).expect("a conversion");
        let reader = SerializedFileReader::new(File::open(&parquet).expect("a file")).expect("a Parquet file");
        let codec = format!("{}", reader.metadata().row_group(0).column(0).compression());
        assert!(codec.to_lowercase().starts_with(name), "{codec}");
        assert_eq!(read(&parquet).rows.len(), 2);
    }
}

#[test]
fn types_of_a_text_file_are_found_out() {
    let dir = tempfile::tempdir().expect("a directory");
    let (csv, parquet) = (dir.path().join("t.csv"), dir.path().join("t.parquet"));
    fs::write(
        &csv,
        "\u{feff}pid,time,version,padded,big,ok,none,mixed\r\n1,0.05,1.10,007,18446744073709551615,true,,1\r\n,5.0,1.9,8,1,false,,1.5\r\n",
    )
    .expect("a file");
    convert((&csv, Format::Csv), (&parquet, Format::Parquet), Compression::Snappy).expect("a conversion");
    let kinds: Vec<(String, Type)> =
        read(&parquet).schema.get_fields().iter().map(|field| (field.name().into(), field.get_physical_type())).collect();
    let expected = [
        ("pid", Type::INT64),
        ("time", Type::DOUBLE),
        ("version", Type::BYTE_ARRAY),
        ("padded", Type::BYTE_ARRAY),
        ("big", Type::INT64),
        ("ok", Type::BOOLEAN),
        ("none", Type::BYTE_ARRAY),
        ("mixed", Type::DOUBLE),
    ];
    assert_eq!(kinds, expected.map(|(name, kind)| (name.to_owned(), kind)));
}

#[test]
fn a_whole_number_beyond_64_bits_is_refused_and_not_rounded() {
    let dir = tempfile::tempdir().unwrap();
    let [input, output] = ["in.json", "out.parquet"].map(|name| dir.path().join(name));
    let converted = |json: &str| {
        fs::write(&input, json).unwrap();
        convert((&input, Format::Json), (&output, Format::Parquet), Compression::Snappy)
    };
    let refusal = converted("[{\"a\":0.5},{\"a\":-123456789012345678901}]").unwrap_err().to_string();
    assert!(refusal.contains("column a has -1.2345678901234568e20"), "{refusal}");
    assert_eq!(converted("[{\"a\":18446744073709551615},{\"b\":1.5e19}]").unwrap(), 2);
}
