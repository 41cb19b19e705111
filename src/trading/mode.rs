//! The modes of trading: how long a position is meant to be held.

use serde::{Deserialize, Serialize};

use crate::Event;

/// What one mode of trading does now: `MODE_STATUS_UPDATE`, `data.status`.
///
/// A State by [mode](Self::mode).
///
/// ```
/// use user_hub::{UserHub, trading::{Mode, ModeState, ModeStatus}};
///
/// let mut status = ModeStatus::new(Mode::Scalp, true, ModeState::Paused);
/// status.paused_reason = Some("daily loss reached".into());
/// UserHub::new().broadcast_mode_status("alice", &status);
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Event)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(rename = "ModeStatusPayload"))]
#[serde(rename_all = "camelCase")]
#[event(name = "MODE_STATUS_UPDATE", field = "status", state(key = mode))]
#[non_exhaustive]
pub struct ModeStatus {
    /// Which mode.
    pub mode: Mode,
    /// Whether the user has switched it on.
    pub enabled: bool,
    /// What it does.
    pub status: ModeState,
    /// How many positions it has open.
    pub active_positions: u32,
    /// How much money it may use.
    pub allocated_capital: Option<f64>,
    /// Why it is paused, for humans.
    pub paused_reason: Option<String>,
}

impl ModeStatus {
    /// A mode without open positions and without money of its own.
    ///
    /// ```
    /// use user_hub::trading::{Mode, ModeState, ModeStatus};
    ///
    /// assert_eq!(ModeStatus::new(Mode::Ultra, false, ModeState::Disabled).active_positions, 0);
    /// ```
    #[must_use]
    pub const fn new(mode: Mode, enabled: bool, status: ModeState) -> Self {
        Self { mode, enabled, status, active_positions: 0, allocated_capital: None, paused_reason: None }
    }
}

text_enum! {
    /// A mode of trading.
    ///
    /// ```
    /// assert_eq!(user_hub::trading::Mode::from("scalp"), user_hub::trading::Mode::Scalp);
    /// ```
    pub enum Mode {
        /// Seconds to minutes.
        Ultra = "ultra",
        /// Minutes to hours.
        Scalp = "scalp",
        /// Hours to days.
        Swing = "swing",
        /// Days to weeks.
        Position = "position",
    }
}

text_enum! {
    /// What a mode of trading does.
    ///
    /// ```
    /// assert_eq!(user_hub::trading::ModeState::from("active"), user_hub::trading::ModeState::Active);
    /// ```
    pub enum ModeState {
        /// It looks for trades.
        Active = "active",
        /// It is on and has nothing to do.
        Idle = "idle",
        /// It waits a while after a loss.
        Cooldown = "cooldown",
        /// It was paused and opens nothing new.
        Paused = "paused",
        /// It is off.
        Disabled = "disabled",
        /// Something went wrong; a human should look.
        Error = "error",
    }
}
