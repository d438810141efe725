//! The parsers of this crate on what the kernel may write, and on what nobody would.

use proptest::prelude::*;

use crate::exit::Status;
use crate::stat::Stat;
use crate::{Rollup, Statm, children, host};

fn bytes() -> impl Strategy<Value = Vec<u8>> {
    // Digits, separators and key words more often than chance has them.
    let word = prop_oneof![
        any::<u8>().prop_map(|byte| vec![byte]),
        any::<u64>().prop_map(|number| number.to_string().into_bytes()),
        prop::sample::select(vec![" ", "\n", "(", ")", "kB", "Rss:", "Pss:", "Tgid:", "Uid:", "VmHWM:", "MemAvailable:", "some", "total="])
            .prop_map(|word| word.as_bytes().to_vec()),
    ];
    prop::collection::vec(word, 0..80).prop_map(|words| words.concat())
}

proptest! {
    #[test]
    fn whatever_a_file_holds_is_read_or_malformed(bytes in bytes()) {
        let _ = Stat::parse(&bytes);
        let _ = Status::parse(&bytes);
        let _ = Rollup::parse(&bytes);
        let _ = Statm::parse(&bytes, 4);
        let _ = children::parse(&bytes, &mut Vec::new());
        host::read_anything(&String::from_utf8_lossy(&bytes));
    }

    #[test]
    fn a_stat_gives_back_what_was_written(name in prop::collection::vec(any::<u8>(), 0..16), ppid: u32, threads: u32, start: u64) {
        let mut stat = b"7 (".to_vec();
        stat.extend_from_slice(&name);
        stat.extend_from_slice(format!(") S {ppid} 1 1 0 -1 64 1 0 0 0 3 4 0 0 20 0 {threads} 0 {start} 9 9 1 4096 8192 140 0 0\n").as_bytes());
        let read = Stat::parse(&stat).unwrap();
        prop_assert_eq!((read.name, read.ppid, read.threads, read.start_ticks), (name, ppid, threads, start));
        prop_assert_eq!((read.never_execed, read.cpu_ticks), (true, 7));
    }

    #[test]
    fn a_statm_gives_back_its_pages(size in 1u64..1 << 50, resident in 0u64..1 << 50, shared in 0u64..1 << 50) {
        let read = Statm::parse(format!("{size} {resident} {shared} 1 0 1 0\n").as_bytes(), 4);
        prop_assert_eq!(read, Ok(Some(Statm { size_kb: size * 4, rss_kb: resident * 4, shared_kb: shared * 4 })));
    }

    #[test]
    fn children_give_back_their_pids(pids in prop::collection::vec(any::<u32>(), 0..50)) {
        let file = pids.iter().flat_map(|pid| [pid.to_string().into_bytes(), vec![b' ']]).collect::<Vec<_>>().concat();
        let mut read = Vec::new();
        prop_assert_eq!(children::parse(&file, &mut read), Ok(()));
        prop_assert_eq!(read, pids);
    }

    #[test]
    fn a_rollup_gives_back_its_sizes(shared_kb in 0u64..1 << 60, anonymous in 0u64..1 << 60, pss_kb: u64, clean in 0u64..1 << 60, dirty in 0u64..1 << 60) {
        let rss_kb = shared_kb + anonymous;
        let sizes = format!("Rss: {rss_kb} kB\nPss: {pss_kb} kB\nPrivate_Clean: {clean} kB\nPrivate_Dirty: {dirty} kB\nAnonymous: {anonymous} kB\n");
        let file = format!("0-1 ---p 0 00:00 0 [rollup]\n{sizes}");
        prop_assert_eq!(Rollup::parse(file.as_bytes()), Ok(Rollup { rss_kb, shared_kb, pss_kb, uss_kb: clean + dirty }));
    }

    #[test]
    fn a_status_gives_back_who_and_how_much(tgid: u32, uid: u32, mark: Option<u64>) {
        let mark_line = mark.map_or(String::new(), |kb| format!("VmHWM:\t{kb} kB\n"));
        let read = Status::parse(format!("Name:\ta b\nTgid:\t{tgid}\nUid:\t1\t{uid}\t2\t3\n{mark_line}").as_bytes()).unwrap();
        prop_assert_eq!((read.tgid, read.uid, read.vm_hwm_kb), (tgid, uid, mark));
    }
}
