use proptest::prelude::*;

use super::*;

/// A forked pair that maps one file of 10,000, and a third process of the same executable with a file of its own.
const PAIR: [Row; 2] = [Row { executable: 1, rss_kb: 11_000, shared_kb: 10_000 }; 2];
const OTHER: Row = Row { executable: 1, rss_kb: 9_000, shared_kb: 8_000 };
const ALL: [Row; 3] = [PAIR[0], PAIR[1], OTHER];
const SHARER: Measured = Measured { pss_kb: 6_000, uss_kb: 1_000 };
const LONER: Measured = Measured { pss_kb: 9_000, uss_kb: 9_000 };
const WHOLE: [Measured; 3] = [SHARER, SHARER, LONER];

#[derive(Default)]
struct Ticks {
    corrector: Corrector,
    images: Images,
    tick: u32,
}

/// All of one family unless said otherwise.
#[derive(Default)]
struct Images {
    remarks: [Remark; 6],
    families: [u32; 6],
}

impl Remarks for &mut Images {
    fn get(&self, index: usize) -> &Remark {
        &self.remarks[index]
    }

    fn measured(&mut self, index: usize) -> &mut Remark {
        &mut self.remarks[index]
    }

    fn family(&self, index: usize) -> u32 {
        self.families[index]
    }
}

impl Ticks {
    fn tick<const N: usize>(&mut self, rows: [Row; N], measured: [Option<Measured>; N]) -> [u64; N] {
        let mut pss_kb = Vec::new();
        crate::model::Model::new().apportion(&rows, &mut pss_kb);
        self.tick += 1;
        self.corrector.correct(self.tick, &rows, &measured, &mut self.images, &mut pss_kb);
        pss_kb.try_into().unwrap()
    }

    fn foresee<const N: usize>(&mut self, tick: u32, rows: [Row; N], measured: [Measured; N]) {
        self.corrector.foresee(1, tick);
        let Images { remarks, families } = &mut self.images;
        for (((row, measured), remark), family) in rows.iter().zip(measured).zip(remarks).zip(*families) {
            self.corrector.foresee_process(row, measured, family, remark);
        }
    }

    fn sum<const N: usize>(&mut self, rows: [Row; N]) -> u64 {
        self.tick(rows, [None; N]).iter().sum()
    }
}

#[test]
fn a_group_that_was_measured_whole_keeps_its_sum_while_it_is_the_same() {
    let mut ticks = Ticks::default();
    assert_eq!(ticks.sum(ALL), 3_000 + 10_000);
    // The model takes the third file for the same as the pair's: 8,000 too little.
    assert_eq!(ticks.tick(ALL, WHOLE.map(Some)), [6_000, 6_000, 9_000]);
    assert_eq!(ticks.tick(ALL, [None; 3]), [6_000, 6_000, 9_000]);
    let mut grown = ALL;
    grown[2].rss_kb += 50_000;
    assert_eq!(ticks.tick(grown, [None; 3]), [6_000, 6_000, 59_000]);
}

#[test]
fn a_process_that_has_left_takes_its_own_pages_along_and_no_others() {
    let mut ticks = Ticks::default();
    ticks.tick(ALL, WHOLE.map(Some));
    assert_eq!(ticks.tick(PAIR, [None; 2]), [6_000, 6_000]);
    assert_eq!(ticks.sum([PAIR[0]]), 11_000);
    assert_eq!(ticks.tick(ALL, [None; 3]), [6_000, 6_000, 9_000]);
}

#[test]
fn forks_of_which_one_has_left_share_what_they_shared() {
    let mut ticks = Ticks::default();
    // 30,000 that three share copy-on-write, and 1,000 of each.
    let family = [Row { executable: 1, rss_kb: 31_000, shared_kb: 0 }; 3];
    ticks.tick(family, [Some(Measured { pss_kb: 11_000, uss_kb: 1_000 }); 3]);
    assert_eq!(ticks.sum([family[0], family[1]]), 32_000);
    assert_eq!(ticks.sum([family[0]]), 31_000);
}

