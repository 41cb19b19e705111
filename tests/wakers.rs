//! When a waiting connection is woken: once for what came, never for nothing, and never while a lock is held.
#![cfg(feature = "derive")]
#![allow(clippy::unwrap_used)]

mod support;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use futures::{FutureExt, Stream, StreamExt};
use support::{
    Alarm, Fill, Notice, Total, clock, cursor_after, device, frames, hub_on, order, price, sees, shown,
    within_half_a_minute,
};
use user_hub::prelude::*;
use user_hub::testing::ManualClock;
use user_hub::{CloseCode, CloseReason, ConnectOptions, Connection, Start, Timestamp};

/// Counts how often it is woken.
#[derive(Default)]
struct Bell(AtomicUsize);

impl Bell {
    /// How often it rang since it was asked last.
    fn rang(&self) -> usize {
        self.0.swap(0, Ordering::SeqCst)
    }
}

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

/// A device that waits, and the bell that its task would hear.
struct Waiting {
    connection: Connection,
    bell: Arc<Bell>,
}

#[track_caller]
fn waiting(hub: &UserHub, user: &str) -> Waiting {
    let mut waiting = Waiting { connection: device(hub, user), bell: Arc::default() };
    assert_eq!(waiting.sees(), [""; 0]);
    waiting
}

impl Waiting {
    /// Takes what is there, as its task would, and waits again.
    fn sees(&mut self) -> Vec<String> {
        let waker = Waker::from(Arc::clone(&self.bell));
        let mut context = Context::from_waker(&waker);
        let mut seen = Vec::new();
        while let Poll::Ready(Some(frame)) = Pin::new(&mut self.connection).poll_next(&mut context) {
            seen.push(shown(&frame));
        }
        seen
    }
}

#[test]
fn a_waiting_device_is_woken_once_for_a_broadcast() {
    let hub = UserHub::new();
    let (mut phone, mut tab) = (waiting(&hub, "alice"), waiting(&hub, "alice"));
    for number in 0..3 {
        hub.broadcast("alice", &Fill(number));
        assert_eq!((phone.bell.rang(), tab.bell.rang()), (1, 1));
        assert_eq!(phone.sees(), [format!("FILL {number}")]);
        assert_eq!(tab.sees(), [format!("FILL {number}")]);
    }
}

#[test]
fn a_group_wakes_once_however_many_events_it_has() {
    let hub = UserHub::new();
    let mut phone = waiting(&hub, "alice");
    hub.group("alice").event(&Fill(1)).event(&Total(2)).event(&Fill(3)).broadcast();
    assert_eq!(phone.bell.rang(), 1);
    assert_eq!(phone.sees(), ["FILL 1", "TOTAL 2", "FILL 3"]);
}

#[test]
fn a_burst_wakes_each_device_once_at_its_end() {
    let hub = UserHub::new();
    let (mut alices, mut bobs) = (waiting(&hub, "alice"), waiting(&hub, "bob"));
    let carols = waiting(&hub, "carol");
    hub.burst(|burst| {
        for number in 0..10 {
            burst.broadcast("alice", &Fill(number));
            burst.group("bob").event(&Fill(number)).event(&Total(number)).broadcast();
        }
        assert_eq!((alices.bell.rang(), bobs.bell.rang()), (0, 0));
    });
    assert_eq!((alices.bell.rang(), bobs.bell.rang(), carols.bell.rang()), (1, 1, 0));
    assert_eq!((alices.sees().len(), bobs.sees().len()), (10, 11));
}

#[test]
fn a_burst_that_panics_wakes_for_what_it_sent() {
    let hub = UserHub::new();
    let mut phone = waiting(&hub, "alice");
    let burst = std::panic::AssertUnwindSafe(|| {
        hub.burst(|burst| {
            burst.broadcast("alice", &Fill(1));
            panic!("the service has a fault");
        })
    });
    assert!(std::panic::catch_unwind(burst).is_err());
    assert_eq!(phone.bell.rang(), 1);
    assert_eq!(phone.sees(), ["FILL 1"]);
}

