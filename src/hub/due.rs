//! When something is due, readable without a lock: so that a broadcast need not lock to see that nothing is.

use std::time::{Duration, Instant};

use crate::hub::sync::{AtomicU64, Ordering};

/// A moment that is set under the lock of what it speaks of, and read without. A late reader is a little late, that is all.
#[derive(Debug)]
pub(crate) struct Due {
    started: Instant,
    nanoseconds: AtomicU64,
}

impl Due {
    /// Nothing is due.
    pub(crate) const fn never(started: Instant) -> Self {
        Self { started, nanoseconds: AtomicU64::new(u64::MAX) }
    }

    pub(crate) fn set(&self, due: Option<Instant>) {
        self.nanoseconds.store(due.map_or(u64::MAX, |due| self.after_start(due)), Ordering::Relaxed);
    }

    /// Whether anything will be due.
    pub(crate) fn is_set(&self) -> bool {
        self.nanoseconds.load(Ordering::Relaxed) != u64::MAX
    }

    pub(crate) fn is_due(&self, now: Instant) -> bool {
        self.is_set() && self.after_start(now) >= self.nanoseconds.load(Ordering::Relaxed)
    }

    fn after_start(&self, moment: Instant) -> u64 {
        u64::try_from(moment.saturating_duration_since(self.started).as_nanos()).unwrap_or(u64::MAX)
    }
}

/// `moment + wait`, or never where the clock cannot say it.
pub(crate) fn after(moment: Instant, wait: Duration) -> Option<Instant> {
    moment.checked_add(wait)
}
