//! The hub itself: from a broadcast to the log of its user, and from there to the connections that wait.

use std::fmt;
use std::hash::BuildHasher;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::task::Waker;
use std::time::Duration;

use parking_lot::Mutex;

use crate::core::Moment;
use crate::core::log::{Appended, Log, LogLimits, Refused};
use crate::core::mailbox::Mailbox;
use crate::core::record::{Draft, StateName};
use crate::core::session::Session;
use crate::hub::absence::Absence;
use crate::hub::catalog::Catalog;
use crate::hub::config::{Config, UserHubBuilder};
use crate::hub::connection::{ConnectError, ConnectOptions, Connection};
use crate::hub::observe::Observer;
use crate::hub::prepare::{Unprepared, prepare, state_of};
use crate::hub::registry::{Registry, Slot};
use crate::hub::stats::Stats;
use crate::vocabulary::cursor::Epoch;
use crate::{
    Audience, CloseCode, CloseReason, ConnectionId, ErasedEvent, EventSink, HubHandle, Kind, Outcome, Rejection,
    UserId, UserIdError,
};

/// Pushes typed events to every device of one user, and to nobody else.
///
/// A clone is another reference to the same hub; it is `Send` and `Sync`, needs no runtime and spawns nothing.
/// Broadcasting is an ordinary call from any thread: it never waits for a device, encodes an event at most once, and
/// returns an [`Outcome`] that may be ignored.
///
/// ```
/// use futures::{StreamExt, executor::block_on};
/// use user_hub::{UserHub, trading::PnlUpdate};
///
/// let hub = UserHub::new();
/// let mut device = hub.connect("alice")?;
/// hub.broadcast_pnl("alice", &PnlUpdate::default());
///
/// let names: Vec<String> = block_on(device.by_ref().take(3).map(|frame| frame.name().to_owned()).collect());
/// assert_eq!(names, ["CONNECTED", "PNL_UPDATE", "SYNCED"]);
/// # Ok::<(), user_hub::ConnectError>(())
/// ```
#[derive(Clone)]
pub struct UserHub {
    pub(crate) shared: Arc<Shared>,
}

/// What all clones of a hub and its connections share.
pub(crate) struct Shared {
    pub(crate) config: Config,
    pub(crate) limits: LogLimits,
    registry: Registry,
    /// What was broadcast to everybody: each mailbox is a reader of it.
    public: Mutex<Log>,
    /// The head of `public`, so that a mailbox that has everything need not lock to know.
    public_head: AtomicU64,
    absence: Absence,
    catalog: Catalog,
    observer: Observer,
    is_closed: AtomicBool,
    last_connection: AtomicU64,
    connections: AtomicUsize,
    users: AtomicUsize,
    /// Epochs are this keyed hash of a counter: as hard to guess as the key, and no call of the operating system each.
    epochs: std::hash::RandomState,
    last_epoch: AtomicU64,
}

impl UserHub {
    /// A hub with the default limits, which [`UserHubBuilder`] lists.
    ///
    /// ```
    /// let hub = user_hub::UserHub::new();
    /// assert_eq!(hub.connection_count(), 0);
    /// ```
    #[must_use]
    pub fn new() -> Self {
        Self::with_config(Config::default())
    }

    /// Begins a hub with limits of the host's own.
    ///
    /// ```
    /// let hub = user_hub::UserHub::builder().connections_per_user(4).build()?;
    /// # Ok::<(), user_hub::ConfigError>(())
    /// ```
    pub fn builder() -> UserHubBuilder {
        UserHubBuilder::default()
    }

    pub(crate) fn with_config(config: Config) -> Self {
        let shared = Shared {
            limits: config.log_limits(),
            registry: Registry::new(),
            public: Mutex::new(Log::hub_wide()),
            public_head: AtomicU64::new(0),
            absence: Absence::new(config.retention, config.absent_users, config.clock.now()),
            catalog: Catalog::new(config.event_types),
            observer: Observer::default(),
            is_closed: AtomicBool::new(false),
            last_connection: AtomicU64::new(0),
            connections: AtomicUsize::new(0),
            users: AtomicUsize::new(0),
            epochs: std::hash::RandomState::new(),
            last_epoch: AtomicU64::new(0),
            config,
        };
        Self { shared: Arc::new(shared) }
    }