#[test]
fn who_was_woken_and_has_not_read_yet_is_not_woken_again() {
    let hub = UserHub::new();
    let mut phone = waiting(&hub, "alice");
    for number in 0..10 {
        hub.broadcast("alice", &Fill(number));
        hub.broadcast_to_all(&Alarm(number));
    }
    assert_eq!(phone.bell.rang(), 1);
    assert_eq!(phone.sees().len(), 20);
    hub.broadcast("alice", &Fill(10));
    assert_eq!(phone.bell.rang(), 1, "but when it waits again, it is");
}

#[test]
fn who_is_in_the_midst_of_a_batch_is_not_woken() {
    let hub = UserHub::new();
    let mut phone = waiting(&hub, "alice");
    hub.group("alice").event(&Fill(1)).event(&Fill(2)).broadcast();
    assert_eq!(phone.bell.rang(), 1);
    assert_eq!(shown(&phone.connection.next().now_or_never().unwrap().unwrap()), "FILL 1");
    hub.broadcast("alice", &Fill(3));
    assert_eq!(phone.bell.rang(), 0);
    assert_eq!(phone.sees(), ["FILL 2", "FILL 3"]);
}

#[test]
fn what_changes_nothing_wakes_nobody() {
    let hub = UserHub::new();
    hub.broadcast("alice", &order("7", 2, "open"));
    let mut phone = waiting(&hub, "alice");
    assert_eq!(hub.broadcast("alice", &order("7", 1, "new")), Outcome::Stale);
    assert_eq!(hub.clear::<Total>("alice"), Outcome::NoAudience);
    assert!(matches!(hub.broadcast("alice", &price("BTC", f64::NAN)), Outcome::Rejected(_)));
    assert!(matches!(hub.broadcast("alice", &Fill(f64::NAN)), Outcome::Rejected(_)));
    assert!(matches!(hub.broadcast("bob", &Total(1)), Outcome::Kept));
    drop(hub.connect("alice").unwrap());
    assert_eq!(phone.bell.rang(), 0);
    assert_eq!(phone.sees(), [""; 0]);
}

