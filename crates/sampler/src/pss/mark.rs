//! What is known of the memory of one process.

use mymonitor_recording::Remark;
use mymonitor_recording::model::Row;

use super::{CHANGE_KB, Executable, LARGE_SHARED_KB, REST_TICKS, STALE_TICKS, WRITTEN_TICKS};

/// What is known of an image's PSS.
#[derive(Debug)]
pub(crate) struct Mark {
    /// Runs its parent's program, or a child runs its: it may share anonymous pages.
    forked: bool,
    /// This user may not measure it; asked once.
    pub(super) denied: bool,
    pub(super) last: Option<Walk>,
    /// Since then it has forked: what was its own is a child's, too.
    pub(super) has_forked_since: bool,
    pub(super) remark: Remark,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Walk {
    pub(super) tick: u32,
    pub(super) rested_at_us: u64,
    pub(super) rss_kb: u64,
    pub(super) shared_kb: u64,
    /// What it shared copy-on-write.
    pub(super) inherited_kb: u64,
    /// Processes of its executable.
    pub(super) population: u32,
}

impl Mark {
    pub(crate) fn new(forked: bool) -> Self {
        Self { forked, denied: false, last: None, has_forked_since: false, remark: Remark::default() }
    }

    /// A child was seen that never exec'ed: pages of this process are in both.
    pub(crate) fn shares_with_a_child(&mut self) {
        self.forked = true;
        self.has_forked_since = true;
    }

    pub(crate) fn is_forked(&self) -> bool {
        self.forked
    }

    pub(super) fn has_rested(&self, tick: u32, now_us: u64) -> bool {
        self.last.is_none_or(|last| tick - last.tick >= REST_TICKS && now_us >= last.rested_at_us)
    }

    /// A family that has grown or shrunk shares its pages otherwise: what was measured says little any more, so that it needs no rest.
    pub(super) fn is_free(&self, executable: &Executable, tick: u32, now_us: u64) -> bool {
        self.last.is_some_and(|last| last.population != executable.population) || self.has_rested(tick, now_us)
    }

    /// Whether the model is known to err here and no measurement says yet by how much.
    pub(super) fn is_misjudged(&self, row: &Row, executable: &Executable, tick: u32) -> bool {
        // Alone, a process is right to be given all its files. Several may map the same files or different ones: that is seen by measuring.
        let unlike = executable.population > 1 && row.shared_kb >= LARGE_SHARED_KB && row.shared_kb > executable.sound_kb;
        let changed = |last: Walk| {
            let much = |then_kb: u64| CHANGE_KB.max(then_kb / 10);
            // What a fork has taken since is its own; what it gave back may be another's still.
            last.population != executable.population
                || row.shared_kb.abs_diff(last.shared_kb) >= much(last.shared_kb)
                // Who writes what it has inherited gets pages of its own, and no size tells of it.
                || (last.inherited_kb >= much(last.rss_kb) && tick - last.tick >= WRITTEN_TICKS)
                || (self.forked && row.rss_kb.saturating_add(much(last.rss_kb)) <= last.rss_kb)
        };
        (self.forked || unlike) && self.last.is_none_or(changed)
    }

    pub(super) fn is_stale(&self, tick: u32) -> bool {
        !self.denied && self.last.is_none_or(|last| tick - last.tick >= STALE_TICKS)
    }
}
