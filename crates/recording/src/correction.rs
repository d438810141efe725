//! What measurements say about the memory model.

/// What a measurement said about an image's private memory, for its other ticks.
///
/// The model takes `resident - shared` for private. Of forks that share anonymous pages copy-on-write that is too much, and only of them: a
/// measured PSS below it shows by how much, and that stays until somebody writes. What the model shares out among processes that map the same
/// files or memory is right in sum though not for each, so nothing of it is corrected by single measurements.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Correction {
    /// Measured less private, KiB, at most 0: what is stored.
    pub(crate) excess_kb: i64,
}

impl Correction {
    /// A measurement, and what `statm` said at the same tick.
    pub fn new(measured_kb: u64, rss_kb: u64, shared_kb: u64) -> Self {
        let private_kb = rss_kb.saturating_sub(shared_kb);
        Self { excess_kb: measured_kb.cast_signed().saturating_sub(private_kb.cast_signed()).min(0) }
    }

    /// The model's value of another tick, corrected; never above the resident size.
    pub fn apply(self, modelled_kb: u64, rss_kb: u64) -> u64 {
        modelled_kb.saturating_add_signed(self.excess_kb).min(rss_kb)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_shared_copy_on_write_are_taken_off_as_they_were() {
        assert_eq!(Correction::new(12, 104, 4).apply(152, 160), 64);
    }

    #[test]
    fn how_shared_memory_is_shared_out_is_not_corrected() {
        for measured in [100, 250, 600] {
            assert_eq!(Correction::new(measured, 600, 500).apply(333, 600), 333);
        }
    }

    #[test]
    fn no_process_is_corrected_beyond_what_it_holds_or_below_nothing() {
        assert_eq!(Correction::new(500, 400, 100).apply(900, 400), 400);
        assert_eq!(Correction::new(0, 100, 0).apply(40, 50), 0);
    }
}
