//! Ginie, the autopilot.

use serde::{Deserialize, Serialize};

use super::{Direction, Mode};
use crate::{Event, Timestamp};

/// What the autopilot does now: `GINIE_STATUS_UPDATE`, `data.status`.
///
/// A State with one value a user.
///
/// ```
/// use user_hub::{UserHub, trading::{GinieStatus, Mode}};
///
/// let mut status = GinieStatus::new(Mode::Swing);
/// status.is_running = true;
/// status.is_dry_run = true;
/// UserHub::new().broadcast_ginie_status("alice", &status);
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Event)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(rename = "GinieStatusPayload"))]
#[serde(rename_all = "camelCase")]
#[event(name = "GINIE_STATUS_UPDATE", field = "status", state)]
#[non_exhaustive]
pub struct GinieStatus {
    /// Whether it trades.
    pub is_running: bool,
    /// Whether it only pretends to trade.
    pub is_dry_run: bool,
    /// The mode that it trades in.
    pub current_mode: Mode,
    /// How many positions are open.
    pub active_positions: u32,
    /// How many modes there are.
    pub total_modes: u32,
    /// When the last signal came.
    pub last_signal_time: Option<Timestamp>,
    /// What the last signal was for.
    pub last_signal_symbol: Option<String>,
    /// Where the last signal saw the price go.
    pub last_signal_direction: Option<Direction>,
    /// What was gained today, or lost where it is negative.
    #[serde(rename = "dailyPnL")]
    pub daily_pnl: f64,
    /// How many trades there were today.
    pub daily_trades: u32,
    /// Whether the circuit breaker keeps it from trading.
    pub circuit_breaker_active: bool,
}

impl GinieStatus {
    /// An autopilot that does not run and has not traded today: every number zero, everything else false or absent.
    ///
    /// ```
    /// use user_hub::trading::{GinieStatus, Mode};
    ///
    /// assert!(!GinieStatus::new(Mode::Scalp).is_running);
    /// ```
    #[must_use]
    pub const fn new(current_mode: Mode) -> Self {
        Self {
            is_running: false,
            is_dry_run: false,
            current_mode,
            active_positions: 0,
            total_modes: 0,
            last_signal_time: None,
            last_signal_symbol: None,
            last_signal_direction: None,
            daily_pnl: 0.0,
            daily_trades: 0,
            circuit_breaker_active: false,
        }
    }
}
