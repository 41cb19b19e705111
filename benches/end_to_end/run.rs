//! Starts servers and load clients, in turns, and prints the table.

use std::io::{BufRead, BufReader, Read};
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::load::Order;
use crate::machine;
use crate::process::{allow_files, cores, start_on};
use crate::servers::Server;
use crate::table;

/// What is compared.
pub(crate) struct Plan {
    pub(crate) connections: usize,
    pub(crate) devices: usize,
    /// How long each measurement takes.
    pub(crate) phase: Duration,
    pub(crate) rounds: usize,
    pub(crate) only: Option<Server>,
}

pub(crate) fn compare(plan: &Plan) {
    allow_files(plan.connections + 64);
    let cores = cores();
    println!(
        "\n{} WebSocket connections, {} a user: medians of {} rounds in turns; in brackets user_hub / peer",
        plan.connections, plan.devices, plan.rounds
    );
    println!("{}", machine::about());
    match cores {
        Some((server, load)) => println!("server on core {server}, load client on core {load}\n"),
        None => println!("there is one core only, which server and load client share: no figure here means much\n"),
    }
    let wanted = Server::ALL.into_iter().filter(|server| plan.only.is_none_or(|only| only == *server));
    let servers: Vec<Server> = wanted.filter(|server| is_there(*server)).collect();
    let mut values = vec![Vec::with_capacity(plan.rounds); servers.len()];
    for round in 0..plan.rounds {
        for turn in 0..servers.len() {
            // Nobody always comes after the same one.
            let at = (round + turn) % servers.len();
            values[at].push(measure(servers[at], plan, cores));
        }
    }
    table::print(&servers, &values);
}

fn is_there(server: Server) -> bool {
    server.missing().inspect(|why| println!("{} is skipped: {why}\n", server.name())).is_none()
}

/// One value for each row of the table.
fn measure(server: Server, plan: &Plan, cores: Option<(usize, usize)>) -> Vec<f64> {
    let mut serving =
        start_on(cores.map(|cores| cores.0), server.command().stdin(Stdio::null()).stdout(Stdio::piped()));
    let mut ports = String::new();
    BufReader::new(serving.0.stdout.take().expect("it is piped")).read_line(&mut ports).expect("it prints its ports");
    let mut ports = ports.split_whitespace().map(|port| port.parse().expect("a port"));
    let mut port = || ports.next().expect("two ports");
    let order = Order {
        server,
        process: serving.0.id(),
        port: port(),
        orders: port(),
        connections: plan.connections,
        devices: plan.devices,
        phase: plan.phase,
    };
    let this = std::env::current_exe().expect("it runs");
    let mut command = Command::new(this);
    let command = command.arg("load").args(order.write()).stdout(Stdio::piped());
    let mut loading = start_on(cores.map(|cores| cores.1), command);
    let mut printed = String::new();
    let mut stdout = loading.0.stdout.take().expect("it is piped");
    stdout.read_to_string(&mut printed).expect("it prints its values");
    assert!(loading.0.wait().is_ok_and(|status| status.success()), "{}: nothing was measured", server.name());
    printed.split_whitespace().map(|value| value.parse().expect("a number")).collect()
}
