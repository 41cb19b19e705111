//! Any sequence of operations on a hub with tiny limits: every device shows what a new one does, and no loss is silent.
#![no_main]

use std::collections::BTreeMap;
use std::time::Duration;

use futures::{FutureExt, StreamExt};
use libfuzzer_sys::arbitrary::{self, Arbitrary};
use libfuzzer_sys::fuzz_target;
use serde::Serialize;
use user_hub::testing::ManualClock;
use user_hub::{Clock, CloseCode, CloseReason, ConnectOptions, Connection, DynamicEvent, Event, EventName, OnSlow};
use user_hub::{Outcome, Removal, Start, Timestamp, UserHub};
use user_hub_fuzz::{Screen, Wire, note, price};

const USERS: [&str; 3] = ["alice", "bob", "carol"];
const KEYS: [&str; 4] = ["a", "b", "c", "d"];
const SEATS: usize = 3;

#[derive(Arbitrary, Debug)]
enum Operation {
    Price { user: u8, key: u8 },
    Note { user: u8 },
    Order { user: u8, key: u8, revision: i8, is_final: bool, seconds: Option<u8> },
    Group { user: u8, key: u8, other: u8 },
    Remove { user: u8, key: u8 },
    Refused { user: u8, key: u8 },
    Notice,
    Alarm,
    Connect { user: u8, seat: u8, start: Beginning, is_impatient: bool },
    Take { user: u8, seat: u8, frames: u8 },
    Drop { user: u8, seat: u8 },
    Close { user: u8, is_back: bool },
    Advance { seconds: u8 },
}

#[derive(Arbitrary, Debug)]
enum Beginning {
    Resume,
    New,
    WithLog(u8),
    Garbage,
}

/// The price that everybody sees, and the alarm that everybody hears.
#[derive(Serialize, Event)]
#[event(name = "NOTICE", state, public)]
struct Notice(u64);

#[derive(Serialize, Event)]
#[event(name = "ALARM", log, public)]
struct Alarm(u64);

/// A State with everything that a State can have.
#[derive(Serialize, Event)]
#[event(name = "ORDER", state(key = id, version = revision, final_when = is_last, expires = expires))]
struct Order {
    owner: &'static str,
    id: &'static str,
    revision: i64,
    #[serde(skip)]
    last: bool,
    #[serde(skip)]
    expires: Option<Timestamp>,
}

impl Order {
    const fn is_last(&self) -> bool {
        self.last
    }
}

/// A place that a device of a user has.
#[derive(Default)]
struct Seat {
    screen: Screen,
    line: Option<(Connection, Wire)>,
}

impl Seat {
    /// Takes so many frames; true while there was one.
    fn take(&mut self, frames: usize) -> bool {
        let Some((connection, wire)) = &mut self.line else { return false };
        for _ in 0..frames {
            let Some(frame) = connection.next().now_or_never().flatten() else { return false };
            self.screen.take(wire, &frame);
        }
        true
    }

    fn shows_everything(&self) -> bool {
        self.line.as_ref().is_some_and(|(_, wire)| wire.is_synced() && !wire.is_over())
    }
}

struct World {
    hub: UserHub,
    clock: ManualClock,
    seats: [[Seat; SEATS]; USERS.len()],
    /// How many Log records each user's log has taken.
    numbers: [u64; USERS.len()],
    /// What the last call for a price said: an amount, or none if it was refused or removed.
    prices: BTreeMap<(&'static str, &'static str), Option<u64>>,
    serial: u64,
}

fuzz_target!(|operations: Vec<Operation>| {
    let mut world = World::new();
    for operation in &operations {
        world.run(operation);
    }
    world.check();
    world.end();
});

impl World {
    fn new() -> Self {
        let clock = ManualClock::new(Timestamp::from_milliseconds(1_000_000));
        let seconds = Duration::from_secs;
        let hub = UserHub::builder()
            .clock(clock.clone())
            .log_records(4)
            .log_age(seconds(60))
            .retention(seconds(60))
            .state_keys(3)
            .absent_users(1)
            .connections_per_user(2)
            .ended_sessions(1);
        let hub = hub.build().expect("limits");
        let (seats, numbers) = Default::default();
        Self { hub, clock, seats, numbers, prices: BTreeMap::new(), serial: 0 }
    }

    fn run(&mut self, operation: &Operation) {
        self.serial += 1;
        match *operation {
            Operation::Price { user, key } => self.price(user, key),
            Operation::Note { user } => {
                let (user, at) = user_at(user);
                let outcome = self.hub.broadcast_dynamic(user, &note(user, self.numbers[at] + 1));
                self.numbers[at] += u64::from(is_in(&outcome));
            }
            Operation::Order { user, key, revision, is_final, seconds } => {
                let expires = seconds.map(|seconds| self.wall(seconds));
                let (owner, id) = (user_at(user).0, key_at(key));
                let order = Order { owner, id, revision: revision.into(), last: is_final, expires };
                self.hub.broadcast(owner, &order);
            }
            Operation::Group { user, key, other } => self.group(user, key, other),
            Operation::Remove { user, key } => {
                let (user, key) = (user_at(user).0, key_at(key));
                let removal = Removal::named(EventName::from_static("PRICE"), Some(key));
                self.hub.group(user).event(&removal).broadcast();
                self.prices.insert((user, key), None);
            }
            Operation::Refused { user, key } => {
                let (user, key) = (user_at(user).0, key_at(key));
                let event = DynamicEvent::state("PRICE", key, serde_json::json!(u64::MAX)).expect("a name");
                let outcome = self.hub.broadcast_dynamic(user, &event);
                assert!(matches!(outcome, Outcome::Rejected(_) | Outcome::NoAudience), "{outcome:?}");
                self.prices.insert((user, key), None);
            }
            Operation::Notice => drop(self.hub.broadcast_to_all(&Notice(self.serial))),
            Operation::Alarm => drop(self.hub.broadcast_to_all(&Alarm(self.serial))),
            Operation::Connect { user, seat, ref start, is_impatient } => self.connect(user, seat, start, is_impatient),
            Operation::Take { user, seat, frames } => {
                self.seat(user, seat).take(frames.into());
            }
            Operation::Drop { user, seat } => self.seat(user, seat).line = None,
            Operation::Close { user, is_back } => {
                let code = if is_back { CloseCode::SHUTTING_DOWN } else { CloseCode::SIGNED_OUT };
                self.hub.close_user(user_at(user).0, &CloseReason::new(code));
            }
            Operation::Advance { seconds } => self.advance(seconds),
        }
    }

