//! Profit and loss.

use serde::{Deserialize, Serialize};

use crate::{Event, Timestamp};

/// What a user has gained, or lost where it is negative: `PNL_UPDATE`, `data.pnl`.
///
/// A State with one value a user.
///
/// ```
/// use user_hub::{UserHub, trading::PnlUpdate};
///
/// let mut pnl = PnlUpdate::default();
/// pnl.total_pnl = 1234.5;
/// UserHub::new().broadcast_pnl("alice", &pnl);
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Event)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(rename = "PnLPayload"))]
#[serde(rename_all = "camelCase")]
#[event(name = "PNL_UPDATE", field = "pnl", state)]
#[non_exhaustive]
pub struct PnlUpdate {
    /// All of it.
    #[serde(rename = "totalPnL")]
    pub total_pnl: f64,
    /// What came today.
    #[serde(rename = "dailyPnL")]
    pub daily_pnl: f64,
    /// What the open positions would bring.
    #[serde(rename = "unrealizedPnL")]
    pub unrealized_pnl: f64,
    /// What the closed positions brought.
    #[serde(rename = "realizedPnL")]
    pub realized_pnl: f64,
    /// How the modes did.
    pub pnl_by_mode: PnlByMode,
    /// How many trades there were.
    pub trades_count: TradesCount,
    /// Which part of the trades won, 0 to 1.
    pub win_rate: f64,
    /// The open positions.
    pub positions: Vec<PositionPnl>,
    /// Of when this is.
    pub timestamp: Timestamp,
}

impl PnlUpdate {
    /// Nothing traded, nothing gained, as of a moment.
    ///
    /// ```
    /// use user_hub::{Timestamp, trading::PnlUpdate};
    ///
    /// assert_eq!(PnlUpdate::new(Timestamp::now()).total_pnl, 0.0);
    /// ```
    #[must_use]
    pub const fn new(timestamp: Timestamp) -> Self {
        Self {
            total_pnl: 0.0,
            daily_pnl: 0.0,
            unrealized_pnl: 0.0,
            realized_pnl: 0.0,
            pnl_by_mode: PnlByMode { ultra: 0.0, scalp: 0.0, swing: 0.0, position: 0.0 },
            trades_count: TradesCount { total: 0, winning: 0, losing: 0 },
            win_rate: 0.0,
            positions: Vec::new(),
            timestamp,
        }
    }
}

impl Default for PnlUpdate {
    /// Before the first trade: everything zero, as of 1970.
    fn default() -> Self {
        Self::new(Timestamp::from_milliseconds(0))
    }
}

/// What each mode has gained, or lost where it is negative.
///
/// ```
/// let mut by_mode = user_hub::trading::PnlByMode::default();
/// by_mode.swing = 12.5;
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct PnlByMode {
    /// What the mode [`ultra`](super::Mode::Ultra) has gained.
    pub ultra: f64,
    /// What the mode [`scalp`](super::Mode::Scalp) has gained.
    pub scalp: f64,
    /// What the mode [`swing`](super::Mode::Swing) has gained.
    pub swing: f64,
    /// What the mode [`position`](super::Mode::Position) has gained.
    pub position: f64,
}

impl PnlByMode {
    /// What each mode has gained.
    ///
    /// ```
    /// assert_eq!(user_hub::trading::PnlByMode::new(1.0, 2.0, 3.0, 4.0).swing, 3.0);
    /// ```
    #[must_use]
    pub const fn new(ultra: f64, scalp: f64, swing: f64, position: f64) -> Self {
        Self { ultra, scalp, swing, position }
    }
}

/// How many trades there were, and how they ended.
///
/// ```
/// assert_eq!(user_hub::trading::TradesCount::default().total, 0);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct TradesCount {
    /// All trades.
    pub total: u32,
    /// Those that gained.
    pub winning: u32,
    /// Those that lost.
    pub losing: u32,
}

impl TradesCount {
    /// So many trades; those that neither gained nor lost are only in the total.
    ///
    /// ```
    /// assert_eq!(user_hub::trading::TradesCount::new(8, 5, 2).losing, 2);
    /// ```
    #[must_use]
    pub const fn new(total: u32, winning: u32, losing: u32) -> Self {
        Self { total, winning, losing }
    }
}

/// What one open position would bring.
///
/// ```
/// let position = user_hub::trading::PositionPnl::new("BTCUSDT", -12.5, -0.6);
/// assert_eq!(position.pnl_percent, -0.6);
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct PositionPnl {
    /// What is traded.
    pub symbol: String,
    /// The gain, or the loss where it is negative.
    pub pnl: f64,
    /// The same in per cent of what was put in.
    pub pnl_percent: f64,
}

impl PositionPnl {
    /// What one open position would bring.
    ///
    /// ```
    /// assert_eq!(user_hub::trading::PositionPnl::new("BTCUSDT", 12.5, 0.6).symbol, "BTCUSDT");
    /// ```
    #[must_use]
    pub fn new(symbol: impl Into<String>, pnl: f64, pnl_percent: f64) -> Self {
        Self { symbol: symbol.into(), pnl, pnl_percent }
    }
}
