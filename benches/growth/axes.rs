//! What is measured: one function an axis, each the median of some rounds in one process.

use std::hint::black_box;
use std::sync::Barrier;
use std::time::Instant;

use futures::{FutureExt, StreamExt};
use user_hub::{ConnectOptions, Connection, Cursor, DynamicEvent, Start, UserHub};

use crate::payload::Profit;
use crate::{Axis, Line};

/// Odd, so that there is one in the middle.
const ROUNDS: usize = 9;

pub(crate) fn users() -> Axis {
    let cost = |users: usize| {
        let (hub, profit) = (UserHub::new(), Profit::new());
        let names: Vec<String> = (0..users).map(|number| format!("user-{number}")).collect();
        let mut devices: Vec<Connection> = names.iter().map(|name| connect(&hub, name)).collect();
        // A log allocates on its first record: that is not what a user costs from then on.
        names.iter().for_each(|name| drop(hub.broadcast(name, &profit)));
        devices.iter_mut().for_each(read_all);
        // A stride through all of them, so that a million users are not in the cache.
        let mut turns = (0..users).map(|turn| turn * 7_919 % users).cycle();
        median(|| {
            nanoseconds(1_000, || {
                black_box(hub.broadcast(&names[turns.next().expect("it goes round")], &profit));
            })
        })
    };
    Axis {
        title: "Users",
        about: "A Log event to one of so many users, each time another one, who is no more in the caches where they are many; \
                each has one device.",
        unit: "users",
        lines: vec![line("a broadcast", &[1_000, 10_000, 100_000, 1_000_000], cost)],
    }
}

pub(crate) fn devices() -> Axis {
    let sizes = [1, 3, 10, 30, 100, 300, 1_000];
    let with = |devices: usize| {
        let hub = UserHub::builder().connections_per_user(devices).build().expect("the limits agree");
        let connected: Vec<Connection> = (0..devices).map(|_| connect(&hub, "alice")).collect();
        (hub, connected, Profit::new())
    };
    let broadcast = |devices: usize| {
        let (hub, mut connected, profit) = with(devices);
        median(|| {
            let mut spent = 0.0;
            for _ in 0..100 {
                spent += nanoseconds(1, || drop(black_box(hub.broadcast("alice", &profit))));
                connected.iter_mut().for_each(read_all);
            }
            spent / 100.0
        })
    };
    let delivery = |devices: usize| {
        let (hub, mut connected, profit) = with(devices);
        median(|| {
            let mut spent = 0.0;
            for _ in 0..100 {
                hub.broadcast("alice", &profit);
                spent += nanoseconds(1, || connected.iter_mut().for_each(read_all));
            }
            spent / 100.0 / devices as f64
        })
    };
    Axis {
        title: "Devices of a user",
        about: "A Log event to a user with so many devices, all of which wait; then each takes it.",
        unit: "devices",
        lines: vec![line("a broadcast", &sizes, broadcast), line("a device takes it", &sizes, delivery)],
    }
}

pub(crate) fn publishers() -> Axis {
    Axis {
        title: "Publishers",
        about: "So many threads broadcast Log events at once, each to a user of its own, or all to one; a user has one \
                device, which does not read meanwhile. The time is that of the process divided by all broadcasts: beyond the number of cores it can \
                fall no more.",
        unit: "threads",
        lines: vec![
            line("a broadcast, each to a user of its own", &[1, 2, 4, 8], |threads| published(threads, true)),
            line("a broadcast, all to one user", &[1, 2, 4, 8], |threads| published(threads, false)),
        ],
    }
}

/// Nanoseconds from the first broadcast to the last, by how many there were.
fn published(threads: usize, has_own_user: bool) -> f64 {
    const EACH: usize = 4_000;
    let (hub, profit) = (UserHub::new(), Profit::new());
    let names: Vec<String> =
        (0..threads).map(|number| format!("user-{}", number * usize::from(has_own_user))).collect();
    let _devices: Vec<Connection> =
        names.iter().take(if has_own_user { threads } else { 1 }).map(|name| connect(&hub, name)).collect();
    median(|| {
        let start = Barrier::new(threads + 1);
        let spent = std::thread::scope(|scope| {
            for name in &names {
                scope.spawn(|| {
                    start.wait();
                    (0..EACH).for_each(|_| drop(black_box(hub.broadcast(name, &profit))));
                });
            }
            start.wait();
            Instant::now()
        });
        spent.elapsed().as_secs_f64() * 1e9 / (EACH * threads) as f64
    })
}

