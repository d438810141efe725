//! Reading the exit records: `exits.journal` of the launcher, then `exits.2.journal` of mymonitor, which goes on where a killed launcher stopped.

use std::collections::VecDeque;
use std::path::Path;

use mymonitor_wire::{ExitFrame, ExitRecord};

use super::frames::Frames;
use super::ticks::signed;
use crate::{EXITS_2_FILE, EXITS_FILE, RecordingError};

/// The frames of both files, each up to the first one that is not whole.
pub struct ExitFrames {
    files: VecDeque<Frames>,
    unread_bytes: u64,
}

/// Opens the exit records of a directory; where there are none, no frame follows.
pub fn exit_frames(dir: &Path) -> Result<ExitFrames, RecordingError> {
    let mut files = VecDeque::new();
    for file in [EXITS_FILE, EXITS_2_FILE].map(|name| dir.join(name)) {
        match Frames::open(&file) {
            Ok(frames) => files.push_back(frames),
            Err(RecordingError::Read { source, .. }) if source.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    Ok(ExitFrames { files, unread_bytes: 0 })
}

impl Iterator for ExitFrames {
    type Item = ExitFrame;

    /// A file that cannot be read any further ends there, as one that is cut off does.
    fn next(&mut self) -> Option<ExitFrame> {
        loop {
            let file = self.files.front_mut()?;
            if let Ok(Some(frame)) = file.next(ExitFrame::decode) {
                return Some(frame);
            }
            self.unread_bytes += file.left();
            self.files.pop_front();
        }
    }
}

/// A process's exit in the times of the recording.
pub(super) enum Exit {
    Exited {
        record: ExitRecord,
        /// Microseconds after the build's start.
        at_us: i64,
        start_us: i64,
    },
    Killed {
        pid: u32,
        signal: u32,
    },
}

/// What was said of the exits as a whole.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ExitCounts {
    /// Exit records.
    pub records: u64,
    /// Records that were read and dropped because the disk could not keep up.
    pub dropped: u64,
    /// Exits of processes that could not be read.
    pub unreadable: u64,
    /// Sum of the CPU clocks in the records, microseconds.
    pub attributed_cpu_us: u64,
    /// Names of programs that asked for a seccomp listener of their own and did not get it, in the order of their first try.
    pub refused_listeners: Vec<String>,
    /// Bytes at the ends of the journals that belong to no whole frame.
    pub unread_bytes: u64,
}

/// The exits in their order, handed out up to a time.
pub(super) struct Exits {
    frames: ExitFrames,
    /// `CLOCK_MONOTONIC` and `CLOCK_BOOTTIME` at the build's start, and clock ticks a second.
    origin: Option<(u64, u64, u64)>,
    next: Option<(u64, Exit)>,
    pub(super) counts: ExitCounts,
}

impl Exits {
    pub(super) fn open(dir: &Path) -> Result<Self, RecordingError> {
        Ok(Self { frames: exit_frames(dir)?, origin: None, next: None, counts: ExitCounts::default() })
    }

    /// The next exit at or before `elapsed_us`.
    pub(super) fn until(&mut self, elapsed_us: u64) -> Option<Exit> {
        if self.next.is_none() {
            self.next = self.advance();
        }
        let (_, exit) = self.next.take_if(|(at_us, _)| *at_us <= elapsed_us)?;
        Some(exit)
    }

    fn advance(&mut self) -> Option<(u64, Exit)> {
        loop {
            let Some(frame) = self.frames.next() else {
                self.counts.unread_bytes = self.frames.unread_bytes;
                return None;
            };
            match (frame, self.origin) {
                (ExitFrame::Origin { started_us, started_boot_us, ticks_per_second, .. }, _) => {
                    self.origin = Some((started_us, started_boot_us, ticks_per_second));
                }
                (ExitFrame::Exited(record), Some((started_us, started_boot_us, ticks_per_second))) => {
                    self.counts.records += 1;
                    self.counts.attributed_cpu_us += record.cpu_us.unwrap_or(0);
                    let at_us = record.at_us.saturating_sub(started_us);
                    // A clock tick is 10 ms, so the very first processes would seem to be older than the build.
                    let start_boot_us = record.start_ticks.saturating_mul(1_000_000) / ticks_per_second;
                    let start_us = signed(start_boot_us.saturating_sub(started_boot_us).min(at_us));
                    return Some((at_us, Exit::Exited { record, at_us: signed(at_us), start_us }));
                }
                (ExitFrame::Killed { pid, signal, at_us }, Some((started_us, ..))) => {
                    return Some((at_us.saturating_sub(started_us), Exit::Killed { pid, signal }));
                }
                (ExitFrame::Missed { dropped, unreadable }, _) => {
                    self.counts.dropped += dropped;
                    self.counts.unreadable += unreadable;
                }
                (ExitFrame::ListenerRefused { name }, _) => {
                    let name = String::from_utf8_lossy(&name).into_owned();
                    // The successor of a killed launcher does not know what that told.
                    if !self.counts.refused_listeners.contains(&name) {
                        self.counts.refused_listeners.push(name);
                    }
                }
                _ => {}
            }
        }
    }
}
