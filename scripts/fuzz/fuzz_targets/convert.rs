#![no_main]
//! Tables of others: CSV or JSON, with or without a schema file, to Parquet; what became one goes back.

use std::sync::LazyLock;

use mymonitor_convert::{Compression, Format, convert};
use mymonitor_fuzz::{Scratch, allow_caught_panics};

static SCRATCH: LazyLock<Scratch> = LazyLock::new(Scratch::new);

// The first byte says which format, and whether a NUL divides the table from its schema file.
libfuzzer_sys::fuzz_target!(init: { allow_caught_panics(); }, |bytes: &[u8]| {
    let Some((&first, bytes)) = bytes.split_first() else { return };
    let (format, name) = if first & 1 == 1 { (Format::Csv, "t.csv") } else { (Format::Json, "t.json") };
    let sidecar = format!("{name}.schema.json");
    let _ = std::fs::remove_file(SCRATCH.path().join(&sidecar));
    let mut parts = bytes.splitn(2, |&byte| byte == 0 && first & 2 == 2);
    SCRATCH.write(name, parts.next().unwrap_or_default());
    if let Some(schema) = parts.next() {
        SCRATCH.write(&sidecar, schema);
    }
    let [input, parquet, back] = [name, "t.parquet", "back.json"].map(|name| SCRATCH.path().join(name));
    if let Ok(rows) = convert((&input, format), (&parquet, Format::Parquet), Compression::Snappy) {
        assert_eq!(convert((&parquet, Format::Parquet), (&back, Format::Json), Compression::Snappy).expect("our own table"), rows);
        assert_eq!(convert((&back, Format::Json), (&parquet, Format::Parquet), Compression::Snappy).expect("our own JSON"), rows);
    }
});
