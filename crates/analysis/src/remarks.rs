//! What measurements said of the images of a recording.

use mymonitor_recording::{Correction, Executables, Remark, Remarks};

use crate::by_tick::Sample;

/// Of the images that were measured: the few of very many.
pub(crate) struct RemarksOfImages {
    /// Index: `process_id`; where its remark is. Empty where nothing was measured.
    slots: Vec<u32>,
    /// What an image's last measurement said, before its first one that. The first is of all that were never measured.
    remarks: Vec<Remark>,
}

const NEVER_MEASURED: u32 = 0;

impl RemarksOfImages {
    pub(crate) fn new(images: usize, corrections: Vec<(u32, Correction)>) -> Self {
        let mut remarks = Self { slots: Vec::new(), remarks: vec![Remark::default()] };
        if corrections.is_empty() {
            return remarks;
        }
        remarks.slots.resize(images, NEVER_MEASURED);
        for (process_id, correction) in corrections {
            if (process_id as usize) < images {
                *remarks.of(process_id) = Some(correction).into();
            }
        }
        remarks
    }

    /// Whether nothing was measured.
    pub(crate) fn is_empty(&self) -> bool {
        self.slots.is_empty()
    }

    fn get(&self, process_id: u32) -> &Remark {
        &self.remarks[self.slots[process_id as usize] as usize]
    }

    /// Of an image that is measured.
    pub(crate) fn of(&mut self, process_id: u32) -> &mut Remark {
        let slot = &mut self.slots[process_id as usize];
        if *slot == NEVER_MEASURED {
            // Images are numbered by u32, and one is never measured.
            *slot = u32::try_from(self.remarks.len()).unwrap_or(NEVER_MEASURED);
            self.remarks.push(Remark::default());
        }
        &mut self.remarks[*slot as usize]
    }
}

/// Of the processes of a tick.
pub(crate) struct OfTick<'a> {
    pub(crate) remarks: &'a mut RemarksOfImages,
    pub(crate) samples: &'a [Sample],
    pub(crate) executables: &'a Executables,
}

impl Remarks for OfTick<'_> {
    fn get(&self, index: usize) -> &Remark {
        self.remarks.get(self.samples[index].process_id)
    }

    fn measured(&mut self, index: usize) -> &mut Remark {
        self.remarks.of(self.samples[index].process_id)
    }

    fn family(&self, index: usize) -> u32 {
        self.executables.family(self.samples[index].process_id)
    }
}
