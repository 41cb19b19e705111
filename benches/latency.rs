//! How long an event is on its way: from the call of `broadcast` until the task of a device has it.
//!
//! `cargo bench -p user-hub-benches --bench latency`
//!
//! A thread broadcasts to one of 1,000 connected users about a thousand times a second, which leaves the two workers
//! idle in between, so most of the time is that of waking one of them. Each of the three devices is a task. The
//! percentiles are over all devices of a round. Should the machine be so busy that more than 8 are undelivered on a
//! connection, the thread waits before the next one. The hub's maintenance is a task, as with every host.

mod comparison;
mod contenders;
mod machine;
mod payload;
mod window;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use comparison::{Better, Comparison, sides};
use contenders::{Contender, Device};
use hdrhistogram::Histogram;
use payload::Profit;
use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinHandle;
use window::Window;

/// Broadcasts a round.
const EVENTS: usize = 1_000;
/// Between two of them.
const PAUSE: Duration = Duration::from_millis(1);
const ROUNDS: usize = 21;
const DEVICES: usize = 3;
const OTHERS: usize = 1_000;
const USER: &str = "user-alice";

fn main() {
    let runtime = Builder::new_multi_thread().worker_threads(2).enable_time().build().expect("a runtime");
    let mut table = Comparison::new("microseconds from broadcast to receipt", Better::Less, ROUNDS);
    table.measure(&["p50", "p99", "p99.9"], &mut sides!(C => rounds::<C>(&runtime)));
}

/// The percentiles of a round, in microseconds.
fn rounds<C: Contender>(runtime: &Runtime) -> impl FnMut() -> Vec<f64> {
    let entered = runtime.enter();
    let (contender, profit) = (C::open(), Profit::new());
    contender.maintain();
    let others: Vec<_> = (0..OTHERS).map(|number| contender.connect(&format!("user-{number}"))).collect();
    let mut devices: Vec<_> = (0..DEVICES).map(|_| contender.connect(USER)).collect();
    drop(entered);
    runtime.block_on(contender.settled());
    move || {
        let _others = &others;
        let (sent, window) = (Arc::new(Sent::new()), Arc::new(Window::new(DEVICES)));
        let reading: Vec<_> = devices
            .drain(..)
            .enumerate()
            .map(|(number, device)| runtime.spawn(read(device, number, Arc::clone(&sent), Arc::clone(&window))))
            .collect();
        for turn in 0..EVENTS {
            thread::sleep(PAUSE);
            runtime.block_on(window.turn());
            sent.now(turn);
            contender.broadcast(USER, &profit);
        }
        let mut all = histogram();
        for device in reading {
            let (device, histogram) = received(runtime, device);
            devices.push(device);
            all.add(histogram).expect("they have the same bounds");
        }
        [0.5, 0.99, 0.999].map(|quantile| all.value_at_quantile(quantile) as f64 / 1e3).to_vec()
    }
}

/// When each event of a round was broadcast.
struct Sent {
    started: Instant,
    nanoseconds: Box<[AtomicU64]>,
}

impl Sent {
    fn new() -> Self {
        Self { started: Instant::now(), nanoseconds: (0..EVENTS).map(|_| AtomicU64::new(0)).collect() }
    }

    fn elapsed(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_nanos()).unwrap_or(u64::MAX)
    }

    fn now(&self, turn: usize) {
        // Release: who has the event sees its moment.
        self.nanoseconds[turn].store(self.elapsed(), Ordering::Release);
    }

    fn since(&self, turn: usize) -> u64 {
        self.elapsed() - self.nanoseconds[turn].load(Ordering::Acquire)
    }
}

/// Every event is a Log event, so the device gets each, in order.
async fn read<D: Device>(mut device: D, number: usize, sent: Arc<Sent>, window: Arc<Window>) -> (D, Histogram<u64>) {
    let mut histogram = histogram();
    for turn in 0..EVENTS {
        assert_eq!(device.receive().await, 1, "one at a time");
        histogram.saturating_record(sent.since(turn));
        window.delivered(number, 1);
    }
    (device, histogram)
}

fn received<D>(runtime: &Runtime, reading: JoinHandle<(D, Histogram<u64>)>) -> (D, Histogram<u64>) {
    runtime.block_on(reading).expect("a device reads to the end")
}

/// From a nanosecond to ten seconds, three digits.
fn histogram() -> Histogram<u64> {
    Histogram::new_with_bounds(1, 10_000_000_000, 3).expect("the bounds are right")
}
