//! The circuit breaker, which stops trading after too many losses.

use serde::{Deserialize, Serialize};

use crate::{Event, Timestamp};

/// How the circuit breaker stands now: `CIRCUIT_BREAKER_UPDATE`, `data.state`.
///
/// A State with one value a user. That it tripped or was reset is also a [lifecycle event](super::LifecycleEvent);
/// whoever knows of it sends both in one group.
///
/// ```
/// use user_hub::{Timestamp, prelude::*};
/// use user_hub::trading::{BreakerPhase, CircuitBreaker, LifecycleEvent, LifecycleEventType};
///
/// let now = Timestamp::now();
/// let mut breaker = CircuitBreaker::new(BreakerPhase::Open);
/// breaker.trigger_reason = Some("3 losses in a row".into());
/// breaker.triggered_at = Some(now);
/// let tripped = LifecycleEvent::new("event-2", "trade-7", LifecycleEventType::BreakerTripped, "BTCUSDT", now);
/// UserHub::new().group("alice").event(&breaker).event(&tripped).broadcast();
/// ```
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, Event)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(rename = "CircuitBreakerPayload"))]
#[serde(rename_all = "camelCase")]
#[event(name = "CIRCUIT_BREAKER_UPDATE", field = "state", state)]
#[non_exhaustive]
pub struct CircuitBreaker {
    /// Whether it keeps the bot from trading.
    pub is_triggered: bool,
    /// Closed, open or half open.
    pub phase: BreakerPhase,
    /// Why it tripped, for humans.
    pub trigger_reason: Option<String>,
    /// When it tripped, unless it is closed.
    pub triggered_at: Option<Timestamp>,
    /// When it will let the bot try again.
    pub reset_time: Option<Timestamp>,
    /// How often it has tripped.
    pub trip_count: u32,
    /// When it tripped last, whatever came after.
    pub last_tripped_at: Option<Timestamp>,
    /// How many trades in a row lost.
    pub consecutive_losses: u32,
    /// What was lost today, as a positive amount.
    pub daily_loss: f64,
}

impl CircuitBreaker {
    /// A breaker in a phase, triggered unless it is closed, with every number zero and the rest absent.
    ///
    /// ```
    /// use user_hub::trading::{BreakerPhase, CircuitBreaker};
    ///
    /// assert!(CircuitBreaker::new(BreakerPhase::HalfOpen).is_triggered);
    /// assert_eq!(CircuitBreaker::new(BreakerPhase::Closed), CircuitBreaker::default());
    /// ```
    #[must_use]
    pub fn new(phase: BreakerPhase) -> Self {
        Self { is_triggered: phase != BreakerPhase::Closed, phase, ..Self::default() }
    }
}

text_enum! {
    /// The phase of a circuit breaker.
    ///
    /// ```
    /// assert_eq!(user_hub::trading::BreakerPhase::from("half_open"), user_hub::trading::BreakerPhase::HalfOpen);
    /// ```
    pub enum BreakerPhase {
        /// The bot may trade.
        Closed = "closed",
        /// The bot may not trade.
        Open = "open",
        /// The bot may try; a loss opens the breaker again.
        HalfOpen = "half_open",
    }
}

impl Default for BreakerPhase {
    /// Closed: before the first loss, the bot may trade.
    fn default() -> Self {
        Self::Closed
    }
}
