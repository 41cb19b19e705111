//! The P&L calculator: what the trades that are over have made, and what the open ones are worth at the moment.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use user_hub::prelude::*;
use user_hub::trading::{PnlByMode, PnlUpdate, PositionPnl, TradesCount};
use user_hub::{LoadedState, Timestamp};

use super::chain::Position;
use super::{Outlet, Service};
use crate::database::{Changes, DatabaseError, Snapshot};
use crate::domain::{Mode, Symbol, cents};
use crate::market::Market;
use crate::time::Day;

const NAME: &str = "profit";

#[derive(Clone)]
pub struct Profit {
    outlet: Outlet,
    state: State,
    /// The last valuation, to tell nothing twice.
    told: Option<PnlUpdate>,
    news: Option<PnlUpdate>,
}

#[derive(Clone, Default, Serialize, Deserialize)]
struct State {
    realized: BTreeMap<Mode, f64>,
    winning: u32,
    losing: u32,
    day: Day,
    today: f64,
    trades_today: u32,
}

impl Profit {
    pub fn load(outlet: Outlet, stored: &Snapshot) -> Result<Self, DatabaseError> {
        let state = stored.state(outlet.user, NAME)?.unwrap_or_default();
        Ok(Self { outlet, state, told: None, news: None })
    }

    /// A fill realized so much.
    pub fn realize(&mut self, mode: Mode, amount: f64) {
        *self.state.realized.entry(mode).or_default() += amount;
        self.state.today += amount;
    }

    /// A trade is over, with so much altogether.
    pub fn trade_closed(&mut self, profit: f64) {
        *(if profit < 0.0 { &mut self.state.losing } else { &mut self.state.winning }) += 1;
        self.state.trades_today += 1;
    }

    /// What was realized today, by how many trades.
    pub fn today(&self) -> (f64, u32) {
        (cents(self.state.today), self.state.trades_today)
    }

    /// Begins the day's sums anew if it is another day.
    pub fn turn_day(&mut self, now: Timestamp) {
        if self.state.day.turn(now) {
            (self.state.today, self.state.trades_today) = (0.0, 0);
        }
    }

    /// Values what is held at the prices of the moment.
    pub fn value(&mut self, positions: impl Iterator<Item = Position>, market: &Market, now: Timestamp) {
        let positions: Vec<Valued> = positions.map(|position| Valued::at(market, position)).collect();
        let mut update = self.state.payload(&positions, now);
        if let Some(told) = &self.told {
            // Time alone is no news.
            update.timestamp = told.timestamp;
            if update == *told {
                return;
            }
            update.timestamp = now;
        }
        self.told = Some(update.clone());
        self.news = Some(update);
    }
}

impl Service for Profit {
    fn save(&self, changes: &mut Changes) -> Result<(), DatabaseError> {
        changes.put_state(self.outlet.user, NAME, &self.state)
    }

    fn publish(&mut self) {
        if let Some(pnl) = self.news.take() {
            self.outlet.events.broadcast_pnl(self.outlet.user, &pnl);
        }
    }

    fn stands(&self, mut state: LoadedState) -> LoadedState {
        // What positions are worth depends on the prices, so it is the last valuation.
        state.extend(self.told.clone());
        state
    }
}

/// A position and what it would make if it were closed now.
struct Valued {
    position: Position,
    profit: f64,
}

impl Valued {
    fn at(market: &Market, position: Position) -> Self {
        let move_per_unit = (market.price(position.symbol) - position.entry) * position.side.sign();
        Self { position, profit: move_per_unit * position.quantity }
    }
}

impl State {
    fn payload(&self, positions: &[Valued], now: Timestamp) -> PnlUpdate {
        let realized: f64 = self.realized.values().sum();
        let unrealized: f64 = positions.iter().map(|valued| valued.profit).sum();
        let in_mode = |mode| {
            let open: f64 =
                positions.iter().filter(|valued| valued.position.mode == mode).map(|valued| valued.profit).sum();
            cents(self.realized.get(&mode).copied().unwrap_or_default() + open)
        };
        let trades = self.winning + self.losing;

        let mut pnl = PnlUpdate::new(now);
        pnl.total_pnl = cents(realized + unrealized);
        pnl.daily_pnl = cents(self.today + unrealized);
        pnl.unrealized_pnl = cents(unrealized);
        pnl.realized_pnl = cents(realized);
        pnl.pnl_by_mode =
            PnlByMode::new(in_mode(Mode::Ultra), in_mode(Mode::Scalp), in_mode(Mode::Swing), in_mode(Mode::Position));
        pnl.trades_count = TradesCount::new(trades, self.winning, self.losing);
        pnl.win_rate = if trades == 0 { 0.0 } else { f64::from(self.winning) / f64::from(trades) };
        pnl.positions = Symbol::ALL.into_iter().filter_map(|symbol| in_symbol(symbol, positions)).collect();
        pnl
    }
}

/// All positions in a symbol, as one.
fn in_symbol(symbol: Symbol, positions: &[Valued]) -> Option<PositionPnl> {
    let held = || positions.iter().filter(move |valued| valued.position.symbol == symbol);
    let cost: f64 = held().map(|Valued { position, .. }| position.quantity * position.entry).sum();
    let profit: f64 = held().map(|valued| valued.profit).sum();
    (cost > 0.0).then(|| PositionPnl::new(symbol.name(), cents(profit), cents(100.0 * profit / cost)))
}
