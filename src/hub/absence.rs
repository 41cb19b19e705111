//! The books of users without a connection: who left when, and who is kept for their State alone.
//!
//! Invariants:
//! - A mailbox with a connection stands in no book; one without, in one: in `leaving` while it keeps its Log, then, if it
//!   has State, in `absent`. Its `entry` says where; whoever changes one changes the other under the mailbox's lock.
//! - `absent` holds at most the configured number; the least recently used goes first. A use does not touch the books
//!   (broadcasts would meet here): the recorded time may be too early, never too late, so the first entry whose recorded
//!   time is true is the least recently used of all.
//! - This lock is innermost, held for a few steps only but for when vacant places are swept out, and nothing else is
//!   locked under it.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::task::Waker;
use std::time::{Duration, Instant};

use crate::core::mailbox::{BookEntry, Mailbox};
use crate::hub::due::{Due, after};
use crate::hub::registry::Slot;
use crate::hub::shared::Shared;
use crate::hub::sync::{Mutex, Ordering};

/// How many users of each book one call sweeps in passing: more than one, so that sweeping outruns leaving.
const SWEEP: usize = 2;

#[derive(Debug)]
pub(crate) struct Absence {
    books: Mutex<Books>,
    due: Due,
    retention: Duration,
    limit: usize,
}

#[derive(Debug, Default)]
struct Books {
    leaving: Leaving,
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

/// Who left, in that order.
///
/// Every connect and disconnect may come by here, so it is a queue: who comes back leaves a vacant place, and when more
/// than half of the places are vacant they are swept out, which costs a constant a user.
#[derive(Debug, Default)]
struct Leaving {
    places: VecDeque<(BookEntry, Option<Arc<Slot>>)>,
    vacant: usize,
}

impl Leaving {
    /// Its serial is higher than all before it.
    fn push(&mut self, entry: BookEntry, slot: Arc<Slot>) {
        self.places.push_back((entry, Some(slot)));
    }

    fn first(&self) -> Option<BookEntry> {
        self.places.front().map(|(entry, _)| *entry)
    }

    fn pop_first(&mut self) -> Option<(BookEntry, Arc<Slot>)> {
        let (entry, slot) = self.places.pop_front()?;
        self.drop_vacant_first();
        self.give_room_back();
        slot.map(|slot| (entry, slot))
    }

    fn remove(&mut self, entry: BookEntry) -> Option<Arc<Slot>> {
        let at = self.place_of(entry.serial)?;
        let slot = self.places[at].1.take()?;
        self.vacant += 1;
        self.drop_vacant_first();
        if self.vacant > 32 && self.vacant * 2 > self.places.len() {
            self.places.retain(|(_, slot)| slot.is_some());
            self.vacant = 0;
        }
        self.give_room_back();
        Some(slot)
    }

    /// What a crowd that has left took does not stay for ever.
    fn give_room_back(&mut self) {
        if self.places.capacity() > 64 && self.places.len() * 4 < self.places.capacity() {
            self.places.shrink_to(self.places.len() * 2);
        }
    }

    /// As far behind the first as its serial says, or nearer, where a serial between them has no place here.
    fn place_of(&self, serial: u64) -> Option<usize> {
        let highest = usize::try_from(serial.checked_sub(self.first()?.serial)?).ok()?;
        if self.places.get(highest).is_some_and(|(entry, _)| entry.serial == serial) {
            return Some(highest);
        }
        self.places.binary_search_by_key(&serial, |(entry, _)| entry.serial).ok()
    }

    /// So that the first place is never vacant.
    fn drop_vacant_first(&mut self) {
        while self.places.front().is_some_and(|(_, slot)| slot.is_none()) {
            self.places.pop_front();
            self.vacant -= 1;
        }
    }
}

impl Absence {
    pub(crate) fn new(retention: Duration, limit: usize, now: Instant) -> Self {
        Self { books: Mutex::default(), due: Due::never(now), retention, limit }
    }

    /// Whether State for a user without a mailbox is kept.
    pub(crate) const fn keeps_state(&self) -> bool {
        self.limit > 0
    }

    /// The last connection of a user left; the caller holds the mailbox's lock.
    pub(crate) fn left(&self, slot: &Arc<Slot>, mailbox: &mut Mailbox<Waker>, now: Instant) {
        let mut books = self.books.lock();
        let Some(away) = mailbox.away() else { return };
        let entry = books.new_entry(now);
        books.leaving.push(entry, Arc::clone(slot));
        away.entry = Some(entry);
        // Who comes behind others is due after them.
        if books.leaving.first() == Some(entry) {
            self.set_due(&books);
        }
    }

    /// A mailbox has State and keeps no Log; the caller holds its lock.
    pub(crate) fn is_absent(&self, slot: &Arc<Slot>, mailbox: &mut Mailbox<Waker>) {
        let mut books = self.books.lock();
        let Some(away) = mailbox.away() else { return };
        let entry = books.new_entry(away.last_used);
        books.absent.insert(entry, Arc::clone(slot));
        away.entry = Some(entry);
        self.set_due(&books);
    }

    /// A user is back; the caller holds the mailbox's lock, and so the mailbox.
    pub(crate) fn returned(&self, mailbox: &mut Mailbox<Waker>) {
        if let Some(entry) = mailbox.away().and_then(|away| away.entry.take()) {
            let mut books = self.books.lock();
            if mailbox.keeps_log {
                books.leaving.remove(entry)
            } else {
                books.absent.remove(&entry)
            };
        }
    }