#[test]
fn a_broadcast_to_all_wakes_each_waiting_device_once() {
    let hub = UserHub::new();
    let mut devices = ["alice", "alice", "bob"].map(|user| waiting(&hub, user));
    hub.broadcast_to_all(&Notice("hello"));
    for device in &mut devices {
        assert_eq!(device.bell.rang(), 1);
        assert_eq!(device.sees(), [r#"NOTICE "hello""#]);
    }
}

#[test]
fn a_state_that_is_taken_away_because_its_successor_was_refused_wakes() {
    let hub = UserHub::new();
    hub.broadcast("alice", &price("BTC", 1));
    hub.broadcast_to_all(&Notice("hello"));
    let mut phone = waiting(&hub, "alice");
    hub.broadcast("alice", &price("BTC", f64::NAN));
    assert_eq!(phone.bell.rang(), 1);
    assert_eq!(phone.sees(), ["PRICE/BTC removed: rejected"]);
    hub.broadcast_to_all(&Notice(f64::NAN));
    assert_eq!(phone.bell.rang(), 1);
    assert_eq!(phone.sees(), ["NOTICE removed: rejected"]);
}

#[test]
fn a_device_that_has_to_go_is_woken_to_say_so() {
    let hub = UserHub::builder().connections_per_user(1).build().unwrap();
    let mut first = waiting(&hub, "alice");
    let mut second = waiting(&hub, "alice");
    assert_eq!((first.bell.rang(), second.bell.rang()), (1, 0));
    assert_eq!(first.sees(), ["CLOSING"]);
    let mut bobs = waiting(&hub, "bob");
    assert_eq!(hub.close_user("bob", &CloseReason::new(CloseCode::REVOKED)), 1);
    assert_eq!((second.bell.rang(), bobs.bell.rang()), (0, 1));
    assert_eq!(bobs.sees(), ["CLOSING"]);
    hub.shutdown();
    assert_eq!((first.bell.rang(), second.bell.rang(), bobs.bell.rang()), (0, 1, 0));
    assert_eq!(second.sees(), ["CLOSING"]);
}

#[test]
fn an_expiry_that_one_device_noticed_wakes_the_others() {
    let clock = clock();
    let hub = hub_on(&clock).build().unwrap();
    hub.broadcast("alice", &Offer { until: now_plus(&clock, 60) });
    let (mut phone, mut tab) = (waiting(&hub, "alice"), waiting(&hub, "alice"));
    clock.advance(Duration::from_secs(60));
    phone.connection.handle_deadline(phone.connection.now());
    assert_eq!(tab.bell.rang(), 1);
    assert_eq!(tab.sees(), ["OFFER removed: expired"]);
    assert_eq!(phone.sees(), ["OFFER removed: expired"]);
}

/// A State that ends by itself.
#[derive(serde::Serialize, Event)]
#[event(name = "OFFER", state(expires = until))]
struct Offer {
    until: Timestamp,
}

fn now_plus(clock: &ManualClock, seconds: i64) -> Timestamp {
    Timestamp::from_milliseconds(user_hub::Clock::wall(clock).as_milliseconds() + seconds * 1_000)
}

#[test]
fn who_finds_that_something_has_expired_wakes_the_others() {
    let clock = clock();
    let hub = hub_on(&clock).build().unwrap();
    let (mut phone, mut tab) = (waiting(&hub, "alice"), waiting(&hub, "alice"));
    hub.broadcast("alice", &Offer { until: now_plus(&clock, 60) });
    assert_eq!((phone.sees().len(), tab.sees().len()), (1, 1));
    assert_eq!((phone.bell.rang(), tab.bell.rang()), (1, 1));

    clock.advance(Duration::from_secs(60));
    assert_eq!(phone.sees(), ["OFFER removed: expired"], "it was polled before its driver's timer ran");
    assert_eq!(tab.bell.rang(), 1);
    assert_eq!(tab.sees(), ["OFFER removed: expired"]);
}

#[test]
fn who_connects_when_something_has_expired_wakes_the_others() {
    let clock = clock();
    let hub = hub_on(&clock).build().unwrap();
    let mut phone = waiting(&hub, "alice");
    hub.broadcast("alice", &Offer { until: now_plus(&clock, 60) });
    assert_eq!((phone.sees().len(), phone.bell.rang()), (1, 1));

    clock.advance(Duration::from_secs(60));
    let _tab = hub.connect("alice").unwrap();
    assert_eq!(phone.bell.rang(), 1);
    assert_eq!(phone.sees(), ["OFFER removed: expired"]);
}

#[test]
fn a_task_that_moved_is_woken_where_it_is_now() {
    let hub = UserHub::new();
    let mut phone = waiting(&hub, "alice");
    let before = std::mem::take(&mut phone.bell);
    assert_eq!(phone.sees(), [""; 0]);
    assert_eq!(Arc::strong_count(&before), 1, "the waker of before is let go");
    hub.broadcast("alice", &Fill(1));
    assert_eq!((before.rang(), phone.bell.rang()), (0, 1));
}

#[test]
fn a_device_that_is_dropped_leaves_no_waker_behind() {
    let hub = UserHub::new();
    let phone = waiting(&hub, "alice");
    let bell = Arc::clone(&phone.bell);
    drop(phone);
    assert_eq!(Arc::strong_count(&bell), 1);
    hub.broadcast("alice", &Fill(1));
    assert_eq!(bell.rang(), 0);
}

// Wakers are foreign code: what they do with the hub must not meet a lock that is held.

/// A waker that uses the hub in every way when it is woken, and again when the last of it is dropped.
struct Meddles {
    hub: UserHub,
    woken: Arc<AtomicUsize>,
    dropped: Arc<AtomicUsize>,
}

fn meddle(hub: &UserHub, number: usize) {
    hub.broadcast("alice", &Total(number as i64));
    hub.broadcast("bob", &Fill(number));
    hub.broadcast_to_all(&Notice(number));
    let mut device = hub.connect("alice").unwrap();
    let _first = support::frames(&mut device);
    assert_eq!(hub.stats().connections, hub.connection_count());
    assert!(hub.is_connected("alice"));
}

impl Wake for Meddles {
    fn wake(self: Arc<Self>) {
        meddle(&self.hub, self.woken.fetch_add(1, Ordering::SeqCst));
    }
}

impl Drop for Meddles {
    fn drop(&mut self) {
        meddle(&self.hub, self.dropped.fetch_add(1, Ordering::SeqCst));
    }
}

/// Alice's phone waits with a waker that meddles; whatever then happens to it must come to an end.
#[track_caller]
fn meddling(what: impl FnOnce(&UserHub, &ManualClock, Connection) + Send + 'static, woken: usize) {
    let times = within_half_a_minute(move || {
        let clock = clock();
        let hub = hub_on(&clock).connections_per_user(3).build().unwrap();
        let _bob = device(&hub, "bob");
        hub.broadcast("alice", &Offer { until: now_plus(&clock, 60) });
        let mut phone = device(&hub, "alice");
        let (woken, dropped) = (Arc::<AtomicUsize>::default(), Arc::<AtomicUsize>::default());
        let meddles = Meddles { hub: hub.clone(), woken: Arc::clone(&woken), dropped: Arc::clone(&dropped) };
        let waker = Waker::from(Arc::new(meddles));
        assert!(Pin::new(&mut phone).poll_next(&mut Context::from_waker(&waker)).is_pending());
        // From now on the hub has the only one.
        drop(waker);
        assert_eq!(dropped.load(Ordering::SeqCst), 0);
        what(&hub, &clock, phone);
        (woken.load(Ordering::SeqCst), dropped.load(Ordering::SeqCst))
    });
    assert_eq!(times, (woken, 1));
}

/// A bug of the host's own executor.
struct Faulty;

impl Wake for Faulty {
    fn wake(self: Arc<Self>) {
        panic!("a waker that cannot wake");
    }
}

/// A device that waits with such a waker.
fn faulty(hub: &UserHub, user: &str) -> Connection {
    let (mut connection, waker) = (device(hub, user), Waker::from(Arc::new(Faulty)));
    let mut context = Context::from_waker(&waker);
    while Pin::new(&mut connection).poll_next(&mut context).is_ready() {}
    connection
}

#[test]
fn a_waker_that_panics_keeps_no_other_device_asleep() {
    let hub = UserHub::new();
    let users: Vec<String> = (0..100).map(|number| format!("user-{number}")).collect();
    let _faulty: Vec<Connection> = users.iter().map(|user| faulty(&hub, user)).collect();
    let waiting: Vec<Waiting> = users.iter().map(|user| waiting(&hub, user)).collect();
    let told = catch_unwind(AssertUnwindSafe(|| hub.broadcast_to_all(&Notice(1))));
    assert!(told.is_err(), "the host hears of it");
    assert!(waiting.iter().all(|device| device.bell.rang() == 1));
}

#[test]
fn a_waker_may_use_the_hub_when_a_broadcast_wakes_it() {
    meddling(|hub, _, _phone| drop(hub.broadcast("alice", &Fill(1))), 1);
}

#[test]
fn a_waker_may_use_the_hub_when_a_refusal_wakes_it() {
    meddling(
        |hub, clock, _phone| {
            // Not the same time any more: a State that is there is refused, and its removal wakes.
            let bad = Offer { until: now_plus(clock, 90) };
            assert!(matches!(hub.group("alice").event(&bad).event(&Fill(f64::NAN)).broadcast(), Outcome::Rejected(_)));
        },
        1,
    );
}

#[test]
fn a_waker_may_use_the_hub_when_a_broadcast_to_all_wakes_it() {
    meddling(|hub, _, _phone| drop(hub.broadcast_to_all(&Alarm(1))), 1);
}

#[test]
fn a_waker_may_use_the_hub_when_its_device_is_displaced() {
    meddling(
        |hub, _, _phone| {
            let _others = [hub.connect("alice"), hub.connect("alice"), hub.connect("alice")].map(Result::unwrap);
        },
        1,
    );
}

#[test]
fn a_waker_may_use_the_hub_when_a_burst_ends() {
    let bursts = |hub: &UserHub| {
        hub.burst(|burst| {
            burst.broadcast("alice", &Fill(1));
            burst.broadcast("bob", &Fill(2));
        });
    };
    meddling(move |hub, _, _phone| bursts(hub), 1);
}

#[test]
fn a_waker_may_use_the_hub_when_its_user_is_closed() {
    meddling(
        |hub, _, _phone| {
            assert_eq!(hub.close_user("alice", &CloseReason::new(CloseCode::SIGNED_OUT)), 1);
        },
        1,
    );
}

#[test]
fn a_waker_may_use_the_hub_when_something_expires() {
    meddling(
        |_, clock, mut phone| {
            clock.advance(Duration::from_secs(60));
            phone.handle_deadline(phone.now());
        },
        1,
    );
}

#[test]
fn a_waker_may_use_the_hub_when_it_is_let_go_with_its_device() {
    meddling(|_, _, phone| drop(phone), 0);
}

#[test]
fn a_waker_may_use_the_hub_when_another_takes_its_place() {
    meddling(
        |_, _, mut phone| {
            let waker = Waker::noop();
            assert!(Pin::new(&mut phone).poll_next(&mut Context::from_waker(waker)).is_pending());
        },
        0,
    );
}

#[test]
fn a_waker_may_use_the_hub_when_the_hub_shuts_down() {
    within_half_a_minute(|| {
        struct Asks(UserHub, AtomicUsize);
        impl Wake for Asks {
            fn wake(self: Arc<Self>) {
                assert_eq!(self.0.broadcast("alice", &Fill(1)), Outcome::Closed);
                self.0.shutdown();
                self.1.fetch_add(self.0.connections_of("alice"), Ordering::SeqCst);
            }
        }
        let hub = UserHub::new();
        let mut phone = device(&hub, "alice");
        let asks = Arc::new(Asks(hub.clone(), AtomicUsize::new(0)));
        let waker = Waker::from(Arc::clone(&asks));
        assert!(Pin::new(&mut phone).poll_next(&mut Context::from_waker(&waker)).is_pending());
        hub.shutdown();
        assert_eq!(asks.1.load(Ordering::SeqCst), 1, "woken once");
    });
}

#[test]
fn a_device_in_whose_turn_a_waker_panicked_ends_and_gets_what_it_had_taken_when_it_comes_back() {
    let clock = clock();
    let hub = hub_on(&clock).build().unwrap();
    let mut phone = device(&hub, "alice");
    hub.broadcast("alice", &Offer { until: now_plus(&clock, 60) });
    let cursor = cursor_after(&frames(&mut phone)).unwrap();
    let _faulty = faulty(&hub, "alice");

    clock.advance(Duration::from_secs(60));
    let polled = catch_unwind(AssertUnwindSafe(|| phone.next().now_or_never().is_some()));
    assert!(polled.is_err(), "the host hears of it");
    assert_eq!(phone.next().now_or_never().map(|frame| frame.is_some()), Some(false), "it has ended");
    drop(phone);
    let mut back = hub.connect_with("alice", ConnectOptions::new().start(Start::After(cursor))).unwrap();
    assert_eq!(sees(&mut back), ["CONNECTED", "OFFER removed: expired", "SYNCED"]);
}
