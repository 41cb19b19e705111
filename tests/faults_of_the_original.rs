//! What went wrong in the hub that this one replaces, each fault with a test that shows it cannot happen here.
//!
//! The original kept a buffered channel for each device in one map under one read-write lock.
#![cfg(feature = "derive")]
#![allow(clippy::unwrap_used)]

mod support;

use std::sync::Barrier;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

use futures::executor::block_on;
use futures::{FutureExt, StreamExt};
use support::{Alarm, Fill, Notice, Total, data_of, device, frames, json, price, sees, shown, within_half_a_minute};
use user_hub::prelude::*;
use user_hub::{CloseCode, CloseReason, ErasedEvent, Frame, FrameKind};

/// Connections of all, users: what is left in the books.
fn counts(hub: &UserHub) -> (usize, usize) {
    (hub.connection_count(), hub.user_count())
}

// A device that stopped reading was removed twice, by the sender and by its own reader: the second removal closed a
// closed channel, which panics, and took the whole hub with it.

#[test]
fn a_device_that_stops_reading_is_removed_once_by_its_own_drop_and_nobody_else_notices() {
    let hub = UserHub::builder().log_records(8).build().unwrap();
    let (stalled, mut reads) = (device(&hub, "alice"), device(&hub, "alice"));
    for number in 0..100 {
        assert_eq!(hub.broadcast("alice", &Fill(number)), Outcome::Queued { connections: 2 }, "it is not thrown out");
        assert_eq!(sees(&mut reads), [format!("FILL {number}")]);
    }
    drop(stalled);
    assert_eq!(counts(&hub), (1, 1));
    assert_eq!(hub.broadcast("alice", &Fill(100)), Outcome::Queued { connections: 1 });
    assert_eq!(sees(&mut reads), ["FILL 100"]);
    drop(reads);
    assert_eq!(counts(&hub), (0, 0));
}

#[test]
fn a_device_that_is_closed_twice_says_one_goodbye_with_the_first_reason() {
    let hub = UserHub::new();
    let mut phone = device(&hub, "alice");
    phone.close(CloseReason::new(CloseCode::NO_PONG));
    phone.close(CloseReason::new(CloseCode::REVOKED));
    let last = frames(&mut phone);
    assert_eq!(last.iter().map(Frame::kind).collect::<Vec<_>>(), [FrameKind::Closing]);
    assert_eq!(last[0].close_reason().unwrap().code(), CloseCode::NO_PONG);
    phone.close(CloseReason::new(CloseCode::REVOKED));
    assert!(frames(&mut phone).is_empty(), "after its last frame it is over");
    drop(phone);
    assert_eq!(counts(&hub), (0, 0));
}

#[test]
fn a_device_that_is_displaced_and_shut_down_and_dropped_is_counted_off_once() {
    let hub = UserHub::builder().connections_per_user(1).build().unwrap();
    let (mut first, mut second) = (device(&hub, "alice"), device(&hub, "alice"));
    hub.shutdown();
    second.close(CloseReason::new(CloseCode::NO_PONG));
    let code_of = |frames: Vec<Frame>| frames[0].close_reason().unwrap().code();
    assert_eq!(code_of(frames(&mut first)), CloseCode::TOO_MANY_CONNECTIONS);
    assert_eq!(code_of(frames(&mut second)), CloseCode::NO_PONG, "the first reason that it heard of");
    drop(first);
    assert_eq!(counts(&hub), (1, 1));
    drop(second);
    assert_eq!(counts(&hub), (0, 0));
}

#[test]
fn devices_that_are_dropped_while_the_hub_shuts_down_are_counted_off_once() {
    within_half_a_minute(|| {
        for _ in 0..20 {
            let hub = UserHub::new();
            let users: Vec<String> = (0..20).map(|number| format!("user-{number}")).collect();
            let mut devices: Vec<_> = users.iter().flat_map(|user| [device(&hub, user), device(&hub, user)]).collect();
            let barrier = Barrier::new(3);
            thread::scope(|scope| {
                let half = devices.split_off(20);
                for mut devices in [devices, half] {
                    let barrier = &barrier;
                    scope.spawn(move || {
                        barrier.wait();
                        while let Some(mut device) = devices.pop() {
                            let _goodbye_or_nothing = frames(&mut device);
                        }
                    });
                }
                barrier.wait();
                hub.shutdown();
            });
            assert_eq!(counts(&hub), (0, 0));
            assert!(users.iter().all(|user| !hub.is_connected(user)));
        }
    });
}

