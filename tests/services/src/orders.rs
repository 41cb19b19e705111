//! The orders of each chain, from the entry to the end of the position.

use std::collections::HashMap;
use std::fmt;

use user_hub::prelude::*;
use user_hub::trading::{
    ChainStatus, ChainUpdate, LifecycleEvent, LifecycleEventType, Order, OrderSide, OrderStatus, OrderType, Side,
};
use user_hub::{Outcome, Timestamp};

/// Follows the orders of one user.
pub struct OrderTracker<S> {
    events: S,
    user: String,
    chains: HashMap<String, ChainUpdate>,
    last_event: u64,
}

/// A fill of a chain that nobody has opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownChain(pub String);

impl fmt::Display for UnknownChain {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "there is no chain {}", self.0)
    }
}

impl std::error::Error for UnknownChain {}

impl<S: EventSink> OrderTracker<S> {
    /// A tracker without chains.
    pub fn new(events: S, user: impl Into<String>) -> Self {
        Self { events, user: user.into(), chains: HashMap::new(), last_event: 0 }
    }

    /// A limit order to open a position went to the exchange.
    pub fn placed(&mut self, chain: &str, symbol: &str, side: Side, quantity: f64, now: Timestamp) -> Outcome {
        let order_side = if side == Side::Long { OrderSide::Buy } else { OrderSide::Sell };
        let mut update = ChainUpdate::new(chain, symbol, side, ChainStatus::Pending, now);
        let entry = format!("{chain}-E");
        update.orders.push(Order::new(entry, OrderType::Limit, order_side, OrderStatus::New, quantity, 0.0));
        let outcome = self.events.broadcast_chain_update(&self.user, &update);
        self.chains.insert(chain.to_owned(), update);
        outcome
    }

    /// A part of the entry, or all of it, was filled.
    ///
    /// # Errors
    /// [`UnknownChain`]: it was not placed here, or is over.
    pub fn filled(&mut self, chain: &str, quantity: f64, now: Timestamp) -> Result<Outcome, UnknownChain> {
        let update = self.chains.get_mut(chain).ok_or_else(|| UnknownChain(chain.to_owned()))?;
        for entry in &mut update.orders {
            entry.filled_quantity += quantity;
            let is_filled = entry.filled_quantity >= entry.quantity;
            entry.status = if is_filled { OrderStatus::Filled } else { OrderStatus::PartiallyFilled };
        }
        let is_open = update.orders.iter().all(|order| order.status == OrderStatus::Filled);
        update.status = if is_open { ChainStatus::Active } else { update.status.clone() };
        update.updated_at = now;
        let what = if is_open { LifecycleEventType::PositionOpened } else { LifecycleEventType::OrderFilled };
        let update = update.clone();
        Ok(self.say(&update, what, now))
    }

    /// The position is gone, and with it the chain.
    ///
    /// # Errors
    /// [`UnknownChain`]: it was not placed here, or is over.
    pub fn closed(&mut self, chain: &str, now: Timestamp) -> Result<Outcome, UnknownChain> {
        let mut update = self.chains.remove(chain).ok_or_else(|| UnknownChain(chain.to_owned()))?;
        update.status = ChainStatus::Closed;
        update.updated_at = now;
        Ok(self.say(&update, LifecycleEventType::PositionClosed, now))
    }

    /// The chain and what happened to it, together: no screen shows the one without the other.
    fn say(&mut self, update: &ChainUpdate, what: LifecycleEventType, now: Timestamp) -> Outcome {
        self.last_event += 1;
        let id = format!("{}-{}", update.chain_id, self.last_event);
        let happened = LifecycleEvent::new(id, &update.chain_id, what, &update.symbol, now);
        self.events.group(&self.user).event(update).event(&happened).broadcast()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use user_hub::testing::Recorder;

    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_milliseconds(seconds * 1_000)
    }

    #[test]
    fn a_chain_goes_from_pending_to_closed_and_each_step_comes_with_what_happened() {
        let recorder = Recorder::new();
        let mut orders = OrderTracker::new(&recorder, "alice");
        orders.placed("chain-7", "BTCUSDT", Side::Long, 0.02, at(1));
        orders.filled("chain-7", 0.005, at(2)).unwrap();
        orders.filled("chain-7", 0.015, at(3)).unwrap();
        orders.closed("chain-7", at(4)).unwrap();

        let groups = recorder.groups_of("alice");
        assert_eq!(groups.iter().map(Vec::len).collect::<Vec<_>>(), [1, 2, 2, 2]);
        let chains = recorder.payloads::<ChainUpdate>("alice").unwrap();
        let statuses = [ChainStatus::Pending, ChainStatus::Pending, ChainStatus::Active, ChainStatus::Closed];
        assert!(chains.iter().map(|chain| &chain.status).eq(&statuses));
        assert_eq!(chains[2].orders[0].filled_quantity, 0.02);
        let happened = recorder.payloads::<LifecycleEvent>("alice").unwrap();
        let types = ["ORDER_FILLED", "POSITION_OPENED", "POSITION_CLOSED"];
        assert!(happened.iter().map(|event| event.event_type.as_str()).eq(types));
        assert!(recorder.events_of("bob").is_empty());
    }

    #[test]
    fn a_chain_that_is_not_there_says_nothing_to_anybody() {
        let recorder = Recorder::new();
        let mut orders = OrderTracker::new(&recorder, "alice");
        assert_eq!(orders.filled("chain-7", 1.0, at(1)), Err(UnknownChain("chain-7".into())));
        orders.placed("chain-7", "BTCUSDT", Side::Short, 1.0, at(1));
        orders.closed("chain-7", at(2)).unwrap();
        assert_eq!(orders.closed("chain-7", at(3)).unwrap_err().to_string(), "there is no chain chain-7");
        assert_eq!(recorder.events().len(), 3);
    }

    #[test]
    fn without_a_hub_it_works_all_the_same() {
        let mut orders = OrderTracker::new(HubHandle::none(), "alice");
        assert_eq!(orders.placed("chain-7", "BTCUSDT", Side::Long, 1.0, at(1)), Outcome::NoHub);
        assert_eq!(orders.filled("chain-7", 1.0, at(2)), Ok(Outcome::NoHub));
        assert_eq!(orders.closed("chain-7", at(3)), Ok(Outcome::NoHub));
    }
}
