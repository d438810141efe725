#![no_main]
//! The host's files and those of the cgroup, which are found through `self/cgroup` and `self/mountinfo`.

use std::sync::LazyLock;

use mymonitor_fuzz::Scratch;
use mymonitor_proc::{HostFiles, ProcRoot};

const FILES: [&str; 12] = [
    "meminfo",
    "pressure/memory",
    "pressure/cpu",
    "loadavg",
    "self/cgroup",
    "self/mountinfo",
    "group/memory.current",
    "group/memory.events",
    "group/memory.max",
    "group/memory.usage_in_bytes",
    "group/memory.oom_control",
    "group/memory.limit_in_bytes",
];

static SCRATCH: LazyLock<(Scratch, ProcRoot)> = LazyLock::new(|| {
    let scratch = Scratch::new();
    let root = ProcRoot::open(scratch.path()).expect("the directory");
    (scratch, root)
});

// The files one after the other, divided by NUL. The first bit of the input says whether the two that find the cgroup are whole.
libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let (scratch, root) = &*SCRATCH;
    let Some((&first, bytes)) = bytes.split_first() else { return };
    let mut parts = bytes.split(|&byte| byte == 0);
    for name in FILES {
        scratch.write(name, parts.next().unwrap_or_default());
    }
    if first & 1 == 1 {
        let (cgroup, fs_type, options) = if first & 2 == 2 { ("0::/\n", "cgroup2", "rw") } else { ("4:memory:/\n", "cgroup", "rw,memory") };
        scratch.write("self/cgroup", cgroup.as_bytes());
        let group = scratch.path().join("group");
        scratch.write("self/mountinfo", format!("1 0 0:1 / {} rw - {fs_type} {fs_type} {options}\n", group.display()).as_bytes());
    }
    HostFiles::open(root).read();
});
