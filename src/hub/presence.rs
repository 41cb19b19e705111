//! Who is there: a stream of users coming and leaving, and a list of a user's connections.
//!
//! Invariants:
//! - A user is present from the first connection until the grace has passed after the last one left: a reconnect does not
//!   flap.
//! - A watcher is told the difference between what is true and what it was told, user by user: however slow it is, the
//!   book holds each user once for it, and what it was told last of a user becomes true.
//! - With no watcher nothing is booked.

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use futures::Stream;

use crate::hub::due::{Due, after};
use crate::hub::shared::{Shared, wake};
use crate::hub::sync::{AtomicBool, Mutex, Ordering};
use crate::{ConnectionId, SessionId, Timestamp, UserHub, UserId};

/// A user has come or left; an item of [`Presence`].
///
/// ```
/// use user_hub::{PresenceChange, UserHub};
///
/// # use futures::{StreamExt, executor::block_on};
/// let hub = UserHub::new();
/// let mut presence = hub.presence();
/// let _device = hub.connect("alice")?;
/// assert!(matches!(block_on(presence.next()), Some(PresenceChange::Came(user)) if user.as_str() == "alice"));
/// # Ok::<(), user_hub::ConnectError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum PresenceChange {
    /// The user's first device has connected.
    Came(UserId),
    /// The user's last device has left, and none has come since for as long as the grace.
    Left(UserId),
}

/// One connection of a user, as [`UserHub::connections`] lists it.
///
/// ```
/// use user_hub::{ConnectOptions, UserHub};
///
/// let hub = UserHub::new();
/// let device = hub.connect_with("alice", ConnectOptions::new().session("s-1"))?;
/// let listed = &hub.connections("alice")[0];
/// assert_eq!((listed.id, listed.session.as_ref().map(|session| session.as_str())), (device.id(), Some("s-1")));
/// # Ok::<(), user_hub::ConnectError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ConnectionInfo {
    /// Which connection.
    pub id: ConnectionId,
    /// The session that it belongs to, if the host named one.
    pub session: Option<SessionId>,
    /// What it came over: `websocket`, `sse`, or what the host said; empty if it said nothing.
    pub transport: &'static str,
    /// When it came.
    pub since: Timestamp,
    /// How many positions of the log it has not taken yet; what it has taken may still be on its way.
    pub behind: u64,
}

#[derive(Debug)]
pub(crate) struct PresenceBook {
    book: Mutex<Book>,
    is_watched: AtomicBool,
    due: Due,
    grace: Duration,
}

#[derive(Debug, Default)]
struct Book {
    /// Who is present; those whose last connection has left, until when.
    present: HashMap<UserId, Option<(Instant, u64)>>,
    departing: BTreeMap<(Instant, u64), UserId>,
    watchers: HashMap<u64, Watcher>,
    last_serial: u64,
}

#[derive(Debug, Default)]
struct Watcher {
    told: HashSet<UserId>,
    /// Whose presence may differ from what was told, each once.
    changed: VecDeque<UserId>,
    queued: HashSet<UserId>,
    waker: Option<Waker>,
}

impl Watcher {
    fn note(&mut self, user: &UserId) {
        if self.queued.insert(user.clone()) {
            self.changed.push_back(user.clone());
        }
    }
}

impl Book {
    fn new_serial(&mut self) -> u64 {
        self.last_serial += 1;
        self.last_serial
    }

    fn changed(&mut self, user: &UserId) -> Vec<Waker> {
        let mut parked = Vec::new();
        for watcher in self.watchers.values_mut() {
            watcher.note(user);
            parked.extend(watcher.waker.take());
        }
        parked
    }
}

impl PresenceBook {
    pub(crate) fn new(grace: Duration, now: Instant) -> Self {
        Self { book: Mutex::default(), is_watched: AtomicBool::new(false), due: Due::never(now), grace }
    }

    /// A user has a connection, the first perhaps; the caller holds the mailbox's lock and wakes who is returned.
    pub(crate) fn came(&self, user: &UserId) -> Vec<Waker> {
        if !self.is_watched.load(Ordering::SeqCst) {
            return Vec::new();
        }
        let mut book = self.book.lock();
        if book.watchers.is_empty() {
            return Vec::new();
        }
        match book.present.insert(user.clone(), None) {
            None => book.changed(user),
            Some(departing) => {
                if let Some(departing) = departing {
                    book.departing.remove(&departing);
                    self.set_due(&book);
                }
                Vec::new()
            }
        }
    }

    /// The last connection of a user has left; the caller holds the mailbox's lock and wakes who is returned.
    pub(crate) fn left(&self, user: &UserId, now: Instant) -> Vec<Waker> {
        if !self.is_watched.load(Ordering::SeqCst) {
            return Vec::new();
        }
        let mut book = self.book.lock();
        let serial = book.new_serial();
        // A grace that the clock cannot say never ends.
        let (Some(until), true) = (after(now, self.grace), book.present.contains_key(user)) else { return Vec::new() };
        book.present.insert(user.clone(), Some((until, serial)));
        book.departing.insert((until, serial), user.clone());
        self.set_due(&book);
        Vec::new()
    }

    /// Whether anybody is on the way out.
    pub(crate) fn has_departing(&self) -> bool {
        self.due.is_set()
    }

