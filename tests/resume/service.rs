//! A service that never stops to broadcast, and remembers what it said.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use user_hub::{CloseCode, CloseReason, ErasedEvent, Event, Outcome, Rejection, Removal, UserHub};

use super::Random;

/// The type and the key of a State.
pub(crate) type Name = (String, String);

#[derive(Serialize, Event)]
#[event(name = "FILL", log)]
struct Fill {
    n: u64,
}

#[derive(Serialize, Event)]
#[event(name = "ALARM", log, public)]
struct Alarm {
    n: u64,
}

#[derive(Serialize, Event)]
#[event(name = "ORDER", state(key = id, final_when = is_over))]
struct Order {
    #[serde(skip)]
    id: String,
    n: u64,
    #[serde(rename = "final")]
    is_final: bool,
}

impl Order {
    const fn is_over(&self) -> bool {
        self.is_final
    }
}

/// How many numbers a run has.
pub(crate) const RUN: u64 = 1_000_000_000;

/// One half of a pair that is only ever set, and taken away, together with the other.
#[derive(Serialize, Event)]
#[event(name = "HALF", state(key = side))]
struct Half {
    #[serde(skip)]
    side: &'static str,
    n: u64,
}

#[derive(Serialize, Event)]
#[event(name = "NOTICE", state, public)]
struct Notice {
    n: u64,
}

pub(crate) fn order(id: &str) -> Name {
    ("ORDER".to_owned(), id.to_owned())
}

pub(crate) const SIDES: [&str; 2] = ["left", "right"];

pub(crate) fn half(side: &str) -> Name {
    ("HALF".to_owned(), side.to_owned())
}

/// What alice was told. Every Log record has the number after the one before; every State a higher one than the last.
#[derive(Debug, Clone, Default)]
pub(crate) struct Facts {
    logs: u64,
    /// The numbers of Log records that were told together.
    groups: Vec<RangeInclusive<u64>>,
    state: BTreeMap<Name, Fact>,
    stamp: u64,
}

/// What is true when the service has said its last word.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Truth {
    /// The number of the last Log record.
    pub(crate) last: u64,
    pub(crate) groups: Vec<RangeInclusive<u64>>,
    pub(crate) state: Vec<(Name, u64)>,
}

/// What a State is, `None` where it was taken away, and when that was said.
#[derive(Debug, Clone, Copy)]
struct Fact {
    value: Option<u64>,
    stamp: u64,
}

impl Facts {
    fn truth(&self) -> Truth {
        let value = |(name, fact): (&Name, &Fact)| Some((name.clone(), fact.value?));
        Truth { last: self.logs, groups: self.groups.clone(), state: self.state.iter().filter_map(value).collect() }
    }

    fn set(&mut self, name: Name, value: Option<u64>) {
        self.stamp += 1;
        let stamp = value.unwrap_or(self.stamp);
        self.state.insert(name, Fact { value, stamp });
    }

    /// Whether a screen can be what this service said, at one time or another since `before`.
    pub(crate) fn check_since(&self, before: &Self, screen: &BTreeMap<Name, u64>) {
        for (name, was) in &before.state {
            match screen.get(name) {
                Some(value) => assert!(*value >= was.stamp, "{name:?} is {value}, which was over at {was:?}"),
                None => {
                    let is = self.state[name];
                    assert!(was.value.is_none() || is.stamp > was.stamp, "{name:?} is missing, it is {is:?}");
                }
            }
        }
        assert!(screen.keys().all(|name| self.state.contains_key(name)));
    }
}

/// How far the device is, so that the service is never too far ahead of it.
#[derive(Debug, Default)]
struct Pace {
    seen: u64,
    is_over: bool,
}

#[derive(Default)]
pub(crate) struct Book {
    facts: Mutex<Facts>,
    pace: Mutex<Pace>,
    moved: Condvar,
}

impl Book {
    /// A book whose numbers are all above those of the runs before.
    pub(crate) fn of_run(run: u64) -> Self {
        let facts = Facts { logs: run * RUN, stamp: run * RUN, ..Facts::default() };
        Self { facts: Mutex::new(facts), ..Self::default() }
    }

    /// The facts, at a moment at which nothing is being said.
    pub(crate) fn facts(&self) -> Facts {
        self.with(|facts| facts.clone())
    }

