//! The hub itself: making one, connecting devices to it, and what it counts.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::core::mailbox::{About, Reader};
use crate::core::session::{Closing, Session};
use crate::hub::config::{Config, TransportLimits, UserHubBuilder};
use crate::hub::connection::{ConnectError, ConnectOptions, Connection};
use crate::hub::registry::Slot;
use crate::hub::shared::{Shared, wake};
use crate::hub::stats::Stats;
use crate::hub::sync::Ordering;
use crate::{CloseCode, CloseReason, ConnectionId, HubHandle, UserId};

/// Pushes typed events to every device of one user, and to nobody else.
///
/// A clone is another reference to the same hub; it is `Send` and `Sync`, needs no runtime and spawns nothing.
/// Broadcasting is an ordinary call from any thread: it never waits for a device, encodes an event at most once, and
/// returns an [`Outcome`](crate::Outcome) that may be ignored.
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
        Self { shared: Arc::new(Shared::new(config)) }
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
    /// With too many connections of one user it is another that is closed, with code 3504: the one that has left a ping
    /// unanswered for longest, or else the oldest.
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
    /// Those of [`connect`](Self::connect); [`ConnectError::SessionEnded`] and [`ConnectError::SessionExpired`] for the
    /// session that the options name: the user signs in again.
    ///
    /// ```
    /// use user_hub::{ConnectOptions, Start, UserHub};
    ///
    /// let options = ConnectOptions::new().start(Start::SnapshotAndLog(20));
    /// let device = UserHub::new().connect_with("alice", options)?;
    /// # Ok::<(), user_hub::ConnectError>(())
    /// ```
    pub fn connect_with(&self, user: &str, options: ConnectOptions) -> Result<Connection, ConnectError> {
        let shared = &self.shared;
        shared.check_user(user)?;
        let moment = shared.moment();
        shared.sweep(moment.now);
        shared.may_connect(user, options.session.as_ref(), moment)?;
        if options.valid_until.is_some_and(|until| until <= moment.wall) {
            return Err(ConnectError::SessionExpired);
        }
        let id = ConnectionId::from_number(shared.last_connection.fetch_add(1, Ordering::Relaxed) + 1);
        let closing = Closing::at_once(CloseReason::new(CloseCode::TOO_MANY_CONNECTIONS));
        let limit = shared.config.connections_per_user;
        loop {
            let slot = shared.registry.find_or_insert(user, || Slot::new(UserId::of(user), shared.new_mailbox(moment)));
            let mut mailbox = slot.mailbox.lock();
            if mailbox.is_closed {
                continue;
            }
            // Asked once more: who ends a hub or a session says so before visiting the mailbox, so either it is seen here,
            // or the visit finds us.
            if let Err(error) = shared.may_connect(user, options.session.as_ref(), moment) {
                drop(mailbox);
                shared.remove_unused(&slot);
                return Err(error);
            }
            shared.absence.returned(&mut mailbox);
            // Registering is when the device begins: what is broadcast from here on is for it, however late it asks.
            shared.catch_up(&mut mailbox, moment);
            let mut parked = Vec::new();
            if mailbox.handle_deadline(moment, &shared.limits) {
                mailbox.unpark(&mut parked);
            }
            shared.account(&mut mailbox);
            let options_of_session = options.session_options(shared, moment);
            let mut session = Session::new(id, mailbox.epoch, options_of_session, moment.now);
            let start = session.register(&mailbox.log);
            let is_first = !mailbox.has_readers();
            let about = About { session: options.session.clone(), transport: options.transport };
            let reader = Reader::new(id, about, moment.wall, start);
            let is_full = mailbox.connections() >= limit;
            let displaced = mailbox.register(reader, limit, &closing);
            slot.keeps_log.store(mailbox.keeps_log, Ordering::Release);
            slot.closings.fetch_add(u32::from(is_full), Ordering::Release);
            let watching = if is_first { shared.presence.came(&slot.user) } else { Vec::new() };
            let (loading, _replaced) = shared.join_load(&slot, &mut mailbox, moment.now);
            shared.users.fetch_add(usize::from(is_first), Ordering::Relaxed);
            shared.connections.fetch_add(1, Ordering::AcqRel);
            drop(mailbox);
            wake(parked.into_iter().chain(displaced).chain(watching));
            let connection = Connection::new(Arc::clone(shared), slot, session, loading, moment.now);
            let begin = connection.session().begin();
            shared.observer.connected((id, connection.user()), begin, is_first);
            return Ok(connection);
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
            bytes: self.shared.bytes(),
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

    /// What a transport of this hub keeps to.
    ///
    /// ```
    /// let limits = user_hub::UserHub::builder().inbound_bytes(1024).build()?.transport_limits();
    /// assert_eq!(limits.inbound_bytes, 1024);
    /// # Ok::<(), user_hub::ConfigError>(())
    /// ```
    #[must_use]
    pub fn transport_limits(&self) -> TransportLimits {
        let config = &self.shared.config;
        TransportLimits {
            inbound_bytes: config.inbound_bytes,
            read_buffer_bytes: config.read_buffer_bytes,
            write_buffer_bytes: config.write_buffer_bytes,
        }
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
