//! The circuit breaker: after too many losses in a row nothing is opened until somebody resets it.

use user_hub::prelude::*;
use user_hub::trading::{BreakerPhase, CircuitBreaker, LifecycleEvent, LifecycleEventType};
use user_hub::{Outcome, Timestamp};

const LOSSES_IN_A_ROW: u32 = 3;

/// Watches the losses of one user. Its sink stands behind a trait object, so that the service has no type parameter.
pub struct Breaker {
    events: Box<dyn EventSink + Send + Sync>,
    user: String,
    state: CircuitBreaker,
}

impl Breaker {
    /// A breaker that has seen no loss.
    pub fn new(events: impl EventSink + Send + Sync + 'static, user: impl Into<String>) -> Self {
        Self { events: Box::new(events), user: user.into(), state: CircuitBreaker::default() }
    }

    /// Whether a position may be opened.
    pub const fn lets_through(&self) -> bool {
        !self.state.is_triggered
    }

    /// A trade is over; with one loss too many the breaker trips.
    pub fn trade_closed(&mut self, trade: &str, symbol: &str, gain: f64, now: Timestamp) -> Outcome {
        if gain >= 0.0 {
            self.state.consecutive_losses = 0;
        } else {
            self.state.consecutive_losses += 1;
            self.state.daily_loss -= gain;
        }
        if self.state.is_triggered || self.state.consecutive_losses < LOSSES_IN_A_ROW {
            return self.events.broadcast_circuit_breaker(&self.user, &self.state);
        }
        self.state.is_triggered = true;
        self.state.phase = BreakerPhase::Open;
        self.state.trigger_reason = Some(format!("{LOSSES_IN_A_ROW} losses in a row"));
        self.state.triggered_at = Some(now);
        self.state.last_tripped_at = Some(now);
        self.state.trip_count += 1;
        let id = format!("trip-{}", self.state.trip_count);
        let mut tripped = LifecycleEvent::new(id, trade, LifecycleEventType::BreakerTripped, symbol, now);
        tripped.reason.clone_from(&self.state.trigger_reason);
        self.say(&tripped)
    }

    /// Somebody lets the bot trade again; nothing is said where it may trade anyway.
    pub fn reset(&mut self, now: Timestamp) -> Option<Outcome> {
        if self.lets_through() {
            return None;
        }
        let kept = CircuitBreaker::default();
        let before = std::mem::replace(&mut self.state, kept);
        self.state.trip_count = before.trip_count;
        self.state.last_tripped_at = before.last_tripped_at;
        self.state.daily_loss = before.daily_loss;
        let id = format!("reset-{}", self.state.trip_count);
        Some(self.say(&LifecycleEvent::new(id, "", LifecycleEventType::BreakerReset, "", now)))
    }

    /// How it stands and why, in one group: no screen shows the one without the other.
    fn say(&self, happened: &LifecycleEvent) -> Outcome {
        self.events.group(&self.user).event(&self.state).event(happened).broadcast()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::sync::Arc;

    use user_hub::testing::Recorder;

    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_milliseconds(seconds * 1_000)
    }

    fn lose(breaker: &mut Breaker, times: usize) {
        (0..times).for_each(|_| drop(breaker.trade_closed("trade-7", "BTCUSDT", -10.5, at(1))));
    }

    #[test]
    fn the_third_loss_in_a_row_trips_it_and_its_state_and_the_reason_go_out_together() {
        let recorder = Arc::new(Recorder::new());
        let mut breaker = Breaker::new(Arc::clone(&recorder), "alice");
        lose(&mut breaker, 2);
        assert!(breaker.lets_through());
        recorder.expect_none::<LifecycleEvent>("alice");
        lose(&mut breaker, 1);
        assert!(!breaker.lets_through());

        recorder.expect_group("alice", &["CIRCUIT_BREAKER_UPDATE", "LIFECYCLE_EVENT"]);
        let state = recorder.expect_last::<CircuitBreaker>("alice");
        assert_eq!((state.phase, state.daily_loss), (BreakerPhase::Open, 31.5));
        let event = recorder.expect_one::<LifecycleEvent>("alice");
        assert_eq!((event.event_type, event.trade_id.as_str()), (LifecycleEventType::BreakerTripped, "trade-7"));
        assert_eq!(event.reason.as_deref(), Some("3 losses in a row"));
    }

    #[test]
    fn a_gain_between_the_losses_starts_the_count_again() {
        let mut breaker = Breaker::new(Recorder::new(), "alice");
        lose(&mut breaker, 2);
        breaker.trade_closed("trade-8", "BTCUSDT", 0.5, at(2));
        lose(&mut breaker, 2);
        assert!(breaker.lets_through());
    }

    #[test]
    fn while_it_is_open_a_loss_does_not_trip_it_again() {
        let recorder = Arc::new(Recorder::new());
        let mut breaker = Breaker::new(Arc::clone(&recorder), "alice");
        lose(&mut breaker, 4);
        assert_eq!(recorder.expect_last::<CircuitBreaker>("alice").trip_count, 1);
        assert_eq!(recorder.payloads::<LifecycleEvent>("alice").unwrap().len(), 1);
    }

    #[test]
    fn a_reset_goes_out_as_a_group_too_and_remembers_the_trips() {
        let recorder = Arc::new(Recorder::new());
        let mut breaker = Breaker::new(Arc::clone(&recorder), "alice");
        assert_eq!(breaker.reset(at(1)), None);
        assert!(recorder.events().is_empty());
        lose(&mut breaker, 3);
        recorder.forget();
        assert_eq!(breaker.reset(at(2)), Some(Outcome::Kept));
        assert!(breaker.lets_through());
        recorder.expect_group("alice", &["CIRCUIT_BREAKER_UPDATE", "LIFECYCLE_EVENT"]);
        let state = recorder.expect_one::<CircuitBreaker>("alice");
        assert_eq!((state.is_triggered, state.trip_count), (false, 1));
        assert_eq!(recorder.expect_one::<LifecycleEvent>("alice").event_type, LifecycleEventType::BreakerReset);
    }

    #[test]
    fn without_a_hub_it_still_protects() {
        let mut breaker = Breaker::new(HubHandle::none(), "alice");
        lose(&mut breaker, 3);
        assert!(!breaker.lets_through());
        assert_eq!(breaker.reset(at(2)), Some(Outcome::NoHub));
    }
}
