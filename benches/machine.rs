//! Where and when a table was made.

use std::process::Command;

use user_hub::Timestamp;

/// The compiler, the cores, and the day.
pub(crate) fn about() -> String {
    let rustc = Command::new("rustc").arg("--version").output().map_or_else(
        |error| format!("rustc unknown: {error}"),
        |output| String::from_utf8_lossy(&output.stdout).trim().to_owned(),
    );
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    format!("{rustc}, {cores} cores, {}", &Timestamp::now().to_string()[..10])
}
