//! What the process connector tells of the build's processes.

use crate::codec::{Cursor, Malformed, put_option, put_u64};

/// A process of the build from its fork to its end. Times are microseconds after the build's start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Lifetime {
    /// Process id (thread group id).
    pub pid: u32,
    /// The process that forked it.
    pub ppid: u32,
    /// Its fork.
    pub start_us: u64,
    /// The end of its last thread; absent for what was there when the recording ended.
    pub end_us: Option<u64>,
    /// As `waitpid` gives it; absent also where the end was missed and found out later.
    pub wait_status: Option<i32>,
    /// Changes of image.
    pub execs: u32,
    /// A tick saw it.
    pub seen: bool,
}

/// A frame of `ticks.journal`, written before the tick that heard it. The first one comes before the first tick, where the connector is used.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Lifetimes {
    /// Processes that existed so far, the live ones included.
    pub existed: u64,
    /// Changes of image so far.
    pub execs: u64,
    /// How often events were lost so far because nobody fetched them in time. With any, the other counts are lower bounds.
    pub overflows: u64,
    /// Processes that have ended since the frame before.
    pub ended: Vec<Lifetime>,
}

impl Lifetimes {
    /// Appends the payload of this frame to `out`.
    pub fn encode(&self, out: &mut Vec<u8>) {
        out.push(crate::journal::LIFETIMES);
        put_u64(out, self.existed);
        put_u64(out, self.execs);
        put_u64(out, self.overflows);
        put_u64(out, self.ended.len() as u64);
        for life in &self.ended {
            put_u64(out, life.pid.into());
            put_u64(out, life.ppid.into());
            put_u64(out, life.start_us);
            put_option(out, life.end_us);
            put_option(out, life.wait_status.map(|status| status.cast_unsigned().into()));
            put_u64(out, life.execs.into());
            out.push(life.seen.into());
        }
    }

    pub(crate) fn decode(cursor: &mut Cursor<'_>) -> Result<Self, Malformed> {
        const WHAT: &str = "lifetimes of processes";
        let mut lifetimes = Self { existed: cursor.u64(WHAT)?, execs: cursor.u64(WHAT)?, overflows: cursor.u64(WHAT)?, ended: Vec::new() };
        for _ in 0..cursor.count(WHAT)? {
            lifetimes.ended.push(Lifetime {
                pid: cursor.u32(WHAT)?,
                ppid: cursor.u32(WHAT)?,
                start_us: cursor.u64(WHAT)?,
                end_us: cursor.option(WHAT)?,
                wait_status: crate::image::option_u32(cursor, WHAT)?.map(u32::cast_signed),
                execs: cursor.u32(WHAT)?,
                seen: cursor.u8(WHAT)? != 0,
            });
        }
        Ok(lifetimes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::JournalFrame;

    #[test]
    fn the_frame_survives_the_way_there_and_back_and_no_cut_of_it_does() {
        let killed = Lifetime { pid: 7, ppid: 1, start_us: 3, end_us: Some(0), wait_status: Some(9), execs: 2, seen: true };
        let alive = Lifetime { pid: u32::MAX, end_us: None, wait_status: None, seen: false, ..killed };
        let odd = Lifetime { wait_status: Some(-1), ..killed };
        let frame = Lifetimes { existed: 5, execs: u64::MAX, overflows: 1, ended: vec![killed, alive, odd] };
        let mut bytes = Vec::new();
        frame.encode(&mut bytes);
        assert_eq!(JournalFrame::decode(&bytes), Ok(JournalFrame::Lifetimes(frame)));
        for cut in 0..bytes.len() {
            assert!(JournalFrame::decode(&bytes[..cut]).is_err(), "cut at {cut}");
        }
    }
}
