//! What an application broadcasts: a payload type that says, in its Rust type, which of two kinds it is.

use std::borrow::Cow;
use std::sync::Arc;

use crate::{EventName, Timestamp};

/// Which of two kinds an event type is; it decides what a device that was away gets.
///
/// ```
/// use user_hub::{Event, Kind, trading::PnlUpdate};
///
/// assert_eq!(PnlUpdate::KIND, Kind::State);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Kind {
    /// The current value of something, under a key: absolute, never an increment. A newer value replaces the older.
    State,
    /// Something that happened. Kept by count, bytes and age; a device is told when one is gone before it got it.
    Log,
}

/// An event type: what a host pushes to the devices of one user.
///
/// Derive it (feature `derive`): `#[derive(Serialize, Event)]` with `#[event(name = "…")]`. One name is one kind within
/// a hub. Nothing here may broadcast or block; what panics is caught and becomes [`Rejection::Panicked`](crate::Rejection).
///
/// ```
/// use user_hub::{Event, Kind};
///
/// #[derive(serde::Serialize)]
/// struct Note { text: String }
///
/// impl Event for Note {
///     const NAME: &'static str = "NOTE";
///     const KIND: Kind = Kind::Log;
/// }
///
/// let hub = user_hub::UserHub::new();
/// let device = hub.connect("alice")?;
/// hub.broadcast("alice", &Note { text: "hello".into() });
/// # Ok::<(), user_hub::ConnectError>(())
/// ```
pub trait Event: serde::Serialize {
    /// The name on the wire; checked at compile time against the rules of [`EventName`].
    const NAME: &'static str;
    /// State or Log.
    const KIND: Kind;
    /// The one field of `data` that wraps the payload; without it `data` is the payload itself.
    const FIELD: Option<&'static str> = None;
    /// Whether it may be sent to everybody; a type that says so also implements [`PublicEvent`].
    const PUBLIC: bool = false;
    /// Whether each value of a State stands under a key of its own: [`key`](Self::key) returns one exactly when this is
    /// true. Only generated types read it, those of TypeScript for instance.
    const KEYED: bool = false;

    /// Of which thing this is the State; without a key there is one value a user. Ignored for a Log event. Who writes it
    /// sets [`KEYED`](Self::KEYED) too.
    fn key(&self) -> Option<Cow<'_, str>> {
        None
    }

    /// An older version than the one in the log is refused as stale; an equal one replaces it.
    fn version(&self) -> Option<Version> {
        None
    }

    /// Whether this State is the last of its key: devices see it, and new ones never do.
    fn is_final(&self) -> bool {
        false
    }

    /// When this State stops being true by itself.
    fn expires_at(&self) -> Option<Timestamp> {
        None
    }
}

/// An event type that may be sent to everybody.
///
/// Only these compile with `broadcast_to_all`; the derive implements it for `#[event(public)]`.
///
/// ```
/// use user_hub::{PublicEvent, trading::SystemStatus};
///
/// fn may_be_sent_to_everybody<E: PublicEvent>() {}
/// may_be_sent_to_everybody::<SystemStatus>();
/// ```
///
/// ```compile_fail
/// use user_hub::{PublicEvent, trading::PnlUpdate};
///
/// fn may_be_sent_to_everybody<E: PublicEvent>() {}
/// may_be_sent_to_everybody::<PnlUpdate>();
/// ```
pub trait PublicEvent: Event {}

/// How new a State is: of two, the greater is newer.
///
/// Made of whatever the host counts with: a revision number, or the [`Timestamp`] of the change.
///
/// ```
/// use user_hub::{Timestamp, Version};
///
/// assert!(Version::from(2_i64) > Version::from(1_u32));
/// assert!(Version::from(Timestamp::from_milliseconds(2)) > Version::from(Timestamp::from_milliseconds(1)));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Version(i64);

impl From<i64> for Version {
    fn from(value: i64) -> Self {
        Self(value)
    }
}

impl From<i32> for Version {
    fn from(value: i32) -> Self {
        Self(value.into())
    }
}

impl From<u32> for Version {
    fn from(value: u32) -> Self {
        Self(value.into())
    }
}

impl From<u64> for Version {
    /// What is above `i64::MAX` counts as `i64::MAX`; nanoseconds since 1970 reach it in the year 2262.
    fn from(value: u64) -> Self {
        Self(i64::try_from(value).unwrap_or(i64::MAX))
    }
}

impl From<Timestamp> for Version {
    fn from(value: Timestamp) -> Self {
        Self(value.as_milliseconds())
    }
}

/// What can be the key of a State: text, whole numbers, and whatever a host implements it for.
///
/// ```
/// use std::borrow::Cow;
/// use user_hub::EventKey;
///
/// struct OrderId(u64);
/// impl EventKey for OrderId {
///     fn event_key(&self) -> Cow<'_, str> {
///         self.0.event_key()
///     }
/// }
/// assert_eq!(OrderId(7).event_key(), "7");
/// ```
pub trait EventKey {
    /// The key as it stands on the wire; two things with the same text are the same thing.
    fn event_key(&self) -> Cow<'_, str>;
}

macro_rules! text_keys {
    ($($text:ty),*) => {$(
        impl EventKey for $text {
            fn event_key(&self) -> Cow<'_, str> {
                Cow::Borrowed(self)
            }
        }
    )*};
}
text_keys!(str, String, Box<str>, Arc<str>, Cow<'_, str>);

macro_rules! number_keys {
    ($($number:ty),*) => {$(
        impl EventKey for $number {
            fn event_key(&self) -> Cow<'_, str> {
                Cow::Owned(self.to_string())
            }
        }
    )*};
}
number_keys!(u8, u16, u32, u64, u128, usize, i8, i16, i32, i64, i128, isize);

impl<K: EventKey + ?Sized> EventKey for &K {
    fn event_key(&self) -> Cow<'_, str> {
        (**self).event_key()
    }
}

/// The name of an event type, proven at compile time.
pub(crate) const fn name_of<E: Event>() -> EventName {
    const { EventName::from_static(E::NAME) }
}
