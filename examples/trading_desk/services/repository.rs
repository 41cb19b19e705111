//! The trade lifecycle repository: what happened to every trade, in the database first and on the devices after.

use user_hub::prelude::*;
use user_hub::trading::{LifecycleEvent, LifecycleEventType};
use user_hub::{LoadedState, Timestamp};

use super::chain::{Movement, What};
use super::{Outlet, Service};
use crate::database::{Changes, DatabaseError, Snapshot};
use crate::domain::cents;

#[derive(Clone)]
pub struct LifecycleRepository {
    outlet: Outlet,
    last_number: u64,
    /// Recorded in this step, and whether this service is who tells them.
    news: Vec<Entry>,
}

#[derive(Clone)]
struct Entry {
    number: u64,
    event: LifecycleEvent,
    told_by_another: bool,
}

impl LifecycleRepository {
    pub fn load(outlet: Outlet, stored: &Snapshot) -> Result<Self, DatabaseError> {
        let newest = stored.lifecycle::<LifecycleEvent>(outlet.user, 1)?;
        Ok(Self { outlet, last_number: newest.first().map_or(0, |(number, _)| *number), news: Vec::new() })
    }

    /// Records what happened to a chain.
    pub fn record(&mut self, movement: &Movement, now: Timestamp) {
        let mut event = self.next(&movement.chain_id, event_type(&movement.what), movement.symbol.name(), now);
        event.mode = Some(movement.mode.into());
        event.price = Some(movement.price);
        event.quantity = Some(movement.quantity);
        (event.pnl, event.reason) = match &movement.what {
            What::TargetHit { number } => (Some(cents(movement.realized)), Some(format!("target {number}"))),
            What::StopHit => (Some(cents(movement.realized)), None),
            What::Closed { profit, reason } => (Some(cents(*profit)), Some((*reason).into())),
            What::StopMoved => (None, Some("to the entry".into())),
            What::Placed | What::Opened | What::Cancelled => (None, None),
        };
        self.keep(event, false);
    }

    /// Records what the circuit breaker did, and leaves it to the breaker to tell it together with its State.
    pub fn record_for_breaker(&mut self, tripped: bool, reason: &str, now: Timestamp) -> LifecycleEvent {
        let event_type = if tripped { LifecycleEventType::BreakerTripped } else { LifecycleEventType::BreakerReset };
        let mut event = self.next("breaker", event_type, "ALL", now);
        event.reason = Some(reason.into());
        self.keep(event.clone(), true);
        event
    }

    /// Whether this step recorded something: then it is worth waiting for the disk.
    pub fn has_news(&self) -> bool {
        !self.news.is_empty()
    }

    fn next(&mut self, trade_id: &str, what: LifecycleEventType, symbol: &str, now: Timestamp) -> LifecycleEvent {
        self.last_number += 1;
        let id = format!("{}-event-{}", self.outlet.user, self.last_number);
        LifecycleEvent::new(id, trade_id, what, symbol, now)
    }

    fn keep(&mut self, event: LifecycleEvent, told_by_another: bool) {
        self.news.push(Entry { number: self.last_number, event, told_by_another });
    }
}

impl Service for LifecycleRepository {
    fn save(&self, changes: &mut Changes) -> Result<(), DatabaseError> {
        self.news.iter().try_for_each(|entry| changes.add_lifecycle(self.outlet.user, entry.number, &entry.event))
    }

    fn publish(&mut self) {
        for entry in self.news.drain(..).filter(|entry| !entry.told_by_another) {
            self.outlet.events.broadcast_lifecycle_event(self.outlet.user, &entry.event);
        }
    }

    /// What happened is history, for `GET /api/lifecycle`; only State stands.
    fn stands(&self, state: LoadedState) -> LoadedState {
        state
    }
}

fn event_type(what: &What) -> LifecycleEventType {
    match what {
        What::Placed => LifecycleEventType::OrderPlaced,
        What::Opened => LifecycleEventType::PositionOpened,
        What::TargetHit { .. } => LifecycleEventType::TpHit,
        What::StopMoved => LifecycleEventType::SlRevised,
        What::StopHit => LifecycleEventType::SlHit,
        What::Closed { .. } => LifecycleEventType::PositionClosed,
        What::Cancelled => LifecycleEventType::OrderCancelled,
    }
}
