//! Programs that ran below `NO_NEW_PRIVS` and would have gained privilege without it.

use std::collections::{BTreeSet, HashSet};
use std::path::{Path, PathBuf};

use mymonitor_recording::{Recording, RecordingError};
use rustix::fs::{FileType, StatVfsMountFlags, getxattr, stat, statvfs};

/// What usually wants privilege, for programs whose file is not to be found from here: gone, or in another mount namespace.
const KNOWN: [&str; 12] =
    ["sudo", "su", "doas", "pkexec", "fusermount", "fusermount3", "newuidmap", "newgidmap", "snap", "ping", "mount", "umount"];
/// Images that are read at once.
const BATCH: usize = 4096;
/// Distinct programs that are looked at: what bounds the memory where a build makes up a name for each.
const MOST: usize = 16 * 1024;

/// Their names, sorted. Each distinct program of the recording is looked at once, as its file is now.
pub(crate) fn lost_privilege(recording_dir: &Path) -> Result<Vec<String>, RecordingError> {
    let recording = Recording::open(recording_dir)?;
    let mut seen = HashSet::new();
    let mut names = BTreeSet::new();
    for first in (0..recording.info().processes).step_by(BATCH) {
        let images = recording.processes(first, BATCH as u64)?;
        for (index, exe) in images.exe.iter().enumerate() {
            let first_word = images.argv[index].as_ref().and_then(|words| words.first());
            let (Some(program), Some(uid)) = (exe.as_ref().or(first_word).or(images.name[index].as_ref()), images.uid[index]) else {
                continue;
            };
            if images.outside_tree[index] == Some(true) {
                continue;
            }
            let path = program.strip_suffix(" (deleted)").unwrap_or(program);
            let name = path.rsplit('/').next().unwrap_or(path);
            let is_known = || KNOWN.contains(&name);
            let gains = if seen.len() == MOST {
                is_known()
            } else {
                seen.insert((program.clone(), uid)) && found(program).and_then(|file| gains_privilege(&file, uid)).unwrap_or_else(is_known)
            };
            if gains {
                names.insert(name.to_owned());
            }
        }
    }
    Ok(names.into_iter().collect())
}

/// The file of a program that is known by its path, or by the word it was called by: an exit record has no more.
fn found(program: &str) -> Option<PathBuf> {
    if program.starts_with('/') {
        return Some(program.into());
    }
    let path = std::env::var_os("PATH").filter(|_| !program.contains('/'))?;
    std::env::split_paths(&path).map(|dir| dir.join(program)).find(|file| file.is_file())
}

/// Whether the kernel gives who runs `file` as user `uid` what he has not; `None` where the file cannot be looked at.
fn gains_privilege(file: &Path, uid: u32) -> Option<bool> {
    let facts = stat(file).ok().filter(|facts| FileType::from_raw_mode(facts.st_mode) == FileType::RegularFile)?;
    if statvfs(file).ok()?.f_flag.contains(StatVfsMountFlags::NOSUID) {
        return Some(false);
    }
    let has = |bits| facts.st_mode & bits == bits;
    let other_user = has(libc::S_ISUID) && facts.st_uid != uid;
    // Without the right to execute, the bit asks for mandatory locks.
    let other_group = has(libc::S_ISGID | libc::S_IXGRP) && facts.st_gid != rustix::process::getegid().as_raw();
    let capabilities = || uid != 0 && getxattr(file, c"security.capability", &mut [0; 64]).is_ok();
    Some(other_user || other_group || capabilities())
}

#[cfg(test)]
mod tests {
    use std::fs::Permissions;
    use std::os::unix::fs::{MetadataExt, PermissionsExt};

    use rustix::fs::{XattrFlags, setxattr};

    use super::*;

    #[test]
    fn the_bits_of_a_file_are_privilege_for_whom_they_do_not_name() {
        let file = std::env::temp_dir().join(format!("mymonitor-privilege-{}", std::process::id()));
        std::fs::write(&file, "").unwrap();
        let owner = std::fs::metadata(&file).unwrap().uid();
        let with = |mode: u32, uid: u32| {
            std::fs::set_permissions(&file, Permissions::from_mode(mode)).unwrap();
            gains_privilege(&file, uid)
        };
        // What such a mount makes of the bits is nothing.
        let works = Some(!statvfs(&file).unwrap().f_flag.contains(StatVfsMountFlags::NOSUID));
        let told = [with(0o755, owner + 1), with(0o4755, owner), with(0o4755, owner + 1), with(0o2755, owner), with(0o2745, owner)];
        std::fs::remove_file(&file).unwrap();
        assert_eq!(told, [Some(false), Some(false), works, Some(false), Some(false)]);
        assert_eq!(gains_privilege(&file, owner), None);
        assert_eq!(gains_privilege(&std::env::temp_dir(), owner), None);
    }

    #[test]
    fn capabilities_of_a_file_are_privilege_for_all_but_root() {
        // cap_net_raw, effective: version 2 of struct vfs_cap_data.
        const CAP_NET_RAW: [u8; 20] = [1, 0, 0, 2, 0, 32, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        let file = std::env::temp_dir().join(format!("mymonitor-capable-{}", std::process::id()));
        std::fs::write(&file, "").unwrap();
        let given = setxattr(&file, c"security.capability", &CAP_NET_RAW, XattrFlags::empty());
        let works = given.is_ok() && !statvfs(&file).unwrap().f_flag.contains(StatVfsMountFlags::NOSUID);
        let told = [0, 1000].map(|uid| gains_privilege(&file, uid));
        std::fs::remove_file(&file).unwrap();
        assert_eq!(told, [Some(false), Some(works)]);
    }

    #[test]
    fn a_program_is_looked_for_by_its_path_or_in_path() {
        assert_eq!(found("/no/such/program"), Some("/no/such/program".into()));
        assert!(found("sh").unwrap().ends_with("sh"));
        assert_eq!(found("mymonitor-no-such-program"), None);
        assert_eq!(found("bin/sh"), None);
    }
}
