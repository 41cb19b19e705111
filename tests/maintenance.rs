//! What the maintenance future takes off the callers, and what a burst gathers; without them all of it happens too.
#![cfg(feature = "derive")]
#![allow(clippy::unwrap_used)]

mod support;

use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use futures::{FutureExt, StreamExt};
use serde::{Serialize, Serializer};
use support::{Alarm, Fill, Notice, Total, clock, cursor_after, device, frames, hub_on, sees, within_half_a_minute};
use tokio_test::task::{self, Spawn};
use tokio_test::{assert_pending, assert_ready};
use user_hub::prelude::*;
use user_hub::{ConnectOptions, Connection, PresenceChange, Start};

const SECOND: Duration = Duration::from_secs(1);
/// The default.
const RETENTION: Duration = Duration::from_secs(15 * 60);

/// Polls it for as long as it wants to be, as a runtime would; true when it has ended.
fn run<F: Future<Output = ()>>(maintenance: &mut Spawn<F>) -> bool {
    loop {
        if maintenance.poll().is_ready() {
            return true;
        }
        if !maintenance.is_woken() {
            return false;
        }
    }
}

/// Many devices of many users, that wait.
fn waiting(hub: &UserHub, users: usize) -> Vec<Spawn<Connection>> {
    let parked = |user: usize| {
        let mut device = task::spawn(device(hub, &format!("user-{user}")));
        assert_pending!(device.poll_next());
        device
    };
    (0..users).map(parked).collect()
}

fn woken(devices: &[Spawn<Connection>]) -> usize {
    devices.iter().filter(|device| device.is_woken()).count()
}

#[tokio::test(start_paused = true)]
async fn it_forgets_users_whose_retention_has_passed_although_nobody_calls() {
    let clock = clock();
    let hub = hub_on(&clock).build().unwrap();
    let mut maintenance = task::spawn(hub.maintenance());
    assert!(!run(&mut maintenance));
    for user in 0..1_000 {
        drop(hub.connect(&format!("user-{user}")).unwrap());
    }
    tokio::time::advance(SECOND).await;
    assert!(!run(&mut maintenance));
    assert_eq!(hub.stats().mailboxes, 1_000);
    clock.advance(RETENTION);
    assert_eq!(hub.stats().mailboxes, 1_000);
    tokio::time::advance(SECOND).await;
    assert!(maintenance.is_woken());
    assert!(!run(&mut maintenance));
    assert_eq!(hub.stats().mailboxes, 0, "all at once, however many they are");
}

#[tokio::test(start_paused = true)]
async fn it_tells_of_users_who_have_left() {
    let clock = clock();
    let hub = hub_on(&clock).build().unwrap();
    let mut maintenance = task::spawn(hub.maintenance());
    assert!(!run(&mut maintenance));
    let mut presence = task::spawn(hub.presence());
    drop(hub.connect("alice").unwrap());
    assert!(matches!(assert_ready!(presence.poll_next()), Some(PresenceChange::Came(_))));
    assert_pending!(presence.poll_next());
    clock.advance(Duration::from_secs(15));
    tokio::time::advance(SECOND).await;
    assert!(!run(&mut maintenance));
    assert!(presence.is_woken());
    assert!(
        matches!(assert_ready!(presence.poll_next()), Some(PresenceChange::Left(user)) if user.as_str() == "alice")
    );
}

#[tokio::test(start_paused = true)]
async fn it_wakes_everybody_in_place_of_the_caller() {
    let hub = UserHub::new();
    let mut devices = waiting(&hub, 100);
    let mut maintenance = task::spawn(hub.maintenance());
    assert!(!run(&mut maintenance));
    assert_eq!(hub.broadcast_to_all(&Notice(1)), Outcome::Queued { connections: 100 });
    assert_eq!(woken(&devices), 0, "the caller goes on at once");
    assert!(maintenance.is_woken());
    assert!(!run(&mut maintenance));
    assert_eq!(woken(&devices), 100);
    assert!(devices.iter_mut().all(|device| sees(device) == ["NOTICE 1"]));
    // For one device the caller still does it.
    assert_pending!(devices[0].poll_next());
    hub.broadcast("user-0", &Fill(1));
    assert!(devices[0].is_woken());
}

