//! Where and when a table was made, and what the process took of the machine.
#![allow(dead_code, reason = "no benchmark asks for all of it")]

use std::process::Command;
use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};
use user_hub::Timestamp;

/// The compiler, the cores, and the day.
pub(crate) fn about() -> String {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    format!("{}, {cores} cores, {}", said("rustc", "--version"), &Timestamp::now().to_string()[..10])
}

/// What a command says of itself, in a line.
pub(crate) fn said(command: &str, argument: &str) -> String {
    Command::new(command).arg(argument).output().map_or_else(
        |error| format!("{command} unknown: {error}"),
        |output| String::from_utf8_lossy(&output.stdout).trim().to_owned(),
    )
}

/// The CPU time of all threads of this process so far.
pub(crate) fn processed() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(time.tv_sec.try_into().unwrap_or(0), time.tv_nsec.try_into().unwrap_or(0))
}

/// What of this process is in memory, in bytes (Linux).
pub(crate) fn resident() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux has it");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("Linux counts it");
    line.trim().trim_end_matches("kB").trim().parse::<usize>().expect("it is a number") * 1_024
}
