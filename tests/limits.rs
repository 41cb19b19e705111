//! Each limit at its edge: what is at it works, and what is one beyond it becomes what the documentation says.
#![cfg(feature = "derive")]
#![allow(clippy::unwrap_used)]

mod support;

use std::borrow::Cow;
use std::sync::Barrier;
use std::thread;
use std::time::Duration;

use futures::{FutureExt, StreamExt};
use serde::Serialize;
use support::{
    Alarm, Fill, Notice, Total, clock, cursor_after, device, frames, hub_on, json, order, price, sees, shown, snapshot,
    within_half_a_minute,
};
use user_hub::prelude::*;
use user_hub::testing::ManualClock;
use user_hub::{
    Clock, ConfigError, ConnectError, ConnectOptions, Connection, DynamicEvent, EncodeError, EventName, Kind,
    LoadedState, Rejection, Removal, Start, Timestamp, UserHubBuilder, UserIdError,
};

const NOTHING: [&str; 0] = [];
const SECOND: Duration = Duration::from_secs(1);
/// The default.
const RETENTION: Duration = Duration::from_secs(15 * 60);

fn rejected(rejection: Rejection) -> Outcome {
    Outcome::Rejected(rejection)
}

const fn queued(connections: usize) -> Outcome {
    Outcome::Queued { connections }
}

/// A hub whose events are small, so that small logs hold one.
fn small(clock: &ManualClock) -> UserHubBuilder {
    hub_on(clock).event_bytes(64).key_bytes(8)
}

fn state(key: &str, value: &str) -> DynamicEvent {
    DynamicEvent::state("STATE", key, value.into()).unwrap()
}

// Of an event.

#[test]
fn an_event_has_so_many_bytes_and_no_more() {
    let hub = UserHub::builder().event_bytes(64).build().unwrap();
    let mut phone = device(&hub, "alice");
    // Two are the quotes.
    assert_eq!(hub.broadcast("alice", &Fill("x".repeat(62))), queued(1));
    assert_eq!(hub.broadcast("alice", &price("BTC", "x".repeat(62))), queued(1));
    for outcome in [
        hub.broadcast("alice", &Fill("x".repeat(63))),
        hub.broadcast("alice", &price("BTC", "x".repeat(63))),
        hub.broadcast_to_all(&Notice("x".repeat(63))),
    ] {
        assert!(matches!(outcome, Outcome::Rejected(Rejection::Encode(EncodeError::TooLarge { .. }))), "{outcome:?}");
    }
    assert_eq!(sees(&mut phone).last().map(String::as_str), Some("PRICE/BTC removed: rejected"));
}

#[test]
fn a_key_has_so_many_bytes_and_no_more() {
    let hub = UserHub::builder().key_bytes(4).build().unwrap();
    assert_eq!(hub.broadcast_dynamic("alice", &state("1234", "")), Outcome::Kept);
    assert_eq!(hub.broadcast_dynamic("alice", &state("äö", "")), Outcome::Kept, "bytes, not characters");
    for key in ["12345", "äöü"] {
        let why = Rejection::KeyTooLong { length: key.len(), limit: 4 };
        assert_eq!(hub.broadcast_dynamic("alice", &state(key, "")), rejected(why));
    }
}

#[test]
fn a_user_id_has_so_many_bytes_and_no_more() {
    let hub = UserHub::builder().user_id_bytes(5).build().unwrap();
    assert_eq!(hub.broadcast("alice", &Total(1)), Outcome::Kept);
    assert!(hub.connect("alice").is_ok());
    let too_long = UserIdError::TooLong { length: 6, limit: 5 };
    assert_eq!(hub.broadcast("alice2", &Total(1)), rejected(Rejection::User(too_long)));
    assert_eq!(hub.connect("alice2").err(), Some(ConnectError::User(too_long)));
    assert_eq!(hub.connect("").err(), Some(ConnectError::User(UserIdError::Empty)));
}

