//! The prices: a random walk with short trends, the same for the same seed after the same number of ticks.

use serde::{Deserialize, Serialize};

use crate::domain::Symbol;
use crate::random::Random;

/// How much a price moves in a tick, as a part of itself.
const VOLATILITY: f64 = 0.000_35;
/// How much of a tick's trend is left in the next one.
const TREND_KEPT: f64 = 0.92;
/// How strongly a price is drawn back to where it began, so that a desk left running for days stays plausible.
const PULL: f64 = 0.000_2;

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Market {
    random: Random,
    quotes: [Quote; Symbol::ALL.len()],
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Quote {
    price: f64,
    trend: f64,
}

impl Market {
    pub fn new(seed: u64) -> Self {
        let quotes = Symbol::ALL.map(|symbol| Quote { price: anchor(symbol), trend: 0.0 });
        Self { random: Random::new(seed), quotes }
    }

    pub fn tick(&mut self) {
        for symbol in Symbol::ALL {
            let quote = &mut self.quotes[symbol as usize];
            quote.trend = TREND_KEPT * quote.trend + 0.15 * VOLATILITY * self.random.normal();
            let pull = PULL * (anchor(symbol) / quote.price).ln();
            quote.price *= 1.0 + quote.trend + pull + VOLATILITY * self.random.normal();
        }
    }

    pub fn price(&self, symbol: Symbol) -> f64 {
        symbol.quote(self.quotes[symbol as usize].price)
    }

    /// The trend of the last ticks: about -1 to 1, more when it is exceptional.
    pub fn trend(&self, symbol: Symbol) -> f64 {
        self.quotes[symbol as usize].trend / VOLATILITY
    }
}

const fn anchor(symbol: Symbol) -> f64 {
    match symbol {
        Symbol::Bitcoin => 97_000.0,
        Symbol::Ether => 3_600.0,
        Symbol::Solana => 210.0,
    }
}
