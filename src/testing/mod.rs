//! For the tests of a host: a sink that remembers, devices that fold what arrives, and a clock that stands still.
//!
//! Nothing here needs a runtime, a socket or real time.
//!
//! # What a service says
//! A service takes an [`EventSink`](crate::EventSink). In its tests that is a [`Recorder`], which remembers what it was
//! told, by type, by user and by group. Where an expectation is not met, the failure lists what was recorded instead.
//!
//! ```
//! use user_hub::{prelude::*, testing::Recorder, trading::{CircuitBreaker, PnlUpdate}};
//!
//! struct Profit<S> { events: S }
//!
//! impl<S: EventSink> Profit<S> {
//!     fn day_closed(&self, user: &str, total: f64) {
//!         let mut pnl = PnlUpdate::default();
//!         pnl.total_pnl = total;
//!         self.events.broadcast_pnl(user, &pnl);
//!     }
//! }
//!
//! let recorder = Recorder::new();
//! Profit { events: &recorder }.day_closed("alice", 1234.5);
//! assert_eq!(recorder.expect_one::<PnlUpdate>("alice").total_pnl, 1234.5);
//! recorder.expect_none::<CircuitBreaker>("alice");
//! assert!(recorder.events_of("bob").is_empty());
//! ```
//!
//! # What arrives on a screen
//! A [`Device`] takes frames and folds them, as a client in a browser does, and shows the State and the Log that they add
//! up to, as the host's own types. It reads from a [`Connection`](crate::Connection), or takes the text of frames that a
//! test got over a socket.
//!
//! ```
//! use user_hub::testing::Device;
//! use user_hub::trading::{ChainStatus, ChainUpdate, Side};
//! use user_hub::{ConnectOptions, Timestamp, UserHub};
//!
//! let hub = UserHub::new();
//! let (mut phone, mut connection) = (Device::new(), hub.connect("alice")?);
//!
//! // What the service under test does:
//! let at = Timestamp::from_milliseconds(0);
//! let mut chain = ChainUpdate::new("7", "BTCUSDT", Side::Long, ChainStatus::Active, at);
//! hub.broadcast_chain_update("alice", &chain);
//! phone.read(&mut connection);
//! assert_eq!(phone.state_by_key::<ChainUpdate>("7")?.as_ref(), Some(&chain));
//!
//! chain.status = ChainStatus::Closed; // the last State of its key: it is shown, and gone
//! hub.broadcast_chain_update("alice", &chain);
//! phone.read(&mut connection);
//! assert_eq!(phone.states::<ChainUpdate>()?.len(), 0);
//!
//! // The tab was closed; another connection goes on where it was.
//! let options = ConnectOptions::new().start(phone.begin());
//! phone.read(&mut hub.connect_with("alice", options)?);
//! assert!(phone.is_synced() && phone.gaps().is_empty());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Slow, stalled, cut, restarted
//! A [`Scenario`] has a hub, any number of devices that take their frames at a [`Pace`] of their own, and a virtual clock.
//! The test broadcasts, lets time pass, and asks whether every device comes to show what the hub holds. What is left to
//! chance follows from the seed, which the failure names: the same seed is the same run.
//!
//! ```
//! use user_hub::testing::{Pace, Scenario};
//! use user_hub::trading::{LifecycleEvent, LifecycleEventType, PnlUpdate};
//! use user_hub::{Clock, UserHub};
//!
//! let mut scenario = Scenario::with_builder(42, UserHub::builder().log_records(8))?;
//! let tab = scenario.connect("alice", Pace::Fast)?;
//! let phone = scenario.connect("alice", Pace::Stalled)?;
//! scenario.connect("alice", Pace::Slow(1))?;
//! scenario.connect("alice", Pace::Reconnecting)?;
//!
//! let mut pnl = PnlUpdate::default();
//! for trade in 0..100 {
//!     pnl.trades_count.total += 1;
//!     pnl.total_pnl += scenario.random().below(1_000) as f64 - 500.0;
//!     let (id, now) = (trade.to_string(), scenario.clock().wall());
//!     let closed = LifecycleEvent::new(&id, &id, LifecycleEventType::PositionClosed, "BTCUSDT", now);
//!     scenario.hub().group("alice").event(&pnl).event(&closed).broadcast();
//!     scenario.step();
//!     if trade == 50 {
//!         scenario.restart();
//!         scenario.hub().broadcast_pnl("alice", &pnl);
//!     }
//! }
//! scenario.assert_converged();
//! assert_eq!(scenario.device(phone).state::<PnlUpdate>()?, Some(pnl));
//! assert_eq!(scenario.device(tab).gaps().len(), 1, "of the restart");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Time
//! A [`ManualClock`] is a hub's clock that a test moves: what expires, grows old or is forgotten does so when the test
//! says. A scenario has one already.

mod clock;
mod convergence;
mod device;
mod effect;
mod expectation;
mod fold;
mod json;
mod payload;
mod random;
mod record;
mod recorder;
mod scenario;
mod screen;
mod seat;

pub use clock::ManualClock;
pub use convergence::{Difference, Divergence};
pub use device::Device;
pub use effect::{Effect, Gap};
pub use payload::PayloadError;
pub use random::Random;
pub use record::Record;
pub use recorder::{Recorded, Recorder};
pub use scenario::{DeviceId, Scenario};
pub use seat::{Line, Pace};
