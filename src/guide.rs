//! The guides: the design of the crate, and what whoever runs a host needs to know.
//!
//! | guide | for |
//! |---|---|
//! | [`design`] | whoever wants to know what is promised, why it holds, what is on the wire, and how a client works |
//! | [`hosting`] | routes, authentication, Origin, CORS, proxies, sessions, the StateSource, presence, shutdown, every option |
//! | [`browser`] | whoever writes the page: the packaged client, the routes that it needs, what its user sees |
//! | [`memory`] | what users cost, the formula, the worst case |
//! | [`tuning`] | choosing the limits, what to watch, what each symptom means |
//! | [`metrics`] | what a hub counts and tells, name by name, and what that costs |
//! | [`proof`] | how the crate is tested |
//! | [`events`] | changing an event type while clients use it |
//! | [`migrating`] | leaving a hub of one's own |
//!
//! They are the files of the repository's folder `docs`.
// Their examples use what the features add.
#![cfg(any(not(doctest), all(feature = "axum", feature = "trading", feature = "typescript")))]

/// What the library promises, the idea, the rules, the wire, what a client does, the layers.
///
#[doc = include_str!("../docs/design.md")]
pub mod design {}

/// Running a host: routes, authentication, Origin, CORS, proxies, sessions, the StateSource, presence, shutdown, every option.
///
/// [memory guide]: memory
/// [events guide]: events
/// [migration guide]: migrating
/// [metrics guide]: metrics
///
#[doc = include_str!("../docs/hosting.md")]
pub mod hosting {}

/// The packaged client: the routes that it needs, its types, and what the user of a page sees.
///
/// [design]: design#what-a-client-does
/// [hosting guide]: hosting
/// [events guide]: events#the-types-of-a-client-in-typescript
///
#[doc = include_str!("../docs/browser.md")]
pub mod browser {}

/// What users cost in memory, the formula, the worst case.
///
/// [hosting guide]: hosting
///
#[doc = include_str!("../docs/memory.md")]
pub mod memory {}

/// Choosing the limits: one formula, three examples, what to watch, and what each symptom means.
///
/// [hosting guide]: hosting
/// [memory guide]: memory
///
#[doc = include_str!("../docs/tuning.md")]
pub mod tuning {}

/// What a hub counts and tells: `UserHub::stats`, the feature `metrics`, the feature `tracing`, and what they cost.
///
/// [tuning guide]: tuning
///
#[doc = include_str!("../docs/metrics.md")]
pub mod metrics {}

/// Changing an event type while clients use it.
///
#[doc = include_str!("../docs/events.md")]
pub mod events {}

/// From a hand-written hub to this one, step by step.
///
/// [hosting guide]: hosting
/// [design]: design
///
#[doc = include_str!("../docs/migrating.md")]
pub mod migrating {}

/// How the crate is tested.
///
#[doc = include_str!("../docs/proof.md")]
pub mod proof {}

/// The examples of the README are compiled, and run where they end.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
