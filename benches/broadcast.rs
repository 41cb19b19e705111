//! What a broadcast costs, beside what a hand-written hub costs: a map from user to bounded channel senders.
//!
//! `cargo bench -p user-hub-benches --bench broadcast`
//!
//! Both send the same P&L event as a *Log* event, so that nothing is conflated, to a user with 0, 1, 3 or 10 devices, and
//! every device takes every frame before the next round. Only ratios within one run mean anything: the two take turns.

use std::collections::HashMap;
use std::hint::black_box;
use std::sync::RwLock;
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures::{FutureExt, StreamExt};
use serde::Serialize;
use tokio::sync::mpsc;
use user_hub::trading::PnlUpdate;
use user_hub::{Connection, Event, Kind, Timestamp, UserHub};

/// Events a round; fewer than either side holds for a device.
const EVENTS: usize = 64;
const ROUNDS: usize = 2_000;
const USERS: usize = 1_000;

/// The fields of a P&L event, as something that happened.
#[derive(Serialize)]
struct Profit<'p>(&'p PnlUpdate);

impl Event for Profit<'_> {
    const NAME: &'static str = "PROFIT";
    const KIND: Kind = Kind::Log;
    const FIELD: Option<&'static str> = Some("pnl");
}

/// What a developer would write instead.
#[derive(Default)]
struct Channels {
    users: RwLock<HashMap<String, Vec<mpsc::Sender<Bytes>>>>,
}

#[derive(Serialize)]
struct Envelope<'e> {
    r#type: &'static str,
    timestamp: String,
    data: Wrapper<'e>,
}

#[derive(Serialize)]
struct Wrapper<'e> {
    pnl: &'e PnlUpdate,
}

impl Channels {
    fn connect(&self, user: &str) -> mpsc::Receiver<Bytes> {
        let (sender, receiver) = mpsc::channel(EVENTS);
        self.users.write().expect("nothing panics").entry(user.to_owned()).or_default().push(sender);
        receiver
    }

    fn broadcast(&self, user: &str, pnl: &PnlUpdate) {
        let envelope = Envelope { r#type: "PROFIT", timestamp: Timestamp::now().to_string(), data: Wrapper { pnl } };
        let text = Bytes::from(serde_json::to_vec(&envelope).expect("a P&L event has a text"));
        if let Some(senders) = self.users.read().expect("nothing panics").get(user) {
            for sender in senders {
                sender.try_send(text.clone()).expect("a round fits the channel");
            }
        }
    }
}

/// One side of the comparison: broadcasts a round, and lets its devices take it.
trait Contender {
    fn broadcast(&self, user: &str, pnl: &PnlUpdate);
    fn take(&mut self) -> usize;
}

struct Hub {
    hub: UserHub,
    devices: Vec<Connection>,
}

impl Contender for Hub {
    fn broadcast(&self, user: &str, pnl: &PnlUpdate) {
        black_box(self.hub.broadcast(user, &Profit(pnl)));
    }

    fn take(&mut self) -> usize {
        let frames = |device: &mut Connection| std::iter::from_fn(|| device.next().now_or_never().flatten()).count();
        self.devices.iter_mut().map(frames).sum()
    }
}

struct Map {
    channels: Channels,
    devices: Vec<mpsc::Receiver<Bytes>>,
}

impl Contender for Map {
    fn broadcast(&self, user: &str, pnl: &PnlUpdate) {
        self.channels.broadcast(user, pnl);
    }

    fn take(&mut self) -> usize {
        let frames = |device: &mut mpsc::Receiver<Bytes>| std::iter::from_fn(|| device.try_recv().ok()).count();
        self.devices.iter_mut().map(frames).sum()
    }
}

/// What the broadcasts of a round cost, and broadcasts and taking together.
fn round(contender: &mut dyn Contender, pnl: &PnlUpdate, devices: usize) -> (Duration, Duration) {
    let started = Instant::now();
    for _ in 0..EVENTS {
        contender.broadcast("user-500", pnl);
    }
    let broadcast = started.elapsed();
    let taken = contender.take();
    assert_eq!(taken, EVENTS * devices, "every device takes every frame");
    (broadcast, started.elapsed())
}

fn median(mut times: Vec<Duration>) -> f64 {
    times.sort_unstable();
    times[times.len() / 2].as_secs_f64() * 1e9 / EVENTS as f64
}

fn main() {
    let mut pnl = PnlUpdate::default();
    (pnl.total_pnl, pnl.daily_pnl, pnl.win_rate) = (1_234.5, -56.25, 0.5625);
    println!("nanoseconds an event, medians of {ROUNDS} rounds of {EVENTS}; hub / map of channels = ratio");
    println!("{:>8}  {:>26}  {:>26}", "devices", "broadcast", "broadcast and take");
    for devices in [0, 1, 3, 10] {
        let hub = UserHub::builder().absent_users(0).build().expect("the limits agree");
        let map = Channels::default();
        // The others are there, so that looking a user up costs what it costs.
        let others: Vec<_> =
            (0..USERS).filter(|number| *number != 500).map(|number| format!("user-{number}")).collect();
        let _connected: Vec<_> = others.iter().map(|user| (hub.connect(user), map.connect(user))).collect();
        let mut hub = Hub { devices: (0..devices).filter_map(|_| hub.connect("user-500").ok()).collect(), hub };
        let mut map = Map { devices: (0..devices).map(|_| map.connect("user-500")).collect(), channels: map };
        hub.take();
        let (mut hub_times, mut map_times) = ((Vec::new(), Vec::new()), (Vec::new(), Vec::new()));
        for _ in 0..ROUNDS {
            for (contender, times) in
                [(&mut hub as &mut dyn Contender, &mut hub_times), (&mut map as &mut dyn Contender, &mut map_times)]
            {
                let (broadcast, both) = round(contender, &pnl, devices);
                times.0.push(broadcast);
                times.1.push(both);
            }
        }
        let line = |hub: f64, map: f64| format!("{hub:7.0} / {map:7.0} = {:5.2}", hub / map);
        let broadcast = line(median(hub_times.0), median(map_times.0));
        let both = line(median(hub_times.1), median(map_times.1));
        println!("{devices:>8}  {broadcast:>26}  {both:>26}");
    }
}
