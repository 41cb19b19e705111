//! The limits of a hub: what each means, its default, its unit, and what it can cost in memory.
//!
//! One formula: a user takes State + Log + connections × (batch + transport buffer), where a batch refers to records of
//! the log and so costs their bytes only while the log has moved on.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt;

use crate::core::log::LogLimits;
use crate::core::record::OVERHEAD;
use crate::hub::clock::{Clock, SystemClock};
use crate::hub::connection::OnSlow;
use crate::hub::prepare::EventRules;
use crate::hub::state_source::{LoadedState, StateSource};
use crate::vocabulary::encode::EncodeRules;
use crate::{EventName, UserHub, UserId};

/// What a hub was built with.
#[derive(Clone)]
pub(crate) struct Config {
    pub(crate) log_records: usize,
    pub(crate) log_bytes: usize,
    pub(crate) log_age: Duration,
    pub(crate) state_keys: usize,
    pub(crate) state_bytes: usize,
    pub(crate) retention: Duration,
    pub(crate) absent_users: usize,
    pub(crate) connections_per_user: usize,
    pub(crate) event_bytes: usize,
    pub(crate) key_bytes: usize,
    pub(crate) user_id_bytes: usize,
    pub(crate) event_types: usize,
    pub(crate) big_integers: bool,
    pub(crate) memory_bytes: usize,
    pub(crate) presence_grace: Duration,
    pub(crate) ended_sessions: usize,
    pub(crate) reconnect_spread: Duration,
    pub(crate) load_deadline: Duration,
    pub(crate) state_source: Option<StateSource>,
    pub(crate) on_slow: OnSlow,
    pub(crate) inbound_bytes: usize,
    pub(crate) read_buffer_bytes: usize,
    pub(crate) write_buffer_bytes: usize,
    pub(crate) heartbeat: Option<Duration>,
    pub(crate) pong_timeout: Duration,
    pub(crate) clock: Arc<dyn Clock>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            log_records: 128,
            log_bytes: 256 * 1024,
            log_age: Duration::from_secs(15 * 60),
            state_keys: 1024,
            state_bytes: 512 * 1024,
            retention: Duration::from_secs(15 * 60),
            absent_users: 10_000,
            connections_per_user: 16,
            event_bytes: 32 * 1024,
            key_bytes: 256,
            user_id_bytes: 256,
            event_types: 1024,
            big_integers: false,
            memory_bytes: 1024 * 1024 * 1024,
            presence_grace: Duration::from_secs(15),
            ended_sessions: 10_000,
            reconnect_spread: Duration::from_secs(10),
            load_deadline: Duration::from_secs(5),
            state_source: None,
            on_slow: OnSlow::Continue,
            inbound_bytes: 4 * 1024,
            read_buffer_bytes: 512,
            write_buffer_bytes: 16 * 1024,
            heartbeat: Some(Duration::from_secs(25)),
            pong_timeout: Duration::from_secs(10),
            clock: Arc::new(SystemClock),
        }
    }
}

impl Config {
    pub(crate) const fn log_limits(&self) -> LogLimits {
        LogLimits {
            log_records: self.log_records,
            log_bytes: self.log_bytes,
            log_age: self.log_age,
            state_keys: self.state_keys,
            state_bytes: self.state_bytes,
        }
    }

    pub(crate) const fn event_rules(&self) -> EventRules {
        let encode = EncodeRules { limit: self.event_bytes, big_integers: self.big_integers };
        EventRules { encode, key_bytes: self.key_bytes }
    }

