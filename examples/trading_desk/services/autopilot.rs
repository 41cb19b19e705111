//! Ginie, the autopilot: looks for signals while it runs, and trades the good ones in the modes that may open something.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use user_hub::prelude::*;
use user_hub::trading::{GinieStatus, ModeStatus, SignalStatus, SignalUpdate};
use user_hub::{LoadedState, Timestamp};

use super::chain::NewOrder;
use super::modes::{Halt, Modes};
use super::signal::Signal;
use super::{Outlet, Service};
use crate::database::{Changes, DatabaseError, Snapshot};
use crate::domain::{Mode, Side, Symbol};
use crate::market::Market;
use crate::random::Random;

const NAME: &str = "autopilot";
const SIGNALS_PER_TICK: f64 = 0.2;
const MODE_CHANGES_PER_TICK: f64 = 0.02;
const MOST_PENDING: usize = 6;

#[derive(Clone)]
pub struct Autopilot {
    outlet: Outlet,
    state: State,
    /// The last observation, to tell nothing twice.
    told_status: Option<GinieStatus>,
    told_modes: BTreeMap<Mode, ModeStatus>,
    news: News,
}

#[derive(Clone, Default)]
struct News {
    signals: Vec<SignalUpdate>,
    modes: Vec<ModeStatus>,
    status: Option<GinieStatus>,
}

#[derive(Clone, Serialize, Deserialize)]
struct State {
    running: bool,
    /// Stopped by the breaker, so it starts again when that has cooled down.
    held_by_breaker: bool,
    random: Random,
    mode: Mode,
    modes: Modes,
    pending: Vec<Signal>,
    last_number: u64,
    last: Option<LastSignal>,
}

#[derive(Clone, Copy, Serialize, Deserialize)]
struct LastSignal {
    symbol: Symbol,
    side: Side,
    at: Timestamp,
}

/// What the autopilot is told about the rest of the desk.
pub struct Situation {
    pub open_in: [usize; Mode::ALL.len()],
    pub breaker_open: bool,
    pub realized_today: f64,
    pub trades_today: u32,
}

impl Autopilot {
    pub fn load(outlet: Outlet, seed: u64, stored: &Snapshot) -> Result<Self, DatabaseError> {
        let state = stored.state(outlet.user, NAME)?.unwrap_or_else(|| State::new(seed));
        Ok(Self { outlet, state, told_status: None, told_modes: BTreeMap::new(), news: News::default() })
    }

    pub fn start(&mut self) {
        self.state.running = true;
        self.state.held_by_breaker = false;
    }

    pub fn stop(&mut self) {
        self.state.running = false;
        self.state.held_by_breaker = false;
        self.end_signals(SignalStatus::Cancelled, |_| true);
    }

    /// The breaker has tripped.
    pub fn hold(&mut self) {
        let was_running = self.state.running || self.state.held_by_breaker;
        self.stop();
        self.state.held_by_breaker = was_running;
    }

    /// The breaker has cooled down: what it stopped goes on. Who stopped the autopilot starts it again.
    pub fn release(&mut self) {
        if self.state.held_by_breaker {
            self.start();
        }
    }

    pub fn trade_closed(&mut self, mode: Mode, profit: f64, now: Timestamp) {
        self.state.modes.trade_closed(mode, profit, now);
    }

    /// Looks at the market; expires the signals whose time has come.
    pub fn tick(&mut self, market: &Market, now: Timestamp) {
        let State { running, random, mode, modes, pending, .. } = &mut self.state;
        modes.tick(now);
        for signal in pending.iter_mut() {
            signal.grow_older();
        }
        let looks = *running && pending.len() < MOST_PENDING && random.chance(SIGNALS_PER_TICK);
        if *running && random.chance(MODE_CHANGES_PER_TICK) {
            *mode = random.one_of(Mode::ALL);
        }
        self.end_signals(SignalStatus::Expired, |signal| signal.is_expired(now));
        if looks {
            self.find_signal(market, now);
        }
    }