    /// A handle that has this hub.
    ///
    /// ```
    /// assert!(user_hub::UserHub::new().handle().is_bound());
    /// ```
    #[must_use]
    pub fn handle(&self) -> HubHandle {
        self.clone().into()
    }

    /// Connects one device of a user: a stream of frames; dropping it disconnects.
    ///
    /// The user comes from the host's authentication, never from the device. The device gets `CONNECTED`, every current
    /// State, `SYNCED`, and from then on everything.
    ///
    /// # Errors
    /// [`ConnectError::User`]: the identity is empty or too long. [`ConnectError::Closed`]: the hub was shut down.
    /// With too many connections of one user it is the oldest that is closed, with code 3504, not this one.
    ///
    /// ```
    /// let hub = user_hub::UserHub::new();
    /// let device = hub.connect("alice")?;
    /// assert!(hub.is_connected("alice"));
    /// drop(device);
    /// assert!(!hub.is_connected("alice"));
    /// # Ok::<(), user_hub::ConnectError>(())
    /// ```
    pub fn connect(&self, user: &str) -> Result<Connection, ConnectError> {
        self.connect_with(user, ConnectOptions::default())
    }

    /// Connects one device of a user in a way of the host's own: where it starts, whether it gets heartbeats.
    ///
    /// # Errors
    /// Those of [`connect`](Self::connect).
    ///
    /// ```
    /// use user_hub::{ConnectOptions, Start, UserHub};
    ///
    /// let options = ConnectOptions::new().start(Start::SnapshotAndLog(20));
    /// let device = UserHub::new().connect_with("alice", options)?;
    /// # Ok::<(), user_hub::ConnectError>(())
    /// ```
    pub fn connect_with(&self, user: &str, options: ConnectOptions) -> Result<Connection, ConnectError> {
        let user = self.shared.check_user(user)?;
        let moment = self.shared.moment();
        self.shared.sweep(moment);
        let id = ConnectionId::from_number(self.shared.last_connection.fetch_add(1, Ordering::Relaxed) + 1);
        let displaced_by = CloseReason::new(CloseCode::TOO_MANY_CONNECTIONS);
        loop {
            let slot = self.shared.registry.find_or_insert(&user, || self.shared.new_mailbox(moment));
            let mut mailbox = slot.mailbox.lock();
            if mailbox.is_closed {
                continue;
            }
            // `shutdown` raises the flag before it visits the mailboxes: either it is seen here, or the visit finds us.
            if self.shared.is_closed.load(Ordering::SeqCst) {
                return Err(ConnectError::Closed);
            }
            self.shared.absence.returned(&mut mailbox);
            if !mailbox.has_readers() {
                self.shared.users.fetch_add(1, Ordering::Relaxed);
            }
            let displaced = mailbox.register(id, self.shared.config.connections_per_user, &displaced_by);
            let epoch = mailbox.epoch;
            drop(mailbox);
            wake(displaced);
            self.shared.connections.fetch_add(1, Ordering::Relaxed);
            let begin = options.begin();
            let session = Session::new(id, user, epoch, begin, options.heartbeat, moment.now);
            return Ok(Connection::new(Arc::clone(&self.shared), slot, session));
        }
    }

    /// How many connections a user has: each from [`connect`](Self::connect) until it is dropped, also when it was told to
    /// close.
    ///
    /// ```
    /// let hub = user_hub::UserHub::new();
    /// let _devices = (hub.connect("alice")?, hub.connect("alice")?);
    /// assert_eq!(hub.connections_of("alice"), 2);
    /// # Ok::<(), user_hub::ConnectError>(())
    /// ```
    #[must_use]
    pub fn connections_of(&self, user: &str) -> usize {
        self.shared.registry.find(user).map_or(0, |slot| slot.mailbox.lock().open())
    }

