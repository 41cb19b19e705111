//! The example's page in a real browser: Chromium, driven from `tests/browser`, against the real server.
//!
//! It needs Chromium, Node.js and `npm ci` in `tests/browser`. Without them it says that it was skipped, and why; with
//! `USER_HUB_REQUIRE_ALL=1` that is a failure. With `USER_HUB_SCREENSHOTS=FOLDER` pictures of the page are taken.
#![cfg(all(feature = "axum", feature = "metrics", feature = "trading"))]
#![allow(clippy::unwrap_used, reason = "a test says what is wrong by failing")]

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// Seconds between two heartbeats: a test waits for the page to miss them.
const HEARTBEAT: &str = "3";

/// The server of the example, restarted at will on one address with one data folder.
struct Desk {
    program: PathBuf,
    address: String,
    data: PathBuf,
    process: Option<Child>,
}

impl Desk {
    fn new(name: &str) -> Self {
        let tests = std::env::current_exe().unwrap();
        let program = tests.ancestors().nth(2).unwrap().join("examples/trading_desk");
        assert!(
            program.exists(),
            "{} is missing: `cargo test` builds it with the features axum and metrics",
            program.display()
        );
        // The address stays the same over restarts, so it is chosen here.
        let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
        let data = std::env::temp_dir().join(format!("user-hub-browser-{name}-{}", std::process::id()));
        Self { program, address, data, process: None }
    }

    /// Does what a script asks for.
    fn obey(&mut self, command: &str) {
        match command {
            "start" => self.start(),
            "stop" => self.stop(),
            "kill" => self.kill(),
            "lose database" => std::fs::remove_file(self.data.join("desk.redb")).unwrap(),
            "lose everything" => std::fs::remove_dir_all(&self.data).unwrap(),
            _ => panic!("nobody knows how to {command}"),
        }
    }

    fn start(&mut self) {
        let mut process = Command::new(&self.program)
            .env("ADDR", &self.address)
            .env("DATA_DIR", &self.data)
            .env("TICK_MS", "250")
            .env("HEARTBEAT_SECONDS", HEARTBEAT)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
        assert!(line.contains(&self.address), "the server says where it listens: {line}");
        self.process = Some(process);
    }

    /// Ends the server as Ctrl-C does.
    fn stop(&mut self) {
        let Some(mut process) = self.process.take() else { return };
        let interrupted = Command::new("kill").args(["-INT", &process.id().to_string()]).status();
        assert!(interrupted.is_ok_and(|status| status.success()), "the server can be interrupted");
        assert!(process.wait().unwrap().success(), "the server ends with success");
    }

    /// Ends the server without a word.
    fn kill(&mut self) {
        let Some(mut process) = self.process.take() else { return };
        process.kill().unwrap();
        process.wait().unwrap();
    }
}

impl Drop for Desk {
    fn drop(&mut self) {
        if let Some(mut process) = self.process.take() {
            let _already_over = process.kill();
            let _status = process.wait();
        }
        let _never_made = std::fs::remove_dir_all(&self.data);
    }
}

fn skipped(why: &str) {
    assert!(std::env::var_os("USER_HUB_REQUIRE_ALL").is_none(), "cannot run here: {why}");
    let said = format!("SKIPPED: the page in a real browser: {why}\n");
    // Past the capture of the test harness: a skip that nobody sees is a lie.
    let written =
        std::fs::OpenOptions::new().append(true).open("/dev/stderr").and_then(|mut e| e.write_all(said.as_bytes()));
    if written.is_err() {
        eprint!("{said}");
    }
}

fn chromium() -> Option<PathBuf> {
    let names = ["chromium", "chromium-browser", "google-chrome"];
    let folders: Vec<PathBuf> = std::env::split_paths(&std::env::var_os("PATH")?).collect();
    folders.iter().flat_map(|folder| names.map(|name| folder.join(name))).find(|path| path.exists())
}

/// Lets a script look at the page, which says `ok …` at least so often.
fn looks(script: &str, story: Option<&str>, at_least: usize) {
    let scripts = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/browser");
    let Some(chromium) = chromium() else { return skipped("no Chromium is installed") };
    if Command::new("node").arg("--version").stdout(Stdio::null()).status().is_err() {
        return skipped("no Node.js is installed");
    }
    if !scripts.join("node_modules/playwright-core").exists() {
        return skipped("run `npm ci` in tests/browser first");
    }

    let mut desk = Desk::new(story.unwrap_or("desk"));
    desk.start();
    let mut person = Command::new("node")
        .arg(scripts.join(script))
        .arg(chromium)
        .arg(format!("http://{}/", desk.address))
        .args(story.into_iter().flat_map(|story| [story, HEARTBEAT]))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut answers = person.stdin.take().unwrap();
    let mut seen = Vec::new();
    for line in BufReader::new(person.stdout.take().unwrap()).lines() {
        let line = line.unwrap();
        if let Some(asked) = line.strip_prefix("ask ") {
            desk.obey(asked);
            writeln!(answers, "done {asked}").unwrap();
        } else {
            seen.push(line);
        }
    }
    let status = person.wait().unwrap();
    assert!(status.success(), "the page was right until: {seen:#?}");
    assert!(seen.len() >= at_least, "every step says what it saw: {seen:#?}");
    desk.stop();
}

#[test]
fn two_users_see_what_is_theirs_in_every_tab_and_after_a_restart() {
    looks("desk.mjs", None, 15);
}

#[test]
fn the_page_is_right_whatever_the_network_does() {
    looks("faults.mjs", Some("network"), 15);
}

#[test]
fn the_page_is_right_after_sleep_and_signing_out_and_when_the_server_was_killed() {
    looks("faults.mjs", Some("server"), 12);
}