    /// Whether the limits can all be kept at once.
    fn check(&self) -> Result<(), ConfigError> {
        let counts = [
            ("log_records", self.log_records),
            ("state_keys", self.state_keys),
            ("connections_per_user", self.connections_per_user),
            ("event_bytes", self.event_bytes),
            ("user_id_bytes", self.user_id_bytes),
            ("event_types", self.event_types),
            ("ended_sessions", self.ended_sessions),
            ("inbound_bytes", self.inbound_bytes),
            ("read_buffer_bytes", self.read_buffer_bytes),
            ("write_buffer_bytes", self.write_buffer_bytes),
        ];
        if let Some((limit, _)) = counts.iter().find(|(_, value)| *value == 0) {
            return Err(ConfigError::Zero { limit });
        }
        if self.heartbeat.is_some_and(|interval| interval.is_zero()) || self.pong_timeout.is_zero() {
            return Err(ConfigError::Zero {
                limit: if self.pong_timeout.is_zero() { "pong_timeout" } else { "heartbeat" },
            });
        }
        // The largest event with the longest key and everything that stands around it.
        let largest = self.event_bytes.saturating_add(self.key_bytes * 7 + EventName::MAX_LENGTH + OVERHEAD + 256);
        for (limit, bytes) in [("log_bytes", self.log_bytes), ("state_bytes", self.state_bytes)] {
            if bytes < largest {
                return Err(ConfigError::EventDoesNotFit { limit, needed: largest });
            }
        }
        if self.memory_bytes < self.log_bytes.saturating_add(self.state_bytes) {
            return Err(ConfigError::UserDoesNotFit);
        }
        if self.retention < self.log_age {
            return Err(ConfigError::RetentionBelowLogAge);
        }
        Ok(())
    }
}

/// What a transport of a hub keeps to.
///
/// ```
/// assert_eq!(user_hub::UserHub::new().transport_limits().inbound_bytes, 4_096);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct TransportLimits {
    /// The greatest message that a device may send, in bytes.
    pub inbound_bytes: usize,
    /// The read buffer of a connection, in bytes.
    pub read_buffer_bytes: usize,
    /// What is gathered before a write, in bytes.
    pub write_buffer_bytes: usize,
}

/// Limits that cannot all be kept at once.
///
/// ```
/// use user_hub::{ConfigError, UserHub};
///
/// let error = UserHub::builder().connections_per_user(0).build().unwrap_err();
/// assert_eq!(error, ConfigError::Zero { limit: "connections_per_user" });
/// ```
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// A limit is zero that has to be at least one.
    #[error("{limit} is at least one")]
    Zero {
        /// The limit.
        limit: &'static str,
    },
    /// A log could not hold one event of the greatest size.
    #[error("{limit} is at least {needed}, or one event of the greatest size does not fit")]
    EventDoesNotFit {
        /// The limit that is too low.
        limit: &'static str,
        /// What it is at least, in bytes.
        needed: usize,
    },
    /// The memory of the hub could not hold one user's log.
    #[error("memory_bytes is at least log_bytes and state_bytes together")]
    UserDoesNotFit,
    /// The Log of a user would be forgotten before its records are too old.
    #[error("retention is at least log_age")]
    RetentionBelowLogAge,
}

/// Builds a [`UserHub`] with limits of the host's own.
///
/// ```
/// use std::time::Duration;
/// use user_hub::UserHub;
///
/// let hub = UserHub::builder().log_records(500).connections_per_user(4).heartbeat(Duration::from_secs(15)).build()?;
/// # Ok::<(), user_hub::ConfigError>(())
/// ```
#[derive(Clone, Default)]
#[must_use = "a builder does nothing until `build`"]
pub struct UserHubBuilder {
    config: Config,
}

