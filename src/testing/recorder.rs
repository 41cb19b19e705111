//! A sink that remembers what a service sent.

use parking_lot::Mutex;
use serde::de::DeserializeOwned;

use super::payload::payload;
use super::{PayloadError, json};
use crate::{Audience, ErasedEvent, Event, EventSink, Kind, Outcome};

/// An event that a [`Recorder`] got.
///
/// ```
/// use user_hub::{prelude::*, testing::Recorder, trading::PnlUpdate};
///
/// let recorder = Recorder::new();
/// recorder.broadcast_pnl("alice", &PnlUpdate::default());
/// let recorded = &recorder.events()[0];
/// assert_eq!((recorded.user.as_deref(), recorded.name.as_str()), (Some("alice"), "PNL_UPDATE"));
/// assert_eq!(recorded.data["pnl"]["totalPnL"], 0.0);
/// ```
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Recorded {
    /// Whose devices it was for; `None` for everybody.
    pub user: Option<String>,
    /// The name of the event type.
    pub name: String,
    /// State or Log.
    pub kind: Kind,
    /// Of which thing it is the State.
    pub key: Option<String>,
    /// `data` as it would stand on the wire; `null` where it cannot be encoded.
    pub data: serde_json::Value,
    /// Whether it takes a State away.
    pub is_removal: bool,
    /// Which call it came in, from 0: the events of one call are one group.
    pub call: usize,
}

impl Recorded {
    /// The payload that was sent.
    ///
    /// # Errors
    /// [`PayloadError`]: `data` is not an `E`; ask for the type that has this event's name.
    ///
    /// ```
    /// use user_hub::{prelude::*, testing::Recorder, trading::PnlUpdate};
    ///
    /// let recorder = Recorder::new();
    /// recorder.broadcast_pnl("alice", &PnlUpdate::default());
    /// assert_eq!(recorder.events()[0].payload::<PnlUpdate>()?, PnlUpdate::default());
    /// # Ok::<(), user_hub::testing::PayloadError>(())
    /// ```
    pub fn payload<E: Event + DeserializeOwned>(&self) -> Result<E, PayloadError> {
        payload(&self.data)
    }
}

/// A sink that remembers what a service sent, for the tests of that service.
///
/// It answers [`Outcome::Kept`], or [what the test says](Self::answering), and [`Outcome::Rejected`] where a hub would
/// because of the payload. Clone an `Arc<Recorder>` into the service and keep one.
///
/// ```
/// use std::sync::Arc;
/// use user_hub::{prelude::*, testing::Recorder, trading::PnlUpdate};
///
/// fn close_the_day(events: &dyn EventSink) {
///     events.broadcast_pnl("alice", &PnlUpdate::default());
/// }
///
/// let recorder = Arc::new(Recorder::new());
/// close_the_day(&recorder);
/// assert_eq!(recorder.events_of("alice").len(), 1);
/// ```
#[derive(Debug, Default)]
pub struct Recorder {
    answer: Option<Outcome>,
    calls: Mutex<Calls>,
}

#[derive(Debug, Default)]
struct Calls {
    count: usize,
    events: Vec<Recorded>,
}

impl Recorder {
    /// A recorder that has seen nothing.
    ///
    /// ```
    /// assert!(user_hub::testing::Recorder::new().events().is_empty());
    /// ```
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A recorder that answers every call so, for the test of what a service does then; it records all the same.
    ///
    /// ```
    /// use user_hub::{prelude::*, testing::Recorder, trading::PnlUpdate};
    ///
    /// let recorder = Recorder::answering(Outcome::Closed);
    /// assert_eq!(recorder.broadcast_pnl("alice", &PnlUpdate::default()), Outcome::Closed);
    /// assert_eq!(recorder.events().len(), 1);
    /// ```
    #[must_use]
    pub fn answering(outcome: Outcome) -> Self {
        Self { answer: Some(outcome), ..Self::default() }
    }

    /// Everything that was sent, in order.
    ///
    /// ```
    /// use user_hub::{prelude::*, testing::Recorder, trading::PnlUpdate};
    ///
    /// let recorder = Recorder::new();
    /// recorder.broadcast_pnl("alice", &PnlUpdate::default());
    /// assert_eq!(recorder.events().len(), 1);
    /// ```
    #[must_use]
    pub fn events(&self) -> Vec<Recorded> {
        self.calls.lock().events.clone()
    }

    /// What the devices of one user would get, in order; what was sent to everybody too.
    ///
    /// ```
    /// let recorder = user_hub::testing::Recorder::new();
    /// assert!(recorder.events_of("alice").is_empty());
    /// ```
    #[must_use]
    pub fn events_of(&self, user: &str) -> Vec<Recorded> {
        let is_for = |recorded: &Recorded| recorded.user.as_deref().is_none_or(|other| other == user);
        self.events().into_iter().filter(is_for).collect()
    }

    /// The same by calls: the events of one call reach a device together or not at all.
    ///
    /// ```
    /// use user_hub::{prelude::*, testing::Recorder, trading::{CircuitBreaker, PnlUpdate}};
    ///
    /// let recorder = Recorder::new();
    /// recorder.broadcast_pnl("alice", &PnlUpdate::default());
    /// recorder.group("alice").event(&CircuitBreaker::default()).event(&PnlUpdate::default()).broadcast();
    /// assert_eq!(recorder.groups_of("alice").iter().map(Vec::len).collect::<Vec<_>>(), [1, 2]);
    /// ```
    #[must_use]
    pub fn groups_of(&self, user: &str) -> Vec<Vec<Recorded>> {
        let mut groups: Vec<Vec<Recorded>> = Vec::new();
        for event in self.events_of(user) {
            match groups.last_mut() {
                Some(group) if group[0].call == event.call => group.push(event),
                _ => groups.push(vec![event]),
            }
        }
        groups
    }

    /// Forgets what was sent until now, so that the next act of a test begins with nothing.
    ///
    /// ```
    /// use user_hub::{prelude::*, testing::Recorder, trading::PnlUpdate};
    ///
    /// let recorder = Recorder::new();
    /// recorder.broadcast_pnl("alice", &PnlUpdate::default());
    /// recorder.forget();
    /// assert!(recorder.events().is_empty());
    /// ```
    pub fn forget(&self) {
        self.calls.lock().events.clear();
    }
}

impl EventSink for Recorder {
    fn submit(&self, to: Audience<'_>, events: &[&dyn ErasedEvent]) -> Outcome {
        let user = match to {
            Audience::User(user) => Some(user.to_owned()),
            Audience::Everybody => None,
        };
        let mut recorded = Vec::with_capacity(events.len());
        for event in events {
            let data = match event.data() {
                Ok(data) => json::read(&data).unwrap_or_default(),
                Err(error) => return Outcome::Rejected(error.into()),
            };
            recorded.push(Recorded {
                user: user.clone(),
                name: event.name().to_string(),
                kind: event.kind(),
                key: event.key().map(std::borrow::Cow::into_owned),
                data,
                is_removal: event.is_removal(),
                call: 0,
            });
        }
        // Payload code ran above; the lock is held for bookkeeping only.
        let mut calls = self.calls.lock();
        let call = calls.count;
        calls.count += 1;
        calls.events.extend(recorded.into_iter().map(|event| Recorded { call, ..event }));
        self.answer.clone().unwrap_or(Outcome::Kept)
    }
}
