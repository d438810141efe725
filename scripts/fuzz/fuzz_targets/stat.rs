#![no_main]
//! `/proc/PID/stat`, by the reader of live processes and by the one of their last moment. The two must agree on who it is.

use std::sync::LazyLock;

use mymonitor_fuzz::Scratch;
use mymonitor_proc::ProcRoot;

static SCRATCH: LazyLock<(Scratch, ProcRoot)> = LazyLock::new(|| {
    let scratch = Scratch::new();
    scratch.write("7/statm", b"1 1 1 1 0 1 0\n");
    scratch.write("7/status", b"Tgid:\t7\nUid:\t1\t2\t3\t4\n");
    scratch.write("7/task/7/children", b"");
    let root = ProcRoot::open(scratch.path()).expect("the directory");
    (scratch, root)
});

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let (scratch, root) = &*SCRATCH;
    scratch.write("7/stat", bytes);
    let live = root.process(7).and_then(|process| process.start_ticks());
    let last = root.exit_reading(7, false, || {});
    if let (Ok(live), Ok(last)) = (live, last) {
        assert_eq!(live, last.start_ticks);
    }
});
