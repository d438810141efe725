//! The frames of `ticks.journal`: a header, one frame a tick (before it the lifetimes that the process connector told), an end.

use crate::codec::{Cursor, Malformed, put_bytes, put_i64, put_option, put_u64};
use crate::image::{ImageEnd, ImageStart, option_u32};
use crate::lifetime::Lifetimes;

/// The version that [`Header`] carries. A reader refuses a higher one.
pub const JOURNAL_VERSION: u32 = 1;

/// First byte of the frame that [`Lifetimes`] encodes.
pub(crate) const LIFETIMES: u8 = 3;

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
    /// What the process connector told since the tick before.
    Lifetimes(Lifetimes),
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
            LIFETIMES => Self::Lifetimes(Lifetimes::decode(&mut cursor)?),
            _ => return Err(Malformed { what: WHAT }),
        };
        cursor.end(WHAT)?;
        Ok(frame)
    }

    /// Appends the payload of this frame to `out`.
    pub fn encode(&self, out: &mut Vec<u8>) {
        match self {
            Self::Header(header) => header.encode(out),
            Self::Tick(tick) => tick.encode(out),
            Self::End { elapsed_us } => {
                out.push(2);
                put_u64(out, *elapsed_us);
            }
            Self::Lifetimes(lifetimes) => lifetimes.encode(out),
        }
    }
}

fn text(cursor: &mut Cursor<'_>) -> Result<String, Malformed> {
    const WHAT: &str = "text";
    String::from_utf8(cursor.bytes(WHAT)?.to_vec()).map_err(|_| Malformed { what: WHAT })
}

#[cfg(test)]
mod tests;