    /// Whether a user has a connection.
    ///
    /// ```
    /// assert!(!user_hub::UserHub::new().is_connected("alice"));
    /// ```
    #[must_use]
    pub fn is_connected(&self, user: &str) -> bool {
        self.connections_of(user) > 0
    }

    /// How many connections all users have, counted like [`connections_of`](Self::connections_of).
    ///
    /// ```
    /// let hub = user_hub::UserHub::new();
    /// let _devices = (hub.connect("alice")?, hub.connect("bob")?);
    /// assert_eq!(hub.connection_count(), 2);
    /// # Ok::<(), user_hub::ConnectError>(())
    /// ```
    #[must_use]
    pub fn connection_count(&self) -> usize {
        self.shared.connections.load(Ordering::Relaxed)
    }

    /// How many users have a connection.
    ///
    /// ```
    /// let hub = user_hub::UserHub::new();
    /// let _devices = (hub.connect("alice")?, hub.connect("alice")?);
    /// assert_eq!(hub.user_count(), 1);
    /// # Ok::<(), user_hub::ConnectError>(())
    /// ```
    #[must_use]
    pub fn user_count(&self) -> usize {
        self.shared.users.load(Ordering::Relaxed)
    }

    /// What the hub counts.
    ///
    /// ```
    /// assert_eq!(user_hub::UserHub::new().stats().rejected, 0);
    /// ```
    #[must_use]
    pub fn stats(&self) -> Stats {
        Stats {
            connections: self.connection_count(),
            users: self.user_count(),
            mailboxes: self.shared.registry.len(),
            rejected: self.shared.observer.rejected_count(),
        }
    }

    /// How often a transport of this hub sends HEARTBEAT and pings; `None` if it does not.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// assert_eq!(user_hub::UserHub::new().heartbeat_interval(), Some(Duration::from_secs(25)));
    /// ```
    #[must_use]
    pub fn heartbeat_interval(&self) -> Option<Duration> {
        self.shared.config.heartbeat
    }

    /// How long a transport of this hub waits for a pong.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// assert_eq!(user_hub::UserHub::new().pong_timeout(), Duration::from_secs(10));
    /// ```
    #[must_use]
    pub fn pong_timeout(&self) -> Duration {
        self.shared.config.pong_timeout
    }

    /// Ends the hub: every connection gets `CLOSING` with code 1001 and ends; what comes later is
    /// [`Closed`](Outcome::Closed). Doing it again does nothing.
    ///
    /// Shut the hub down before the server, which otherwise waits for connections that nobody ends.
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
        if self.shared.is_closed.swap(true, Ordering::SeqCst) {
            return;
        }
        let reason = CloseReason::new(CloseCode::SHUTTING_DOWN);
        self.shared.registry.for_each(|slot| {
            let parked = slot.mailbox.lock().close_all(&reason);
            wake(parked);
        });
    }

    /// Whether [`shutdown`](Self::shutdown) was called.
    ///
    /// ```
    /// assert!(!user_hub::UserHub::new().is_closed());
    /// ```
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.shared.is_closed.load(Ordering::SeqCst)
    }
}

impl Default for UserHub {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for UserHub {
    /// Shows no payload and no user: hubs end up in logs.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("UserHub").field("stats", &self.stats()).finish_non_exhaustive()
    }
}

impl EventSink for UserHub {
    fn submit(&self, to: Audience<'_>, events: &[&dyn ErasedEvent]) -> Outcome {
        if self.is_closed() {
            return Outcome::Closed;
        }
        let submitted = match to {
            Audience::User(user) => self.shared.submit_to_user(user, events),
            Audience::Everybody => self.shared.submit_to_everybody(events),
        };
        submitted.unwrap_or_else(|(event, rejection)| {
            self.shared.observer.rejected(event.as_deref(), &rejection);
            Outcome::Rejected(rejection)
        })
    }
}

/// A refusal, and the name of the event that caused it.
type Refusal = (Option<String>, Rejection);

