//! Events as small as their point, hubs as small as a model needs, and a clock that moves when a model says so.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use serde::Serialize;
use user_hub::{Clock, Event, Timestamp, UserHub, UserHubBuilder};

/// A State with one value a user.
#[derive(Serialize, Event)]
#[event(name = "TOTAL", state)]
pub(crate) struct Total(pub(crate) u64);

/// An order as of a revision.
#[derive(Serialize, Event)]
#[event(name = "ORDER", state(version = revision))]
#[serde(transparent)]
pub(crate) struct Order {
    pub(crate) revision: u32,
}

/// A State that stops being true.
#[derive(Serialize, Event)]
#[event(name = "OFFER", state(expires = until))]
#[serde(transparent)]
pub(crate) struct Offer {
    #[serde(skip)]
    pub(crate) until: Timestamp,
    pub(crate) price: u64,
}

/// Something that happened.
#[derive(Serialize, Event)]
#[event(name = "FILL", log)]
pub(crate) struct Fill(pub(crate) u64);

/// A State of everybody.
#[derive(Serialize, Event)]
#[event(name = "NOTICE", state, public)]
pub(crate) struct Notice(pub(crate) u64);

/// Something that happened to everybody.
#[derive(Serialize, Event)]
#[event(name = "ALARM", log, public)]
pub(crate) struct Alarm(pub(crate) u64);

/// A clock that stands still until it is moved. Its lock is no occasion to change threads.
#[derive(Clone)]
pub(crate) struct StillClock {
    started: Instant,
    passed: Arc<Mutex<Duration>>,
}

impl StillClock {
    pub(crate) fn new() -> Self {
        Self { started: Instant::now(), passed: Arc::default() }
    }

    pub(crate) fn advance(&self, by: Duration) {
        *self.passed.lock().unwrap_or_else(PoisonError::into_inner) += by;
    }

    fn passed(&self) -> Duration {
        *self.passed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What the wall will show after so long.
    pub(crate) fn wall_in(&self, wait: Duration) -> Timestamp {
        let wall = self.wall().as_milliseconds() + i64::try_from(wait.as_millis()).unwrap();
        Timestamp::from_milliseconds(wall)
    }
}

impl Clock for StillClock {
    fn now(&self) -> Instant {
        self.started + self.passed()
    }

    fn wall(&self) -> Timestamp {
        Timestamp::from_milliseconds(i64::try_from(self.passed().as_millis()).unwrap())
    }
}

/// Begins a hub whose clock stands still.
pub(crate) fn hub_on(clock: &StillClock) -> UserHubBuilder {
    UserHub::builder().clock(clock.clone())
}

/// A hub whose clock stands still for ever.
pub(crate) fn hub() -> UserHub {
    hub_on(&StillClock::new()).build().unwrap()
}
