//! What Node changed before our code ran, as far as it can still be seen, so that the build gets what the caller meant it to have.
//!
//! Node raises the soft limit of open files, marks every inherited descriptor close-on-exec and resets ignored signals. The parent process has
//! usually kept what we were given: its limit, its descriptors (the same number leading to the same file), its ignored HUP. Where this process
//! is the command line's own, whatever Node cannot have opened itself was inherited too.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::os::fd::RawFd;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use mymonitor_proc::{ignored_signals, open_files_soft_limit};

/// What is restored.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Caller {
    /// Descriptors above 2 that the build inherits.
    pub(crate) descriptors: BTreeSet<RawFd>,
    /// Soft limit of open files.
    pub(crate) nofile: Option<u64>,
    /// HUP is ignored (nohup).
    pub(crate) ignores_hup: bool,
}

impl Caller {
    /// `process_is_ours`: [`take_stock`] has told what Node cannot have opened.
    pub(crate) fn inspect(process_is_ours: bool) -> Self {
        let parent = rustix::process::getppid().map(|pid| pid.as_raw_pid().cast_unsigned());
        let parent_fd = parent.map(|pid| PathBuf::from(format!("/proc/{pid}/fd")));
        let mut descriptors = parent_fd.map(|fd| same_descriptors(Path::new("/proc/self/fd"), &fd)).unwrap_or_default();
        if process_is_ours {
            descriptors.extend(stock().iter().filter(|(fd, target)| fd_target(*fd).as_ref() == Some(target)).map(|(fd, _)| *fd));
        }
        descriptors.extend(std::env::var_os("MAKEFLAGS").as_deref().map(jobserver_descriptors).unwrap_or_default());
        descriptors.retain(|fd| Path::new(&format!("/proc/self/fd/{fd}")).exists());
        Self {
            descriptors,
            nofile: parent.and_then(open_files_soft_limit),
            ignores_hup: parent.and_then(ignored_signals).is_some_and(|mask| mask & 1 != 0) || started_by_nohup(),
        }
    }
}

/// What the caller left open. Taken once, before a recording, a report or anything else of ours is opened, and looked at again for each build.
fn stock() -> &'static [(RawFd, PathBuf)] {
    static STOCK: OnceLock<Vec<(RawFd, PathBuf)>> = OnceLock::new();
    STOCK.get_or_init(|| foreign_descriptors(Path::new("/proc/self/fd")))
}

fn fd_target(fd: RawFd) -> Option<PathBuf> {
    std::fs::read_link(format!("/proc/self/fd/{fd}")).ok()
}

/// Width of the terminal that stderr is; `None` where it is none, or does not know its width. Node would tell it too, but only to one who makes a
/// stream, and that can set `O_NONBLOCK` on a terminal that the build shares.
pub fn terminal_columns() -> Option<u16> {
    rustix::termios::tcgetwinsize(rustix::stdio::stderr()).ok().map(|size| size.ws_col).filter(|&columns| columns > 0)
}

/// For the command line's own process, at its start: remembers which descriptors the caller left open, and ignores HUP again where the caller did
/// (nohup) and Node has undone it; `true` if so.
pub fn take_stock() -> bool {
    stock();
    let ignored = Caller::inspect(false).ignores_hup;
    if ignored {
        // SAFETY: SIG_IGN runs no code of ours.
        unsafe { libc::signal(libc::SIGHUP, libc::SIG_IGN) };
    }
    ignored
}

/// nohup replaces itself by us, so its mark is only what it leaves behind: `_` of the shell that ran it, or its peculiar standard descriptors.
fn started_by_nohup() -> bool {
    let last_command = std::env::var_os("_").is_some_and(|path| Path::new(&path).file_name() == Some(OsStr::new("nohup")));
    let link = |fd: RawFd| std::fs::read_link(format!("/proc/self/fd/{fd}")).unwrap_or_default();
    let writes_only = std::fs::read_to_string("/proc/self/fdinfo/0")
        .is_ok_and(|info| info.lines().any(|line| line.strip_prefix("flags:").is_some_and(|flags| flags.trim().ends_with('1'))));
    // GNU nohup opens /dev/null for writing as standard input, so that a read fails.
    let closed_stdin = link(0) == Path::new("/dev/null") && writes_only;
    last_command || closed_stdin || link(1).file_name() == Some(OsStr::new("nohup.out"))
}

