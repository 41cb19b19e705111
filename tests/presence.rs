//! Who is there: what a watcher is told of users coming and leaving, and the list of a user's connections.
#![cfg(feature = "derive")]
#![allow(clippy::unwrap_used)]

mod support;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Barrier, Mutex};
use std::task::{Context, Poll, Wake, Waker};
use std::thread;
use std::time::Duration;

use futures::{FutureExt, Stream, StreamExt};
use support::{Fill, Total, clock, device, hub_on, sees, within_half_a_minute};
use tokio_test::{assert_pending, task};
use user_hub::prelude::*;
use user_hub::{Clock, CloseCode, CloseReason, ConnectOptions, Presence, PresenceChange};

const NOTHING: [&str; 0] = [];
const SECOND: Duration = Duration::from_secs(1);
const INSTANT: Duration = Duration::from_nanos(1);
/// The default.
const GRACE: Duration = Duration::from_secs(15);

/// What a watcher is told now, as `+user` and `-user`.
fn told(presence: &mut Presence) -> Vec<String> {
    std::iter::from_fn(|| presence.next().now_or_never().flatten())
        .map(|change| match change {
            PresenceChange::Came(user) => format!("+{user}"),
            PresenceChange::Left(user) => format!("-{user}"),
            _ => panic!("users come and leave"),
        })
        .collect()
}

/// The same, in an order that does not depend on who was found first.
fn told_sorted(presence: &mut Presence) -> Vec<String> {
    let mut told = told(presence);
    told.sort();
    told
}

#[test]
fn a_user_comes_with_the_first_device_and_leaves_when_the_last_one_has_been_gone_for_the_grace() {
    let clock = clock();
    let hub = hub_on(&clock).build().unwrap();
    let mut presence = hub.presence();
    assert_eq!(told(&mut presence), NOTHING);
    let phone = hub.connect("alice").unwrap();
    assert_eq!(told(&mut presence), ["+alice"]);
    let tab = hub.connect("alice").unwrap();
    drop(phone);
    clock.advance(GRACE * 10);
    assert_eq!(told(&mut presence), NOTHING, "she has a device all the time");
    drop(tab);
    clock.advance(GRACE - INSTANT);
    assert_eq!(told(&mut presence), NOTHING);
    clock.advance(INSTANT);
    assert_eq!(told(&mut presence), ["-alice"]);
    clock.advance(GRACE * 10);
    assert_eq!(told(&mut presence), NOTHING);
    let _back = hub.connect("alice").unwrap();
    assert_eq!(told(&mut presence), ["+alice"]);
}

#[test]
fn a_reconnect_does_not_flap_and_the_grace_begins_anew_with_each_leaving() {
    let clock = clock();
    let hub = hub_on(&clock).presence_grace(SECOND * 5).build().unwrap();
    let mut presence = hub.presence();
    for _ in 0..5 {
        let phone = hub.connect("alice").unwrap();
        clock.advance(SECOND * 4);
        drop(phone);
        clock.advance(SECOND * 4);
    }
    assert_eq!(told(&mut presence), ["+alice"]);
    clock.advance(SECOND - INSTANT);
    assert_eq!(told(&mut presence), NOTHING);
    clock.advance(INSTANT);
    assert_eq!(told(&mut presence), ["-alice"]);
}

#[test]
fn without_a_grace_a_user_leaves_at_once() {
    let hub = hub_on(&clock()).presence_grace(Duration::ZERO).build().unwrap();
    let mut presence = hub.presence();
    let phone = hub.connect("alice").unwrap();
    assert_eq!(told(&mut presence), ["+alice"]);
    drop(phone);
    assert_eq!(told(&mut presence), ["-alice"]);
}

#[test]
fn a_grace_longer_than_the_retention_ends_in_passing_too() {
    let clock = clock();
    let hub = hub_on(&clock).log_age(SECOND).retention(SECOND).presence_grace(SECOND * 5).build().unwrap();
    let mut presence = task::spawn(hub.presence());
    drop(hub.connect("alice").unwrap());
    assert!(matches!(presence.poll_next(), Poll::Ready(Some(PresenceChange::Came(_)))));
    // Her mailbox is forgotten, so nobody else has anything to see to.
    clock.advance(SECOND);
    hub.broadcast("nobody", &Fill(1));
    assert_pending!(presence.poll_next());
    clock.advance(SECOND * 4);
    hub.broadcast("nobody", &Fill(1));
    assert!(presence.is_woken(), "her grace has passed");
}

