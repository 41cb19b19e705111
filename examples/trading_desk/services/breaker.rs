//! The circuit breaker: after too many losses nothing is opened until it has cooled down.
//!
//! `closed` lets everything through; a trip makes it `open`; after the cool-down it is `half_open`, and the next trade
//! decides: a profit closes it, a loss trips it again. Every trip and reset goes out as a group, State and lifecycle
//! event together, so that no screen shows the one without the other.

use serde::{Deserialize, Serialize};
use user_hub::prelude::*;
use user_hub::trading::{BreakerPhase, CircuitBreaker, LifecycleEvent};
use user_hub::{LoadedState, Timestamp};

use super::repository::LifecycleRepository;
use super::{Outlet, Service};
use crate::database::{Changes, DatabaseError, Snapshot};
use crate::domain::cents;
use crate::time::{Day, after};

const NAME: &str = "breaker";
const LOSSES_IN_A_ROW: u32 = 5;
const DAILY_LOSS: f64 = 2_500.0;
const COOL_DOWN_MS: i64 = 60_000;

#[derive(Clone)]
pub struct Breaker {
    outlet: Outlet,
    state: State,
    news: Vec<News>,
}

#[derive(Clone)]
struct News {
    state: CircuitBreaker,
    event: Option<LifecycleEvent>,
}

#[derive(Clone, Default, Serialize, Deserialize)]
struct State {
    phase: Phase,
    reason: Option<String>,
    tripped_at: Option<Timestamp>,
    cool_at: Option<Timestamp>,
    trips: u32,
    last_tripped_at: Option<Timestamp>,
    losses_in_a_row: u32,
    day: Day,
    daily_loss: f64,
}

#[derive(Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
enum Phase {
    #[default]
    Closed,
    Open,
    HalfOpen,
}

impl Breaker {
    pub fn load(outlet: Outlet, stored: &Snapshot) -> Result<Self, DatabaseError> {
        let state = stored.state(outlet.user, NAME)?.unwrap_or_default();
        Ok(Self { outlet, state, news: Vec::new() })
    }

    /// Whether nothing may be opened now.
    pub fn is_open(&self) -> bool {
        self.state.phase == Phase::Open
    }

    /// Takes note of the profit of a trade that is over; true if that tripped the breaker.
    pub fn trade_closed(&mut self, profit: f64, repository: &mut LifecycleRepository, now: Timestamp) -> bool {
        self.turn_day(now);
        if profit >= 0.0 {
            self.state.losses_in_a_row = 0;
            match self.state.phase {
                Phase::HalfOpen => self.reset("a trade made a profit", repository, now),
                Phase::Closed | Phase::Open => self.tell(None),
            }
            return false;
        }
        self.state.losses_in_a_row += 1;
        self.state.daily_loss -= profit;
        let reason = match self.state.phase {
            Phase::HalfOpen => Some("a loss while half open".into()),
            Phase::Closed if self.state.losses_in_a_row >= LOSSES_IN_A_ROW => {
                Some(format!("{} losses in a row", self.state.losses_in_a_row))
            }
            Phase::Closed if self.state.daily_loss >= DAILY_LOSS => Some(format!("{DAILY_LOSS} USDT lost today")),
            Phase::Closed | Phase::Open => None,
        };
        match &reason {
            Some(reason) => self.trip(reason, repository, now),
            None => self.tell(None),
        }
        reason.is_some()
    }

    pub fn trip(&mut self, reason: &str, repository: &mut LifecycleRepository, now: Timestamp) {
        self.state.phase = Phase::Open;
        self.state.reason = Some(reason.into());
        self.state.tripped_at = Some(now);
        self.state.last_tripped_at = Some(now);
        self.state.cool_at = Some(after(now, COOL_DOWN_MS));
        self.state.trips += 1;
        let event = repository.record_for_breaker(true, reason, now);
        self.tell(Some(event));
    }

    pub fn reset(&mut self, reason: &str, repository: &mut LifecycleRepository, now: Timestamp) {
        let State { day, trips, last_tripped_at, .. } = self.state;
        // What led to the trip counts no more; that there was one does.
        self.state = State { day, trips, last_tripped_at, ..State::default() };
        let event = repository.record_for_breaker(false, reason, now);
        self.tell(Some(event));
    }

    /// Lets time pass; true if the breaker has cooled down just now.
    pub fn tick(&mut self, now: Timestamp) -> bool {
        if self.turn_day(now) {
            self.tell(None);
        }
        let cool = self.is_open() && self.state.cool_at.is_none_or(|at| now >= at);
        if cool {
            self.state.phase = Phase::HalfOpen;
            self.state.cool_at = None;
            self.tell(None);
        }
        cool
    }

    fn turn_day(&mut self, now: Timestamp) -> bool {
        let turned = self.state.day.turn(now);
        if turned {
            self.state.daily_loss = 0.0;
        }
        turned
    }

    fn tell(&mut self, event: Option<LifecycleEvent>) {
        self.news.push(News { state: self.state.payload(), event });
    }
}

impl Service for Breaker {
    fn save(&self, changes: &mut Changes) -> Result<(), DatabaseError> {
        changes.put_state(self.outlet.user, NAME, &self.state)
    }

    fn publish(&mut self) {
        let Outlet { user, events } = &self.outlet;
        for News { state, event } in self.news.drain(..) {
            match event {
                Some(event) => events.group(user).event(&state).event(&event).broadcast(),
                None => events.broadcast_circuit_breaker(user, &state),
            };
        }
    }

    fn stands(&self, state: LoadedState) -> LoadedState {
        state.event(self.state.payload())
    }
}

impl State {
    fn payload(&self) -> CircuitBreaker {
        let phase = match self.phase {
            Phase::Closed => BreakerPhase::Closed,
            Phase::Open => BreakerPhase::Open,
            Phase::HalfOpen => BreakerPhase::HalfOpen,
        };
        let mut payload = CircuitBreaker::new(phase);
        payload.trigger_reason = self.reason.clone();
        payload.triggered_at = self.tripped_at;
        payload.reset_time = self.cool_at;
        payload.trip_count = self.trips;
        payload.last_tripped_at = self.last_tripped_at;
        payload.consecutive_losses = self.losses_in_a_row;
        payload.daily_loss = cents(self.daily_loss);
        payload
    }
}
