//! The table: a row for each measurement, a column for each server, the hub's first.

use crate::servers::Server;

/// What the load client prints, in its order.
const ROWS: [&str; 9] = [
    "deliveries a second, single events",
    "deliveries a second, bursts of 8",
    "server CPU s a million, single events",
    "server CPU s a million, bursts of 8",
    "p50 at 1,000 events a second, µs",
    "p99 at 1,000 events a second, µs",
    "memory an idle connection, kB",
    "server's share of its core, single, %",
    "server's share of its core, bursts, %",
];

/// `values` has for each server its rounds, and for each round a value a row.
pub(crate) fn print(servers: &[Server], values: &[Vec<Vec<f64>>]) {
    print!("| {:<38} |", "");
    servers.iter().for_each(|server| print!(" {:>18} |", server.name()));
    print!("\n|{:-<40}|", "");
    servers.iter().for_each(|_| print!("{:->19}:|", ""));
    println!();
    for (row, name) in ROWS.iter().enumerate() {
        let medians: Vec<f64> = values.iter().map(|rounds| median(rounds.iter().map(|round| round[row]))).collect();
        print!("| {name:<38} |");
        for (at, value) in medians.iter().enumerate() {
            let ratio = if at == 0 { String::new() } else { format!("({:.2})", medians[0] / value) };
            print!(" {:>9} {ratio:>8} |", number(*value));
        }
        println!();
    }
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_unstable_by(f64::total_cmp);
    values[values.len() / 2]
}

/// Three digits at least.
fn number(value: f64) -> String {
    let decimals = if value < 10.0 { 2 } else { usize::from(value < 100.0) };
    format!("{value:.decimals$}")
}
