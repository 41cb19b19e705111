//! How connections end, other than by leaving: a user's, a session's, one, or all of them.
//!
//! Invariants:
//! - A connection sees that it was told to close before its next frame; CLOSING is its last.
//! - A session that was told to stay away is remembered for the retention, bounded, so that SSE, which has no close code,
//!   can be refused when it comes back.
//! - `shutdown` raises its flag before it visits the mailboxes: a connection that is made meanwhile sees the flag under
//!   its mailbox's lock, or is found by the visit. So it is with a session that ends.

use std::collections::{BTreeMap, HashMap};
use std::future::poll_fn;
use std::task::{Poll, Waker};
use std::time::{Duration, Instant};

use crate::core::Moment;
use crate::core::mailbox::Reader;
use crate::core::session::Closing;
use crate::hub::registry::Slot;
use crate::hub::shared::{Shared, wake};
use crate::hub::sync::{Mutex, Ordering};
use crate::{CloseCode, CloseReason, ConnectError, ConnectionId, SessionId, UserHub, UserId};

/// The sessions that were told to stay away.
#[derive(Debug)]
pub(crate) struct EndedSessions {
    ended: Mutex<Ended>,
    retention: Duration,
    limit: usize,
}

#[derive(Debug, Default)]
struct Ended {
    entries: HashMap<(UserId, SessionId), Entry, foldhash::quality::RandomState>,
    /// The same, oldest first.
    order: BTreeMap<Entry, (UserId, SessionId)>,
    last_serial: u64,
}

/// Since when; the number tells entries of one moment apart.
type Entry = (Instant, u64);

impl EndedSessions {
    pub(crate) fn new(retention: Duration, limit: usize) -> Self {
        Self { ended: Mutex::default(), retention, limit }
    }

    fn remember(&self, user: &UserId, session: &SessionId, now: Instant) {
        let mut ended = self.ended.lock();
        let Ended { entries, order, last_serial } = &mut *ended;
        *last_serial += 1;
        let (entry, name) = ((now, *last_serial), (user.clone(), session.clone()));
        // It may have ended before: its later end counts.
        if let Some(before) = entries.insert(name.clone(), entry) {
            order.remove(&before);
        }
        order.insert(entry, name);
        while let Some(oldest) = order.first_entry() {
            if entries.len() <= self.limit && now.saturating_duration_since(oldest.key().0) < self.retention {
                break;
            }
            entries.remove(&oldest.remove());
        }
    }

    pub(crate) fn contains(&self, user: UserId, session: &SessionId, now: Instant) -> bool {
        let name = (user, session.clone());
        let entry = self.ended.lock().entries.get(&name).copied();
        entry.is_some_and(|(since, _)| now.saturating_duration_since(since) < self.retention)
    }
}

/// What a [drain](UserHub::drain) left behind.
///
/// ```
/// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
/// let undelivered = user_hub::UserHub::new().drain(std::time::Duration::from_secs(1)).await;
/// assert_eq!((undelivered.connections, undelivered.records), (0, 0));
/// # });
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Undelivered {
    /// Connections that had not come to their end at the deadline.
    pub connections: usize,
    /// Records that they may not have been handed, counted once a connection; a batch counts until all of it was.
    pub records: usize,
}

impl UserHub {
    /// Ends all connections of a user; returns how many.
    ///
    /// With a code that says "stay away", the sessions of those connections are refused from now on, for as long as the
    /// [retention](crate::UserHubBuilder::retention). A connection that names no session may come back as soon as the
    /// host's authentication lets it.
    ///
    /// ```
    /// use user_hub::{CloseCode, CloseReason, UserHub};
    ///
    /// let hub = UserHub::new();
    /// let _device = hub.connect("alice")?;
    /// assert_eq!(hub.close_user("alice", &CloseReason::new(CloseCode::REVOKED)), 1);
    /// # Ok::<(), user_hub::ConnectError>(())
    /// ```
    pub fn close_user(&self, user: &str, reason: &CloseReason) -> usize {
        if !reason.code().reconnect() {
            self.shared.remember_sessions_of(user);
        }
        self.shared.close_where(user, reason, |_| true)
    }

    /// Ends all connections of one session of a user: what "sign out" on one device does; returns how many.
    ///
    /// With a code that says "stay away", the session is refused from now on, also if it has no connection now.
    ///
    /// ```
    /// use user_hub::{CloseCode, CloseReason, ConnectError, ConnectOptions, UserHub};
    ///
    /// let hub = UserHub::new();
    /// let options = ConnectOptions::new().session("s-1");
    /// let _device = hub.connect_with("alice", options.clone())?;
    /// assert_eq!(hub.close_session("alice", "s-1", &CloseReason::new(CloseCode::SIGNED_OUT)), 1);
    /// assert_eq!(hub.connect_with("alice", options).err(), Some(ConnectError::SessionEnded));
    /// # Ok::<(), ConnectError>(())
    /// ```
    pub fn close_session(&self, user: &str, session: impl Into<SessionId>, reason: &CloseReason) -> usize {
        let session = session.into();
        if !reason.code().reconnect() && self.shared.check_user(user).is_ok() {
            self.shared.ended_sessions.remember(&UserId::of(user), &session, self.shared.config.clock.now());
        }
        self.shared.close_where(user, reason, |reader| reader.session() == Some(&session))
    }

    /// Ends one connection of a user; false if it is not there. Its session goes on: other devices of it are not touched.
    ///
    /// ```
    /// use user_hub::{CloseCode, CloseReason, UserHub};
    ///
    /// let hub = UserHub::new();
    /// let device = hub.connect("alice")?;
    /// assert!(hub.close_connection("alice", device.id(), &CloseReason::new(CloseCode::NORMAL)));
    /// # Ok::<(), user_hub::ConnectError>(())
    /// ```
    pub fn close_connection(&self, user: &str, connection: ConnectionId, reason: &CloseReason) -> bool {
        self.shared.close_where(user, reason, |reader| reader.id == connection) > 0
    }

