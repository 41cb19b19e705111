//! The face towards the domain services: where an event goes in.
//!
//! Invariant: [`EventSink`] is object safe and has one method, so that everything typed stands in [`Broadcast`], which
//! every sink has by itself.

use std::sync::Arc;

use crate::{DynamicEvent, ErasedEvent, Event, HubHandle, Outcome, PublicEvent, Removal, UserHub};

/// Who is to see an event.
///
/// ```
/// use user_hub::Audience;
///
/// assert_ne!(Audience::User("alice"), Audience::Everybody);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Audience<'u> {
    /// All devices of one user.
    User(&'u str),
    /// All devices of all users; only for public events.
    Everybody,
}

/// Where a domain service puts its events.
///
/// A service takes `S: EventSink` or `Arc<dyn EventSink>` and so knows no hub and no web framework. The hub, a
/// [`HubHandle`](crate::HubHandle) and a [`Recorder`](crate::testing::Recorder) are sinks; so are `&S`, `Box<S>`,
/// `Arc<S>` and `Option<S>` of one. The typed functions come from [`Broadcast`].
///
/// Implementations never block, never wait for a device and never panic.
///
/// ```
/// use std::sync::Arc;
/// use user_hub::{prelude::*, trading::PnlUpdate};
///
/// struct Profit { events: Arc<dyn EventSink + Send + Sync> }
///
/// impl Profit {
///     fn changed(&self, user: &str) {
///         self.events.broadcast_pnl(user, &PnlUpdate::default());
///     }
/// }
///
/// Profit { events: Arc::new(UserHub::new()) }.changed("alice");
/// Profit { events: Arc::new(HubHandle::none()) }.changed("alice");
/// ```
pub trait EventSink {
    /// Takes the events of one call as one group: a device gets all of them or none, in this order, and nothing between.
    ///
    /// Never fails loudly: the [`Outcome`] says what became of them.
    fn submit(&self, to: Audience<'_>, events: &[&dyn ErasedEvent]) -> Outcome;
}

impl<S: EventSink + ?Sized> EventSink for &S {
    fn submit(&self, to: Audience<'_>, events: &[&dyn ErasedEvent]) -> Outcome {
        (**self).submit(to, events)
    }
}

impl<S: EventSink + ?Sized> EventSink for Box<S> {
    fn submit(&self, to: Audience<'_>, events: &[&dyn ErasedEvent]) -> Outcome {
        (**self).submit(to, events)
    }
}

impl<S: EventSink + ?Sized> EventSink for Arc<S> {
    fn submit(&self, to: Audience<'_>, events: &[&dyn ErasedEvent]) -> Outcome {
        (**self).submit(to, events)
    }
}

impl<S: EventSink> EventSink for Option<S> {
    /// `None` is a service without a hub: [`Outcome::NoHub`].
    fn submit(&self, to: Audience<'_>, events: &[&dyn ErasedEvent]) -> Outcome {
        self.as_ref().map_or(Outcome::NoHub, |sink| sink.submit(to, events))
    }
}

/// The typed functions of every [`EventSink`].
///
/// ```
/// use user_hub::{prelude::*, trading::PnlUpdate};
///
/// let no_hub: Option<UserHub> = None;
/// assert_eq!(no_hub.broadcast("alice", &PnlUpdate::default()), Outcome::NoHub);
/// ```
pub trait Broadcast: EventSink {
    /// Sends one event to all devices of one user.
    ///
    /// ```
    /// use user_hub::{prelude::*, trading::PnlUpdate};
    ///
    /// assert_eq!(HubHandle::none().broadcast("alice", &PnlUpdate::default()), Outcome::NoHub);
    /// ```
    fn broadcast<E: Event>(&self, user: &str, event: &E) -> Outcome {
        self.submit(Audience::User(user), &[event])
    }

