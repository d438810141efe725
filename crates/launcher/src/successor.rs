//! Serving the exits of a build whose launcher was killed.

use mymonitor_exits::{Journal, Listener, Server, Slots, hurry};
use mymonitor_proc::ProcRoot;

use crate::args::Serve;
use crate::signals::full_set;

/// Lets those go that the launcher had received, and serves until no process has the filter any more, whatever becomes of mymonitor and of the
/// terminal.
pub(crate) fn serve(Serve { listener, slots, journal, store_argv }: Serve) {
    let everything = full_set();
    // SAFETY: the set is initialised; the mask of this thread is ours alone.
    unsafe { libc::sigprocmask(libc::SIG_BLOCK, &raw const everything, std::ptr::null_mut()) };
    // Tells `mymonitor recover` that the build still runs.
    let _ = rustix::fs::flock(&journal, rustix::fs::FlockOperation::NonBlockingLockExclusive);
    let (Ok(proc), Ok(slots)) = (ProcRoot::open(std::path::Path::new("/proc")), Slots::open(slots)) else { return };
    let journal = Journal::new(journal);
    journal.write_in_background();
    let server = Server::new(Listener::new(listener), slots, proc, std::sync::Arc::clone(&journal), store_argv);
    crate::let_go_of_the_caller();
    hurry();
    server.take_over();
    journal.flush();
}
