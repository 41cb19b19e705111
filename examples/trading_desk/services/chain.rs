//! A chain: the orders of one trade (entry, stop, targets), from the first to the last fill.
//!
//! The entry is filled in two halves; then a stop and two targets stand. The first target takes half of the position and
//! moves the stop to the entry, so that the rest can lose nothing; the stop, the second target or a request ends it.

use serde::{Deserialize, Serialize};
use user_hub::Timestamp;
use user_hub::trading::{ChainStatus, ChainUpdate, Order, OrderSide, OrderStatus, OrderType};

use crate::domain::{Mode, Side, Symbol};

/// What somebody wants to trade.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewOrder {
    pub symbol: Symbol,
    pub side: Side,
    pub quantity: f64,
    pub mode: Mode,
}

/// Something that happened to a chain, for the services that react to it.
#[derive(Debug, Clone)]
pub struct Movement {
    pub chain_id: String,
    pub symbol: Symbol,
    pub mode: Mode,
    pub what: What,
    pub price: f64,
    pub quantity: f64,
    /// What this movement added to the realized profit.
    pub realized: f64,
}

#[derive(Debug, Clone, PartialEq)]
pub enum What {
    Placed,
    Opened,
    TargetHit {
        number: u8,
    },
    StopMoved,
    StopHit,
    /// The trade is over, with this profit altogether.
    Closed {
        profit: f64,
        reason: &'static str,
    },
    Cancelled,
}

/// What is held at the moment, for whoever values it.
#[derive(Debug, Clone, Copy)]
pub struct Position {
    pub symbol: Symbol,
    pub mode: Mode,
    pub side: Side,
    pub quantity: f64,
    pub entry: f64,
}

/// What a tick did to a chain.
#[derive(Default)]
pub struct Step {
    pub changed: bool,
    pub movements: Vec<Movement>,
}

#[derive(Clone, Serialize, Deserialize)]
pub struct Chain {
    id: String,
    order: NewOrder,
    stage: Stage,
    legs: Vec<Leg>,
    realized: f64,
    updated_at: Timestamp,
}

#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
enum Stage {
    Placed,
    Filling,
    Open,
    PartlyClosed,
    Closing,
    Closed,
    Cancelled,
}

/// One order of a chain.
#[derive(Clone, Serialize, Deserialize)]
struct Leg {
    role: Role,
    /// A market order has none.
    price: Option<f64>,
    quantity: f64,
    filled: f64,
    cancelled: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
enum Role {
    Entry,
    Stop,
    Target(u8),
    Close,
}

impl Chain {
    pub fn new(id: String, order: NewOrder, price: f64, now: Timestamp) -> Self {
        let entry = Leg::new(Role::Entry, Some(price), order.quantity);
        Self { id, order, stage: Stage::Placed, legs: vec![entry], realized: 0.0, updated_at: now }
    }

    pub fn id(&self) -> &str {
        &self.id
    }

    pub fn symbol(&self) -> Symbol {
        self.order.symbol
    }

    pub fn mode(&self) -> Mode {
        self.order.mode
    }

    pub fn is_over(&self) -> bool {
        matches!(self.stage, Stage::Closed | Stage::Cancelled)
    }

    pub fn placed(&self) -> Movement {
        self.movement(What::Placed, self.entry(), self.order.quantity, 0.0)
    }

    pub fn position(&self) -> Option<Position> {
        let Self { order: NewOrder { symbol, mode, side, .. }, .. } = *self;
        let quantity = self.held();
        (quantity > 0.0).then(|| Position { symbol, mode, side, quantity, entry: self.entry() })
    }

    /// Asks for the end; false if that was asked before.
    pub fn close(&mut self, now: Timestamp) -> bool {
        if self.stage == Stage::Closing || self.is_over() {
            return false;
        }
        self.cancel_what_stands();
        if self.held() > 0.0 {
            self.legs.push(Leg::new(Role::Close, None, self.held()));
        }
        self.move_to(Stage::Closing, now);
        true
    }

    /// What this price fills.
    pub fn tick(&mut self, price: f64, now: Timestamp) -> Step {
        let movements = match self.stage {
            Stage::Placed => return self.fill_first_half(now),
            Stage::Filling => self.open(now),
            Stage::Open | Stage::PartlyClosed => self.watch(price, now),
            Stage::Closing => self.end_on_request(price, now),
            Stage::Closed | Stage::Cancelled => Vec::new(),
        };
        Step { changed: !movements.is_empty(), movements }
    }

    fn fill_first_half(&mut self, now: Timestamp) -> Step {
        self.legs[0].filled = self.order.quantity / 2.0;
        self.move_to(Stage::Filling, now);
        Step { changed: true, movements: Vec::new() }
    }

    fn open(&mut self, now: Timestamp) -> Vec<Movement> {
        let NewOrder { symbol, side, quantity, mode } = self.order;
        let at = |risks: f64| symbol.quote(self.entry() * (1.0 + side.sign() * mode.risk() * risks));
        let (stop, first, second) = (at(-1.0), at(1.0), at(2.0));
        self.legs[0].filled = quantity;
        self.legs.push(Leg::new(Role::Stop, Some(stop), quantity));
        self.legs.push(Leg::new(Role::Target(1), Some(first), quantity / 2.0));
        self.legs.push(Leg::new(Role::Target(2), Some(second), quantity / 2.0));
        self.move_to(Stage::Open, now);
        vec![self.movement(What::Opened, self.entry(), quantity, 0.0)]
    }

