//! The table `processes`.

use parquet::data_type::{BoolType, ByteArrayType, Int32Type};
use parquet::file::reader::ChunkReader;

use super::table::{Nullable, Table};
use crate::RecordingError;
use crate::model::Interner;

/// How an image ended, as stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// Ended by exit.
    Exited,
    /// Ended by a signal.
    Signalled,
    /// Became the next image of the same process.
    Execed,
    /// Gone, and nobody knows how.
    Lost,
    /// Was there when the recording ended.
    Alive,
}

impl End {
    /// The text in the file.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Exited => "exited",
            Self::Signalled => "signalled",
            Self::Execed => "execed",
            Self::Lost => "lost",
            Self::Alive => "alive",
        }
    }

    /// A text this version does not know is a way of ending that it cannot tell: `Lost`.
    pub(super) fn parse(text: Option<&str>) -> Self {
        [Self::Exited, Self::Signalled, Self::Execed, Self::Alive].into_iter().find(|end| text == Some(end.as_str())).unwrap_or(Self::Lost)
    }
}

/// One entry an image, in file order. The columns are those of `docs/recording-format.md`.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "the columns are documented once, with their units, in docs/recording-format.md")]
pub struct Processes {
    pub process_id: Vec<u32>,
    pub pid: Nullable<u32>,
    pub ppid: Nullable<u32>,
    pub parent_id: Nullable<u32>,
    pub exec_count: Nullable<u32>,
    pub uid: Nullable<u32>,
    pub start_us: Nullable<i64>,
    pub end_us: Nullable<i64>,
    pub end: Vec<End>,
    pub exit_code: Nullable<u32>,
    pub signal: Nullable<u32>,
    pub peak_rss_kb: Nullable<i64>,
    pub cpu_us: Nullable<i64>,
    pub threads: Nullable<u32>,
    pub samples: Nullable<u32>,
    pub name: Nullable<String>,
    pub exe: Nullable<String>,
    pub cwd: Nullable<String>,
    pub argv: Nullable<Vec<String>>,
    pub outside_tree: Nullable<bool>,
}

impl Processes {
    pub(super) fn read<R: ChunkReader>(table: &Table<R>, first: u64, count: u64) -> Result<Self, RecordingError> {
        let mut images = Self::default();
        for (group, skip, count) in table.parts(first, count) {
            images.append(table, group, skip, count)?;
        }
        Ok(images)
    }

    fn append<R: ChunkReader>(&mut self, table: &Table<R>, group: usize, skip: usize, count: usize) -> Result<(), RecordingError> {
        for process_id in table.u32s(group, "process_id", skip, count)? {
            self.process_id.push(process_id.ok_or_else(|| table.damaged("an image has no process_id"))?);
        }
        for (name, column) in [
            ("pid", &mut self.pid),
            ("ppid", &mut self.ppid),
            ("parent_id", &mut self.parent_id),
            ("exec_count", &mut self.exec_count),
            ("uid", &mut self.uid),
            ("exit_code", &mut self.exit_code),
            ("signal", &mut self.signal),
            ("threads", &mut self.threads),
            ("samples", &mut self.samples),
        ] {
            column.extend(table.u32s(group, name, skip, count)?);
        }
        for (name, column) in [
            ("start_us", &mut self.start_us),
            ("end_us", &mut self.end_us),
            ("peak_rss_kb", &mut self.peak_rss_kb),
            ("cpu_us", &mut self.cpu_us),
        ] {
            column.extend(table.i64s(group, name, skip, count)?);
        }
        for (name, column) in [("name", &mut self.name), ("exe", &mut self.exe), ("cwd", &mut self.cwd)] {
            column.extend(table.texts(group, name, skip, count)?);
        }
        self.end.extend(table.texts(group, "end", skip, count)?.iter().map(|end| End::parse(end.as_deref())));
        self.argv.extend(table.lists(group, "argv", skip, count)?);
        self.outside_tree.extend(table.nullable::<BoolType>(group, "outside_tree", skip, count)?);
        Ok(())
    }
}

/// The executable and the family of each image, as the model and its correction want them.
#[derive(Debug)]
pub struct Executables {
    key_of: Vec<u32>,
    family_of: Vec<u32>,
}

impl Executables {
    /// The key of an image; images without a row share one.
    pub fn key(&self, process_id: u32) -> u32 {
        self.key_of[process_id as usize]
    }

    /// The first of the images that have forked from each other without an exec, as far as this one descends from it.
    pub fn family(&self, process_id: u32) -> u32 {
        self.family_of[process_id as usize]
    }

    pub(super) fn read<R: ChunkReader>(table: &Table<R>, limit: usize) -> Result<Self, RecordingError> {
        let mut interner = Interner::new();
        let unknown = interner.key(b"", b"");
        let mut key_of = vec![unknown; limit];
        // At first the image that it was forked from, or itself.
        let mut family_of: Vec<u32> = (0..).take(limit).collect();
        for group in 0..table.groups() {
            let rows = table.rows_of(group);
            let mut process_ids = Vec::new();
            table.required::<Int32Type>(group, "process_id", &mut process_ids)?;
            let exes = table.nullable::<ByteArrayType>(group, "exe", 0, rows)?;
            let names = table.nullable::<ByteArrayType>(group, "name", 0, rows)?;
            let parents = table.u32s(group, "parent_id", 0, rows)?;
            let exec_counts = table.u32s(group, "exec_count", 0, rows)?;
            let forks = parents.into_iter().zip(exec_counts);
            for (((process_id, exe), name), (parent_id, exec_count)) in process_ids.into_iter().zip(exes).zip(names).zip(forks) {
                let process_id = process_id.cast_unsigned();
                let slot = key_of.get_mut(process_id as usize);
                let slot = slot.ok_or_else(|| table.damaged(format_args!("process_id {process_id} is beyond the {limit} images known")))?;
                let [exe, name] = [&exe, &name].map(|text| text.as_ref().map_or(&b""[..], |text| text.data()));
                *slot = interner.key(exe, name);
                if let (Some(parent_id), Some(0)) = (parent_id, exec_count) {
                    family_of[process_id as usize] = parent_id.min(process_id);
                }
            }
        }
        // Parents come before their children.
        for (process_id, own) in (0..).zip(0..limit) {
            let parent_id = family_of[own] as usize;
            family_of[own] = if key_of[parent_id] == key_of[own] { family_of[parent_id] } else { process_id };
        }
        Ok(Self { key_of, family_of })
    }
}
