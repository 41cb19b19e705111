//! What a hub tells through `tracing`: refusals at warn, the lives of connections at debug, every broadcast at trace.
//!
//! Invariant: a user is named at debug and below only; a payload and a key never.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use super::{Device, LoadResult};
use crate::core::session::Begin;
use crate::hub::sync::Mutex;
use crate::{ErasedEvent, Frame, FrameKind, Outcome, Rejection, UserId};

/// The refusals that were told, so that each is told at most once a minute for each type and reason.
#[derive(Debug, Default)]
pub(crate) struct Refusals {
    told: Mutex<HashMap<(String, &'static str), Instant>>,
}

impl Refusals {
    pub(crate) fn tell(&self, event: &str, rejection: &Rejection) {
        const PAUSE: Duration = Duration::from_secs(60);
        /// Names can be made at run time; beyond this many, the oldest pause is forgotten with all others.
        const REMEMBERED: usize = 4096;
        let now = Instant::now();
        {
            let mut told = self.told.lock();
            let entry = (event.to_owned(), rejection.reason());
            if told.get(&entry).is_some_and(|last| now.saturating_duration_since(*last) < PAUSE) {
                return;
            }
            if told.len() >= REMEMBERED {
                told.clear();
            }
            told.insert(entry, now);
        }
        // Not under the lock: a subscriber is foreign code. No payload, no key, no user.
        tracing::warn!(event, reason = rejection.reason(), "event refused: {rejection}");
    }
}

#[inline]
pub(crate) fn broadcast(events: &[&dyn ErasedEvent], outcome: &Outcome) {
    if tracing::enabled!(tracing::Level::TRACE) {
        for event in events {
            tracing::trace!(event = event.name().as_str(), outcome = outcome.word(), "broadcast");
        }
    }
}

pub(crate) fn connected((id, user): Device<'_>, begin: Option<Begin>) {
    let (connection, user) = (id.number(), user.as_str());
    tracing::debug!(connection, user, begin = super::begin_word(begin), "device connected");
}

/// Only what says something of the connection; records go by unsaid.
#[inline]
pub(crate) fn handed_over(frame: &Frame, device: Device<'_>) {
    if matches!(frame.kind(), FrameKind::Gap | FrameKind::Reset | FrameKind::Closing) {
        told_in_band(frame, device);
    }
}

#[cold]
fn told_in_band(frame: &Frame, (id, user): Device<'_>) {
    let (connection, user) = (id.number(), user.as_str());
    match frame.close_reason() {
        Some(reason) => tracing::debug!(connection, user, code = reason.code().as_u16(), "connection closed"),
        None if frame.kind() == FrameKind::Gap => tracing::debug!(connection, user, "log records may be missing: GAP"),
        None => tracing::debug!(connection, user, "state is sent again: RESET"),
    }
}

pub(crate) fn ended((id, user): Device<'_>) {
    let (connection, user) = (id.number(), user.as_str());
    tracing::debug!(connection, user, "device disconnected");
}

pub(crate) fn load_ended(user: &UserId, result: LoadResult) {
    tracing::debug!(user = user.as_str(), result = result.word(), "load of state ended");
}