    fn watch(&mut self, price: f64, now: Timestamp) -> Vec<Movement> {
        let side = self.order.side;
        let reached = |leg: &Leg| {
            let beyond = leg.price.map_or(0.0, |limit| (price - limit) * side.sign());
            leg.stands() && if leg.role == Role::Stop { beyond <= 0.0 } else { beyond >= 0.0 }
        };
        let Some(index) = self.legs.iter().position(reached) else { return Vec::new() };
        let (role, limit) = (self.legs[index].role, self.legs[index].price.unwrap_or(price));
        let hit = self.fill(index, limit);
        let mut movements = vec![self.movement(what_was_hit(role), limit, hit.quantity, hit.realized)];
        if self.held() > 0.0 {
            movements.push(self.protect_the_rest());
            self.move_to(Stage::PartlyClosed, now);
        } else {
            movements.push(self.end(limit, if role == Role::Stop { "stop" } else { "last target" }, 0.0, now));
        }
        movements
    }

    fn protect_the_rest(&mut self) -> Movement {
        let (entry, rest) = (self.entry(), self.held());
        if let Some(stop) = self.legs.iter_mut().find(|leg| leg.role == Role::Stop) {
            (stop.price, stop.quantity) = (Some(entry), rest);
        }
        self.movement(What::StopMoved, entry, rest, 0.0)
    }

    fn end_on_request(&mut self, price: f64, now: Timestamp) -> Vec<Movement> {
        let Some(index) = self.legs.iter().position(|leg| leg.role == Role::Close) else {
            self.move_to(Stage::Cancelled, now);
            return vec![self.movement(What::Cancelled, self.entry(), self.order.quantity, 0.0)];
        };
        let fill = self.fill(index, price);
        vec![self.end(price, "on request", fill.realized, now)]
    }

    fn end(&mut self, price: f64, reason: &'static str, realized: f64, now: Timestamp) -> Movement {
        self.cancel_what_stands();
        self.move_to(Stage::Closed, now);
        let what = What::Closed { profit: self.realized, reason };
        self.movement(what, price, self.legs[0].filled, realized)
    }

    /// Fills what is left of an order that reduces the position.
    fn fill(&mut self, index: usize, price: f64) -> Fill {
        let entry = self.entry();
        let leg = &mut self.legs[index];
        let quantity = leg.quantity - leg.filled;
        leg.filled = leg.quantity;
        leg.price = Some(price);
        let realized = (price - entry) * self.order.side.sign() * quantity;
        self.realized += realized;
        Fill { quantity, realized }
    }

    fn cancel_what_stands(&mut self) {
        for leg in self.legs.iter_mut().filter(|leg| leg.stands()) {
            leg.cancelled = true;
        }
    }

    fn move_to(&mut self, stage: Stage, now: Timestamp) {
        self.stage = stage;
        // It is the version of the chain: it does not go back when somebody sets the clock.
        self.updated_at = self.updated_at.max(now);
    }

    fn entry(&self) -> f64 {
        self.legs[0].price.unwrap_or_default()
    }

    fn held(&self) -> f64 {
        self.legs[0].filled - self.legs[1..].iter().map(|leg| leg.filled).sum::<f64>()
    }

    pub fn payload(&self) -> ChainUpdate {
        let NewOrder { symbol, side, mode, .. } = self.order;
        let status = match self.stage {
            Stage::Placed => ChainStatus::Pending,
            Stage::Filling => ChainStatus::PartiallyFilled,
            Stage::Open => ChainStatus::Active,
            Stage::PartlyClosed => ChainStatus::PartiallyClosed,
            Stage::Closing => ChainStatus::Closing,
            Stage::Closed => ChainStatus::Closed,
            Stage::Cancelled => ChainStatus::Cancelled,
        };
        let mut chain = ChainUpdate::new(self.id.as_str(), symbol.name(), side.into(), status, self.updated_at);
        chain.mode = Some(mode.into());
        chain.orders = self.legs.iter().map(|leg| leg.payload(&self.id, side)).collect();
        chain
    }

    fn movement(&self, what: What, price: f64, quantity: f64, realized: f64) -> Movement {
        let NewOrder { symbol, mode, .. } = self.order;
        Movement { chain_id: self.id.clone(), symbol, mode, what, price, quantity, realized }
    }
}

struct Fill {
    quantity: f64,
    realized: f64,
}

fn what_was_hit(role: Role) -> What {
    match role {
        Role::Target(number) => What::TargetHit { number },
        Role::Entry | Role::Stop | Role::Close => What::StopHit,
    }
}

impl Leg {
    fn new(role: Role, price: Option<f64>, quantity: f64) -> Self {
        Self { role, price, quantity, filled: 0.0, cancelled: false }
    }

    fn stands(&self) -> bool {
        !self.cancelled && self.filled < self.quantity
    }

    fn payload(&self, chain_id: &str, side: Side) -> Order {
        let (name, order_type) = match self.role {
            Role::Entry => ("entry".into(), OrderType::Limit),
            Role::Stop => ("stop".into(), OrderType::StopMarket),
            Role::Target(number) => (format!("target-{number}"), OrderType::TakeProfit),
            Role::Close => ("close".into(), OrderType::Market),
        };
        let order_side = match (side, self.role) {
            (Side::Long, Role::Entry) => OrderSide::Buy,
            (Side::Short, Role::Entry) => OrderSide::Sell,
            (Side::Long, _) => OrderSide::Sell,
            (Side::Short, _) => OrderSide::Buy,
        };
        let status = if self.filled >= self.quantity {
            OrderStatus::Filled
        } else if self.cancelled {
            OrderStatus::Canceled
        } else if self.filled > 0.0 {
            OrderStatus::PartiallyFilled
        } else {
            OrderStatus::New
        };
        let id = format!("{chain_id}-{name}");
        let mut order = Order::new(id, order_type, order_side, status, self.quantity, self.filled);
        order.price = self.price;
        order
    }
}
