//! What a broadcast costs its caller when many come at once: 20 every millisecond, each to another of 10,000 users.
//!
//! `cargo bench -p user-hub-benches --bench bursts`
//!
//! Every user has one device, a task that waits on one of two workers: waking a worker costs microseconds, and so does a
//! user whose memory has rested. The hub has its `burst`, which wakes at the end; its peers send one by one, and so does
//! the hub in the last three rows. The classic hub's call leaves the work to its task: the CPU time of the process has that
//! in it, and the receipts too. The hub's maintenance is a task, which wakes the devices of a burst.

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
use payload::Profit;
use tokio::runtime::{Builder, Runtime};

const USERS: usize = 10_000;
const BURST: usize = 20;
/// 20,000 a second.
const PACE: Duration = Duration::from_millis(1);
/// Bursts a round.
const BURSTS: usize = 300;
const ROUNDS: usize = 15;

fn main() {
    let runtime = Builder::new_multi_thread().worker_threads(2).enable_time().build().expect("a runtime");
    let mut table = Comparison::new("nanoseconds a broadcast, the mean", Better::Less, ROUNDS);
    let rows = ["the call (hub: `burst`)", "the call, the best quarter", "CPU of the process"];
    table.measure(&rows, &mut sides!(C => rounds::<C>(&runtime, C::burst)));
    let rows = ["one by one: the call", "one by one: the best quarter", "one by one: CPU of the process"];
    table.measure(&rows, &mut sides!(C => rounds::<C>(&runtime, one_by_one)));
}

fn one_by_one<C: Contender>(contender: &C, users: &[String], profit: &Profit) {
    users.iter().for_each(|user| contender.broadcast(user, profit));
}

/// Mean nanoseconds a broadcast: of the call, of the call in the quarter of the bursts that took least, and of all threads
/// until the round was received.
fn rounds<C: Contender>(runtime: &Runtime, send: fn(&C, &[String], &Profit)) -> impl FnMut() -> Vec<f64> {
    let entered = runtime.enter();
    let (contender, profit, received) = (C::open(), Profit::new(), Arc::new(AtomicU64::new(0)));
    contender.maintain();
    let users: Vec<String> = (0..USERS).map(|number| format!("user-{number}")).collect();
    for user in &users {
        tokio::spawn(read(contender.connect(user), Arc::clone(&received)));
    }
    drop(entered);
    runtime.block_on(contender.settled());
    let mut bursts = (0..USERS / BURST).cycle().map(move |burst| burst * BURST..(burst + 1) * BURST);
    let mut sent = 0;
    move || {
        let mut calls = Vec::with_capacity(BURSTS);
        let (started, processed) = (Instant::now(), machine::processed());
        for turn in 0..BURSTS {
            let due = PACE * u32::try_from(turn).expect("a round is short");
            thread::sleep(due.saturating_sub(started.elapsed()));
            let users = &users[bursts.next().expect("it goes round")];
            let burst = Instant::now();
            send(&contender, users, &profit);
            calls.push(burst.elapsed());
        }
        sent += (BURSTS * BURST) as u64;
        while received.load(Ordering::Relaxed) < sent {
            thread::sleep(PACE);
        }
        let processed = machine::processed() - processed;
        calls.sort_unstable();
        let mean = |time: Duration, bursts: usize| time.as_secs_f64() * 1e9 / (bursts * BURST) as f64;
        let best = &calls[..BURSTS / 4];
        vec![mean(calls.iter().sum(), BURSTS), mean(best.iter().sum(), best.len()), mean(processed, BURSTS)]
    }
}

async fn read(mut device: impl Device, received: Arc<AtomicU64>) {
    loop {
        received.fetch_add(device.receive().await, Ordering::Relaxed);
    }
}
