//! What a broadcast to all of 100,000 users takes: the call, and until everybody has it.
//!
//! `cargo bench -p user-hub-benches --bench everybody`
//!
//! Every user has one device, a task on one of two workers. The hub's `maintenance()` is spawned, as a host does. A
//! contender and its tasks are there for its own rounds only, because half a million tasks would measure the caches.

mod comparison;
mod contenders;
mod machine;
mod payload;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use comparison::{Better, Comparison, sides};
use contenders::{Contender, Device};
use payload::MarketProfit;
use tokio::runtime::Builder;

const USERS: u64 = 100_000;
/// Broadcasts a turn of a contender; the first warms up.
const BROADCASTS: usize = 6;
const ROUNDS: usize = 3;

fn main() {
    let mut table = Comparison::new("milliseconds to all of 100,000 users", Better::Less, ROUNDS);
    table.measure(&["the call", "until everybody has it"], &mut sides!(C => turn::<C>));
}

/// Milliseconds of the call, and until everybody has it: means of the broadcasts but the first.
fn turn<C: Contender>() -> Vec<f64> {
    let runtime = Builder::new_multi_thread().worker_threads(2).enable_time().build().expect("a runtime");
    let entered = runtime.enter();
    let (contender, event, arrivals) = (C::open(), MarketProfit::new(), Arc::new(Arrivals::new()));
    contender.maintain();
    for number in 0..USERS {
        tokio::spawn(read(contender.connect(&format!("user-{number}")), Arc::clone(&arrivals)));
    }
    drop(entered);
    runtime.block_on(contender.settled());
    let (mut call, mut everybody) = (0.0, 0.0);
    for broadcast in 0..BROADCASTS {
        // The workers have nothing to do when it begins.
        thread::sleep(Duration::from_millis(50));
        let started = arrivals.start();
        contender.broadcast_to_all(&event);
        let returned = started.elapsed();
        let received = arrivals.wait(USERS * (broadcast as u64 + 1));
        if broadcast > 0 {
            call += returned.as_secs_f64() * 1e3;
            everybody += received.as_secs_f64() * 1e3;
        }
    }
    [call, everybody].map(|sum| sum / (BROADCASTS - 1) as f64).to_vec()
}

/// When the last device had what was sent to all.
struct Arrivals {
    created: Instant,
    started: AtomicU64,
    received: AtomicU64,
    /// Of everybody's last one: nanoseconds since `created`.
    complete: AtomicU64,
}

impl Arrivals {
    fn new() -> Self {
        Self {
            created: Instant::now(),
            started: AtomicU64::new(0),
            received: AtomicU64::new(0),
            complete: AtomicU64::new(0),
        }
    }

    fn elapsed(&self) -> u64 {
        u64::try_from(self.created.elapsed().as_nanos()).unwrap_or(u64::MAX)
    }

    fn start(&self) -> Instant {
        self.started.store(self.elapsed(), Ordering::SeqCst);
        Instant::now()
    }

    fn count(&self, broadcasts: u64) {
        let received = self.received.fetch_add(broadcasts, Ordering::SeqCst) + broadcasts;
        if received.is_multiple_of(USERS) {
            self.complete.store(self.elapsed(), Ordering::SeqCst);
        }
    }

    /// How long it took from the start until so many were received.
    fn wait(&self, received: u64) -> Duration {
        let started = self.started.load(Ordering::SeqCst);
        loop {
            let complete = self.complete.load(Ordering::SeqCst);
            if complete > started && self.received.load(Ordering::SeqCst) >= received {
                return Duration::from_nanos(complete - started);
            }
            thread::sleep(Duration::from_millis(1));
        }
    }
}

async fn read(mut device: impl Device, arrivals: Arc<Arrivals>) {
    loop {
        let broadcasts = device.receive().await;
        arrivals.count(broadcasts);
    }
}
