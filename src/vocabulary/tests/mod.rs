//! The words, at their edges.
#![allow(clippy::unwrap_used)]

mod close;
mod cursor;
mod encode;
mod encode_as_serde_json;
mod encode_misuse;
mod event;
mod frame;
mod name;
mod outcome;
mod timestamp;
mod user;
