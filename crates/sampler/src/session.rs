//! One build from arming to the finished recording.

mod before;
mod finish;
mod orders;

use std::os::fd::OwnedFd;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::thread::JoinHandle;

use mymonitor_proc::{CpuSet, HostFiles, ProcRoot};
use mymonitor_wire::{Command, Event, Phase};
use rustix::event::{EventfdFlags, PollFd, PollFlags, Timespec, eventfd, poll};
use rustix::process::{Pid, PidfdFlags, pidfd_open};

use before::{attach, connect, remove};

use crate::caller::Caller;
use crate::clock::{self, StartClock};
use crate::connector::Connector;
use crate::dormant::Dormant;
use crate::journal::Journal;
use crate::launch::{Launched, News, launch};
use crate::oom::Spared;
use crate::outcome::{Outcome, StartFailure, decode_wait_status};
use crate::pss::{Meter, PssCounts};
use crate::signals::Signals;
use crate::state::State;
use crate::tick::{RootEnd, Ticker};
use crate::tracker::{EXEC_CHECK_TICKS, Tracker};
use crate::{Events, Options, Snapshot, StartError};

const JOURNAL_FILE: &str = mymonitor_recording::JOURNAL_FILE;
const SNAPSHOT_EVERY_US: u64 = 1_000_000;
/// A signal that comes again within this time, once from the terminal and once from npm, is one.
const SAME_SIGNAL_US: u64 = 500_000;
/// How long to look for the root's record where the launcher was killed.
const SUCCESSOR_WRITES_US: u64 = 400_000;
/// Between TERM and KILL, as the launcher has it.
const GRACE_US: u64 = 10_000_000;
/// The launcher's grace before it kills, and a little more.
const TERMINATION_US: u64 = 12_000_000;

/// A running build. Dropping it does not stop the build.
pub struct Session {
    thread: Option<JoinHandle<()>>,
    wake: OwnedFd,
}

