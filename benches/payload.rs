//! What every contender sends: the fields of a P&L event, some 300 bytes of JSON.
#![allow(dead_code, reason = "no benchmark sends all of them")]

use serde::Serialize;
use user_hub::trading::{PnlByMode, PnlUpdate, PositionPnl, TradesCount};
use user_hub::{Event, Timestamp};

/// A P&L event as something that happened: every device gets every one.
#[derive(Serialize, Event)]
#[serde(transparent)]
#[event(name = "PROFIT", field = "pnl", log)]
pub(crate) struct Profit(pub(crate) PnlUpdate);

/// The same for everybody.
#[derive(Serialize, Event)]
#[serde(transparent)]
#[event(name = "MARKET_PROFIT", field = "pnl", log, public)]
pub(crate) struct MarketProfit(pub(crate) PnlUpdate);

impl Profit {
    pub(crate) fn new() -> Self {
        Self(state())
    }
}

impl MarketProfit {
    pub(crate) fn new() -> Self {
        Self(state())
    }
}

/// The same as the current value of something: a device that is behind gets the latest only.
pub(crate) fn state() -> PnlUpdate {
    let mut pnl = PnlUpdate::new(Timestamp::now());
    (pnl.total_pnl, pnl.daily_pnl) = (1_234.5, -56.25);
    (pnl.unrealized_pnl, pnl.realized_pnl) = (210.75, 1_023.75);
    pnl.pnl_by_mode = PnlByMode::new(120.5, 310.25, 640.0, 163.75);
    pnl.trades_count = TradesCount::new(48, 27, 21);
    pnl.win_rate = 0.5625;
    pnl.positions = vec![PositionPnl::new("BTCUSDT", 210.75, 1.5)];
    pnl
}
