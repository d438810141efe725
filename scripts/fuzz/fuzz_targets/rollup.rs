#![no_main]
//! `/proc/PID/smaps_rollup`.

use mymonitor_proc::Rollup;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    if let Ok(rollup) = Rollup::parse(bytes) {
        let Rollup { rss_kb, shared_kb, pss_kb, uss_kb } = rollup;
        let sizes = format!("Rss: {rss_kb} kB\nPss: {pss_kb} kB\nPrivate_Clean: 0 kB\nPrivate_Dirty: {uss_kb} kB\n");
        let again = format!("{sizes}Anonymous: {} kB\n", rss_kb - shared_kb);
        assert_eq!(Rollup::parse(again.as_bytes()), Ok(rollup));
    }
});