#[test]
fn a_hub_knows_so_many_event_types_and_no_more() {
    let hub = UserHub::builder().event_types(2).build().unwrap();
    let named = |name| DynamicEvent::state(name, "", 1.into()).unwrap();
    assert_eq!(hub.broadcast_dynamic("alice", &named("ONE")), Outcome::Kept);
    assert_eq!(hub.broadcast_dynamic("alice", &named("TWO")), Outcome::Kept);
    let why = Rejection::TooManyEventTypes { limit: 2 };
    assert_eq!(hub.broadcast_dynamic("alice", &named("THREE")), rejected(why));
    assert_eq!(hub.broadcast_dynamic("bob", &named("TWO")), Outcome::Kept);
}

// Of a log.

#[test]
fn a_log_has_so_many_records_and_no_more() {
    let hub = UserHub::builder().log_records(3).build().unwrap();
    let (mut one, mut other) = (device(&hub, "alice"), device(&hub, "alice"));
    (0..3).for_each(|number| drop(hub.broadcast("alice", &Fill(number))));
    assert_eq!(sees(&mut one), ["FILL 0", "FILL 1", "FILL 2"]);
    hub.broadcast("alice", &Fill(3));
    assert_eq!(sees(&mut other), ["GAP", "FILL 1", "FILL 2", "FILL 3"]);
    assert_eq!(hub.group("alice").event(&Fill(4)).event(&Fill(5)).event(&Fill(6)).broadcast(), queued(2));
    let too_large =
        hub.group("alice").event(&Fill(4)).event(&Fill(5)).event(&Fill(6)).event(&Fill(7)).event(&Total(1)).broadcast();
    assert_eq!(too_large, rejected(Rejection::GroupTooLarge { records: 3, bytes: 256 * 1024 }));
    assert_eq!(sees(&mut other), ["FILL 4", "FILL 5", "FILL 6"]);
}

/// What so many Log records of this size weigh.
fn log_weight(records: usize) -> usize {
    let hub = small(&clock()).build().unwrap();
    let _phone = device(&hub, "alice");
    (0..records).for_each(|_| drop(hub.broadcast("alice", &Fill("some text"))));
    hub.stats().bytes
}

#[test]
fn what_went_to_everybody_is_weighed_whoever_puts_it_into_the_log() {
    let weight = |end: fn(&UserHub, &mut Connection)| {
        let hub = UserHub::new();
        let mut phone = device(&hub, "alice");
        hub.broadcast_to_all(&Alarm(1));
        end(&hub, &mut phone);
        hub.stats().bytes
    };
    let taken = weight(|_, phone| assert_eq!(sees(phone), ["ALARM 1"]));
    assert!(taken > 0);
    assert_eq!(weight(|hub, _| hub.shutdown()), taken);
}

#[test]
fn the_log_has_so_many_bytes_and_no_more() {
    let weight = log_weight(10);
    for (log_bytes, lost) in [(weight, false), (weight - 1, true)] {
        let hub = small(&clock()).log_bytes(log_bytes).build().unwrap();
        let mut phone = device(&hub, "alice");
        (0..10).for_each(|_| drop(hub.broadcast("alice", &Fill("some text"))));
        assert_eq!((sees(&mut phone)[0] == "GAP", hub.stats().bytes <= log_bytes), (lost, true));
    }
}

#[test]
fn a_user_has_so_many_keys_and_no_more() {
    let hub = UserHub::builder().state_keys(2).build().unwrap();
    let mut phone = device(&hub, "alice");
    assert_eq!(hub.broadcast("alice", &price("BTC", 1)), queued(1));
    assert_eq!(hub.broadcast("alice", &price("ETH", 1)), queued(1));
    assert_eq!(hub.broadcast("alice", &price("SOL", 1)), rejected(Rejection::TooManyKeys { limit: 2 }));
    assert_eq!(hub.broadcast("alice", &price("BTC", 2)), queued(1), "what is there may change");
    assert_eq!(sees(&mut phone), ["PRICE/ETH 1", "PRICE/BTC 2"]);
    hub.clear_key::<support::Price<i32>>("alice", "ETH");
    assert_eq!(hub.broadcast("alice", &price("SOL", 1)), queued(1), "a removal makes room");
    assert_eq!(hub.broadcast("bob", &price("SOL", 1)), Outcome::Kept, "each user has their own");
    assert_eq!(snapshot(&hub, "alice"), ["PRICE/BTC 2", "PRICE/SOL 1"]);
}

