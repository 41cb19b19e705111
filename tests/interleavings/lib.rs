//! Models: what a user sees, in every order in which the threads of a host may go on.
//!
//! Each model is a small host: two or three threads, one or two users. [shuttle] runs it again and again, deciding at each
//! lock and each atomic of the hub which thread goes on; see `check` for which orders are tried. A wake that is lost is a
//! thread that waits for ever, which shuttle reports as a deadlock. The guide "proof" of the crate says how to run them,
//! and with which fault each of them was seen to fail.
//!
//! [shuttle]: https://docs.rs/shuttle
#![cfg(all(test, user_hub_shuttle))]
#![allow(clippy::unwrap_used)]

mod check;
mod device;
mod events;
mod preemptions;

mod bind;
mod connect;
mod ending;
mod everybody;
mod expiry;
mod leave;
mod load;
mod names;
mod park;
mod presence;
