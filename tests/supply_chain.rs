//! What a host builds with this crate can be built by the oldest Rust that the crate promises.
#![allow(clippy::unwrap_used, reason = "a test says what is wrong by failing")]

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use serde_json::Value;

/// What cargo knows of the workspace and all that it depends on, as `Cargo.lock` has it.
fn metadata() -> Value {
    let output = Command::new(env!("CARGO"))
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .args(["metadata", "--format-version", "1", "--all-features", "--locked"])
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

fn text<'a>(value: &'a Value, field: &str) -> &'a str {
    value[field].as_str().unwrap_or_default()
}

fn list<'a>(value: &'a Value, field: &str) -> &'a [Value] {
    value[field].as_array().map_or(&[], Vec::as_slice)
}

/// The packages that are built with `user-hub`, on whatever platform: not those of its tests.
fn built(metadata: &Value) -> Vec<&Value> {
    let packages: BTreeMap<&str, &Value> =
        list(metadata, "packages").iter().map(|one| (text(one, "id"), one)).collect();
    let nodes: BTreeMap<&str, &Value> =
        list(&metadata["resolve"], "nodes").iter().map(|one| (text(one, "id"), one)).collect();
    let mut waiting: Vec<&str> =
        packages.iter().filter(|(_, one)| text(one, "name") == "user-hub").map(|(id, _)| *id).collect();
    let mut seen = BTreeSet::new();
    while let Some(id) = waiting.pop() {
        if !seen.insert(id) {
            continue;
        }
        let dependencies = list(nodes[id], "deps").iter();
        let built = dependencies.filter(|one| list(one, "dep_kinds").iter().any(|kind| text(kind, "kind") != "dev"));
        waiting.extend(built.map(|one| text(one, "pkg")));
    }
    seen.into_iter().map(|id| packages[id]).collect()
}

/// `1.85` and `1.85.0` are (1, 85).
fn version(text: &str) -> (u32, u32) {
    let mut numbers = text.split('.').map(|number| number.parse().unwrap());
    (numbers.next().unwrap(), numbers.next().unwrap_or(0))
}

#[test]
fn no_dependency_asks_for_a_newer_rust_than_the_crate_promises() {
    let metadata = metadata();
    let built = built(&metadata);
    assert!(built.len() > 50, "{}", built.len());
    let promised = built.iter().find(|one| text(one, "name") == "user-hub").unwrap();
    let promised = version(text(promised, "rust_version"));
    // A few say nothing; that they build with it is what the gate's build with that Rust shows.
    for package in built.into_iter().filter(|one| one["rust_version"].is_string()) {
        let asked = text(package, "rust_version");
        assert!(version(asked) <= promised, "{} {} asks for {asked}", text(package, "name"), text(package, "version"));
    }
}
