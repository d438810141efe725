//! The ticks of a window in which all processes of an executable were measured.

use crate::by_tick::Sample;

/// Those that are still to come, the next one last. What is to come in the next window is not known in this one.
#[derive(Debug, Default)]
pub(crate) struct Foresight {
    to_come: Vec<Whole>,
    /// Index: executable; of the tick that was taken last, zero where it is not `present`.
    tallies: Vec<Tally>,
    present: Vec<u32>,
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct Whole {
    pub(crate) executable: u32,
    pub(crate) position: u32,
}

#[derive(Debug, Clone, Copy, Default)]
struct Tally {
    rows: u32,
    measured: u32,
}

impl Foresight {
    /// Forgets the last window.
    pub(crate) fn clear(&mut self) {
        self.to_come.clear();
    }

    /// Takes a tick of the window, the latest first; each process comes with its executable.
    pub(crate) fn take<'a>(&mut self, position: u32, processes: impl Iterator<Item = (u32, &'a Sample)>) {
        for executable in self.present.drain(..) {
            self.tallies[executable as usize] = Tally::default();
        }
        for (executable, sample) in processes {
            let index = executable as usize;
            if index >= self.tallies.len() {
                self.tallies.resize(index + 1, Tally::default());
            }
            let tally = &mut self.tallies[index];
            if tally.rows == 0 {
                self.present.push(executable);
            }
            tally.rows += 1;
            tally.measured += u32::from(sample.is_measured());
        }
        for &executable in &self.present {
            let Tally { rows, measured } = self.tallies[executable as usize];
            if rows > 1 && measured == rows {
                self.to_come.push(Whole { executable, position });
            }
        }
    }

    /// The next one of each executable, when all ticks of the window were taken.
    pub(crate) fn first_of_each(&self) -> Vec<Whole> {
        let mut first: Vec<Whole> = Vec::new();
        for whole in self.to_come.iter().rev() {
            if first.iter().all(|other| other.executable != whole.executable) {
                first.push(*whole);
            }
        }
        first
    }

    /// The executable of one of this tick, which is no more to come.
    pub(crate) fn pass(&mut self, position: u32) -> Option<u32> {
        self.to_come.pop_if(|whole| whole.position == position).map(|whole| whole.executable)
    }

    /// The next one of an executable.
    pub(crate) fn next_of(&self, executable: u32) -> Option<Whole> {
        self.to_come.iter().rev().find(|whole| whole.executable == executable).copied()
    }
}