impl Shared {
    pub(crate) fn moment(&self) -> Moment {
        Moment { now: self.config.clock.now(), wall: self.config.clock.wall() }
    }

    fn check_user(&self, user: &str) -> Result<UserId, UserIdError> {
        let limit = self.config.user_id_bytes;
        if user.len() > limit {
            return Err(UserIdError::TooLong { length: user.len(), limit });
        }
        UserId::new(user)
    }

    fn new_mailbox(&self, moment: Moment) -> Mailbox<Waker> {
        Mailbox::new(self.new_epoch(), moment.now)
    }

    fn new_epoch(&self) -> Epoch {
        Epoch(self.epochs.hash_one(self.last_epoch.fetch_add(1, Ordering::Relaxed)))
    }

    fn sweep(&self, moment: Moment) {
        self.absence.sweep(&self.registry, moment.now, || self.new_epoch());
    }

    fn submit_to_user(&self, user: &str, events: &[&dyn ErasedEvent]) -> Result<Outcome, Refusal> {
        let user = self.check_user(user).map_err(|error| (None, error.into()))?;
        if events.is_empty() {
            return Err((None, Rejection::EmptyGroup));
        }
        let moment = self.moment();
        self.sweep(moment);
        if !self.has_audience(&user, events) {
            return Ok(Outcome::NoAudience);
        }
        match self.prepare_all(events, moment, false) {
            Ok(drafts) => self.append(&user, drafts, moment).map_err(|refused| self.refusal(refused, events)),
            Err((states, refusal)) => {
                self.reject_states(&user, states, moment);
                Err(refusal)
            }
        }
    }

    /// Whether anything of the events would be kept or received; if not, they are never encoded.
    fn has_audience(&self, user: &UserId, events: &[&dyn ErasedEvent]) -> bool {
        let slot = self.registry.find(user.as_str());
        let sets_state = || events.iter().any(|event| event.kind() == Kind::State && !event.is_removal());
        match slot {
            Some(slot) => slot.mailbox.lock().keeps_log || events.iter().any(|event| event.kind() == Kind::State),
            None => self.absence.keeps_state() && sets_state(),
        }
    }

    /// Encodes a group; if one event cannot be, the names of all State in it come back: each counts as refused.
    fn prepare_all(
        &self,
        events: &[&dyn ErasedEvent],
        moment: Moment,
        is_for_everybody: bool,
    ) -> Result<Vec<Draft>, (Vec<StateName>, Refusal)> {
        let rules = self.config.event_rules();
        let mut drafts = Vec::with_capacity(events.len());
        for (at, event) in events.iter().enumerate() {
            match prepare(*event, is_for_everybody, rules, &self.catalog, moment) {
                Ok(draft) => drafts.push(draft),
                Err(Unprepared { rejection, state }) => {
                    let before = drafts.into_iter().filter(|draft| draft.is_state()).map(|draft| draft.state);
                    let after = events[at + 1..].iter().filter_map(|event| state_of(*event));
                    let states = before.chain(state).chain(after).collect();
                    return Err((states, (Some(event.name().to_string()), rejection)));
                }
            }
        }
        Ok(drafts)
    }

    fn append(&self, user: &UserId, drafts: Vec<Draft>, moment: Moment) -> Result<Outcome, Refused> {
        loop {
            let slot = self.registry.find_or_insert(user, || self.new_mailbox(moment));
            let mut mailbox = slot.mailbox.lock();
            if mailbox.is_closed {
                continue;
            }
            let head = mailbox.log.head();
            self.catch_up(&mut mailbox, moment);
            let appended = mailbox.append(drafts, moment, &self.limits);
            mailbox.last_used = moment.now;
            // It was just made, or is about to be removed: then it stays after all.
            if !mailbox.has_readers() && mailbox.entry.is_none() {
                self.absence.is_absent(&slot, &mut mailbox);
            }
            // A refused State may leave a removal, and a stale one nothing: what counts is whether there is something new.
            let parked = if mailbox.log.head() > head { mailbox.unpark() } else { Vec::new() };
            let connections = mailbox.connections();
            drop(mailbox);
            wake(parked);
            return appended.map(|appended| outcome(appended, connections));
        }
    }

