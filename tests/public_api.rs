//! What the crate shows to others is what `tests/golden/public-api.txt` says, and names no crate that it need not name.
//!
//! The list is read off what rustdoc knows of the crate with all features. After a change that is meant:
//! `USER_HUB_WRITE=1 cargo test --all-features --test public_api`, and look at the difference before it is committed.
//! `public-api` reads one format of rustdoc's output, that of Rust 1.95; with another toolchain the test says that it was
//! skipped, and with `USER_HUB_REQUIRE_ALL=1` that is a failure.
#![cfg(all(feature = "axum", feature = "tracing", feature = "tungstenite", feature = "typescript"))]
#![allow(clippy::unwrap_used, reason = "a test says what is wrong by failing")]

use std::collections::BTreeSet;
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

const GOLDEN: &str = "tests/golden/public-api.txt";

/// The crates that may stand in a signature, and in which module; most in any. A new major version of one of these is
/// a new one of this crate.
const FOREIGN: [(&str, &str); 13] = [
    ("alloc", ""),
    ("core", ""),
    ("std", ""),
    // The traits, of payloads.
    ("serde_core", ""),
    // `Value`, of what is known at run time only.
    ("serde_json", ""),
    // `Stream`, of a connection's frames.
    ("futures_core", ""),
    // The text of a frame.
    ("bytes", ""),
    ("futures_sink", "user_hub::transport"),
    ("axum", "user_hub::transport::axum"),
    ("axum_core", "user_hub::transport::axum"),
    ("http", "user_hub::transport::axum"),
    ("tokio_tungstenite", "user_hub::transport::tungstenite"),
    ("tungstenite", "user_hub::transport::tungstenite"),
];

/// What tokio asks of a socket.
const SOCKET: &str = "tokio::io::async_";

fn golden() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(GOLDEN)
}

fn skipped(why: &str) {
    assert!(std::env::var_os("USER_HUB_REQUIRE_ALL").is_none(), "cannot run here: {why}");
    let said = format!("SKIPPED: the public API: {why}\n");
    // Past the capture of the test harness: a skip that nobody sees is a lie.
    let written =
        OpenOptions::new().append(true).open("/dev/stderr").and_then(|mut error| error.write_all(said.as_bytes()));
    if written.is_err() {
        eprint!("{said}");
    }
}

/// What rustdoc knows of the crate, in its format for programs.
fn documented() -> PathBuf {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("public-api");
    let output = Command::new(env!("CARGO"))
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .args(["rustdoc", "--package", "user-hub", "--lib", "--all-features", "--locked", "--target-dir"])
        .arg(&target)
        .args(["--", "-Z", "unstable-options", "--output-format", "json", "--cap-lints", "allow"])
        // The format is not stable yet. In a folder of its own, so that nothing else is built in this way.
        .env("RUSTC_BOOTSTRAP", "1")
        .env_remove("RUSTDOCFLAGS")
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    target.join("doc/user_hub.json")
}

/// One item a line, sorted by the module in which it stands.
fn public_api(documented: &Path) -> Result<String, String> {
    let api = public_api::Builder::from_rustdoc_json(documented).omit_blanket_impls(true).build();
    let api = api.map_err(|error| error.to_string())?;
    let items: Vec<String> = api.items().map(ToString::to_string).collect();
    let mut lines = String::new();
    let mut at = 0;
    while at < items.len() {
        let item = &items[at];
        at += 1;
        // Not a promise: whether a type has interior mutability, or may be looked at after a panic.
        if ["core::marker::Freeze ", "core::marker::UnsafeUnpin ", "UnwindSafe "].iter().any(|name| item.contains(name))
        {
            continue;
        }
        lines.push_str(item);
        lines.push('\n');
        // That a type has TypeScript is a promise; what ts-rs asks it is not.
        if let Some((_, owner)) = item.split_once("impl ts_rs::TS for ") {
            let members = ["fn", "type", "const"].map(|kind| format!("pub {kind} {owner}::"));
            at += items[at..].iter().take_while(|item| members.iter().any(|member| item.starts_with(member))).count();
        }
    }
    Ok(lines)
}

/// The lines that are in one and not in the other.
fn difference(was: &str, is: &str) -> String {
    let (old, new): (BTreeSet<&str>, BTreeSet<&str>) = (was.lines().collect(), is.lines().collect());
    let gone = old.difference(&new).map(|line| format!("- {line}\n"));
    gone.chain(new.difference(&old).map(|line| format!("+ {line}\n"))).collect()
}

/// The crates that a line names: what stands before the first `::` of each path.
fn crates(line: &str) -> BTreeSet<&str> {
    let is_path = |char: char| char.is_alphanumeric() || matches!(char, '_' | ':');
    line.split(|char| !is_path(char)).filter_map(|path| path.split_once("::")).map(|(name, _)| name).collect()
}

/// Whether a line may name a crate.
fn may_name(line: &str, name: &str) -> bool {
    let within = |module: &str| module.is_empty() || line.contains(&format!("{module}::"));
    match name {
        "user_hub" | "" => true,
        // A number or a text, as the key of a State: the trait is the crate's own.
        name if line.starts_with(&format!("pub fn {name}::event_key(")) => true,
        // An associated type of a type parameter, or of the type itself.
        name if name.starts_with(char::is_uppercase) => true,
        "ts_rs" => line.starts_with("impl ts_rs::TS for user_hub::") || within("user_hub::typescript"),
        // A socket of the host's, and nothing else of the runtime.
        "tokio" => line.replace(SOCKET, "").find("tokio::").is_none() && within("user_hub::transport::tungstenite"),
        name => FOREIGN.iter().any(|(allowed, module)| *allowed == name && within(module)),
    }
}

#[test]
fn the_public_api_is_what_the_golden_file_says_and_names_no_crate_that_it_need_not() {
    let is = match public_api(&documented()) {
        Ok(is) => is,
        Err(why) => return skipped(&why),
    };
    for line in is.lines() {
        for name in crates(line) {
            assert!(may_name(line, name), "{name} stands in a public signature: {line}");
        }
    }
    if std::env::var_os("USER_HUB_WRITE").is_some() {
        fs::write(golden(), &is).unwrap();
    }
    let was = fs::read_to_string(golden()).unwrap();
    assert!(
        was == is,
        "the public API has changed; if that is meant, see the top of this file:\n{}",
        difference(&was, &is)
    );
}

#[test]
fn a_crate_in_a_signature_is_found_wherever_it_stands() {
    let line =
        "pub fn user_hub::Frame::when(&self) -> core::option::Option<jiff::Timestamp> where T: serde_json::Visit";
    assert_eq!(crates(line), BTreeSet::from(["core", "jiff", "serde_json", "user_hub"]));
    assert!(!may_name(line, "jiff"));
    assert!(may_name(line, "serde_json"));
    assert!(!may_name("pub fn user_hub::UserHub::router(&self) -> axum::Router", "axum"));
    assert!(may_name("pub fn user_hub::transport::axum::router() -> axum::Router", "axum"));
    assert!(!may_name("pub fn user_hub::transport::tungstenite::spawn() -> tokio::task::JoinHandle<()>", "tokio"));
    assert!(may_name("pub fn user_hub::transport::tungstenite::serve<S: tokio::io::async_read::AsyncRead>()", "tokio"));
}
