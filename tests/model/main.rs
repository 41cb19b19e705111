//! A hub under anything that can happen, and a model of it in which everything is a plain list.
//!
//! - `event`: what is broadcast. `list`: a log in which nothing is evicted, replaced or swept out. `hub`: what each
//!   connection gets next, by the rules of the design. `database`: the host behind the hub.
//! - `device`: a client, as anybody could write it from the design; it sees the text of frames and nothing else.
//! - `world`: does the same to the hub and to the model, and checks every promise after each step. `steps`: what it does.
//! - `cases`: what plausible readings of the rules get wrong, one test each.
//!
//! `PROPTEST_CASES` sets how many cases are tried, for a longer look.
#![cfg(feature = "derive")]
#![allow(clippy::unwrap_used)]

mod cases;
mod database;
#[path = "../../src/core/tests/device.rs"]
mod device;
mod event;
mod hub;
mod list;
mod steps;
#[path = "../support/mod.rs"]
mod support;
mod world;

use proptest::prelude::*;
use proptest::test_runner::Config;

/// A place in a user's log.
type Seq = u64;

proptest! {
    #![proptest_config(Config {
        cases: std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(300),
        failure_persistence: None,
        max_shrink_iters: 20_000,
        ..Config::default()
    })]

    #[test]
    fn whatever_happens_every_device_has_every_state_and_every_log_record_once_or_is_told(script in steps::script()) {
        world::play(&script);
    }
}
