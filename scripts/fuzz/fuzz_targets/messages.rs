#![no_main]
//! What sampler and launcher say to each other.

use mymonitor_wire::{Command, Event};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let mut again = Vec::new();
    if let Ok(command) = Command::decode(bytes) {
        command.encode(&mut again);
        assert_eq!(Command::decode(&again), Ok(command));
    }
    again.clear();
    if let Ok(event) = Event::decode(bytes) {
        event.encode(&mut again);
        assert_eq!(Event::decode(&again), Ok(event));
    }
});
