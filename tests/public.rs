//! What goes to everybody: in the right place among everybody's own, once, and only what is declared public.
#![cfg(feature = "derive")]
#![allow(clippy::unwrap_used)]

mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use serde::{Serialize, Serializer};
use support::{Alarm, Fill, Notice, Total, clock, device, frames, hub_on, json, price, sees, snapshot};
use user_hub::prelude::*;
use user_hub::testing::{Device, Pace, Scenario};
use user_hub::{ConnectOptions, DynamicEvent, EncodeError, ErasedEvent, EventName, FrameKind, Rejection, Removal};

const NOTHING: [&str; 0] = [];

#[test]
fn each_user_sees_it_in_its_place_among_their_own() {
    let hub = UserHub::new();
    let (mut alices, mut bobs, mut carols) = (device(&hub, "alice"), device(&hub, "bob"), device(&hub, "carol"));
    hub.broadcast("alice", &Fill(1));
    hub.broadcast_to_all(&Alarm("first"));
    hub.broadcast("bob", &Fill(2));
    hub.broadcast_to_all(&Alarm("second"));
    hub.broadcast("alice", &Fill(3));
    assert_eq!(sees(&mut alices), ["FILL 1", r#"ALARM "first""#, r#"ALARM "second""#, "FILL 3"]);
    assert_eq!(sees(&mut bobs), [r#"ALARM "first""#, "FILL 2", r#"ALARM "second""#]);
    assert_eq!(sees(&mut carols), [r#"ALARM "first""#, r#"ALARM "second""#]);
}

#[test]
fn the_frame_has_each_users_own_seq_and_chain_of_log() {
    let hub = hub_on(&clock()).build().unwrap();
    let (mut alices, mut bobs) = (device(&hub, "alice"), device(&hub, "bob"));
    hub.broadcast("alice", &Fill(1));
    hub.broadcast("alice", &Total(2));
    hub.broadcast_to_all(&Alarm(3));
    let text = |head: &str| format!(r#"{{{head},"type":"ALARM","timestamp":"2026-11-22T23:59:39.123Z","data":3}}"#);
    assert_eq!(frames(&mut alices)[2].text(), text(r#""seq":3,"prevLog":1"#));
    assert_eq!(frames(&mut bobs)[0].text(), text(r#""seq":1,"prevLog":0"#));
}

#[test]
fn public_log_counts_in_the_order_and_the_resume_of_each_user() {
    let hub = UserHub::new();
    let (mut phone, mut connection) = (Device::new(), hub.connect("alice").unwrap());
    hub.broadcast_to_all(&Alarm(1));
    phone.read(&mut connection);
    drop(connection);
    hub.broadcast_to_all(&Alarm(2));
    hub.broadcast("alice", &Fill(3));
    hub.broadcast_to_all(&Notice("now".to_owned()));
    let options = ConnectOptions::new().start(phone.begin());
    phone.read(&mut hub.connect_with("alice", options).unwrap());
    let log: Vec<_> = phone.records().iter().map(|record| (record.name.as_str(), &record.data)).collect();
    assert_eq!(log, [("ALARM", &1.into()), ("ALARM", &2.into()), ("FILL", &3.into())]);
    assert_eq!((phone.state(), phone.gaps()), (Ok(Some(Notice("now".to_owned()))), &[][..]));
}

#[test]
fn whatever_goes_to_everybody_and_to_each_every_device_of_each_comes_to_show_it() {
    for seed in 0..10 {
        let mut scenario = Scenario::with_builder(seed, UserHub::builder().log_records(8)).unwrap();
        for user in ["alice", "bob", "carol"] {
            for pace in [Pace::Fast, Pace::Slow(2), Pace::Reconnecting, Pace::Stalled] {
                scenario.connect(user, pace).unwrap();
            }
        }
        for number in 0..100 {
            let user = *scenario.random().pick(&["alice", "bob"]);
            let hub = scenario.hub().clone();
            match scenario.random().below(7) {
                0 => hub.broadcast(user, &Fill(number)),
                1 => hub.broadcast(user, &Total(number)),
                2 => hub.broadcast(user, &Notice(number)),
                3 => hub.broadcast_to_all(&Notice(number)),
                4 => hub.broadcast_to_all(&Alarm(number)),
                5 => hub.submit(Audience::Everybody, &[&Alarm(number), &Notice(number)]),
                _ => hub.submit(Audience::Everybody, &[&Removal::of::<Notice<i64>>()]),
            };
            scenario.step();
        }
        scenario.assert_converged();
    }
}

#[test]
fn the_public_state_greets_every_new_user_and_the_public_log_of_before_does_not() {
    let hub = UserHub::new();
    assert_eq!(hub.broadcast_to_all(&Notice("old")), Outcome::Kept);
    assert_eq!(hub.broadcast_to_all(&Alarm(1)), Outcome::Kept);
    assert_eq!(hub.broadcast_to_all(&Notice("open")), Outcome::Kept);
    assert_eq!(hub.stats().mailboxes, 0, "for everybody is no reason to make mailboxes");
    assert_eq!(snapshot(&hub, "alice"), [r#"NOTICE "open""#]);

    // Also for one whose mailbox was made by a State of their own.
    hub.broadcast("bob", &Total(1));
    assert_eq!(snapshot(&hub, "bob"), [r#"NOTICE "open""#, "TOTAL 1"]);
}

#[test]
fn the_public_state_of_a_user_is_the_newest_whoever_sent_it() {
    let hub = UserHub::new();
    let (mut alices, mut bobs) = (device(&hub, "alice"), device(&hub, "bob"));
    hub.broadcast_to_all(&Notice("for all"));
    hub.broadcast("alice", &Notice("for alice"));
    assert_eq!(sees(&mut alices), [r#"NOTICE "for alice""#]);
    assert_eq!(sees(&mut bobs), [r#"NOTICE "for all""#]);
    hub.broadcast_to_all(&Notice("again for all"));
    assert_eq!(sees(&mut alices), [r#"NOTICE "again for all""#]);
    assert_eq!(snapshot(&hub, "alice"), [r#"NOTICE "again for all""#]);
}

#[test]
fn it_is_encoded_once_however_many_users_and_devices_there_are() {
    struct Counts(Arc<AtomicUsize>);
    impl Serialize for Counts {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            self.0.fetch_add(1, Ordering::SeqCst);
            serializer.serialize_unit()
        }
    }
    let hub = UserHub::new();
    let mut devices: Vec<_> = (0..20).map(|number| device(&hub, &format!("user-{}", number / 2))).collect();
    let encoded = Arc::<AtomicUsize>::default();
    hub.broadcast_to_all(&Alarm(Counts(Arc::clone(&encoded))));
    assert!(devices.iter_mut().all(|device| sees(device) == ["ALARM null"]));
    assert_eq!(encoded.load(Ordering::SeqCst), 1);
    hub.broadcast("user-1", &Fill(Counts(Arc::clone(&encoded))));
    assert_eq!(sees(&mut devices[2]), sees(&mut devices[3]));
    assert_eq!(encoded.load(Ordering::SeqCst), 2);
}

#[test]
fn a_group_for_everybody_comes_whole_to_everybody() {
    let hub = UserHub::new();
    let (mut alices, mut bobs) = (device(&hub, "alice"), device(&hub, "bob"));
    hub.broadcast("alice", &Fill(0));
    let outcome = hub.submit(Audience::Everybody, &[&Alarm(1), &Notice(2), &Alarm(3)]);
    assert_eq!(outcome, Outcome::Queued { connections: 2 });
    let alices = frames(&mut alices);
    let groups: Vec<_> = alices.iter().map(|frame| json(frame)["group"].as_u64()).collect();
    assert_eq!(groups, [None, Some(4), Some(4), Some(4)]);
    assert_eq!(sees(&mut bobs), ["ALARM 1", "NOTICE 2", "ALARM 3"]);
}

#[test]
fn what_is_not_public_is_refused_in_every_disguise() {
    let hub = UserHub::new();
    let mut phone = device(&hub, "alice");
    let dynamic = DynamicEvent::state("NOTICE", "", serde_json::json!("for all?")).unwrap();
    let by_name = Removal::named(EventName::new("NOTICE").unwrap(), None);
    let private_removal = Removal::of::<Total>();
    let events: [(&dyn ErasedEvent, &'static str); 5] = [
        (&Total(1), "TOTAL"),
        (&Fill(1), "FILL"),
        (&dynamic, "NOTICE"),
        (&by_name, "NOTICE"),
        (&private_removal, "TOTAL"),
    ];
    for (event, name) in events {
        let why = Rejection::NotPublic { name: EventName::from_static(name) };
        assert_eq!(hub.submit(Audience::Everybody, &[event]), Outcome::Rejected(why.clone()));
        assert_eq!(hub.submit(Audience::Everybody, &[&Notice("yes"), event]), Outcome::Rejected(why));
    }
    assert_eq!(sees(&mut phone), NOTHING);
    assert_eq!(hub.stats().rejected, 10);
}

#[test]
fn a_public_state_that_is_removed_is_gone_for_everybody() {
    let hub = UserHub::new();
    let (mut alices, mut bobs) = (device(&hub, "alice"), device(&hub, "bob"));
    let removal = Removal::of::<Notice<&str>>();
    assert_eq!(hub.submit(Audience::Everybody, &[&removal]), Outcome::NoAudience, "nothing is there");
    hub.broadcast_to_all(&Notice("soon"));
    assert_eq!(sees(&mut alices), [r#"NOTICE "soon""#]);
    hub.broadcast("bob", &Total(1));
    assert_eq!(hub.submit(Audience::Everybody, &[&removal]), Outcome::Queued { connections: 2 });
    assert_eq!(sees(&mut alices), ["NOTICE removed: cleared"]);
    assert_eq!(sees(&mut bobs), ["TOTAL 1", "NOTICE removed: cleared"]);
    assert_eq!(snapshot(&hub, "carol"), NOTHING);
    assert_eq!(hub.submit(Audience::Everybody, &[&removal]), Outcome::NoAudience);
}

#[test]
fn a_public_state_that_is_refused_is_taken_off_every_screen_and_the_next_one_shows() {
    let hub = UserHub::new();
    let mut devices = [device(&hub, "alice"), device(&hub, "alice"), device(&hub, "bob")];
    hub.broadcast_to_all(&Notice(1.0));
    assert!(devices.iter_mut().all(|device| sees(device) == ["NOTICE 1.0"]));

    let why = Rejection::Encode(EncodeError::NotFinite { field: "the payload".into() });
    assert_eq!(hub.broadcast_to_all(&Notice(f64::NAN)), Outcome::Rejected(why));
    assert!(devices.iter_mut().all(|device| sees(device) == ["NOTICE removed: rejected"]));
    assert_eq!(snapshot(&hub, "carol"), NOTHING, "nobody who comes later sees the old one");
    assert_eq!(hub.stats().rejected, 1);

    hub.broadcast_to_all(&Notice(2.0));
    assert!(devices.iter_mut().all(|device| sees(device) == ["NOTICE 2.0"]));
    assert_eq!(snapshot(&hub, "carol"), ["NOTICE 2.0"]);
}

#[test]
fn a_public_state_that_is_refused_for_one_user_is_taken_off_that_users_screens_only() {
    let hub = UserHub::new();
    let (mut alices, mut bobs) = (device(&hub, "alice"), device(&hub, "bob"));
    hub.broadcast_to_all(&Notice(1.0));
    assert!(matches!(hub.broadcast("alice", &Notice(f64::NAN)), Outcome::Rejected(_)));
    assert_eq!(sees(&mut alices), ["NOTICE removed: rejected"]);
    assert_eq!(sees(&mut bobs), ["NOTICE 1.0"]);
}

#[test]
fn one_bad_event_refuses_its_whole_group_for_everybody() {
    let hub = UserHub::new();
    let (mut alices, mut bobs) = (device(&hub, "alice"), device(&hub, "bob"));
    hub.broadcast_to_all(&Notice("open"));
    assert_eq!((sees(&mut alices).len(), sees(&mut bobs).len()), (1, 1));
    let outcome = hub.submit(Audience::Everybody, &[&Alarm(1), &Notice("closed"), &Alarm(f64::NAN)]);
    assert!(matches!(outcome, Outcome::Rejected(Rejection::Encode(_))));
    assert_eq!(sees(&mut alices), ["NOTICE removed: rejected"]);
    assert_eq!(sees(&mut bobs), ["NOTICE removed: rejected"]);
}

#[test]
fn public_state_takes_no_users_keys() {
    let hub = UserHub::builder().state_keys(1).build().unwrap();
    let mut phone = device(&hub, "alice");
    assert_eq!(hub.broadcast("alice", &price("BTC", 1)), Outcome::Queued { connections: 1 });
    assert_eq!(hub.broadcast_to_all(&Notice("open")), Outcome::Queued { connections: 1 });
    assert_eq!(sees(&mut phone), ["PRICE/BTC 1", r#"NOTICE "open""#]);
    assert_eq!(hub.broadcast("alice", &price("BTC", 2)), Outcome::Queued { connections: 1 });
    let too_many = Outcome::Rejected(Rejection::TooManyKeys { limit: 1 });
    assert_eq!(hub.broadcast("alice", &price("ETH", 1)), too_many);
}

#[test]
fn who_comes_back_after_the_public_log_went_round_is_told_of_the_gap() {
    let clock = clock();
    let hub = hub_on(&clock).log_records(4).build().unwrap();
    let mut stalled = device(&hub, "alice");
    // Nothing reads Alice's mailbox in the meantime, so the hub-wide log forgets some before it takes them.
    (0..10).for_each(|number| drop(hub.broadcast_to_all(&Alarm(number))));
    let late = frames(&mut stalled);
    assert_eq!(late[0].kind(), FrameKind::Gap);
    let numbers: Vec<_> = support::data_of(&late, "ALARM").iter().map(|data| data.as_u64().unwrap()).collect();
    assert_eq!(numbers, [6, 7, 8, 9]);
    clock.advance(Duration::from_secs(1));
    hub.broadcast_to_all(&Alarm(10));
    assert_eq!(sees(&mut stalled), ["ALARM 10"], "after the gap the order is whole again");
}
