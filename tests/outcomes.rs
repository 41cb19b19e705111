//! Every outcome and every refusal: what the caller is told, and what the devices see afterwards.
#![cfg(feature = "trading")]
#![allow(clippy::unwrap_used)]

mod support;

use std::borrow::Cow;

use serde::{Serialize, Serializer};
use support::{Alarm, Fill, Notice, Total, clock, device, hub_on, order, price, sees, snapshot, within_half_a_minute};
use user_hub::prelude::*;
use user_hub::trading::{PnlUpdate, PositionPnl};
use user_hub::{
    ConnectError, DynamicEvent, EncodeError, EventName, Kind, Rejection, Removal, Timestamp, UserHubBuilder, Version,
};

/// A payload whose `Serialize` gives up.
struct Fails;

impl Serialize for Fails {
    fn serialize<S: Serializer>(&self, _serializer: S) -> Result<S::Ok, S::Error> {
        Err(serde::ser::Error::custom("no price today"))
    }
}

/// A payload whose `Serialize` panics.
struct Panics;

impl Serialize for Panics {
    fn serialize<S: Serializer>(&self, _serializer: S) -> Result<S::Ok, S::Error> {
        panic!("the price went through the roof")
    }
}

/// A payload that uses the hub while it is serialized.
struct Uses<F: Fn()>(F);

impl<F: Fn()> Serialize for Uses<F> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        (self.0)();
        serializer.serialize_str("used")
    }
}

const NOTHING: [&str; 0] = [];

// What a broadcast says when all is well.

#[test]
fn an_event_for_a_connected_user_is_queued_for_each_connection() {
    let hub = UserHub::new();
    let mut devices = [device(&hub, "alice"), device(&hub, "alice")];
    assert_eq!(hub.broadcast("alice", &Fill(1)), Outcome::Queued { connections: 2 });
    assert!(devices.iter_mut().all(|device| sees(device) == ["FILL 1"]));
}

#[test]
fn state_for_a_user_without_a_connection_is_kept_and_a_log_event_has_no_audience() {
    let hub = UserHub::new();
    assert_eq!(hub.broadcast("alice", &Fill(1)), Outcome::NoAudience);
    assert_eq!(hub.stats().mailboxes, 0);
    assert_eq!(hub.broadcast("alice", &price("BTC", 1)), Outcome::Kept);
    assert_eq!(hub.broadcast("alice", &Fill(2)), Outcome::NoAudience);
    assert_eq!(snapshot(&hub, "alice"), ["PRICE/BTC 1"]);
}

#[test]
fn a_log_event_for_a_user_who_just_left_is_kept_for_the_return() {
    let hub = UserHub::new();
    drop(device(&hub, "alice"));
    assert_eq!(hub.broadcast("alice", &Fill(1)), Outcome::Kept);
}

#[test]
fn without_a_hub_a_handle_says_so() {
    assert_eq!(HubHandle::none().broadcast("alice", &Fill(1)), Outcome::NoHub);
    assert_eq!(HubHandle::unbound().broadcast_to_all(&Alarm(1)), Outcome::NoHub);
}

#[test]
fn a_hub_that_was_shut_down_says_closed_and_encodes_nothing() {
    let hub = UserHub::new();
    let mut phone = device(&hub, "alice");
    hub.shutdown();
    hub.shutdown();
    assert_eq!(sees(&mut phone), ["CLOSING"]);
    assert_eq!(hub.broadcast("alice", &price("BTC", Panics)), Outcome::Closed);
    assert_eq!(hub.broadcast_to_all(&Alarm(Panics)), Outcome::Closed);
    assert_eq!(hub.group("alice").broadcast(), Outcome::Closed);
    assert_eq!(hub.handle().broadcast("alice", &Fill(1)), Outcome::Closed);
    assert_eq!(hub.clear_key::<support::Order>("alice", "7"), Outcome::Closed);
    assert_eq!(hub.connect("alice").err(), Some(ConnectError::Closed));
    assert_eq!(sees(&mut phone), NOTHING);
    assert_eq!(hub.stats().rejected, 0);
}

