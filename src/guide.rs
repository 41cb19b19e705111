//! The guides: the design of the crate, and what whoever runs a host needs to know.
//!
//! | guide | for |
//! |---|---|
//! | [`design`] | whoever wants to know what is promised, why it holds, what is on the wire, and how a client works |
//! | [`hosting`] | routes, authentication, Origin, CORS, proxies, restarts, shutdown, tenants |
//! | [`memory`] | limits, what users cost, the worst case |
//! | [`events`] | changing an event type while clients use it |
//! | [`migrating`] | leaving a hub of one's own |
//!
//! They are the files of the repository's folder `docs`.
// Their examples use what the features add.
#![cfg(any(not(doctest), all(feature = "axum", feature = "trading")))]

/// What the library promises, the idea, the rules, the wire, what a client does, the layers.
pub mod design {
    #![doc = include_str!("../docs/design.md")]
}

/// Running a host: routes, authentication, Origin, CORS, proxies, restarts, shutdown, tenants.
pub mod hosting {
    //! [memory guide]: super::memory
    //! [events guide]: super::events
    //! [migration guide]: super::migrating
    //!
    #![doc = include_str!("../docs/hosting.md")]
}

/// Limits, what users cost in memory, the worst case.
pub mod memory {
    #![doc = include_str!("../docs/memory.md")]
}

/// Changing an event type while clients use it.
pub mod events {
    #![doc = include_str!("../docs/events.md")]
}

/// From a hand-written hub to this one, step by step.
pub mod migrating {
    //! [hosting guide]: super::hosting
    //! [design]: super::design
    //!
    #![doc = include_str!("../docs/migrating.md")]
}

/// The examples of the README are compiled, and run where they end.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
