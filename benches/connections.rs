//! How many devices connect and disconnect in a second, one after the other.
//!
//! `cargo bench -p user-hub-benches --bench connections`
//!
//! 10,000 users take turns. "First device": nobody else of the user is connected; the hub has kept the mailbox of the time
//! before, as it does for a device that comes back, and the peers have forgotten the user. "Second device": another one of
//! the user stays. In the last row the device also takes what greets it: from the hub `CONNECTED` and `SYNCED`, from the
//! peers nothing. What the classic hub leaves to its task is waited for.

mod comparison;
mod contenders;
mod machine;
mod payload;

use std::time::Instant;

use comparison::{Better, Comparison, sides};
use contenders::{Contender, Device};
use futures::FutureExt;
use tokio::runtime::{Builder, Runtime};

const USERS: usize = 10_000;
/// Connections a round.
const TIMES: usize = 5_000;
const ROUNDS: usize = 41;

fn main() {
    let runtime = Builder::new_current_thread().build().expect("a runtime");
    let mut table = Comparison::new("thousand connects and disconnects a second", Better::More, ROUNDS);
    table.measure(&["first device"], &mut sides!(C => rounds::<C>(&runtime, false, drop)));
    table.measure(&["second device"], &mut sides!(C => rounds::<C>(&runtime, true, drop)));
    table.measure(&["second device, greeted"], &mut sides!(C => rounds::<C>(&runtime, true, greeted)));
}

/// Takes what there is, and leaves.
fn greeted(mut device: impl Device) {
    assert_eq!(device.receive().now_or_never(), None, "nothing was broadcast");
}

/// Thousands a second.
fn rounds<C: Contender>(runtime: &Runtime, has_another: bool, stay: fn(C::Device)) -> impl FnMut() -> Vec<f64> {
    let entered = runtime.enter();
    let contender = C::open();
    let users: Vec<String> = (0..USERS).map(|number| format!("user-{number}")).collect();
    let others: Vec<_> = users.iter().filter(|_| has_another).map(|user| contender.connect(user)).collect();
    drop(entered);
    runtime.block_on(contender.settled());
    let mut turns = (0..USERS).cycle();
    move || {
        let _others = &others;
        let started = Instant::now();
        for turn in turns.by_ref().take(TIMES) {
            stay(contender.connect(&users[turn]));
        }
        runtime.block_on(contender.settled());
        vec![TIMES as f64 / started.elapsed().as_secs_f64() / 1e3]
    }
}