#[test]
fn the_state_has_so_many_bytes_and_no_more() {
    let send = |hub: &UserHub| {
        let keys = (0..8).map(|key| state(&key.to_string(), "some text"));
        keys.map(|event| hub.broadcast_dynamic("alice", &event)).collect::<Vec<_>>()
    };
    let measured = small(&clock()).build().unwrap();
    send(&measured);
    let weight = measured.stats().bytes;

    let enough = small(&clock()).state_bytes(weight).build().unwrap();
    assert_eq!(send(&enough), vec![Outcome::Kept; 8]);
    let outcome = enough.broadcast_dynamic("alice", &state("0", "some more text"));
    assert_eq!(outcome, rejected(Rejection::StateFull { limit: weight }));
    assert!(!snapshot(&enough, "alice").iter().any(|seen| seen.starts_with("STATE/0")), "no old value stays");

    let short = small(&clock()).state_bytes(weight - 1).build().unwrap();
    let outcomes = send(&short);
    assert_eq!(outcomes[..7], vec![Outcome::Kept; 7]);
    assert_eq!(outcomes[7], rejected(Rejection::StateFull { limit: weight - 1 }));
}

#[test]
fn the_largest_event_with_the_longest_key_fits_the_smallest_log_that_can_be_built() {
    let builder = || hub_on(&clock()).event_bytes(1_000).key_bytes(100);
    let Err(ConfigError::EventDoesNotFit { limit: "log_bytes", needed }) = builder().log_bytes(1).build() else {
        panic!("it does not fit")
    };
    let hub = builder().log_bytes(needed).state_bytes(needed).build().unwrap();
    let mut phone = device(&hub, "alice");
    let (name, key, value) = ("N".repeat(EventName::MAX_LENGTH), "\u{1}".repeat(100), "x".repeat(998));
    let largest = DynamicEvent::state(&name, key.as_str(), value.as_str().into()).unwrap();
    assert_eq!(hub.broadcast_dynamic("alice", &largest), queued(1));
    assert_eq!(hub.broadcast("alice", &Fill(&value)), queued(1));
    assert_eq!(sees(&mut phone).len(), 2);
}

// Of connections.

#[test]
fn a_user_has_so_many_connections_and_with_one_more_the_oldest_is_closed() {
    let hub = UserHub::builder().connections_per_user(2).build().unwrap();
    let (mut first, mut second) = (device(&hub, "alice"), device(&hub, "alice"));
    assert_eq!((sees(&mut first), sees(&mut second)), (vec![], vec![]));
    let mut bobs = device(&hub, "bob");
    let mut third = device(&hub, "alice");
    let closing = frames(&mut first);
    assert_eq!((closing.len(), &json(&closing[0])["code"]), (1, &3504.into()));
    assert_eq!(hub.broadcast("alice", &Fill(1)), queued(2));
    assert_eq!((sees(&mut second).len(), sees(&mut third).len(), sees(&mut bobs).len()), (1, 1, 0));
    // Those that were told to close do not count, although they are there.
    let _fourth = device(&hub, "alice");
    assert_eq!((sees(&mut second), sees(&mut third)), (vec!["CLOSING".to_owned()], vec![]));
}

#[test]
fn who_has_to_go_for_another_hands_out_nothing_more() {
    let hub = UserHub::builder().connections_per_user(1).build().unwrap();
    let mut phone = device(&hub, "alice");
    (1..=3).for_each(|number| drop(hub.broadcast("alice", &Fill(number))));
    assert_eq!(phone.next().now_or_never().flatten().as_ref().map(shown).as_deref(), Some("FILL 1"));
    let _tab = device(&hub, "alice");
    assert_eq!(sees(&mut phone), ["CLOSING"]);
}

