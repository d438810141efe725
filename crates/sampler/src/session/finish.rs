//! The end of a session: the status, wherever it is written, and the tables.

use std::panic::catch_unwind;

use mymonitor_proc::peak_rss_kb;
use mymonitor_recording::finalise;
use mymonitor_wire::{Event, ExitFrame, ExitRecords};

use super::{JOURNAL_FILE, Run, SUCCESSOR_WRITES_US};
use crate::clock;
use crate::memory::give_back;
use crate::privilege::lost_privilege;
use crate::recover::remove_journals;

impl Run {
    pub(super) fn finish(&mut self) {
        self.outcome.own_peak_rss_kb = peak_rss_kb(std::process::id()).unwrap_or(0);
        if self.state.started_us == 0 {
            // Nothing was recorded: the journal is empty.
            self.armed = None;
            remove_journals(&self.options.recording_dir);
        } else {
            self.ask_the_journals_for_the_status();
            self.finalise();
        }
        if let Some(launched) = &mut self.launched {
            launched.reap();
        }
    }

    /// The launcher's last word may be on disk only; without one the root's own exit record tells its status.
    fn ask_the_journals_for_the_status(&mut self) {
        if self.state.root_end.is_some() || self.launched.is_none() {
            return;
        }
        // The successor of a killed launcher writes the record a moment after it has let the root go.
        let until_us = clock::monotonic_us() + SUCCESSOR_WRITES_US;
        while !self.read_status() && self.state.launcher_is_gone && clock::monotonic_us() < until_us {
            std::thread::sleep(std::time::Duration::from_millis(10));
        }
    }

    fn read_status(&mut self) -> bool {
        let Ok(frames) = mymonitor_recording::exit_frames(&self.options.recording_dir) else { return false };
        for frame in frames {
            match frame {
                ExitFrame::RootEnded(end) => self.hear(Event::RootEnded(end)),
                ExitFrame::Exited(record) if record.pid == self.state.root_pid => self.outcome.exit_code = Some(record.exit_code),
                _ => {}
            }
        }
        self.state.root_end.is_some() || self.outcome.exit_code.is_some()
    }

    fn finalise(&mut self) {
        let finalised = catch_unwind(|| finalise(&self.options.recording_dir, self.options.compression));
        give_back();
        match finalised {
            Ok(Ok(summary)) => {
                self.outcome.rows = summary.rows;
                self.outcome.processes = summary.processes;
                self.outcome.exits = summary.exits.clone();
                self.outcome.connector_counts = summary.connector.unwrap_or_default();
                self.look_for_lost_privilege();
                if summary.elapsed_us.is_some() && summary.used_all() {
                    remove_journals(&self.options.recording_dir);
                } else {
                    self.fail(format!("the recording is incomplete: {} bytes of its journals could not be used", summary.unused_bytes()));
                }
            }
            Ok(Err(_)) if !self.options.recording_dir.join(JOURNAL_FILE).exists() => self.fail(format!(
                "{} was removed while the build ran; choose a place with --output-dir that the build does not clean",
                self.options.recording_dir.display()
            )),
            Ok(Err(error)) => self.fail(error.to_string()),
            Err(_) => self.fail(format!("writing the tables panicked; {JOURNAL_FILE} holds what was recorded; please report it")),
        }
    }

    fn look_for_lost_privilege(&mut self) {
        if !matches!(self.outcome.exit_records, Some(ExitRecords::On { no_new_privs: true, .. })) {
            return;
        }
        match lost_privilege(&self.options.recording_dir) {
            Ok(names) => self.outcome.privilege_lost = names,
            Err(error) => self.fail(error.to_string()),
        }
    }
}
