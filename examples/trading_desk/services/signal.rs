//! A signal: the autopilot's idea of a trade, good for some seconds.

use serde::{Deserialize, Serialize};
use user_hub::Timestamp;
use user_hub::trading::{SignalPrices, SignalStatus, SignalUpdate};

use super::chain::NewOrder;
use crate::domain::{Mode, Side, Symbol};
use crate::market::Market;
use crate::random::Random;
use crate::time::after;

/// Below this confidence a signal is shown, but not traded.
const TRADED_FROM: f64 = 0.6;
/// How many ticks a signal is shown before it is traded, so that a person can follow.
const SHOWN_FOR: u32 = 4;
/// How much of a mode's capital goes into one trade.
const STAKE: f64 = 0.4;

#[derive(Clone, Serialize, Deserialize)]
pub struct Signal {
    pub id: String,
    pub symbol: Symbol,
    pub side: Side,
    pub mode: Mode,
    confidence: f64,
    entry: f64,
    pub at: Timestamp,
    expires_at: Timestamp,
    ticks: u32,
}

impl Signal {
    /// Looks at the market, and mostly follows its trend: the stronger it is, the greater the confidence.
    pub fn scan(id: String, mode: Mode, market: &Market, random: &mut Random, now: Timestamp) -> Self {
        let symbol = random.one_of(Symbol::ALL);
        let trend = market.trend(symbol);
        let follows = random.chance(0.8);
        let side = if (trend >= 0.0) == follows { Side::Long } else { Side::Short };
        let confidence = (0.45 + 0.6 * trend.abs() + random.between(-0.1, 0.2)).clamp(0.2, 0.97);
        Self {
            id,
            symbol,
            side,
            mode,
            confidence: (confidence * 100.0).round() / 100.0,
            entry: market.price(symbol),
            at: now,
            expires_at: after(now, random.between(6_000.0, 15_000.0) as i64),
            ticks: 0,
        }
    }

    pub fn grow_older(&mut self) {
        self.ticks += 1;
    }

    pub fn is_expired(&self, now: Timestamp) -> bool {
        now >= self.expires_at
    }

    /// The order that follows from it, once it is ripe.
    pub fn order(&self) -> Option<NewOrder> {
        let Self { symbol, side, mode, entry, .. } = *self;
        let quantity = (mode.capital() * STAKE / entry * 1_000.0).round() / 1_000.0;
        (self.confidence >= TRADED_FROM && self.ticks >= SHOWN_FOR).then_some(NewOrder { symbol, side, quantity, mode })
    }

    pub fn payload(&self, status: SignalStatus) -> SignalUpdate {
        let at = |risks: f64| self.symbol.quote(self.entry * (1.0 + self.side.sign() * self.mode.risk() * risks));
        let mut signal = SignalUpdate::new(
            self.id.as_str(),
            self.symbol.name(),
            self.side.into(),
            self.mode.into(),
            self.confidence,
            SignalPrices { entry: self.entry, stop_loss: at(-1.0), take_profit: vec![at(1.0), at(2.0)] },
            self.at..self.expires_at,
        );
        signal.status = status;
        signal
    }
}
