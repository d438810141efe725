//! From the images of a journal and the exits of processes to rows of `processes`.

use std::collections::HashMap;

use mymonitor_wire::{ExitRecord, ImageEnd, ImageStart, Lifetime};

use super::exits::Exit;
use super::lifetimes::{Recorded, known_by_lifetime, settle};
use super::processes::{Processes, Row, SeenBy};
use super::table::TableWriter;
use super::ticks::signed;
use crate::model::Interner;
use crate::read::End;
use crate::{Correction, RecordingError};

/// An exec is looked for at every fourth tick, so one that was missed lies within the last five.
const RECENT: usize = 5;

/// An image and what the ticks said about it.
struct Image {
    id: u32,
    start: ImageStart,
    /// Key for the model.
    executable: u32,
    samples: u32,
    largest_kb: Option<u64>,
    /// Times of its last samples, a ring.
    recent_us: [i64; RECENT],
    /// What its first measurement said.
    correction: Option<Correction>,
    last: Option<ImageEnd>,
    exit: Option<Box<Exited>>,
    killed_by: Option<u32>,
    life: Option<Lifetime>,
}

struct Exited {
    record: ExitRecord,
    at_us: i64,
    start_us: i64,
}

/// pid and start time.
type Key = (u32, u64);

/// The images of a journal on their way into the table.
///
/// Ids are given out anew, in the order in which images turn up, because processes that no tick saw have none.
pub(super) struct Images {
    rows: Processes,
    /// By the journal's own number.
    live: HashMap<u32, Image>,
    /// The journal's number of the latest live image of a process.
    by_key: HashMap<Key, u32>,
    by_pid: HashMap<u32, u32>,
    /// Ended at the last tick. An exit during that tick is told after it.
    leaving: Vec<Image>,
    leaving_by_key: HashMap<Key, usize>,
    interner: Interner,
    next_id: u32,
    /// Processes that only their exit records told of, where lifetimes will tell of them too.
    recorded: Option<Recorded>,
    /// Rows of processes that only their lifetime told of.
    by_lifetime_alone: u64,
}

impl Images {
    pub(super) fn new(writer: TableWriter<Row>) -> Self {
        Self {
            rows: Processes::new(writer),
            live: HashMap::new(),
            by_key: HashMap::new(),
            by_pid: HashMap::new(),
            leaving: Vec::new(),
            leaving_by_key: HashMap::new(),
            interner: Interner::new(),
            next_id: 0,
            recorded: None,
            by_lifetime_alone: 0,
        }
    }

    /// Lifetimes will come, one for each process.
    pub(super) fn expect_lifetimes(&mut self) {
        self.recorded.get_or_insert_default();
    }

    /// A first start, or better facts about a live image.
    pub(super) fn start(&mut self, mut start: ImageStart) {
        let executable = self.interner.key(&start.exe, &start.name);
        let number = start.process_id;
        let key = (start.pid, start.start_ticks);
        if let Some(image) = self.live.get_mut(&number) {
            start.parent_id = image.start.parent_id;
            image.start = start;
            image.executable = executable;
        } else {
            start.parent_id = start.parent_id.and_then(|parent| Some(self.live.get(&parent)?.id));
            let id = self.new_id();
            let image = Image {
                id,
                start,
                executable,
                samples: 0,
                largest_kb: None,
                recent_us: [0; RECENT],
                correction: None,
                last: None,
                exit: None,
                killed_by: None,
                life: None,
            };
            self.live.insert(number, image);
        }
        self.by_key.insert(key, number);
        self.by_pid.insert(key.0, number);
    }

    fn new_id(&mut self) -> u32 {
        let id = self.next_id;
        self.next_id += 1;
        id
    }

    /// Counts a sample; the image's id, pid and executable, `None` for an image that is not live.
    pub(super) fn sample(&mut self, number: u32, rss_kb: u64, elapsed_us: i64) -> Option<(u32, u32, u32)> {
        let image = self.live.get_mut(&number)?;
        image.recent_us[image.samples as usize % RECENT] = elapsed_us;
        image.samples = image.samples.saturating_add(1);
        image.largest_kb = image.largest_kb.max(Some(rss_kb));
        Some((image.id, image.start.pid, image.executable))
    }

    /// A measurement of a live image; the first one holds for the ticks before it, too.
    pub(super) fn correct(&mut self, number: u32, correction: Correction) {
        if let Some(image) = self.live.get_mut(&number) {
            image.correction.get_or_insert(correction);
        }
    }

