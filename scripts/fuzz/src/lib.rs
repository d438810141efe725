//! What the targets share.

use std::path::Path;

use tempfile::TempDir;

/// A directory in memory that one target writes its files to, again and again.
pub struct Scratch(TempDir);

impl Scratch {
    /// Made once a target.
    pub fn new() -> Self {
        let in_memory = Path::new("/dev/shm");
        Self(if in_memory.is_dir() { tempfile::tempdir_in(in_memory) } else { tempfile::tempdir() }.expect("a directory"))
    }

    /// Its path.
    pub fn path(&self) -> &Path {
        self.0.path()
    }

    /// Writes a file, and the directories above it.
    pub fn write(&self, name: &str, contents: &[u8]) {
        let path = self.path().join(name);
        std::fs::create_dir_all(path.parent().expect("a directory")).expect("a directory");
        std::fs::write(path, contents).expect("a file");
    }
}

impl Default for Scratch {
    fn default() -> Self {
        Self::new()
    }
}

/// libFuzzer takes every panic for a defect. The `parquet` crate panics on some damaged files and our readers catch that; a panic that they do not
/// catch still ends the target.
pub fn allow_caught_panics() {
    std::panic::set_hook(Box::new(|_| {}));
}
