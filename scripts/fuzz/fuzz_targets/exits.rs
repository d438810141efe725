#![no_main]
//! A frame of `exits.journal`: what decodes comes back the same from its own encoding.

use mymonitor_wire::ExitFrame;

libfuzzer_sys::fuzz_target!(|payload: &[u8]| {
    if let Ok(frame) = ExitFrame::decode(payload) {
        let mut again = Vec::new();
        frame.encode(&mut again);
        assert_eq!(ExitFrame::decode(&again), Ok(frame));
    }
});
