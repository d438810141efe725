//! The frames of `ticks.journal`: a header, one frame a tick, an end.

use crate::codec::{Cursor, Malformed, put_bytes, put_i64, put_option, put_u64};

/// The version that [`Header`] carries. A reader refuses a higher one.
pub const JOURNAL_VERSION: u32 = 1;

/// The first frame: what is constant over the recording.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Header {
    /// UUID of the run, as text.
    pub run_id: String,
    /// Name of the project or command.
    pub project: String,
    /// The level, `None` where there is none.
    pub jobs: Option<u32>,
    /// Which repetition of the level, from 1.
    pub repeat: u32,
    /// The sampling interval asked for, microseconds.
    pub interval_us: u64,
}

/// Which part of a level a tick belongs to. The peak is of [`Phase::Build`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Phase {
    /// The project's setup command, in the build's shell.
    Setup,
    /// The build itself.
    #[default]
    Build,
}

/// The machine around the build at one tick. `None` where the kernel does not offer a value; sizes in KiB.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Host {
    /// `MemAvailable` of /proc/meminfo.
    pub mem_available_kb: Option<u64>,
    /// `SwapTotal - SwapFree` of /proc/meminfo.
    pub swap_used_kb: Option<u64>,
    /// Total of `some` in /proc/pressure/memory, microseconds since boot.
    pub psi_memory_some_us: Option<u64>,
    /// Total of `full` in /proc/pressure/memory, microseconds since boot.
    pub psi_memory_full_us: Option<u64>,
    /// Total of `some` in /proc/pressure/cpu, microseconds since boot.
    pub psi_cpu_some_us: Option<u64>,
    /// One-minute load average, times 1,000.
    pub load1_milli: Option<u64>,
    /// Memory charged to the build's cgroup (page cache included).
    pub cgroup_usage_kb: Option<u64>,
    /// The memory limit in force for that cgroup; `None` also where there is none.
    pub cgroup_limit_kb: Option<u64>,
    /// OOM kills counted by that cgroup.
    pub cgroup_oom_kills: Option<u64>,
}

/// A new image: a process first seen, or one that was seen to exec. A second start of a known `process_id` replaces its facts (the command
/// line of a process that was caught in the middle of its exec).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ImageStart {
    /// Number of the image in this recording, from 0.
    pub process_id: u32,
    /// Process id.
    pub pid: u32,
    /// Field 22 of /proc/PID/stat: clock ticks after boot.
    pub start_ticks: u64,
    /// How many changes of image were seen before this one.
    pub exec_count: u32,
    /// Parent process id when first seen.
    pub ppid: u32,
    /// The parent's image, if it is in the recording.
    pub parent_id: Option<u32>,
    /// Owner.
    pub uid: u32,
    /// When the image was first seen, or its process start if that is later than the tick before; microseconds after the build's start.
    pub start_us: i64,
    /// Matched by pattern, not a descendant.
    pub outside_tree: bool,
    /// `comm` of the kernel.
    pub name: Vec<u8>,
    /// Target of /proc/PID/exe; empty where it could not be read.
    pub exe: Vec<u8>,
    /// Target of /proc/PID/cwd; empty where it could not be read.
    pub cwd: Vec<u8>,
    /// /proc/PID/cmdline, NUL-separated, cut at 64 KiB.
    pub argv: Vec<u8>,
    /// Length of the whole command line, where it was cut.
    pub argv_cut_from: Option<u64>,
    /// 64-bit FNV-1a of the whole command line, where it was cut.
    pub argv_hash: Option<u64>,
}

/// How an image ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// Seen to be gone; how is known only from an exit record.
    Lost,
    /// Ended by exit.
    Exited,
    /// Ended by a signal.
    Signalled,
    /// Became the next image of the same process.
    Execed,
    /// Was there when the recording ended.
    Alive,
}

/// An image's last frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ImageEnd {
    /// Which image.
    pub process_id: u32,
    /// First instant at which it was known gone; microseconds after the build's start.
    pub end_us: i64,
    /// How it ended.
    pub end: End,
    /// Exit code, where known.
    pub exit_code: Option<u32>,
    /// Signal that ended it, where known.
    pub signal: Option<u32>,
    /// CPU time, microseconds, where known.
    pub cpu_us: Option<u64>,
    /// `VmHWM` in KiB from an exit record; without one the reader takes the largest sample.
    pub vm_hwm_kb: Option<u64>,
    /// Largest number of threads seen, where known.
    pub threads: Option<u32>,
}

