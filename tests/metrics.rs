//! What a hub counts, as the recorder of its host has it.
#![cfg(all(feature = "metrics", feature = "derive"))]
#![allow(clippy::unwrap_used)]

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use metrics::{Counter, Gauge, Histogram, Key, KeyName, Metadata, Recorder, SharedString, Unit};
use metrics_util::debugging::{DebugValue, DebuggingRecorder};
use support::{Alarm, Fill, Price, Total, clock, device, frames, hub_on, order, price, sees};
use user_hub::prelude::*;
use user_hub::{CloseCode, CloseReason, ConnectOptions, DynamicEvent, LoadedState, Outcome, Start, UserId};

/// Every number by its name and labels.
struct Numbers(BTreeMap<String, DebugValue>);

impl Numbers {
    /// What a recorder has counted when `test` is over.
    fn after(test: impl FnOnce()) -> Self {
        let recorder = DebuggingRecorder::new();
        metrics::with_local_recorder(&recorder, test);
        let numbers = recorder.snapshotter().snapshot().into_vec().into_iter().map(|(key, _, _, value)| {
            let labels: Vec<String> =
                key.key().labels().map(|label| format!("{}={}", label.key(), label.value())).collect();
            (format!("{}{{{}}}", key.key().name(), labels.join(",")), value)
        });
        Self(numbers.collect())
    }

    /// A counter or gauge; 0 if it never was.
    fn of(&self, name: &str, labels: &str) -> f64 {
        match self.0.get(&format!("user_hub_{name}{{{labels}}}")) {
            Some(DebugValue::Counter(count)) => *count as f64,
            Some(DebugValue::Gauge(value)) => value.0,
            _ => 0.0,
        }
    }

    /// The values of a label that counted something.
    fn by(&self, name: &str) -> Vec<(&str, u64)> {
        let prefix = format!("user_hub_{name}{{");
        let counted = self.0.iter().filter_map(|(key, value)| match value {
            DebugValue::Counter(count) if *count > 0 => Some((key.strip_prefix(&prefix)?.strip_suffix('}')?, *count)),
            _ => None,
        });
        counted.collect()
    }

