//! Everything that a service can put its events into: all of it has all functions, and all of it says what happened.
#![cfg(feature = "trading")]
#![allow(clippy::unwrap_used)]

mod support;

use std::fmt::Debug;
use std::sync::Arc;
use std::thread;

use static_assertions::{assert_impl_all, assert_not_impl_any, assert_obj_safe};
use support::{Alarm, Fill, Notice, Price, Total, device, price, sees, shown, within_half_a_minute};
use user_hub::prelude::*;
use user_hub::testing::{ManualClock, Recorder};
use user_hub::trading::{
    ChainStatus, ChainUpdate, CircuitBreaker, Direction, EVENT_NAMES, GinieStatus, LifecycleEvent, LifecycleEventType,
    Mode, ModeState, ModeStatus, PnlUpdate, Side, SignalPrices, SignalUpdate, SystemStatus,
};
use user_hub::{
    BindError, Connection, DynamicEvent, ErasedEvent, Event, Frame, Group, Kind, Removal, Timestamp, UserHubBuilder,
};

assert_impl_all!(UserHub: Send, Sync, Clone, Debug);
assert_impl_all!(HubHandle: Send, Sync, Clone, Debug, Default);
assert_impl_all!(Connection: Send, Unpin, Debug);
assert_impl_all!(Frame: Send, Sync, Clone);
assert_impl_all!(Recorder: Send, Sync, Debug);
assert_impl_all!(UserHubBuilder: Send, Sync, Clone, Debug);
assert_impl_all!(Outcome: Send, Sync, Clone, Debug);
// Two handles of one connection would share its place in the log.
assert_not_impl_any!(Connection: Clone);
assert_obj_safe!(EventSink, ErasedEvent);

fn at(milliseconds: i64) -> Timestamp {
    Timestamp::from_milliseconds(milliseconds)
}

/// Calls every typed function that a sink has; what each said, in the order of the calls.
fn call_everything<S: EventSink + ?Sized>(sink: &S) -> Vec<Outcome> {
    let chain = ChainUpdate::new("chain-7", "BTCUSDT", Side::Long, ChainStatus::Active, at(0));
    let tripped = LifecycleEvent::new("event-1", "trade-7", LifecycleEventType::BreakerTripped, "BTCUSDT", at(0));
    let prices = SignalPrices { entry: 97_000.0, stop_loss: 96_500.0, take_profit: vec![98_200.0] };
    let until = Timestamp::from_milliseconds(Timestamp::now().as_milliseconds() + 60_000);
    let signal = SignalUpdate::new("signal-9", "BTCUSDT", Direction::Long, Mode::Scalp, 0.8, prices, at(0)..until);
    let alert = DynamicEvent::log("PRICE_ALERT", serde_json::json!({"price": 97_000.5})).unwrap();
    vec![
        sink.broadcast_chain_update("alice", &chain),
        sink.broadcast_lifecycle_event("alice", &tripped),
        sink.broadcast_ginie_status("alice", &GinieStatus::new(Mode::Swing)),
        sink.broadcast_circuit_breaker("alice", &CircuitBreaker::default()),
        sink.broadcast_pnl("alice", &PnlUpdate::default()),
        sink.broadcast_mode_status("alice", &ModeStatus::new(Mode::Swing, true, ModeState::Active)),
        sink.broadcast_system_status("alice", &SystemStatus::new(at(0))),
        sink.broadcast_signal_update("alice", &signal),
        sink.broadcast("alice", &Total(1)),
        sink.broadcast_dynamic("alice", &alert),
        sink.broadcast_to_all(&Notice("hello")),
        sink.group("alice").event(&CircuitBreaker::default()).event(&tripped).broadcast(),
        sink.clear_key::<ChainUpdate>("alice", "chain-7"),
        sink.clear::<Total>("alice"),
    ]
}

/// The sink of a hub with one device of Alice: all functions reach it.
#[track_caller]
fn reaches_the_hub<S: EventSink>(wrap: impl FnOnce(UserHub) -> S) {
    let hub = UserHub::new();
    let mut phone = device(&hub, "alice");
    let sink = wrap(hub.clone());
    assert_eq!(call_everything(&sink), vec![Outcome::Queued { connections: 1 }; 14]);
    assert_eq!(call_everything::<dyn EventSink>(&sink).len(), 14, "behind a trait object, too");
    let names: Vec<String> =
        sees(&mut phone).iter().map(|seen| seen.split(['/', ' ']).next().unwrap().into()).collect();
    assert!(EVENT_NAMES.iter().all(|name| names.iter().any(|seen| seen == name)), "{names:?}");
}