#[test]
fn with_a_grace_that_no_clock_can_say_nobody_ever_leaves() {
    let clock = clock();
    let hub = hub_on(&clock).presence_grace(Duration::MAX).build().unwrap();
    let mut presence = hub.presence();
    drop(hub.connect("alice").unwrap());
    clock.advance(GRACE * 1_000_000);
    assert_eq!(told(&mut presence), ["+alice"]);
}

#[test]
fn a_user_who_was_told_to_close_is_there_until_the_device_is_gone() {
    let clock = clock();
    let hub = hub_on(&clock).build().unwrap();
    let mut presence = hub.presence();
    let phone = hub.connect("alice").unwrap();
    assert_eq!(told(&mut presence), ["+alice"]);
    hub.close_user("alice", &CloseReason::new(CloseCode::REVOKED));
    clock.advance(GRACE);
    assert_eq!(told(&mut presence), NOTHING);
    drop(phone);
    clock.advance(GRACE);
    assert_eq!(told(&mut presence), ["-alice"]);
}

#[test]
fn state_for_an_absent_user_is_no_presence() {
    let hub = UserHub::new();
    let mut presence = hub.presence();
    hub.broadcast("alice", &Total(1));
    assert_eq!(told(&mut presence), NOTHING);
}

// Watchers.

#[test]
fn a_watcher_begins_with_who_is_there() {
    let clock = clock();
    let hub = hub_on(&clock).build().unwrap();
    let _devices = [hub.connect("alice").unwrap(), hub.connect("alice").unwrap(), hub.connect("bob").unwrap()];
    drop(hub.connect("user-1").unwrap());
    let mut first = hub.presence();
    let mut second = hub.presence();
    assert_eq!(told_sorted(&mut first), ["+alice", "+bob"], "who has just left was never seen");
    assert_eq!(told_sorted(&mut second), ["+alice", "+bob"]);
}

#[test]
fn a_later_watcher_finds_also_who_is_within_the_grace() {
    let clock = clock();
    let hub = hub_on(&clock).build().unwrap();
    let mut first = hub.presence();
    drop(hub.connect("alice").unwrap());
    let mut second = hub.presence();
    clock.advance(GRACE - INSTANT);
    assert_eq!((told(&mut first), told(&mut second)), (vec!["+alice".to_owned()], vec!["+alice".to_owned()]));
    clock.advance(INSTANT);
    assert_eq!((told(&mut first), told(&mut second)), (vec!["-alice".to_owned()], vec!["-alice".to_owned()]));
}

#[test]
fn each_watcher_is_told_at_its_own_pace() {
    let clock = clock();
    let hub = hub_on(&clock).build().unwrap();
    let (mut quick, mut slow) = (hub.presence(), hub.presence());
    let alices = hub.connect("alice").unwrap();
    assert_eq!(told(&mut quick), ["+alice"]);
    let _bobs = hub.connect("bob").unwrap();
    assert_eq!(told(&mut quick), ["+bob"]);
    drop(alices);
    clock.advance(GRACE);
    assert_eq!(told(&mut quick), ["-alice"]);
    // What cancelled itself out is not told.
    assert_eq!(told(&mut slow), ["+bob"]);
    drop(quick);
    let _back = hub.connect("alice").unwrap();
    assert_eq!(told(&mut slow), ["+alice"]);
}

#[test]
fn a_slow_watcher_is_told_each_user_once_however_often_they_came_and_left() {
    let clock = clock();
    let hub = hub_on(&clock).presence_grace(Duration::ZERO).build().unwrap();
    let mut slow = hub.presence();
    for _ in 0..1_000 {
        drop(hub.connect("alice").unwrap());
        drop(hub.connect("bob").unwrap());
    }
    let _stays = hub.connect("alice").unwrap();
    assert_eq!(told(&mut slow), ["+alice"]);
}

#[test]
fn a_waiting_watcher_is_woken_by_who_comes_and_leaves() {
    let clock = clock();
    let hub = hub_on(&clock).build().unwrap();
    let mut presence = task::spawn(hub.presence());
    assert_pending!(presence.poll_next());
    let phone = hub.connect("alice").unwrap();
    assert!(presence.is_woken());
    assert_eq!(told(&mut presence), ["+alice"]);

    assert_pending!(presence.poll_next());
    let tab = hub.connect("alice").unwrap();
    drop((phone, tab));
    assert!(!presence.is_woken(), "nothing has changed yet");
    clock.advance(GRACE);
    hub.broadcast("bob", &Fill(1));
    assert!(presence.is_woken(), "it is seen in passing");
    assert_eq!(told(&mut presence), ["-alice"]);
}

