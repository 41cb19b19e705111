//! The words that every layer speaks: events, users, cursors, frames, outcomes.
//!
//! Invariant: nothing here names the core, the hub or an edge; nothing here locks, waits or reads a clock.

pub(crate) mod close;
pub(crate) mod cursor;
pub(crate) mod encode;
pub(crate) mod erased;
pub(crate) mod event;
pub(crate) mod frame;
pub(crate) mod name;
pub(crate) mod outcome;
pub(crate) mod scratch;
#[cfg(test)]
mod tests;
pub(crate) mod timestamp;
pub(crate) mod user;
