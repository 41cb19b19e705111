//! The services of the example `trading_desk` by themselves: no server, no hub, and a clock that this test turns.
#![cfg(feature = "trading")]
#![allow(dead_code, unreachable_pub, clippy::unwrap_used, reason = "modules of a program, and a test that says where")]

#[path = "../examples/trading_desk/database.rs"]
mod database;
#[path = "../examples/trading_desk/desk.rs"]
mod desk;
#[path = "../examples/trading_desk/domain.rs"]
mod domain;
#[path = "../examples/trading_desk/market.rs"]
mod market;
#[path = "../examples/trading_desk/random.rs"]
mod random;
#[path = "../examples/trading_desk/services/mod.rs"]
mod services;
#[path = "../examples/trading_desk/time.rs"]
mod time;

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use futures::{FutureExt, StreamExt};
use redb::StorageBackend;
use redb::backends::InMemoryBackend;
use serde_json::{Value, json};
use user_hub::prelude::*;
use user_hub::testing::{Recorded, Recorder};
use user_hub::trading::EVENT_NAMES;
use user_hub::{Connection, ErasedEvent, LoadedState, Timestamp, UserId};

use database::Database;
use desk::{Desk, USERS};
use domain::{Mode, Refusal, Side, Symbol};
use market::Market;
use services::chain::NewOrder;

const TICK_MS: i64 = 500;
/// An hour at the pace of the example.
const LONG: i64 = 7_200;

/// A desk of Alice, with a clock.
struct Bench {
    desk: Desk,
    now: Timestamp,
}

impl Bench {
    fn open(seed: u64, database: &Arc<Database>, events: Arc<dyn EventSink + Send + Sync>, now: Timestamp) -> Self {
        Self { desk: Desk::open(&USERS[0], seed, Arc::clone(database), events).unwrap(), now }
    }

    fn ticks(&mut self, count: i64) {
        for _ in 0..count {
            self.now = time::after(self.now, TICK_MS);
            self.desk.tick(self.now).unwrap();
        }
    }
}

fn morning() -> Timestamp {
    "2026-11-23T08:00:00Z".parse().unwrap()
}

fn in_memory() -> Arc<Database> {
    let file = redb::Database::builder().create_with_backend(InMemoryBackend::new()).unwrap();
    Arc::new(Database::over(file).unwrap())
}

fn recorded(seed: u64, ticks: i64) -> Vec<Recorded> {
    let recorder = Arc::new(Recorder::new());
    Bench::open(seed, &in_memory(), Arc::clone(&recorder) as _, morning()).ticks(ticks);
    recorder.events()
}

fn order() -> NewOrder {
    NewOrder { symbol: Symbol::Bitcoin, side: Side::Long, quantity: 0.05, mode: Mode::Position }
}

fn event_type(event: &Recorded) -> Option<&str> {
    event.data["event"]["eventType"].as_str()
}

#[test]
fn the_same_seed_gives_the_same_prices_also_when_it_was_stored_in_between() {
    let (mut one, mut other, mut third) = (Market::new(7), Market::new(7), Market::new(8));
    for _ in 0..1_000 {
        one.tick();
        other.tick();
        third.tick();
        other = serde_json::from_value(serde_json::to_value(&other).unwrap()).unwrap();
    }
    for symbol in Symbol::ALL {
        assert_eq!(one.price(symbol), other.price(symbol));
        assert_ne!(one.price(symbol), third.price(symbol));
    }
}

#[test]
fn a_desk_that_is_left_alone_sends_everything_that_is_its_own() {
    let events = recorded(7, 600);
    let names: BTreeSet<&str> = events.iter().map(|event| &*event.name).collect();
    let own = EVENT_NAMES.into_iter().filter(|name| *name != "SYSTEM_STATUS_UPDATE").collect();
    assert_eq!(names, own);
    assert!(events.iter().all(|event| event.user.as_deref() == Some("alice")));
}

#[test]
fn a_service_without_a_hub_works_all_the_same() {
    let mut bench = Bench::open(7, &in_memory(), Arc::new(HubHandle::none()), morning());
    bench.ticks(100);
    assert_eq!(bench.desk.place_order(order(), bench.now).unwrap().split_once('-').unwrap().0, "alice");
}