pub(crate) fn state_keys() -> Axis {
    let sizes = [1, 10, 100, 1_000];
    let with = |keys: usize| {
        // A thousand keys are more than the bytes that a user has by default.
        let hub = UserHub::builder().state_bytes(1024 * 1024).build().expect("the limits agree");
        let events: Vec<DynamicEvent> = (0..keys)
            .map(|key| DynamicEvent::state("VALUE", key.to_string(), "x".repeat(200).into()).expect("a name and a key"))
            .collect();
        events.iter().for_each(|event| drop(hub.broadcast_dynamic("alice", event)));
        (hub, events)
    };
    let broadcast = |keys: usize| {
        let (hub, events) = with(keys);
        let mut turns = events.iter().cycle();
        median(|| {
            nanoseconds(1_000, || {
                black_box(hub.broadcast_dynamic("alice", turns.next().expect("it goes round")));
            })
        })
    };
    let snapshot = |keys: usize| {
        let (hub, _events) = with(keys);
        median(|| nanoseconds(20, || assert_eq!(frames(&mut hub.connect("alice").expect("there is room")), keys + 2)))
    };
    Axis {
        title: "State keys of a user",
        about: "A new value, of 200 bytes, for one of so many keys; and a new device, which takes them all.",
        unit: "keys",
        lines: vec![line("a broadcast", &sizes, broadcast), line("connect, snapshot, disconnect", &sizes, snapshot)],
    }
}

pub(crate) fn resume() -> Axis {
    let cost = |missed: usize| {
        let (hub, profit) = (UserHub::new(), Profit::new());
        let mut device = hub.connect("alice").expect("there is room");
        let mut cursor = None;
        while let Some(frame) = device.next().now_or_never().flatten() {
            cursor = frame.cursor().or(cursor);
        }
        (0..missed).for_each(|_| drop(hub.broadcast("alice", &profit)));
        let cursor: Cursor = cursor.expect("SYNCED has one");
        median(|| {
            nanoseconds(50, || {
                let options = ConnectOptions::new().start(Start::resume(&cursor.to_string()));
                let mut device = hub.connect_with("alice", options).expect("there is room");
                assert_eq!(frames(&mut device), missed + 2, "each record, CONNECTED and SYNCED");
            })
        })
    };
    Axis {
        title: "Resume",
        about: "A device comes back with its cursor, takes the Log records that it has missed, and leaves.",
        unit: "records missed",
        lines: vec![line("connect, catch up, disconnect", &[0, 1, 2, 4, 8, 16, 32, 64, 128], cost)],
    }
}

fn line(name: &'static str, sizes: &[usize], cost: impl Fn(usize) -> f64) -> Line {
    Line { name, points: sizes.iter().map(|&size| (size, cost(size))).collect() }
}

/// A device that has taken what there is, and waits.
fn connect(hub: &UserHub, user: &str) -> Connection {
    let mut device = hub.connect(user).expect("there is room");
    read_all(&mut device);
    device
}

fn read_all(device: &mut Connection) {
    frames(device);
}

fn frames(device: &mut Connection) -> usize {
    std::iter::from_fn(|| device.next().now_or_never().flatten()).inspect(|frame| _ = black_box(frame.text())).count()
}

/// Of one time.
fn nanoseconds(times: usize, mut action: impl FnMut()) -> f64 {
    let started = Instant::now();
    (0..times).for_each(|_| action());
    started.elapsed().as_secs_f64() * 1e9 / times as f64
}

/// After one round that warms up.
fn median(mut round: impl FnMut() -> f64) -> f64 {
    round();
    let mut values: Vec<f64> = (0..ROUNDS).map(|_| round()).collect();
    values.sort_unstable_by(f64::total_cmp);
    values[ROUNDS / 2]
}