#[test]
fn the_hub_is_a_sink_and_so_is_everything_around_it() {
    reaches_the_hub(|hub| hub);
    reaches_the_hub(|hub| hub.handle());
    reaches_the_hub(|hub| &*Box::leak(Box::new(hub)));
    reaches_the_hub(Box::new);
    reaches_the_hub(|hub| Box::new(hub) as Box<dyn EventSink + Send + Sync>);
    reaches_the_hub(Arc::new);
    reaches_the_hub(|hub| Arc::new(hub.handle()) as Arc<dyn EventSink + Send + Sync>);
    reaches_the_hub(Some);
    reaches_the_hub(|hub| Some(Arc::new(Some(Box::new(hub.handle()) as Box<dyn EventSink + Send + Sync>))));
    reaches_the_hub(HubHandle::from);
    reaches_the_hub(|hub| {
        let handle = HubHandle::unbound();
        handle.bind(&hub).unwrap();
        handle
    });
}

#[test]
fn without_a_hub_every_function_of_every_sink_says_so() {
    let nothing = vec![Outcome::NoHub; 14];
    assert_eq!(call_everything(&HubHandle::none()), nothing);
    assert_eq!(call_everything(&HubHandle::default()), nothing);
    assert_eq!(call_everything(&HubHandle::unbound()), nothing);
    assert_eq!(call_everything(&None::<UserHub>), nothing);
    assert_eq!(call_everything(&Some(HubHandle::none())), nothing);
    assert_eq!(call_everything(&None::<Arc<dyn EventSink>>), nothing);
    assert_eq!(call_everything::<dyn EventSink>(&Box::new(HubHandle::none())), nothing);
}

#[test]
fn the_hub_and_the_handle_have_the_functions_without_an_import() {
    // Nothing of the prelude is in scope here.
    mod elsewhere {
        pub(super) fn send(hub: &user_hub::UserHub, handle: &user_hub::HubHandle) -> [user_hub::Outcome; 4] {
            let pnl = user_hub::trading::PnlUpdate::default();
            [
                hub.broadcast_pnl("alice", &pnl),
                handle.broadcast_pnl("alice", &pnl),
                hub.group("alice").event(&pnl).broadcast(),
                handle.broadcast("alice", &pnl),
            ]
        }
    }
    let hub = UserHub::new();
    assert_eq!(elsewhere::send(&hub, &hub.handle()), [const { Outcome::Kept }; 4]);
}

// The handle.

#[test]
fn all_clones_of_a_handle_get_the_hub_that_one_of_them_is_bound_to() {
    let first = HubHandle::unbound();
    let (second, third) = (first.clone(), first.clone().clone());
    let hub = UserHub::new();
    let mut phone = device(&hub, "alice");
    second.bind(&hub).unwrap();
    for (number, handle) in [&first, &second, &third].into_iter().enumerate() {
        assert!(handle.is_bound());
        assert_eq!(handle.broadcast("alice", &Fill(number)), Outcome::Queued { connections: 1 });
    }
    assert_eq!(sees(&mut phone), ["FILL 0", "FILL 1", "FILL 2"]);
}

#[test]
fn a_handle_is_bound_once_and_the_first_hub_stays() {
    let (first, second) = (UserHub::new(), UserHub::new());
    let handle = HubHandle::unbound();
    assert!(!handle.is_bound() && !HubHandle::none().is_bound());
    handle.bind(&first).unwrap();
    assert_eq!(handle.bind(&second), Err(BindError::AlreadyBound));
    assert_eq!(handle.clone().bind(&first), Err(BindError::AlreadyBound));
    assert_eq!(first.handle().bind(&second), Err(BindError::AlreadyBound));
    assert_eq!(HubHandle::none().bind(&first), Err(BindError::None));
    handle.broadcast("alice", &Total(1));
    assert_eq!((first.stats().mailboxes, second.stats().mailboxes), (1, 0));
}