    /// Ends the hub at once: every connection gets `CLOSING` with code 1001 and ends; what comes later is
    /// [`Closed`](crate::Outcome::Closed). Doing it again does nothing.
    ///
    /// Devices are told when to come back, spread over the
    /// [reconnect spread](crate::UserHubBuilder::reconnect_spread), so that they do not come all at once. Shut the hub
    /// down before the server, which otherwise waits for connections that nobody ends.
    ///
    /// ```
    /// use user_hub::{ConnectError, Outcome, UserHub, trading::PnlUpdate};
    ///
    /// let hub = UserHub::new();
    /// hub.shutdown();
    /// assert_eq!(hub.broadcast_pnl("alice", &PnlUpdate::default()), Outcome::Closed);
    /// assert_eq!(hub.connect("alice").err(), Some(ConnectError::Closed));
    /// ```
    pub fn shutdown(&self) {
        self.shared.close_all(false);
    }

    /// Ends the hub, and lets every connection take what is in its log before `CLOSING`; ends what has not come to its end
    /// at the deadline, and returns what that was.
    ///
    /// From the call on, broadcasts are [`Closed`](crate::Outcome::Closed). A device that resumes elsewhere with its cursor
    /// is told of what it did not get: there its cursor is unknown.
    ///
    /// # Panics
    /// Outside a tokio runtime with time enabled.
    ///
    /// # Cancel safety
    /// Dropped, the hub stays closed, and connections that drain go on draining without a deadline;
    /// [`shutdown`](Self::shutdown) ends them.
    ///
    /// ```
    /// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
    /// use std::time::Duration;
    ///
    /// let hub = user_hub::UserHub::new();
    /// let undelivered = hub.drain(Duration::from_secs(5)).await;
    /// assert_eq!(undelivered.connections, 0);
    /// # });
    /// ```
    pub async fn drain(&self, deadline: Duration) -> Undelivered {
        self.shared.close_all(true);
        let emptied = poll_fn(|context| {
            self.shared.emptied.register(context);
            if self.shared.connections.load(Ordering::Acquire) == 0 { Poll::Ready(()) } else { Poll::Pending }
        });
        if tokio::time::timeout(deadline, emptied).await.is_ok() {
            return Undelivered::default();
        }
        let undelivered = self.shared.undelivered();
        self.shared.close_all(false);
        undelivered
    }

    /// Whether [`shutdown`](Self::shutdown) or [`drain`](Self::drain) was called.
    ///
    /// ```
    /// assert!(!user_hub::UserHub::new().is_closed());
    /// ```
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.shared.is_closed()
    }
}

impl Shared {
    /// Whether a device may connect; asked before anything is made for it, and again under its mailbox's lock.
    pub(crate) fn may_connect(
        &self,
        user: &str,
        session: Option<&SessionId>,
        moment: Moment,
    ) -> Result<(), ConnectError> {
        if self.is_closed() {
            return Err(ConnectError::Closed);
        }
        match session {
            Some(session) if self.ended_sessions.contains(UserId::of(user), session, moment.now) => {
                Err(ConnectError::SessionEnded)
            }
            _ => Ok(()),
        }
    }

    fn close_where(&self, user: &str, reason: &CloseReason, which: impl Fn(&Reader<Waker>) -> bool) -> usize {
        let Some(slot) = self.registry.find(user) else { return 0 };
        let (told, parked) = {
            let mut mailbox = slot.mailbox.lock();
            let closed = mailbox.close_where(&which, |_| Closing::at_once(reason.clone()));
            slot.closings.fetch_add(1, Ordering::Release);
            closed
        };
        wake(parked);
        told
    }

    /// The sessions that a user's connections belong to are to stay away.
    fn remember_sessions_of(&self, user: &str) {
        let now = self.config.clock.now();
        let Some(slot) = self.registry.find(user) else { return };
        let mailbox = slot.mailbox.lock();
        for session in mailbox.open_readers().filter_map(Reader::session) {
            self.ended_sessions.remember(&slot.user, session, now);
        }
    }

    fn close_all(&self, drains: bool) {
        self.is_closed.store(true, Ordering::SeqCst);
        self.registry.for_each(|slot| self.close_all_of(slot, drains));
        self.maintenance.end();
    }

    fn close_all_of(&self, slot: &Slot, drains: bool) {
        let moment = self.moment();
        let closing = |_: &Reader<Waker>| {
            let reason = CloseReason::new(CloseCode::SHUTTING_DOWN);
            let spread = u64::try_from(self.config.reconnect_spread.as_millis()).unwrap_or(u64::MAX);
            let wait = Duration::from_millis(self.random() % spread.saturating_add(1).max(1));
            Closing { reason: reason.retry_after(wait), drains }
        };
        let (_, parked) = {
            let mut mailbox = slot.mailbox.lock();
            // What went to everybody just before belongs to what is drained.
            self.catch_up(&mut mailbox, moment);
            self.account(&mut mailbox);
            let closed = mailbox.close_where(|_| true, closing);
            slot.closings.fetch_add(1, Ordering::Release);
            closed
        };
        wake(parked);
    }

    fn undelivered(&self) -> Undelivered {
        let mut undelivered = Undelivered::default();
        self.registry.for_each(|slot| {
            let mailbox = slot.mailbox.lock();
            undelivered.connections += mailbox.open();
            undelivered.records += mailbox.undelivered();
        });
        undelivered
    }
}
