//! What it costs to be observed: a broadcast, and its way to one device, in the build that runs this.
//!
//! ```text
//! cargo bench -p user-hub-benches --bench observed
//! cargo bench -p user-hub-benches --bench observed --features user-hub/metrics
//! cargo bench -p user-hub-benches --bench observed --features user-hub/tracing
//! ```
//!
//! A recorder is installed in each, whose numbers are atomics; without the feature it hears nothing. Nobody listens to
//! `tracing`, or at info only, which is the same. Instructions are counted by valgrind where it is there: two runs that
//! differ by [`COUNTED`] events, so that what is done once is not in the figure. Nanoseconds are the median of [`ROUNDS`].

mod callgrind;
mod machine;
mod payload;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use futures::{FutureExt, StreamExt};
use metrics::{Counter, Gauge, Histogram, HistogramFn, Key, KeyName, Metadata, Recorder, SharedString, Unit};
use payload::Profit;
use user_hub::{Connection, Outcome, UserHub};

const EVENTS: u64 = 10_000;
const ROUNDS: usize = 51;
const COUNTED: u64 = 20_000;
/// A run of this executable that only does so many events of one case.
const RUN: &str = "--run";

/// Its name, and what does so many events of it.
type Case = (&'static str, fn(u64));
const CASES: [Case; 3] = [
    ("broadcast to nobody", to_nobody),
    ("broadcast to 1 device, handed over", to_devices::<1>),
    ("the same, 3 devices", to_devices::<3>),
];

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    metrics::set_global_recorder(Atomics).expect("no other recorder is installed");
    if let Some(at) = arguments.iter().position(|argument| argument == RUN) {
        let number = |at: usize| arguments[at].parse::<u64>().expect("a case, and a number of events");
        CASES[usize::try_from(number(at + 1)).expect("a case")].1(number(at + 2));
        return;
    }
    println!("{}", machine::about());
    println!("{:<40} {:>12} {:>14}", "an event", "nanoseconds", "instructions");
    for (case, (name, run)) in CASES.into_iter().enumerate() {
        let instructions = instructions(case).map_or_else(|| "no valgrind".to_owned(), |count| count.to_string());
        println!("{name:<40} {:>12.1} {instructions:>14}", nanoseconds(run));
    }
}

fn nanoseconds(run: fn(u64)) -> f64 {
    let mut rounds: Vec<f64> = (0..ROUNDS)
        .map(|_| {
            let started = Instant::now();
            run(EVENTS);
            started.elapsed().as_secs_f64() * 1e9 / EVENTS as f64
        })
        .collect();
    rounds.sort_by(f64::total_cmp);
    rounds[ROUNDS / 2]
}

/// Instructions an event.
fn instructions(case: usize) -> Option<u64> {
    let few = collected(case, COUNTED)?;
    let many = collected(case, 2 * COUNTED)?;
    Some((many - few) / COUNTED)
}

/// How many instructions a run of its own takes.
fn collected(case: usize, events: u64) -> Option<u64> {
    callgrind::collected(&[], &[RUN, &case.to_string(), &events.to_string()])
}

fn to_nobody(events: u64) {
    let (hub, profit) = (UserHub::new(), Profit::new());
    for _ in 0..events {
        assert_eq!(hub.broadcast("alice", &profit), Outcome::NoAudience);
    }
}

fn to_devices<const DEVICES: usize>(events: u64) {
    let (hub, profit) = (UserHub::new(), Profit::new());
    let mut devices: Vec<_> = (0..DEVICES).map(|_| hub.connect("alice").expect("a user")).collect();
    devices.iter_mut().for_each(|device| assert_eq!(taken(device), 2, "CONNECTED and SYNCED"));
    for _ in 0..events {
        hub.broadcast("alice", &profit);
        devices.iter_mut().for_each(|device| assert_eq!(taken(device), 1));
    }
}

fn taken(device: &mut Connection) -> usize {
    std::iter::from_fn(|| device.next().now_or_never().flatten()).count()
}

/// As little as a recorder can do.
struct Atomics;

impl Recorder for Atomics {
    fn describe_counter(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn describe_gauge(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn describe_histogram(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn register_counter(&self, _: &Key, _: &Metadata<'_>) -> Counter {
        Counter::from_arc(Arc::new(AtomicU64::new(0)))
    }
    fn register_gauge(&self, _: &Key, _: &Metadata<'_>) -> Gauge {
        Gauge::from_arc(Arc::new(AtomicU64::new(0)))
    }
    fn register_histogram(&self, _: &Key, _: &Metadata<'_>) -> Histogram {
        Histogram::from_arc(Arc::new(Times::default()))
    }
}

#[derive(Default)]
struct Times(AtomicU64);

impl HistogramFn for Times {
    fn record(&self, _: f64) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}
