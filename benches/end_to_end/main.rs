//! What reaches devices over WebSockets, and what it costs the server: a host with this crate beside three others.
//!
//! `cargo bench -p user-hub-benches --bench end_to_end` (Linux; up to 3 minutes; `-- --connections 10000` for more,
//! `-- --devices 3` for more devices a user, `-- --only user_hub` for one server)
//!
//! Server and load client are processes of their own, each on a core of its own; this program is all of them but node.

#[path = "../machine.rs"]
mod machine;
#[path = "../payload.rs"]
mod payload;

mod devices;
mod event;
mod load;
mod process;
mod run;
mod servers;
mod socket;
mod table;

use std::time::Duration;

use run::Plan;
use servers::Server;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        ["serve", name] => runtime().block_on(Server::named(name).expect("a server").serve()),
        ["load", ref order @ ..] => runtime().block_on(load::run(&load::Order::read(order))),
        ref options => run::compare(&plan(options)),
    }
}

/// Of one thread: each role has one core.
fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime")
}

fn plan(options: &[&str]) -> Plan {
    let mut plan = Plan { connections: 2_000, devices: 1, phase: Duration::from_millis(1_500), rounds: 3, only: None };
    for option in options.chunks(2) {
        match *option {
            ["--connections", number] => plan.connections = number.parse().expect("a number of connections"),
            ["--devices", number] => plan.devices = number.parse().expect("a number of devices"),
            ["--seconds", number] => plan.phase = Duration::from_secs(number.parse().expect("whole seconds")),
            ["--rounds", number] => plan.rounds = number.parse().expect("a number of rounds"),
            ["--only", name] => plan.only = Some(Server::named(name).expect("a server")),
            _ => panic!("options are --connections, --devices, --seconds, --rounds and --only, each with a value"),
        }
    }
    assert!(plan.connections.is_multiple_of(plan.devices), "every user has as many devices");
    plan
}
