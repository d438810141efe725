#![no_main]
//! `/proc/PID/status`.

use std::sync::LazyLock;

use mymonitor_fuzz::Scratch;
use mymonitor_proc::ProcRoot;

static SCRATCH: LazyLock<(Scratch, ProcRoot)> = LazyLock::new(|| {
    let scratch = Scratch::new();
    let stat = format!("7 (cc) S 1 1 1 0 -1 0 0 0 0 0 1 1 0 0 20 0 1 0 9 0 0{}", " 0".repeat(28));
    // Whichever thread group `status` names, that is the one that is read on.
    for pid in 0..100 {
        scratch.write(&format!("{pid}/stat"), stat.as_bytes());
    }
    let root = ProcRoot::open(scratch.path()).expect("the directory");
    (scratch, root)
});

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let (scratch, root) = &*SCRATCH;
    scratch.write("7/status", bytes);
    let _ = root.exit_reading(7, false, || {});
});
