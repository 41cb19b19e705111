//! Push typed events to every device of one user, and to nobody else.
//!
//! An application has users, and each user has devices: two browser tabs, a phone, a terminal. Its services learn things
//! that one user should see now. A [`UserHub`] stands between them: a service says `hub.broadcast("alice", &order)`, and
//! every device of Alice, and of nobody else, gets that event, in order. The application keeps its own WebSocket layer,
//! authentication and services.
//!
//! ```text
//!  services                       UserHub                                          devices
//!  broadcast("alice", &order) ─► shard ─► mailbox of alice: log + wakers ─► Connection ─► WebSocket, SSE,
//!  handle / EventSink            seq: 17 19 23 24 31                 cursor 23: takes 24 and 31    any sink
//!                                     S  L  S  L  S                  cursor 31: parked
//! ```
//!
//! # An example
//! ```
//! use futures::{StreamExt, executor::block_on};
//! use user_hub::prelude::*;
//!
//! #[derive(serde::Serialize, Event)]
//! #[event(name = "ORDER_UPDATE", field = "order", state(key = order_id, version = revision))]
//! struct OrderUpdate { order_id: String, revision: i64, status: &'static str }
//!
//! let hub = UserHub::new();
//! let mut device = hub.connect("alice")?;
//!
//! let order = OrderUpdate { order_id: "7".into(), revision: 1, status: "filled" };
//! assert_eq!(hub.broadcast("alice", &order), Outcome::Queued { connections: 1 });
//! assert_eq!(hub.broadcast("bob", &order), Outcome::Kept); // for when Bob connects
//!
//! let names: Vec<String> = block_on(device.by_ref().take(3).map(|frame| frame.name().to_owned()).collect());
//! assert_eq!(names, ["CONNECTED", "ORDER_UPDATE", "SYNCED"]);
//! # Ok::<(), user_hub::ConnectError>(())
//! ```
//!
//! # When things go wrong
//! A broadcast never blocks, never panics and never fails loudly: its [`Outcome`] says what became of it, and a State that
//! was [refused](Rejection) is taken off the screens, so that none shows an old number as current. A device that was away
//! comes back with its [`Cursor`] and gets what it missed: of State the current value, of Log every record, or a
//! [`GAP`](FrameKind::Gap) where records are gone. A device that reads slowly is only further behind: it makes nobody
//! wait, what it holds in memory is [bounded](UserHubBuilder), and [`OnSlow`] says whether it may go on.
//!
//! # Where to go from here
//! - [`Event`] and [`Kind`]: an application's own events. [`trading`]: eight that ship with the crate.
//! - [`EventSink`], [`Broadcast`] and [`HubHandle`]: for services, which know no hub and no web framework.
//! - [`transport`]: WebSocket and SSE for axum, tungstenite, and a [`FrameSink`](transport::FrameSink) for anything else.
//! - [`state_source`](UserHubBuilder::state_source): a user's State from the host's database, when the hub does not know it.
//! - [`close_session`](UserHub::close_session), [`close_user`](UserHub::close_user) and
//!   [`valid_until`](ConnectOptions::valid_until): how connections end; [`drain`](UserHub::drain): how a hub does.
//! - [`presence`](UserHub::presence) and [`connections`](UserHub::connections): who is there.
//! - [`maintenance`](UserHub::maintenance): a future to spawn once; [`burst`](UserHub::burst): many broadcasts at once.
//! - [`typescript`]: the types of events, for a client in TypeScript.
//! - [`testing`]: for the tests of a host, from what a service says to what a screen shows.
//! - [`guide`]: the design, and what whoever runs a host needs to know.
//!
//! # Features
//! | feature | default | adds |
//! |---|---|---|
//! | `derive` | yes | `#[derive(Event)]` |
//! | `trading` | yes | [`trading`], the eight event types of a trading bot |
//! | `axum` | no | [`transport::axum`], handlers for WebSocket and SSE |
//! | `tungstenite` | no | [`transport::tungstenite`], a driver for tokio-tungstenite |
//! | `typescript` | no | [`typescript`], the types of events for a client in TypeScript |
//! | `metrics` | no | what the hub counts, through the facade `metrics`: [the table](guide::metrics) |
//! | `tracing` | no | refusals at warn, at most once a minute for each type and reason; connections, gaps, loads and closings at debug; broadcasts at trace |
//!
//! Features only add items; none changes what another does.
//!
// Where a feature is off, its links lead to what is there.
#![cfg_attr(not(feature = "trading"), doc = "[`trading`]: #features")]
#![cfg_attr(not(feature = "axum"), doc = "[`transport::axum`]: transport")]
#![cfg_attr(not(feature = "tungstenite"), doc = "[`transport::tungstenite`]: transport")]
#![cfg_attr(not(feature = "typescript"), doc = "[`typescript`]: #features")]
#![cfg_attr(docsrs, feature(doc_cfg))]

// The derive names `::user_hub`, here too.
extern crate self as user_hub;

mod core;
pub mod guide;
mod hub;
pub mod prelude;
pub mod testing;
#[cfg(feature = "trading")]
pub mod trading;
pub mod transport;
#[cfg(feature = "typescript")]
pub mod typescript;
mod vocabulary;

pub use crate::core::frame::Frame;
pub use crate::hub::burst::Burst;
pub use crate::hub::clock::{Clock, SystemClock};
pub use crate::hub::config::{ConfigError, TransportLimits, UserHubBuilder};
pub use crate::hub::connection::{ConnectError, ConnectOptions, Connection, OnSlow, Start};
pub use crate::hub::ending::Undelivered;
pub use crate::hub::handle::{BindError, HubHandle};
pub use crate::hub::hub::UserHub;
pub use crate::hub::presence::{ConnectionInfo, Presence, PresenceChange};
pub use crate::hub::sink::{Audience, Broadcast, EventSink, Group};
pub use crate::hub::state_source::LoadedState;
pub use crate::hub::stats::Stats;
pub use crate::vocabulary::close::{CloseCode, CloseReason};
pub use crate::vocabulary::cursor::{Cursor, CursorError};
pub use crate::vocabulary::encode::EncodeError;
pub use crate::vocabulary::erased::{DynamicEvent, ErasedEvent, Removal};
pub use crate::vocabulary::event::{Event, EventKey, Kind, PublicEvent, Version};
pub use crate::vocabulary::frame::FrameKind;
pub use crate::vocabulary::name::{EventName, EventNameError};
pub use crate::vocabulary::outcome::{Outcome, Rejection};
pub use crate::vocabulary::timestamp::{Timestamp, TimestampError};
pub use crate::vocabulary::user::{ConnectionId, SessionId, UserId, UserIdError};
#[cfg(feature = "derive")]
pub use user_hub_derive::Event;

/// What the derive's code names and nobody else should.
#[cfg(feature = "derive")]
#[doc(hidden)]
pub mod __private {
    pub use serde::Serialize;
}
