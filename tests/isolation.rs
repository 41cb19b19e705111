//! Nobody gets another's, and everybody gets all of their own in order, whatever happens at the same time.
#![cfg(feature = "derive")]
#![allow(clippy::unwrap_used)]

mod support;

use std::collections::HashMap;
use std::sync::Barrier;
use std::thread;

use futures::StreamExt;
use futures::executor::block_on;
use proptest::prelude::*;
use serde::Serialize;
use support::{Fill, data_of, device, frames, json, price, within_half_a_minute};
use user_hub::prelude::*;
use user_hub::{Connection, DynamicEvent, EventName, Frame, LoadedState, Removal, Start};

/// Users whose identities invite confusion.
const USERS: [&str; 10] = ["u", "U", "u1", "u11", "u1 ", "1u", "ü", "u\0", "u/1", "*"];

/// What happens next, to which user.
#[derive(Debug, Clone, Copy)]
enum Step {
    Connect,
    Resume,
    Disconnect,
    Read,
    State,
    Log,
    Dynamic,
    Group,
    Remove,
    Refused,
}

fn steps() -> impl Strategy<Value = Vec<(Step, usize)>> {
    let step = prop::sample::select(vec![
        Step::Connect,
        Step::Connect,
        Step::Resume,
        Step::Disconnect,
        Step::Read,
        Step::State,
        Step::Log,
        Step::Log,
        Step::Dynamic,
        Step::Group,
        Step::Remove,
        Step::Refused,
    ]);
    prop::collection::vec((step, 0..USERS.len()), 1..200)
}

/// What a user's devices may see: whose it is, and which one it is.
#[derive(Serialize, Clone, Copy)]
struct Mine {
    owner: &'static str,
    serial: usize,
}

/// One user's devices, and what they have seen.
#[derive(Default)]
struct Desk {
    /// Connected from the beginning; sees everything.
    watch: Option<Connection>,
    others: Vec<Connection>,
    seen: Vec<Frame>,
    sent_logs: Vec<usize>,
}

