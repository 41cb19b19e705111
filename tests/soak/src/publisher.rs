//! The domain services: random traffic from a seed, a few users busier than the others, now and then a lot at once.
//!
//! Invariant: an account's lock is held from the commit to the end of the broadcast, so the hub is told in the order of the
//! books; but for quotes, whose version says which is newer.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{PoisonError, RwLock};
use std::time::Duration;

use user_hub::testing::Random;
use user_hub::{
    Audience, CloseCode, CloseReason, ErasedEvent, Event, EventName, EventSink, Outcome, Removal, Timestamp, UserHub,
};

use crate::facts::{Alarm, Balance, EVERYBODY, Fill, Notice, OFFER_LIFE, Offer, Order, Quote, Value, name, user_id};
use crate::ledger::{Account, Entry, Ledger};

/// Live orders of a user; with the other values, less than the State keys that a user may have.
const ORDERS: usize = 6;
const QUOTES: usize = 3;
const OFFERS: usize = 3;
/// Calls of a burst: more Log records than a log keeps.
const BURST: usize = 60;
const TICK: Duration = Duration::from_millis(10);

#[derive(Debug)]
pub(crate) struct Publisher {
    hub: UserHub,
    ledger: Arc<Ledger>,
    is_on: RwLock<bool>,
    calls: AtomicU64,
}

impl Publisher {
    pub(crate) fn new(hub: &UserHub, ledger: &Arc<Ledger>) -> Self {
        Self { hub: hub.clone(), ledger: Arc::clone(ledger), is_on: RwLock::new(false), calls: AtomicU64::new(0) }
    }

    /// How many calls there were.
    pub(crate) fn calls(&self) -> u64 {
        self.calls.load(Ordering::Relaxed)
    }

    /// Begins, or stops; when it has stopped, nothing is being told any more.
    pub(crate) fn turn(&self, on: bool) {
        *self.is_on.write().unwrap_or_else(PoisonError::into_inner) = on;
    }

    /// Tells so much a second, for ever.
    pub(crate) fn run(&self, mut random: Random, rate: usize) {
        let mut owed = 0.0;
        loop {
            std::thread::sleep(TICK);
            let is_on = self.is_on.read().unwrap_or_else(PoisonError::into_inner);
            if !*is_on {
                continue;
            }
            owed += rate as f64 * TICK.as_secs_f64();
            while owed >= 1.0 {
                owed -= self.step(&mut random) as f64;
            }
        }
    }

    /// Returns how many calls it made.
    fn step(&self, random: &mut Random) -> usize {
        if random.one_in(3_000) {
            self.everybody(random.one_in(2), true);
        }
        let users = self.ledger.users();
        let busy = users.div_ceil(50);
        let user = 1 + if random.one_in(2) { random.below(busy) } else { random.below(users) };
        if random.one_in(2_000) {
            let code = CloseCode::application(3100).expect("a code of applications that says come back");
            self.hub.close_user(&user_id(user), &CloseReason::new(code));
        }
        let calls = if random.one_in(100) { BURST } else { 1 };
        (0..calls).for_each(|_| self.tell(user, random));
        calls
    }

    fn tell(&self, user: usize, random: &mut Random) {
        match random.below(100) {
            0..40 => self.group(user, 1 + random.below(3) as u64, false),
            40..50 => self.group(user, random.below(4) as u64, true),
            50..60 => self.new_order(user),
            60..75 => self.end_order(user, random),
            75..90 => self.quote(user, random.below(QUOTES)),
            _ => self.offer(user, random.below(OFFERS)),
        }
    }

    /// One last thing for everybody, and for each user.
    pub(crate) fn last_word(&self) {
        self.everybody(true, true);
        (1..=self.ledger.users()).for_each(|user| self.group(user, 1, true));
    }

    /// All State of users is taken away.
    pub(crate) fn close_books(&self) {
        for user in 1..=self.ledger.users() {
            let mut account = self.ledger.account(user);
            let names: Vec<String> = account.state.keys().cloned().collect();
            self.clear(user, &mut account, names);
        }
    }

    /// What everybody was told before the server was started.
    pub(crate) fn tell_notice_again(&self) {
        let account = self.ledger.account(EVERYBODY);
        if let Some(value) = account.state.get(Notice::NAME) {
            self.count(self.hub.broadcast_to_all(&Notice { user: EVERYBODY, n: value.n }));
        }
    }

    fn everybody(&self, notice: bool, alarm: bool) {
        let mut account = self.ledger.account(EVERYBODY);
        let n = account.last + 1;
        let set = if notice { vec![(Notice::NAME.to_owned(), Value { n, expires_at: None })] } else { Vec::new() };
        self.ledger.commit(&mut account, Entry { set, fills: alarm.into(), ..Entry::of(EVERYBODY) });
        if notice {
            self.count(self.hub.broadcast_to_all(&Notice { user: EVERYBODY, n }));
        }
        if alarm {
            self.count(self.hub.broadcast_to_all(&Alarm { user: EVERYBODY, n: account.fills }));
        }
    }

