//! The books of users without a connection: who left when, and who is kept for their State alone.
//!
//! Invariants:
//! - A user who leaves stands in `leaving` until the retention has passed; then the mailbox retires, and stands in
//!   `absent` if it has State, or goes.
//! - `absent` holds at most the configured number; the least recently used goes first. A use does not touch the books
//!   (broadcasts would meet here): the recorded time may be too early, never too late, so the first entry whose recorded
//!   time is true is the least recently used of all.
//! - This lock is innermost, held for a few steps only, and nothing else is locked under it.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use parking_lot::Mutex;

use crate::hub::registry::{Registry, Slot};
use crate::vocabulary::cursor::Epoch;

/// How many users one call sweeps in passing: more than one, so that sweeping outruns leaving.
const SWEEP: usize = 2;

#[derive(Debug)]
pub(crate) struct Absence {
    books: Mutex<Books>,
    /// Whether the books hold anything, so that a broadcast need not lock to see that they do not.
    is_empty: AtomicBool,
    retention: Duration,
    limit: usize,
}

#[derive(Debug, Default)]
struct Books {
    leaving: VecDeque<(Instant, Arc<Slot>)>,
    absent: BTreeMap<(Instant, u64), Arc<Slot>>,
    /// Tells entries of one moment apart.
    serial: u64,
}

impl Books {
    fn record(&mut self, last_used: Instant, slot: Arc<Slot>) -> (Instant, u64) {
        self.serial += 1;
        self.absent.insert((last_used, self.serial), slot);
        (last_used, self.serial)
    }
}

impl Absence {
    pub(crate) fn new(retention: Duration, limit: usize) -> Self {
        Self { books: Mutex::default(), is_empty: AtomicBool::new(true), retention, limit }
    }

    /// Whether State for a user without a mailbox is kept.
    pub(crate) const fn keeps_state(&self) -> bool {
        self.limit > 0
    }

    /// The last connection of a user left.
    pub(crate) fn left(&self, slot: &Arc<Slot>, now: Instant) {
        self.books.lock().leaving.push_back((now, Arc::clone(slot)));
        self.is_empty.store(false, Ordering::Release);
    }

    /// A mailbox has State and no connection; the caller holds its lock and keeps the entry in it.
    pub(crate) fn record(&self, slot: &Arc<Slot>, last_used: Instant) -> (Instant, u64) {
        let entry = self.books.lock().record(last_used, Arc::clone(slot));
        self.is_empty.store(false, Ordering::Release);
        entry
    }

    /// An absent user is back; the caller holds the mailbox's lock.
    pub(crate) fn returned(&self, entry: (Instant, u64)) {
        self.books.lock().absent.remove(&entry);
    }

    /// Does a little of what is due: every caller sweeps a few, so that nothing piles up where nobody else does.
    pub(crate) fn sweep(&self, registry: &Registry, now: Instant, mut epoch: impl FnMut() -> Epoch) {
        if self.is_empty.load(Ordering::Acquire) {
            return;
        }
        for _ in 0..SWEEP {
            let Some((left, slot)) = self.next_leaving(now) else { break };
            self.retire(registry, &slot, left, epoch());
        }
        for _ in 0..SWEEP {
            let Some((recorded, slot)) = self.next_excess() else { break };
            self.forget(registry, &slot, recorded);
        }
    }

    fn next_leaving(&self, now: Instant) -> Option<(Instant, Arc<Slot>)> {
        let mut books = self.books.lock();
        let due = books.leaving.front().is_some_and(|(left, _)| now.saturating_duration_since(*left) >= self.retention);
        if due { books.leaving.pop_front() } else { None }
    }

    fn next_excess(&self) -> Option<(Instant, Arc<Slot>)> {
        let mut books = self.books.lock();
        if books.absent.len() <= self.limit {
            let is_empty = books.absent.is_empty() && books.leaving.is_empty();
            self.is_empty.store(is_empty, Ordering::Release);
            return None;
        }
        books.absent.pop_first().map(|((recorded, _), slot)| (recorded, slot))
    }

    /// The retention of a user has passed, unless there was a connection since.
    fn retire(&self, registry: &Registry, slot: &Arc<Slot>, left: Instant, epoch: Epoch) {
        {
            let mut mailbox = slot.mailbox.lock();
            if mailbox.is_closed || mailbox.left != Some(left) {
                return;
            }
            mailbox.retire(epoch);
            if self.keeps_state() && mailbox.log.has_state() {
                mailbox.absent_entry = Some(self.record(slot, mailbox.last_used));
                return;
            }
        }
        registry.remove_if(slot, |mailbox| !mailbox.keeps_log && mailbox.absent_entry.is_none());
    }

    /// There are too many absent users: the least recently used goes, unless it turns out to be another.
    fn forget(&self, registry: &Registry, slot: &Arc<Slot>, recorded: Instant) {
        {
            let mut mailbox = slot.mailbox.lock();
            if mailbox.is_closed || mailbox.keeps_log {
                return;
            }
            mailbox.absent_entry = None;
            if mailbox.last_used > recorded {
                mailbox.absent_entry = Some(self.record(slot, mailbox.last_used));
                return;
            }
        }
        registry.remove_if(slot, |mailbox| !mailbox.keeps_log && mailbox.absent_entry.is_none());
    }
}
