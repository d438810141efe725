//! What measurements say about the memory model.

/// What a measurement said about the memory model, for the ticks of the same image until its next measurement.
///
/// The model errs in two ways, and they age differently. It is too low for processes of one executable that map different files (linkers with
/// different inputs): that error lies in the shared part and grows with it. It is too high for forks that share anonymous pages copy-on-write:
/// that error is what they shared, and stays until somebody writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Correction {
    /// Measured minus modelled.
    excess_kb: i64,
    /// Shared part when it was measured.
    shared_kb: u64,
}

impl Correction {
    /// A measurement beside what the model says of the same tick.
    pub fn new(measured_kb: u64, modelled_kb: u64, shared_kb: u64) -> Self {
        Self { excess_kb: measured_kb.cast_signed().saturating_sub(modelled_kb.cast_signed()), shared_kb }
    }

    /// As it is stored.
    pub fn from_parts(excess_kb: i64, shared_kb: u64) -> Self {
        Self { excess_kb, shared_kb }
    }

    /// Measured minus modelled, and the shared part at that tick.
    pub fn parts(self) -> (i64, u64) {
        (self.excess_kb, self.shared_kb)
    }

    /// The model's value of a later tick, corrected; never above the resident size.
    pub fn apply(self, modelled_kb: u64, rss_kb: u64, shared_kb: u64) -> u64 {
        let excess_kb = match u64::try_from(self.excess_kb) {
            Ok(excess_kb) => scale(excess_kb, shared_kb, self.shared_kb).cast_signed(),
            Err(_) => self.excess_kb,
        };
        modelled_kb.saturating_add_signed(excess_kb).min(rss_kb)
    }
}

fn scale(value: u64, numerator: u64, denominator: u64) -> u64 {
    if denominator == 0 {
        return value;
    }
    u64::try_from(u128::from(value) * u128::from(numerator) / u128::from(denominator)).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn at_the_tick_of_its_measurement_the_corrected_value_is_the_measured_one() {
        for (measured, modelled) in [(500, 250), (12, 100), (100, 100)] {
            assert_eq!(Correction::new(measured, modelled, 480).apply(modelled, 600, 480), measured);
        }
    }

    #[test]
    fn files_that_the_model_shared_out_wrongly_count_more_as_more_of_them_is_mapped() {
        let correction = Correction::new(500, 250, 480);
        assert_eq!(correction.apply(500, 2000, 960), 1000);
        assert_eq!(correction.apply(125, 2000, 240), 250);
    }

    #[test]
    fn pages_shared_copy_on_write_are_taken_off_as_they_were() {
        assert_eq!(Correction::new(12, 100, 4).apply(150, 160, 8), 62);
    }

    #[test]
    fn no_process_is_corrected_beyond_what_it_holds_or_below_nothing() {
        assert_eq!(Correction::new(500, 250, 100).apply(300, 400, 200), 400);
        assert_eq!(Correction::new(0, 100, 0).apply(40, 50, 0), 0);
    }
}
