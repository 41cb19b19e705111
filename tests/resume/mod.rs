//! A device that is cut, a service that it misses nothing of, and the wire between them.

#![allow(dead_code, reason = "the device is shared with tests that ask it for more")]

use std::hash::{BuildHasher, Hasher, RandomState};

/// The device of the core's own tests: one client for all of them, which knows frames and nothing else.
#[path = "../../src/core/tests/device.rs"]
mod device;

pub(crate) mod client;
pub(crate) mod process;
pub(crate) mod proxy;
pub(crate) mod service;
pub(crate) mod wire;

type Seq = u64;

/// A small source of randomness (SplitMix64): the same seed makes the same choices.
#[derive(Debug, Clone)]
pub(crate) struct Random(u64);

impl Random {
    /// A new seed each time, which a test that fails shows; `USER_HUB_SEED` repeats one.
    pub(crate) fn new() -> Self {
        let given = std::env::var("USER_HUB_SEED").ok().map(|seed| seed.parse().expect("USER_HUB_SEED is a number"));
        let seed = given.unwrap_or_else(|| RandomState::new().build_hasher().finish());
        println!("USER_HUB_SEED={seed}");
        Self(seed)
    }

    pub(crate) const fn of(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) const fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    pub(crate) const fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }
}