    /// An exit belongs to the live image of its process, or to the one that the last tick found gone; else no tick saw the process.
    pub(super) fn exit(&mut self, exit: Exit) -> Result<(), RecordingError> {
        match exit {
            Exit::Exited { record, at_us, start_us } => {
                let key = (record.pid, record.start_ticks);
                let exited = Exited { record, at_us, start_us };
                if let Some(image) = self.image_of(key) {
                    // A second thread that calls exit_group while the first waits tells the same once more.
                    image.exit.get_or_insert(Box::new(exited));
                } else {
                    let id = self.new_id();
                    let parent_id = self.by_pid.get(&exited.record.ppid).and_then(|number| Some(self.live.get(number)?.id));
                    if let Some(recorded) = &mut self.recorded {
                        recorded.insert(key.0, at_us);
                    }
                    self.rows.write(Row { parent_id, ..unseen(id, exited) })?;
                }
            }
            Exit::Killed { pid, signal } => {
                let number = self.by_pid.get(&pid);
                let live = number.and_then(|number| self.live.get_mut(number));
                if let Some(image) = live.or_else(|| self.leaving.iter_mut().rev().find(|image| image.start.pid == pid)) {
                    image.killed_by = Some(signal);
                } else if let Some(row) = self.rows.latest_lost(pid) {
                    row.end = End::Signalled;
                    row.signal = Some(signal);
                }
            }
        }
        Ok(())
    }

    /// A lifetime completes the image or the exit record of its process; where there is neither, it is a row of its own. It must come after the
    /// exit records of its time.
    pub(super) fn life(&mut self, life: Lifetime) -> Result<(), RecordingError> {
        let live = self.by_pid.get(&life.pid).and_then(|number| self.live.get_mut(number)).filter(|image| image.is_of(&life));
        let image = live.or_else(|| self.leaving.iter_mut().rev().find(|image| image.start.pid == life.pid && image.is_of(&life)));
        if let Some(image) = image {
            image.life = Some(life);
            return Ok(());
        }
        if life.seen {
            // Taking down much memory lasts longer than a tick, and the end comes after it.
            if let Some(row) = self.rows.latest_lost(life.pid) {
                settle(row, &life);
            }
            return Ok(());
        }
        if self.recorded.as_mut().is_some_and(|recorded| recorded.take(&life)) {
            return Ok(());
        }
        let id = self.new_id();
        let parent = self.by_pid.get(&life.ppid).and_then(|number| self.live.get(number));
        let row = known_by_lifetime(id, &life, parent.map(|parent| (parent.id, &parent.start)));
        self.by_lifetime_alone += 1;
        self.rows.write(row)
    }

    /// Processes that have a row by their lifetime alone.
    pub(super) fn by_lifetime_alone(&self) -> u64 {
        self.by_lifetime_alone
    }

    fn image_of(&mut self, key: Key) -> Option<&mut Image> {
        match self.by_key.get(&key) {
            Some(number) => self.live.get_mut(number),
            None => self.leaving_by_key.get(&key).and_then(|&index| self.leaving.get_mut(index)),
        }
    }

    /// Ends an image that is live; its row is written by [`Self::leave`].
    pub(super) fn end(&mut self, last: ImageEnd) {
        let Some(mut image) = self.live.remove(&last.process_id) else { return };
        let key = (image.start.pid, image.start.start_ticks);
        if self.by_key.get(&key) == Some(&last.process_id) {
            self.by_key.remove(&key);
        }
        if self.by_pid.get(&key.0) == Some(&last.process_id) {
            self.by_pid.remove(&key.0);
        }
        image.last = Some(last);
        self.leaving_by_key.insert(key, self.leaving.len());
        self.leaving.push(image);
    }

    /// Writes the images that ended at the last tick.
    pub(super) fn leave(&mut self) -> Result<(), RecordingError> {
        self.leaving_by_key.clear();
        for image in std::mem::take(&mut self.leaving) {
            self.write(image, End::Lost)?;
        }
        Ok(())
    }

    fn write(&mut self, image: Image, otherwise: End) -> Result<(), RecordingError> {
        let (row, next) = split(image, otherwise);
        self.rows.write(row)?;
        if let Some((exec_count, parent_id, since_us, exited)) = next {
            let id = self.new_id();
            self.rows.write(Row { exec_count, parent_id, start_us: since_us, ..unseen(id, exited) })?;
        }
        Ok(())
    }

    /// Writes what is still live, ascending by id and ended by `otherwise`; the number of rows.
    pub(super) fn finish(mut self, otherwise: End) -> Result<(TableWriter<Row>, u64), RecordingError> {
        self.leave()?;
        let mut live: Vec<Image> = self.live.drain().map(|(_, image)| image).collect();
        live.sort_by_key(|image| image.id);
        for image in live {
            self.write(image, otherwise)?;
        }
        self.rows.finish()
    }
}