    /// Sends one event to all devices of all users; only a [`PublicEvent`] compiles.
    ///
    /// ```
    /// use user_hub::{Timestamp, prelude::*, trading::SystemStatus};
    ///
    /// let status = SystemStatus::new(Timestamp::now());
    /// assert_eq!(HubHandle::none().broadcast_to_all(&status), Outcome::NoHub);
    /// ```
    ///
    /// ```compile_fail
    /// use user_hub::{prelude::*, trading::PnlUpdate};
    ///
    /// HubHandle::none().broadcast_to_all(&PnlUpdate::default());
    /// ```
    fn broadcast_to_all<E: PublicEvent>(&self, event: &E) -> Outcome {
        self.submit(Audience::Everybody, &[event])
    }

    /// Sends an event whose type is known only at run time to all devices of one user.
    ///
    /// ```
    /// use user_hub::{DynamicEvent, prelude::*};
    ///
    /// let alert = DynamicEvent::log("PRICE_ALERT", serde_json::json!({"symbol": "BTCUSDT"}))?;
    /// assert_eq!(HubHandle::none().broadcast_dynamic("alice", &alert), Outcome::NoHub);
    /// # Ok::<(), user_hub::EventNameError>(())
    /// ```
    fn broadcast_dynamic(&self, user: &str, event: &DynamicEvent) -> Outcome {
        self.submit(Audience::User(user), &[event])
    }

    /// Takes the State `E` of one key away from all devices of one user.
    ///
    /// ```
    /// use user_hub::{prelude::*, trading::ChainUpdate};
    ///
    /// assert_eq!(UserHub::new().clear_key::<ChainUpdate>("alice", "chain-7"), Outcome::NoAudience);
    /// ```
    fn clear_key<E: Event>(&self, user: &str, key: &str) -> Outcome {
        self.submit(Audience::User(user), &[&Removal::of_key::<E>(key)])
    }

    /// Takes the State `E` that has one value a user away from all devices of one user.
    ///
    /// ```
    /// use user_hub::{prelude::*, trading::PnlUpdate};
    ///
    /// assert_eq!(UserHub::new().clear::<PnlUpdate>("alice"), Outcome::NoAudience);
    /// ```
    fn clear<E: Event>(&self, user: &str) -> Outcome {
        self.submit(Audience::User(user), &[&Removal::of::<E>()])
    }

    /// Begins a group: events that a device gets together or not at all.
    ///
    /// ```
    /// use user_hub::{DynamicEvent, prelude::*};
    ///
    /// let fill = DynamicEvent::log("FILL", serde_json::json!({"quantity": 2}))?;
    /// let position = DynamicEvent::state("POSITION", "BTCUSDT", serde_json::json!({"quantity": 2}))?;
    /// let outcome = UserHub::new().group("alice").event(&fill).event(&position).broadcast();
    /// assert_eq!(outcome, Outcome::Kept);
    /// # Ok::<(), user_hub::EventNameError>(())
    /// ```
    fn group<'g>(&'g self, user: &'g str) -> Group<'g, Self> {
        Group { sink: self, user, events: Vec::new() }
    }
}

impl<S: EventSink + ?Sized> Broadcast for S {}

/// Events that a device gets together or not at all; made by [`Broadcast::group`].
///
/// One event that cannot be encoded, or more than a log holds, rejects the whole group. A State of it that is stale is
/// left out.
///
/// ```
/// use user_hub::{Outcome, Rejection, prelude::*};
///
/// let outcome = UserHub::new().group("alice").broadcast();
/// assert_eq!(outcome, Outcome::Rejected(Rejection::EmptyGroup));
/// ```
#[must_use = "a group does nothing until it is broadcast"]
pub struct Group<'g, S: ?Sized> {
    sink: &'g S,
    user: &'g str,
    events: Vec<&'g dyn ErasedEvent>,
}

impl<'g, S: EventSink + ?Sized> Group<'g, S> {
    /// Adds an event behind those that are in the group.
    ///
    /// ```
    /// use user_hub::{prelude::*, trading::PnlUpdate};
    ///
    /// let (hub, pnl) = (UserHub::new(), PnlUpdate::default());
    /// let group = hub.group("alice").event(&pnl);
    /// assert_eq!(group.broadcast(), Outcome::Kept);
    /// ```
    pub fn event(mut self, event: &'g dyn ErasedEvent) -> Self {
        self.events.push(event);
        self
    }