impl Session {
    /// Starts the launcher and the sampling thread. `on_snapshot` is called on that thread once a second; `on_end` once, with the
    /// recording finished.
    ///
    /// # Errors
    /// The build was not started: the recording cannot be created, or the launcher not be executed.
    pub fn start(
        options: Options,
        on_snapshot: impl FnMut(&Snapshot) + Send + 'static,
        on_end: impl FnOnce(Outcome) + Send + 'static,
    ) -> Result<Self, StartError> {
        let system = |what| move |error: std::io::Error| StartError::System(what, error);
        let caller = Caller::inspect(options.handle_signals);
        // What an attached tree forked before is nothing that events tell.
        let events = if options.attach.is_some() { Events::Poll } else { options.events };
        let (connector, connector_state) = connect(events)?;
        let path = options.recording_dir.join(JOURNAL_FILE);
        let journal = Journal::create(&path).map_err(|error| StartError::Recording(path, error))?;
        let signals = options.handle_signals.then(|| Signals::take(!caller.ignores_hup)).transpose().map_err(system("sigaction"))?;
        let wake =
            eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK).map_err(|errno| StartError::System("eventfd", errno.into()))?;
        let seen_wake = rustix::io::fcntl_dupfd_cloexec(&wake, 3).map_err(|errno| StartError::System("dup", errno.into()))?;
        let proc = ProcRoot::open(Path::new("/proc")).map_err(|error| system("/proc")(std::io::Error::other(error)))?;
        let host = HostFiles::open(&proc);
        let mut state = State::default();
        let spared = Spared::take();
        let launched = match options.attach {
            Some(pid) => attach(pid, &mut state).map(|()| None),
            None => launch(&options, &caller, spared.as_ref()).map(Some),
        }
        .inspect_err(|_| remove(options.recording_dir.join(JOURNAL_FILE)))?;
        let run = Run {
            options,
            armed: Some(Armed { proc, host, journal, connector }),
            signals,
            wake: seen_wake,
            launched,
            state,
            outcome: Outcome { connector: connector_state, oom_score_adj: spared.as_ref().map(Spared::applied), ..Outcome::default() },
            spared,
        };
        let thread =
            std::thread::Builder::new().name("mymonitor".into()).spawn(move || on_end(run.run(on_snapshot))).map_err(system("thread"))?;
        Ok(Self { thread: Some(thread), wake })
    }

    /// Ends the whole build: TERM to every process, KILL after ten seconds.
    pub fn abort(&self) {
        let _ = rustix::io::write(&self.wake, &1u64.to_ne_bytes());
    }

    /// Waits until `on_end` has returned.
    pub fn join(mut self) {
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Everything that is opened before the build starts, so that its first moments are not spent on it.
struct Armed {
    proc: ProcRoot,
    host: HostFiles,
    journal: Journal,
    connector: Option<Connector>,
}

struct Run {
    options: Options,
    armed: Option<Armed>,
    signals: Option<Signals>,
    wake: OwnedFd,
    /// None for an attached tree.
    launched: Option<Launched>,
    state: State,
    outcome: Outcome,
    spared: Option<Spared>,
}

impl Run {
    fn run(mut self, mut on_snapshot: impl FnMut(&Snapshot)) -> Outcome {
        self.outcome.exec_check_ticks = EXEC_CHECK_TICKS;
        if let Some(Err(error)) = self.options.sampler_cpus.as_ref().map(CpuSet::pin_this_thread) {
            self.fail(format!("the sampler cannot be pinned to its CPUs: {error}"));
        }
        self.outcome.started_at_unix_us = clock::realtime_us();
        let own_cpu_before_us = clock::process_cpu_us();
        if self.options.phases {
            self.state.phase = Phase::Setup;
        }
        if let Some(connector) = self.armed.as_mut().and_then(|armed| armed.connector.as_mut()) {
            connector.clear();
        }
        if let Some(root_pid) = self.begin() {
            // A defect of ours must cost the measurement only, never the build's status.
            if catch_unwind(AssertUnwindSafe(|| self.sample(root_pid, &mut on_snapshot))).is_err() {
                self.fail("the sampler panicked; please report it".into());
                self.wait_without_sampling();
            }
        }
        self.outcome.own_cpu_us = clock::process_cpu_us().saturating_sub(own_cpu_before_us);
        self.finish();
        drop(self.spared);
        self.outcome
    }

    /// The root, once it runs the build. With the launcher killed on the way it may do so already.
    fn begin(&mut self) -> Option<u32> {
        let Some(launched) = &self.launched else {
            self.state.started_us = clock::monotonic_us();
            return Some(self.state.root_pid);
        };
        launched.tell(Command::Go);
        let mut root_pid = None;
        loop {
            match launched.first_event() {
                Some((Event::Forked { pid, at_us, exit_records }, descriptors)) => {
                    root_pid = Some(pid);
                    self.state.started_us = at_us;
                    self.state.root_pid = pid;
                    self.state.root = Pid::from_raw(pid.cast_signed()).and_then(|pid| pidfd_open(pid, PidfdFlags::empty()).ok());
                    self.state.dormant = Dormant::new(descriptors);
                    self.outcome.exit_records = Some(exit_records);
                }
                Some((Event::Started, _)) => return root_pid,
                Some((Event::NotStarted { errno, step }, _)) => {
                    self.state.started_us = 0;
                    self.outcome.start_failure = Some(StartFailure { errno, step });
                    return None;
                }
                Some(_) => {}
                None if root_pid.is_none() => {
                    self.state.launcher_is_gone = true;
                    return None;
                }
                None => {
                    self.lose_launcher();
                    return root_pid;
                }
            }
        }
    }

    fn sample(&mut self, root_pid: u32, on_snapshot: &mut impl FnMut(&Snapshot)) {
        let Some(mut ticker) = self.arm(root_pid) else {
            self.wait_without_sampling();
            return;
        };
        let mut next_snapshot_us = 0;
        while self.state.is_running() {
            self.wait_until(ticker.wake_us().min(self.timeout_at_us()));
            self.enforce_timeout();
            ticker.hear_if_due();
            let now_us = clock::monotonic_us();
            if now_us >= ticker.deadline_us() && self.state.is_running() {
                ticker.tick(self.state.phase);
            }
            if now_us >= next_snapshot_us {
                next_snapshot_us = now_us + SNAPSHOT_EVERY_US;
                on_snapshot(ticker.news());
            }
        }
        ticker.last_pass(self.state.phase, self.state.root_end);
        on_snapshot(ticker.news());
        self.wait_for_stragglers();
        self.outcome.ticks = ticker.counts.ticks;
        self.outcome.skipped_ticks = ticker.counts.skipped;
        self.outcome.late_ticks = ticker.counts.late;
        self.outcome.max_late_us = ticker.counts.max_late_us;
        self.outcome.lost_frames = ticker.counts.lost_frames;
        self.outcome.unreadable_processes = ticker.tracker().unreadable_count();
        self.outcome.last_pid = ticker.tracker().uses_last_pid();
        self.outcome.discovery_lag_ticks = ticker.tracker().discovery_lag_ticks();
        self.outcome.short_of_descriptors = ticker.tracker().short_of_descriptors_count();
        let PssCounts { rollups, cpu_us, postponed, denied } = ticker.meter().counts;
        self.outcome.rollups = rollups;
        self.outcome.rollup_cpu_us = cpu_us;
        self.outcome.rollups_postponed = postponed;
        self.outcome.pss_denied = denied;
        self.outcome.confirmed_peak = ticker.meter().confirmed_peak();
        self.outcome.model_check = ticker.meter().last_check;
        self.outcome.phase_cpu = ticker.phase_cpu();
        self.outcome.duration_us =
            self.state.root_end.map_or(ticker.snapshot.elapsed_us, |end| end.at_us.saturating_sub(self.state.started_us));
        let (sampler_cpu_us, failed) = ticker.close();
        self.outcome.sampler_cpu_us = sampler_cpu_us;
        if let Some(error) = failed {
            self.fail(format!("cannot write {}: {error}", self.options.recording_dir.join(JOURNAL_FILE).display()));
        }
    }

    fn arm(&mut self, root_pid: u32) -> Option<Ticker> {
        let started_us = self.state.started_us;
        let Armed { proc, host, mut journal, connector } = self.armed.take()?;
        let launcher = self.launched.as_ref().map(|launched| launched.child.id());
        let follower = launcher.zip(connector).map(|(launcher, connector)| connector.follow(launcher, root_pid, started_us));
        journal.append(|out| self.options.header.encode(out));
        journal.commit();
        match Tracker::new(proc, launcher, root_pid, StartClock::new(started_us), self.options.store_argv) {
            Ok(tracker) => {
                let tracker = tracker.looking_outside(self.options.outside.take());
                Some(Ticker::new(
                    tracker,
                    follower,
                    host,
                    journal,
                    Meter::new(self.options.pss, self.options.interval_us),
                    started_us,
                    self.options.interval_us,
                ))
            }
            Err(error) => {
                self.fail(format!("cannot read /proc/{}: {error}", launcher.unwrap_or(root_pid)));
                None
            }
        }
    }

    fn wait_without_sampling(&mut self) {
        while self.state.is_running() {
            self.wait_until(self.timeout_at_us());
            self.enforce_timeout();
        }
        self.wait_for_stragglers();
    }

    /// On the monotonic clock; never once it has passed.
    fn timeout_at_us(&self) -> u64 {
        let pending = self.options.timeout_us.filter(|_| !self.outcome.timed_out);
        pending.map_or(u64::MAX, |timeout| self.state.started_us.saturating_add(timeout))
    }

    fn enforce_timeout(&mut self) {
        if clock::monotonic_us() >= self.timeout_at_us() && self.state.root_end.is_none() {
            self.outcome.timed_out = true;
            self.terminate(libc::SIGTERM);
        }
        if self.state.kill_root_at_us.take_if(|at_us| clock::monotonic_us() >= *at_us).is_some() {
            self.order(Command::Kill);
        }
    }

    /// After TERM the launcher is there until the last descendant has ended: the recording is finished only then.
    fn wait_for_stragglers(&mut self) {
        let until_us = clock::monotonic_us() + TERMINATION_US;
        while self.state.terminating && !self.state.launcher_is_gone && clock::monotonic_us() < until_us {
            self.wait_until(until_us);
        }
    }

    /// Waits, and hears what has come meanwhile: most ticks come without news, and every read costs.
    fn wait_until(&mut self, deadline_us: u64) {
        let wait_us = deadline_us.saturating_sub(clock::monotonic_us()).min(3_600_000_000);
        let timeout = Timespec { tv_sec: (wait_us / 1_000_000).cast_signed(), tv_nsec: (wait_us % 1_000_000 * 1000).cast_signed() };
        let signals = self.signals.as_ref().map_or(&self.wake, Signals::descriptor);
        let root = self.state.root.as_ref().unwrap_or(&self.wake);
        let launcher = self.launched.as_ref().filter(|_| !self.state.launcher_is_gone);
        let root_or_launcher = launcher.map_or(root, |launched| &launched.socket);
        let mut fds = [&self.wake, signals, root_or_launcher].map(|fd| PollFd::new(fd, PollFlags::IN));
        // An interrupted wait is a short one; the caller looks at the clock.
        if poll(&mut fds, Some(&timeout)) != Ok(0) {
            self.read_news();
        }
    }

    fn read_news(&mut self) {
        while let Some(launched) = self.launched.as_ref().filter(|_| !self.state.launcher_is_gone) {
            match launched.news() {
                News::Event(event) => self.hear(event),
                News::None => break,
                News::Gone => self.lose_launcher(),
            }
        }
        if self.state.launcher_is_gone && self.state.root_has_ended() {
            self.state.root_is_gone = true;
        }
        while let Some(received) = self.signals.as_ref().and_then(Signals::next) {
            self.pass_on(received);
        }
        let mut count = [0; 8];
        if rustix::io::read(&self.wake, &mut count).is_ok() {
            self.terminate(libc::SIGTERM);
        }
    }

    /// It ends by itself only after the root; before, somebody has killed it. The build must not notice.
    fn lose_launcher(&mut self) {
        self.state.launcher_is_gone = true;
        if self.state.root_end.is_none() {
            self.fail("the launcher was killed: what it alone knew (orphans, some exit records) is lost".into());
        }
        // With the root ended and nobody left it has simply ended; its successor then ends at once.
        if self.state.root_end.is_some() && !self.state.terminating {
            return;
        }
        if let Some(dormant) = self.state.dormant.take() {
            let file = self.options.recording_dir.join(mymonitor_recording::EXITS_2_FILE);
            if let Err(error) = dormant.take_over(&self.options.launcher, &file, self.options.store_argv) {
                self.fail(format!("cannot take over from the launcher: {error}"));
            }
        }
    }

    fn hear(&mut self, event: Event) {
        match event {
            Event::PhaseMark { .. } => self.state.phase = Phase::Build,
            Event::RootEnded(end) => {
                let (exit_code, signal) = decode_wait_status(end.wait_status);
                self.state.root_end = Some(RootEnd { at_us: end.at_us, exit_code, signal });
                self.outcome.exit_code = exit_code;
                self.outcome.signal = signal;
                self.outcome.build_cpu_us = Some(end.children_cpu_us);
                self.outcome.launcher_cpu_us = end.launcher_cpu_us;
            }
            Event::Forked { .. } | Event::Started | Event::NotStarted { .. } => {}
        }
    }

    fn fail(&mut self, message: String) {
        self.outcome.measurement_error.get_or_insert(message);
    }
}
