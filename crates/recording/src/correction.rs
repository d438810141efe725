//! What measurements say about the memory model.

use crate::model::{Row, private};

/// Shared parts that differ by less are the same mappings.
const SAME_KB: u64 = 2 * 1024;

/// What a measurement said about an image's private memory, for its other ticks.
///
/// The model takes `resident - shared` for private. Of forks that share anonymous pages copy-on-write that is too much, and only of them: a
/// measured PSS below it shows by how much, and that stays until somebody writes. What the model shares out among processes that map the same
/// files or memory is right in sum though not for each, so nothing of it is corrected by single measurements: [`Corrector`] does, by those of a
/// whole group.
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

/// What is known of an image.
#[derive(Debug, Clone, Copy, Default)]
pub struct Remark {
    correction: Option<Correction>,
    member: Option<Member>,
}

impl From<Option<Correction>> for Remark {
    fn from(correction: Option<Correction>) -> Self {
        Self { correction, member: None }
    }
}

/// An image's part of its group's measurement.
#[derive(Debug, Clone, Copy)]
struct Member {
    /// The call in which the whole group was measured.
    measurement: u32,
    shared_kb: u64,
    /// Measured less private, KiB: its part of what is shared, less what is shared copy-on-write.
    excess_kb: i64,
}

/// Corrects the model's values tick by tick; the sampler's live totals and the analysis are this same function of the same rows.
///
/// Where all processes of an executable were measured in one tick, their sum is exact, whatever they map. It holds for later ticks, less or more
/// what their private memory has changed, as long as the executable's processes and their shared sizes are the same; when they are again, it
/// holds again. In all other ticks each image has its own [`Correction`].
#[derive(Debug, Default)]
pub struct Corrector {
    /// Index: executable.
    groups: Vec<Group>,
    calls: u32,
}

/// The processes of one executable.
#[derive(Debug, Clone, Copy, Default)]
struct Group {
    /// The last call in which all were measured, and how many they were.
    measurement: u32,
    members: usize,
    /// Of this tick: its processes, those that were measured, and those that are as they were in the last measurement.
    rows: usize,
    measured: usize,
    unchanged: usize,
}

impl Group {
    /// One process alone is no group: what it shares, it shares with other executables, whose processes come and go.
    fn is_measured(&self) -> bool {
        self.rows > 1 && self.measured == self.rows
    }

    fn stands(&self) -> bool {
        self.unchanged == self.rows && self.members == self.rows
    }
}

impl Corrector {
    /// Puts what was measured in the place of the model's `pss_kb`, and corrects the others by what was. Entry n of each slice is of the same process.
    ///
    /// # Panics
    /// When the slices are not equally long.
    pub fn correct(&mut self, rows: &[Row], measured_kb: &[Option<u64>], remarks: &mut [Remark], pss_kb: &mut [u64]) {
        assert_eq!([measured_kb.len(), remarks.len(), pss_kb.len()], [rows.len(); 3], "one entry for each process");
        self.calls = self.calls.wrapping_add(1);
        self.count(rows, measured_kb, remarks);
        for (index, row) in rows.iter().enumerate() {
            let group = &mut self.groups[row.executable as usize];
            let remark = &mut remarks[index];
            if let Some(measured_kb) = measured_kb[index] {
                let excess_kb = measured_kb.cast_signed().saturating_sub(private(row).cast_signed());
                remark.correction = Some(Correction::new(measured_kb, row.rss_kb, row.shared_kb));
                if group.is_measured() {
                    (group.measurement, group.members) = (self.calls, group.rows);
                    remark.member = Some(Member { measurement: group.measurement, shared_kb: row.shared_kb, excess_kb });
                } else if let (true, Some(member)) = (group.stands(), &mut remark.member) {
                    member.excess_kb = excess_kb;
                }
                pss_kb[index] = measured_kb;
            } else if let (true, Some(member)) = (group.stands(), remark.member) {
                pss_kb[index] = private(row).saturating_add_signed(member.excess_kb).min(row.rss_kb);
            } else if let Some(correction) = remark.correction {
                pss_kb[index] = correction.apply(pss_kb[index], row.rss_kb);
            }
        }
    }