    fn delivery_milliseconds(&self) -> Vec<f64> {
        match &self.0["user_hub_delivery_seconds{}"] {
            DebugValue::Histogram(seconds) => seconds.iter().map(|value| (value.0 * 1e6).round() / 1e3).collect(),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn users_and_connections_are_counted_as_they_come_and_go() {
    let numbers = Numbers::after(|| {
        let hub = UserHub::new();
        let kept = (hub.connect("alice").unwrap(), hub.connect("alice").unwrap(), hub.connect("bob").unwrap());
        drop(hub.connect("carol").unwrap());
        drop(hub.connect("bob").unwrap());
        std::mem::forget(kept);
    });
    assert_eq!((numbers.of("users", ""), numbers.of("connections", "")), (2.0, 3.0));
}

#[test]
fn a_hub_that_is_gone_counts_for_nothing() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    let numbers = Numbers::after(|| {
        let hub = UserHub::new();
        let device = hub.connect("alice").unwrap();
        runtime.block_on(async {
            let _over = tokio::time::timeout(Duration::from_secs(3), hub.maintenance()).await;
        });
        drop((device, hub));
    });
    for gauge in ["users", "connections", "mailboxes", "log_bytes"] {
        assert_eq!(numbers.of(gauge, ""), 0.0, "{gauge}");
        assert!(numbers.0.contains_key(&format!("user_hub_{gauge}{{}}")), "{gauge}");
    }
}

#[test]
fn maintenance_brings_the_gauges_of_mailboxes_and_bytes_up_to_date_and_hubs_add_up() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    let mut bytes = 0;
    let numbers = Numbers::after(|| {
        for users in [2, 3] {
            let hub = UserHub::new();
            for user in 0..users {
                assert_eq!(hub.broadcast(&format!("user-{user}"), &Total(1)), Outcome::Kept);
            }
            runtime.block_on(async {
                let _over = tokio::time::timeout(Duration::from_secs(3), hub.maintenance()).await;
            });
            bytes += hub.stats().bytes;
            std::mem::forget(hub);
        }
    });
    assert!(bytes > 0);
    assert_eq!((numbers.of("mailboxes", ""), numbers.of("log_bytes", "")), (5.0, bytes as f64));
}

#[test]
fn each_event_of_a_broadcast_is_counted_by_its_type_and_outcome() {
    let numbers = Numbers::after(|| {
        let hub = UserHub::new();
        let alice = hub.connect("alice").unwrap();
        hub.broadcast("alice", &Total(1));
        hub.broadcast("alice", &Total(2));
        hub.group("alice").event(&Total(3)).event(&Fill(1)).broadcast();
        hub.broadcast("alice", &price("XAU", f64::NAN));
        hub.broadcast("alice", &order("7", 2, "filled"));
        hub.broadcast("alice", &order("7", 1, "open"));
        hub.broadcast_to_all(&Alarm("fire"));
        hub.broadcast("bob", &Total(1));
        hub.broadcast("bob", &Fill(1));
        hub.shutdown();
        hub.broadcast("alice", &Total(4));
        drop(alice);
    });
    assert_eq!(
        numbers.by("broadcasts_total"),
        [
            ("event=ALARM,outcome=queued", 1),
            ("event=FILL,outcome=no_audience", 1),
            ("event=FILL,outcome=queued", 1),
            ("event=ORDER,outcome=queued", 1),
            ("event=ORDER,outcome=stale", 1),
            ("event=PRICE,outcome=rejected", 1),
            ("event=TOTAL,outcome=closed", 1),
            ("event=TOTAL,outcome=kept", 1),
            ("event=TOTAL,outcome=queued", 3),
        ]
    );
    assert_eq!(numbers.by("rejected_total"), [("reason=encode", 1)]);
}

#[test]
fn names_beyond_those_that_a_hub_may_know_are_one_label() {
    let numbers = Numbers::after(|| {
        let hub = UserHub::builder().event_types(2).build().unwrap();
        for number in 0..100 {
            let event = DynamicEvent::state(&format!("NAME_{number}"), "key", number.into()).unwrap();
            hub.broadcast_dynamic("alice", &event);
        }
    });
    assert_eq!(
        numbers.by("broadcasts_total"),
        [("event=(other),outcome=rejected", 98), ("event=NAME_0,outcome=kept", 1), ("event=NAME_1,outcome=kept", 1),]
    );
}

#[test]
fn what_is_handed_over_is_counted_once_for_each_device() {
    let mut bytes = 0;
    let numbers = Numbers::after(|| {
        let hub = UserHub::new();
        let mut devices = [hub.connect("alice").unwrap(), hub.connect("alice").unwrap()];
        for round in 0..10 {
            hub.broadcast("alice", &Fill(round));
            for device in &mut devices {
                bytes += frames(device).iter().map(|frame| frame.text().len()).sum::<usize>();
            }
        }
    });
    assert_eq!(numbers.of("deliveries_total", ""), 20.0, "control frames are no deliveries");
    assert_eq!(numbers.of("delivered_bytes_total", ""), bytes as f64);
    assert_eq!(numbers.of("conflated_total", "") + numbers.of("gaps_total", ""), 0.0);
}

#[test]
fn what_a_device_got_is_counted_when_it_asks_for_more_and_there_is_nothing() {
    let numbers = Numbers::after(|| {
        let hub = UserHub::new();
        let mut phone = device(&hub, "alice");
        hub.broadcast("alice", &Fill(1));
        // It waits, as whoever reads a socket beside it, and is asked again for another reason.
        assert_eq!(sees(&mut phone), ["FILL 1"]);
        assert_eq!(sees(&mut phone), [""; 0]);
        std::mem::forget(phone);
    });
    assert_eq!(numbers.of("deliveries_total", ""), 1.0);
}

#[test]
fn state_that_a_slow_device_never_saw_is_conflated_and_a_fast_one_beside_it_changes_nothing() {
    let numbers = Numbers::after(|| {
        let hub = UserHub::new();
        let (mut fast, mut slow) = (device(&hub, "alice"), device(&hub, "alice"));
        for amount in 0..10 {
            hub.broadcast("alice", &price("XAU", amount));
            hub.broadcast("alice", &Fill(amount));
            assert_eq!(sees(&mut fast).len(), 2);
        }
        assert_eq!(sees(&mut slow).len(), 11);
    });
    assert_eq!(numbers.of("conflated_total", ""), 9.0);
    assert_eq!(numbers.of("deliveries_total", ""), 31.0);
}

#[test]
fn what_a_device_misses_is_counted_as_a_gap_or_a_reset_and_not_as_conflated() {
    let numbers = Numbers::after(|| {
        let hub = UserHub::builder().log_records(4).state_keys(2).build().unwrap();
        let mut slow = device(&hub, "alice");
        for amount in 0..10 {
            hub.broadcast("alice", &Fill(amount));
        }
        assert!(sees(&mut slow).contains(&String::from("GAP")));
        for id in ["1", "2", "3", "4"] {
            hub.broadcast("alice", &order(id, 1, "open"));
            hub.clear_key::<support::Order>("alice", id);
        }
        assert!(sees(&mut slow).contains(&String::from("RESET")));
    });
    assert_eq!((numbers.of("gaps_total", ""), numbers.of("resets_total", "")), (1.0, 1.0));
    assert_eq!(numbers.of("conflated_total", ""), 0.0);
}

#[test]
fn devices_that_come_are_counted_by_what_became_of_their_cursor() {
    let numbers = Numbers::after(|| {
        let hub = UserHub::new();
        let mut first = hub.connect("alice").unwrap();
        let cursor = support::cursor_after(&frames(&mut first)).unwrap();
        for start in [Start::After(cursor), Start::resume("00c0ffee00c0ffee-42"), Start::Unknown, Start::resume("")] {
            drop(hub.connect_with("alice", ConnectOptions::new().start(start)).unwrap());
        }
    });
    assert_eq!(numbers.by("resumes_total"), [("result=new", 2), ("result=recovered", 1), ("result=unknown", 2)]);
}

#[test]
fn connections_that_end_are_counted_by_the_code_that_they_were_told() {
    let numbers = Numbers::after(|| {
        let hub = UserHub::builder().connections_per_user(1).build().unwrap();
        let mut displaced = hub.connect("alice").unwrap();
        let mut revoked = hub.connect("alice").unwrap();
        frames(&mut displaced);
        hub.close_user("alice", &CloseReason::new(CloseCode::REVOKED));
        frames(&mut revoked);
        let never_asked = hub.connect("bob").unwrap();
        hub.shutdown();
        drop((displaced, revoked, never_asked));
    });
    assert_eq!(numbers.by("closed_total"), [("code=3500", 1), ("code=3504", 1), ("code=none", 1)]);
}

#[test]
fn loads_are_counted_by_what_they_came_to() {
    let numbers = Numbers::after(|| {
        let clock = clock();
        let handle = HubHandle::unbound();
        let (events, is_first) = (handle.clone(), Arc::new(AtomicBool::new(true)));
        let load = move |user: UserId| {
            if user.as_str() == "again" && is_first.swap(false, Ordering::SeqCst) {
                // A removal meanwhile, which gives way to live State: what the load might bring of it would be wrong.
                events.clear_key::<Price<i32>>("again", "BTC");
                events.group("again").event(&price("ETH", 1)).event(&price("XAU", 1)).broadcast();
            }
            loaded(user)
        };
        async fn loaded(user: UserId) -> Option<LoadedState> {
            match user.as_str() {
                "none" => None,
                "some" => Some(LoadedState::new().event(Total(1)).event(price("XAU", f64::NAN))),
                "slow" => std::future::pending().await,
                "again" => Some(LoadedState::new().event(price("ETH", 2))),
                _ => Some(LoadedState::new().event(Total(1))),
            }
        }
        let hub = hub_on(&clock).state_keys(2).state_source(load).build().unwrap();
        handle.bind(&hub).unwrap();
        let mut slow = hub.connect("slow").unwrap();
        for user in ["all", "again", "none", "some", "slow"] {
            frames(&mut hub.connect(user).unwrap());
        }
        frames(&mut slow);
        clock.advance(Duration::from_secs(5));
        slow.handle_deadline(slow.now());
        assert_eq!(sees(&mut slow), ["CONNECTED", "SYNCED"]);
    });
    assert_eq!(
        numbers.by("loads_total"),
        [("result=again", 1), ("result=failed", 1), ("result=incomplete", 1), ("result=late", 1), ("result=loaded", 2)]
    );
}

#[test]
fn every_64th_record_of_a_connection_is_timed_from_broadcast_to_hand_over() {
    let numbers = Numbers::after(|| {
        let clock = clock();
        let hub = hub_on(&clock).build().unwrap();
        let mut device = device(&hub, "alice");
        for number in 0..130_u64 {
            hub.broadcast("alice", &Fill(number));
            clock.advance(Duration::from_millis(number));
            assert_eq!(sees(&mut device).len(), 1);
        }
    });
    // The first connection of a hub begins with its second record.
    assert_eq!(numbers.delivery_milliseconds(), [1.0, 65.0, 129.0]);
}

#[test]
fn what_is_older_than_the_connection_is_not_timed() {
    let numbers = Numbers::after(|| {
        let clock = clock();
        let hub = hub_on(&clock).build().unwrap();
        let cursor = support::cursor_after(&frames(&mut hub.connect("alice").unwrap())).unwrap();
        for number in 0..100 {
            hub.broadcast("alice", &Fill(number));
        }
        clock.advance(Duration::from_secs(60));
        let resumed = ConnectOptions::new().start(Start::After(cursor));
        let mut device = hub.connect_with("alice", resumed).unwrap();
        assert_eq!(sees(&mut device).len(), 102);
        hub.broadcast("alice", &Fill(100));
        clock.advance(Duration::from_millis(7));
        assert_eq!(sees(&mut device).len(), 1);
    });
    assert_eq!(numbers.delivery_milliseconds(), [7.0]);
}

#[test]
fn no_label_is_a_user_a_session_a_key_or_a_value() {
    let numbers = Numbers::after(|| {
        let hub = UserHub::builder().state_source(|_| async { None }).build().unwrap();
        let mut device = hub.connect_with("alice", ConnectOptions::new().session("s-secret")).unwrap();
        hub.broadcast("alice", &order("key-secret", 1, "status-secret"));
        hub.broadcast("alice", &price("price-secret", f64::NAN));
        hub.close_session("alice", "s-secret", &CloseReason::new(CloseCode::SIGNED_OUT).with_text("text-secret"));
        frames(&mut device);
    });
    assert!(numbers.0.len() > 20, "{:?}", numbers.0.keys());
    for name in numbers.0.keys() {
        assert!(!name.contains("alice") && !name.contains("secret"), "{name}");
    }
}

/// Keeps what is said of each metric.
#[derive(Default)]
struct Described(Mutex<Vec<(String, &'static str)>>);

impl Described {
    fn note(&self, name: &KeyName, kind: &'static str) {
        self.0.lock().unwrap().push((name.as_str().to_owned(), kind));
    }
}

impl Recorder for Described {
    fn describe_counter(&self, name: KeyName, _: Option<Unit>, _: SharedString) {
        self.note(&name, "counter");
    }
    fn describe_gauge(&self, name: KeyName, _: Option<Unit>, _: SharedString) {
        self.note(&name, "gauge");
    }
    fn describe_histogram(&self, name: KeyName, _: Option<Unit>, _: SharedString) {
        self.note(&name, "histogram");
    }
    fn register_counter(&self, _: &Key, _: &Metadata<'_>) -> Counter {
        Counter::noop()
    }
    fn register_gauge(&self, _: &Key, _: &Metadata<'_>) -> Gauge {
        Gauge::noop()
    }
    fn register_histogram(&self, _: &Key, _: &Metadata<'_>) -> Histogram {
        Histogram::noop()
    }
}

#[test]
fn the_guide_has_one_row_for_each_metric_and_each_is_described_once() {
    let recorder = Described::default();
    metrics::with_local_recorder(&recorder, || drop(UserHub::new()));
    let described = recorder.0.into_inner().unwrap();
    let rows = include_str!("../docs/metrics.md").lines().filter_map(|line| {
        let mut cells = line.strip_prefix("| `user_hub_")?.split(" | ");
        let name = cells.next()?.trim_end_matches('`');
        Some((format!("user_hub_{name}"), cells.next()?.to_owned()))
    });
    let rows: BTreeSet<(String, String)> = rows.collect();
    let unique: BTreeSet<(String, String)> =
        described.iter().map(|(name, kind)| (name.clone(), (*kind).to_owned())).collect();
    assert_eq!(unique.len(), described.len(), "{described:?}");
    assert_eq!(rows, unique);
}

/// Counts nothing; once it is armed, counting panics.
#[derive(Default)]
struct Faulty(AtomicBool);

impl metrics::CounterFn for Faulty {
    fn increment(&self, _value: u64) {
        assert!(!self.0.load(Ordering::SeqCst), "the recorder is broken");
    }

    fn absolute(&self, _value: u64) {}
}

struct FaultyRecorder(Arc<Faulty>);

impl Recorder for FaultyRecorder {
    fn describe_counter(&self, _name: KeyName, _unit: Option<Unit>, _description: SharedString) {}
    fn describe_gauge(&self, _name: KeyName, _unit: Option<Unit>, _description: SharedString) {}
    fn describe_histogram(&self, _name: KeyName, _unit: Option<Unit>, _description: SharedString) {}
    fn register_counter(&self, _key: &Key, _metadata: &Metadata<'_>) -> Counter {
        Counter::from_arc(Arc::clone(&self.0))
    }
    fn register_gauge(&self, _key: &Key, _metadata: &Metadata<'_>) -> Gauge {
        Gauge::noop()
    }
    fn register_histogram(&self, _key: &Key, _metadata: &Metadata<'_>) -> Histogram {
        Histogram::noop()
    }
}

#[test]
fn a_recorder_that_panics_in_a_broadcast_leaves_no_device_asleep() {
    type Send = fn(&UserHub) -> Outcome;
    let sends: [(&str, Send); 3] = [
        ("a broadcast", |hub| hub.broadcast("alice", &Fill(1))),
        ("a burst", |hub| hub.burst(|burst| burst.broadcast("alice", &Fill(1)))),
        // A State that is refused leaves a removal behind.
        ("a refusal", |hub| hub.group("alice").event(&Total(1)).event(&Fill(f64::NAN)).broadcast()),
    ];
    for (name, send) in sends {
        let faulty = Arc::new(Faulty::default());
        metrics::with_local_recorder(&FaultyRecorder(Arc::clone(&faulty)), || {
            let hub = UserHub::new();
            let mut device = tokio_test::task::spawn(hub.connect("alice").unwrap());
            drop(hub.broadcast("alice", &Total(1)));
            while device.poll_next().is_ready() {}
            faulty.0.store(true, Ordering::SeqCst);
            let told = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| send(&hub)));
            assert!(told.is_err(), "{name}: the host hears of it");
            assert!(device.is_woken(), "{name}");
            faulty.0.store(false, Ordering::SeqCst);
        });
    }
}
