//! What became of a broadcast.

use crate::{EncodeError, EventName, Kind, UserIdError};

/// What became of a broadcast; a caller may look at it or not.
///
/// It says what the hub did, at once; whether a device has seen the event is not known yet.
///
/// ```
/// use user_hub::{Outcome, UserHub, trading::PnlUpdate};
///
/// let hub = UserHub::new();
/// let device = hub.connect("alice")?;
/// assert_eq!(hub.broadcast_pnl("alice", &PnlUpdate::default()), Outcome::Queued { connections: 1 });
/// drop(device);
/// assert_eq!(hub.broadcast_pnl("alice", &PnlUpdate::default()), Outcome::Kept);
/// # Ok::<(), user_hub::ConnectError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Outcome {
    /// It is in the log of a user who has connections; each of them will get it, or a newer State, or a GAP.
    Queued {
        /// How many connections the user has (for everybody: all of the hub).
        connections: usize,
    },
    /// It is in the log of a user who has no connection now.
    Kept,
    /// Nobody would ever get it, so it was neither encoded nor kept.
    NoAudience,
    /// The handle has no hub.
    NoHub,
    /// The hub was shut down.
    Closed,
    /// A newer version of this State is there already.
    Stale,
    /// It was refused; nothing of it was sent. Where an older State would still show, it was removed.
    Rejected(Rejection),
}

/// Why a broadcast was refused.
///
/// ```
/// use user_hub::{Outcome, Rejection, UserHub, UserIdError, trading::PnlUpdate};
///
/// let outcome = UserHub::new().broadcast_pnl("", &PnlUpdate::default());
/// assert_eq!(outcome, Outcome::Rejected(Rejection::User(UserIdError::Empty)));
/// ```
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Rejection {
    /// The user's identity is empty or too long; authentication should have refused it before.
    #[error(transparent)]
    User(#[from] UserIdError),
    /// The payload has no JSON; correct the payload.
    #[error(transparent)]
    Encode(#[from] EncodeError),
    /// The payload's code panicked while it was asked or encoded; the panic went no further.
    #[error("the code of the payload panicked")]
    Panicked,
    /// The event type is not public, so it cannot go to everybody.
    #[error("{name} is not public, so it cannot go to everybody")]
    NotPublic {
        /// The event type.
        name: EventName,
    },
    /// The name was used with the other kind in this hub; choose another name.
    #[error("{name} is a {known:?} event in this hub")]
    KindConflict {
        /// The event type.
        name: EventName,
        /// The kind that it has in this hub.
        known: Kind,
    },
    /// The hub knows as many event types as it may; names are not for data.
    #[error("a hub knows at most {limit} event types")]
    TooManyEventTypes {
        /// The greatest number of event types.
        limit: usize,
    },
    /// The key of the State is too long.
    #[error("a key has at most {limit} bytes, this one has {length}")]
    KeyTooLong {
        /// The length of the key, in bytes.
        length: usize,
        /// The greatest length, in bytes.
        limit: usize,
    },
    /// The user has as many State keys as allowed; end or remove some, or raise the limit.
    #[error("a user has at most {limit} state keys")]
    TooManyKeys {
        /// The greatest number of keys.
        limit: usize,
    },
    /// The user's State would take more memory than allowed; send less, or raise the limit.
    #[error("the state of a user has at most {limit} bytes")]
    StateFull {
        /// The greatest size, in bytes.
        limit: usize,
    },
    /// The group has no event.
    #[error("a group has at least one event")]
    EmptyGroup,
    /// The group has more Log events than a log holds, so no device could get it whole.
    #[error("a group has at most {records} log records of {bytes} bytes together")]
    GroupTooLarge {
        /// The greatest number of Log records.
        records: usize,
        /// Their greatest size, in bytes.
        bytes: usize,
    },
}

#[cfg(feature = "tracing")]
impl Outcome {
    /// One word for logs.
    pub(crate) const fn word(&self) -> &'static str {
        match self {
            Self::Queued { .. } => "queued",
            Self::Kept => "kept",
            Self::NoAudience => "no_audience",
            Self::NoHub => "no_hub",
            Self::Closed => "closed",
            Self::Stale => "stale",
            Self::Rejected(_) => "rejected",
        }
    }
}

#[cfg(any(feature = "metrics", feature = "tracing"))]
impl Rejection {
    /// One word for logs and counters.
    pub(crate) const fn reason(&self) -> &'static str {
        match self {
            Self::User(_) => "user",
            Self::Encode(_) => "encode",
            Self::Panicked => "panicked",
            Self::NotPublic { .. } => "not_public",
            Self::KindConflict { .. } => "kind_conflict",
            Self::TooManyEventTypes { .. } => "too_many_event_types",
            Self::KeyTooLong { .. } => "key_too_long",
            Self::TooManyKeys { .. } => "too_many_keys",
            Self::StateFull { .. } => "state_full",
            Self::EmptyGroup => "empty_group",
            Self::GroupTooLarge { .. } => "group_too_large",
        }
    }
}
