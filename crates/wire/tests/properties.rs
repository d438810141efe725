//! What a journal or a socket may hold: any bytes are a value or malformed, and what is a value comes back the same from its own encoding.

use mymonitor_wire::{Command, Event, ExitFrame, JournalFrame, append_frame, next_frame};
use proptest::prelude::*;

/// Small numbers more often than chance has them: kinds, lengths and flags.
fn payload() -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(prop_oneof![0u8..8, any::<u8>()], 0..120)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4096))]

    #[test]
    fn a_frame_of_the_ticks(payload in payload()) {
        if let Ok(frame) = JournalFrame::decode(&payload) {
            let mut again = Vec::new();
            frame.encode(&mut again);
            prop_assert_eq!(JournalFrame::decode(&again), Ok(frame));
        }
    }

    #[test]
    fn a_frame_of_the_exits(payload in payload()) {
        if let Ok(frame) = ExitFrame::decode(&payload) {
            let mut again = Vec::new();
            frame.encode(&mut again);
            prop_assert_eq!(ExitFrame::decode(&again), Ok(frame));
        }
    }

    #[test]
    fn a_message_of_the_socket(payload in payload()) {
        if let Ok(command) = Command::decode(&payload) {
            let mut again = Vec::new();
            command.encode(&mut again);
            prop_assert_eq!(Command::decode(&again), Ok(command));
        }
        if let Ok(event) = Event::decode(&payload) {
            let mut again = Vec::new();
            event.encode(&mut again);
            prop_assert_eq!(Event::decode(&again), Ok(event));
        }
    }

    #[test]
    fn a_journal_of_any_frames_is_read_back_up_to_any_cut(payloads in prop::collection::vec(payload(), 0..6), cut: prop::sample::Index) {
        let mut bytes = Vec::new();
        let mut ends = vec![0];
        for payload in &payloads {
            append_frame(&mut bytes, payload);
            ends.push(bytes.len());
        }
        let cut = cut.index(bytes.len() + 1);
        let mut rest = &bytes[..cut];
        let mut read = Vec::new();
        while let Some((payload, following)) = next_frame(rest) {
            read.push(payload.to_vec());
            rest = following;
        }
        let whole = ends.iter().filter(|&&end| end <= cut).count() - 1;
        prop_assert_eq!(&read[..], &payloads[..whole]);
    }
}
