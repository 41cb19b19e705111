//! A signal: the advice to open a position.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::Mode;
use crate::{Event, Timestamp};

/// A signal and what became of it: `SIGNAL_UPDATE`, `data.signal`.
///
/// A State by [signal](Self::id), final when its [status](Self::status) is; when it [expires](Self::expires_at), the hub
/// takes it away by itself.
///
/// ```
/// use std::time::{Duration, SystemTime};
/// use user_hub::{UserHub, trading::{Direction, Mode, SignalPrices, SignalStatus, SignalUpdate}};
///
/// let now = SystemTime::now();
/// let valid = now.into()..(now + Duration::from_secs(300)).into();
/// let prices = SignalPrices { entry: 97_000.0, stop_loss: 96_500.0, take_profit: vec![97_600.0, 98_200.0] };
/// let mut signal = SignalUpdate::new("signal-9", "BTCUSDT", Direction::Long, Mode::Scalp, 0.82, prices, valid);
///
/// let hub = UserHub::new();
/// hub.broadcast_signal_update("alice", &signal);
/// signal.status = SignalStatus::Executed;
/// hub.broadcast_signal_update("alice", &signal);
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Event)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(rename = "SignalUpdatePayload"))]
#[serde(rename_all = "camelCase")]
#[event(name = "SIGNAL_UPDATE", field = "signal", state(key = id, final_when = is_over, expires = expires_at))]
#[non_exhaustive]
pub struct SignalUpdate {
    /// The identity of the signal.
    pub id: String,
    /// What to trade.
    pub symbol: String,
    /// Where the price is seen to go.
    pub direction: Direction,
    /// The mode that the signal is for.
    pub mode: Mode,
    /// How sure it is, 0 to 1.
    pub confidence: f64,
    /// The price to enter at.
    pub entry_price: f64,
    /// The price to give up at.
    pub stop_loss: f64,
    /// The prices to take profit at, in the order in which they are reached.
    pub take_profit: Vec<f64>,
    /// When it was made.
    pub generated_at: Timestamp,
    /// When it is no longer true.
    pub expires_at: Timestamp,
    /// What became of it.
    pub status: SignalStatus,
}

impl SignalUpdate {
    /// A signal that nobody has acted on yet; it is valid from when it was made until it expires.
    ///
    /// ```
    /// use user_hub::{Timestamp, trading::{Direction, Mode, SignalPrices, SignalStatus, SignalUpdate}};
    ///
    /// let valid = Timestamp::from_milliseconds(1_000)..Timestamp::from_milliseconds(2_000);
    /// let prices = SignalPrices { entry: 97_000.0, stop_loss: 96_500.0, take_profit: vec![98_200.0] };
    /// let signal = SignalUpdate::new("signal-9", "BTCUSDT", Direction::Long, Mode::Scalp, 0.82, prices, valid);
    /// assert_eq!(signal.expires_at, Timestamp::from_milliseconds(2_000));
    /// assert_eq!(signal.status, SignalStatus::Pending);
    /// ```
    #[must_use]
    pub fn new(
        id: impl Into<String>,
        symbol: impl Into<String>,
        direction: Direction,
        mode: Mode,
        confidence: f64,
        prices: SignalPrices,
        valid: Range<Timestamp>,
    ) -> Self {
        Self {
            id: id.into(),
            symbol: symbol.into(),
            direction,
            mode,
            confidence,
            entry_price: prices.entry,
            stop_loss: prices.stop_loss,
            take_profit: prices.take_profit,
            generated_at: valid.start,
            expires_at: valid.end,
            status: SignalStatus::Pending,
        }
    }

    fn is_over(&self) -> bool {
        self.status.is_final()
    }
}

/// The prices of a signal, for [`SignalUpdate::new`]: three numbers that must not be mistaken for each other.
///
/// ```
/// use user_hub::trading::SignalPrices;
///
/// let prices = SignalPrices { entry: 97_000.0, stop_loss: 96_500.0, take_profit: vec![97_600.0, 98_200.0] };
/// assert!(prices.stop_loss < prices.entry);
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct SignalPrices {
    /// The price to enter at.
    pub entry: f64,
    /// The price to give up at.
    pub stop_loss: f64,
    /// The prices to take profit at, in the order in which they are reached.
    pub take_profit: Vec<f64>,
}

text_enum! {
    /// Where a signal sees the price go.
    ///
    /// ```
    /// assert_eq!(user_hub::trading::Direction::from("SHORT"), user_hub::trading::Direction::Short);
    /// ```
    pub enum Direction {
        /// Up: buy.
        Long = "LONG",
        /// Down: sell.
        Short = "SHORT",
    }
}

text_enum! {
    /// What became of a signal.
    ///
    /// ```
    /// assert_eq!(user_hub::trading::SignalStatus::from("executed"), user_hub::trading::SignalStatus::Executed);
    /// ```
    pub enum SignalStatus {
        /// Nobody has acted on it.
        Pending = "pending",
        /// It was traded. Final.
        Executed = "executed",
        /// Its time is over. Final.
        Expired = "expired",
        /// It was taken back. Final.
        Cancelled = "cancelled",
    }
}

impl SignalStatus {
    const FINAL: [Self; 3] = [Self::Executed, Self::Expired, Self::Cancelled];

    /// Whether nothing comes after it; also in another case, as devices read it.
    ///
    /// ```
    /// use user_hub::trading::SignalStatus;
    ///
    /// assert!(SignalStatus::Executed.is_final());
    /// assert!(!SignalStatus::Pending.is_final());
    /// ```
    #[must_use]
    pub fn is_final(&self) -> bool {
        Self::FINAL.iter().any(|last| last.as_str().eq_ignore_ascii_case(self.as_str()))
    }
}
