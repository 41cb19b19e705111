//! The desk of one user: its services, and how they react to each other.
//!
//! Everything that happens is a step: the services change, the changes are committed, then the devices are told. A step
//! that could not be stored has not happened, in memory either.

use std::sync::Arc;

use user_hub::{EventSink, HubHandle, LoadedState, Timestamp};

use crate::database::{Changes, Database, DatabaseError, Snapshot};
use crate::domain::{Mode, Refusal};
use crate::market::Market;
use crate::services::autopilot::{Autopilot, Situation};
use crate::services::breaker::Breaker;
use crate::services::chain::{Movement, NewOrder, What};
use crate::services::chain_tracker::ChainTracker;
use crate::services::profit::Profit;
use crate::services::repository::LifecycleRepository;
use crate::services::{Outlet, Service};

/// Somebody who may sign in.
pub struct User {
    pub name: &'static str,
    /// Makes the markets of two users different.
    seed: u64,
}

pub const USERS: [User; 2] = [User { name: "alice", seed: 0xa11c_e000 }, User { name: "bob", seed: 0xb0b0_0000 }];

const MARKET: &str = "market";
const TICKS_PER_LASTING_COMMIT: u64 = 20;

pub struct Desk {
    user: &'static str,
    database: Arc<Database>,
    bot: Bot,
    ticks: u64,
}

/// The services of a desk; cloned for each step, so that one that fails leaves nothing behind.
#[derive(Clone)]
struct Bot {
    market: Market,
    chains: ChainTracker,
    repository: LifecycleRepository,
    breaker: Breaker,
    autopilot: Autopilot,
    profit: Profit,
}

impl Desk {
    /// Loads the desk of a user as it was. Devices hear of what changes from now on; what stands is in the database, where
    /// the hub finds it by [`standing`].
    pub fn open(
        user: &User,
        seed: u64,
        database: Arc<Database>,
        events: Arc<dyn EventSink + Send + Sync>,
    ) -> Result<Self, Refusal> {
        let bot = Bot::load(user, seed, events, &database.read()?)?;
        let mut changes = database.begin()?;
        // The first time there is something to store: how it begins.
        bot.save(user.name, &mut changes)?;
        changes.commit(true)?;
        Ok(Self { user: user.name, database, bot, ticks: 0 })
    }

    /// One move of the prices, and all that follows from it.
    pub fn tick(&mut self, now: Timestamp) -> Result<(), Refusal> {
        self.ticks = self.ticks.wrapping_add(1);
        self.step(Cause::Tick, now, |bot| {
            bot.tick(now);
            Ok(())
        })
    }

    pub fn place_order(&mut self, order: NewOrder, now: Timestamp) -> Result<String, Refusal> {
        self.step(Cause::Request, now, |bot| bot.place(order, now))
    }

    pub fn close_chain(&mut self, chain_id: &str, now: Timestamp) -> Result<(), Refusal> {
        self.step(Cause::Request, now, |bot| bot.chains.close(chain_id, now))
    }

    pub fn trip_breaker(&mut self, now: Timestamp) -> Result<(), Refusal> {
        self.step(Cause::Request, now, |bot| bot.trip(now))
    }

    /// Closes the breaker, whatever its phase. The autopilot is started by whoever wants it to go on.
    pub fn reset_breaker(&mut self, now: Timestamp) -> Result<(), Refusal> {
        self.step(Cause::Request, now, |bot| {
            bot.breaker.reset("reset by hand", &mut bot.repository, now);
            Ok(())
        })
    }

    pub fn start_autopilot(&mut self, now: Timestamp) -> Result<(), Refusal> {
        self.step(Cause::Request, now, |bot| {
            bot.breaker_lets_through()?;
            bot.autopilot.start();
            Ok(())
        })
    }

    pub fn stop_autopilot(&mut self, now: Timestamp) -> Result<(), Refusal> {
        self.step(Cause::Request, now, |bot| {
            bot.autopilot.stop();
            Ok(())
        })
    }

    /// Puts everything on the disk, before the program ends.
    pub fn flush(&self) -> Result<(), DatabaseError> {
        self.database.begin()?.commit(true)
    }

    /// Changes a copy, commits it, tells the devices; only then is it the desk.
    fn step<T>(
        &mut self,
        cause: Cause,
        now: Timestamp,
        change: impl FnOnce(&mut Bot) -> Result<T, Refusal>,
    ) -> Result<T, Refusal> {
        let mut bot = self.bot.clone();
        let answer = change(&mut bot)?;
        bot.settle(now);
        let mut changes = self.database.begin()?;
        bot.save(self.user, &mut changes)?;
        let lasting = match cause {
            Cause::Request => true,
            // The disk need not know every price; but pages are only freed by a commit that reaches it.
            Cause::Tick => bot.repository.has_news() || self.ticks % TICKS_PER_LASTING_COMMIT == 0,
        };
        changes.commit(lasting)?;
        bot.publish();
        self.bot = bot;
        Ok(answer)
    }
}