    pub(crate) fn with<T>(&self, read: impl FnOnce(&mut Facts) -> T) -> T {
        read(&mut self.facts.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The device has seen the Log record of this number.
    pub(crate) fn seen(&self, n: u64) {
        self.pace.lock().unwrap().seen = n;
        self.moved.notify_all();
    }

    pub(crate) fn is_over(&self) {
        self.pace.lock().unwrap().is_over = true;
        self.moved.notify_all();
    }

    /// Waits until the device has seen the Log record of this number; false when it is over.
    fn wait_for(&self, n: u64) -> bool {
        let wait = |pace: &mut Pace| !pace.is_over && pace.seen < n;
        let pace = self.pace.lock().unwrap();
        let (pace, timeout) = self.moved.wait_timeout_while(pace, Duration::from_secs(30), wait).unwrap();
        assert!(!timeout.timed_out(), "the device stands still");
        !pace.is_over
    }
}

pub(crate) struct Service {
    hub: UserHub,
    book: Arc<Book>,
    random: Random,
    /// How many orders there are.
    orders: u64,
}

impl Service {
    pub(crate) fn new(hub: &UserHub, book: &Arc<Book>, random: Random, orders: u64) -> Self {
        Self::with(hub, book, random, orders, &[])
    }

    /// The same with orders that it says first and never touches again.
    pub(crate) fn with(hub: &UserHub, book: &Arc<Book>, random: Random, orders: u64, kept: &[&str]) -> Self {
        let service = Self { hub: hub.clone(), book: Arc::clone(book), random, orders };
        kept.iter().for_each(|id| service.order(id, false));
        // What a screen shows before anything happens.
        (0..orders / 2).for_each(|id| service.order(&id.to_string(), false));
        service.pair(0);
        service.notice();
        service
    }

    /// Broadcasts until the book is closed, so much ahead of the device at most and a burst: mostly a little, and sometimes
    /// more than it can have taken.
    pub(crate) fn run(mut self, lead: u64, burst: u64) -> Self {
        loop {
            if !self.book.wait_for(self.last().saturating_sub(self.random.below(lead))) {
                return self;
            }
            let most = if self.random.below(10) == 0 { burst } else { 8 };
            (0..=self.random.below(most)).for_each(|_| self.step());
        }
    }

    /// The number of the last Log record.
    pub(crate) fn last(&self) -> u64 {
        self.book.with(|facts| facts.logs)
    }

    pub(crate) fn step(&mut self) {
        if self.random.below(100) == 0 {
            self.close();
        }
        self.quiet_step();
    }

    /// The same, and closes nothing.
    pub(crate) fn quiet_step(&mut self) {
        let id = self.random.below(self.orders).to_string();
        match self.random.below(100) {
            0..35 => self.fill(),
            35..45 => self.alarm(),
            45..50 => self.notice(),
            50..65 => self.order(&id, false),
            65..72 => self.order(&id, true),
            72..80 => self.clear_order(&id),
            80..83 => self.clear_pair(),
            _ => {
                let fills = self.random.below(4);
                self.pair(fills);
            }
        }
    }

    /// Says one thing more; then nothing is said any more.
    pub(crate) fn finish(self) -> Truth {
        self.fill();
        self.book.facts().truth()
    }

    fn fill(&self) {
        self.log(|n| self.hub.broadcast("alice", &Fill { n }));
    }

    fn alarm(&self) {
        self.log(|n| self.hub.broadcast_to_all(&Alarm { n }));
    }

    fn log(&self, broadcast: impl FnOnce(u64) -> Outcome) {
        self.book.with(|facts| {
            facts.logs += 1;
            assert!(is_told(broadcast(facts.logs)));
        });
    }

    fn notice(&self) {
        self.book.with(|facts| {
            let n = facts.stamp + 1;
            // Without a mailbox nobody has to be woken; the State is kept all the same.
            self.hub.broadcast_to_all(&Notice { n });
            facts.set(("NOTICE".to_owned(), String::new()), Some(n));
        });
    }

    pub(crate) fn order(&self, id: &str, is_final: bool) {
        self.book.with(|facts| {
            let n = facts.stamp + 1;
            let is_told = is_told(self.hub.broadcast("alice", &Order { id: id.to_owned(), n, is_final }));
            facts.set(order(id), (is_told && !is_final).then_some(n));
        });
    }

    fn clear_order(&self, id: &str) {
        self.book.with(|facts| {
            self.hub.clear_key::<Order>("alice", id);
            facts.set(order(id), None);
        });
    }

    /// Both halves and some fills, in one call.
    fn pair(&self, fills: u64) {
        self.book.with(|facts| {
            let n = facts.stamp + 1;
            let fill = |n| Box::new(Fill { n }) as Box<dyn ErasedEvent>;
            let mut events: Vec<Box<dyn ErasedEvent>> = (1..=fills).map(|ahead| fill(facts.logs + ahead)).collect();
            events.insert(events.len() / 2, Box::new(Half { side: "left", n }));
            events.push(Box::new(Half { side: "right", n }));
            let group = events.iter().fold(self.hub.group("alice"), |group, event| group.event(&**event));
            let is_told = is_told(group.broadcast());
            if is_told && fills > 0 {
                facts.groups.push(facts.logs + 1..=facts.logs + fills);
                facts.logs += fills;
            }
            for side in SIDES {
                facts.set(half(side), is_told.then_some(n));
            }
        });
    }

    fn clear_pair(&self) {
        self.book.with(|facts| {
            let halves = SIDES.map(Removal::of_key::<Half>);
            self.hub.group("alice").event(&halves[0]).event(&halves[1]).broadcast();
            SIDES.into_iter().for_each(|side| facts.set(half(side), None));
        });
    }

    fn close(&self) {
        let reason = CloseReason::new(CloseCode::application(3100).unwrap());
        self.hub.close_user("alice", &reason);
    }
}

/// Whether alice has it; a key too many is the one thing that is refused here.
fn is_told(outcome: Outcome) -> bool {
    match outcome {
        Outcome::Queued { .. } | Outcome::Kept => true,
        Outcome::Rejected(Rejection::TooManyKeys { .. }) => false,
        other => panic!("{other:?}"),
    }
}
