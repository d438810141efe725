use crate::{ProcRoot, ReadError};

/// Every live descendant of `root`, without `root` itself, parents before their children.
pub fn descendants(proc: &ProcRoot, root: u32) -> Result<Vec<u32>, ReadError> {
    let mut found = Vec::new();
    match proc.process(root).and_then(|process| process.children(&mut found)) {
        Ok(_) | Err(ReadError::Gone) => {}
        Err(error) => return Err(error),
    }
    let mut next = 0;
    while next < found.len() {
        // A process that ends during the walk has no children left here: they have moved to the subreaper.
        if let Ok(process) = proc.process(found[next]) {
            let _ = process.children(&mut found);
        }
        next += 1;
    }
    Ok(found)
}

/// Whether a live process descends from `root`; `false` for one that is gone, and for `root` itself.
pub fn is_below(proc: &ProcRoot, pid: u32, root: u32) -> bool {
    let parent = |pid: u32| proc.process(pid).and_then(|process| process.stat()).ok().map(|stat| stat.ppid).filter(|&ppid| ppid != 0);
    std::iter::successors(parent(pid), |&pid| parent(pid)).any(|pid| pid == root)
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::process::{Command, Stdio};

    use super::*;

    #[test]
    fn children_forked_by_a_worker_thread_are_found() {
        let (sender, receiver) = std::sync::mpsc::channel::<()>();
        let (pid_sender, pid_receiver) = std::sync::mpsc::channel();
        let worker = std::thread::spawn(move || {
            let mut shell = Command::new("sh").args(["-c", "sleep 30 & wait"]).stdin(Stdio::null()).spawn().unwrap();
            pid_sender.send(shell.id()).unwrap();
            receiver.recv().unwrap();
            shell.kill().unwrap();
            shell.wait().unwrap();
        });
        let shell = pid_receiver.recv().unwrap();
        let proc = ProcRoot::open(Path::new("/proc")).unwrap();
        let grandchild = loop {
            assert!(descendants(&proc, std::process::id()).unwrap().contains(&shell), "the worker's child is missing");
            if let [pid] = descendants(&proc, shell).unwrap()[..] {
                break pid;
            }
        };
        let own = std::process::id();
        assert!(is_below(&proc, grandchild, own) && is_below(&proc, grandchild, shell) && is_below(&proc, shell, own));
        assert!(!is_below(&proc, shell, grandchild) && !is_below(&proc, own, own) && !is_below(&proc, u32::MAX, own));
        rustix::process::kill_process(rustix::process::Pid::from_raw(grandchild.cast_signed()).unwrap(), rustix::process::Signal::KILL)
            .unwrap();
        sender.send(()).unwrap();
        worker.join().unwrap();
    }
}
