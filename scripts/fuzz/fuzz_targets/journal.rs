#![no_main]
//! A frame of `ticks.journal`: what decodes comes back the same from its own encoding.

use mymonitor_wire::JournalFrame;

fn encoded(frame: &JournalFrame) -> Vec<u8> {
    let mut out = Vec::new();
    match frame {
        JournalFrame::Header(header) => header.encode(&mut out),
        JournalFrame::Tick(tick) => tick.encode(&mut out),
        JournalFrame::Lifetimes(lifetimes) => lifetimes.encode(&mut out),
        JournalFrame::End { elapsed_us } => JournalFrame::encode_end(*elapsed_us, &mut out),
    }
    out
}

libfuzzer_sys::fuzz_target!(|payload: &[u8]| {
    if let Ok(frame) = JournalFrame::decode(payload) {
        assert_eq!(JournalFrame::decode(&encoded(&frame)), Ok(frame));
    }
});