impl Image {
    /// Whether it is the last image of the process that lived then. A pid can have become another process since the last tick.
    fn is_of(&self, life: &Lifetime) -> bool {
        let end_us = life.end_us.map_or(i64::MAX, signed);
        let last_sample_us = self.samples.checked_sub(1).map(|latest| self.recent_us[latest as usize % RECENT]);
        let execed = self.last.is_some_and(|last| last.end == mymonitor_wire::End::Execed);
        !self.start.outside_tree && self.life.is_none() && !execed && last_sample_us.is_none_or(|us| us <= end_us)
    }
}

/// An image that no tick saw: count of execs, parent, since when at the earliest, and its exit.
type NextImage = (u32, Option<u32>, i64, Exited);

/// The row of an image, and the image that took its place unseen, where its exit is not its own.
fn split(image: Image, otherwise: End) -> (Row, Option<NextImage>) {
    use mymonitor_wire::End as Wire;
    let Image { id, start, samples, largest_kb, recent_us, correction, last, exit, killed_by, life, .. } = image;
    let end = match last.map(|last| last.end) {
        Some(Wire::Exited) => End::Exited,
        Some(Wire::Signalled) => End::Signalled,
        Some(Wire::Execed) => End::Execed,
        Some(Wire::Alive) => End::Alive,
        Some(Wire::Lost) => End::Lost,
        None => otherwise,
    };
    let mut row = Row {
        id,
        parent_id: start.parent_id,
        exec_count: start.exec_count,
        start_us: start.start_us,
        end,
        end_us: last.filter(|_| end != End::Alive).map(|last| last.end_us),
        exit_code: last.and_then(|last| last.exit_code),
        signal: last.and_then(|last| last.signal),
        largest_kb,
        vm_hwm_kb: last.and_then(|last| last.vm_hwm_kb),
        cpu_us: last.and_then(|last| last.cpu_us),
        threads: last.and_then(|last| last.threads),
        samples,
        correction,
        seen_by: SeenBy::Walk,
        start,
    };
    match exit.filter(|_| !matches!(end, End::Signalled | End::Execed)) {
        Some(exited) if is_image(&row.start, &exited.record) => {
            row.end = End::Exited;
            row.end_us = Some(exited.at_us);
            row.exit_code = row.exit_code.or(Some(exited.record.exit_code));
            row.vm_hwm_kb = exited.record.vm_hwm_kb;
            row.cpu_us = exited.record.cpu_us;
            row.threads = row.threads.max(exited.record.threads);
            if row.start.argv.is_empty() {
                // Of a process whose first thread has ended, only its last can tell.
                let record = exited.record;
                (row.start.argv, row.start.argv_cut_from, row.start.argv_hash) = (record.argv, record.argv_cut_from, record.argv_hash);
            }
        }
        Some(exited) => {
            row.end = End::Execed;
            row.end_us = Some(exited.at_us);
            row.exit_code = None;
            let oldest = if samples as usize >= RECENT { recent_us[samples as usize % RECENT] } else { row.start_us };
            let next = (row.exec_count + 1, row.parent_id, oldest, *exited);
            return (row, Some(next));
        }
        None => {
            if let Some(life) = life {
                settle(&mut row, &life);
            }
            if let (Some(signal), End::Lost | End::Alive) = (killed_by, row.end) {
                row.end = End::Signalled;
                row.signal = Some(signal);
            }
        }
    }
    (row, None)
}

/// Whether an exit was of this image: no exec has made another memory map since. Where the kernel hides the map, the name tells.
fn is_image(start: &ImageStart, record: &ExitRecord) -> bool {
    if record.never_execed {
        return true;
    }
    if start.memory_map != 0 && record.memory_map != 0 { start.memory_map == record.memory_map } else { start.name == record.name }
}

/// The row of a process that is known by its exit alone.
fn unseen(id: u32, Exited { record, at_us, start_us }: Exited) -> Row {
    Row {
        id,
        parent_id: None,
        exec_count: 0,
        start_us,
        end: End::Exited,
        end_us: Some(at_us),
        exit_code: Some(record.exit_code),
        signal: None,
        largest_kb: None,
        vm_hwm_kb: record.vm_hwm_kb,
        cpu_us: record.cpu_us,
        threads: record.threads,
        samples: 0,
        correction: None,
        seen_by: SeenBy::ExitRecord,
        start: ImageStart {
            pid: record.pid,
            start_ticks: record.start_ticks,
            ppid: record.ppid,
            uid: record.uid,
            name: record.name,
            argv: record.argv,
            argv_cut_from: record.argv_cut_from,
            argv_hash: record.argv_hash,
            ..ImageStart::default()
        },
    }
}