    /// Sends the group.
    ///
    /// ```
    /// use user_hub::{prelude::*, trading::PnlUpdate};
    ///
    /// let hub = UserHub::new();
    /// assert_eq!(hub.group("alice").event(&PnlUpdate::default()).broadcast(), Outcome::Kept);
    /// ```
    pub fn broadcast(self) -> Outcome {
        self.sink.submit(Audience::User(self.user), &self.events)
    }
}

impl<S: ?Sized> std::fmt::Debug for Group<'_, S> {
    /// Shows no payload: groups end up in logs.
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Group").field("events", &self.events.len()).finish_non_exhaustive()
    }
}

/// The functions of [`Broadcast`] on a type of the crate, so that they need no import and stand in its documentation.
macro_rules! inherent_broadcast {
    ($sink:ty, $make:literal) => {
        impl $sink {
            /// Sends one event to all devices of one user.
            ///
            /// ```
            /// use user_hub::{Outcome, trading::PnlUpdate};
            ///
            #[doc = concat!("let sink = ", $make, ";")]
            /// assert_ne!(sink.broadcast("alice", &PnlUpdate::default()), Outcome::Closed);
            /// ```
            pub fn broadcast<E: Event>(&self, user: &str, event: &E) -> Outcome {
                Broadcast::broadcast(self, user, event)
            }

            /// Sends one event to all devices of all users; only a [`PublicEvent`] compiles.
            ///
            /// ```
            /// use user_hub::{Outcome, Timestamp, trading::SystemStatus};
            ///
            #[doc = concat!("let sink = ", $make, ";")]
            /// assert_ne!(sink.broadcast_to_all(&SystemStatus::new(Timestamp::now())), Outcome::Closed);
            /// ```
            pub fn broadcast_to_all<E: PublicEvent>(&self, event: &E) -> Outcome {
                Broadcast::broadcast_to_all(self, event)
            }

            /// Sends an event whose type is known only at run time to all devices of one user.
            ///
            /// ```
            /// use user_hub::{DynamicEvent, Outcome};
            ///
            #[doc = concat!("let sink = ", $make, ";")]
            /// let price = DynamicEvent::state("PRICE", "BTCUSDT", serde_json::json!(97_000.5))?;
            /// assert_ne!(sink.broadcast_dynamic("alice", &price), Outcome::Closed);
            /// # Ok::<(), user_hub::EventNameError>(())
            /// ```
            pub fn broadcast_dynamic(&self, user: &str, event: &DynamicEvent) -> Outcome {
                Broadcast::broadcast_dynamic(self, user, event)
            }

            /// Takes the State `E` of one key away from all devices of one user.
            ///
            /// ```
            /// use user_hub::{Outcome, trading::ChainUpdate};
            ///
            #[doc = concat!("let sink = ", $make, ";")]
            /// assert_ne!(sink.clear_key::<ChainUpdate>("alice", "chain-7"), Outcome::Closed);
            /// ```
            pub fn clear_key<E: Event>(&self, user: &str, key: &str) -> Outcome {
                Broadcast::clear_key::<E>(self, user, key)
            }

            /// Takes the State `E` that has one value a user away from all devices of one user.
            ///
            /// ```
            /// use user_hub::{Outcome, trading::PnlUpdate};
            ///
            #[doc = concat!("let sink = ", $make, ";")]
            /// assert_ne!(sink.clear::<PnlUpdate>("alice"), Outcome::Closed);
            /// ```
            pub fn clear<E: Event>(&self, user: &str) -> Outcome {
                Broadcast::clear::<E>(self, user)
            }

            /// Begins a group: events that a device gets together or not at all.
            ///
            /// ```
            /// use user_hub::{Outcome, trading::PnlUpdate};
            ///
            #[doc = concat!("let sink = ", $make, ";")]
            /// assert_ne!(sink.group("alice").event(&PnlUpdate::default()).broadcast(), Outcome::Closed);
            /// ```
            pub fn group<'g>(&'g self, user: &'g str) -> Group<'g, Self> {
                Broadcast::group(self, user)
            }
        }
    };
}
inherent_broadcast!(UserHub, "user_hub::UserHub::new()");
inherent_broadcast!(HubHandle, "user_hub::HubHandle::none()");