#[test]
fn who_owes_a_pong_goes_before_the_oldest_and_who_has_owed_it_longest_first() {
    let clock = clock();
    let hub = hub_on(&clock).connections_per_user(4).build().unwrap();
    let mut devices: Vec<Connection> = (0..4).map(|_| device(&hub, "alice")).collect();
    devices[2].ping_sent();
    clock.advance(SECOND);
    devices[1].ping_sent();
    clock.advance(SECOND);
    devices[3].ping_sent();
    devices[3].pong_received();
    let closed = |devices: &mut [Connection]| {
        let is_closed = |device: &mut Connection| sees(device) == ["CLOSING"];
        devices.iter_mut().position(is_closed)
    };
    let mut others = Vec::new();
    for expected in [2, 1, 0, 3] {
        others.push(device(&hub, "alice"));
        assert_eq!(closed(&mut devices), Some(expected));
    }
    assert!(others.iter_mut().all(|device| sees(device) == NOTHING));
}

#[test]
fn a_transport_keeps_to_what_the_hub_was_built_with() {
    let hub = UserHub::builder().heartbeat(SECOND * 7).pong_timeout(SECOND * 3).build().unwrap();
    assert_eq!((hub.heartbeat_interval(), hub.pong_timeout()), (Some(SECOND * 7), SECOND * 3));
    let quiet = UserHub::builder().pong_timeout(SECOND * 3).without_heartbeat().build().unwrap();
    assert_eq!((quiet.heartbeat_interval(), quiet.pong_timeout()), (None, SECOND * 3));
}

// Limits that contradict each other.

#[test]
fn no_limit_that_has_to_be_one_may_be_zero() {
    type Set = fn(UserHubBuilder) -> UserHubBuilder;
    let zeros: [(&str, Set); 12] = [
        ("log_records", |builder| builder.log_records(0)),
        ("state_keys", |builder| builder.state_keys(0)),
        ("connections_per_user", |builder| builder.connections_per_user(0)),
        ("event_bytes", |builder| builder.event_bytes(0)),
        ("user_id_bytes", |builder| builder.user_id_bytes(0)),
        ("event_types", |builder| builder.event_types(0)),
        ("ended_sessions", |builder| builder.ended_sessions(0)),
        ("inbound_bytes", |builder| builder.inbound_bytes(0)),
        ("read_buffer_bytes", |builder| builder.read_buffer_bytes(0)),
        ("write_buffer_bytes", |builder| builder.write_buffer_bytes(0)),
        ("heartbeat", |builder| builder.heartbeat(Duration::ZERO)),
        ("pong_timeout", |builder| builder.pong_timeout(Duration::ZERO)),
    ];
    for (limit, set) in zeros {
        assert_eq!(set(UserHub::builder()).build().unwrap_err(), ConfigError::Zero { limit });
    }
    let ones: [Set; 10] = [
        |builder| builder.log_records(1),
        |builder| builder.state_keys(1),
        |builder| builder.connections_per_user(1),
        |builder| builder.event_bytes(1),
        |builder| builder.user_id_bytes(1),
        |builder| builder.event_types(1),
        |builder| builder.ended_sessions(1),
        |builder| builder.inbound_bytes(1).read_buffer_bytes(1).write_buffer_bytes(1),
        |builder| builder.heartbeat(Duration::from_nanos(1)),
        |builder| builder.pong_timeout(Duration::from_nanos(1)),
    ];
    for set in ones {
        assert!(set(UserHub::builder()).build().is_ok());
    }
    // These may: no keys, nobody absent, no grace, no waiting.
    let none = UserHub::builder().key_bytes(0).absent_users(0).presence_grace(Duration::ZERO);
    assert!(none.load_deadline(Duration::ZERO).reconnect_spread(Duration::ZERO).build().is_ok());
}

#[test]
fn a_log_that_could_not_hold_one_event_is_refused() {
    for (limit, builder) in [
        ("log_bytes", UserHub::builder().log_bytes(1_000)),
        ("state_bytes", UserHub::builder().state_bytes(1_000)),
        ("log_bytes", UserHub::builder().event_bytes(1024 * 1024)),
        ("log_bytes", UserHub::builder().event_bytes(usize::MAX)),
    ] {
        let error = builder.build().unwrap_err();
        assert!(matches!(error, ConfigError::EventDoesNotFit { limit: named, .. } if named == limit), "{error}");
    }
    let Err(ConfigError::EventDoesNotFit { needed, .. }) = UserHub::builder().state_bytes(1).build() else { panic!() };
    assert!(UserHub::builder().state_bytes(needed).log_bytes(needed).build().is_ok());
    assert!(UserHub::builder().state_bytes(needed - 1).build().is_err());
    assert!(UserHub::builder().log_bytes(needed - 1).build().is_err());
}

