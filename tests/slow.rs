//! Devices that read slowly: what they see, what they cost, and that nobody else notices.
#![cfg(feature = "derive")]
#![allow(clippy::unwrap_used)]

mod support;

use std::collections::BTreeMap;

use futures::{FutureExt, StreamExt};
use support::{Alarm, Fill, Total, cursor_after, device, frames, json, price, sees, shown};
use user_hub::prelude::*;
use user_hub::testing::{Device, Effect, Pace, Scenario};
use user_hub::{ConnectOptions, Connection, Frame, FrameKind, OnSlow, Start, UserHubBuilder};

const NOTHING: [&str; 0] = [];

fn hub_of(log_records: usize) -> UserHubBuilder {
    UserHub::builder().log_records(log_records)
}

#[track_caller]
fn next(device: &mut Connection) -> Frame {
    device.next().now_or_never().flatten().expect("there is a frame")
}

fn fills(hub: &UserHub, numbers: std::ops::Range<u32>) {
    for number in numbers {
        assert!(matches!(hub.broadcast("alice", &Fill(number)), Outcome::Queued { .. }));
    }
}

/// A device that is closed when it is too slow, up to date.
#[track_caller]
fn strict(hub: &UserHub, start: Start) -> Connection {
    hub.connect_with("alice", ConnectOptions::new().on_slow(OnSlow::Close).start(start)).unwrap()
}

#[test]
fn a_slow_device_gets_a_gap_and_goes_on_and_the_others_lose_nothing() {
    let hub = hub_of(4).build().unwrap();
    let (mut phone, mut slow, mut quick) = (Device::new(), hub.connect("alice").unwrap(), device(&hub, "alice"));
    phone.read(&mut slow);
    for number in 0..20 {
        assert_eq!(hub.broadcast("alice", &Fill(number)), Outcome::Queued { connections: 2 });
        assert_eq!(sees(&mut quick), [format!("FILL {number}")]);
    }
    phone.read(&mut slow);
    assert_eq!(phone.log(), Ok((16..20).map(Fill).collect()));
    let gap = &phone.gaps()[0];
    assert_eq!((gap.from, gap.to, gap.reason.as_str(), phone.gaps().len()), (Some(1), Some(16), "evicted", 1));
    fills(&hub, 20..21);
    phone.read(&mut slow);
    assert_eq!((phone.log(), phone.gaps().len()), (Ok((16..21).map(Fill).collect()), 1));
}

#[test]
fn a_device_that_is_exactly_as_far_behind_as_the_log_goes_loses_nothing() {
    for policy in [OnSlow::Continue, OnSlow::Close] {
        let hub = hub_of(4).on_slow(policy).build().unwrap();
        let mut slow = device(&hub, "alice");
        fills(&hub, 0..4);
        assert_eq!(sees(&mut slow), ["FILL 0", "FILL 1", "FILL 2", "FILL 3"]);
    }
}

#[test]
fn what_becomes_of_a_slow_device_is_the_hubs_to_say_and_each_connections() {
    for (of_hub, of_connection, expected) in [
        (None, None, "GAP"),
        (Some(OnSlow::Close), None, "CLOSING"),
        (None, Some(OnSlow::Close), "CLOSING"),
        (Some(OnSlow::Close), Some(OnSlow::Continue), "GAP"),
    ] {
        let builder = hub_of(4);
        let hub = of_hub.map_or_else(|| builder.clone(), |policy| builder.clone().on_slow(policy)).build().unwrap();
        let options = ConnectOptions::new();
        let options = of_connection.map_or_else(|| options.clone(), |policy| options.clone().on_slow(policy));
        let mut slow = hub.connect_with("alice", options).unwrap();
        assert_eq!(sees(&mut slow), ["CONNECTED", "SYNCED"]);
        fills(&hub, 0..5);
        assert_eq!(sees(&mut slow)[0], expected);
    }
}

