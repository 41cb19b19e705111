//! What the first host asked for: eight event types, a function for each, and who gets what.
#![cfg(feature = "trading")]
#![allow(clippy::unwrap_used)]

mod support;

use std::collections::HashSet;
use std::time::Duration;

use serde::de::DeserializeOwned;
use serde_json::Value;
use support::{Alarm, Fill, Notice, clock, device, frames, hub_on, price, sees, snapshot};
use user_hub::prelude::*;
use user_hub::trading::{
    ChainUpdate, CircuitBreaker, EVENT_NAMES, GinieStatus, LifecycleEvent, ModeStatus, PnlUpdate, SignalUpdate,
    SystemStatus,
};
use user_hub::{CloseCode, ConnectError, FrameKind, Rejection, UserId, UserIdError};

#[test]
fn the_eight_names_are_these_and_no_two_are_the_same() {
    let names = [
        "CHAIN_UPDATE",
        "LIFECYCLE_EVENT",
        "GINIE_STATUS_UPDATE",
        "CIRCUIT_BREAKER_UPDATE",
        "PNL_UPDATE",
        "MODE_STATUS_UPDATE",
        "SYSTEM_STATUS_UPDATE",
        "SIGNAL_UPDATE",
    ];
    assert_eq!(EVENT_NAMES, names);
    assert_eq!(HashSet::from(EVENT_NAMES).len(), 8);
}

/// The payload that a golden file shows.
#[track_caller]
fn payload<E: Event + DeserializeOwned>(golden: &str) -> E {
    let mut data: Value = serde_json::from_str(golden).unwrap();
    serde_json::from_value(data[E::FIELD.unwrap()].take()).unwrap()
}

/// For each function: what it says without a hub, and the frame that a device gets, byte for byte.
macro_rules! each_function {
    ($($module:ident, $function:ident: $payload:ty = $golden:literal, $head:literal, $key:literal;)*) => {$(
        mod $module {
            use super::*;

            const GOLDEN: &str = include_str!(concat!("golden/", $golden));

            #[test]
            fn without_a_hub_it_says_so_and_nothing_else_happens() {
                let event: $payload = payload(GOLDEN);
                assert_eq!(HubHandle::none().$function("alice", &event), Outcome::NoHub);
                assert_eq!(None::<UserHub>.$function("alice", &event), Outcome::NoHub);
                let nothing: &dyn EventSink = &None::<HubHandle>;
                assert_eq!(nothing.$function("alice", &event), Outcome::NoHub);

                let handle = HubHandle::unbound();
                let service = handle.clone();
                assert_eq!(service.$function("alice", &event), Outcome::NoHub);
                let hub = UserHub::new();
                handle.bind(&hub).unwrap();
                let mut phone = device(&hub, "alice");
                assert_eq!(service.$function("alice", &event), Outcome::Queued { connections: 1 });
                assert_eq!(frames(&mut phone).len(), 1, "only what was sent after the hub was there");
            }

            #[test]
            fn the_frame_on_the_wire_is_exactly_this() {
                let hub = hub_on(&clock()).build().unwrap();
                let (mut phone, mut tab) = (device(&hub, "alice"), device(&hub, "alice"));
                let mut stranger = device(&hub, "bob");
                let event: $payload = payload(GOLDEN);
                assert_eq!(hub.$function("alice", &event), Outcome::Queued { connections: 2 });

                let expected = format!(
                    r#"{{{},"type":"{}","timestamp":"2026-11-22T23:59:39.123Z"{},"data":{}}}"#,
                    $head, <$payload>::NAME, $key, GOLDEN.trim_end(),
                );
                for device in [&mut phone, &mut tab] {
                    let got = frames(device);
                    let texts: Vec<&str> = got.iter().map(|frame| frame.text()).collect();
                    assert_eq!(texts, [expected.as_str()]);
                    assert_eq!(got[0].cursor().map(|cursor| cursor.seq()), Some(1));
                }
                assert_eq!(sees(&mut stranger), [""; 0]);
            }

            #[test]
            fn an_empty_user_id_is_refused_and_reaches_nobody() {
                let hub = UserHub::new();
                let mut phone = device(&hub, "alice");
                let event: $payload = payload(GOLDEN);
                assert_eq!(hub.$function("", &event), Outcome::Rejected(Rejection::User(UserIdError::Empty)));
                assert_eq!(sees(&mut phone), [""; 0]);
                assert_eq!(hub.stats().rejected, 1);
            }
        }
    )*};
}

