//! The hub alone: no server, no runtime; a service broadcasts, two devices of one user see it.
//!
//! `cargo run --example hub_alone`

use futures::StreamExt;
use futures::executor::block_on;
use user_hub::trading::PnlUpdate;
use user_hub::{Connection, UserHub};

/// Takes the next `count` frames of a device.
fn show(device: &mut Connection, name: &str, count: usize) {
    for frame in block_on(device.by_ref().take(count).collect::<Vec<_>>()) {
        println!("{name}: {}", frame.text());
    }
}

fn main() -> Result<(), user_hub::ConnectError> {
    let hub = UserHub::new();
    let mut phone = hub.connect("alice")?;

    let mut pnl = PnlUpdate::default();
    pnl.total_pnl = 1_234.5;
    println!("a service broadcasts: {:?}", hub.broadcast_pnl("alice", &pnl));
    show(&mut phone, "phone", 3);

    // A device that comes later gets the current value at once.
    let mut tab = hub.connect("alice")?;
    show(&mut tab, "tab  ", 3);

    // One that was away for three changes gets the latest of them, not all three.
    for total in [1.0, 2.0, 3.0] {
        pnl.total_pnl = total;
        hub.broadcast_pnl("alice", &pnl);
    }
    show(&mut tab, "tab  ", 1);

    println!("bob has {} connections", hub.connections_of("bob"));
    println!("and Bob's P&L is {:?} for when he connects", hub.broadcast_pnl("bob", &pnl));
    Ok(())
}
