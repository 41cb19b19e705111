//! What a hub tells whoever runs it: through the facade `metrics` and through `tracing`, each with its feature.
//!
//! Invariants:
//! - Bodies are optional, so that no other file knows of the features. Without them nothing is left: what is observed of a
//!   connection takes no room, and no function has a body but the one that counts refusals.
//! - A recorder and a subscriber are foreign code: nothing here is called under a lock of the hub.
//! - No payload and no key is told to anyone, and a user only to `tracing`, at debug and below.
#![cfg_attr(
    not(all(feature = "metrics", feature = "tracing")),
    allow(unused_variables, clippy::unused_self, reason = "bodies are optional")
)]

#[cfg(feature = "metrics")]
mod metrics;
#[cfg(all(test, not(feature = "metrics")))]
mod tests;
#[cfg(feature = "tracing")]
mod tracing;

use std::time::Instant;

#[cfg(feature = "metrics")]
use self::metrics::{ConnectionMeter, Meters};
#[cfg(feature = "tracing")]
use self::tracing::Refusals;
use crate::core::session::Begin;
use crate::hub::stats::Stats;
use crate::hub::sync::{AtomicU64, Ordering};
use crate::{ConnectionId, ErasedEvent, Frame, Outcome, Rejection, UserId};

/// What a load of the host's State came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LoadResult {
    /// All of it is in the mailbox.
    Loaded,
    /// Some of it was refused.
    Incomplete,
    /// The host's function failed.
    Failed,
    /// It has to be loaded again, because some of what came live meanwhile is forgotten already.
    Again,
    /// The devices that waited went on without it.
    Late,
}

/// Counts refusals, and passes on what happens in the hub.
#[derive(Debug)]
pub(crate) struct Observer {
    rejected: AtomicU64,
    #[cfg(feature = "metrics")]
    meters: Meters,
    #[cfg(feature = "tracing")]
    refusals: Refusals,
}

impl Observer {
    /// Of a hub that may know so many event types.
    pub(crate) fn new(event_types: usize) -> Self {
        Self {
            rejected: AtomicU64::new(0),
            #[cfg(feature = "metrics")]
            meters: Meters::new(event_types),
            #[cfg(feature = "tracing")]
            refusals: Refusals::default(),
        }
    }

    pub(crate) fn rejected_count(&self) -> u64 {
        self.rejected.load(Ordering::Relaxed)
    }

    /// An event, named if that much is known of it, was refused.
    pub(crate) fn rejected(&self, event: Option<&str>, rejection: &Rejection) {
        self.rejected.fetch_add(1, Ordering::Relaxed);
        #[cfg(feature = "metrics")]
        self.meters.rejected(rejection);
        #[cfg(feature = "tracing")]
        self.refusals.tell(event.unwrap_or("(none)"), rejection);
    }

    /// A call has come to its end; its events have one outcome.
    #[inline]
    pub(crate) fn broadcast(&self, events: &[&dyn ErasedEvent], outcome: &Outcome) {
        #[cfg(feature = "metrics")]
        self.meters.broadcast(events, outcome);
        #[cfg(feature = "tracing")]
        self::tracing::broadcast(events, outcome);
    }

    /// A device was connected, and begins there.
    #[inline]
    pub(crate) fn connected(&self, device: Device<'_>, begin: Option<Begin>, is_first_of_user: bool) {
        #[cfg(feature = "metrics")]
        self.meters.connected(begin, is_first_of_user);
        #[cfg(feature = "tracing")]
        self::tracing::connected(device, begin);
    }

    /// A connection is gone.
    #[inline]
    pub(crate) fn disconnected(&self, is_last_of_user: bool) {
        #[cfg(feature = "metrics")]
        self.meters.disconnected(is_last_of_user);
    }

    /// A load of a user's State has come to its end.
    #[inline]
    pub(crate) fn load_ended(&self, user: &UserId, result: LoadResult) {
        #[cfg(feature = "metrics")]
        self.meters.load_ended(result);
        #[cfg(feature = "tracing")]
        self::tracing::load_ended(user, result);
    }

    /// The hub was looked after, which happens about once a second.
    #[inline]
    pub(crate) fn maintained(&self, stats: impl FnOnce() -> Stats) {
        #[cfg(feature = "metrics")]
        self.meters.maintained(stats());
    }
}

/// A connection, and whose it is.
pub(crate) type Device<'u> = (ConnectionId, &'u UserId);

/// What is observed of one connection.
#[derive(Debug)]
pub(crate) struct ConnectionObserver {
    #[cfg(feature = "metrics")]
    meter: ConnectionMeter,
}

impl ConnectionObserver {
    #[inline]
    pub(crate) fn new(id: ConnectionId, now: Instant) -> Self {
        Self {
            #[cfg(feature = "metrics")]
            meter: ConnectionMeter::new(id, now),
        }
    }

    /// Whether the next record is to be timed.
    #[inline]
    pub(crate) const fn is_timing(&self) -> bool {
        #[cfg(feature = "metrics")]
        let is_timing = self.meter.is_timing();
        #[cfg(not(feature = "metrics"))]
        let is_timing = false;
        is_timing
    }

    /// A frame goes to the transport; `appended` is when it came into the log, if it is timed.
    #[inline]
    pub(crate) fn handed_over(
        &mut self,
        frame: &Frame,
        appended: Option<Instant>,
        device: Device<'_>,
        observer: &Observer,
        now: impl FnOnce() -> Instant,
    ) {
        #[cfg(feature = "metrics")]
        {
            self.meter.handed_over(frame, &observer.meters);
            if let Some(appended) = appended {
                self.meter.time(appended, now(), &observer.meters);
            }
        }
        #[cfg(feature = "tracing")]
        self::tracing::handed_over(frame, device);
    }

    /// A batch was handed out; the next passes over so many State records that had been replaced.
    #[inline]
    pub(crate) fn took(&mut self, conflated: impl FnOnce() -> u64, observer: &Observer) {
        #[cfg(feature = "metrics")]
        self.meter.took(conflated(), &observer.meters);
    }

    /// The connection is dropped.
    #[inline]
    pub(crate) fn ended(&mut self, device: Device<'_>, observer: &Observer) {
        #[cfg(feature = "metrics")]
        self.meter.ended(&observer.meters);
        #[cfg(feature = "tracing")]
        self::tracing::ended(device);
    }
}

#[cfg(any(feature = "metrics", feature = "tracing"))]
impl LoadResult {
    const fn word(self) -> &'static str {
        match self {
            Self::Loaded => "loaded",
            Self::Incomplete => "incomplete",
            Self::Failed => "failed",
            Self::Again => "again",
            Self::Late => "late",
        }
    }
}

/// What became of the cursor of a device that connects.
#[cfg(any(feature = "metrics", feature = "tracing"))]
const fn begin_word(begin: Option<Begin>) -> &'static str {
    match begin {
        Some(Begin::After(_)) => "recovered",
        Some(Begin::Unknown) => "unknown",
        Some(Begin::New { .. } | Begin::Since(_)) | None => "new",
    }
}
