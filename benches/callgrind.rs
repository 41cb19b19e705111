//! How many instructions this executable takes, as valgrind's callgrind counts them.

use std::process::Command;

/// Runs it again, under valgrind, with these arguments; `None` if that cannot be done.
pub(crate) fn collected(options: &[&str], arguments: &[&str]) -> Option<u64> {
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .args(options)
        .arg(std::env::current_exe().ok()?)
        .args(arguments)
        .output()
        .ok()?;
    let said = String::from_utf8_lossy(&output.stderr);
    if !output.status.success() {
        eprintln!("{said}");
        return None;
    }
    // At its end callgrind says how many it has collected.
    let line = said.lines().find_map(|line| line.split_once("Collected : "))?;
    line.1.split_whitespace().next()?.parse().ok()
}