#[test]
fn shared_memory_that_came_later_is_new_or_not_and_the_model_decides_between() {
    let mut ticks = Ticks::default();
    ticks.tick(ALL, WHOLE.map(Some));
    let mut more = ALL;
    more[2] = Row { rss_kb: 15_000, shared_kb: 14_000, ..OTHER };
    // The model says 3,000 + 14,000: too little, as the two files are different ones.
    assert_eq!(ticks.sum(more), 21_000);
    let mut less = ALL;
    less[2] = Row { rss_kb: 5_000, shared_kb: 4_000, ..OTHER };
    assert_eq!(ticks.sum(less), 17_000);
}

#[test]
fn what_forks_share_is_not_each_ones_own_when_they_map_more() {
    // 9,000 shared copy-on-write, 1,000 of each, and more and more of one file.
    let at = |shared_kb: u64| [Row { executable: 1, rss_kb: 10_000 + shared_kb, shared_kb }; 3];
    let mut ticks = Ticks::default();
    ticks.tick(at(9_000), [Some(Measured { pss_kb: 7_000, uss_kb: 1_000 }); 3]);
    assert_eq!(ticks.sum(at(57_000)), 3_000 + 9_000 + 57_000);
    assert_eq!(ticks.sum([at(57_000)[0], at(57_000)[1]]), 2_000 + 9_000 + 57_000);
}

#[test]
fn between_two_measurements_both_limit_the_sum() {
    // Linkers, each with its own files: the model takes them for the same.
    let at = |shared_kb: u64| [Row { executable: 1, rss_kb: 1_000 + shared_kb, shared_kb }; 3];
    let measured = |shared_kb: u64| [Measured { pss_kb: 1_000 + shared_kb, uss_kb: 1_000 + shared_kb }; 3];
    let mut ticks = Ticks::default();
    ticks.tick(at(9_000), measured(9_000).map(Some));
    assert_eq!(ticks.sum(at(57_000)), 3_000 + 57_000);
    ticks.foresee(9, at(60_000), measured(60_000));
    assert_eq!(ticks.sum(at(57_000)), 3 * 58_000);
    // Forks have written what they inherited, of which no size tells: the two contradict each other, and the nearer holds.
    let mut ticks = Ticks::default();
    let family = [Row { executable: 1, rss_kb: 10_000, shared_kb: 0 }; 3];
    ticks.tick(family, [Some(Measured { pss_kb: 4_000, uss_kb: 1_000 }); 3]);
    ticks.foresee(9, family, [Measured { pss_kb: 10_000, uss_kb: 10_000 }; 3]);
    assert_eq!(ticks.sum(family), 12_000);
}

#[test]
fn a_newcomer_adds_its_own_pages_and_what_it_shares_otherwise_than_by_a_fork() {
    let mut ticks = Ticks::default();
    let family = [Row { executable: 1, rss_kb: 31_000, shared_kb: 0 }; 3];
    ticks.tick([family[0], family[1]], [Some(Measured { pss_kb: 16_000, uss_kb: 1_000 }); 2]);
    let newcomer = Some(Measured { pss_kb: 11_000, uss_kb: 1_000 });
    assert_eq!(ticks.tick(family, [None, None, newcomer]).iter().sum::<u64>(), 33_000);
    assert_eq!(ticks.sum(family), 33_000);
    // Of the 15,000 that it has in common now 10,000 are its part of the family's, so 5,000 are of the 10,000 that it maps with somebody else.
    let mapped = [family[0], family[1], Row { executable: 1, rss_kb: 41_000, shared_kb: 10_000 }];
    let newcomer = Some(Measured { pss_kb: 16_000, uss_kb: 1_000 });
    assert_eq!(ticks.tick(mapped, [None, None, newcomer]).iter().sum::<u64>(), 38_000);
}

