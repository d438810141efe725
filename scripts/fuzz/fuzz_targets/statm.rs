#![no_main]
//! `/proc/PID/statm`.

use mymonitor_proc::Statm;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    if let Ok(Some(Statm { size_kb, rss_kb, shared_kb })) = Statm::parse(bytes, 4) {
        let again = format!("{} {} {} ", size_kb / 4, rss_kb / 4, shared_kb / 4);
        assert_eq!(Statm::parse(again.as_bytes(), 4), Statm::parse(bytes, 4));
    }
});
