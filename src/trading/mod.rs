//! The eight event types of a trading bot, and a function for each.
//!
//! Each type is what stands in `data` on the wire, in camelCase, with exactly the fields that its documentation lists;
//! an optional one is present and `null`. Times are [`Timestamp`](crate::Timestamp), identities are text, amounts are
//! `f64` (NaN and infinity are refused by the hub, with the name of the field), and what the trade has words for is an
//! enum that keeps words that it does not know in `Other`.
//!
//! | event type | Rust | kind |
//! |---|---|---|
//! | `CHAIN_UPDATE` | [`ChainUpdate`] | State by chain, versioned, final when the chain is over |
//! | `LIFECYCLE_EVENT` | [`LifecycleEvent`] | Log |
//! | `GINIE_STATUS_UPDATE` | [`GinieStatus`] | State |
//! | `CIRCUIT_BREAKER_UPDATE` | [`CircuitBreaker`] | State |
//! | `PNL_UPDATE` | [`PnlUpdate`] | State |
//! | `MODE_STATUS_UPDATE` | [`ModeStatus`] | State by mode |
//! | `SYSTEM_STATUS_UPDATE` | [`SystemStatus`] | State, public |
//! | `SIGNAL_UPDATE` | [`SignalUpdate`] | State by signal, final when the signal is over, expires |
//!
//! ```
//! use user_hub::{UserHub, trading::PnlUpdate};
//!
//! let hub = UserHub::new();
//! let mut pnl = PnlUpdate::default();
//! pnl.total_pnl = 1234.5;
//! hub.broadcast_pnl("alice", &pnl);
//! ```

#[macro_use]
mod text;

mod breaker;
mod broadcast;
mod chain;
mod ginie;
mod lifecycle;
mod mode;
mod order;
mod pnl;
mod signal;
mod system;
#[cfg(feature = "typescript")]
mod typescript;

pub use breaker::{BreakerPhase, CircuitBreaker};
pub use broadcast::BroadcastTrading;
pub use chain::{ChainStatus, ChainUpdate, Side};
pub use ginie::GinieStatus;
pub use lifecycle::{LifecycleEvent, LifecycleEventType};
pub use mode::{Mode, ModeState, ModeStatus};
pub use order::{Order, OrderSide, OrderStatus, OrderType};
pub use pnl::{PnlByMode, PnlUpdate, PositionPnl, TradesCount};
pub use signal::{Direction, SignalPrices, SignalStatus, SignalUpdate};
pub use system::SystemStatus;

use crate::Event;

/// The names of the eight event types on the wire, in the order in which the table above lists them.
///
/// ```
/// use user_hub::{Event, trading::{EVENT_NAMES, PnlUpdate}};
///
/// assert!(EVENT_NAMES.contains(&PnlUpdate::NAME));
/// ```
pub const EVENT_NAMES: [&str; 8] = [
    ChainUpdate::NAME,
    LifecycleEvent::NAME,
    GinieStatus::NAME,
    CircuitBreaker::NAME,
    PnlUpdate::NAME,
    ModeStatus::NAME,
    SystemStatus::NAME,
    SignalUpdate::NAME,
];
