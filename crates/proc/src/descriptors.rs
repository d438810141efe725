//! How many descriptors processes may hold, so that a build of thousands neither fails with `EMFILE` nor starves the rest of this program.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

/// Shared by all processes of one root.
#[derive(Debug)]
pub(crate) struct Budget {
    limit: u32,
    held: AtomicU32,
}

/// What one process holds; given back when it is dropped.
#[derive(Debug)]
pub(crate) struct Grant {
    budget: Arc<Budget>,
    descriptors: u32,
}

impl Budget {
    pub(crate) fn new(limit: u32) -> Self {
        Self { limit, held: AtomicU32::new(0) }
    }

    /// Three quarters of the soft limit, and all but 64: Node, the tables and other sessions open files too.
    pub(crate) fn of_this_process() -> Self {
        let soft = rustix::process::getrlimit(rustix::process::Resource::Nofile).current.unwrap_or(u64::MAX);
        Self::new(u32::try_from((soft / 4 * 3).min(soft.saturating_sub(64))).unwrap_or(u32::MAX))
    }

    /// Three while less than half is held, then one, then none: better one for each than three for some.
    pub(crate) fn ask(budget: &Arc<Self>) -> Grant {
        let held = budget.held.load(Ordering::Relaxed);
        let descriptors = if held < budget.limit / 2 { 3 } else { u32::from(held < budget.limit) };
        budget.held.fetch_add(descriptors, Ordering::Relaxed);
        Grant { budget: Arc::clone(budget), descriptors }
    }
}

impl Grant {
    pub(crate) fn descriptors(&self) -> u32 {
        self.descriptors
    }

    pub(crate) fn reduce_to(&mut self, descriptors: u32) {
        self.budget.held.fetch_sub(self.descriptors - descriptors, Ordering::Relaxed);
        self.descriptors = descriptors;
    }
}

impl Drop for Grant {
    fn drop(&mut self) {
        self.budget.held.fetch_sub(self.descriptors, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_hold_all_their_files_and_the_last_none() {
        let budget = Arc::new(Budget::new(10));
        let grants: Vec<Grant> = (0..8).map(|_| Budget::ask(&budget)).collect();
        assert_eq!(grants.iter().map(Grant::descriptors).collect::<Vec<_>>(), [3, 3, 1, 1, 1, 1, 0, 0]);
        drop(grants);
        assert_eq!(Budget::ask(&budget).descriptors(), 3);
    }
}
