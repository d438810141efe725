//! The tick: one pass, its totals, one journal frame.

mod laps;

use mymonitor_proc::{HostFiles, HostReading};
use mymonitor_recording::model::{Model, Row};
use mymonitor_wire::{End, Host, Lifetimes, Phase, Sample, Tick};

use crate::clock;
use crate::connector::Follower;
use crate::journal::Journal;
use crate::options::Snapshot;
use crate::outcome::PhaseCpu;
use crate::programs;
use crate::pss::{Meter, Modelled};
use crate::tracker::{Changes, Tracker};
use laps::Laps;

/// Counts over the whole session.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Counts {
    pub(crate) ticks: u32,
    pub(crate) skipped: u64,
    pub(crate) late: u64,
    pub(crate) max_late_us: u64,
    pub(crate) lost_frames: u64,
}

/// How and when the build's root ended, as the launcher says.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RootEnd {
    pub(crate) at_us: u64,
    pub(crate) exit_code: Option<u32>,
    pub(crate) signal: Option<u32>,
}

pub(crate) struct Ticker {
    tracker: Tracker,
    follower: Option<Follower>,
    lifetimes: Lifetimes,
    host: HostFiles,
    journal: Journal,
    started_us: u64,
    interval_us: u64,
    /// Number of the next deadline; deadline n is n intervals after the start.
    next: u64,
    frame: Tick,
    changes: Changes,
    model: Model,
    rows: Vec<Row>,
    pss_kb: Vec<u64>,
    owners: Vec<usize>,
    meter: Meter,
    laps: Laps,
    pub(crate) counts: Counts,
    pub(crate) snapshot: Snapshot,
}

impl Ticker {
    pub(crate) fn new(
        tracker: Tracker,
        follower: Option<Follower>,
        host: HostFiles,
        journal: Journal,
        meter: Meter,
        started_us: u64,
        interval_us: u64,
    ) -> Self {
        Self {
            tracker,
            follower,
            lifetimes: Lifetimes::default(),
            host,
            journal,
            started_us,
            interval_us,
            next: 0,
            frame: Tick::default(),
            changes: Changes::default(),
            model: Model::new(),
            rows: Vec::new(),
            pss_kb: Vec::new(),
            owners: Vec::new(),
            meter,
            laps: Laps::default(),
            counts: Counts::default(),
            snapshot: Snapshot::default(),
        }
    }

    /// Next deadline on the monotonic clock.
    pub(crate) fn deadline_us(&self) -> u64 {
        self.started_us + self.next * self.interval_us
    }

    /// When there is something to do next: the deadline, or events that cannot wait for it.
    pub(crate) fn wake_us(&self) -> u64 {
        self.follower.as_ref().map_or(u64::MAX, Follower::due_us).min(self.deadline_us())
    }

    pub(crate) fn hear_if_due(&mut self) {
        if let Some(follower) = self.follower.as_mut().filter(|follower| follower.due_us() <= clock::monotonic_us()) {
            follower.hear();
        }
    }

    pub(crate) fn tracker(&self) -> &Tracker {
        &self.tracker
    }

    pub(crate) fn meter(&self) -> &Meter {
        &self.meter
    }

    /// CPU time of the sampling thread so far by what it did.
    pub(crate) fn phase_cpu(&self) -> PhaseCpu {
        let of_ticks = self.laps.of_all(self.counts.ticks);
        PhaseCpu { rollup_us: self.meter.counts.cpu_us, discover_us: of_ticks.discover_us + self.tracker.scan_cpu_us(), ..of_ticks }
    }

    /// The pass of a deadline. Deadlines that have passed meanwhile (SIGSTOP, suspend, a busy machine) are skipped and counted, never caught up.
    pub(crate) fn tick(&mut self, phase: Phase) {
        let now_us = clock::monotonic_us();
        let late_us = now_us.saturating_sub(self.deadline_us());
        let missed = late_us / self.interval_us;
        self.counts.skipped += missed;
        self.counts.late += u64::from(late_us > self.interval_us / 10);
        self.counts.max_late_us = self.counts.max_late_us.max(late_us);
        self.next += missed + 1;
        self.pass(now_us, late_us, phase);
        self.write();
    }

