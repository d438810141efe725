//! Files under a temporary name.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, flock};

/// A file that gets its name when it is whole. Dropped before [`Self::publish`], it leaves nothing behind.
pub struct Partial {
    path: PathBuf,
    target: PathBuf,
    published: bool,
    /// Held until the file has its name.
    _lock: File,
}

impl Partial {
    /// Creates it beside `target`, under a name to which nobody else writes: the first number whose file nobody has locked. What a killed writer left
    /// is taken over, as his lock ended with him.
    pub fn create(target: &Path) -> io::Result<(Self, File)> {
        for number in 0u32.. {
            let mut path = target.to_path_buf().into_os_string();
            path.push(format!(".{number}.partial"));
            let path = PathBuf::from(path);
            if let Some(file) = take(&path)? {
                let lock = file.try_clone()?;
                return Ok((Self { path, target: target.into(), published: false, _lock: lock }, file));
            }
        }
        Err(io::ErrorKind::AlreadyExists.into())
    }

    /// The name that it gets.
    pub fn target(&self) -> &Path {
        &self.target
    }

    /// Gives the file its name, replacing an older one.
    pub fn publish(mut self) -> io::Result<()> {
        fs::rename(&self.path, &self.target)?;
        self.published = true;
        Ok(())
    }
}

impl Drop for Partial {
    fn drop(&mut self) {
        if !self.published {
            // What cannot be removed is at worst a file under a temporary name, and the error that led here is the one to report.
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// The file at `path`, locked and empty; `None` where somebody else writes it, or it is another user's.
fn take(path: &Path) -> io::Result<Option<File>> {
    loop {
        let file = match OpenOptions::new().write(true).create(true).truncate(false).open(path) {
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied && path.exists() => return Ok(None),
            opened => opened?,
        };
        if flock(&file, FlockOperation::NonBlockingLockExclusive) == Err(rustix::io::Errno::WOULDBLOCK) {
            return Ok(None);
        }
        let locked = file.metadata()?;
        // Between the opening and the lock its writer may have given it its name.
        if fs::metadata(path).is_ok_and(|there| (there.dev(), there.ino()) == (locked.dev(), locked.ino())) {
            file.set_len(0)?;
            return Ok(Some(file));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn names(dir: &Path) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort_unstable();
        names
    }

    #[test]
    fn two_who_write_one_file_at_once_each_write_a_whole_one() {
        let dir = tempfile::tempdir().unwrap();
        let target = dir.path().join("table");
        let (first, mut first_file) = Partial::create(&target).unwrap();
        first_file.write_all(b"first").unwrap();
        let (second, mut second_file) = Partial::create(&target).unwrap();
        second_file.write_all(b"second, longer").unwrap();
        first_file.write_all(b" whole").unwrap();
        first.publish().unwrap();
        assert_eq!(fs::read(&target).unwrap(), b"first whole");
        // The number of the first is free again, and its file is not what was opened under that name before.
        let (third, _) = Partial::create(&target).unwrap();
        second.publish().unwrap();
        assert_eq!(fs::read(&target).unwrap(), b"second, longer");
        drop(third);
        assert_eq!(names(dir.path()), ["table"]);
    }

    #[test]
    fn what_a_killed_writer_left_is_taken_over_and_piles_up_nowhere() {
        let dir = tempfile::tempdir().unwrap();
        let target = dir.path().join("table");
        fs::write(dir.path().join("table.0.partial"), "what he had written so far").unwrap();
        let (partial, mut file) = Partial::create(&target).unwrap();
        file.write_all(b"whole").unwrap();
        partial.publish().unwrap();
        assert_eq!(fs::read(&target).unwrap(), b"whole");
        assert_eq!(names(dir.path()), ["table"]);
    }
}
