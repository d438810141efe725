//! The memory model: PSS from `statm` alone.
//!
//! Reading PSS from the kernel walks every page table; at 20 ticks a second that is dearer than the build can spare. Yet the anonymous part of
//! PSS is `resident - shared` almost exactly, and file pages are shared by the processes that run the same executable, plus a libc that all of
//! them map. So, over the processes of one tick:
//!
//! ```text
//! private(p) = rss(p) - shared(p), at least 0
//! file(e)    = largest shared of the processes that run executable e
//! common     = min(smallest file(e), 2 MiB)                        the C library
//! shared     = Σ file(e) - (executables - 1) × common
//! pss        = Σ private(p) + shared
//! ```
//!
//! Memory mapped `MAP_SHARED` by n forked processes of one executable is in the `shared` of each and therefore counted once.
//!
//! The total is handed out to the processes without a remainder:
//! - an executable's part is `file(e) - common` plus an even part of `common` (the first executables of the tick get the KiB that do not divide);
//! - a process's part of it is in proportion to its own `shared`, rounded so that the running sum is exact (floor of the cumulated share).
//!
//! Hence `Σ pss(p) = pss`, `private(p) ≤ pss(p) ≤ rss(p)` for every process with `shared ≤ rss`, and both totals grow with each private KiB.
//!
//! Where the model errs (forks that share anonymous pages copy-on-write, files mapped by unrelated programs) is said in `docs/accuracy.md`.

use std::collections::HashMap;

/// Most of the C library and loader that unrelated executables were seen to share, KiB.
const LIBC_KB: u64 = 2048;

/// A process at the tick.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Row {
    /// Key of the executable from [`Interner`]. Keys index a table, so they must be dense.
    pub executable: u32,
    /// Resident set size, KiB.
    pub rss_kb: u64,
    /// Its file-backed and shared-memory part, KiB.
    pub shared_kb: u64,
}

/// Sums over the rows of one tick, KiB.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Totals {
    /// Sum of resident set sizes.
    pub rss_kb: u64,
    /// The model's total: `private_kb + shared_kb`.
    pub pss_kb: u64,
    /// Memory that belongs to one process only.
    pub private_kb: u64,
    /// Shared memory, each page counted once.
    pub shared_kb: u64,
}

/// The model with its scratch space: evaluating a tick allocates only when it has more processes or executables than any before.
#[derive(Debug, Default)]
pub struct Model {
    /// Index: executable. All zero between calls.
    parts: Vec<Part>,
    present: Vec<u32>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Part {
    processes: u32,
    /// `file(e)`, then the executable's part of the total.
    kb: u64,
    /// Sum of `shared` over its processes.
    weight: u64,
    /// Sum of `shared` over those already served, and what they were given.
    served: u64,
    given: u64,
}

impl Model {
    /// An empty scratch space.
    pub fn new() -> Self {
        Self::default()
    }

    /// Apportions the rows of one tick: `pss_kb` is replaced by one entry a row. Sums saturate.
    pub fn apportion(&mut self, rows: &[Row], pss_kb: &mut Vec<u64>) -> Totals {
        let mut totals = self.collect(rows);
        totals.shared_kb = self.share_common();
        totals.pss_kb = totals.private_kb.saturating_add(totals.shared_kb);
        pss_kb.clear();
        pss_kb.extend(rows.iter().map(|row| private(row).saturating_add(self.parts[row.executable as usize].serve(row.shared_kb))));
        for executable in self.present.drain(..) {
            self.parts[executable as usize] = Part::default();
        }
        totals
    }

    fn collect(&mut self, rows: &[Row]) -> Totals {
        let mut totals = Totals::default();
        for row in rows {
            let index = row.executable as usize;
            if index >= self.parts.len() {
                self.parts.resize(index + 1, Part::default());
            }
            let part = &mut self.parts[index];
            if part.processes == 0 {
                self.present.push(row.executable);
            }
            part.processes += 1;
            part.kb = part.kb.max(row.shared_kb);
            part.weight = part.weight.saturating_add(row.shared_kb);
            totals.rss_kb = totals.rss_kb.saturating_add(row.rss_kb);
            totals.private_kb = totals.private_kb.saturating_add(private(row));
        }
        totals
    }

