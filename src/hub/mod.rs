//! The hub: the only locks and the only clock.
//!
//! Invariants:
//! - Locks are taken in one order: a shard of the registry, then a mailbox, then its load or the hub-wide log; the books
//!   of absent users, of presence and of ended sessions are innermost, and nothing is locked under one of them.
//! - Foreign code never runs under a lock: not `wake`, not the clone or drop of a waker, not `Serialize`, not a clock.
//! - A mailbox is removed only under its shard and its own lock, and marked closed; who finds it closed looks up again.

pub(crate) mod absence;
pub(crate) mod burst;
pub(crate) mod catalog;
pub(crate) mod clock;
pub(crate) mod config;
pub(crate) mod connection;
pub(crate) mod due;
pub(crate) mod ending;
pub(crate) mod handle;
#[expect(clippy::module_inception, reason = "the hub is the chief thing of the layer of its name")]
pub(crate) mod hub;
pub(crate) mod maintenance;
pub(crate) mod observe;
pub(crate) mod prepare;
pub(crate) mod presence;
pub(crate) mod registry;
pub(crate) mod shared;
pub(crate) mod sink;
pub(crate) mod state_source;
pub(crate) mod stats;
pub(crate) mod submit;
pub(crate) mod sync;
pub(crate) mod waiting;