#[test]
fn a_memory_that_could_not_hold_one_user_is_refused() {
    let builder = || UserHub::builder().log_bytes(100_000).state_bytes(200_000);
    assert!(builder().memory_bytes(300_000).build().is_ok());
    assert_eq!(builder().memory_bytes(299_999).build().unwrap_err(), ConfigError::UserDoesNotFit);
    assert!(UserHub::builder().log_bytes(usize::MAX).build().is_err());
}

#[test]
fn a_retention_that_would_forget_log_before_it_is_too_old_is_refused() {
    let builder = || UserHub::builder().log_age(SECOND * 60);
    assert!(builder().retention(SECOND * 60).build().is_ok());
    let below = SECOND * 60 - Duration::from_nanos(1);
    assert_eq!(builder().retention(below).build().unwrap_err(), ConfigError::RetentionBelowLogAge);
}

// The memory of the hub.

const BUDGET: usize = 64 * 1024;

fn budgeted(clock: &ManualClock) -> UserHub {
    let limits = hub_on(clock).event_bytes(2_000).log_bytes(BUDGET / 2).state_bytes(BUDGET / 2);
    limits.memory_bytes(BUDGET).build().unwrap()
}

fn text() -> String {
    "x".repeat(1_000)
}

/// A user comes, gets six records and a total, and leaves with a cursor from before.
fn visit(hub: &UserHub, clock: &ManualClock, user: &str) -> user_hub::Cursor {
    let cursor = cursor_after(&frames(&mut hub.connect(user).unwrap())).unwrap();
    (0..6).for_each(|_| drop(hub.broadcast(user, &Fill(text()))));
    hub.broadcast(user, &Total(1));
    clock.advance(SECOND);
    cursor
}

#[test]
fn beyond_the_budget_who_has_been_away_for_longest_loses_the_log_first_and_keeps_the_state() {
    let clock = clock();
    let hub = budgeted(&clock);
    let users: Vec<String> = (0..20).map(|number| format!("user-{number}")).collect();
    let mut cursors = Vec::new();
    for user in &users {
        cursors.push(visit(&hub, &clock, user));
        assert!(hub.stats().bytes <= BUDGET + 2_000, "{}", hub.stats().bytes);
    }
    hub.broadcast("nobody", &Fill(1));
    assert_eq!(hub.stats().mailboxes, 20);
    let mut recovered = Vec::new();
    for (user, cursor) in users.iter().zip(cursors) {
        let mut back = hub.connect_with(user, ConnectOptions::new().start(Start::After(cursor))).unwrap();
        let got = frames(&mut back);
        assert!(sees_total(&got), "the State is there");
        recovered.push(json(&got[0])["recovered"].as_bool().unwrap());
    }
    assert!(recovered.is_sorted(), "the last to leave keep theirs: {recovered:?}");
    let kept = recovered.iter().filter(|kept| **kept).count();
    assert!((6..20).contains(&kept), "no more go than have to: {kept}");
}

#[test]
fn what_weighs_as_much_as_the_budget_stays() {
    // What twenty visitors weigh, and whether the first may resume.
    let visited = |budget: usize| {
        let clock = clock();
        let limits = hub_on(&clock).event_bytes(2_000).log_bytes(BUDGET / 2).state_bytes(BUDGET / 2);
        let hub = limits.memory_bytes(budget).build().unwrap();
        let cursors: Vec<_> = (10..30).map(|number| visit(&hub, &clock, &format!("user-{number}"))).collect();
        hub.broadcast("nobody", &Fill(1));
        let weigh = hub.stats().bytes;
        let mut first = hub.connect_with("user-10", ConnectOptions::new().start(Start::After(cursors[0]))).unwrap();
        (weigh, json(&frames(&mut first)[0])["recovered"].as_bool().unwrap())
    };
    let (weigh, _) = visited(1 << 20);
    assert_eq!(visited(weigh), (weigh, true));
    assert!(!visited(weigh - 1).1);
}