#[test]
fn a_device_that_is_closed_for_being_slow_is_told_to_come_back() {
    let hub = hub_of(4).build().unwrap();
    let mut slow = strict(&hub, Start::Snapshot);
    assert_eq!(sees(&mut slow), ["CONNECTED", "SYNCED"]);
    fills(&hub, 0..5);
    let got = frames(&mut slow);
    assert_eq!(got.len(), 1, "nothing but CLOSING");
    let closing = json(&got[0]);
    assert_eq!((closing["code"].as_u64(), closing["reconnect"].as_bool()), (Some(3008), Some(true)));
    assert!(slow.next().now_or_never().unwrap().is_none());
}

#[test]
fn state_alone_makes_no_device_too_slow() {
    let hub = hub_of(4).build().unwrap();
    let mut slow = strict(&hub, Start::Snapshot);
    assert_eq!(sees(&mut slow), ["CONNECTED", "SYNCED"]);
    (0..1_000).for_each(|number| drop(hub.broadcast("alice", &Total(number))));
    assert_eq!(sees(&mut slow), ["TOTAL 999"]);
}

#[test]
fn what_was_closed_for_being_slow_starts_at_the_present_and_not_with_what_overflowed() {
    let hub = hub_of(4).build().unwrap();
    let mut slow = strict(&hub, Start::Snapshot);
    let cursor = cursor_after(&frames(&mut slow)).unwrap();
    hub.broadcast("alice", &price("BTC", 1));
    fills(&hub, 0..10);
    hub.broadcast("alice", &Total(1));
    assert_eq!(sees(&mut slow), ["CLOSING"]);
    drop(slow);
    // What comes before it is back is no more than the log holds, but it is behind the hole.
    fills_kept(&hub, 10..13);
    let mut back = strict(&hub, Start::After(cursor));
    let got = frames(&mut back);
    assert_eq!(got.iter().map(shown).collect::<Vec<_>>(), ["CONNECTED", "GAP", "PRICE/BTC 1", "TOTAL 1", "SYNCED"]);
    assert_eq!(json(&got[0])["recovered"], true);
    let (gap, synced) = (json(&got[1]), json(&got[4]));
    assert_eq!((gap["from"].as_u64(), &gap["to"]), (Some(1), &synced["lastLog"]), "one GAP up to now");
    hub.broadcast("alice", &Fill(13));
    let live = frames(&mut back);
    assert_eq!(live.iter().map(shown).collect::<Vec<_>>(), ["FILL 13"]);
    assert_eq!(json(&live[0])["prevLog"], gap["to"], "nothing is missing behind the GAP");
}

fn fills_kept(hub: &UserHub, numbers: std::ops::Range<u32>) {
    numbers.for_each(|number| assert_eq!(hub.broadcast("alice", &Fill(number)), Outcome::Kept));
}

#[test]
fn who_comes_back_in_time_gets_the_log_whatever_becomes_of_slow_devices() {
    let hub = hub_of(4).on_slow(OnSlow::Close).build().unwrap();
    let mut phone = device(&hub, "alice");
    fills(&hub, 0..1);
    let cursor = cursor_after(&frames(&mut phone)).unwrap();
    drop(phone);
    fills_kept(&hub, 1..5);
    let mut back = strict(&hub, Start::After(cursor));
    assert_eq!(sees(&mut back), ["CONNECTED", "FILL 1", "FILL 2", "FILL 3", "FILL 4", "SYNCED"]);
}

#[test]
fn a_device_that_is_closed_again_and_again_gets_on_each_time() {
    let hub = hub_of(8).build().unwrap();
    let mut phone = Device::new();
    for round in 0..50 {
        let mut slow = strict(&hub, phone.begin());
        hub.broadcast("alice", &Total(round));
        // It reads its first batch slowly, one frame for four that are sent; then it is too far behind.
        let before = phone.cursor();
        let mut effects = Vec::new();
        while let Some(frame) = slow.next().now_or_never().flatten() {
            assert_ne!(frame.kind(), FrameKind::Log, "what overflowed is not sent again: {}", shown(&frame));
            effects.extend(phone.receive(frame.text()));
            if frame.kind() != FrameKind::Closing {
                fills(&hub, 0..4);
            }
        }
        assert!(matches!(effects.last(), Some(Effect::Closing { code: 3008, .. })));
        assert_ne!(phone.cursor(), before, "it has got on");
        assert_eq!(phone.state(), Ok(Some(Total(round))), "each time it sees the State of then");
    }
    assert_eq!((phone.records(), phone.gaps().len()), (&[][..], 49), "each time it is told what it has not got");
}