    /// Those whose grace has passed have left; returns who is to be woken.
    pub(crate) fn sweep(&self, now: Instant) -> Vec<Waker> {
        if !self.due.is_due(now) {
            return Vec::new();
        }
        let mut book = self.book.lock();
        let mut parked = Vec::new();
        while let Some(first) = book.departing.first_entry().filter(|first| first.key().0 <= now) {
            let user = first.remove();
            book.present.remove(&user);
            parked.append(&mut book.changed(&user));
        }
        self.set_due(&book);
        parked
    }

    fn set_due(&self, book: &Book) {
        self.due.set(book.departing.first_key_value().map(|((until, _), _)| *until));
    }
}

/// Users coming and leaving; made by [`UserHub::presence`].
///
/// It begins with those who are there. It never ends by itself. A watcher that is slow misses what cancelled itself out,
/// and nothing else.
///
/// # Cancel safety
/// A change is handed out or it is still here; a `next` that is dropped loses nothing.
///
/// ```
/// use futures::{FutureExt, StreamExt};
/// use user_hub::UserHub;
///
/// let mut presence = UserHub::new().presence();
/// assert_eq!(presence.next().now_or_never(), None); // nobody is there
/// ```
#[must_use = "presence is only told to who polls it"]
pub struct Presence {
    hub: Arc<Shared>,
    watcher: u64,
}

impl UserHub {
    /// Watches users coming and leaving, beginning with those who are there.
    ///
    /// A user has come with the first device, and has left when the last one has been gone for the
    /// [grace](crate::UserHubBuilder::presence_grace). That is seen in passing, or within a second
    /// where [`maintenance`](Self::maintenance) is driven. Costs some 100 bytes a user while there is a watcher.
    ///
    /// ```
    /// use futures::{FutureExt, StreamExt};
    ///
    /// let hub = user_hub::UserHub::new();
    /// let _device = hub.connect("alice")?;
    /// assert!(hub.presence().next().now_or_never().is_some());
    /// # Ok::<(), user_hub::ConnectError>(())
    /// ```
    pub fn presence(&self) -> Presence {
        let shared = &self.shared;
        let (watcher, is_first) = {
            let mut book = shared.presence.book.lock();
            let (serial, is_first) = (book.new_serial(), book.watchers.is_empty());
            let mut watcher = Watcher::default();
            book.present.keys().for_each(|user| watcher.note(user));
            book.watchers.insert(serial, watcher);
            shared.presence.is_watched.store(true, Ordering::SeqCst);
            (serial, is_first)
        };
        if is_first {
            // Whoever comes or leaves from here on is booked; who was there before is found here, under the same lock.
            shared.registry.for_each(|slot| {
                let parked = {
                    let mailbox = slot.mailbox.lock();
                    if mailbox.has_readers() { shared.presence.came(&slot.user) } else { Vec::new() }
                };
                wake(parked);
            });
        }
        Presence { hub: Arc::clone(shared), watcher }
    }

    /// Lists the open connections of a user, oldest first.
    ///
    /// ```
    /// assert!(user_hub::UserHub::new().connections("alice").is_empty());
    /// ```
    #[must_use]
    pub fn connections(&self, user: &str) -> Vec<ConnectionInfo> {
        let Some(slot) = self.shared.registry.find(user) else { return Vec::new() };
        let mailbox = slot.mailbox.lock();
        let info = |reader: &crate::core::mailbox::Reader<Waker>| ConnectionInfo {
            id: reader.id,
            session: reader.session().cloned(),
            transport: reader.transport(),
            since: reader.since,
            behind: mailbox.log.head() - reader.taken,
        };
        mailbox.open_readers().map(info).collect()
    }
}

impl Stream for Presence {
    type Item = PresenceChange;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<PresenceChange>> {
        wake(self.hub.presence.sweep(self.hub.config.clock.now()));
        // Cloning and dropping a waker is foreign code: before the lock, and after it.
        let waker = context.waker().clone();
        let mut replaced = None;
        let change = {
            let mut book = self.hub.presence.book.lock();
            let Book { present, watchers, .. } = &mut *book;
            let Some(watcher) = watchers.get_mut(&self.watcher) else { return Poll::Ready(None) };
            let mut change = None;
            while change.is_none() {
                let Some(user) = watcher.changed.pop_front() else { break };
                watcher.queued.remove(&user);
                let is_present = present.contains_key(&user);
                if is_present && watcher.told.insert(user.clone()) {
                    change = Some(PresenceChange::Came(user));
                } else if !is_present && watcher.told.remove(&user) {
                    change = Some(PresenceChange::Left(user));
                }
            }
            if change.is_none() {
                replaced = watcher.waker.replace(waker);
            }
            change
        };
        drop(replaced);
        change.map_or(Poll::Pending, |change| Poll::Ready(Some(change)))
    }
}

impl Drop for Presence {
    fn drop(&mut self) {
        let _watcher = {
            let mut book = self.hub.presence.book.lock();
            let watcher = book.watchers.remove(&self.watcher);
            if book.watchers.is_empty() {
                self.hub.presence.is_watched.store(false, Ordering::SeqCst);
                *book = Book::default();
                self.hub.presence.set_due(&book);
            }
            watcher
        };
    }
}

impl fmt::Debug for Presence {
    /// Shows no user: watchers end up in logs.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Presence").finish_non_exhaustive()
    }
}