macro_rules! setters {
    ($($(#[$about:meta])* $name:ident: $kind:ty = $example:literal;)*) => {$(
        $(#[$about])*
        ///
        /// ```
        #[doc = concat!("let builder = user_hub::UserHub::builder().", stringify!($name), "(", $example, ");")]
        /// assert!(builder.build().is_ok());
        /// ```
        pub fn $name(mut self, $name: $kind) -> Self {
            self.config.$name = $name;
            self
        }
    )*};
}

impl UserHubBuilder {
    setters! {
        /// How many Log records a user's log keeps; older ones are evicted, and a device that has not got them is told by
        /// a GAP. Default 128. Costs up to [`log_bytes`](Self::log_bytes) a user.
        log_records: usize = "256";
        /// How many bytes the Log records of a user take, their bookkeeping included; older ones are evicted. Default
        /// 262,144 (256 KiB). The process holds no more ([measured](crate::guide::memory)).
        log_bytes: usize = "1024 * 1024";
        /// How long a Log record is kept. Default 15 minutes. Costs nothing beyond [`log_bytes`](Self::log_bytes).
        log_age: std::time::Duration = "std::time::Duration::from_secs(60)";
        /// How many State keys a user has; a further one is refused
        /// ([`TooManyKeys`](crate::Rejection::TooManyKeys)). Finals and removals count, but make room. Default 1,024.
        state_keys: usize = "2048";
        /// How many bytes the State of a user takes, its bookkeeping included; what goes beyond is refused
        /// ([`StateFull`](crate::Rejection::StateFull)). Default 524,288 (512 KiB). For small events the process
        /// holds up to 1.1 times as much ([measured](crate::guide::memory)).
        state_bytes: usize = "1024 * 1024";
        /// How long after the last connection left the Log is kept, so that a device that comes back resumes; never
        /// below [`log_age`](Self::log_age). Default 15 minutes. Then only State is kept, of an
        /// [absent user](Self::absent_users).
        retention: std::time::Duration = "std::time::Duration::from_secs(60 * 60)";
        /// How many users without a connection are kept for their State alone; the least recently used is forgotten
        /// first. 0 keeps none: State for a user without a mailbox is
        /// [`NoAudience`](crate::Outcome::NoAudience). Default 10,000. Costs up to [`state_bytes`](Self::state_bytes) each.
        absent_users: usize = "0";
        /// How many connections a user has; with a further one the one that has left a ping unanswered for longest, or
        /// else the oldest, is closed with code 3504. Default 16. Each costs a batch and the buffers of its transport.
        connections_per_user: usize = "4";
        /// How many bytes the `data` of an event has; a larger one is refused
        /// ([`TooLarge`](crate::EncodeError::TooLarge)). Default 32,768 (32 KiB).
        event_bytes: usize = "64 * 1024";
        /// How many bytes the key of a State has; a longer one is refused
        /// ([`KeyTooLong`](crate::Rejection::KeyTooLong)). Default 256.
        key_bytes: usize = "64";
        /// How many bytes the identity of a user has; a longer one is refused
        /// ([`UserIdError::TooLong`](crate::UserIdError::TooLong)). Default 256.
        user_id_bytes: usize = "64";
        /// How many event types a hub knows; the names of run-time events count. Default 1,024. Costs some 100 bytes each.
        event_types: usize = "64";
        /// How many bytes all logs take together. Beyond it the users who have been without a connection for longest lose
        /// their Log, then the least recently used absent users their State. The logs of connected users are bounded by
        /// their own limits only. Default 1,073,741,824 (1 GiB).
        memory_bytes: usize = "256 * 1024 * 1024";
        /// How long after the last connection of a user [`presence`](crate::UserHub::presence) tells that the user has
        /// left, so that a reconnect does not flap. Default 15 seconds.
        presence_grace: std::time::Duration = "std::time::Duration::from_secs(5)";
        /// How many sessions that were told to stay away are remembered, each for the [`retention`](Self::retention); the
        /// oldest is forgotten first. Default 10,000. Costs some 200 bytes each.
        ended_sessions: usize = "100";
        /// Over what time devices that a shutdown sends away are told to come back, each at a moment of its own. Default
        /// 10 seconds.
        reconnect_spread: std::time::Duration = "std::time::Duration::from_secs(30)";
        /// How long a device waits for the [state source](Self::state_source) before its first frame; then it gets what
        /// there is, and SYNCED says `failed`. Default 5 seconds.
        load_deadline: std::time::Duration = "std::time::Duration::from_secs(2)";
        /// What becomes of a device that is too slow for its log. Default [`OnSlow::Continue`].
        on_slow: OnSlow = "user_hub::OnSlow::Close";
        /// How many bytes a message from a device has; a larger one ends the connection. Default 4,096 (4 KiB).
        inbound_bytes: usize = "1024";
        /// How many bytes the read buffer of a WebSocket has; each connection costs it. Default 512, a few
        /// pongs: a longer message gets more while it comes.
        read_buffer_bytes: usize = "2048";
        /// How many bytes are gathered before a write to a WebSocket; a connection costs up to this and one frame while
        /// its device reads slowly. Default 16,384 (16 KiB).
        write_buffer_bytes: usize = "64 * 1024";
        /// How long a WebSocket may leave a ping unanswered before it is closed with code 3012. Default 10 seconds.
        pong_timeout: std::time::Duration = "std::time::Duration::from_secs(5)";
    }

    /// How often a transport sends HEARTBEAT and pings. Default 25 seconds, below the idle time-outs of usual proxies.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// let hub = user_hub::UserHub::builder().heartbeat(Duration::from_secs(10)).build()?;
    /// assert_eq!(hub.heartbeat_interval(), Some(Duration::from_secs(10)));
    /// # Ok::<(), user_hub::ConfigError>(())
    /// ```
    pub fn heartbeat(mut self, interval: Duration) -> Self {
        self.config.heartbeat = Some(interval);
        self
    }

    /// Lets transports send no HEARTBEAT and no ping, for a host that watches its connections in another way.
    ///
    /// ```
    /// let hub = user_hub::UserHub::builder().without_heartbeat().build()?;
    /// assert_eq!(hub.heartbeat_interval(), None);
    /// # Ok::<(), user_hub::ConfigError>(())
    /// ```
    pub fn without_heartbeat(mut self) -> Self {
        self.config.heartbeat = None;
        self
    }

    /// Sends integers beyond 2^53 as they are; only for hosts without browsers, which would round them.
    ///
    /// ```
    /// use user_hub::{DynamicEvent, Outcome, UserHub};
    ///
    /// let hub = UserHub::builder().allow_big_integers().build()?;
    /// let event = DynamicEvent::state("COUNTER", "ticks", serde_json::json!(u64::MAX))?;
    /// assert_eq!(hub.broadcast_dynamic("alice", &event), Outcome::Kept);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn allow_big_integers(mut self) -> Self {
        self.config.big_integers = true;
        self
    }

    /// Loads the State of a user whom the hub does not know yet, from the host's database for instance.
    ///
    /// Called once a user, however many devices connect together; polled by whichever waits. They wait for it before their
    /// first frame, until the [`load_deadline`](Self::load_deadline). What is broadcast meanwhile wins, by version where
    /// there is one; what is removed meanwhile stays removed. `None` is a failure: the next device that connects tries
    /// again, after a wait that doubles from one second to half a minute. A panic is a failure.
    ///
    /// The contract: commit to the database first, then broadcast. Then no order of events can lose a value.
    ///
    /// ```
    /// use futures::{StreamExt, executor::block_on};
    /// use user_hub::{LoadedState, UserHub, trading::PnlUpdate};
    ///
    /// let hub = UserHub::builder()
    ///     .state_source(|user| async move {
    ///         // … from the database …
    ///         # let _ = user;
    ///         Some(LoadedState::new().event(PnlUpdate::default()))
    ///     })
    ///     .build()?;
    /// let device = hub.connect("alice")?;
    /// let names: Vec<String> = block_on(device.take(3).map(|frame| frame.name().to_owned()).collect());
    /// assert_eq!(names, ["CONNECTED", "PNL_UPDATE", "SYNCED"]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn state_source<L>(mut self, load: impl Fn(UserId) -> L + Send + Sync + 'static) -> Self
    where
        L: Future<Output = Option<LoadedState>> + Send + 'static,
    {
        self.config.state_source = Some(Arc::new(move |user| load(user).boxed()));
        self
    }

    /// Takes the time from somewhere else than the machine, in a test for instance. Default [`SystemClock`].
    ///
    /// ```
    /// let hub = user_hub::UserHub::builder().clock(user_hub::SystemClock).build()?;
    /// # Ok::<(), user_hub::ConfigError>(())
    /// ```
    pub fn clock(mut self, clock: impl Clock + 'static) -> Self {
        self.config.clock = Arc::new(clock);
        self
    }

    /// Builds the hub.
    ///
    /// # Errors
    /// [`ConfigError`] names the limits that contradict each other; change one of them.
    ///
    /// ```
    /// assert!(user_hub::UserHub::builder().build().is_ok());
    /// assert!(user_hub::UserHub::builder().log_bytes(1_000).build().is_err());
    /// ```
    pub fn build(self) -> Result<UserHub, ConfigError> {
        self.config.check()?;
        Ok(UserHub::with_config(self.config))
    }
}

impl fmt::Debug for UserHubBuilder {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("UserHubBuilder").finish_non_exhaustive()
    }
}