    fn price(&mut self, user: u8, key: u8) {
        let (user, key) = (user_at(user).0, key_at(key));
        let outcome = self.hub.broadcast_dynamic(user, &price(user, key, self.serial));
        self.prices.insert((user, key), is_in(&outcome).then_some(self.serial));
    }

    fn group(&mut self, user: u8, key: u8, other: u8) {
        let ((user, at), key, other) = (user_at(user), key_at(key), key_at(other));
        let event = note(user, self.numbers[at] + 1);
        let (one, two) = (price(user, key, self.serial), price(user, other, self.serial));
        let outcome = self.hub.group(user).event(&one).event(&event).event(&two).broadcast();
        self.numbers[at] += u64::from(is_in(&outcome));
        for key in [key, other] {
            self.prices.insert((user, key), is_in(&outcome).then_some(self.serial));
        }
    }

    fn connect(&mut self, user: u8, seat: u8, start: &Beginning, is_impatient: bool) {
        let (name, hub) = (user_at(user).0, self.hub.clone());
        let seat = self.seat(user, seat);
        seat.line = None;
        let start = match start {
            Beginning::Resume => seat.screen.begin(),
            Beginning::Garbage => {
                seat.screen.lose_place();
                seat.screen.begin()
            }
            Beginning::New | Beginning::WithLog(_) => {
                seat.screen.forget();
                if let Beginning::WithLog(records) = start {
                    Start::SnapshotAndLog((*records).into())
                } else {
                    Start::Snapshot
                }
            }
        };
        let on_slow = if is_impatient { OnSlow::Close } else { OnSlow::Continue };
        let options = ConnectOptions::new().start(start).on_slow(on_slow);
        let connection = hub.connect_with(name, options).expect("nobody is refused");
        seat.line = Some((connection, Wire::new(name)));
    }

    /// Time passes, and whoever drives the connections tells them.
    fn advance(&mut self, seconds: u8) {
        self.clock.advance(Duration::from_secs(seconds.into()));
        let now = self.clock.now();
        for (connection, _) in self.seats.iter_mut().flatten().filter_map(|seat| seat.line.as_mut()) {
            connection.handle_deadline(now);
        }
    }

    /// Once each has taken what there is for it, all devices of a user show the same, and what was said last.
    fn check(&mut self) {
        for (user, seats) in USERS.into_iter().zip(&mut self.seats) {
            for seat in seats.iter_mut() {
                while seat.take(64) {}
            }
            let connection = self.hub.connect(user).expect("nobody is refused");
            let mut new = Seat { line: Some((connection, Wire::new(user))), ..Seat::default() };
            while new.take(64) {}
            assert!(new.shows_everything());
            for seat in seats.iter().filter(|seat| seat.shows_everything()) {
                assert_eq!(seat.screen.state(), new.screen.state(), "all devices of {user} show the same");
            }
            for ((name, key), data) in new.screen.state().iter().filter(|((name, _), _)| name == "PRICE") {
                let said = self.prices.iter().find(|((owner, other), _)| (*owner, other) == (user, &key.as_str()));
                assert_eq!(data["amount"].as_u64(), said.and_then(|(_, amount)| *amount), "{name} {key} of {user}");
            }
            assert!(new.screen.state().len() <= 4, "three keys of its own, and one of everybody");
        }
    }

    /// Who has left leaves nothing but the State of one absent user.
    fn end(mut self) {
        self.seats = Default::default();
        assert_eq!((self.hub.connection_count(), self.hub.user_count()), (0, 0));
        self.advance(120);
        for _ in 0..8 {
            drop(self.hub.connect("somebody else"));
            self.advance(120);
        }
        assert!(self.hub.stats().mailboxes <= 2, "{:?}", self.hub.stats());
    }

    fn wall(&self, seconds: u8) -> Timestamp {
        Timestamp::from_milliseconds(self.clock.wall().as_milliseconds() + i64::from(seconds) * 1000)
    }

    fn seat(&mut self, user: u8, seat: u8) -> &mut Seat {
        &mut self.seats[user_at(user).1][usize::from(seat) % SEATS]
    }
}

/// Whether it is in the user's log.
const fn is_in(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::Queued { .. } | Outcome::Kept)
}

fn user_at(index: u8) -> (&'static str, usize) {
    let at = usize::from(index) % USERS.len();
    (USERS[at], at)
}

fn key_at(index: u8) -> &'static str {
    KEYS[usize::from(index) % KEYS.len()]
}