/// A process at a tick.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sample {
    /// Which image.
    pub process_id: u32,
    /// Resident set size, KiB.
    pub rss_kb: u64,
    /// Its file-backed and shared-memory part, KiB.
    pub shared_kb: u64,
    /// Proportional set size, KiB, where it was measured.
    pub pss_kb: Option<u64>,
    /// Unique set size, KiB, where it was measured.
    pub uss_kb: Option<u64>,
}

/// One pass over all live processes: starts first, then samples, then ends.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Tick {
    /// Number, from 0; a skipped deadline takes no number.
    pub tick: u32,
    /// When the pass began; microseconds after the build's start.
    pub elapsed_us: u64,
    /// How long after its deadline it began, microseconds.
    pub late_us: u64,
    /// Part of the level.
    pub phase: Phase,
    /// Live processes of the tree, those that share their parent's memory included.
    pub live: u32,
    /// CPU time of mymonitor's sampling so far, microseconds.
    pub sampler_cpu_us: u64,
    /// The machine.
    pub host: Host,
    /// Images first seen in this tick.
    pub started: Vec<ImageStart>,
    /// Memory, one entry for each process with memory of its own, ascending by `process_id`.
    pub samples: Vec<Sample>,
    /// Images found gone in this tick.
    pub ended: Vec<ImageEnd>,
}

/// A frame of `ticks.journal`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum JournalFrame {
    /// The first one.
    Header(Header),
    /// One a tick.
    Tick(Tick),
    /// The last one of a recording that ended in order.
    End {
        /// Length of the recording, microseconds after the build's start.
        elapsed_us: u64,
    },
}

impl Header {
    /// Appends the payload of this frame to `out`.
    pub fn encode(&self, out: &mut Vec<u8>) {
        out.push(0);
        put_u64(out, JOURNAL_VERSION.into());
        put_bytes(out, self.run_id.as_bytes());
        put_bytes(out, self.project.as_bytes());
        put_option(out, self.jobs.map(u64::from));
        put_u64(out, self.repeat.into());
        put_u64(out, self.interval_us);
    }
}

impl Host {
    fn values(&self) -> [Option<u64>; 9] {
        [
            self.mem_available_kb,
            self.swap_used_kb,
            self.psi_memory_some_us,
            self.psi_memory_full_us,
            self.psi_cpu_some_us,
            self.load1_milli,
            self.cgroup_usage_kb,
            self.cgroup_limit_kb,
            self.cgroup_oom_kills,
        ]
    }

    fn decode(cursor: &mut Cursor<'_>) -> Result<Self, Malformed> {
        let mut next = || cursor.option("host value");
        Ok(Self {
            mem_available_kb: next()?,
            swap_used_kb: next()?,
            psi_memory_some_us: next()?,
            psi_memory_full_us: next()?,
            psi_cpu_some_us: next()?,
            load1_milli: next()?,
            cgroup_usage_kb: next()?,
            cgroup_limit_kb: next()?,
            cgroup_oom_kills: next()?,
        })
    }
}

impl ImageStart {
    fn encode(&self, out: &mut Vec<u8>) {
        put_u64(out, self.process_id.into());
        put_u64(out, self.pid.into());
        put_u64(out, self.start_ticks);
        put_u64(out, self.exec_count.into());
        put_u64(out, self.ppid.into());
        put_option(out, self.parent_id.map(u64::from));
        put_u64(out, self.uid.into());
        put_i64(out, self.start_us);
        out.push(self.outside_tree.into());
        for text in [&self.name, &self.exe, &self.cwd, &self.argv] {
            put_bytes(out, text);
        }
        put_option(out, self.argv_cut_from);
        // A hash uses all 64 bits, so it cannot be stored as `value + 1`; it is there exactly when the length is.
        put_u64(out, self.argv_hash.unwrap_or(0));
    }

