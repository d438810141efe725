//! One line of JSON with what was done.

use std::fs::OpenOptions;
use std::io::{self, Write as _};
use std::path::PathBuf;

use crate::Failure;
use crate::memory::Resident;
use crate::process;

/// One process of a scenario, as it saw itself.
#[derive(Debug, Clone, Copy)]
pub struct Member {
    /// Process id.
    pub pid: u32,
    /// What it was told to allocate, KiB.
    pub size_kb: u64,
    /// Before it allocated.
    pub base: Resident,
    /// With its memory.
    pub full: Resident,
}

const FIELDS: usize = 6;

impl Member {
    /// Length of [`Member::to_bytes`]: below `PIPE_BUF`, so that a write of it is never torn.
    pub const BYTES: usize = FIELDS * 8;

    /// The same numbers for a pipe.
    pub fn to_bytes(self) -> Vec<u8> {
        let values = [self.pid.into(), self.size_kb, self.base.rss_kb, self.base.shared_kb, self.full.rss_kb, self.full.shared_kb];
        values.iter().copied().flat_map(u64::to_le_bytes).collect()
    }

    /// The inverse of [`Member::to_bytes`].
    pub fn from_bytes(bytes: &[u8; Self::BYTES]) -> io::Result<Self> {
        let (words, _) = bytes.as_chunks::<8>();
        let value = |index: usize| u64::from_le_bytes(words[index]);
        Ok(Self {
            pid: u32::try_from(value(0)).map_err(io::Error::other)?,
            size_kb: value(1),
            base: Resident { rss_kb: value(2), shared_kb: value(3) },
            full: Resident { rss_kb: value(4), shared_kb: value(5) },
        })
    }

    fn json(&self) -> String {
        format!(
            r#"{{"pid":{},"size_kb":{},"base_rss_kb":{},"base_shared_kb":{},"rss_kb":{},"shared_kb":{}}}"#,
            self.pid, self.size_kb, self.base.rss_kb, self.base.shared_kb, self.full.rss_kb, self.full.shared_kb
        )
    }
}

#[derive(Debug)]
enum Target {
    Nowhere,
    Stdout,
    File(PathBuf),
}

/// Where the line goes, if it was asked for.
#[derive(Debug)]
pub struct Report {
    scenario: &'static str,
    target: Target,
}

impl Report {
    /// `target`: a file, `-` for stdout, or nothing. Fails early if the file cannot be written.
    pub fn new(scenario: &'static str, target: Option<String>) -> Result<Self, Failure> {
        let target = match target {
            None => Target::Nowhere,
            Some(name) if name == "-" => Target::Stdout,
            Some(name) => {
                OpenOptions::new().create(true).append(true).open(&name).map_err(|error| format!("report={name}: {error}"))?;
                Target::File(name.into())
            }
        };
        Ok(Self { scenario, target })
    }

    /// Writes the line: this process as `root`, then `members`, then `extra` (`,"key":value` pairs).
    pub fn write(&self, members: &[Member], extra: &str) -> io::Result<()> {
        let root = Resident::read()?;
        let members = members.iter().map(Member::json).collect::<Vec<_>>().join(",");
        let line = format!(
            "{{\"scenario\":\"{}\",\"root\":{{\"pid\":{},\"rss_kb\":{},\"shared_kb\":{}}},\"processes\":[{members}]{extra}}}\n",
            self.scenario,
            process::pid(),
            root.rss_kb,
            root.shared_kb
        );
        match &self.target {
            Target::Nowhere => Ok(()),
            Target::Stdout => io::stdout().write_all(line.as_bytes()),
            Target::File(path) => OpenOptions::new().append(true).open(path)?.write_all(line.as_bytes()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_member_survives_the_pipe() {
        let member =
            Member { pid: 4242, size_kb: 7, base: Resident { rss_kb: 1, shared_kb: 2 }, full: Resident { rss_kb: 3, shared_kb: 4 } };
        let bytes: [u8; Member::BYTES] = member.to_bytes().try_into().unwrap();
        assert_eq!(Member::from_bytes(&bytes).unwrap().json(), member.json());
    }
}