#[test]
fn a_chain_ends_once_and_every_trade_is_counted() {
    let events = recorded(7, LONG);
    let mut chains: BTreeMap<&str, &str> = BTreeMap::new();
    for event in events.iter().filter(|event| event.name == "CHAIN_UPDATE") {
        let status = event.data["chain"]["status"].as_str().unwrap();
        let before = chains.insert(event.key.as_deref().unwrap(), status);
        assert_ne!(before, Some("closed"));
        let first = before.is_none() && status == "pending";
        let next = match before {
            Some("pending") => status == "partially_filled",
            Some("partially_filled") => status == "active",
            Some("active") => ["partially_closed", "closed"].contains(&status),
            Some("partially_closed") => status == "closed",
            _ => false,
        };
        assert!(first || next, "{before:?}, then {status}");
    }

    let closed: Vec<_> = events.iter().filter(|event| event_type(event) == Some("POSITION_CLOSED")).collect();
    assert_eq!(chains.values().filter(|status| **status == "closed").count(), closed.len());
    let pnl = &events.iter().rfind(|event| event.name == "PNL_UPDATE").unwrap().data["pnl"];
    assert_eq!(pnl["tradesCount"]["total"], closed.len());
    let gains: f64 = events
        .iter()
        .filter(|event| matches!(event_type(event), Some("TP_HIT" | "SL_HIT")))
        .map(|event| event.data["event"]["pnl"].as_f64().unwrap())
        .sum();
    let realized = pnl["realizedPnL"].as_f64().unwrap();
    assert!((gains - realized).abs() < 0.01 * events.len() as f64, "{gains} and {realized}");
}

#[test]
fn losses_trip_the_breaker_which_holds_the_autopilot_until_it_has_cooled_down() {
    let events = recorded(7, LONG);
    let trips: Vec<_> = (0..events.len()).filter(|at| event_type(&events[*at]) == Some("BREAKER_TRIPPED")).collect();
    assert!(!trips.is_empty(), "an hour without a trip");
    for trip in trips {
        // One call is one group: a device gets both or none.
        let state = &events[trip - 1];
        assert_eq!((state.call, &state.data["state"]["phase"]), (events[trip].call, &json!("open")));
        let closed = |event: &&Recorded| event_type(event) == Some("POSITION_CLOSED");
        let last = events[..trip].iter().rfind(closed).unwrap();
        assert!(last.data["event"]["pnl"].as_f64().unwrap() < 0.0);

        let after = &events[trip..];
        let next = |name: &str| after.iter().position(|event| event.name == name).unwrap();
        let status = &after[next("GINIE_STATUS_UPDATE")].data["status"];
        assert_eq!((&status["isRunning"], &status["circuitBreakerActive"]), (&json!(false), &json!(true)));
        let cool = after.iter().position(|event| event.data["state"]["phase"] == "half_open").unwrap_or(after.len());
        let opened =
            |event: &Recorded| event_type(event) == Some("ORDER_PLACED") || event.data["signal"]["status"] == "pending";
        assert!(!after[..cool].iter().any(opened), "something was opened while the breaker was open");
        if cool < after.len() {
            let runs = |event: &Recorded| event.data["status"]["isRunning"] == true;
            assert!(after[cool..].iter().any(runs), "the autopilot did not go on");
        }
    }
}

#[test]
fn what_is_told_is_stored() {
    /// Looks into the database whenever a service tells something.
    struct Witness(Arc<Database>, Recorder);

    impl EventSink for Witness {
        fn submit(&self, to: Audience<'_>, events: &[&dyn ErasedEvent]) -> Outcome {
            let outcome = self.1.submit(to, events);
            let stored = self.0.read().unwrap();
            for event in events {
                let data: Value = serde_json::from_str(&event.data().unwrap()).unwrap();
                if let Some(lifecycle) = data.get("event") {
                    let events = stored.lifecycle::<Value>("alice", 20).unwrap();
                    assert!(events.iter().any(|(_, stored)| stored == lifecycle), "{lifecycle} is not stored");
                }
                if let Some(chain) = data.get("chain").filter(|_| !event.is_final()) {
                    let chains: Value = stored.state("alice", "chains").unwrap().unwrap();
                    assert!(chains.to_string().contains(&chain["chainId"].to_string()), "{chain} is not stored");
                }
                if let Some(breaker) = data.get("state") {
                    let stored: Value = stored.state("alice", "breaker").unwrap().unwrap();
                    assert_eq!(stored["trips"], breaker["tripCount"]);
                }
            }
            outcome
        }
    }

    let database = in_memory();
    let witness = Arc::new(Witness(Arc::clone(&database), Recorder::new()));
    let mut bench = Bench::open(7, &database, Arc::clone(&witness) as _, morning());
    bench.ticks(2_000);
    let chain = bench.desk.place_order(order(), bench.now).unwrap();
    bench.ticks(5);
    bench.desk.close_chain(&chain, bench.now).unwrap();
    bench.desk.trip_breaker(bench.now).unwrap();
    bench.desk.reset_breaker(bench.now).unwrap();
    bench.ticks(1);
    assert!(witness.1.events().iter().any(|event| event_type(event) == Some("BREAKER_RESET")));
}