/// Why a desk takes a step.
#[derive(PartialEq)]
enum Cause {
    Tick,
    Request,
}

/// The State of a user's desk as the last commit left it: what the hub has told, or is about to tell.
pub fn standing(user: &User, seed: u64, stored: &Snapshot, now: Timestamp) -> Result<LoadedState, DatabaseError> {
    let mut bot = Bot::load(user, seed, Arc::new(HubHandle::none()), stored)?;
    bot.settle(now);
    Ok(bot.services().into_iter().fold(LoadedState::new(), |state, service| service.stands(state)))
}

impl Bot {
    fn load(
        user: &User,
        seed: u64,
        events: Arc<dyn EventSink + Send + Sync>,
        stored: &Snapshot,
    ) -> Result<Self, DatabaseError> {
        let seed = seed ^ user.seed;
        let outlet = Outlet { user: user.name, events };
        Ok(Self {
            market: stored.state(user.name, MARKET)?.unwrap_or_else(|| Market::new(seed)),
            chains: ChainTracker::load(outlet.clone(), stored)?,
            repository: LifecycleRepository::load(outlet.clone(), stored)?,
            breaker: Breaker::load(outlet.clone(), stored)?,
            autopilot: Autopilot::load(outlet.clone(), !seed, stored)?,
            profit: Profit::load(outlet, stored)?,
        })
    }

    fn tick(&mut self, now: Timestamp) {
        self.market.tick();
        self.profit.turn_day(now);
        for movement in self.chains.tick(&self.market, now) {
            self.react(&movement, now);
        }
        if self.breaker.tick(now) {
            self.autopilot.release();
        }
        self.autopilot.tick(&self.market, now);
        self.trade_signals(now);
    }

    /// A fill logs a lifecycle event and changes the profit; the end of a trade concerns breaker and autopilot too.
    fn react(&mut self, movement: &Movement, now: Timestamp) {
        self.repository.record(movement, now);
        self.profit.realize(movement.mode, movement.realized);
        if let What::Closed { profit, .. } = movement.what {
            self.profit.trade_closed(profit);
            self.autopilot.trade_closed(movement.mode, profit, now);
            if self.breaker.trade_closed(profit, &mut self.repository, now) {
                self.autopilot.hold();
            }
        }
    }

    fn trade_signals(&mut self, now: Timestamp) {
        while let Some((signal, order)) = self.autopilot.ripe(|mode| self.chains.open_in(mode)) {
            // Refused for now; the signal may be traded in a later tick, or expires.
            if self.place(order, now).is_err() {
                return;
            }
            self.autopilot.traded(&signal);
        }
    }

    fn place(&mut self, order: NewOrder, now: Timestamp) -> Result<String, Refusal> {
        self.breaker_lets_through()?;
        let placed = self.chains.place(order, &self.market, now)?;
        self.repository.record(&placed, now);
        Ok(placed.chain_id)
    }

    fn trip(&mut self, now: Timestamp) -> Result<(), Refusal> {
        if self.breaker.is_open() {
            return Err(Refusal::Conflict("The circuit breaker is open already.".into()));
        }
        self.breaker.trip("tripped by hand", &mut self.repository, now);
        self.autopilot.hold();
        Ok(())
    }

    fn breaker_lets_through(&self) -> Result<(), Refusal> {
        let open = self.breaker.is_open();
        if open { Err(Refusal::Conflict("The circuit breaker is open; reset it first.".into())) } else { Ok(()) }
    }

    /// Brings the services that watch the others up to date.
    fn settle(&mut self, now: Timestamp) {
        self.profit.value(self.chains.positions(), &self.market, now);
        let (realized_today, trades_today) = self.profit.today();
        self.autopilot.observe(&Situation {
            open_in: Mode::ALL.map(|mode| self.chains.open_in(mode)),
            breaker_open: self.breaker.is_open(),
            realized_today,
            trades_today,
        });
    }

    fn save(&self, user: &str, changes: &mut Changes) -> Result<(), DatabaseError> {
        changes.put_state(user, MARKET, &self.market)?;
        self.services().into_iter().try_for_each(|service| service.save(changes))
    }

    fn publish(&mut self) {
        self.services_mut().into_iter().for_each(Service::publish);
    }

    /// Causes before effects: devices hear of a fill, then of what came of it.
    fn services(&self) -> [&dyn Service; 5] {
        [&self.chains, &self.repository, &self.breaker, &self.autopilot, &self.profit]
    }

    fn services_mut(&mut self) -> [&mut dyn Service; 5] {
        [&mut self.chains, &mut self.repository, &mut self.breaker, &mut self.autopilot, &mut self.profit]
    }
}