#[test]
fn what_a_family_of_newcomers_shares_comes_on_top_once() {
    let mut ticks = Ticks::default();
    ticks.images.families = [0, 0, 2, 2, 2, 2];
    let [known, other] = [Row { executable: 1, rss_kb: 31_000, shared_kb: 0 }, Row { executable: 1, rss_kb: 49_000, shared_kb: 0 }];
    ticks.tick([known; 2], [Some(Measured { pss_kb: 16_000, uss_kb: 1_000 }); 2]);
    let newcomer = |relatives: u64| Some(Measured { pss_kb: 1_000 + 48_000 / relatives, uss_kb: 1_000 });
    let measured = [None, None, newcomer(3), newcomer(3), newcomer(3)];
    assert_eq!(ticks.tick([known, known, other, other, other], measured).iter().sum::<u64>(), 32_000 + 51_000);
    // One more, which is taken to be like them until it is measured.
    let rows = [known, known, other, other, other, other];
    assert_eq!(ticks.sum(rows), 32_000 + 52_000);
    ticks.tick(rows, [None, None, None, None, None, newcomer(4)]);
    assert_eq!(ticks.sum(rows), 32_000 + 52_000);
}

#[test]
fn forks_that_give_back_what_they_share_are_never_nothing() {
    let mut ticks = Ticks::default();
    let family = [Row { executable: 1, rss_kb: 101_000, shared_kb: 0 }; 5];
    ticks.tick(family, [Some(Measured { pss_kb: 21_000, uss_kb: 1_000 }); 5]);
    let shrunk = [Row { executable: 1, rss_kb: 51_000, shared_kb: 0 }; 5];
    let total_kb = ticks.sum(shrunk);
    assert!((51_000..=5 * 51_000).contains(&total_kb), "{total_kb}");
    // Backwards: before it forked it was smaller than what it shared then.
    let mut ticks = Ticks::default();
    ticks.foresee(9, family, [Measured { pss_kb: 20_000, uss_kb: 0 }; 5]);
    assert_eq!(ticks.sum([shrunk[0]]), 51_000);
}

#[test]
fn what_is_left_goes_to_those_that_have_room_for_it() {
    let mut ticks = Ticks::default();
    let before = [Row { executable: 1, rss_kb: 100_000, shared_kb: 0 }, Row { executable: 1, rss_kb: 100_000, shared_kb: 0 }, OTHER];
    let measured = [Measured { pss_kb: 50_000, uss_kb: 0 }, Measured { pss_kb: 50_000, uss_kb: 0 }, LONER];
    ticks.tick(before, measured.map(Some));
    let shrunk = [40_000, 40_000].map(|rss_kb| Row { executable: 1, rss_kb, shared_kb: 0 });
    let total_kb = ticks.sum([shrunk[0], shrunk[1], OTHER]);
    assert!((49_000..=89_000).contains(&total_kb), "{total_kb}");
}

#[test]
fn a_fork_that_was_never_measured_has_what_its_measured_relatives_have() {
    let mut ticks = Ticks::default();
    // Too many to measure all in one tick: two of five were.
    let family = [Row { executable: 1, rss_kb: 101_000, shared_kb: 0 }; 5];
    let relative = Some(Measured { pss_kb: 21_000, uss_kb: 1_000 });
    ticks.tick(family, [relative, relative, None, None, None]);
    assert_eq!(ticks.sum(family), 100_000 + 5_000);
}

#[test]
fn a_measurement_that_is_to_come_holds_for_the_ticks_before_it() {
    let mut ticks = Ticks::default();
    ticks.foresee(5, ALL, WHOLE);
    assert_eq!(ticks.sum(PAIR), 12_000);
    assert_eq!(ticks.tick(ALL, [None; 3]), [6_000, 6_000, 9_000]);
    let mut small = ALL;
    small[2].rss_kb -= 500;
    assert_eq!(ticks.tick(small, [None; 3]), [6_000, 6_000, 8_500]);
}

#[test]
fn a_newcomer_has_what_its_first_measurement_will_say() {
    let mut ticks = Ticks::default();
    let family = [Row { executable: 1, rss_kb: 31_000, shared_kb: 0 }; 3];
    ticks.tick([family[0], family[1]], [Some(Measured { pss_kb: 16_000, uss_kb: 1_000 }); 2]);
    let first = Measured { pss_kb: 11_000, uss_kb: 1_000 };
    for measured in [Measured { pss_kb: 9_000, uss_kb: 5_000 }, first] {
        ticks.images.remarks[2].foresee(&family[2], measured, || 3);
    }
    assert_eq!(ticks.sum(family), 33_000);
    ticks.tick(family, [None, None, Some(first)]);
    ticks.images.remarks[2].foresee(&family[2], Measured { pss_kb: 9_000, uss_kb: 5_000 }, || 3);
    assert_eq!(ticks.sum(family), 33_000);
}

