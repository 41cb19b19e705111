//! One stream, folded by Rust and by TypeScript: what a device sees is recorded here, with what it comes to.
//!
//! `clients/typescript/tests/streams` holds for each stream the lines that went over a device's connections, and beside
//! them what they are expected to do, line by line, and to add up to. This test records the streams from a real hub and
//! compares both; the TypeScript client folds the same lines to the same (`streams.test.ts`). To write them again:
//! `USER_HUB_WRITE=1 cargo test --test fold`.
#![cfg(feature = "derive")]
#![allow(clippy::unwrap_used)]

mod event;
mod outcome;
mod stream;
mod streams;
mod tape;

use std::fs;
use std::path::{Path, PathBuf};

use stream::Stream;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("clients/typescript/tests/streams")
}

/// The text of a file is this, or becomes it.
#[track_caller]
fn assert_written(file: &str, text: &str) {
    let path = folder().join(file);
    if std::env::var_os("USER_HUB_WRITE").is_some() {
        fs::create_dir_all(folder()).unwrap();
        fs::write(&path, text).unwrap();
        return;
    }
    let written = fs::read_to_string(&path).unwrap_or_default();
    let lines = || written.lines().zip(text.lines()).enumerate();
    if let Some((at, (before, now))) = lines().find(|(_, (before, now))| before != now) {
        panic!("{file} differs in line {}:\n  there: {before}\n  here:  {now}", at + 1);
    }
    assert_eq!(written.len(), text.len(), "{file} has another end");
}

/// What is recorded now is what was recorded before, and it does and comes to the same.
#[track_caller]
fn assert_stream(name: &str, stream: &Stream) {
    assert_written(&format!("{name}.jsonl"), &stream.text());
    assert_written(&format!("{name}.expected.json"), &outcome::of(stream).text());
}

macro_rules! streams {
    ($($name:ident)*) => {
        $(
            #[test]
            fn $name() {
                assert_stream(&stringify!($name).replace('_', "-"), &streams::$name());
            }
        )*

        #[test]
        fn nothing_else_is_in_the_folder() {
            let mut files: Vec<String> = [$(stringify!($name)),*]
                .iter()
                .flat_map(|name| ["jsonl", "expected.json"].map(|end| format!("{}.{end}", name.replace('_', "-"))))
                .collect();
            let found = fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
            let mut found: Vec<String> = found.collect();
            (files.sort(), found.sort());
            assert_eq!(found, files);
        }
    };
}

streams! {
    conflation
    kinds
    evicted
    began_anew
    reset
    groups
    duplicates
    astray
    users
    odd
    strange
    endings
    random
}

#[test]
fn a_stream_is_the_same_each_time_it_is_recorded() {
    assert_eq!(streams::random().text(), streams::random().text());
}

#[test]
fn the_random_stream_has_everything_in_it() {
    let stream = streams::random();
    let lines = outcome::of(&stream).lines;
    let effects = || lines.iter().flat_map(|line| line.split(", "));
    for (effect, least) in [
        ("state", 300),
        ("final", 50),
        ("removed", 50),
        ("log", 300),
        ("gap", 30),
        ("connected alice resumed", 50),
        ("connected alice anew", 10),
        ("cleared", 20),
        ("synced", 50),
        ("closing", 3),
        ("reconnect", 10),
        ("nothing", 50),
    ] {
        let count = effects().filter(|did| did.starts_with(effect)).count();
        assert!(count >= least, "{effect}: {count} times");
    }
    let text = stream.text();
    for (words, least) in
        [("evicted", 10), ("unknown", 10), ("cleared", 10), ("expired", 10), ("rejected", 10), ("forgotten", 5)]
    {
        let count = text.matches(&format!(r#""reason":"{words}""#)).count();
        assert!(count >= least, "{words}: {count} times");
    }
    assert!(effects().filter(|did| did.contains("lost")).count() >= 5, "declared by the device itself");
    assert!(stream.lines.len() > 2_000, "{} lines", stream.lines.len());
}