#[test]
fn of_many_that_bind_at_once_one_wins_and_all_use_its_hub() {
    within_half_a_minute(|| {
        let handle = HubHandle::unbound();
        let hubs: Vec<UserHub> = (0..8).map(|_| UserHub::new()).collect();
        let bound: Vec<bool> = thread::scope(|scope| {
            let threads: Vec<_> = hubs
                .iter()
                .map(|hub| {
                    let handle = handle.clone();
                    scope.spawn(move || handle.bind(hub).is_ok())
                })
                .collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        assert_eq!(bound.iter().filter(|bound| **bound).count(), 1);
        handle.broadcast("alice", &Total(1));
        let used: Vec<bool> = hubs.iter().map(|hub| hub.stats().mailboxes == 1).collect();
        assert_eq!(used, bound);
    });
}

#[test]
fn a_handle_keeps_its_hub_until_it_is_shut_down() {
    let hub = UserHub::new();
    let handle = hub.handle();
    let mut phone = device(&hub, "alice");
    drop(hub);
    assert_eq!(handle.broadcast("alice", &Fill(1)), Outcome::Queued { connections: 1 });
    assert_eq!(sees(&mut phone), ["FILL 1"]);
}

#[test]
fn a_device_outlives_every_handle_of_its_hub() {
    let hub = UserHub::new();
    let mut phone = device(&hub, "alice");
    hub.broadcast("alice", &Fill(1));
    drop(hub);
    assert_eq!(sees(&mut phone), ["FILL 1"]);
}

// The recorder.

#[test]
fn a_recorder_remembers_what_was_sent_to_whom_and_what_came_together() {
    let recorder = Recorder::new();
    recorder.broadcast("alice", &price("BTC", 1));
    recorder.group("bob").event(&Fill(2)).event(&Total(3)).broadcast();
    recorder.broadcast_to_all(&Alarm(4));
    recorder.clear_key::<Price<i64>>("alice", "BTC");

    let events = recorder.events();
    let users: Vec<_> = events.iter().map(|event| event.user.as_deref()).collect();
    assert_eq!(users, [Some("alice"), Some("bob"), Some("bob"), None, Some("alice")]);
    assert_eq!(events.iter().map(|event| event.call).collect::<Vec<_>>(), [0, 1, 1, 2, 3]);
    assert_eq!(
        (events[0].name.as_str(), events[0].kind, events[0].key.as_deref()),
        ("PRICE", Kind::State, Some("BTC"))
    );
    assert_eq!((events[1].name.as_str(), events[1].kind, &events[1].data), ("FILL", Kind::Log, &serde_json::json!(2)));
    assert_eq!(events.iter().map(|event| event.is_removal).collect::<Vec<_>>(), [false, false, false, false, true]);

    let names = |user| recorder.events_of(user).into_iter().map(|event| event.name).collect::<Vec<_>>();
    assert_eq!(names("alice"), ["PRICE", "ALARM", "PRICE"]);
    assert_eq!(names("bob"), ["FILL", "TOTAL", "ALARM"]);
    assert_eq!(names("carol"), ["ALARM"]);
}

#[test]
fn a_recorder_has_every_function_and_refuses_what_a_hub_would() {
    let recorder = Recorder::new();
    assert_eq!(call_everything(&recorder), vec![Outcome::Kept; 14]);
    assert_eq!(recorder.events().len(), 15);
    let hub = UserHub::new();
    let bad = price("BTC", f64::NAN);
    assert_eq!(recorder.broadcast("alice", &bad), hub.broadcast("alice", &bad));
    assert_eq!(recorder.events().len(), 15);
}

// A sink of a host's own.

#[test]
fn a_host_may_write_a_sink_of_its_own_between_the_services_and_the_hub() {
    /// Lets nothing through but what happened.
    struct LogOnly<S>(S);
    impl<S: EventSink> EventSink for LogOnly<S> {
        fn submit(&self, to: Audience<'_>, events: &[&dyn ErasedEvent]) -> Outcome {
            let logs: Vec<_> = events.iter().copied().filter(|event| event.kind() == Kind::Log).collect();
            if logs.is_empty() { Outcome::NoAudience } else { self.0.submit(to, &logs) }
        }
    }
    let hub = UserHub::new();
    let mut phone = device(&hub, "alice");
    let sink = LogOnly(hub.clone());
    sink.group("alice").event(&Total(1)).event(&Fill(2)).broadcast();
    assert_eq!(sink.broadcast("alice", &Total(3)), Outcome::NoAudience);
    assert_eq!(sees(&mut phone), ["FILL 2"]);
}

// What ends up in logs shows neither payloads nor keys nor users.

#[test]
fn debug_shows_no_payload_and_no_key() {
    /// Has a secret wherever an event can have one.
    #[derive(serde::Serialize, Event)]
    #[event(name = "SECRET", state(key = key))]
    struct Secret {
        key: &'static str,
        text: &'static str,
    }
    let hub = UserHub::new();
    let mut phone = hub.connect("hunter2-user").unwrap();
    let event = Secret { key: "hunter2-key", text: "hunter2-text" };
    hub.broadcast("hunter2-user", &event);
    let dynamic = DynamicEvent::state("DYNAMIC", "hunter2-key", serde_json::json!("hunter2-text")).unwrap();
    let group: Group<'_, UserHub> = hub.group("hunter2-user").event(&event).event(&dynamic);
    let frames = support::frames(&mut phone);
    assert!(frames.iter().map(shown).any(|shown| shown.contains("hunter2-text")));
    let said = [
        format!("{hub:?} {:?} {phone:?} {frames:?} {dynamic:?} {group:?}", hub.handle()),
        format!("{:?} {:?}", UserHub::builder(), ManualClock::new(at(0))),
        format!(
            "{:?} {:?}",
            Removal::of_key::<Secret>("hunter2-key"),
            hub.broadcast("hunter2-user", &price("BTC", f64::NAN))
        ),
    ];
    for said in said {
        assert!(!said.contains("hunter2"), "{said}");
    }
}