#[tokio::test(start_paused = true)]
async fn it_wakes_the_devices_of_a_user_and_of_a_burst_in_place_of_the_caller() {
    let hub = UserHub::new();
    let mut devices = waiting(&hub, 3);
    let mut tab = task::spawn(device(&hub, "user-0"));
    assert_pending!(tab.poll_next());
    let mut maintenance = task::spawn(hub.maintenance());
    assert!(!run(&mut maintenance));
    assert_eq!(hub.broadcast("user-0", &Fill(1)), Outcome::Queued { connections: 2 });
    assert!(!tab.is_woken() && woken(&devices) == 0, "the caller goes on at once");
    assert!(maintenance.is_woken());
    assert!(!run(&mut maintenance));
    assert!(tab.is_woken() && woken(&devices) == 1);

    hub.burst(|burst| {
        burst.broadcast("user-1", &Fill(2));
        burst.broadcast("user-2", &Fill(3));
    });
    assert_eq!(woken(&devices), 1);
    assert!(!run(&mut maintenance));
    assert_eq!(woken(&devices), 3);
    assert_eq!(devices.iter_mut().map(|device| sees(device)).collect::<Vec<_>>(), [["FILL 1"], ["FILL 2"], ["FILL 3"]]);
    assert_eq!(sees(&mut tab), ["FILL 1"]);
}

#[tokio::test(start_paused = true)]
async fn it_lets_other_tasks_have_their_turn_between_the_devices_of_a_large_burst() {
    let hub = UserHub::new();
    let devices = waiting(&hub, 200);
    let mut maintenance = task::spawn(hub.maintenance());
    assert!(!run(&mut maintenance));
    hub.burst(|burst| {
        for user in 0..200 {
            burst.broadcast(&format!("user-{user}"), &Fill(1));
        }
    });
    let mut turns = vec![];
    while maintenance.is_woken() {
        assert_pending!(maintenance.poll());
        turns.push(woken(&devices));
    }
    assert_eq!(turns, [64, 128, 192, 200]);
}

#[tokio::test(start_paused = true)]
async fn a_storm_of_broadcasts_does_not_keep_it_from_forgetting() {
    let clock = clock();
    let hub = hub_on(&clock).build().unwrap();
    drop(hub.connect("bob").unwrap());
    let mut maintenance = task::spawn(hub.maintenance());
    assert!(!run(&mut maintenance));
    clock.advance(RETENTION);
    tokio::time::advance(SECOND).await;
    let mut devices = waiting(&hub, 1);
    devices.push(task::spawn(device(&hub, "user-0")));
    assert_pending!(devices[1].poll_next());
    for number in 0..10 {
        hub.broadcast("user-0", &Fill(number));
        assert_pending!(maintenance.poll());
        assert_eq!(woken(&devices), 2);
        devices.iter_mut().for_each(|device| assert_eq!(sees(device), [format!("FILL {number}")]));
    }
    assert_eq!(hub.stats().mailboxes, 1, "bob's is forgotten");
}

