//! What a broadcast costs its caller: a Log event to a user with 0, 1, 3 or 10 devices.
//!
//! `cargo bench -p user-hub-benches --bench broadcast`
//!
//! A user with 0 devices has never had one. The devices take all that there is after every [`EVENTS`] broadcasts, which
//! does not count; nor does what the task of the classic hub does with its commands. 1,000 other users are connected.

mod comparison;
mod contenders;
mod machine;
mod payload;

use std::time::Instant;

use comparison::{Better, Comparison, sides};
use contenders::{Contender, Device};
use futures::FutureExt;
use payload::Profit;
use tokio::runtime::{Builder, Runtime};

/// No more than a publisher leaves undelivered.
const EVENTS: u64 = 8;
/// How often they are broadcast in a round.
const REPEATS: u64 = 50;
const ROUNDS: usize = 101;
const OTHERS: usize = 1_000;
const USER: &str = "user-alice";

fn main() {
    let runtime = Builder::new_current_thread().build().expect("a runtime");
    let mut table = Comparison::new("nanoseconds a broadcast", Better::Less, ROUNDS);
    for devices in [0, 1, 3, 10] {
        table.measure(&[&format!("{devices} devices")], &mut sides!(C => rounds::<C>(&runtime, devices)));
    }
}

/// Nanoseconds a broadcast.
fn rounds<C: Contender>(runtime: &Runtime, devices: usize) -> impl FnMut() -> Vec<f64> {
    let entered = runtime.enter();
    let (contender, profit) = (C::open(), Profit::new());
    let others: Vec<_> = (0..OTHERS).map(|number| contender.connect(&format!("user-{number}"))).collect();
    let mut devices: Vec<_> = (0..devices).map(|_| contender.connect(USER)).collect();
    drop(entered);
    runtime.block_on(contender.settled());
    take_all(&mut devices);
    move || {
        let _others = &others;
        let mut nanoseconds = 0.0;
        for _ in 0..REPEATS {
            let started = Instant::now();
            for _ in 0..EVENTS {
                contender.broadcast(USER, &profit);
            }
            nanoseconds += started.elapsed().as_secs_f64() * 1e9;
            runtime.block_on(contender.settled());
            assert_eq!(take_all(&mut devices), EVENTS * devices.len() as u64, "every device gets every event");
        }
        vec![nanoseconds / (REPEATS * EVENTS) as f64]
    }
}

/// How many broadcasts the devices hear of.
fn take_all(devices: &mut [impl Device]) -> u64 {
    devices.iter_mut().map(|device| std::iter::from_fn(|| device.receive().now_or_never()).sum::<u64>()).sum()
}
