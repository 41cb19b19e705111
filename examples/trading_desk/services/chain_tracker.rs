//! The order chain tracker: the chains of one desk that are not over, and how prices and requests move them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use user_hub::prelude::*;
use user_hub::trading::ChainUpdate;
use user_hub::{LoadedState, Timestamp};

use super::chain::{Chain, Movement, NewOrder, Position};
use super::{Outlet, Service};
use crate::database::{Changes, DatabaseError, Snapshot};
use crate::domain::{Mode, Refusal};
use crate::market::Market;

const NAME: &str = "chains";
/// More than a desk needs, and well below the State that a user may have in the hub.
const MAX_OPEN: usize = 50;
const SMALLEST_ORDER: f64 = 1.0;
const LARGEST_ORDER: f64 = 1_000_000.0;

#[derive(Clone)]
pub struct ChainTracker {
    outlet: Outlet,
    state: State,
    news: Vec<ChainUpdate>,
}

#[derive(Clone, Default, Serialize, Deserialize)]
struct State {
    last_number: u64,
    /// Those that are not over, oldest first.
    open: BTreeMap<u64, Chain>,
}

impl ChainTracker {
    pub fn load(outlet: Outlet, stored: &Snapshot) -> Result<Self, DatabaseError> {
        let state = stored.state(outlet.user, NAME)?.unwrap_or_default();
        Ok(Self { outlet, state, news: Vec::new() })
    }

    /// Places the entry order of a new chain.
    pub fn place(&mut self, order: NewOrder, market: &Market, now: Timestamp) -> Result<Movement, Refusal> {
        let price = market.price(order.symbol);
        if !(SMALLEST_ORDER..=LARGEST_ORDER).contains(&(order.quantity * price)) {
            return Err(Refusal::Invalid(format!(
                "An order is worth {SMALLEST_ORDER} to {LARGEST_ORDER} USDT; {} costs {price}.",
                order.symbol
            )));
        }
        if self.state.open.len() >= MAX_OPEN {
            return Err(Refusal::Conflict(format!("{MAX_OPEN} chains are open; close one first.")));
        }
        self.state.last_number += 1;
        let number = self.state.last_number;
        let chain = Chain::new(format!("{}-{number}", self.outlet.user), order, price, now);
        self.news.push(chain.payload());
        let placed = chain.placed();
        self.state.open.insert(number, chain);
        Ok(placed)
    }

    /// Asks for the end of a chain; the next tick fills the order that ends it. To ask twice is to ask once.
    pub fn close(&mut self, chain_id: &str, now: Timestamp) -> Result<(), Refusal> {
        let chain = self.state.open.values_mut().find(|chain| chain.id() == chain_id);
        let chain = chain.ok_or_else(|| Refusal::Unknown(format!("There is no open chain {chain_id:?}.")))?;
        if chain.close(now) {
            self.news.push(chain.payload());
        }
        Ok(())
    }

    /// Lets the prices fill what they reach.
    pub fn tick(&mut self, market: &Market, now: Timestamp) -> Vec<Movement> {
        let mut movements = Vec::new();
        for chain in self.state.open.values_mut() {
            let step = chain.tick(market.price(chain.symbol()), now);
            if step.changed {
                self.news.push(chain.payload());
            }
            movements.extend(step.movements);
        }
        self.state.open.retain(|_, chain| !chain.is_over());
        movements
    }

    pub fn positions(&self) -> impl Iterator<Item = Position> + Clone {
        self.state.open.values().filter_map(Chain::position)
    }

    /// How many chains of a mode are not over.
    pub fn open_in(&self, mode: Mode) -> usize {
        self.state.open.values().filter(|chain| chain.mode() == mode).count()
    }
}

impl Service for ChainTracker {
    fn save(&self, changes: &mut Changes) -> Result<(), DatabaseError> {
        changes.put_state(self.outlet.user, NAME, &self.state)
    }

    fn publish(&mut self) {
        for chain in self.news.drain(..) {
            self.outlet.events.broadcast_chain_update(self.outlet.user, &chain);
        }
    }

    fn stands(&self, mut state: LoadedState) -> LoadedState {
        state.extend(self.state.open.values().map(Chain::payload));
        state
    }
}
