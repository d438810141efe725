//! Bad input gets one line that names it, and leaves nothing behind.

use std::fs;
use std::path::Path;

use mymonitor_convert::{Compression, ConvertError, Format, convert};

fn attempt(dir: &Path, name: &str, contents: &[u8], format: Format, to: (&str, Format)) -> Result<u64, ConvertError> {
    fs::write(dir.join(name), contents).expect("a file");
    convert((&dir.join(name), format), (&dir.join(to.0), to.1), Compression::Snappy)
}

/// Name, contents and format of the input, the output, what the message says.
type Case = (&'static str, &'static [u8], Format, (&'static str, Format), &'static str);

#[test]
fn each_defect_is_one_line_with_its_place_and_no_file_is_left() {
    let parquet = ("out.parquet", Format::Parquet);
    let cases: [Case; 11] = [
        ("short.csv", b"a,b\n1,2\n3\n", Format::Csv, parquet, "line 3 has 1 fields, the first line names 2"),
        ("empty.csv", b"", Format::Csv, parquet, "it is empty: expected a line with the names of the columns"),
        ("nameless.csv", b"a,,b\n1,2,3\n", Format::Csv, parquet, "column 2 has no name in the first line"),
        (
            "cut.csv",
            b"a,b\n1,2\n3,\"x",
            Format::Csv,
            parquet,
            "it ends inside the quotes of the record that began on line 3: it is cut off",
        ),
        ("latin1.csv", b"a,b\n1,\xff\n", Format::Csv, parquet, "field 2 is not UTF-8"),
        ("cut.json", b"[{\"a\":1},", Format::Json, parquet, "it is not JSON that a table can hold: EOF"),
        ("nested.json", b"[{\"a\":{\"b\":1}}]", Format::Json, parquet, "it is not JSON that a table can hold: invalid type: map"),
        ("mixed.json", b"[{\"a\":1},{\"a\":\"x\"}]", Format::Json, parquet, "column a has values of different types"),
        ("text.json", b"\"hello\"", Format::Json, parquet, "it is not JSON that a table can hold"),
        ("twice.json", b"[{\"a\":1,\"a\":2}]", Format::Json, parquet, "row 1: it has the key \"a\" twice"),
        ("no.parquet", b"PAR1 but not really PAR1", Format::Parquet, ("out.csv", Format::Csv), "it is no Parquet file, or a damaged one"),
    ];
    for (name, contents, format, to, expected) in cases {
        let dir = tempfile::tempdir().expect("a directory");
        let result = attempt(dir.path(), name, contents, format, to);
        let message = result.expect_err(name).to_string();
        assert!(message.contains(expected), "{name}: {message}");
        assert!(message.contains(name) && !message.contains('\n'), "{name}: {message}");
        let left: Vec<_> = fs::read_dir(dir.path()).expect("a directory").map(|entry| entry.expect("an entry").file_name()).collect();
        assert_eq!(left, [name]);
    }
}

#[test]
fn a_value_that_does_not_fit_its_declared_type_names_line_column_and_type() {
    let dir = tempfile::tempdir().expect("a directory");
    let schema =
        r#"{ "version": 1, "columns": [{ "name": "pid", "type": "uint8", "nullable": false }], "metadata": {}, "row_groups": [] }"#;
    fs::write(dir.path().join("t.csv.schema.json"), schema).expect("a file");
    let convert =
        |table: &str| attempt(dir.path(), "t.csv", table.as_bytes(), Format::Csv, ("out.json", Format::Json)).expect_err(table).to_string();
    assert!(convert("pid\n1\n256\n").ends_with("line 3: column pid has \"256\", expected a uint8"));
    assert!(convert("pid\n\"\"\n").ends_with("line 2: column pid has \"\", expected a uint8"));
    assert!(convert("PID\n1\n").contains("t.csv.schema.json has other columns than its first line; remove it"));
}

#[test]
fn a_table_of_one_column_says_that_csv_cannot_hold_its_missing_values() {
    let dir = tempfile::tempdir().expect("a directory");
    let error = attempt(dir.path(), "t.json", b"[{\"a\":1},{\"a\":null}]", Format::Json, ("t.csv", Format::Csv)).expect_err("no form");
    assert!(error.to_string().ends_with("a table of one column with missing values has no form in csv: take json"), "{error}");
}

#[test]
fn an_array_an_object_a_line_and_the_samples_of_an_object_are_tables_and_other_documents_are_not() {
    for table in ["[{\"a\":1},{\"a\":2}]", "{\"a\":1}\n{\"a\":2}\n", "{\"samples\": [{\"a\":1},{\"a\":2}], \"count\": 2}"] {
        let dir = tempfile::tempdir().expect("a directory");
        assert_eq!(attempt(dir.path(), "t.json", table.as_bytes(), Format::Json, ("t.csv", Format::Csv)).expect(table), 2);
        assert_eq!(fs::read_to_string(dir.path().join("t.csv")).expect("a file"), "a\n1\n2\n");
    }
    let dir = tempfile::tempdir().expect("a directory");
    let error = attempt(dir.path(), "t.json", b" ", Format::Json, ("t.csv", Format::Csv)).expect_err("nothing");
    assert_eq!(error.code(), "ERR_MYMONITOR_NOT_A_TABLE");
}