    /// Turns `file(e)` into each executable's part and returns their sum.
    fn share_common(&mut self) -> u64 {
        let smallest = self.present.iter().map(|&executable| self.parts[executable as usize].kb).min().unwrap_or(0);
        let common = smallest.min(LIBC_KB);
        let executables = self.present.len() as u64;
        let mut sum = 0u64;
        for (position, &executable) in (0u64..).zip(&self.present) {
            let part = &mut self.parts[executable as usize];
            let odd = u64::from(position < common % executables);
            part.kb = part.kb - common + common / executables + odd;
            sum = sum.saturating_add(part.kb);
        }
        sum
    }
}

impl Part {
    /// The next process's part of the executable's.
    fn serve(&mut self, shared_kb: u64) -> u64 {
        if self.processes == 1 {
            return self.kb;
        }
        self.served = self.served.saturating_add(shared_kb);
        let due = scale(self.served, self.kb, self.weight);
        let part = due - self.given;
        self.given = due;
        part
    }
}

pub(crate) fn private(row: &Row) -> u64 {
    row.rss_kb.saturating_sub(row.shared_kb)
}

/// `value * part / whole`, 0 of 0; exact, and in 64 bits wherever the values of a real machine allow it.
pub(crate) fn scale(value: u64, part: u64, whole: u64) -> u64 {
    match value.checked_mul(part) {
        Some(product) => product.checked_div(whole).unwrap_or(0),
        None => u64::try_from(u128::from(value) * u128::from(part) / u128::from(whole)).unwrap_or(u64::MAX),
    }
}

/// Gives each executable its key: the target of /proc/PID/exe, or the process name where that could not be read.
#[derive(Debug, Default)]
pub struct Interner {
    keys: HashMap<Box<[u8]>, u32>,
    scratch: Vec<u8>,
}

impl Interner {
    /// An empty table.
    pub fn new() -> Self {
        Self::default()
    }

