//! What an idle connected user takes, of a million: without a task, and with one parked task each.
//!
//! `cargo bench -p user-hub-benches --bench memory` (Linux; up to 3 GB)
//!
//! Each figure is from a process of its own, so that none reuses what another one freed: by how much its `VmRSS` grew,
//! the device's own value included. Every device has taken what greets it. What a bounded channel takes depends on how
//! much it can hold: the peers' channels hold 16 messages, the hub's log up to 128 once there are any.

mod comparison;
mod contenders;
mod machine;
mod payload;

use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use comparison::{Better, Comparison, sides};
use contenders::{Contender, Device};
use futures::FutureExt;
use tokio::runtime::Builder;

const USERS: usize = 1_000_000;
const WAYS: [(&str, &str); 2] = [("idle", "without a task"), ("parked", "with one parked task")];

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    match &arguments[..] {
        [contender, way] => {
            let mut sides = sides!(C => move || vec![fill::<C>(way == "parked")]);
            let side = sides.iter_mut().find(|side| side.name() == contender).expect("a contender");
            println!("{}", side.run()[0]);
        }
        _ => {
            let mut table = Comparison::new("bytes an idle connected user, of a million", Better::Less, 1);
            for (way, about) in WAYS {
                table.measure(&[about], &mut sides!(C => move || vec![of_a_process(C::NAME, way)]));
            }
        }
    }
}

/// What a process of its own says.
fn of_a_process(contender: &str, way: &str) -> f64 {
    let this = std::env::current_exe().expect("it runs");
    let output = Command::new(this).args([contender, way]).output().expect("it can be run again");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).trim().parse().expect("it prints a number")
}

/// Bytes a user.
fn fill<C: Contender>(has_tasks: bool) -> f64 {
    let runtime = Builder::new_current_thread().build().expect("a runtime");
    let entered = runtime.enter();
    let contender = C::open();
    runtime.block_on(contender.settled());
    let before = machine::resident();
    let connect = |number| contender.connect(&format!("user-{number}"));
    let started = Arc::new(AtomicUsize::new(0));
    let mut devices = Vec::with_capacity(if has_tasks { 0 } else { USERS });
    for chunk in 0..USERS / 1_000 {
        for number in chunk * 1_000..(chunk + 1) * 1_000 {
            let mut device = connect(number);
            if has_tasks {
                let started = Arc::clone(&started);
                tokio::spawn(async move {
                    started.fetch_add(1, Ordering::Relaxed);
                    while device.receive().await > 0 {}
                });
            } else {
                assert_eq!(device.receive().now_or_never(), None, "nothing was broadcast");
                devices.push(device);
            }
        }
        // The tasks run until they park, and the classic hub's does what it was asked for.
        runtime.block_on(async {
            contender.settled().await;
            while has_tasks && started.load(Ordering::Relaxed) < (chunk + 1) * 1_000 {
                tokio::task::yield_now().await;
            }
        });
    }
    let grown = machine::resident().saturating_sub(before);
    drop((entered, devices));
    grown as f64 / USERS as f64
}