    fn submit_to_everybody(&self, events: &[&dyn ErasedEvent]) -> Result<Outcome, Refusal> {
        if events.is_empty() {
            return Err((None, Rejection::EmptyGroup));
        }
        if let Some(private) = events.iter().find(|event| !event.is_public()) {
            let name = private.name();
            return Err((Some(name.to_string()), Rejection::NotPublic { name }));
        }
        let moment = self.moment();
        self.sweep(moment);
        let prepared = self.prepare_all(events, moment, true);
        let appended = {
            let mut public = self.public.lock();
            public.handle_deadline(moment, &self.limits);
            let appended = match prepared {
                Ok(drafts) => {
                    public.append(drafts, moment, &self.limits).map_err(|refused| self.refusal(refused, events))
                }
                Err((states, refusal)) => {
                    public.reject(states, moment, &self.limits);
                    Err(refusal)
                }
            };
            // Release: whoever is told of this call, in whatever way, finds the records when it asks.
            self.public_head.store(public.head(), Ordering::Release);
            appended
        };
        // A connection that parks after this visit saw the new head under its mailbox's lock.
        self.registry.for_each(|slot| {
            let parked = slot.mailbox.lock().unpark();
            wake(parked);
        });
        appended.map(|appended| outcome(appended, self.connections.load(Ordering::Relaxed)))
    }

    fn reject_states(&self, user: &UserId, states: Vec<StateName>, moment: Moment) {
        if states.is_empty() {
            return;
        }
        let Some(slot) = self.registry.find(user.as_str()) else { return };
        let parked = {
            let mut mailbox = slot.mailbox.lock();
            self.catch_up(&mut mailbox, moment);
            if mailbox.log.reject(states, moment, &self.limits) { mailbox.unpark() } else { Vec::new() }
        };
        wake(parked);
    }

    /// A connection was dropped.
    pub(crate) fn disconnect(&self, slot: &Arc<Slot>, id: ConnectionId) {
        let moment = self.moment();
        let _waker = {
            let mut mailbox = slot.mailbox.lock();
            let waker = mailbox.unregister(id, moment.now);
            if !mailbox.has_readers() {
                self.users.fetch_sub(1, Ordering::Relaxed);
                self.absence.left(slot, &mut mailbox, moment.now);
            }
            waker
        };
        self.connections.fetch_sub(1, Ordering::Relaxed);
        self.sweep(moment);
    }

    /// Brings a mailbox to the head of the hub-wide log; done before anything else happens in it.
    pub(crate) fn catch_up(&self, mailbox: &mut Mailbox<Waker>, moment: Moment) {
        // Acquire pairs with the release in `submit_to_everybody`: who was told of that call finds its records.
        if mailbox.is_behind(self.public_head.load(Ordering::Acquire)) {
            let public = self.public.lock();
            mailbox.take_over(&public, moment, &self.limits);
        }
    }

    fn refusal(&self, refused: Refused, events: &[&dyn ErasedEvent]) -> Refusal {
        let limits = &self.limits;
        let rejection = match refused {
            Refused::TooManyKeys => Rejection::TooManyKeys { limit: limits.state_keys },
            Refused::StateFull => Rejection::StateFull { limit: limits.state_bytes },
            Refused::GroupTooLarge => Rejection::GroupTooLarge { records: limits.log_records, bytes: limits.log_bytes },
        };
        (events.first().map(|event| event.name().to_string()), rejection)
    }
}

const fn outcome(appended: Appended, connections: usize) -> Outcome {
    match appended {
        Appended { records: 0, stale: 0 } => Outcome::NoAudience,
        Appended { records: 0, .. } => Outcome::Stale,
        _ if connections > 0 => Outcome::Queued { connections },
        _ => Outcome::Kept,
    }
}

/// Wakes connections; called when no lock is held.
pub(crate) fn wake(parked: impl IntoIterator<Item = Waker>) {
    parked.into_iter().for_each(Waker::wake);
}
