//! Services that are built before the hub: each holds a handle, and the hub is bound to it once, where all is wired.
//!
//! `cargo run --example late_binding`

use futures::{FutureExt, StreamExt};
use user_hub::prelude::*;
use user_hub::trading::{BreakerPhase, CircuitBreaker, PnlUpdate};

/// Knows that there is somewhere to put events, and no hub.
struct Profit<S> {
    events: S,
}

impl<S: EventSink> Profit<S> {
    fn realized(&self, user: &str, amount: f64) -> Outcome {
        let mut pnl = PnlUpdate::default();
        pnl.realized_pnl = amount;
        pnl.total_pnl = amount;
        self.events.broadcast_pnl(user, &pnl)
    }
}

/// Holds its sink behind a trait object; that is a matter of taste.
struct Breaker {
    events: Box<dyn EventSink + Send + Sync>,
}

impl Breaker {
    fn trip(&self, user: &str) -> Outcome {
        self.events.broadcast_circuit_breaker(user, &CircuitBreaker::new(BreakerPhase::Open))
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    // The services come first: no global, and no import of the hub where they are made.
    let handle = HubHandle::unbound();
    let profit = Profit { events: handle.clone() };
    let breaker = Breaker { events: Box::new(handle.clone()) };
    println!("before there is a hub: {:?}, {:?}", profit.realized("alice", 1.0), breaker.trip("alice"));

    // Later, at the one place where everything is wired:
    let hub = UserHub::new();
    handle.bind(&hub)?;
    println!("a second time: {:?}", handle.bind(&UserHub::new()));

    let mut phone = hub.connect("alice")?;
    println!("with a hub: {:?}, {:?}", profit.realized("alice", 2.0), breaker.trip("alice"));
    while let Some(frame) = phone.next().now_or_never().flatten() {
        println!("  {}", frame.text());
    }

    // Where the feature is switched off, the same services run without one.
    let quiet = Profit { events: HubHandle::none() };
    println!("without a hub for good: {:?}", quiet.realized("alice", 3.0));

    hub.shutdown();
    println!("after the end: {:?}", breaker.trip("alice"));
    Ok(())
}