    fn decode(cursor: &mut Cursor<'_>) -> Result<Self, Malformed> {
        const WHAT: &str = "start of an image";
        let mut image = Self {
            process_id: cursor.u32(WHAT)?,
            pid: cursor.u32(WHAT)?,
            start_ticks: cursor.u64(WHAT)?,
            exec_count: cursor.u32(WHAT)?,
            ppid: cursor.u32(WHAT)?,
            parent_id: option_u32(cursor, WHAT)?,
            uid: cursor.u32(WHAT)?,
            start_us: cursor.i64(WHAT)?,
            outside_tree: cursor.u8(WHAT)? != 0,
            name: cursor.bytes(WHAT)?.to_vec(),
            exe: cursor.bytes(WHAT)?.to_vec(),
            cwd: cursor.bytes(WHAT)?.to_vec(),
            argv: cursor.bytes(WHAT)?.to_vec(),
            argv_cut_from: cursor.option(WHAT)?,
            argv_hash: None,
        };
        let hash = cursor.u64(WHAT)?;
        image.argv_hash = image.argv_cut_from.map(|_| hash);
        Ok(image)
    }
}

impl ImageEnd {
    fn encode(&self, out: &mut Vec<u8>) {
        put_u64(out, self.process_id.into());
        put_i64(out, self.end_us);
        out.push(match self.end {
            End::Lost => 0,
            End::Exited => 1,
            End::Signalled => 2,
            End::Execed => 3,
            End::Alive => 4,
        });
        put_option(out, self.exit_code.map(u64::from));
        put_option(out, self.signal.map(u64::from));
        put_option(out, self.cpu_us);
        put_option(out, self.vm_hwm_kb);
        put_option(out, self.threads.map(u64::from));
    }

    fn decode(cursor: &mut Cursor<'_>) -> Result<Self, Malformed> {
        const WHAT: &str = "end of an image";
        Ok(Self {
            process_id: cursor.u32(WHAT)?,
            end_us: cursor.i64(WHAT)?,
            end: match cursor.u8(WHAT)? {
                0 => End::Lost,
                1 => End::Exited,
                2 => End::Signalled,
                3 => End::Execed,
                4 => End::Alive,
                _ => return Err(Malformed { what: WHAT }),
            },
            exit_code: option_u32(cursor, WHAT)?,
            signal: option_u32(cursor, WHAT)?,
            cpu_us: cursor.option(WHAT)?,
            vm_hwm_kb: cursor.option(WHAT)?,
            threads: option_u32(cursor, WHAT)?,
        })
    }
}

impl Tick {
    /// Appends the payload of this frame to `out`.
    pub fn encode(&self, out: &mut Vec<u8>) {
        out.push(1);
        put_u64(out, self.tick.into());
        put_u64(out, self.elapsed_us);
        put_u64(out, self.late_us);
        out.push(match self.phase {
            Phase::Setup => 0,
            Phase::Build => 1,
        });
        put_u64(out, self.live.into());
        put_u64(out, self.sampler_cpu_us);
        for value in self.host.values() {
            put_option(out, value);
        }
        put_u64(out, self.started.len() as u64);
        for image in &self.started {
            image.encode(out);
        }
        put_u64(out, self.samples.len() as u64);
        let mut previous = 0i64;
        for sample in &self.samples {
            put_i64(out, i64::from(sample.process_id) - previous);
            previous = sample.process_id.into();
            put_u64(out, sample.rss_kb);
            put_u64(out, sample.shared_kb);
            put_option(out, sample.pss_kb);
            put_option(out, sample.uss_kb);
        }
        put_u64(out, self.ended.len() as u64);
        for image in &self.ended {
            image.encode(out);
        }
    }

    fn decode(cursor: &mut Cursor<'_>) -> Result<Self, Malformed> {
        const WHAT: &str = "tick";
        let mut tick = Self {
            tick: cursor.u32(WHAT)?,
            elapsed_us: cursor.u64(WHAT)?,
            late_us: cursor.u64(WHAT)?,
            phase: match cursor.u8(WHAT)? {
                0 => Phase::Setup,
                1 => Phase::Build,
                _ => return Err(Malformed { what: WHAT }),
            },
            live: cursor.u32(WHAT)?,
            sampler_cpu_us: cursor.u64(WHAT)?,
            host: Host::decode(cursor)?,
            ..Self::default()
        };
        for _ in 0..cursor.count(WHAT)? {
            tick.started.push(ImageStart::decode(cursor)?);
        }
        let samples = cursor.count(WHAT)?;
        tick.samples.reserve_exact(samples);
        let mut previous = 0i64;
        for _ in 0..samples {
            previous = previous.checked_add(cursor.i64(WHAT)?).ok_or(Malformed { what: WHAT })?;
            tick.samples.push(Sample {
                process_id: u32::try_from(previous).map_err(|_| Malformed { what: WHAT })?,
                rss_kb: cursor.u64(WHAT)?,
                shared_kb: cursor.u64(WHAT)?,
                pss_kb: cursor.option(WHAT)?,
                uss_kb: cursor.option(WHAT)?,
            });
        }
        for _ in 0..cursor.count(WHAT)? {
            tick.ended.push(ImageEnd::decode(cursor)?);
        }
        Ok(tick)
    }
}