/// A waker that uses the hub and watches on, as a task that runs at once would.
struct CallsBack {
    hub: UserHub,
    presence: Mutex<Option<Presence>>,
    told: Mutex<Vec<String>>,
}

impl Wake for CallsBack {
    fn wake(self: Arc<Self>) {
        assert!(self.hub.connections("alice").len() < 3);
        self.hub.broadcast("bob", &Total(1));
        drop(self.hub.presence());
        let taken = self.presence.lock().unwrap().take();
        if let Some(mut presence) = taken {
            self.told.lock().unwrap().append(&mut told(&mut presence));
            let waker = Waker::from(Arc::clone(&self));
            assert!(std::pin::pin!(&mut presence).poll_next(&mut Context::from_waker(&waker)).is_pending());
            *self.presence.lock().unwrap() = Some(presence);
        }
    }
}

impl Drop for CallsBack {
    fn drop(&mut self) {
        assert!(self.hub.connections("alice").len() < 3);
    }
}

#[test]
fn a_waker_of_a_watcher_may_use_the_hub() {
    within_half_a_minute(|| {
        let clock = clock();
        let hub = hub_on(&clock).build().unwrap();
        let task = Arc::new(CallsBack { hub: hub.clone(), presence: Mutex::default(), told: Mutex::default() });
        let mut presence = hub.presence();
        let waker = Waker::from(Arc::clone(&task));
        assert!(std::pin::pin!(&mut presence).poll_next(&mut Context::from_waker(&waker)).is_pending());
        *task.presence.lock().unwrap() = Some(presence);
        drop(waker);
        drop(hub.connect("alice").unwrap());
        clock.advance(GRACE);
        hub.broadcast("bob", &Fill(1));
        assert_eq!(*task.told.lock().unwrap(), ["+alice", "-alice"]);
        // Dropped with its waker inside, which refers to the task once more.
        let presence = task.presence.lock().unwrap().take();
        drop(presence);
        assert_eq!(Arc::strong_count(&task), 1);
    });
}

/// A waker that uses the hub when it is dropped.
struct UsesHubWhenDropped(UserHub, Arc<AtomicUsize>);

impl Wake for UsesHubWhenDropped {
    fn wake(self: Arc<Self>) {}
}

impl Drop for UsesHubWhenDropped {
    fn drop(&mut self) {
        drop(self.0.presence());
        drop(self.0.connect("bob"));
        self.1.fetch_add(1, Ordering::SeqCst);
    }
}

#[test]
fn a_waker_that_is_replaced_or_left_behind_is_dropped_without_a_lock() {
    within_half_a_minute(|| {
        let (hub, dropped) = (UserHub::new(), Arc::<AtomicUsize>::default());
        let mut presence = hub.presence();
        for _ in 0..2 {
            let waker = Waker::from(Arc::new(UsesHubWhenDropped(hub.clone(), Arc::clone(&dropped))));
            let _told = std::pin::pin!(&mut presence).poll_next(&mut Context::from_waker(&waker));
        }
        while std::pin::pin!(&mut presence).poll_next(&mut Context::from_waker(Waker::noop())).is_ready() {}
        assert_eq!(dropped.load(Ordering::SeqCst), 2);
        let waker = Waker::from(Arc::new(UsesHubWhenDropped(hub.clone(), Arc::clone(&dropped))));
        while let Poll::Ready(Some(_)) = std::pin::pin!(&mut presence).poll_next(&mut Context::from_waker(&waker)) {}
        drop((waker, presence));
        assert_eq!(dropped.load(Ordering::SeqCst), 3);
    });
}

#[test]
fn who_watches_after_the_last_watcher_is_gone_begins_with_the_truth() {
    let clock = clock();
    let hub = hub_on(&clock).build().unwrap();
    let alices = hub.connect("alice").unwrap();
    assert_eq!(told(&mut hub.presence()), ["+alice"]);
    // Nobody watches while these come and go.
    drop(alices);
    let _bobs = hub.connect("bob").unwrap();
    let mut presence = hub.presence();
    assert_eq!(told(&mut presence), ["+bob"]);
    clock.advance(GRACE);
    assert_eq!(told(&mut presence), NOTHING);
}