fn sees_total(frames: &[user_hub::Frame]) -> bool {
    frames.iter().any(|frame| frame.name() == "TOTAL")
}

#[test]
fn when_no_log_is_left_to_lose_the_least_recently_used_absent_users_are_forgotten() {
    let clock = clock();
    let hub = budgeted(&clock);
    let users: Vec<String> = (0..100).map(|number| format!("user-{number}")).collect();
    for user in &users {
        assert_eq!(hub.broadcast(user, &price("BTC", text())), Outcome::Kept);
        clock.advance(SECOND);
        assert!(hub.stats().bytes <= BUDGET + 2_000);
    }
    hub.broadcast("nobody", &Fill(1));
    let kept = hub.stats().mailboxes;
    assert!((35..60).contains(&kept), "{kept}");
    assert_eq!(snapshot(&hub, &users[99]).len(), 1);
    assert_eq!(snapshot(&hub, &users[0]).len(), 0);
}

#[test]
fn every_log_of_who_has_left_goes_before_the_state_of_anybody() {
    let clock = clock();
    let hub = budgeted(&clock);
    hub.broadcast("alice", &price("BTC", 1));
    for number in 0..6 {
        let user = format!("user-{number}");
        let _leaves = device(&hub, &user);
        hub.broadcast(&user, &Fill(1));
    }
    // In three steps those who stay take more than there is.
    let text = text();
    let stay: Vec<Connection> = (0..3).map(|number| device(&hub, &format!("stays-{number}"))).collect();
    for device in &stay {
        let fill = Fill(&text);
        let group = hub.group(device.user().as_str());
        assert_eq!((0..20).fold(group, |group, _| group.event(&fill)).broadcast(), queued(1));
    }
    assert!(hub.stats().bytes > BUDGET);
    let sweeps = || {
        hub.broadcast("nobody", &Fill(1));
        hub.stats().mailboxes
    };
    assert_eq!([sweeps(), sweeps(), sweeps()], [8, 6, 4], "a little with each call, and alice still has her price");
    assert_eq!(sweeps(), 3);
}

#[test]
fn users_with_a_connection_lose_nothing_however_far_beyond_the_budget_the_hub_is() {
    let clock = clock();
    let hub = budgeted(&clock);
    let users: Vec<String> = (0..8).map(|number| format!("user-{number}")).collect();
    let mut devices: Vec<Connection> = users.iter().map(|user| device(&hub, user)).collect();
    for user in &users {
        (0..15).for_each(|_| drop(hub.broadcast(user, &Fill(text()))));
        (0..15).for_each(|key| drop(hub.broadcast_dynamic(user, &state(&key.to_string(), &text()))));
        clock.advance(SECOND);
    }
    assert!(hub.stats().bytes > BUDGET * 2);
    // Somebody absent is forgotten with the next call.
    hub.broadcast("alice", &price("BTC", text()));
    hub.broadcast("nobody", &Fill(1));
    assert_eq!(hub.stats().mailboxes, 8);
    for device in &mut devices {
        assert_eq!(sees(device).len(), 30, "no gap");
    }
}

#[derive(Serialize)]
struct Signal {
    #[serde(skip)]
    expires: Timestamp,
    is_final: bool,
}

impl Event for Signal {
    const NAME: &'static str = "SIGNAL";
    const KIND: Kind = Kind::State;
    const KEYED: bool = true;

    fn key(&self) -> Option<Cow<'_, str>> {
        Some(Cow::Borrowed("key"))
    }
    fn is_final(&self) -> bool {
        self.is_final
    }
    fn expires_at(&self) -> Option<Timestamp> {
        Some(self.expires)
    }
}