    fn find_signal(&mut self, market: &Market, now: Timestamp) {
        let State { random, mode, pending, last_number, last, .. } = &mut self.state;
        *last_number += 1;
        let id = format!("{}-signal-{last_number}", self.outlet.user);
        let mode = if random.chance(0.5) { *mode } else { random.one_of(Mode::ALL) };
        let signal = Signal::scan(id, mode, market, random, now);
        *last = Some(LastSignal { symbol: signal.symbol, side: signal.side, at: signal.at });
        self.news.signals.push(signal.payload(SignalStatus::Pending));
        pending.push(signal);
    }

    /// The next signal that is to be traded now, and its order; the desk says so when it was.
    pub fn ripe(&self, open_in: impl Fn(Mode) -> usize) -> Option<(String, NewOrder)> {
        let may_open = |signal: &&Signal| self.state.modes.may_open(signal.mode, open_in(signal.mode));
        let signal = self.state.pending.iter().filter(may_open).find(|signal| signal.order().is_some())?;
        Some((signal.id.clone(), signal.order()?))
    }

    pub fn traded(&mut self, signal_id: &str) {
        self.end_signals(SignalStatus::Executed, |signal| signal.id == signal_id);
    }

    fn end_signals(&mut self, how: SignalStatus, which: impl Fn(&Signal) -> bool) {
        let (ended, pending) = std::mem::take(&mut self.state.pending).into_iter().partition(which);
        self.state.pending = pending;
        self.news.signals.extend(Vec::into_iter(ended).map(|signal: Signal| signal.payload(how.clone())));
    }

    /// Takes note of the rest of the desk, and tells what is different from the last time.
    pub fn observe(&mut self, desk: &Situation) {
        let status = self.state.payload(desk);
        if self.told_status.as_ref() != Some(&status) {
            self.told_status = Some(status.clone());
            self.news.status = Some(status);
        }
        for mode in Mode::ALL {
            let status = self.state.modes.payload(mode, desk.open_in[mode as usize], self.state.halt(desk));
            if self.told_modes.get(&mode) != Some(&status) {
                self.told_modes.insert(mode, status.clone());
                self.news.modes.push(status);
            }
        }
    }
}

impl Service for Autopilot {
    fn save(&self, changes: &mut Changes) -> Result<(), DatabaseError> {
        changes.put_state(self.outlet.user, NAME, &self.state)
    }

    fn publish(&mut self) {
        let Outlet { user, events } = &self.outlet;
        let news = std::mem::take(&mut self.news);
        for signal in &news.signals {
            events.broadcast_signal_update(user, signal);
        }
        for mode in &news.modes {
            events.broadcast_mode_status(user, mode);
        }
        if let Some(status) = &news.status {
            events.broadcast_ginie_status(user, status);
        }
    }

    fn stands(&self, mut state: LoadedState) -> LoadedState {
        state.extend(self.state.pending.iter().map(|signal| signal.payload(SignalStatus::Pending)));
        state.extend(self.told_modes.values().cloned());
        state.extend(self.told_status.clone());
        state
    }
}

impl State {
    fn new(seed: u64) -> Self {
        Self {
            running: true,
            held_by_breaker: false,
            random: Random::new(seed),
            mode: Mode::Scalp,
            modes: Modes::default(),
            pending: Vec::new(),
            last_number: 0,
            last: None,
        }
    }

    fn halt(&self, desk: &Situation) -> Option<Halt> {
        match (self.running, desk.breaker_open) {
            (_, true) => Some(Halt::Breaker),
            (false, false) => Some(Halt::Stopped),
            (true, false) => None,
        }
    }

    fn payload(&self, desk: &Situation) -> GinieStatus {
        let mut status = GinieStatus::new(self.mode.into());
        status.is_running = self.running;
        status.is_dry_run = true;
        status.active_positions = u32::try_from(desk.open_in.iter().sum::<usize>()).unwrap_or(u32::MAX);
        status.total_modes = Mode::ALL.len() as u32;
        status.last_signal_time = self.last.map(|last| last.at);
        status.last_signal_symbol = self.last.map(|last| last.symbol.name().into());
        status.last_signal_direction = self.last.map(|last| last.side.into());
        status.daily_pnl = desk.realized_today;
        status.daily_trades = desk.trades_today;
        status.circuit_breaker_active = desk.breaker_open;
        status
    }
}
