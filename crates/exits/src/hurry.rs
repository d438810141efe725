//! The shortest way from a wake-up to a CPU that this user may have.

/// `struct sched_attr` of include/uapi/linux/sched/types.h, first version.
#[repr(C)]
struct SchedAttr {
    size: u32,
    policy: u32,
    flags: u64,
    nice: i32,
    priority: u32,
    runtime: u64,
    deadline: u64,
    period: u64,
}

/// The least that Linux takes.
const SHORTEST_SLICE_NS: u64 = 100_000;

/// For the calling thread: real-time priority, else the shortest slice (Linux 6.12). What this process has in memory stays there. Each is a help
/// only, so refusals do not matter. Not for a process that hosts others: V8 cannot live with locked memory.
pub fn hurry() {
    if !set(libc::SCHED_FIFO, 1, 0, 0) {
        // The nice value is set together with the slice, so it has to be the one we have.
        let nice = rustix::process::getpriority_process(None).unwrap_or(0);
        set(libc::SCHED_OTHER, 0, nice, SHORTEST_SLICE_NS);
    }
    // SAFETY: the call takes integers.
    unsafe { libc::mlockall(libc::MCL_CURRENT | libc::MCL_ONFAULT) };
}

/// Whether a server would get real-time priority. Tried on a thread that ends at once.
pub fn may_hurry() -> bool {
    let attempt = || set(libc::SCHED_FIFO, 1, 0, 0);
    std::thread::Builder::new().stack_size(64 * 1024).spawn(attempt).is_ok_and(|thread| thread.join().unwrap_or(false))
}

fn set(policy: libc::c_int, priority: u32, nice: i32, runtime: u64) -> bool {
    #[expect(clippy::cast_possible_truncation, reason = "48 bytes")]
    let size = size_of::<SchedAttr>() as u32;
    let attributes = SchedAttr { size, policy: policy.cast_unsigned(), flags: 0, nice, priority, runtime, deadline: 0, period: 0 };
    // SAFETY: 0 is the calling thread, and the kernel only reads the structure, whose size it is told.
    unsafe { libc::syscall(libc::SYS_sched_setattr, 0, &raw const attributes, 0) == 0 }
}