    /// The last pass, when the root has ended: between two deadlines, and not late.
    pub(crate) fn last_pass(&mut self, phase: Phase, root: Option<RootEnd>) {
        self.tracker.look_outside_now();
        self.pass(clock::monotonic_us(), 0, phase);
        self.tracker.end_outside(i64::try_from(self.frame.elapsed_us).unwrap_or(i64::MAX), &mut self.changes);
        self.end_root(root);
        self.gather_changes();
        if let Some(follower) = &mut self.follower {
            follower.finish();
            follower.take_news(&mut self.lifetimes);
            self.journal.append(|out| self.lifetimes.encode(out));
        }
        self.journal.append(|out| self.frame.encode(out));
        self.journal.commit_last();
    }

    fn pass(&mut self, now_us: u64, late_us: u64, phase: Phase) {
        let elapsed_us = now_us.saturating_sub(self.started_us);
        let instant_us = i64::try_from(elapsed_us).unwrap_or(i64::MAX);
        self.laps.begin(self.counts.ticks);
        if let Some(follower) = &mut self.follower {
            follower.hear();
            self.tracker.told = follower.take_told();
        }
        self.laps.end(|cpu| &mut cpu.discover_us);
        self.tracker.read_known(self.counts.ticks, instant_us, &mut self.changes);
        // Before new processes are looked for: the last pid tells whether there are any.
        let reading = self.host.read();
        self.frame.host = host(&reading);
        self.tracker.last_pid = reading.last_pid;
        self.laps.end(|cpu| &mut cpu.read_us);
        let scans_before_us = self.tracker.scan_cpu_us();
        self.tracker.discover(self.counts.ticks, instant_us, &mut self.changes);
        self.laps.leave_out(self.tracker.scan_cpu_us() - scans_before_us);
        if let Some(follower) = &mut self.follower {
            // It knows of the tree only.
            let alive = self.tracker.live().iter().filter(|live| !live.outside_tree).map(|live| live.process.pid());
            follower.compare(self.changes.started.iter().filter(|image| !image.outside_tree).map(|image| image.pid), alive);
        }
        self.laps.end(|cpu| &mut cpu.discover_us);
        self.frame.tick = self.counts.ticks;
        self.frame.elapsed_us = elapsed_us;
        self.frame.late_us = late_us;
        self.frame.phase = phase;
        self.frame.live = u32::try_from(self.tracker.live().len()).unwrap_or(u32::MAX);
        self.collect();
        self.model.apportion(&self.rows, &mut self.pss_kb);
        let rollups_before_us = self.meter.counts.cpu_us;
        let pss_kb = self.measure();
        let rss_kb = self.rows.iter().map(|row| row.rss_kb).fold(0, u64::saturating_add);
        self.laps.leave_out(self.meter.counts.cpu_us - rollups_before_us);
        self.update_snapshot(rss_kb, pss_kb);
        self.frame.sampler_cpu_us = clock::thread_cpu_us() + self.journal.cpu_us();
        self.counts.ticks += 1;
    }

    fn collect(&mut self) {
        self.frame.samples.clear();
        self.rows.clear();
        self.owners.clear();
        for (owner, live) in self.tracker.live().iter().enumerate().filter(|(_, live)| !live.shares_parent) {
            let (rss_kb, shared_kb) = (live.statm.rss_kb, live.statm.shared_kb);
            self.frame.samples.push(Sample { process_id: live.process_id, rss_kb, shared_kb, pss_kb: None, uss_kb: None });
            self.rows.push(Row { executable: live.executable, rss_kb, shared_kb });
            self.owners.push(owner);
        }
    }