/// Everything that changes what a log weighs.
fn everything(hub: &UserHub, clock: &ManualClock, user: &str) {
    let expires = Timestamp::from_milliseconds(clock.wall().as_milliseconds() + 500);
    hub.broadcast(user, &Total(1));
    let mut phone = hub.connect(user).unwrap();
    hub.group(user).event(&Fill(1)).event(&price("BTC", text())).event(&order("7", 1, "open")).broadcast();
    sees(&mut phone);
    (0..200).for_each(|number| drop(hub.broadcast(user, &Fill(number))));
    hub.broadcast(user, &price("BTC", f64::NAN));
    hub.broadcast(user, &price("ETH", 1));
    hub.clear_key::<support::Price<i32>>(user, "ETH");
    hub.broadcast(user, &Signal { expires, is_final: false });
    hub.broadcast_to_all(&Notice(user.to_owned()));
    hub.broadcast_to_all(&Alarm(text()));
    sees(&mut phone);
    clock.advance(SECOND);
    phone.handle_deadline(clock.now());
    sees(&mut phone);
    hub.broadcast(user, &Signal { expires, is_final: true });
    hub.broadcast(user, &Notice("own"));
    hub.broadcast(user, &Notice(f64::NAN));
    hub.submit(Audience::Everybody, &[&Removal::of::<Notice<&str>>()]);
    drop(phone);
    hub.broadcast(user, &Fill("when nobody is there"));
    hub.broadcast_to_all(&Notice("when nobody is there"));
}

#[test]
fn when_everybody_is_gone_nothing_weighs_anything() {
    for absent_users in [0, 1, 100] {
        let clock = clock();
        let load = |_| async { Some(LoadedState::new().event(Total(0)).event(price("SOL", text()))) };
        let hub = hub_on(&clock).absent_users(absent_users).state_source(load).build().unwrap();
        assert_eq!(hub.stats().bytes, 0);
        for _ in 0..2 {
            for user in ["alice", "bob"] {
                everything(&hub, &clock, user);
                assert!(hub.stats().bytes > 1_000);
            }
            clock.advance(RETENTION);
            (0..10).for_each(|_| drop(hub.broadcast("nobody", &Fill(1))));
        }
        // The State of absent users goes too, when each is ended by hand.
        for user in ["alice", "bob"] {
            hub.clear::<Total>(user);
            hub.clear_key::<support::Order>(user, "7");
            hub.clear_key::<support::Price<i32>>(user, "SOL");
            hub.submit(Audience::User(user), &[&Removal::of::<Notice<&str>>()]);
            drop(hub.connect(user).unwrap());
        }
        hub.submit(Audience::Everybody, &[&Removal::of::<Notice<&str>>()]);
        clock.advance(RETENTION);
        (0..10).for_each(|_| drop(hub.broadcast("nobody", &Fill(1))));
        let stats = hub.stats();
        if absent_users == 0 {
            assert_eq!((stats.mailboxes, stats.bytes), (0, 0));
        }
        assert_eq!(stats.mailboxes == 0, stats.bytes == 0, "{stats:?}");
    }
}

#[test]
fn when_everybody_is_gone_nothing_weighs_anything_whoever_raced_with_whom() {
    within_half_a_minute(|| {
        let hub = UserHub::builder().absent_users(0).log_age(Duration::ZERO).retention(Duration::ZERO).build().unwrap();
        let barrier = Barrier::new(4);
        let users = ["alice", "bob"];
        thread::scope(|scope| {
            scope.spawn(|| {
                barrier.wait();
                (0..3_000).for_each(|round| drop(hub.connect(users[round % 2])));
            });
            scope.spawn(|| {
                barrier.wait();
                (0..3_000).for_each(|round| drop(hub.broadcast(users[round % 2], &price("BTC", 1.0))));
            });
            scope.spawn(|| {
                barrier.wait();
                (0..3_000).for_each(|round| drop(hub.broadcast(users[round % 2], &price("BTC", f64::NAN))));
            });
            barrier.wait();
            (0..3_000).for_each(|round| drop(hub.broadcast_to_all(&Notice(round))));
        });
        (0..10).for_each(|_| drop(hub.broadcast("nobody", &Fill(1))));
        let stats = hub.stats();
        assert_eq!((stats.mailboxes, stats.bytes, stats.connections, stats.users), (0, 0, 0, 0));
    });
}