impl Desk {
    fn read(&mut self) {
        for device in self.others.iter_mut() {
            self.seen.extend(frames(device));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_is_sent_no_device_gets_anything_of_another_user(steps in steps()) {
        let hub = UserHub::builder().log_records(1_000).connections_per_user(1_000).build().unwrap();
        let mut desks: Vec<Desk> = USERS
            .iter()
            .map(|user| Desk { watch: Some(device(&hub, user)), ..Desk::default() })
            .collect();
        for (serial, (step, at)) in steps.into_iter().enumerate() {
            let (owner, desk) = (USERS[at], &mut desks[at]);
            let mine = Mine { owner, serial };
            match step {
                Step::Connect => desk.others.push(hub.connect(owner).unwrap()),
                Step::Resume => {
                    // Any cursor, even one that another user's device had.
                    let start = desk.seen.iter().find_map(Frame::cursor).map_or(Start::Unknown, Start::After);
                    let other = USERS[(at + 1) % USERS.len()];
                    let options = user_hub::ConnectOptions::new().start(start);
                    desk.others.push(hub.connect_with(owner, options.clone()).unwrap());
                    let stranger = hub.connect_with(other, options).unwrap();
                    desks[(at + 1) % USERS.len()].others.push(stranger);
                }
                Step::Disconnect => drop(desk.others.pop()),
                Step::Read => desk.read(),
                Step::State => drop(hub.broadcast(owner, &price("BTC", mine))),
                Step::Log => {
                    desk.sent_logs.push(serial);
                    hub.broadcast(owner, &Fill(mine));
                }
                Step::Dynamic => {
                    let value = serde_json::to_value(mine).unwrap();
                    hub.broadcast_dynamic(owner, &DynamicEvent::state("POSITION", "BTC", value).unwrap());
                }
                Step::Group => {
                    desk.sent_logs.push(serial);
                    hub.group(owner).event(&price("ETH", mine)).event(&Fill(mine)).broadcast();
                }
                Step::Remove => {
                    hub.group(owner).event(&Removal::of_key::<support::Price<Mine>>("BTC")).broadcast();
                }
                Step::Refused => drop(hub.broadcast(owner, &price("BTC", f64::NAN))),
            }
        }
        for (desk, owner) in desks.iter_mut().zip(USERS) {
            let watched = frames(desk.watch.as_mut().unwrap());
            desk.read();
            for frame in watched.iter().chain(&desk.seen) {
                let json = json(frame);
                let shows = json["data"]["owner"].as_str().or(json["userId"].as_str()).unwrap_or(owner);
                prop_assert_eq!(shows, owner, "a device of {:?} got {}", owner, frame.text());
            }
            let got: Vec<u64> = data_of(&watched, "FILL").iter().map(|data| data["serial"].as_u64().unwrap()).collect();
            let sent: Vec<u64> = desk.sent_logs.iter().map(|serial| *serial as u64).collect();
            prop_assert_eq!(got, sent, "of its own it gets everything, in order");
        }
    }
}

const THREADS: usize = 50;
const EACH: usize = 10;

/// Takes frames until all events of all threads have come.
fn collect_all(device: &mut Connection) -> Vec<(usize, usize)> {
    let events = device.by_ref().filter(|frame| std::future::ready(frame.name() == "FILL")).take(THREADS * EACH);
    let pair = |frame: Frame| serde_json::from_value::<(usize, usize)>(json(&frame)["data"].take()).unwrap();
    block_on(events.map(pair).collect())
}

/// Every thread's events are all there, and in the order in which that thread sent them.
#[track_caller]
fn assert_complete_and_in_order(got: &[(usize, usize)]) {
    let mut of_thread: HashMap<usize, Vec<usize>> = HashMap::new();
    got.iter().for_each(|(thread, number)| of_thread.entry(*thread).or_default().push(*number));
    assert_eq!(of_thread.len(), THREADS);
    for (thread, numbers) in of_thread {
        assert!(numbers.iter().copied().eq(0..EACH), "of thread {thread} came {numbers:?}");
    }
}

#[test]
fn fifty_threads_with_ten_broadcasts_each_arrive_complete_and_per_thread_in_order() {
    within_half_a_minute(|| {
        let hub = UserHub::builder().log_records(THREADS * EACH).build().unwrap();
        let (mut live, mut late) = (device(&hub, "alice"), device(&hub, "alice"));
        let mut stranger = device(&hub, "bob");
        let barrier = Barrier::new(THREADS);
        let seen_live = thread::scope(|scope| {
            let reader = scope.spawn(|| collect_all(&mut live));
            for thread in 0..THREADS {
                let (hub, barrier) = (&hub, &barrier);
                scope.spawn(move || {
                    barrier.wait();
                    for number in 0..EACH {
                        assert_eq!(hub.broadcast("alice", &Fill((thread, number))), Outcome::Queued { connections: 2 });
                    }
                });
            }
            reader.join().unwrap()
        });
        assert_complete_and_in_order(&seen_live);
        assert_eq!(collect_all(&mut late), seen_live, "all devices of a user see one order");
        assert_eq!(frames(&mut stranger).len(), 0);
        assert_eq!(frames(&mut live).len(), 0, "nothing came twice");
    });
}

#[test]
fn fifty_threads_that_write_to_several_users_keep_their_order_at_each() {
    within_half_a_minute(|| {
        let hub = UserHub::builder().log_records(THREADS * EACH).build().unwrap();
        let users: Vec<String> = (0..5).map(|number| format!("user-{number}")).collect();
        let mut devices: Vec<Connection> = users.iter().map(|user| device(&hub, user)).collect();
        let barrier = Barrier::new(THREADS);
        thread::scope(|scope| {
            for thread in 0..THREADS {
                let (hub, barrier, users) = (&hub, &barrier, &users);
                scope.spawn(move || {
                    barrier.wait();
                    for number in 0..EACH {
                        users.iter().for_each(|user| drop(hub.broadcast(user, &Fill((thread, number)))));
                    }
                });
            }
        });
        for device in &mut devices {
            assert_complete_and_in_order(&collect_all(device));
        }
    });
}

#[test]
fn what_ends_up_in_logs_names_no_user_and_shows_no_payload() {
    let hub = UserHub::new();
    let device = device(&hub, "alice");
    let secret = price("alices", "secret");
    let loaded: LoadedState = [Fill("alices secret")].into_iter().collect();
    hub.broadcast("alice", &secret);
    let shown = [
        ("UserHub", format!("{hub:?}")),
        ("UserHubBuilder", format!("{:?}", UserHub::builder())),
        ("HubHandle", format!("{:?}", hub.handle())),
        ("Connection", format!("{device:?}")),
        ("Presence", format!("{:?}", hub.presence())),
        ("Group", format!("{:?}", hub.group("alice").event(&secret))),
        ("Burst", hub.burst(|burst| format!("{burst:?}"))),
        ("LoadedState", format!("{loaded:?}")),
        ("DynamicEvent", format!("{:?}", DynamicEvent::state("OWN", "alice", "secret".into()).unwrap())),
        ("Removal", format!("{:?}", Removal::named(EventName::from_static("OWN"), Some("alice")))),
    ];
    for (name, text) in shown {
        assert!(text.starts_with(&format!("{name} {{")), "{text}");
        assert!(!text.contains("alice") && !text.contains("secret"), "{text}");
    }
}
