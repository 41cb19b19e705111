//! What a frame does to a device.

use std::time::Duration;

use super::Record;

/// Log records that cannot be had any more.
///
/// ```
/// use user_hub::testing::Device;
/// use user_hub::{ConnectOptions, Start, UserHub};
///
/// let mut phone = Device::new();
/// phone.read(&mut UserHub::new().connect_with("alice", ConnectOptions::new().start(Start::Unknown))?);
/// assert_eq!((phone.gaps()[0].from, phone.gaps()[0].reason.as_str()), (None, "unknown"));
/// # Ok::<(), user_hub::ConnectError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Gap {
    /// The first position that may be missing; `None` when nobody knows.
    pub from: Option<u64>,
    /// The last one; `None` when nobody knows.
    pub to: Option<u64>,
    /// `evicted`: away for too long; `unknown`: the hub began anew; `lost`: they went astray twice.
    pub reason: String,
}

impl Gap {
    /// Whether it says that the record at a position may be missing.
    ///
    /// ```
    /// # use user_hub::{ConnectOptions, Start, UserHub, testing::Device};
    /// # let mut phone = Device::new();
    /// # phone.read(&mut UserHub::new().connect_with("alice", ConnectOptions::new().start(Start::Unknown))?);
    /// // The hub began anew: nothing of what it has now is missing.
    /// assert!(!phone.gaps()[0].declares(1));
    /// # Ok::<(), user_hub::ConnectError>(())
    /// ```
    #[must_use]
    pub fn declares(&self, seq: u64) -> bool {
        self.from.is_none_or(|from| from <= seq) && self.to.is_some_and(|to| seq <= to)
    }
}

/// What a frame does, in the order in which it happens.
///
/// ```
/// use user_hub::testing::{Device, Effect};
/// use user_hub::{UserHub, trading::PnlUpdate};
///
/// let hub = UserHub::new();
/// let (mut phone, mut connection) = (Device::new(), hub.connect("alice")?);
/// phone.read(&mut connection);
/// hub.broadcast_pnl("alice", &PnlUpdate::default());
/// let effects = phone.read(&mut connection);
/// assert!(matches!(&effects[..], [Effect::State(record)] if record.name == "PNL_UPDATE"));
/// # Ok::<(), user_hub::ConnectError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Effect {
    /// A value was set.
    State(Record),
    /// The last value of its key was shown, and forgotten.
    Final(Record),
    /// A value was taken away.
    Removed(Record),
    /// Something happened.
    Log(Record),
    /// Log records cannot be had any more.
    Gap(Gap),
    /// A connection has begun.
    Connected {
        /// Whose it is.
        user: String,
        /// Whether the device goes on where it was; if not, its State is forgotten.
        recovered: bool,
        /// How often it hears at least a HEARTBEAT, if it does.
        heartbeat: Option<Duration>,
    },
    /// All State was forgotten: this.
    Cleared(Vec<Record>),
    /// The State is not complete until the next `Synced`.
    Syncing,
    /// The State is complete.
    Synced {
        /// What the hub says of the host's StateSource: `loaded`, `failed` or `none`.
        state_source: String,
    },
    /// The hub ends the connection.
    Closing {
        /// The close code.
        code: u16,
        /// Why, for whoever reads logs.
        reason: String,
        /// Whether to come back.
        reconnect: bool,
        /// How long to wait before that.
        retry_after: Option<Duration>,
    },
    /// Something is missing: the device gives the connection up, and comes back with its cursor.
    Reconnect,
}
