//! What happened to a position or to the breaker.

use serde::{Deserialize, Serialize};

use super::Mode;
use crate::{Event, Timestamp};

/// Something that happened in the life of a trade: `LIFECYCLE_EVENT`, `data.event`.
///
/// A Log event: a device that was away gets each one, or is told that some are gone.
///
/// ```
/// use user_hub::{Timestamp, UserHub, trading::{LifecycleEvent, LifecycleEventType}};
///
/// let mut event =
///     LifecycleEvent::new("event-1", "trade-7", LifecycleEventType::TpHit, "BTCUSDT", Timestamp::now());
/// event.price = Some(98_200.0);
/// UserHub::new().broadcast_lifecycle_event("alice", &event);
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Event)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(rename = "LifecycleEventPayload"))]
#[serde(rename_all = "camelCase")]
#[event(name = "LIFECYCLE_EVENT", field = "event", log)]
#[non_exhaustive]
pub struct LifecycleEvent {
    /// The identity of what happened; no two have the same.
    pub id: String,
    /// The trade that it happened to.
    pub trade_id: String,
    /// What happened.
    pub event_type: LifecycleEventType,
    /// What is traded.
    pub symbol: String,
    /// The mode that the trade belongs to.
    pub mode: Option<Mode>,
    /// At which price.
    pub price: Option<f64>,
    /// How much.
    pub quantity: Option<f64>,
    /// What was gained, or lost where it is negative.
    pub pnl: Option<f64>,
    /// Why, for humans.
    pub reason: Option<String>,
    /// When it happened.
    pub occurred_at: Timestamp,
}

impl LifecycleEvent {
    /// An event of which only that and when it happened is known.
    ///
    /// ```
    /// use user_hub::{Timestamp, trading::{LifecycleEvent, LifecycleEventType}};
    ///
    /// let opened = LifecycleEventType::PositionOpened;
    /// let event = LifecycleEvent::new("event-1", "trade-7", opened, "BTCUSDT", Timestamp::now());
    /// assert_eq!(event.pnl, None);
    /// ```
    #[must_use]
    pub fn new(
        id: impl Into<String>,
        trade_id: impl Into<String>,
        event_type: LifecycleEventType,
        symbol: impl Into<String>,
        occurred_at: Timestamp,
    ) -> Self {
        Self {
            id: id.into(),
            trade_id: trade_id.into(),
            event_type,
            symbol: symbol.into(),
            mode: None,
            price: None,
            quantity: None,
            pnl: None,
            reason: None,
            occurred_at,
        }
    }
}

text_enum! {
    /// What happened in the life of a trade.
    ///
    /// ```
    /// use user_hub::trading::LifecycleEventType;
    ///
    /// assert_eq!(LifecycleEventType::from("SL_REVISED"), LifecycleEventType::SlRevised);
    /// ```
    pub enum LifecycleEventType {
        /// An order went to the exchange.
        OrderPlaced = "ORDER_PLACED",
        /// An order was filled.
        OrderFilled = "ORDER_FILLED",
        /// An order was taken back.
        OrderCancelled = "ORDER_CANCELLED",
        /// The exchange refused an order.
        OrderRejected = "ORDER_REJECTED",
        /// A position was opened.
        PositionOpened = "POSITION_OPENED",
        /// A position became larger.
        PositionIncreased = "POSITION_INCREASED",
        /// A position became smaller, and is still open.
        PositionReduced = "POSITION_REDUCED",
        /// A position was closed.
        PositionClosed = "POSITION_CLOSED",
        /// The exchange closed a position by force.
        PositionLiquidated = "POSITION_LIQUIDATED",
        /// The stop loss was placed.
        SlPlaced = "SL_PLACED",
        /// The stop loss was moved.
        SlRevised = "SL_REVISED",
        /// The stop loss was reached.
        SlHit = "SL_HIT",
        /// A take-profit level was placed.
        TpPlaced = "TP_PLACED",
        /// A take-profit level was moved.
        TpRevised = "TP_REVISED",
        /// A take-profit level was reached.
        TpHit = "TP_HIT",
        /// The stop loss stands at the entry price now.
        MovedToBreakeven = "MOVED_TO_BREAKEVEN",
        /// The stop loss follows the price now.
        TrailingActivated = "TRAILING_ACTIVATED",
        /// The circuit breaker stopped trading.
        BreakerTripped = "BREAKER_TRIPPED",
        /// The circuit breaker lets trading go on.
        BreakerReset = "BREAKER_RESET",
    }
}