#[test]
fn devices_of_every_pace_come_to_show_the_same_whatever_was_evicted() {
    for (seed, policy) in (0..10).zip([OnSlow::Continue, OnSlow::Close].into_iter().cycle()) {
        let mut scenario = Scenario::with_builder(seed, hub_of(6).on_slow(policy)).unwrap();
        for pace in [Pace::Slow(1), Pace::Slow(3), Pace::Stalled, Pace::Reconnecting, Pace::Fast] {
            scenario.connect("alice", pace).unwrap();
        }
        for number in 0..100 {
            let symbol = *scenario.random().pick(&["BTC", "ETH", "SOL"]);
            scenario.hub().group("alice").event(&price(symbol, number)).event(&Fill(number)).broadcast();
            (0..scenario.random().below(6)).for_each(|_| drop(scenario.hub().broadcast("alice", &Fill(number))));
            scenario.step();
        }
        scenario.assert_converged();
    }
}

#[test]
fn everybodys_log_counts_for_being_slow_too() {
    let hub = hub_of(4).build().unwrap();
    let mut slow = strict(&hub, Start::Snapshot);
    assert_eq!(sees(&mut slow), ["CONNECTED", "SYNCED"]);
    (0..5).for_each(|number| drop(hub.broadcast_to_all(&Alarm(number))));
    assert_eq!(sees(&mut slow), ["CLOSING"]);
}

#[test]
fn a_reader_that_is_for_ever_slower_than_its_publishers_gets_every_live_key_again_and_again() {
    const KEYS: [&str; 8] = ["BTC", "ETH", "SOL", "ADA", "XRP", "BNB", "DOT", "LTC"];
    let hub = UserHub::new();
    let mut slow = device(&hub, "alice");
    let (mut round, mut seen) = (0_u64, BTreeMap::<String, Vec<u64>>::new());
    for _ in 0..400 {
        // Sixteen are sent for each that it reads, some keys far more often than others.
        for _ in 0..16 {
            round += 1;
            let key = if round % 5 == 0 { (round / 5 % 8) as usize } else { 0 };
            hub.broadcast("alice", &price(KEYS[key], round));
        }
        let frame = next(&mut slow);
        assert_eq!(frame.kind(), FrameKind::State);
        let json = json(&frame);
        seen.entry(json["key"].as_str().unwrap().to_owned()).or_default().push(json["data"].as_u64().unwrap());
    }
    assert_eq!(seen.len(), KEYS.len());
    for (key, values) in &seen {
        assert!(values.len() > 30, "{key} came {} times of 400", values.len());
        assert!(values.is_sorted(), "{key} never goes back");
    }
}

#[test]
fn a_device_that_never_reads_makes_nobody_wait_and_the_log_no_larger() {
    let hub = UserHub::builder().log_records(10).build().unwrap();
    let mut never = hub.connect("alice").unwrap();
    let mut quick = device(&hub, "alice");
    fills(&hub, 0..10);
    assert_eq!(sees(&mut quick).len(), 10);
    let bytes = hub.stats().bytes;
    for number in 10..1_000 {
        fills(&hub, number..number + 1);
        assert_eq!(sees(&mut quick), [format!("FILL {number}")]);
    }
    assert!(hub.stats().bytes <= bytes + 100, "the numbers have grown by two digits");
    let seen = sees(&mut never);
    assert_eq!(
        seen[..3],
        ["CONNECTED", "GAP", "FILL 990"],
        "what came since it connected is its own, and what is gone is said"
    );
    assert_eq!((seen.len(), seen.last().map(String::as_str)), (13, Some("SYNCED")));
    assert_eq!(sees(&mut never), NOTHING);
}
