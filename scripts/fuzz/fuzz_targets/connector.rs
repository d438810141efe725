#![no_main]
//! Datagrams of the process connector. The parser is no public item, so its file is compiled in here.

#[path = "../../../crates/sampler/src/connector/message.rs"]
#[allow(dead_code)]
mod message;

libfuzzer_sys::fuzz_target!(|datagram: &[u8]| {
    // 20 bytes of header and 16 of data are the least that a message has.
    assert!(message::messages(datagram).count() <= datagram.len() / 36);
});