    /// Some fills, and with them what they add up to.
    fn group(&self, user: usize, fills: u64, with_balance: bool) {
        let mut account = self.ledger.account(user);
        let (before, n) = (account.fills, account.last + 1);
        let fill = |ahead| Box::new(Fill { user, n: before + ahead }) as Box<dyn ErasedEvent>;
        let mut events: Vec<Box<dyn ErasedEvent>> = (1..=fills).map(fill).collect();
        let mut entry = Entry { fills, ..Entry::of(user) };
        if with_balance {
            entry.set.push((Balance::NAME.to_owned(), Value { n, expires_at: None }));
            events.insert(events.len() / 2, Box::new(Balance { user, n }));
        }
        self.ledger.commit(&mut account, entry);
        let id = user_id(user);
        let group = events.iter().fold(self.hub.group(&id), |group, event| group.event(&**event));
        self.count(group.broadcast());
    }

    fn new_order(&self, user: usize) {
        let mut account = self.ledger.account(user);
        if orders(&account).count() < ORDERS {
            let n = account.last + 1;
            // A number that no order has had: what is over does not come back.
            let order = Order { id: n.to_string(), user, n, over: false };
            let set = vec![(name(Order::NAME, Some(&order.id)), Value { n, expires_at: None })];
            self.ledger.commit(&mut account, Entry { set, ..Entry::of(user) });
            self.count(self.hub.broadcast(&user_id(user), &order));
        }
    }

    /// A new value for an order, its last value, or none any more.
    fn end_order(&self, user: usize, random: &mut Random) {
        let mut account = self.ledger.account(user);
        let open: Vec<String> = orders(&account).map(str::to_owned).collect();
        if open.is_empty() {
            return;
        }
        let id = random.pick(&open).clone();
        let (name, n) = (name(Order::NAME, Some(&id)), account.last + 1);
        let set = vec![(name.clone(), Value { n, expires_at: None })];
        match random.below(3) {
            0 => self.clear(user, &mut account, vec![name]),
            1 => {
                self.ledger.commit(&mut account, Entry { set, ..Entry::of(user) });
                self.count(self.hub.broadcast(&user_id(user), &Order { id, user, n, over: false }));
            }
            _ => {
                self.ledger.commit(&mut account, Entry { set, cleared: vec![name], ..Entry::of(user) });
                self.count(self.hub.broadcast(&user_id(user), &Order { id, user, n, over: true }));
            }
        }
    }

    fn clear(&self, user: usize, account: &mut Account, names: Vec<String>) {
        self.ledger.commit(account, Entry { cleared: names.clone(), ..Entry::of(user) });
        for name in &names {
            let (event_type, key) = name.split_once('/').map_or((&**name, None), |(name, key)| (name, Some(key)));
            let event_type = EventName::new(event_type).expect("the name of an event type");
            self.count(self.hub.submit(Audience::User(&user_id(user)), &[&Removal::named(event_type, key)]));
        }
    }

    fn quote(&self, user: usize, symbol: usize) {
        let quote = {
            let mut account = self.ledger.account(user);
            let quote = Quote { symbol: symbol.to_string(), user, n: account.last + 1 };
            let set = vec![(name(Quote::NAME, Some(&quote.symbol)), Value { n: quote.n, expires_at: None })];
            self.ledger.commit(&mut account, Entry { set, ..Entry::of(user) });
            quote
        };
        self.count(self.hub.broadcast(&user_id(user), &quote));
    }

    fn offer(&self, user: usize, id: usize) {
        let mut account = self.ledger.account(user);
        let end = Timestamp::now().as_milliseconds() + OFFER_LIFE;
        let offer =
            Offer { id: id.to_string(), user, n: account.last + 1, expires_at: Timestamp::from_milliseconds(end) };
        let set = vec![(name(Offer::NAME, Some(&offer.id)), Value { n: offer.n, expires_at: Some(end) })];
        self.ledger.commit(&mut account, Entry { set, ..Entry::of(user) });
        self.count(self.hub.broadcast(&user_id(user), &offer));
    }

    fn count(&self, outcome: Outcome) {
        // The hub counts what it refuses, and the soak looks at that.
        drop(outcome);
        self.calls.fetch_add(1, Ordering::Relaxed);
    }
}

fn orders(account: &Account) -> impl Iterator<Item = &str> {
    account.state.keys().filter_map(|name| name.strip_prefix("ORDER/"))
}