    fn count(&mut self, rows: &[Row], measured_kb: &[Option<u64>], remarks: &[Remark]) {
        for row in rows {
            let index = row.executable as usize;
            if index >= self.groups.len() {
                self.groups.resize(index + 1, Group::default());
            }
            let Group { measurement, members, .. } = self.groups[index];
            self.groups[index] = Group { measurement, members, ..Group::default() };
        }
        for ((row, measured_kb), remark) in rows.iter().zip(measured_kb).zip(remarks) {
            let group = &mut self.groups[row.executable as usize];
            let same = |member: Member| {
                let tolerated_kb = SAME_KB.max(member.shared_kb / 10);
                member.measurement == group.measurement && row.shared_kb.abs_diff(member.shared_kb) < tolerated_kb
            };
            group.rows += 1;
            group.measured += usize::from(measured_kb.is_some());
            group.unchanged += usize::from(remark.member.is_some_and(same));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A forked pair that maps one file of 10,000, and a third process of the same executable with a file of its own.
    const PAIR: [Row; 2] = [Row { executable: 1, rss_kb: 11_000, shared_kb: 10_000 }; 2];
    const OTHER: Row = Row { executable: 1, rss_kb: 9_000, shared_kb: 8_000 };

    #[derive(Default)]
    struct Ticks {
        corrector: Corrector,
        remarks: [Remark; 3],
    }

    impl Ticks {
        fn tick<const N: usize>(&mut self, rows: [Row; N], measured_kb: [Option<u64>; N]) -> [u64; N] {
            let mut pss_kb = Vec::new();
            crate::model::Model::new().apportion(&rows, &mut pss_kb);
            self.corrector.correct(&rows, &measured_kb, &mut self.remarks[..N], &mut pss_kb);
            pss_kb.try_into().unwrap()
        }
    }

    #[test]
    fn a_group_that_was_measured_whole_keeps_its_sum_while_it_is_the_same() {
        let mut ticks = Ticks::default();
        let rows = [PAIR[0], PAIR[1], OTHER];
        assert_eq!(ticks.tick(rows, [None; 3]).iter().sum::<u64>(), 3_000 + 10_000);
        // The model takes the third file for the same as the pair's: 8,000 too little.
        let measured = [6_000, 6_000, 9_000];
        assert_eq!(ticks.tick(rows, measured.map(Some)), measured);
        assert_eq!(ticks.tick(rows, [None; 3]), measured);
        let mut grown = rows;
        grown[2].rss_kb += 50_000;
        assert_eq!(ticks.tick(grown, [None; 3]), [6_000, 6_000, 59_000]);
    }

    #[test]
    fn a_group_that_has_changed_is_left_to_the_model_until_it_is_as_it_was() {
        let mut ticks = Ticks::default();
        let rows = [PAIR[0], PAIR[1], OTHER];
        let measured = [6_000, 6_000, 9_000];
        ticks.tick(rows, measured.map(Some));
        assert_eq!(ticks.tick(PAIR, [None; 2]), [6_000, 6_000]);
        let mut remapped = rows;
        remapped[2] = Row { rss_kb: 5_000, shared_kb: 4_000, ..OTHER };
        assert_eq!(ticks.tick(remapped, [None; 3]).iter().sum::<u64>(), 3_000 + 10_000);
        assert_eq!(ticks.tick(rows, [None; 3]), measured);
    }

    #[test]
    fn a_member_that_is_measured_alone_takes_its_new_value_along() {
        let mut ticks = Ticks::default();
        let rows = [PAIR[0], PAIR[1], OTHER];
        ticks.tick(rows, [6_000, 6_000, 9_000].map(Some));
        ticks.tick(rows, [None, None, Some(8_900)]);
        assert_eq!(ticks.tick(rows, [None; 3]), [6_000, 6_000, 8_900]);
    }

    #[test]
    fn one_process_alone_is_no_group() {
        let mut ticks = Ticks::default();
        assert_eq!(ticks.tick([OTHER], [Some(5_000)]), [5_000]);
        assert_eq!(ticks.tick([OTHER], [None]), [9_000]);
    }

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