#[test]
fn what_could_not_be_stored_has_not_happened_and_nobody_hears_of_it() {
    let broken = Arc::new(AtomicBool::new(false));
    let disk = Disk { memory: InMemoryBackend::new(), broken: Arc::clone(&broken) };
    let file = redb::Database::builder().create_with_backend(disk).unwrap();
    let recorder = Arc::new(Recorder::new());
    let database = Arc::new(Database::over(file).unwrap());
    let mut bench = Bench::open(7, &database, Arc::clone(&recorder) as _, morning());
    let chain = bench.desk.place_order(order(), bench.now).unwrap();
    let told = recorder.events().len();

    broken.store(true, Ordering::SeqCst);
    let refused = bench.desk.place_order(order(), bench.now).unwrap_err();
    assert!(matches!(refused, Refusal::NotStored(_)), "{refused}");
    assert!(bench.desk.close_chain(&chain, bench.now).is_err());
    assert!(bench.desk.trip_breaker(bench.now).is_err());
    assert!(bench.desk.tick(bench.now).is_err());
    assert_eq!(recorder.events().len(), told);
    // The order that was refused is not there to be closed, and the breaker can still be tripped.
    assert!(matches!(bench.desk.close_chain("alice-2", bench.now), Err(Refusal::Unknown(_))));
    assert!(matches!(bench.desk.trip_breaker(bench.now), Err(Refusal::NotStored(_))));
}

#[test]
fn a_desk_that_was_closed_and_opened_goes_on_as_if_nothing_had_been() {
    let last = |events: &[Recorded]| -> BTreeMap<(String, Option<String>), Value> {
        let states = events.iter().filter(|event| event.name != "LIFECYCLE_EVENT");
        states.map(|event| ((event.name.clone(), event.key.clone()), event.data.clone())).collect()
    };
    let straight = recorded(7, 2_000);

    let (database, recorder) = (in_memory(), Arc::new(Recorder::new()));
    let mut bench = Bench::open(7, &database, Arc::clone(&recorder) as _, morning());
    bench.ticks(1_000);
    let mut bench = Bench::open(7, &database, Arc::clone(&recorder) as _, bench.now);
    bench.ticks(1_000);
    assert_eq!(last(&recorder.events()), last(&straight));
    let lifecycle = |events: Vec<Recorded>| -> Vec<Value> {
        events.into_iter().filter(|event| event.name == "LIFECYCLE_EVENT").map(|event| event.data).collect()
    };
    assert_eq!(lifecycle(recorder.events()), lifecycle(straight));
}

#[test]
fn what_stands_can_be_loaded_at_any_moment_and_is_what_was_told_last() {
    let (database, hub) = (in_memory(), UserHub::new());
    let mut bench = Bench::open(7, &database, Arc::new(hub.clone()), morning());
    bench.desk.place_order(order(), bench.now).unwrap();
    for _ in 0..60 {
        bench.ticks(10);
        let told = state_of(hub.connect("alice").unwrap());
        let stored = desk::standing(&USERS[0], 7, &database.read().unwrap(), bench.now).unwrap();
        let source = UserHub::builder().state_source(ready_once(stored)).build().unwrap();
        let loaded = state_of(source.connect("alice").unwrap());
        assert_eq!(loaded, told);
    }
    assert_eq!(
        state_of(hub.connect("alice").unwrap()).keys().filter(|(name, _)| name == "MODE_STATUS_UPDATE").count(),
        4
    );
}

/// A StateSource that has this and no more.
fn ready_once(state: LoadedState) -> impl Fn(UserId) -> std::future::Ready<Option<LoadedState>> + Send + Sync {
    let state = Mutex::new(Some(state));
    move |_| std::future::ready(state.lock().unwrap().take())
}

/// The State that a new device gets, without what is the time of telling only.
fn state_of(mut device: Connection) -> BTreeMap<(String, Option<String>), Value> {
    let mut state = BTreeMap::new();
    while let Some(frame) = device.next().now_or_never().flatten() {
        let mut frame: Value = serde_json::from_str(frame.text()).unwrap();
        if frame["type"] == "SYNCED" {
            break;
        }
        if frame["seq"].is_u64() && frame.get("prevLog").is_none() {
            if let Some(pnl) = frame["data"].get_mut("pnl") {
                pnl["timestamp"].take();
            }
            let key = frame["key"].as_str().map(str::to_owned);
            state.insert((frame["type"].as_str().unwrap().to_owned(), key), frame["data"].take());
        }
    }
    state
}

/// A disk that can fail.
#[derive(Debug)]
struct Disk {
    memory: InMemoryBackend,
    broken: Arc<AtomicBool>,
}

impl Disk {
    fn works(&self) -> io::Result<()> {
        if self.broken.load(Ordering::SeqCst) { Err(io::Error::other("the disk is broken")) } else { Ok(()) }
    }
}

impl StorageBackend for Disk {
    fn len(&self) -> io::Result<u64> {
        self.memory.len()
    }
    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.memory.read(offset, out)
    }
    fn set_len(&self, len: u64) -> io::Result<()> {
        self.works()?;
        self.memory.set_len(len)
    }
    fn sync_data(&self) -> io::Result<()> {
        self.works()?;
        self.memory.sync_data()
    }
    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.works()?;
        self.memory.write(offset, data)
    }
}