    fn measure(&mut self) -> u64 {
        let mut modelled = Modelled {
            tick: self.counts.ticks,
            in_build: self.frame.phase == Phase::Build,
            rows: &mut self.rows,
            pss_kb: &self.pss_kb,
            owners: &self.owners,
        };
        self.meter.measure(&mut modelled, self.tracker.live_mut(), &mut self.frame.samples)
    }

    fn update_snapshot(&mut self, rss_kb: u64, pss_kb: u64) {
        let snapshot = &mut self.snapshot;
        snapshot.elapsed_us = self.frame.elapsed_us;
        snapshot.tick = self.frame.tick;
        snapshot.phase = self.frame.phase;
        snapshot.live = self.frame.live;
        snapshot.rss_kb = rss_kb;
        snapshot.pss_kb = pss_kb;
        snapshot.late_us = self.frame.late_us;
        snapshot.skipped_ticks = self.counts.skipped;
        if snapshot.phase == Phase::Build {
            snapshot.peak_rss_kb = snapshot.peak_rss_kb.max(rss_kb);
            snapshot.peak_pss_kb = snapshot.peak_pss_kb.max(pss_kb);
        }
    }

    /// What is to be shown of the build now.
    pub(crate) fn news(&mut self) -> &Snapshot {
        self.snapshot.programs = programs::largest(&self.rows, &self.frame.samples, &self.pss_kb, &self.owners, self.tracker.live());
        &self.snapshot
    }

    fn write(&mut self) {
        self.gather_changes();
        let has_news = self.follower.as_mut().is_some_and(|follower| follower.take_news(&mut self.lifetimes));
        if has_news {
            self.journal.append(|out| self.lifetimes.encode(out));
        }
        self.journal.append(|out| self.frame.encode(out));
        if self.journal.commit() {
            self.lifetimes.ended.clear();
            self.frame.started.clear();
            self.frame.ended.clear();
        } else {
            self.counts.lost_frames += 1;
        }
        self.laps.end(|cpu| &mut cpu.encode_us);
    }

    /// What starts and ends must reach the journal even if a frame is lost: it stays for the next one.
    fn gather_changes(&mut self) {
        self.frame.started.append(&mut self.changes.started);
        self.frame.ended.append(&mut self.changes.ended);
    }

    /// Without the launcher's word how the root ended is not known.
    fn end_root(&mut self, root: Option<RootEnd>) {
        let Some(mut end) = self.tracker.take_root_end() else { return };
        if let Some(root) = root {
            end.end_us = i64::try_from(root.at_us.saturating_sub(self.started_us)).unwrap_or(i64::MAX);
            end.end = if root.signal.is_some() { End::Signalled } else { End::Exited };
            end.exit_code = root.exit_code;
            end.signal = root.signal;
        }
        self.changes.ended.push(end);
    }

    /// Closes the journal; returns the CPU time of both threads and what went wrong while writing.
    pub(crate) fn close(mut self) -> (u64, Option<std::io::Error>) {
        let elapsed_us = self.snapshot.elapsed_us;
        self.journal.append(|out| mymonitor_wire::JournalFrame::End { elapsed_us }.encode(out));
        self.journal.commit_last();
        let cpu_us = clock::thread_cpu_us() + self.journal.cpu_us();
        (cpu_us, self.journal.close())
    }
}

fn host(reading: &HostReading) -> Host {
    Host {
        mem_available_kb: reading.mem_available_kb,
        swap_used_kb: reading.swap_used_kb,
        psi_memory_some_us: reading.psi_memory_some_us,
        psi_memory_full_us: reading.psi_memory_full_us,
        psi_cpu_some_us: reading.psi_cpu_some_us,
        load1_milli: reading.load1_milli,
        cgroup_usage_kb: reading.cgroup_usage_kb,
        cgroup_limit_kb: reading.cgroup_limit_kb,
        cgroup_oom_kills: reading.cgroup_oom_kills,
    }
}
