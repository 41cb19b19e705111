//! The state machines: a log, a mailbox, a session.
//!
//! Invariant: plain `&mut self`; the time is an argument, effects are return values. No lock, no await, no clock, no
//! runtime, no foreign code: everything here can be tested by calling it.

pub(crate) mod batch;
pub(crate) mod frame;
pub(crate) mod log;
pub(crate) mod mailbox;
pub(crate) mod record;
pub(crate) mod session;
#[cfg(test)]
mod tests;

use std::time::Instant;

use crate::Timestamp;

/// When something happens, on both clocks: expiry follows the monotonic one, `timestamp` on the wire the other.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Moment {
    pub(crate) now: Instant,
    pub(crate) wall: Timestamp,
}