#[test]
fn an_older_version_is_stale_and_an_equal_one_replaces() {
    let hub = UserHub::new();
    let mut phone = device(&hub, "alice");
    assert_eq!(hub.broadcast("alice", &order("7", 2, "open")), Outcome::Queued { connections: 1 });
    assert_eq!(hub.broadcast("alice", &order("7", 1, "new")), Outcome::Stale);
    assert_eq!(hub.broadcast("alice", &order("8", 1, "new")), Outcome::Queued { connections: 1 });
    assert_eq!(hub.broadcast("alice", &order("7", 2, "filled")), Outcome::Queued { connections: 1 });
    assert_eq!(sees(&mut phone), [r#"ORDER/8 "new""#, r#"ORDER/7 "filled""#]);
    assert_eq!(hub.stats().rejected, 0, "stale is not refused");
}

#[test]
fn a_group_without_what_is_stale_in_it_still_comes() {
    let hub = UserHub::new();
    let mut phone = device(&hub, "alice");
    hub.broadcast("alice", &order("7", 2, "open"));
    let outcome = hub.group("alice").event(&order("7", 1, "new")).event(&Fill(1)).broadcast();
    assert_eq!(outcome, Outcome::Queued { connections: 1 });
    assert_eq!(sees(&mut phone), [r#"ORDER/7 "open""#, "FILL 1"]);
    let all_stale = hub.group("alice").event(&order("7", 1, "new")).event(&order("7", 0, "new")).broadcast();
    assert_eq!(all_stale, Outcome::Stale);
    assert_eq!(sees(&mut phone), NOTHING);
}

#[test]
fn what_is_removed_is_gone_for_all_and_what_was_never_there_has_no_audience() {
    let hub = UserHub::new();
    let mut phone = device(&hub, "alice");
    assert_eq!(hub.clear_key::<support::Order>("alice", "7"), Outcome::NoAudience);
    assert_eq!(hub.clear::<Total>("alice"), Outcome::NoAudience);
    assert_eq!(hub.clear_key::<support::Order>("bob", "7"), Outcome::NoAudience);
    assert_eq!(hub.stats().mailboxes, 1, "to take something from Bob makes him no mailbox");
    assert_eq!(sees(&mut phone), NOTHING);

    hub.group("alice").event(&order("7", 1, "open")).event(&Total(5)).broadcast();
    assert_eq!(sees(&mut phone), [r#"ORDER/7 "open""#, "TOTAL 5"]);
    assert_eq!(hub.clear_key::<support::Order>("alice", "7"), Outcome::Queued { connections: 1 });
    assert_eq!(hub.clear_key::<support::Order>("alice", "7"), Outcome::NoAudience);
    assert_eq!(hub.clear::<Total>("alice"), Outcome::Queued { connections: 1 });
    assert_eq!(sees(&mut phone), ["ORDER/7 removed: cleared", "TOTAL removed: cleared"]);
    assert_eq!(snapshot(&hub, "alice"), NOTHING);
    assert_eq!(hub.stats().rejected, 0);
}

#[test]
fn a_state_known_at_run_time_only_can_be_removed_by_its_name() {
    let hub = UserHub::new();
    let mut phone = device(&hub, "alice");
    hub.broadcast_dynamic("alice", &DynamicEvent::state("PRICE", "BTC", serde_json::json!(1)).unwrap());
    let removal = Removal::named(EventName::new("PRICE").unwrap(), Some("BTC"));
    assert_eq!(hub.group("alice").event(&removal).broadcast(), Outcome::Queued { connections: 1 });
    assert_eq!(sees(&mut phone), ["PRICE/BTC removed: cleared"]);
}

// What is refused. A State that would have been replaced is taken off the screens, and nothing else changes.

/// Alice sees BTC at 1 and ETH at 2. Then a price for BTC is refused: she is told that it is not known any more, her
/// other devices and ETH are as before, and what is sent next arrives.
#[track_caller]
fn refused_price(builder: UserHubBuilder, amount: impl Serialize, why: Rejection) {
    let hub = builder.build().unwrap();
    let (mut phone, mut bobs) = (device(&hub, "alice"), device(&hub, "bob"));
    hub.broadcast("alice", &price("BTC", 1));
    hub.broadcast("alice", &price("ETH", 2));
    hub.broadcast("bob", &price("BTC", 1));
    assert_eq!(sees(&mut phone), ["PRICE/BTC 1", "PRICE/ETH 2"]);

    let bad = price("BTC", amount);
    assert_eq!(hub.broadcast("alice", &bad), Outcome::Rejected(why.clone()));
    assert_eq!(sees(&mut phone), ["PRICE/BTC removed: rejected"]);
    assert_eq!(snapshot(&hub, "alice"), ["PRICE/ETH 2"], "a new device sees no old price either");
    assert_eq!(hub.broadcast("alice", &bad), Outcome::Rejected(why.clone()));
    assert_eq!(sees(&mut phone), NOTHING, "there is nothing left to take away");
    assert_eq!(hub.stats().rejected, 2);

    // For somebody without a mailbox, too, it is refused and leaves nothing.
    assert_eq!(hub.broadcast("carol", &bad), Outcome::Rejected(why));
    assert_eq!(hub.stats().mailboxes, 2);

    assert_eq!(hub.broadcast("alice", &price("BTC", 3)), Outcome::Queued { connections: 1 });
    assert_eq!(sees(&mut phone), ["PRICE/BTC 3"]);
    assert_eq!(sees(&mut bobs), ["PRICE/BTC 1"]);
}

fn encode(error: EncodeError) -> Rejection {
    Rejection::Encode(error)
}

#[test]
fn an_event_that_is_too_large_is_refused() {
    let limit = 1_000;
    let builder = || UserHub::builder().event_bytes(limit);
    let hub = builder().build().unwrap();
    let largest = "x".repeat(limit - 2);
    assert_eq!(hub.broadcast("alice", &price("BTC", &largest)), Outcome::Kept, "with its quotes exactly the limit");
    refused_price(builder(), largest + "x", encode(EncodeError::TooLarge { limit }));
}

#[test]
fn what_never_ends_is_cut_off_at_the_limit() {
    struct Endless;
    impl Serialize for Endless {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.collect_seq(std::iter::repeat(7))
        }
    }
    let outcome = within_half_a_minute(|| UserHub::new().broadcast("alice", &price("BTC", Endless)));
    assert_eq!(outcome, Outcome::Rejected(encode(EncodeError::TooLarge { limit: 32 * 1024 })));
}

#[test]
fn nan_and_infinity_are_refused() {
    for amount in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        let why = encode(EncodeError::NotFinite { field: "the payload".into() });
        refused_price(UserHub::builder(), amount, why);
    }
    refused_price(UserHub::builder(), f32::NAN, encode(EncodeError::NotFinite { field: "the payload".into() }));
}

#[test]
fn a_refusal_names_the_field() {
    let hub = UserHub::new();
    let mut phone = device(&hub, "alice");
    let mut pnl = PnlUpdate::default();
    hub.broadcast_pnl("alice", &pnl);
    pnl.positions = vec![PositionPnl::new("BTCUSDT", 1.0, 1.0), PositionPnl::new("ETHUSDT", 1.0, f64::NAN)];
    let outcome = hub.broadcast_pnl("alice", &pnl);
    let field = "pnl.positions[1].pnlPercent";
    assert_eq!(outcome, Outcome::Rejected(encode(EncodeError::NotFinite { field: field.into() })));
    let Outcome::Rejected(why) = outcome else { unreachable!() };
    assert!(why.to_string().starts_with(field));
    assert_eq!(sees(&mut phone), ["PNL_UPDATE removed: rejected"]);
}

#[test]
fn an_integer_that_a_browser_would_round_is_refused() {
    const SAFE: u64 = 1 << 53;
    for amount in [i128::from(SAFE) + 1, -i128::from(SAFE) - 1, i128::from(u64::MAX)] {
        let why = encode(EncodeError::UnsafeInteger { field: "the payload".into() });
        refused_price(UserHub::builder(), amount, why);
    }
    assert_eq!(UserHub::new().broadcast("alice", &price("BTC", SAFE)), Outcome::Kept);
}

#[test]
fn a_host_without_browsers_may_send_integers_as_they_are() {
    let hub = UserHub::builder().allow_big_integers().build().unwrap();
    let mut phone = device(&hub, "alice");
    assert_eq!(hub.broadcast("alice", &price("BTC", u64::MAX)), Outcome::Queued { connections: 1 });
    assert_eq!(sees(&mut phone), ["PRICE/BTC 18446744073709551615"]);
    assert!(matches!(hub.broadcast("alice", &price("BTC", f64::NAN)), Outcome::Rejected(_)), "NaN is still none");
}

#[test]
fn a_serialize_that_fails_is_refused() {
    refused_price(UserHub::builder(), Fails, encode(EncodeError::Failed { message: "no price today".into() }));
}

#[test]
fn a_serialize_that_panics_is_refused_and_goes_no_further() {
    refused_price(UserHub::builder(), Panics, Rejection::Panicked);
}

#[test]
fn what_a_serialize_throws_may_even_throw_again_when_it_is_dropped() {
    struct Bomb(u32);
    impl Drop for Bomb {
        fn drop(&mut self) {
            if self.0 > 0 {
                std::panic::panic_any(Bomb(self.0 - 1));
            }
        }
    }
    struct Throws;
    impl Serialize for Throws {
        fn serialize<S: Serializer>(&self, _serializer: S) -> Result<S::Ok, S::Error> {
            std::panic::panic_any(Bomb(3))
        }
    }
    let refused = std::panic::catch_unwind(|| refused_price(UserHub::builder(), Throws, Rejection::Panicked));
    if let Err(thrown) = refused {
        // Nobody can drop it safely, not even whoever runs this test.
        std::mem::forget(thrown);
        panic!("it went through to the caller");
    }
}

#[test]
fn a_refused_log_event_takes_nothing_away() {
    let hub = UserHub::new();
    let mut phone = device(&hub, "alice");
    hub.broadcast("alice", &price("BTC", 1));
    hub.broadcast("alice", &Fill(1));
    assert_eq!(hub.broadcast("alice", &Fill(Panics)), Outcome::Rejected(Rejection::Panicked));
    hub.broadcast("alice", &Fill(2));
    assert_eq!(sees(&mut phone), ["PRICE/BTC 1", "FILL 1", "FILL 2"]);
    assert_eq!(hub.stats().rejected, 1);
}

/// A State whose code panics where it is told to.
#[derive(Clone, Copy, PartialEq)]
enum Trap {
    Key,
    Version,
    Final,
    Expiry,
    None,
}

impl Serialize for Trap {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str("no trap")
    }
}

impl Event for Trap {
    const NAME: &'static str = "TRAP";
    const KIND: Kind = Kind::State;
    const KEYED: bool = true;

    fn key(&self) -> Option<Cow<'_, str>> {
        assert!(*self != Trap::Key, "no key");
        Some("door".into())
    }

    fn version(&self) -> Option<Version> {
        assert!(*self != Trap::Version, "no version");
        None
    }

    fn is_final(&self) -> bool {
        assert!(*self != Trap::Final, "no end");
        false
    }

    fn expires_at(&self) -> Option<Timestamp> {
        assert!(*self != Trap::Expiry, "no expiry");
        None
    }
}

#[test]
fn whatever_code_of_an_event_panics_it_is_refused_and_the_next_one_works() {
    for (trap, sees_next) in [
        // Nobody knows which State it was, so nothing is taken away.
        (Trap::Key, vec![]),
        (Trap::Version, vec!["TRAP/door removed: rejected"]),
        (Trap::Final, vec!["TRAP/door removed: rejected"]),
        (Trap::Expiry, vec!["TRAP/door removed: rejected"]),
    ] {
        let hub = UserHub::new();
        let mut phone = device(&hub, "alice");
        hub.broadcast("alice", &Trap::None);
        assert_eq!(sees(&mut phone), [r#"TRAP/door "no trap""#]);
        assert_eq!(hub.broadcast("alice", &trap), Outcome::Rejected(Rejection::Panicked));
        assert_eq!(sees(&mut phone), sees_next);
        let group = hub.group("alice").event(&Fill(1)).event(&price("BTC", Fails)).event(&trap).broadcast();
        assert!(matches!(group, Outcome::Rejected(_)), "also where it is asked only which State it is");
        assert_eq!(hub.broadcast("alice", &Trap::None), Outcome::Queued { connections: 1 });
        assert_eq!(sees(&mut phone), [r#"TRAP/door "no trap""#]);
        assert_eq!(hub.stats().rejected, 2);
    }
}

#[test]
fn a_key_may_have_256_bytes_and_no_more() {
    let hub = UserHub::new();
    let mut phone = device(&hub, "alice");
    let (longest, too_long): (&str, &str) = ("k".repeat(256).leak(), "ü".repeat(129).leak());
    assert_eq!(hub.broadcast("alice", &price(longest, 1)), Outcome::Queued { connections: 1 });
    let why = Rejection::KeyTooLong { length: 258, limit: 256 };
    assert_eq!(hub.broadcast("alice", &price(too_long, 1)), Outcome::Rejected(why));
    assert_eq!(sees(&mut phone), [format!("PRICE/{longest} 1")]);
    assert_eq!(hub.stats().rejected, 1);
}

#[test]
fn a_key_too_many_is_refused_and_those_that_are_there_still_change() {
    let hub = UserHub::builder().state_keys(2).build().unwrap();
    let mut phone = device(&hub, "alice");
    hub.broadcast("alice", &price("BTC", 1));
    hub.broadcast("alice", &price("ETH", 1));
    let why = Rejection::TooManyKeys { limit: 2 };
    assert_eq!(hub.broadcast("alice", &price("SOL", 1)), Outcome::Rejected(why));
    assert_eq!(hub.stats().rejected, 1);
    assert_eq!(hub.broadcast("alice", &price("ETH", 2)), Outcome::Queued { connections: 1 });
    assert_eq!(sees(&mut phone), ["PRICE/BTC 1", "PRICE/ETH 2"]);

    assert_eq!(hub.broadcast("bob", &price("SOL", 1)), Outcome::Kept, "the limit is each user's own");
    hub.clear_key::<support::Price<i64>>("alice", "BTC");
    assert_eq!(hub.broadcast("alice", &price("SOL", 1)), Outcome::Queued { connections: 1 });
    assert_eq!(snapshot(&hub, "alice"), ["PRICE/ETH 2", "PRICE/SOL 1"], "a removal makes room");
}

#[test]
fn state_beyond_its_bytes_is_refused_and_a_value_that_grew_too_large_is_taken_away() {
    let limit = 6_000;
    let hub = UserHub::builder().event_bytes(2_000).key_bytes(16).state_bytes(limit).build().unwrap();
    let mut phone = device(&hub, "alice");
    let why = Outcome::Rejected(Rejection::StateFull { limit });
    let symbols = ["A", "B", "C", "D", "E", "F"];
    let text = "x".repeat(1_000);
    let kept = symbols.iter().take_while(|symbol| hub.broadcast("alice", &price(symbol, &text)) != why).count();
    assert!((3..6).contains(&kept), "{kept} of 1,000 bytes and their bookkeeping fit in {limit}");
    assert_eq!(sees(&mut phone).len(), kept);

    assert_eq!(hub.broadcast("alice", &price("A", "x".repeat(1_990))), why);
    assert_eq!(sees(&mut phone), ["PRICE/A removed: rejected"]);
    assert_eq!(hub.broadcast("alice", &price("A", 1)), Outcome::Queued { connections: 1 });
    assert_eq!(sees(&mut phone), ["PRICE/A 1"]);
    assert_eq!(hub.stats().rejected, 2);
}

#[test]
fn one_bad_event_refuses_its_whole_group_and_every_state_in_it() {
    let hub = UserHub::new();
    let mut phone = device(&hub, "alice");
    hub.group("alice").event(&price("BTC", 1)).event(&price("ETH", 1)).event(&price("SOL", 1)).broadcast();
    assert_eq!(sees(&mut phone).len(), 3);

    let group = hub
        .group("alice")
        .event(&Fill(1))
        .event(&price("BTC", 2))
        .event(&price("ADA", f64::NAN))
        .event(&price("ETH", 2))
        .event(&Fill(2))
        .broadcast();
    assert_eq!(group, Outcome::Rejected(encode(EncodeError::NotFinite { field: "the payload".into() })));
    assert_eq!(sees(&mut phone), ["PRICE/BTC removed: rejected", "PRICE/ETH removed: rejected"]);
    assert_eq!(snapshot(&hub, "alice"), ["PRICE/SOL 1"]);
    assert_eq!(hub.stats().rejected, 1, "one broadcast was refused");
}

#[test]
fn a_group_with_more_log_than_a_log_holds_is_refused_whole() {
    let hub = UserHub::builder().log_records(4).build().unwrap();
    let mut phone = device(&hub, "alice");
    hub.broadcast("alice", &Total(1));
    sees(&mut phone);
    let fills: Vec<_> = (0..5).map(Fill).collect();
    let of = |count: usize| fills.iter().take(count).fold(hub.group("alice"), |group, fill| group.event(fill));
    assert_eq!(of(4).broadcast(), Outcome::Queued { connections: 1 });
    assert_eq!(sees(&mut phone).len(), 4);
    let why = Rejection::GroupTooLarge { records: 4, bytes: 256 * 1024 };
    assert_eq!(of(5).event(&Total(2)).broadcast(), Outcome::Rejected(why));
    assert_eq!(sees(&mut phone), ["TOTAL removed: rejected"]);
    assert_eq!(hub.broadcast("alice", &Fill(6)), Outcome::Queued { connections: 1 });
    assert_eq!(sees(&mut phone), ["FILL 6"]);
}

#[test]
fn a_group_with_more_bytes_than_a_log_holds_is_refused_whole() {
    let bytes = 40_000;
    let hub = UserHub::builder().log_bytes(bytes).build().unwrap();
    let mut phone = device(&hub, "alice");
    let text = "x".repeat(15_000);
    let (one, two, three) = (Fill(&text), Fill(&text), Fill(&text));
    assert_eq!(hub.group("alice").event(&one).event(&two).broadcast(), Outcome::Queued { connections: 1 });
    assert_eq!(sees(&mut phone).len(), 2);
    let outcome = hub.group("alice").event(&one).event(&two).event(&three).broadcast();
    assert_eq!(outcome, Outcome::Rejected(Rejection::GroupTooLarge { records: 128, bytes }));
    assert_eq!(sees(&mut phone), NOTHING);
}

#[test]
fn a_group_without_an_event_is_refused() {
    let hub = UserHub::new();
    let mut phone = device(&hub, "alice");
    assert_eq!(hub.group("alice").broadcast(), Outcome::Rejected(Rejection::EmptyGroup));
    assert_eq!(hub.submit(Audience::Everybody, &[]), Outcome::Rejected(Rejection::EmptyGroup));
    assert_eq!(sees(&mut phone), NOTHING);
    assert_eq!(hub.stats().rejected, 2);
}

#[test]
fn one_name_is_one_kind_within_a_hub() {
    let hub = UserHub::new();
    let mut phone = device(&hub, "alice");
    hub.broadcast("alice", &price("BTC", 1));
    hub.broadcast("alice", &Fill(1));
    let (fill, price_now) = (EventName::from_static("FILL"), EventName::from_static("PRICE"));
    let as_log = DynamicEvent::log("PRICE", serde_json::json!(2)).unwrap();
    let as_state = DynamicEvent::state("FILL", "BTC", serde_json::json!(2)).unwrap();
    let conflict = |name, known| Outcome::Rejected(Rejection::KindConflict { name, known });
    assert_eq!(hub.broadcast_dynamic("alice", &as_log), conflict(price_now, Kind::State));
    assert_eq!(hub.broadcast_dynamic("alice", &as_state), conflict(fill, Kind::Log));
    assert_eq!(sees(&mut phone), ["PRICE/BTC 1", "FILL 1"], "what was there stays: it was not replaced by anything");
    assert_eq!(hub.stats().rejected, 2);
}

#[test]
fn names_are_not_for_data() {
    let hub = UserHub::builder().event_types(2).build().unwrap();
    let mut phone = device(&hub, "alice");
    hub.broadcast("alice", &price("BTC", 1));
    hub.broadcast("alice", &Fill(1));
    let why = Rejection::TooManyEventTypes { limit: 2 };
    assert_eq!(hub.broadcast("alice", &Total(1)), Outcome::Rejected(why.clone()));
    let named = DynamicEvent::log("PRICE_OF_BTC", serde_json::json!(1)).unwrap();
    assert_eq!(hub.broadcast_dynamic("alice", &named), Outcome::Rejected(why));
    assert_eq!(hub.broadcast("alice", &Fill(2)), Outcome::Queued { connections: 1 });
    assert_eq!(sees(&mut phone), ["PRICE/BTC 1", "FILL 1", "FILL 2"]);
}

#[test]
fn what_is_not_public_never_goes_to_everybody() {
    let hub = UserHub::new();
    let mut phone = device(&hub, "alice");
    hub.broadcast("alice", &price("BTC", 1));
    let outcome = hub.submit(Audience::Everybody, &[&Notice("hello"), &price("BTC", 2)]);
    assert_eq!(outcome, Outcome::Rejected(Rejection::NotPublic { name: EventName::from_static("PRICE") }));
    assert_eq!(sees(&mut phone), ["PRICE/BTC 1"]);
    assert_eq!(snapshot(&hub, "bob"), NOTHING);
    assert_eq!(hub.stats().rejected, 1);
}

// Code of a payload that uses the hub while it is serialized.

#[test]
fn a_serialize_that_broadcasts_to_its_own_user_is_in_order_and_does_not_wait_for_itself() {
    within_half_a_minute(|| {
        let hub = UserHub::new();
        let (mut phone, mut bobs) = (device(&hub, "alice"), device(&hub, "bob"));
        let inner = Uses(|| {
            assert_eq!(hub.broadcast("alice", &Fill(1)), Outcome::Queued { connections: 1 });
            assert_eq!(hub.broadcast("alice", &price("BTC", "inner")), Outcome::Queued { connections: 1 });
            assert_eq!(hub.broadcast("bob", &Fill(2)), Outcome::Queued { connections: 1 });
            assert_eq!(hub.broadcast_to_all(&Alarm(3)), Outcome::Queued { connections: 2 });
        });
        assert_eq!(hub.broadcast("alice", &price("BTC", inner)), Outcome::Queued { connections: 1 });
        assert_eq!(sees(&mut phone), ["FILL 1", "ALARM 3", r#"PRICE/BTC "used""#]);
        assert_eq!(sees(&mut bobs), ["FILL 2", "ALARM 3"]);
    });
}

#[test]
fn a_serialize_for_everybody_that_broadcasts_to_everybody_is_in_order() {
    within_half_a_minute(|| {
        let hub = UserHub::new();
        let (mut phone, mut bobs) = (device(&hub, "alice"), device(&hub, "bob"));
        let inner = Uses(|| {
            hub.broadcast_to_all(&Alarm(1));
            hub.broadcast("alice", &Fill(2));
        });
        assert_eq!(hub.broadcast_to_all(&Notice(inner)), Outcome::Queued { connections: 2 });
        assert_eq!(sees(&mut phone), ["ALARM 1", "FILL 2", r#"NOTICE "used""#]);
        assert_eq!(sees(&mut bobs), ["ALARM 1", r#"NOTICE "used""#]);
    });
}

#[test]
fn a_serialize_may_connect_read_disconnect_and_shut_the_hub_down() {
    within_half_a_minute(|| {
        let hub = UserHub::new();
        let mut phone = device(&hub, "alice");
        let inner = Uses(|| {
            let mut other = device(&hub, "alice");
            assert_eq!(hub.connections_of("alice"), 2);
            assert_eq!(sees(&mut other), NOTHING);
        });
        assert_eq!(hub.broadcast("alice", &Fill(inner)), Outcome::Queued { connections: 1 });
        hub.broadcast("alice", &Fill(Uses(|| hub.shutdown())));
        assert_eq!(sees(&mut phone).last().map(String::as_str), Some("CLOSING"));
        assert_eq!(hub.broadcast("alice", &Fill(1)), Outcome::Closed);
    });
}

#[test]
fn a_refusal_in_the_midst_of_many_threads_poisons_nothing() {
    within_half_a_minute(|| {
        let hub = hub_on(&clock()).log_records(1_000).build().unwrap();
        let mut phone = device(&hub, "alice");
        std::thread::scope(|scope| {
            for thread in 0..8 {
                let hub = &hub;
                scope.spawn(move || {
                    for number in 0..25 {
                        assert_eq!(hub.broadcast("alice", &Fill(Panics)), Outcome::Rejected(Rejection::Panicked));
                        assert_eq!(hub.broadcast("alice", &Fill((thread, number))), Outcome::Queued { connections: 1 });
                        assert!(matches!(hub.broadcast_to_all(&Alarm(Fails)), Outcome::Rejected(_)));
                    }
                });
            }
        });
        assert_eq!(sees(&mut phone).len(), 200);
        assert_eq!(hub.stats().rejected, 400);
    });
}

#[test]
fn a_broadcast_from_a_thread_that_is_ending_is_as_good_as_any() {
    struct LastWord(UserHub, std::sync::mpsc::Sender<Outcome>);
    impl Drop for LastWord {
        fn drop(&mut self) {
            // By now the thread has lost what it kept for broadcasts.
            let _nobody_listens = self.1.send(self.0.broadcast("alice", &price("BTC", 2)));
        }
    }
    std::thread_local!(static LAST: std::cell::RefCell<Option<LastWord>> = const { std::cell::RefCell::new(None) });

    let hub = UserHub::new();
    let mut phone = device(&hub, "alice");
    let (said, heard) = std::sync::mpsc::channel();
    let last = LastWord(hub.clone(), said);
    let thread = std::thread::spawn(move || {
        LAST.set(Some(last));
        hub.broadcast("alice", &price("BTC", 1))
    });
    assert_eq!(thread.join().unwrap(), Outcome::Queued { connections: 1 });
    assert_eq!(heard.recv().unwrap(), Outcome::Queued { connections: 1 });
    assert_eq!(sees(&mut phone), ["PRICE/BTC 2"]);
}
