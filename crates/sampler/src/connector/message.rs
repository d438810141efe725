//! The messages of the process connector (`linux/netlink.h`, `linux/connector.h`, `linux/cn_proc.h`), in the machine's byte order.

/// `CN_IDX_PROC`, which is the multicast group too, and `CN_VAL_PROC`.
const PROC: [u32; 2] = [1, 1];
const NETLINK_HEADER: usize = 16;
const CONNECTOR_HEADER: usize = 20;
/// A message of type `NLMSG_DONE` carries data.
const DATA: u16 = 3;

const ACKNOWLEDGED: u32 = 0;
const FORK: u32 = 1;
const EXEC: u32 = 2;
const EXIT: u32 = 0x8000_0000;

/// `enum proc_cn_mcast_op`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Request {
    Listen = 1,
    Ignore = 2,
}

/// What happened, or the answer to a [`Request`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Message {
    /// The number of the request, in an answer.
    pub(super) request: u32,
    /// On the monotonic clock.
    pub(super) at_us: u64,
    pub(super) what: What,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum What {
    /// With the `errno` of a refusal, or 0.
    Acknowledged {
        errno: i32,
    },
    /// A new thread where `pid` differs from `tgid`, else a new process.
    Fork {
        parent_tgid: u32,
        pid: u32,
        tgid: u32,
    },
    Exec {
        tgid: u32,
    },
    /// Of a thread; `status` as `waitpid` would give it.
    Exit {
        pid: u32,
        tgid: u32,
        status: i32,
    },
}

/// The kernel answers with the number plus one; sequence numbers are its own.
pub(super) fn request(request: Request, number: u32) -> Vec<u8> {
    let data = request as u32;
    let mut bytes = Vec::with_capacity(NETLINK_HEADER + CONNECTOR_HEADER + 4);
    let length = u32::try_from(bytes.capacity()).unwrap_or(0);
    let words = |bytes: &mut Vec<u8>, words: &[u32]| bytes.extend(words.iter().flat_map(|word| word.to_ne_bytes()));
    words(&mut bytes, &[length]);
    bytes.extend(DATA.to_ne_bytes());
    bytes.extend(0u16.to_ne_bytes());
    words(&mut bytes, &[0, 0]);
    words(&mut bytes, &[PROC[0], PROC[1], 0, number]);
    bytes.extend(4u16.to_ne_bytes());
    bytes.extend(0u16.to_ne_bytes());
    words(&mut bytes, &[data]);
    bytes
}

/// The messages of a datagram; those of another kind and what is cut off are left out.
pub(super) fn messages(mut datagram: &[u8]) -> impl Iterator<Item = Message> {
    std::iter::from_fn(move || {
        loop {
            let length = usize::try_from(u32_at(datagram, 0)?).ok().filter(|&length| length >= NETLINK_HEADER)?;
            let message = datagram.get(..length)?;
            // The next one begins at a multiple of four.
            datagram = datagram.get(length.next_multiple_of(4)..).unwrap_or_default();
            if let Some(message) = parse(message) {
                return Some(message);
            }
        }
    })
}