#[tokio::test(start_paused = true)]
async fn dropped_or_shut_down_before_it_woke_the_devices_of_a_burst_it_leaves_nobody_asleep() {
    for is_dropped in [true, false] {
        for turns in 0..3 {
            let hub = UserHub::new();
            let devices = waiting(&hub, 200);
            let mut maintenance = task::spawn(hub.maintenance());
            assert!(!run(&mut maintenance));
            hub.burst(|burst| {
                for user in 0..200 {
                    burst.broadcast(&format!("user-{user}"), &Fill(1));
                }
            });
            (0..turns).for_each(|_| assert_pending!(maintenance.poll()));
            assert_eq!(woken(&devices), turns * 64);
            if is_dropped {
                drop(maintenance);
            } else {
                hub.shutdown();
                assert!(run(&mut maintenance));
            }
            assert_eq!(woken(&devices), 200);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn dropped_in_the_midst_of_a_burst_that_also_went_to_everybody_it_leaves_nobody_asleep() {
    let hub = UserHub::new();
    let devices = waiting(&hub, 300);
    let mut maintenance = task::spawn(hub.maintenance());
    assert!(!run(&mut maintenance));
    hub.burst(|burst| {
        for user in 0..100 {
            burst.broadcast(&format!("user-{user}"), &Fill(1));
        }
        burst.broadcast_to_all(&Notice(1));
    });
    assert_pending!(maintenance.poll());
    assert_eq!(woken(&devices), 64);
    drop(maintenance);
    assert_eq!(woken(&devices), 300);
}

#[tokio::test(start_paused = true)]
async fn it_lets_other_tasks_have_their_turn_while_it_wakes_everybody() {
    let hub = UserHub::new();
    let devices = waiting(&hub, 200);
    let mut maintenance = task::spawn(hub.maintenance());
    assert!(!run(&mut maintenance));
    hub.broadcast_to_all(&Notice(1));
    let (mut turns, mut most, mut before) = (0, 0, 0);
    while maintenance.is_woken() {
        assert_pending!(maintenance.poll());
        let now = woken(&devices);
        (turns, most, before) = (turns + 1, most.max(now - before), now);
    }
    assert_eq!((before, most), (200, 64), "in {turns} turns");
    assert!(turns > 3, "{turns} turns");
}

#[tokio::test(start_paused = true)]
async fn without_it_the_caller_wakes_everybody() {
    let hub = UserHub::new();
    let devices = waiting(&hub, 100);
    // One that is not driven is none.
    let idle = hub.maintenance();
    hub.broadcast_to_all(&Notice(1));
    assert_eq!(woken(&devices), 100);
    drop(idle);
}

#[tokio::test(start_paused = true)]
async fn after_it_was_dropped_the_caller_wakes_everybody_again() {
    let hub = UserHub::new();
    let devices = waiting(&hub, 100);
    let mut maintenance = task::spawn(hub.maintenance());
    assert!(!run(&mut maintenance));
    drop(maintenance);
    hub.broadcast_to_all(&Notice(1));
    assert_eq!(woken(&devices), 100);
}

#[tokio::test(start_paused = true)]
async fn dropped_when_there_is_nothing_to_tell_it_wakes_nobody() {
    let hub = UserHub::new();
    let devices = waiting(&hub, 100);
    let mut maintenance = task::spawn(hub.maintenance());
    assert!(!run(&mut maintenance));
    drop(maintenance);
    assert_eq!(woken(&devices), 0);
}

#[tokio::test(start_paused = true)]
async fn dropped_before_it_began_to_wake_it_leaves_nobody_asleep() {
    let hub = UserHub::new();
    let devices = waiting(&hub, 100);
    let mut maintenance = task::spawn(hub.maintenance());
    assert!(!run(&mut maintenance));
    hub.broadcast_to_all(&Notice(1));
    drop(maintenance);
    assert_eq!(woken(&devices), 100);
}

#[tokio::test(start_paused = true)]
async fn dropped_in_the_midst_of_waking_it_leaves_nobody_asleep() {
    let hub = UserHub::new();
    let devices = waiting(&hub, 200);
    let mut maintenance = task::spawn(hub.maintenance());
    assert!(!run(&mut maintenance));
    hub.broadcast_to_all(&Notice(1));
    assert_pending!(maintenance.poll());
    assert!(woken(&devices) < 200);
    drop(maintenance);
    assert_eq!(woken(&devices), 200);
}

#[tokio::test(start_paused = true)]
async fn shut_down_in_the_midst_of_waking_it_wakes_all_and_ends() {
    let hub = UserHub::new();
    let devices = waiting(&hub, 200);
    let mut maintenance = task::spawn(hub.maintenance());
    assert!(!run(&mut maintenance));
    hub.broadcast_to_all(&Notice(1));
    assert_pending!(maintenance.poll());
    hub.shutdown();
    assert!(run(&mut maintenance));
    assert_eq!(woken(&devices), 200);
}

#[tokio::test(start_paused = true)]
async fn of_two_either_may_go() {
    for first_goes in [true, false] {
        let hub = UserHub::new();
        let devices = waiting(&hub, 100);
        let (mut one, mut other) = (task::spawn(hub.maintenance()), task::spawn(hub.maintenance()));
        assert!(!run(&mut one) && !run(&mut other));
        let mut stays = if first_goes {
            drop(one);
            other
        } else {
            drop(other);
            one
        };
        hub.broadcast_to_all(&Notice(1));
        assert!(stays.is_woken(), "it need not wait for its next look");
        assert!(!run(&mut stays));
        assert_eq!(woken(&devices), 100);
    }
}

#[tokio::test(start_paused = true)]
async fn it_ends_when_the_hub_is_shut_down_or_drained() {
    let hub = UserHub::new();
    let (mut one, mut other) = (task::spawn(hub.maintenance()), task::spawn(hub.maintenance()));
    assert!(!run(&mut one) && !run(&mut other));
    hub.shutdown();
    assert!(one.is_woken() && other.is_woken());
    assert!(run(&mut one) && run(&mut other));
    assert!(run(&mut task::spawn(hub.maintenance())), "and does not begin again");

    let hub = UserHub::new();
    let mut maintenance = task::spawn(hub.maintenance());
    assert!(!run(&mut maintenance));
    hub.drain(SECOND).await;
    assert!(maintenance.is_woken());
    assert!(run(&mut maintenance));
}

#[tokio::test(start_paused = true)]
async fn a_device_resumes_although_the_hub_is_maintained() {
    let clock = clock();
    let hub = hub_on(&clock).build().unwrap();
    let mut maintenance = task::spawn(hub.maintenance());
    let mut phone = hub.connect("alice").unwrap();
    let cursor = cursor_after(&frames(&mut phone)).unwrap();
    drop(phone);
    hub.broadcast("alice", &Fill(1));
    clock.advance(RETENTION - Duration::from_nanos(1));
    tokio::time::advance(SECOND).await;
    assert!(!run(&mut maintenance));
    let mut back = hub.connect_with("alice", ConnectOptions::new().start(Start::After(cursor))).unwrap();
    // The record itself is not too old either.
    assert_eq!(sees(&mut back), ["CONNECTED", "FILL 1", "SYNCED"]);
}

#[test]
fn it_can_be_spawned() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_time().build().unwrap();
    runtime.block_on(async {
        let hub = UserHub::new();
        let maintenance = tokio::spawn({
            let hub = hub.clone();
            async move { hub.maintenance().await }
        });
        let mut phone = device(&hub, "alice");
        for number in 0..100 {
            hub.broadcast_to_all(&Alarm(number));
            assert_eq!(phone.next().await.unwrap().name(), "ALARM");
        }
        hub.shutdown();
        maintenance.await.unwrap();
    });
}

// Bursts.

#[test]
fn a_burst_wakes_each_device_once_at_its_end_and_keeps_the_order() {
    let hub = UserHub::new();
    let mut devices = waiting(&hub, 3);
    let returned = hub.burst(|burst| {
        for number in 0..5 {
            assert_eq!(burst.broadcast("user-0", &Fill(number)), Outcome::Queued { connections: 1 });
            burst.broadcast("user-1", &Total(number));
        }
        hub.broadcast("user-0", &Fill(5));
        burst.broadcast("user-0", &Fill(6));
        assert_eq!(woken(&devices), 0);
        "returned"
    });
    assert_eq!(returned, "returned");
    assert_eq!(devices.iter().map(Spawn::is_woken).collect::<Vec<_>>(), [true, true, false]);
    assert_eq!(sees(&mut devices[0]), (0..7).map(|number| format!("FILL {number}")).collect::<Vec<_>>());
    assert_eq!(sees(&mut devices[1]), ["TOTAL 4"]);
}

#[test]
fn what_a_burst_sends_to_everybody_wakes_at_its_end_too() {
    let hub = UserHub::new();
    let mut devices = waiting(&hub, 3);
    hub.burst(|burst| {
        burst.broadcast_to_all(&Alarm(1));
        burst.broadcast("user-0", &Fill(2));
        burst.broadcast_to_all(&Alarm(3));
        assert_eq!(woken(&devices), 0);
    });
    assert_eq!(woken(&devices), 3);
    assert_eq!(sees(&mut devices[0]), ["ALARM 1", "FILL 2", "ALARM 3"]);
    assert_eq!(sees(&mut devices[1]), ["ALARM 1", "ALARM 3"]);
}

#[tokio::test(start_paused = true)]
async fn what_a_burst_sends_to_everybody_is_left_to_the_maintenance_if_there_is_one() {
    let hub = UserHub::new();
    let devices = waiting(&hub, 3);
    let mut maintenance = task::spawn(hub.maintenance());
    assert!(!run(&mut maintenance));
    hub.burst(|burst| {
        burst.broadcast_to_all(&Alarm(1));
        burst.broadcast("user-0", &Fill(2));
        assert!(!maintenance.is_woken());
    });
    assert_eq!(woken(&devices), 0);
    assert!(!run(&mut maintenance));
    assert_eq!(woken(&devices), 3);
}

#[test]
fn a_burst_that_panics_wakes_for_what_it_sent() {
    let hub = UserHub::new();
    let mut devices = waiting(&hub, 2);
    let fails = || {
        hub.burst(|burst| {
            burst.broadcast("user-0", &Fill(1));
            burst.broadcast_to_all(&Alarm(2));
            panic!("the service has a fault");
        })
    };
    assert!(catch_unwind(AssertUnwindSafe(fails)).is_err());
    assert_eq!(woken(&devices), 2);
    assert_eq!(sees(&mut devices[0]), ["FILL 1", "ALARM 2"]);
}

#[test]
fn a_burst_in_a_burst_wakes_at_its_own_end() {
    let hub = UserHub::new();
    let mut devices = waiting(&hub, 2);
    hub.burst(|outer| {
        outer.broadcast("user-0", &Fill(1));
        hub.burst(|inner| {
            inner.broadcast("user-0", &Fill(2));
            inner.broadcast("user-1", &Fill(3));
            assert_eq!(woken(&devices), 0);
        });
        assert_eq!(devices.iter().map(Spawn::is_woken).collect::<Vec<_>>(), [false, true]);
        outer.broadcast("user-0", &Fill(4));
    });
    assert_eq!(sees(&mut devices[0]), ["FILL 1", "FILL 2", "FILL 4"]);
    assert_eq!(woken(&devices), 2);
}

/// A payload that does something while it is encoded.
struct Does<F: Fn()>(F);

impl<F: Fn()> Serialize for Does<F> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        (self.0)();
        serializer.serialize_str("done")
    }
}

#[test]
fn a_payload_that_broadcasts_into_its_own_burst_loses_no_wake_up() {
    within_half_a_minute(|| {
        let hub = UserHub::new();
        let mut devices = waiting(&hub, 3);
        hub.burst(|burst| {
            burst.broadcast("user-0", &Fill(0));
            let inner = Does(|| {
                burst.broadcast("user-1", &Fill(1));
                burst.broadcast_to_all(&Alarm(2));
            });
            burst.broadcast("user-0", &Fill(inner));
            assert_eq!(woken(&devices), 0);
        });
        assert_eq!(woken(&devices), 3);
        assert_eq!(sees(&mut devices[0]), ["FILL 0", "ALARM 2", r#"FILL "done""#]);
        assert_eq!(sees(&mut devices[1]), ["FILL 1", "ALARM 2"]);
    });
}

#[test]
fn a_device_that_is_awake_may_take_it_before_the_burst_is_over() {
    let hub = UserHub::new();
    let mut awake = device(&hub, "alice");
    hub.burst(|burst| {
        burst.broadcast("alice", &Fill(1));
        assert_eq!(awake.next().now_or_never().flatten().unwrap().name(), "FILL");
    });
}
