#![no_main]
//! A frame of `ticks.journal`: what decodes comes back the same from its own encoding.

use mymonitor_wire::JournalFrame;

libfuzzer_sys::fuzz_target!(|payload: &[u8]| {
    if let Ok(frame) = JournalFrame::decode(payload) {
        let mut again = Vec::new();
        frame.encode(&mut again);
        assert_eq!(JournalFrame::decode(&again), Ok(frame));
    }
});
