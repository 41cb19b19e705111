//! The books of users without a connection: who left when, and who is kept for their State alone.
//!
//! Invariants:
//! - A mailbox with a connection stands in no book; one without, in one: in `leaving` while it keeps its Log, then, if it
//!   has State, in `absent`. Its `entry` says where; whoever changes one changes the other under the mailbox's lock.
//! - `absent` holds at most the configured number; the least recently used goes first. A use does not touch the books
//!   (broadcasts would meet here): the recorded time may be too early, never too late, so the first entry whose recorded
//!   time is true is the least recently used of all.
//! - This lock is innermost, held for a few steps only, and nothing else is locked under it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use parking_lot::Mutex;

use crate::core::mailbox::{BookEntry, Mailbox};
use crate::hub::registry::{Registry, Slot};
use crate::vocabulary::cursor::Epoch;

/// How many users of each book one call sweeps in passing: more than one, so that sweeping outruns leaving.
const SWEEP: usize = 2;

#[derive(Debug)]
pub(crate) struct Absence {
    books: Mutex<Books>,
    /// When there is something to sweep, in nanoseconds after `started`, so that a broadcast need not lock to know.
    due: AtomicU64,
    started: Instant,
    retention: Duration,
    limit: usize,
}

#[derive(Debug, Default)]
struct Books {
    leaving: BTreeMap<BookEntry, Arc<Slot>>,
    absent: BTreeMap<BookEntry, Arc<Slot>>,
    /// Tells entries of one moment apart.
    last_serial: u64,
}

impl Books {
    fn new_entry(&mut self, since: Instant) -> BookEntry {
        self.last_serial += 1;
        BookEntry { since, serial: self.last_serial }
    }
}

impl Absence {
    pub(crate) fn new(retention: Duration, limit: usize, now: Instant) -> Self {
        Self { books: Mutex::default(), due: AtomicU64::new(u64::MAX), started: now, retention, limit }
    }

    /// Whether State for a user without a mailbox is kept.
    pub(crate) const fn keeps_state(&self) -> bool {
        self.limit > 0
    }

    /// The last connection of a user left; the caller holds the mailbox's lock.
    pub(crate) fn left(&self, slot: &Arc<Slot>, mailbox: &mut Mailbox<std::task::Waker>, now: Instant) {
        let mut books = self.books.lock();
        let entry = books.new_entry(now);
        books.leaving.insert(entry, Arc::clone(slot));
        mailbox.entry = Some(entry);
        self.set_due(&books);
    }

    /// A mailbox has State and keeps no Log; the caller holds its lock.
    pub(crate) fn is_absent(&self, slot: &Arc<Slot>, mailbox: &mut Mailbox<std::task::Waker>) {
        let mut books = self.books.lock();
        let entry = books.new_entry(mailbox.last_used);
        books.absent.insert(entry, Arc::clone(slot));
        mailbox.entry = Some(entry);
        self.set_due(&books);
    }

    /// A user is back; the caller holds the mailbox's lock.
    pub(crate) fn returned(&self, mailbox: &mut Mailbox<std::task::Waker>) {
        if let Some(entry) = mailbox.entry.take() {
            let mut books = self.books.lock();
            let book = if mailbox.keeps_log { &mut books.leaving } else { &mut books.absent };
            book.remove(&entry);
        }
    }

    /// Does a little of what is due: every caller sweeps a few, so that nothing piles up where nobody else does.
    pub(crate) fn sweep(&self, registry: &Registry, now: Instant, mut epoch: impl FnMut() -> Epoch) {
        if self.nanoseconds(now) < self.due.load(Ordering::Relaxed) {
            return;
        }
        for _ in 0..SWEEP {
            let Some((entry, slot)) = self.next_leaving(now) else { break };
            self.retire(registry, &slot, entry, epoch());
        }
        for _ in 0..SWEEP {
            let Some((entry, slot)) = self.next_excess() else { break };
            self.forget(registry, &slot, entry);
        }
        self.set_due(&self.books.lock());
    }

    fn next_leaving(&self, now: Instant) -> Option<(BookEntry, Arc<Slot>)> {
        let mut books = self.books.lock();
        let first = books.leaving.first_entry()?;
        let is_due = now.saturating_duration_since(first.key().since) >= self.retention;
        is_due.then(|| first.remove_entry())
    }

    fn next_excess(&self) -> Option<(BookEntry, Arc<Slot>)> {
        let mut books = self.books.lock();
        if books.absent.len() > self.limit { books.absent.pop_first() } else { None }
    }

    /// The retention of a user has passed, unless the user has come back since the entry was taken out.
    fn retire(&self, registry: &Registry, slot: &Arc<Slot>, entry: BookEntry, epoch: Epoch) {
        {
            let mut mailbox = slot.mailbox.lock();
            if mailbox.entry != Some(entry) {
                return;
            }
            mailbox.retire(epoch);
            mailbox.entry = None;
            if self.keeps_state() && mailbox.log.has_state() {
                self.is_absent(slot, &mut mailbox);
                return;
            }
        }
        registry.remove_if(slot, |mailbox| !mailbox.keeps_log && mailbox.entry.is_none());
    }

    /// There are too many absent users: the least recently used goes, unless it turns out to be another.
    fn forget(&self, registry: &Registry, slot: &Arc<Slot>, entry: BookEntry) {
        {
            let mut mailbox = slot.mailbox.lock();
            if mailbox.entry != Some(entry) {
                return;
            }
            mailbox.entry = None;
            if mailbox.last_used > entry.since {
                self.is_absent(slot, &mut mailbox);
                return;
            }
        }
        registry.remove_if(slot, |mailbox| !mailbox.keeps_log && mailbox.entry.is_none());
    }

    fn set_due(&self, books: &Books) {
        let due = if books.absent.len() > self.limit {
            0
        } else {
            let first = books.leaving.first_key_value();
            first.map_or(u64::MAX, |(entry, _)| {
                self.nanoseconds(entry.since).saturating_add(nanoseconds(self.retention))
            })
        };
        self.due.store(due, Ordering::Relaxed);
    }

    fn nanoseconds(&self, now: Instant) -> u64 {
        nanoseconds(now.saturating_duration_since(self.started))
    }
}

fn nanoseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}
