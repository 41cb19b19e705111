//! How many events reach devices in a second, when tasks take them as fast as they come.
//!
//! `cargo bench -p user-hub-benches --bench delivery`
//!
//! Publishers and devices are tasks, on two workers unless said otherwise; on one worker nobody is woken from a sleep, and
//! only the work counts. A publisher waits while more than 8 broadcasts are undelivered on a connection, so every
//! contender delivers every Log event. State, of which the hub delivers what is current, has a row of its own, in which a
//! device that was brought up to date counts as having got all that led there. A stalled device is connected and never
//! reads; nobody waits for it. 1,000 other users are connected. The hub's maintenance is a task.

mod comparison;
mod contenders;
mod machine;
mod payload;
mod window;

use std::sync::Arc;
use std::time::Instant;

use comparison::{Better, Comparison, sides};
use contenders::{Contender, Device};
use futures::FutureExt;
use payload::Profit;
use tokio::runtime::{Builder, Runtime};
use user_hub::Event;
use window::Window;

/// Broadcasts a round.
const EVENTS: u64 = 10_000;
const ROUNDS: usize = 21;
const OTHERS: usize = 1_000;
const USER: &str = "user-alice";

/// Who takes part.
#[derive(Clone, Copy)]
struct Cast {
    publishers: u64,
    devices: usize,
    stalled: usize,
}

fn main() {
    let one_worker = Builder::new_current_thread().enable_time().build().expect("a runtime");
    let runtime = Builder::new_multi_thread().worker_threads(2).enable_time().build().expect("a runtime");
    let mut table = Comparison::new("thousand deliveries a second", Better::More, ROUNDS);
    for (runtime, workers) in [(&one_worker, "one worker"), (&runtime, "two workers")] {
        for devices in [1, 3, 10] {
            let (cast, name) = (Cast { publishers: 1, devices, stalled: 0 }, format!("{devices} reading, {workers}"));
            table.measure(&[&name], &mut sides!(C => rounds::<C, _>(runtime, cast, Profit::new)));
        }
    }
    let cast = Cast { publishers: 2, devices: 3, stalled: 0 };
    table.measure(&["3 reading, 2 publishers"], &mut sides!(C => rounds::<C, _>(&runtime, cast, Profit::new)));
    let cast = Cast { publishers: 1, devices: 3, stalled: 0 };
    table.measure(&["3 reading, State"], &mut sides!(C => rounds::<C, _>(&runtime, cast, payload::state)));
    let rows = ["9 of 10 reading", "the same 9 with the tenth stalled", "stalled beside reading"];
    table.measure(&rows, &mut sides!(C => stalled::<C>(&runtime)));
}

/// Thousands of deliveries a second, of one kind of event.
fn rounds<C: Contender, E: Event + Send + Sync + 'static>(
    runtime: &Runtime,
    cast: Cast,
    event: fn() -> E,
) -> impl FnMut() -> Vec<f64> {
    let mut stage = Stage::<C, E>::new(runtime, cast, event());
    move || vec![runtime.block_on(stage.run())]
}

/// The same for nine devices beside a tenth that reads, then beside one that does not, and the ratio of the two.
fn stalled<C: Contender>(runtime: &Runtime) -> impl FnMut() -> Vec<f64> {
    let everybody = Cast { publishers: 1, devices: 10, stalled: 0 };
    let mut all_read = Stage::<C, Profit>::new(runtime, everybody, Profit::new());
    let mut one_stalls = Stage::<C, Profit>::new(runtime, Cast { devices: 9, stalled: 1, ..everybody }, Profit::new());
    move || {
        let beside_reading = runtime.block_on(all_read.run()) * 0.9;
        let beside_stalled = runtime.block_on(one_stalls.run());
        vec![beside_reading, beside_stalled, beside_stalled / beside_reading]
    }
}

struct Stage<C: Contender, E> {
    contender: C,
    event: Arc<E>,
    publishers: u64,
    devices: Vec<C::Device>,
    /// Connected, and not looked at again.
    _silent: Vec<C::Device>,
}

impl<C: Contender, E: Event + Send + Sync + 'static> Stage<C, E> {
    fn new(runtime: &Runtime, cast: Cast, event: E) -> Self {
        let _entered = runtime.enter();
        let contender = C::open();
        contender.maintain();
        let others = (0..OTHERS).map(|number| contender.connect(&format!("user-{number}")));
        let stalled = (0..cast.stalled).map(|_| contender.connect(USER));
        let silent = others.chain(stalled).collect();
        let mut devices: Vec<_> = (0..cast.devices).map(|_| contender.connect(USER)).collect();
        runtime.block_on(contender.settled());
        // What greets a device is taken before: State that came with it would not count.
        devices
            .iter_mut()
            .for_each(|device| assert_eq!(device.receive().now_or_never(), None, "nothing was broadcast"));
        Self { contender, event: Arc::new(event), publishers: cast.publishers, devices, _silent: silent }
    }

    /// Broadcasts, until everybody who reads has everything.
    async fn run(&mut self) -> f64 {
        let window = Arc::new(Window::new(self.devices.len()));
        let delivered = EVENTS * self.devices.len() as u64;
        let started = Instant::now();
        let reading: Vec<_> = self
            .devices
            .drain(..)
            .enumerate()
            .map(|(number, device)| tokio::spawn(read(device, number, Arc::clone(&window))))
            .collect();
        for _ in 0..self.publishers {
            tokio::spawn(publish(
                self.contender.clone(),
                Arc::clone(&self.event),
                EVENTS / self.publishers,
                Arc::clone(&window),
            ));
        }
        for device in reading {
            self.devices.push(device.await.expect("a device reads to the end"));
        }
        delivered as f64 / started.elapsed().as_secs_f64() / 1e3
    }
}

async fn publish<C: Contender, E: Event>(contender: C, event: Arc<E>, times: u64, window: Arc<Window>) {
    for _ in 0..times {
        window.turn().await;
        contender.broadcast(USER, &*event);
    }
}

/// Until the device has heard of all broadcasts.
async fn read<D: Device>(mut device: D, number: usize, window: Arc<Window>) -> D {
    let mut heard = 0;
    while heard < EVENTS {
        let broadcasts = device.receive().await;
        heard += broadcasts;
        window.delivered(number, broadcasts);
    }
    device
}