    /// The key of an executable, from 0 upwards in order of appearance. An empty `exe` means that it could not be read.
    ///
    /// # Panics
    /// After 2³² different executables.
    pub fn key(&mut self, exe: &[u8], name: &[u8]) -> u32 {
        self.scratch.clear();
        if exe.is_empty() {
            // No path begins with NUL, so a name never meets a path.
            self.scratch.push(0);
            self.scratch.extend_from_slice(name);
        } else {
            self.scratch.extend_from_slice(exe);
        }
        if let Some(&key) = self.keys.get(self.scratch.as_slice()) {
            return key;
        }
        let key = u32::try_from(self.keys.len()).expect("fewer executables than 2^32");
        self.keys.insert(self.scratch.as_slice().into(), key);
        key
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn rows(values: &[(u32, u64, u64)]) -> Vec<Row> {
        values.iter().map(|&(executable, rss_kb, shared_kb)| Row { executable, rss_kb, shared_kb }).collect()
    }

    fn apportion(values: &[(u32, u64, u64)]) -> (Totals, Vec<u64>) {
        let mut pss = Vec::new();
        let totals = Model::new().apportion(&rows(values), &mut pss);
        (totals, pss)
    }

    #[test]
    fn an_empty_tick_is_zero() {
        assert_eq!(apportion(&[]), (Totals::default(), vec![]));
    }

    #[test]
    fn a_lone_process_has_its_rss_as_pss() {
        assert_eq!(apportion(&[(0, 5000, 3000)]), (Totals { rss_kb: 5000, pss_kb: 5000, private_kb: 2000, shared_kb: 3000 }, vec![5000]));
    }

    #[test]
    fn two_compilers_and_make_give_the_figures_worked_out_by_hand() {
        // file: cc1plus 24,000, make 1,600; common 1,600, of which each executable carries 800.
        // cc1plus: 22,400 + 800 = 23,200, split 20,000 : 24,000; make: 0 + 800.
        let (totals, pss) = apportion(&[(4, 120_000, 20_000), (4, 224_000, 24_000), (1, 2_500, 1_600)]);
        assert_eq!(totals, Totals { rss_kb: 346_500, private_kb: 300_900, shared_kb: 24_000, pss_kb: 324_900 });
        assert_eq!(pss, [100_000 + 10_545, 200_000 + 12_655, 900 + 800]);
    }

    #[test]
    fn the_common_part_is_two_mebibytes_at_most() {
        let (totals, pss) = apportion(&[(0, 10_000, 8_000), (1, 9_000, 6_000), (2, 7_000, 4_096)]);
        assert_eq!(totals.shared_kb, 8_000 + 6_000 + 4_096 - 2 * 2_048);
        assert_eq!(pss, [2_000 + 5_952 + 683, 3_000 + 3_952 + 683, 2_904 + 2_048 + 682]);
    }

    #[test]
    fn forked_sharers_of_one_mapping_count_it_once() {
        let sharers = vec![(0, 103_000, 102_400); 8];
        let (totals, pss) = apportion(&sharers);
        assert_eq!((totals.shared_kb, totals.pss_kb), (102_400, 102_400 + 8 * 600));
        assert_eq!(pss, vec![600 + 12_800; 8]);
    }

    #[test]
    fn a_process_that_shares_little_is_not_charged_for_its_sibling() {
        let (_, pss) = apportion(&[(0, 50_000, 40_000), (0, 100, 0)]);
        assert_eq!(pss, [50_000, 100]);
    }

    #[test]
    fn shared_above_resident_from_a_torn_read_is_no_negative_memory() {
        let (totals, _) = apportion(&[(0, 100, 200)]);
        assert_eq!((totals.private_kb, totals.shared_kb), (0, 200));
    }

    #[test]
    fn names_and_paths_are_different_executables() {
        let mut interner = Interner::new();
        assert_eq!(
            [(&b"/bin/a"[..], &b"a"[..]), (b"", b"/bin/a"), (b"/bin/a", b"b"), (b"", b"/bin/a")].map(|(e, n)| interner.key(e, n)),
            [0, 1, 0, 1]
        );
    }

    fn tick() -> impl Strategy<Value = Vec<(u32, u64, u64)>> {
        prop::collection::vec((0u32..6, 0u64..1 << 33, 0u64..1 << 33).prop_map(|(e, private, shared)| (e, private + shared, shared)), 0..40)
    }

    proptest! {
        #[test]
        fn the_rows_add_up_to_the_total_and_none_exceeds_its_rss(values in tick()) {
            let (totals, pss) = apportion(&values);
            prop_assert_eq!(pss.iter().sum::<u64>(), totals.pss_kb);
            prop_assert_eq!(totals.pss_kb, totals.private_kb + totals.shared_kb);
            prop_assert!(totals.pss_kb <= totals.rss_kb);
            for (&(_, rss, shared), &pss) in values.iter().zip(&pss) {
                prop_assert!(rss - shared <= pss && pss <= rss, "{} <= {pss} <= {rss}", rss - shared);
            }
        }

        #[test]
        fn the_total_is_the_formula(values in tick()) {
            let mut file = std::collections::BTreeMap::new();
            for &(executable, _, shared) in &values {
                let largest = file.entry(executable).or_insert(0);
                *largest = shared.max(*largest);
            }
            let private: u64 = values.iter().map(|&(_, rss, shared)| rss - shared).sum();
            let correction = file.values().min().map_or(0, |&smallest: &u64| (file.len() as u64 - 1) * smallest.min(2048));
            prop_assert_eq!(apportion(&values).0.pss_kb, private + file.values().sum::<u64>() - correction);
        }

        #[test]
        fn more_private_memory_is_more_of_both_totals(values in tick(), at in any::<prop::sample::Index>(), more in 1u64..1 << 30) {
            prop_assume!(!values.is_empty());
            let (before, pss_before) = apportion(&values);
            let mut grown = values.clone();
            let at = at.index(values.len());
            grown[at].1 += more;
            let (after, pss_after) = apportion(&grown);
            prop_assert_eq!((after.rss_kb, after.pss_kb), (before.rss_kb + more, before.pss_kb + more));
            prop_assert_eq!(pss_after[at], pss_before[at] + more);
        }

        #[test]
        fn absurd_sizes_do_not_overflow(values in prop::collection::vec((0u32..3, any::<u64>(), any::<u64>()), 0..10)) {
            apportion(&values);
        }

        #[test]
        fn one_scratch_space_serves_any_sequence_of_ticks(ticks in prop::collection::vec(tick(), 1..6)) {
            let mut model = Model::new();
            let mut pss = Vec::new();
            for values in &ticks {
                let totals = model.apportion(&rows(values), &mut pss);
                prop_assert_eq!((totals, pss.clone()), apportion(values));
            }
        }
    }
}