// The original changed its map of devices while it held only the read lock.

#[test]
fn devices_come_and_go_while_everybody_is_broadcast_to_and_none_is_lost_or_invented() {
    within_half_a_minute(|| {
        let hub = UserHub::builder().connections_per_user(3).log_records(10_000).log_bytes(1 << 24).build().unwrap();
        let mut stays = device(&hub, "alice");
        let done = AtomicBool::new(false);
        thread::scope(|scope| {
            let churn: Vec<_> = (0..4)
                .map(|thread| {
                    let hub = &hub;
                    scope.spawn(move || {
                        for round in 0..200 {
                            // Some users are shared between the threads, so that devices displace each other.
                            let user = format!("user-{}", (thread + round) % 5);
                            let mut one = hub.connect(&user).unwrap();
                            let first = frames(&mut one);
                            let is_greeting = matches!(first[0].kind(), FrameKind::Connected | FrameKind::Closing);
                            assert!(is_greeting, "it was displaced at once, or is welcome");
                            let _two = hub.connect(&user).unwrap();
                            hub.broadcast(&user, &Fill((thread, round)));
                            drop(one);
                        }
                    })
                })
                .collect();
            let (hub, done) = (&hub, &done);
            let sender = scope.spawn(move || {
                let mut sent = 0;
                while !done.load(Ordering::Relaxed) && sent < 5_000 {
                    assert!(matches!(hub.broadcast_to_all(&Alarm(sent)), Outcome::Queued { connections: 1.. }));
                    sent += 1;
                }
                sent
            });
            churn.into_iter().for_each(|thread| thread.join().unwrap());
            done.store(true, Ordering::Relaxed);
            let sent = sender.join().unwrap();

            let got = data_of(&frames(&mut stays), "ALARM");
            assert!(got.iter().map(|data| data.as_u64().unwrap()).eq(0..sent), "Alice got all {sent}, in order");
        });
        assert_eq!(counts(&hub), (1, 1));
        drop(stays);
        assert_eq!(counts(&hub), (0, 0));
    });
}

// One full channel made the sender drop the event for all devices that came after it.

#[test]
fn one_stalled_device_costs_the_other_nine_nothing_and_is_told_what_it_missed() {
    let hub = UserHub::builder().connections_per_user(10).log_records(16).build().unwrap();
    let mut stalled = device(&hub, "alice");
    let mut others: Vec<_> = (0..9).map(|_| device(&hub, "alice")).collect();
    for number in 0..1_000 {
        assert_eq!(hub.broadcast("alice", &Fill(number)), Outcome::Queued { connections: 10 });
        for device in &mut others {
            assert_eq!(sees(device), [format!("FILL {number}")]);
        }
    }
    // It reads again: a gap where records are gone, then everything that is still there.
    let late = frames(&mut stalled);
    let gap = json(&late[0]);
    assert_eq!((gap["type"].as_str(), gap["reason"].as_str()), (Some("GAP"), Some("evicted")));
    assert_eq!((gap["from"].as_u64(), gap["to"].as_u64()), (Some(1), Some(984)));
    assert!(data_of(&late, "FILL").iter().map(|data| data.as_u64().unwrap()).eq(984..1_000));
    assert_eq!(late.len(), 1 + 16);
    hub.broadcast("alice", &Fill(1_000));
    assert_eq!(sees(&mut stalled), ["FILL 1000"], "from then on it is like any other");
}

#[test]
fn a_stalled_device_of_one_user_costs_another_user_nothing() {
    let hub = UserHub::builder().log_records(4).build().unwrap();
    let (_stalled, mut bobs) = (device(&hub, "alice"), device(&hub, "bob"));
    for number in 0..100 {
        hub.broadcast("alice", &Fill(number));
        hub.broadcast_to_all(&Alarm(number));
        assert_eq!(sees(&mut bobs), [format!("ALARM {number}")]);
    }
}

// The original started a task for each broadcast, and whichever ran first was first.

/// Whether all of `part` stands in `whole`, in this order.
fn is_in_order(part: &[String], whole: &[String]) -> bool {
    let mut rest = whole.iter();
    part.iter().all(|seen| rest.any(|sent| sent == seen))
}