each_function! {
    chain_update, broadcast_chain_update: ChainUpdate = "chain_update.json", r#""seq":1"#, r#","key":"chain-7""#;
    lifecycle_event, broadcast_lifecycle_event: LifecycleEvent = "lifecycle_event.json", r#""seq":1,"prevLog":0"#, "";
    ginie_status, broadcast_ginie_status: GinieStatus = "ginie_status_update.json", r#""seq":1"#, "";
    circuit_breaker, broadcast_circuit_breaker: CircuitBreaker = "circuit_breaker_update.json", r#""seq":1"#, "";
    pnl, broadcast_pnl: PnlUpdate = "pnl_update.json", r#""seq":1"#, "";
    mode_status, broadcast_mode_status: ModeStatus = "mode_status_update.json", r#""seq":1"#, r#","key":"swing""#;
    system_status, broadcast_system_status: SystemStatus = "system_status_update.json", r#""seq":1"#, "";
    signal_update, broadcast_signal_update: SignalUpdate = "signal_update.json", r#""seq":1"#, r#","key":"signal-9""#;
}

#[test]
fn the_control_frames_on_the_wire_are_exactly_these() {
    let hub = hub_on(&clock()).reconnect_spread(Duration::ZERO).build().unwrap();
    let mut phone = hub.connect("alice").unwrap();
    let got = frames(&mut phone);
    let epoch = got[1].cursor().unwrap().to_string();
    let epoch = epoch.strip_suffix("-0").unwrap();
    assert_eq!(epoch.len(), 16);
    let connected = format!(
        r#"{{"type":"CONNECTED","protocol":1,"userId":"alice","connectionId":"1","epoch":"{epoch}","after":null,"recovered":false,"lastLog":0,"heartbeat":null}}"#
    );
    let synced = format!(r#"{{"type":"SYNCED","cursor":"{epoch}-0","lastLog":0,"stateSource":"none"}}"#);
    assert_eq!(got.iter().map(|frame| frame.text()).collect::<Vec<_>>(), [connected, synced]);

    hub.shutdown();
    let closing = r#"{"type":"CLOSING","code":1001,"reason":"shutting down","reconnect":true,"retryAfterMs":0}"#;
    assert_eq!(frames(&mut phone).iter().map(|frame| frame.text()).collect::<Vec<_>>(), [closing]);
}

#[test]
fn a_new_hub_has_nobody_and_works() {
    let hub = UserHub::new();
    assert_eq!((hub.connection_count(), hub.user_count(), hub.connections_of("alice")), (0, 0, 0));
    assert!(!hub.is_connected("alice"));
    assert!(!hub.is_closed());
    let stats = hub.stats();
    assert_eq!((stats.connections, stats.users, stats.mailboxes, stats.rejected), (0, 0, 0, 0));
    assert_eq!(hub.broadcast("alice", &price("BTC", 1)), Outcome::Kept);
    assert_eq!(snapshot(&hub, "alice"), ["PRICE/BTC 1"]);
}

#[test]
fn a_broadcast_reaches_all_devices_of_its_user_and_no_other() {
    let hub = UserHub::new();
    let mut alices: Vec<_> = (0..3).map(|_| device(&hub, "alice")).collect();
    let mut bobs: Vec<_> = (0..2).map(|_| device(&hub, "bob")).collect();

    assert_eq!(hub.broadcast("alice", &Fill(7)), Outcome::Queued { connections: 3 });
    assert!(alices.iter_mut().all(|device| sees(device) == ["FILL 7"]));
    assert!(bobs.iter_mut().all(|device| sees(device).is_empty()));

    assert_eq!(hub.broadcast("bob", &Fill(8)), Outcome::Queued { connections: 2 });
    assert!(alices.iter_mut().all(|device| sees(device).is_empty()));
    assert!(bobs.iter_mut().all(|device| sees(device) == ["FILL 8"]));
}

#[test]
fn a_broadcast_to_all_reaches_every_device_of_every_user_once() {
    let hub = UserHub::new();
    let mut devices: Vec<_> = ["alice", "alice", "bob"].map(|user| device(&hub, user)).into();
    assert_eq!(hub.broadcast_to_all(&Notice("maintenance")), Outcome::Queued { connections: 3 });
    assert_eq!(hub.broadcast_to_all(&Alarm(1)), Outcome::Queued { connections: 3 });
    for device in &mut devices {
        assert_eq!(sees(device), [r#"NOTICE "maintenance""#, "ALARM 1"]);
    }
}

#[test]
fn a_user_id_is_compared_exactly() {
    let hub = UserHub::new();
    let users = ["alice", "Alice", "alice ", " alice", "alice\0", "älice", "a\u{308}lice", "alic"];
    let mut devices = users.map(|user| device(&hub, user));
    assert_eq!(hub.user_count(), users.len());
    for (at, user) in users.iter().enumerate() {
        assert_eq!(hub.broadcast(user, &Fill(at)), Outcome::Queued { connections: 1 });
    }
    for (at, device) in devices.iter_mut().enumerate() {
        assert_eq!(device.user(), &UserId::new(users[at]).unwrap());
        assert_eq!(sees(device), [format!("FILL {at}")]);
    }
}

#[test]
fn an_empty_user_id_neither_connects_nor_makes_a_mailbox() {
    let hub = UserHub::new();
    assert_eq!(hub.connect("").err(), Some(ConnectError::User(UserIdError::Empty)));
    assert_eq!(hub.broadcast("", &price("BTC", 1)), Outcome::Rejected(Rejection::User(UserIdError::Empty)));
    assert_eq!(hub.group("").event(&Fill(1)).broadcast(), Outcome::Rejected(Rejection::User(UserIdError::Empty)));
    assert_eq!((hub.stats().mailboxes, hub.stats().connections, hub.stats().rejected), (0, 0, 2));
    assert!(!hub.is_connected(""));
}

#[test]
fn a_user_id_may_have_256_bytes_and_no_more() {
    let hub = UserHub::new();
    let (longest, too_long) = ("ä".repeat(128), "ä".repeat(128) + "a");
    let error = UserIdError::TooLong { length: 257, limit: 256 };

    let mut phone = device(&hub, &longest);
    assert_eq!(hub.broadcast(&longest, &Fill(1)), Outcome::Queued { connections: 1 });
    assert_eq!(sees(&mut phone), ["FILL 1"]);

    assert_eq!(hub.connect(&too_long).err(), Some(ConnectError::User(error)));
    assert_eq!(hub.broadcast(&too_long, &price("BTC", 1)), Outcome::Rejected(Rejection::User(error)));
    assert_eq!(error.to_string(), "a user id has at most 256 bytes, this one has 257");
    assert_eq!((hub.stats().mailboxes, hub.stats().rejected), (1, 1));
}

/// All four ways to ask: connections of Alice, of Bob, of all, and users.
fn counts(hub: &UserHub) -> (usize, usize, usize, usize) {
    let (alice, bob) = (hub.connections_of("alice"), hub.connections_of("bob"));
    assert_eq!((hub.is_connected("alice"), hub.is_connected("bob")), (alice > 0, bob > 0));
    let stats = hub.stats();
    assert_eq!((stats.connections, stats.users), (hub.connection_count(), hub.user_count()));
    (alice, bob, hub.connection_count(), hub.user_count())
}

#[test]
fn the_counts_follow_every_connect_and_disconnect() {
    let hub = UserHub::new();
    assert_eq!(counts(&hub), (0, 0, 0, 0));
    let phone = device(&hub, "alice");
    assert_eq!(counts(&hub), (1, 0, 1, 1));
    let tab = device(&hub, "alice");
    assert_eq!(counts(&hub), (2, 0, 2, 1));
    let never_polled = hub.connect("bob").unwrap();
    assert_eq!(counts(&hub), (2, 1, 3, 2));
    drop(phone);
    assert_eq!(counts(&hub), (1, 1, 2, 2));
    drop(tab);
    assert_eq!(counts(&hub), (0, 1, 1, 1));
    let back = device(&hub, "alice");
    assert_eq!(counts(&hub), (1, 1, 2, 2));
    drop((never_polled, back));
    assert_eq!(counts(&hub), (0, 0, 0, 0));
    hub.broadcast("alice", &price("BTC", 1));
    assert_eq!(counts(&hub), (0, 0, 0, 0), "a mailbox is not a connection");
}

#[test]
fn a_device_too_many_displaces_the_oldest_which_counts_until_it_is_dropped() {
    let hub = UserHub::builder().connections_per_user(2).build().unwrap();
    let (mut first, mut second, mut third) = (device(&hub, "alice"), device(&hub, "alice"), device(&hub, "alice"));
    let bob = device(&hub, "bob");
    assert_eq!(counts(&hub), (3, 1, 4, 2), "the displaced device is still there");
    assert_eq!(hub.broadcast("alice", &Fill(1)), Outcome::Queued { connections: 2 }, "but gets nothing more");

    let last = frames(&mut first);
    assert_eq!(last.iter().map(|frame| frame.kind()).collect::<Vec<_>>(), [FrameKind::Closing]);
    assert_eq!(last[0].close_reason().unwrap().code(), CloseCode::TOO_MANY_CONNECTIONS);
    assert_eq!(sees(&mut second), ["FILL 1"]);
    assert_eq!(sees(&mut third), ["FILL 1"]);

    drop(first);
    assert_eq!(counts(&hub), (2, 1, 3, 2));
    drop((second, third));
    assert_eq!(counts(&hub), (0, 1, 1, 1));
    drop(bob);
    assert_eq!(counts(&hub), (0, 0, 0, 0));
}

#[test]
fn after_a_shutdown_the_counts_tell_a_host_when_the_last_device_is_gone() {
    let hub = UserHub::new();
    let (phone, tab, bobs) = (device(&hub, "alice"), device(&hub, "alice"), device(&hub, "bob"));
    hub.shutdown();
    assert_eq!(counts(&hub), (2, 1, 3, 2));
    drop((phone, bobs));
    assert_eq!(counts(&hub), (1, 0, 1, 1));
    drop(tab);
    assert_eq!(counts(&hub), (0, 0, 0, 0));
}
