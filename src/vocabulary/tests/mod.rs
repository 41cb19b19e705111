//! The words, at their edges.
#![allow(clippy::unwrap_used)]

mod close;
mod cursor;
mod encode;
mod event;
mod frame;
mod name;
mod outcome;
mod timestamp;
mod user;