#[test]
fn what_is_sent_first_is_seen_first_by_every_device_whatever_kind_it_is() {
    const SYMBOLS: [&str; 4] = ["A", "B", "C", "D"];
    let hub = UserHub::builder().log_records(1_000).build().unwrap();
    let (mut prompt, mut slow, mut late) = (device(&hub, "alice"), device(&hub, "alice"), device(&hub, "alice"));
    let (mut sent, mut seen_by_prompt, mut seen_by_slow) = (Vec::new(), Vec::new(), Vec::new());
    for number in 0..100 {
        let symbol = SYMBOLS[number % 4];
        let (fill, price, alarm, total) = (Fill(number), price(symbol, number), Alarm(number), Total(number as i64));
        let alice = Audience::User("alice");
        let steps: [(Audience<'_>, &dyn ErasedEvent, String); 4] = [
            (alice, &fill, format!("FILL {number}")),
            (alice, &price, format!("PRICE/{symbol} {number}")),
            (Audience::Everybody, &alarm, format!("ALARM {number}")),
            (alice, &total, format!("TOTAL {number}")),
        ];
        for (to, event, shown) in steps {
            hub.submit(to, &[event]);
            sent.push(shown);
            seen_by_prompt.extend(sees(&mut prompt));
        }
        if number % 7 == 0 {
            seen_by_slow.extend(sees(&mut slow));
        }
    }
    seen_by_slow.extend(sees(&mut slow));
    let seen_late = sees(&mut late);

    assert_eq!(seen_by_prompt, sent, "who keeps up sees every one");
    assert!(is_in_order(&seen_by_slow, &sent) && is_in_order(&seen_late, &sent), "who does not, sees no other order");
    let logs = |seen: &[String]| seen.iter().filter(|seen| seen.starts_with(['F', 'A'])).count();
    assert_eq!((logs(&seen_by_slow), logs(&seen_late)), (200, 200), "and every Log record");
    assert_eq!(seen_late.len(), 200 + SYMBOLS.len() + 1, "but of each State only the newest value");
}

#[test]
fn a_device_that_keeps_up_sees_every_value_in_the_order_of_the_calls() {
    within_half_a_minute(|| {
        let hub = UserHub::new();
        let mut phone = device(&hub, "alice");
        let read = AtomicUsize::new(0);
        thread::scope(|scope| {
            let (hub, read) = (&hub, &read);
            scope.spawn(move || {
                for number in 0..500 {
                    hub.broadcast("alice", &Total(number));
                    // The next one is sent only when this one was read.
                    while read.load(Ordering::Acquire) <= number as usize {
                        thread::yield_now();
                    }
                }
            });
            for number in 0..500 {
                let frame = block_on(phone.next()).unwrap();
                assert_eq!(shown(&frame), format!("TOTAL {number}"));
                read.fetch_add(1, Ordering::Release);
            }
        });
    });
}

// A slow device made the sender, and so everybody else, wait.

#[test]
fn nobody_waits_for_a_device_that_never_reads() {
    within_half_a_minute(|| {
        let hub = UserHub::new();
        let (never_polled, half_read) = (hub.connect("alice").unwrap(), &mut device(&hub, "alice"));
        hub.group("alice").event(&Fill(0)).event(&Fill(1)).event(&Fill(2)).broadcast();
        assert_eq!(shown(&half_read.next().now_or_never().unwrap().unwrap()), "FILL 0");
        for number in 0..20_000 {
            assert_eq!(hub.broadcast("alice", &Fill(number)), Outcome::Queued { connections: 2 });
            assert_eq!(hub.broadcast("alice", &Total(number)), Outcome::Queued { connections: 2 });
        }
        drop(never_polled);
    });
}

#[test]
fn a_thousand_changes_of_one_value_cost_a_slow_device_one_frame() {
    let hub = UserHub::new();
    let mut slow = device(&hub, "alice");
    (0..1_000).for_each(|number| drop(hub.broadcast("alice", &Total(number))));
    (0..1_000).for_each(|number| drop(hub.broadcast_to_all(&Notice(number))));
    assert_eq!(sees(&mut slow), ["TOTAL 999", "NOTICE 999"]);
}