#[test]
fn of_two_measurements_that_know_all_processes_the_nearer_in_time_holds() {
    let mut ticks = Ticks::default();
    ticks.tick(PAIR, [Some(SHARER); 2]);
    let later = [Measured { pss_kb: 7_000, uss_kb: 3_000 }; 2];
    ticks.foresee(5, PAIR, later);
    assert_eq!([ticks.sum(PAIR), ticks.sum(PAIR), ticks.sum(PAIR)], [12_000, 12_000, 14_000]);
    assert_eq!(ticks.tick(PAIR, later.map(Some)), [7_000, 7_000]);
    assert_eq!(ticks.sum(PAIR), 14_000);
}

#[test]
fn a_member_that_is_measured_alone_takes_its_new_value_along() {
    let mut ticks = Ticks::default();
    ticks.tick(ALL, WHOLE.map(Some));
    ticks.tick(ALL, [None, None, Some(Measured { pss_kb: 8_900, uss_kb: 8_900 })]);
    assert_eq!(ticks.tick(ALL, [None; 3]), [6_000, 6_000, 8_900]);
}

#[test]
fn forks_that_have_written_what_they_inherited_leave_nothing_to_a_newcomer() {
    let fork = Row { executable: 1, rss_kb: 10_000, shared_kb: 0 };
    let (shares, has_written) = (Measured { pss_kb: 6_000, uss_kb: 2_000 }, Measured { pss_kb: 10_000, uss_kb: 10_000 });
    let mut ticks = Ticks::default();
    ticks.tick([fork; 2], [Some(shares); 2]);
    assert_eq!(ticks.sum([fork; 3]), 14_000);
    ticks.tick([fork; 2], [Some(has_written), None]);
    ticks.tick([fork; 2], [None, Some(has_written)]);
    assert_eq!(ticks.sum([fork; 3]), 30_000);
}

#[test]
fn one_process_alone_is_no_group() {
    let mut ticks = Ticks::default();
    assert_eq!(ticks.tick([OTHER], [Some(Measured { pss_kb: 5_000, uss_kb: 5_000 })]), [5_000]);
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

/// Private and shared memory of a process, and what of both is its own and is proportional, in parts of 100, where it was measured.
fn process() -> impl Strategy<Value = (u64, u64, Option<(u64, u64)>)> {
    (0u64..1 << 32, 0u64..1 << 32, prop::option::of((0u64..=100, 0u64..=100)))
}

proptest! {
    #[test]
    fn no_process_exceeds_its_rss_and_no_executable_is_less_than_its_largest(
        ticks in prop::collection::vec(prop::collection::vec(process(), 1..=6), 1..8),
        families in prop::array::uniform6(0u32..3),
    ) {
        let mut corrector = Corrector::default();
        let mut images = Images { families, ..Images::default() };
        for (tick, processes) in (1..).zip(ticks) {
            let row = |&(private, shared, _): &(u64, u64, _)| Row { executable: 0, rss_kb: private + shared, shared_kb: shared };
            let rows: Vec<Row> = processes.iter().map(row).collect();
            let measured: Vec<Option<Measured>> = processes
                .iter()
                .map(|&(private, shared, parts)| {
                    let (pss, uss) = parts?;
                    let pss_kb = (private + shared) / 100 * pss;
                    Some(Measured { pss_kb, uss_kb: pss_kb / 100 * uss })
                })
                .collect();
            let mut pss_kb = Vec::new();
            crate::model::Model::new().apportion(&rows, &mut pss_kb);
            corrector.correct(tick, &rows, &measured, &mut images, &mut pss_kb);
            for (row, pss_kb) in rows.iter().zip(&pss_kb) {
                prop_assert!(*pss_kb <= row.rss_kb);
            }
            if measured.iter().all(Option::is_none) {
                let largest_kb = rows.iter().map(crate::model::private).max().unwrap_or(0);
                prop_assert!(pss_kb.iter().sum::<u64>() >= largest_kb, "{pss_kb:?} {largest_kb}");
            }
        }
    }
}