#[test]
fn a_watcher_that_was_dropped_is_not_woken() {
    let hub = UserHub::new();
    let bell = Arc::new(UsesHubWhenDropped(hub.clone(), Arc::default()));
    let weak = Arc::downgrade(&bell);
    let mut presence = hub.presence();
    let waker = Waker::from(bell);
    assert!(std::pin::pin!(&mut presence).poll_next(&mut Context::from_waker(&waker)).is_pending());
    drop((waker, presence));
    assert_eq!(weak.strong_count(), 0, "nothing of it is kept");
    drop(hub.connect("alice").unwrap());
}

#[test]
fn watchers_that_come_and_go_while_users_do_end_up_with_the_truth() {
    within_half_a_minute(|| {
        let hub = UserHub::builder().presence_grace(Duration::ZERO).build().unwrap();
        let barrier = Barrier::new(3);
        for _ in 0..300 {
            let mut stays = None;
            thread::scope(|scope| {
                scope.spawn(|| {
                    barrier.wait();
                    (0..3).for_each(|_| drop(hub.connect("alice").unwrap()));
                });
                scope.spawn(|| {
                    barrier.wait();
                    (0..3).for_each(|_| drop(hub.presence()));
                });
                barrier.wait();
                stays = Some((hub.connect("bob").unwrap(), hub.presence()));
            });
            let (bobs, mut presence) = stays.unwrap();
            // Alice may have been seen, but she is not there.
            let seen = told_sorted(&mut presence);
            assert_eq!(seen, ["+bob"]);
            assert_eq!(told(&mut hub.presence()), ["+bob"]);
            drop(bobs);
        }
    });
}

// The list of a user's connections.

#[test]
fn the_list_says_what_the_host_said_of_each_connection_oldest_first() {
    let clock = clock();
    let hub = hub_on(&clock).build().unwrap();
    assert_eq!(hub.connections("alice"), []);
    let came = clock.wall();
    let phone = hub.connect_with("alice", ConnectOptions::new().session("s-1").transport("websocket")).unwrap();
    clock.advance(SECOND);
    let tab = device(&hub, "alice");
    let _bobs = device(&hub, "bob");

    let list = hub.connections("alice");
    assert_eq!(list.len(), 2);
    assert_eq!((list[0].id, list[0].session.as_ref().unwrap().as_str()), (phone.id(), "s-1"));
    assert_eq!((list[0].transport, list[0].since), ("websocket", came));
    assert_eq!((list[1].id, &list[1].session, list[1].transport), (tab.id(), &None, ""));
    assert_eq!(list[1].since, clock.wall());
    drop(phone);
    assert_eq!(hub.connections("alice").len(), 1);
}

#[test]
fn the_list_says_how_far_each_connection_is_behind() {
    let hub = UserHub::new();
    let (mut quick, mut slow) = (device(&hub, "alice"), device(&hub, "alice"));
    let behind = || hub.connections("alice").iter().map(|info| info.behind).collect::<Vec<_>>();
    assert_eq!(behind(), [0, 0]);
    (0..3).for_each(|number| drop(hub.broadcast("alice", &Fill(number))));
    hub.broadcast("alice", &Total(1));
    hub.broadcast("alice", &Total(2));
    assert_eq!(behind(), [5, 5]);
    assert_eq!(sees(&mut quick).len(), 4);
    assert_eq!(behind(), [0, 5]);
    // It takes a batch at once; what it has taken may be on its way.
    assert!(slow.next().now_or_never().is_some());
    assert_eq!(behind(), [0, 0]);
    let _new = hub.connect("alice").unwrap();
    assert_eq!(behind(), [0, 0, 0], "what was before it came is not its history");
    hub.broadcast("alice", &Fill(3));
    assert_eq!(behind(), [1, 1, 1]);
}

#[test]
fn who_was_told_to_close_is_not_on_the_list() {
    let hub = UserHub::builder().connections_per_user(2).build().unwrap();
    let (phone, tab) = (device(&hub, "alice"), device(&hub, "alice"));
    let third = device(&hub, "alice");
    let ids = || hub.connections("alice").iter().map(|info| info.id).collect::<Vec<_>>();
    assert_eq!(ids(), [tab.id(), third.id()]);
    hub.close_connection("alice", tab.id(), &CloseReason::new(CloseCode::NORMAL));
    assert_eq!(ids(), [third.id()]);
    assert_eq!(hub.connections_of("alice"), 3, "until they are dropped, they are there");
    drop((phone, tab));
    assert_eq!(hub.connections_of("alice"), 1);
}
