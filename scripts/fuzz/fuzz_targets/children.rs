#![no_main]
//! `/proc/PID/task/TID/children`.

use std::sync::LazyLock;

use mymonitor_fuzz::Scratch;
use mymonitor_proc::ProcRoot;

static SCRATCH: LazyLock<(Scratch, ProcRoot)> = LazyLock::new(|| {
    let scratch = Scratch::new();
    scratch.write("7/statm", b"1 1 1 1 0 1 0\n");
    scratch.write("7/task/7/children", b"");
    let root = ProcRoot::open(scratch.path()).expect("the directory");
    (scratch, root)
});

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let (scratch, root) = &*SCRATCH;
    scratch.write("7/task/7/children", bytes);
    let mut pids = Vec::new();
    if root.process(7).expect("the process").children(&mut pids).is_ok() {
        let words = bytes.split(|&byte| byte == b' ').filter(|word| !word.is_empty());
        assert_eq!(pids.len(), words.count());
    }
});