fn parse(message: &[u8]) -> Option<Message> {
    let connector = message.get(NETLINK_HEADER..)?;
    let data = connector.get(CONNECTOR_HEADER..)?;
    if u16_at(message, 4)? != DATA || [u32_at(connector, 0)?, u32_at(connector, 4)?] != PROC {
        return None;
    }
    let data = data.get(..usize::from(u16_at(connector, 16)?))?;
    let word = |index: usize| u32_at(data, 16 + 4 * index);
    let what = match u32_at(data, 0)? {
        ACKNOWLEDGED => What::Acknowledged { errno: word(0)?.cast_signed() },
        FORK => What::Fork { parent_tgid: word(1)?, pid: word(2)?, tgid: word(3)? },
        EXEC => What::Exec { tgid: word(1)? },
        EXIT => What::Exit { pid: word(0)?, tgid: word(1)?, status: word(2)?.cast_signed() },
        _ => return None,
    };
    let at_ns = u64::from_ne_bytes(data.get(8..16)?.try_into().ok()?);
    Some(Message { request: u32_at(connector, 12)?.wrapping_sub(1), at_us: at_ns / 1000, what })
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_ne_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_ne_bytes(bytes.get(at..at + 2)?.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As the kernel writes an event: header, connector header, what, cpu, time, words.
    fn event(what: u32, words: &[u32]) -> Vec<u8> {
        let mut data = [what.to_ne_bytes(), 0u32.to_ne_bytes()].concat();
        data.extend(7_000_999u64.to_ne_bytes());
        data.extend(words.iter().flat_map(|word| word.to_ne_bytes()));
        let mut bytes = request(Request::Listen, 5);
        bytes.truncate(NETLINK_HEADER + CONNECTOR_HEADER);
        bytes[32..34].copy_from_slice(&u16::try_from(data.len()).unwrap().to_ne_bytes());
        bytes.extend(data);
        let length = u32::try_from(bytes.len()).unwrap();
        bytes[..4].copy_from_slice(&length.to_ne_bytes());
        bytes
    }

    fn whats(datagram: &[u8]) -> Vec<What> {
        messages(datagram).map(|message| message.what).collect()
    }

    #[test]
    fn forks_execs_exits_and_answers_are_told_apart() {
        assert_eq!(whats(&event(1, &[10, 11, 12, 13])), [What::Fork { parent_tgid: 11, pid: 12, tgid: 13 }]);
        assert_eq!(whats(&event(2, &[10, 11])), [What::Exec { tgid: 11 }]);
        assert_eq!(whats(&event(0x8000_0000, &[10, 11, 0x300, 17, 1, 1])), [What::Exit { pid: 10, tgid: 11, status: 0x300 }]);
        let answer = messages(&event(0, &[1])).next().unwrap();
        assert_eq!(answer, Message { request: 4, at_us: 7_000, what: What::Acknowledged { errno: 1 } });
    }

    #[test]
    fn a_cut_datagram_tells_nothing_and_a_longer_event_tells_what_is_known_of_it() {
        let whole = event(0x8000_0000, &[10, 11, 9]);
        for cut in 0..whole.len() {
            assert_eq!(whats(&whole[..cut]), [], "cut at {cut}");
        }
        assert_eq!(whats(&event(2, &[10, 11, 99, 99, 99, 99])), [What::Exec { tgid: 11 }]);
        assert_eq!(whats(&event(1, &[10, 11, 12])), [], "the kernel's own words are missing");
    }

    #[test]
    fn what_is_not_of_the_process_connector_is_passed_over() {
        let (mut other_group, mut other_type) = (event(2, &[10, 11]), event(2, &[10, 11]));
        other_group[16] = 3;
        other_type[4] = 2;
        let datagram = [other_group, event(4, &[10, 11, 0, 0]), other_type, event(2, &[20, 21])].concat();
        assert_eq!(whats(&datagram), [What::Exec { tgid: 21 }]);
    }

    #[test]
    fn no_bytes_make_it_panic_or_run_for_ever() {
        let mut state = 1u32;
        let mut random = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            state.to_be_bytes()[0]
        };
        for _ in 0..20_000 {
            let mut bytes = [event(1, &[10, 11, 12, 13]), event(0x8000_0000, &[10, 11, 9])].concat();
            for _ in 0..3 {
                let at = usize::from(random()) % bytes.len();
                bytes[at] = random();
            }
            assert!(messages(&bytes).count() <= 2);
        }
    }

    #[test]
    fn a_request_is_a_message_of_its_own_format() {
        let bytes = request(Request::Ignore, 9);
        assert_eq!(bytes.len(), 40);
        assert_eq!((u32_at(&bytes, 0), u32_at(&bytes, 28), u32_at(&bytes, 36)), (Some(40), Some(9), Some(2)));
    }

    proptest::proptest! {
        #[test]
        fn whatever_arrives_ends(mut datagram in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..400), length in 0u32..200) {
            messages(&datagram).for_each(drop);
            if let Some(first) = datagram.first_chunk_mut() {
                *first = length.to_ne_bytes();
            }
            messages(&datagram).for_each(drop);
        }
    }
}
