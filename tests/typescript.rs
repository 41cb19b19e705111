//! The TypeScript types of the crate's events and of a host's, held to what is checked in.
#![cfg(all(feature = "typescript", feature = "trading"))]
#![allow(clippy::unwrap_used)]

use std::path::Path;

use user_hub::typescript::TypeScript;

/// Compares a checked-in file, and writes it when `USER_HUB_WRITE` is set.
fn holds(file: &str, types: &TypeScript) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
    let again = "USER_HUB_WRITE=1 cargo test --all-features --test typescript";
    let text = types.clone().made_by(again).render().unwrap();
    if std::env::var_os("USER_HUB_WRITE").is_some() {
        std::fs::write(&path, &text).unwrap();
    }
    let checked_in = std::fs::read_to_string(&path).unwrap_or_default();
    let differs = text.lines().zip(checked_in.lines()).find(|(is, was)| is != was);
    assert!(text == checked_in, "{file} is old ({differs:?}); to make it again: {again}");
}

#[test]
fn the_client_has_the_types_of_the_eight() {
    holds("clients/typescript/src/trading.ts", &TypeScript::trading());
}

#[test]
fn the_client_has_the_types_of_the_frames_alone() {
    holds("clients/typescript/src/wire.ts", &TypeScript::new());
}