/// Numbers above 2 that lead to the same file in both directories.
fn same_descriptors(own: &Path, parent: &Path) -> BTreeSet<RawFd> {
    let Ok(entries) = std::fs::read_dir(own) else { return BTreeSet::new() };
    let same = |name: &OsStr| {
        let target = std::fs::read_link(own.join(name)).ok()?;
        // All epoll and event descriptors of a machine show the same link, so for them it proves nothing.
        let proves = !target.to_string_lossy().starts_with("anon_inode:");
        (proves && std::fs::read_link(parent.join(name)).ok()? == target).then_some(())
    };
    entries
        .filter_map(|entry| {
            let name = entry.ok()?.file_name();
            let number: RawFd = name.to_str()?.parse().ok()?;
            (number > 2 && same(&name).is_some()).then_some(number)
        })
        .collect()
}

/// Numbers above 2 that Node has not opened: everything that leads to a path, and pipes and sockets with one end here. Node's own pipes have
/// both ends in this process, its other descriptors are anonymous.
fn foreign_descriptors(own: &Path) -> Vec<(RawFd, PathBuf)> {
    let Ok(entries) = std::fs::read_dir(own) else { return Vec::new() };
    let open: Vec<(RawFd, PathBuf)> = entries
        .filter_map(|entry| {
            let name = entry.ok()?.file_name();
            Some((name.to_str()?.parse().ok()?, std::fs::read_link(own.join(&name)).ok()?))
        })
        .collect();
    let ends = |target: &Path| open.iter().filter(|(_, other)| other == target).count();
    let is_foreign = |target: &Path| {
        let text = target.to_string_lossy();
        // libuv keeps a /dev/null in reserve for when descriptors run out; the directory that is being read here is its own, and already closed.
        let path = text.starts_with('/') && text != "/dev/null" && !text.starts_with("/memfd:") && !text.starts_with("/proc/");
        path || (text.starts_with("pipe:") || text.starts_with("socket:")) && ends(target) == 1
    };
    open.iter().filter(|(number, target)| *number > 2 && is_foreign(target)).cloned().collect()
}

/// The two descriptors of `--jobserver-auth=R,W` (GNU make since 4.2) or `--jobserver-fds=R,W`. A named pipe needs none.
fn jobserver_descriptors(makeflags: &OsStr) -> BTreeSet<RawFd> {
    let flags = makeflags.to_string_lossy();
    flags
        .split_whitespace()
        .filter_map(|word| word.strip_prefix("--jobserver-auth=").or_else(|| word.strip_prefix("--jobserver-fds=")))
        .filter_map(|value| value.split_once(','))
        .flat_map(|(read, write)| [read.parse().ok(), write.parse().ok()])
        .flatten()
        .filter(|&fd| fd > 2)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_jobserver_is_found_in_makeflags() {
        let fds = |text: &str| jobserver_descriptors(OsStr::new(text)).into_iter().collect::<Vec<_>>();
        assert_eq!(fds(" -j4 --jobserver-auth=3,4"), [3, 4]);
        assert_eq!(fds("--jobserver-fds=5,6 -j"), [5, 6]);
        assert_eq!(fds("--jobserver-auth=fifo:/tmp/GMfifo12"), []);
        assert_eq!(fds("-j4 --jobserver-auth=-2,-2"), []);
    }

    #[test]
    fn what_node_cannot_have_opened_was_inherited() {
        let dir = tempfile::tempdir().unwrap();
        let links = [
            "0=/dev/null",
            "3=anon_inode:[eventpoll]",
            "4=pipe:[1]",
            "5=pipe:[1]",
            "7=/var/log/x",
            "8=pipe:[2]",
            "9=socket:[3]",
            "10=/memfd:x",
        ];
        for link in links {
            let (name, target) = link.split_once('=').unwrap();
            std::os::unix::fs::symlink(target, dir.path().join(name)).unwrap();
        }
        let found: BTreeSet<RawFd> = foreign_descriptors(dir.path()).into_iter().map(|(fd, _)| fd).collect();
        assert_eq!(found, BTreeSet::from([7, 8, 9]));
    }

    #[test]
    fn a_number_that_leads_elsewhere_in_the_parent_is_not_inherited() {
        let dir = tempfile::tempdir().unwrap();
        let (own, parent) = (dir.path().join("own"), dir.path().join("parent"));
        for (place, links) in
            [(&own, ["3=/a", "4=/b", "5=anon_inode:[eventpoll]", "1=/c"]), (&parent, ["3=/a", "4=/x", "5=anon_inode:[eventpoll]", "1=/c"])]
        {
            std::fs::create_dir(place).unwrap();
            for link in links {
                let (name, target) = link.split_once('=').unwrap();
                std::os::unix::fs::symlink(target, place.join(name)).unwrap();
            }
        }
        assert_eq!(same_descriptors(&own, &parent), BTreeSet::from([3]));
    }
}
