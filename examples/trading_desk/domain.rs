//! The words that all services share: what is traded, in which direction, and in which of the autopilot's modes.

use std::fmt;

use serde::{Deserialize, Serialize};
use user_hub::trading;

/// What is traded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Symbol {
    #[serde(rename = "BTCUSDT")]
    Bitcoin,
    #[serde(rename = "ETHUSDT")]
    Ether,
    #[serde(rename = "SOLUSDT")]
    Solana,
}

impl Symbol {
    pub const ALL: [Self; 3] = [Self::Bitcoin, Self::Ether, Self::Solana];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Bitcoin => "BTCUSDT",
            Self::Ether => "ETHUSDT",
            Self::Solana => "SOLUSDT",
        }
    }

    /// A price as the exchange quotes it: so many digits and no more.
    pub fn quote(self, price: f64) -> f64 {
        let digits = match self {
            Self::Bitcoin => 10.0,
            Self::Ether => 100.0,
            Self::Solana => 1_000.0,
        };
        (price * digits).round() / digits
    }
}

impl fmt::Display for Symbol {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

/// Whether a position gains when the price rises or when it falls.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Side {
    Long,
    Short,
}

impl Side {
    /// What a move of the price is worth to this side: `1.0` or `-1.0` times it.
    pub const fn sign(self) -> f64 {
        match self {
            Self::Long => 1.0,
            Self::Short => -1.0,
        }
    }
}

impl From<Side> for trading::Side {
    fn from(side: Side) -> Self {
        match side {
            Side::Long => Self::Long,
            Side::Short => Self::Short,
        }
    }
}

impl From<Side> for trading::Direction {
    fn from(side: Side) -> Self {
        match side {
            Side::Long => Self::Long,
            Side::Short => Self::Short,
        }
    }
}

/// How long a trade is meant to last, from seconds to hours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    Ultra,
    Scalp,
    Swing,
    Position,
}

impl Mode {
    pub const ALL: [Self; 4] = [Self::Ultra, Self::Scalp, Self::Swing, Self::Position];

    /// How far the stop is from the entry, as a part of the price; the targets are one and two times as far.
    pub const fn risk(self) -> f64 {
        match self {
            Self::Ultra => 0.0015,
            Self::Scalp => 0.003,
            Self::Swing => 0.008,
            Self::Position => 0.015,
        }
    }

    /// What the autopilot may put into the mode, in USDT.
    pub const fn capital(self) -> f64 {
        match self {
            Self::Ultra => 20_000.0,
            Self::Scalp => 30_000.0,
            Self::Swing => 40_000.0,
            Self::Position => 60_000.0,
        }
    }
}

impl From<Mode> for trading::Mode {
    fn from(mode: Mode) -> Self {
        match mode {
            Mode::Ultra => Self::Ultra,
            Mode::Scalp => Self::Scalp,
            Mode::Swing => Self::Swing,
            Mode::Position => Self::Position,
        }
    }
}

/// Why a service did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// There is no such thing, or it is not this user's, which looks the same from outside.
    #[error("{0}")]
    Unknown(String),
    /// The request makes no sense, now or ever.
    #[error("{0}")]
    Invalid(String),
    /// It cannot be done as things stand.
    #[error("{0}")]
    Conflict(String),
    /// It could not be stored, so it has not happened.
    #[error("it could not be stored: {0}")]
    NotStored(#[from] crate::database::DatabaseError),
}

/// An amount in USDT, to the cent.
pub fn cents(amount: f64) -> f64 {
    // Adding zero turns the -0.0 of a tiny loss, which would print as "-0.0", into 0.0.
    (amount * 100.0).round() / 100.0 + 0.0
}