impl JournalFrame {
    /// Reads one payload.
    pub fn decode(payload: &[u8]) -> Result<Self, Malformed> {
        const WHAT: &str = "journal frame";
        let mut cursor = Cursor::new(payload);
        let frame = match cursor.u8(WHAT)? {
            0 => {
                let version = cursor.u32(WHAT)?;
                if version > JOURNAL_VERSION {
                    return Err(Malformed { what: "journal of a newer version" });
                }
                Self::Header(Header {
                    run_id: text(&mut cursor)?,
                    project: text(&mut cursor)?,
                    jobs: option_u32(&mut cursor, WHAT)?,
                    repeat: cursor.u32(WHAT)?,
                    interval_us: cursor.u64(WHAT)?,
                })
            }
            1 => Self::Tick(Tick::decode(&mut cursor)?),
            2 => Self::End { elapsed_us: cursor.u64(WHAT)? },
            _ => return Err(Malformed { what: WHAT }),
        };
        cursor.end(WHAT)?;
        Ok(frame)
    }

    /// Appends the payload of the closing frame to `out`.
    pub fn encode_end(elapsed_us: u64, out: &mut Vec<u8>) {
        out.push(2);
        put_u64(out, elapsed_us);
    }
}

fn text(cursor: &mut Cursor<'_>) -> Result<String, Malformed> {
    const WHAT: &str = "text";
    String::from_utf8(cursor.bytes(WHAT)?.to_vec()).map_err(|_| Malformed { what: WHAT })
}

fn option_u32(cursor: &mut Cursor<'_>, what: &'static str) -> Result<Option<u32>, Malformed> {
    cursor.option(what)?.map(u32::try_from).transpose().map_err(|_| Malformed { what })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tick() -> Tick {
        Tick {
            tick: 7,
            elapsed_us: 350_123,
            late_us: 123,
            phase: Phase::Build,
            live: 3,
            sampler_cpu_us: 900,
            host: Host { mem_available_kb: Some(0), cgroup_limit_kb: None, load1_milli: Some(1500), ..Host::default() },
            started: vec![ImageStart {
                process_id: 2,
                pid: 4242,
                start_us: -17,
                parent_id: Some(0),
                name: b"cc1plus".to_vec(),
                argv: b"cc1plus\0a b\0\xff".to_vec(),
                argv_cut_from: Some(1 << 20),
                argv_hash: Some(u64::MAX),
                ..ImageStart::default()
            }],
            samples: vec![
                Sample { process_id: 0, rss_kb: 1_200, shared_kb: 800, pss_kb: None, uss_kb: None },
                Sample { process_id: 2, rss_kb: 5 << 32, shared_kb: 0, pss_kb: Some(0), uss_kb: Some(9) },
            ],
            ended: vec![ImageEnd {
                process_id: 1,
                end_us: 350_123,
                end: End::Execed,
                exit_code: Some(0),
                signal: None,
                cpu_us: None,
                vm_hwm_kb: None,
                threads: Some(1),
            }],
        }
    }

    #[test]
    fn a_tick_survives_the_way_there_and_back() {
        let mut payload = Vec::new();
        tick().encode(&mut payload);
        assert_eq!(JournalFrame::decode(&payload), Ok(JournalFrame::Tick(tick())));
    }

    #[test]
    fn no_cut_payload_decodes() {
        let mut payload = Vec::new();
        tick().encode(&mut payload);
        for cut in 0..payload.len() {
            assert!(JournalFrame::decode(&payload[..cut]).is_err(), "cut at {cut}");
        }
    }

    #[test]
    fn a_header_says_its_version() {
        let header = Header { run_id: "u".into(), project: "demo".into(), jobs: Some(2), repeat: 1, interval_us: 50_000 };
        let mut payload = Vec::new();
        header.encode(&mut payload);
        assert_eq!(JournalFrame::decode(&payload), Ok(JournalFrame::Header(header)));
        payload[1] = 99;
        assert!(JournalFrame::decode(&payload).is_err());
    }
}