    /// Whether anybody is on the way out.
    pub(crate) fn has_leaving(&self) -> bool {
        self.due.is_set()
    }

    /// Does a little of what is due, true if there was anything: every caller sweeps a few, so that nothing piles up where
    /// nobody else does.
    pub(crate) fn sweep(&self, shared: &Shared, now: Instant) -> bool {
        if !shared.is_over_budget() && !self.due.is_due(now) {
            return false;
        }
        let mut swept = false;
        for _ in 0..SWEEP {
            // Over the budget, who has been away for longest goes before the retention has passed.
            let Some((entry, slot)) = self.next_leaving(now, shared.is_over_budget()) else { break };
            self.retire(shared, &slot, entry);
            swept = true;
        }
        for _ in 0..SWEEP {
            let Some((entry, slot)) = self.next_excess(shared.is_over_budget() && !swept) else { break };
            self.forget(shared, &slot, entry);
            swept = true;
        }
        self.set_due(&self.books.lock());
        swept
    }

    fn next_leaving(&self, now: Instant, is_over_budget: bool) -> Option<(BookEntry, Arc<Slot>)> {
        let mut books = self.books.lock();
        let since = books.leaving.first()?.since;
        let is_due = is_over_budget || now.saturating_duration_since(since) >= self.retention;
        if is_due { books.leaving.pop_first() } else { None }
    }

    fn next_excess(&self, is_over_budget: bool) -> Option<(BookEntry, Arc<Slot>)> {
        let mut books = self.books.lock();
        if is_over_budget || books.absent.len() > self.limit { books.absent.pop_first() } else { None }
    }

    /// A user's Log goes: the retention has passed, unless the user has come back since the entry was taken out.
    fn retire(&self, shared: &Shared, slot: &Arc<Slot>, entry: BookEntry) {
        {
            let mut mailbox = slot.mailbox.lock();
            let Some(away) = mailbox.away().filter(|away| away.entry == Some(entry)) else { return };
            away.entry = None;
            mailbox.retire(shared.new_epoch());
            slot.keeps_log.store(mailbox.keeps_log, Ordering::Release);
            shared.account(&mut mailbox);
            if self.keeps_state() && mailbox.log.has_state() {
                self.is_absent(slot, &mut mailbox);
                return;
            }
        }
        shared.remove_unused(slot);
    }

    /// There are too many absent users: the least recently used goes, unless it turns out to be another.
    fn forget(&self, shared: &Shared, slot: &Arc<Slot>, entry: BookEntry) {
        {
            let mut mailbox = slot.mailbox.lock();
            let Some(away) = mailbox.away().filter(|away| away.entry == Some(entry)) else { return };
            away.entry = None;
            if away.last_used > entry.since {
                self.is_absent(slot, &mut mailbox);
                return;
            }
        }
        shared.remove_unused(slot);
    }

    fn set_due(&self, books: &Books) {
        let retired = books.leaving.first().and_then(|entry| after(entry.since, self.retention));
        let excess = books.absent.first_key_value().filter(|_| books.absent.len() > self.limit);
        self.due.set(excess.map(|(entry, _)| entry.since).or(retired));
    }
}

#[cfg(test)]
mod tests {
    use crate::UserHub;

    #[test]
    fn of_a_crowd_that_left_who_comes_back_leaves_no_place_and_in_the_end_no_room_behind()
    -> Result<(), crate::ConnectError> {
        let hub = UserHub::new();
        let users: Vec<String> = (0..1_000).map(|number| format!("user-{number}")).collect();
        for user in &users {
            drop(hub.connect(user)?);
        }
        let places = || {
            let books = hub.shared.absence.books.lock();
            let occupied = books.leaving.places.iter().filter(|(_, slot)| slot.is_some()).count();
            (occupied, books.leaving.places.len(), books.leaving.places.capacity())
        };
        // Every third stays away, so that places become vacant in the midst.
        let back = users.iter().enumerate().filter(|(number, _)| number % 3 > 0);
        let _devices: Vec<_> = back.map(|(_, user)| hub.connect(user)).collect::<Result<_, _>>()?;
        let (occupied, all, _) = places();
        assert_eq!(occupied, 334);
        assert!(all <= 2 * occupied + 32, "{all} places for {occupied}");
        let _rest: Vec<_> = users.iter().step_by(3).map(|user| hub.connect(user)).collect::<Result<_, _>>()?;
        let (occupied, all, room) = places();
        assert_eq!((occupied, all), (0, 0));
        assert!(room <= 64, "room for {room}");
        Ok(())
    }

    #[test]
    fn however_often_a_user_comes_and_goes_the_books_have_one_entry() -> Result<(), crate::ConnectError> {
        let hub = UserHub::new();
        for _ in 0..1_000 {
            drop(hub.connect("alice")?);
        }
        let entries = || {
            let books = hub.shared.absence.books.lock();
            (books.leaving.places.len(), books.absent.len())
        };
        assert_eq!(entries(), (1, 0));
        let _device = hub.connect("alice")?;
        assert_eq!(entries(), (0, 0));
        Ok(())
    }
}
