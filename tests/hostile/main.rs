//! Hostile clients over real sockets: whatever one does, a good client is served as before and nothing is left behind.
#![cfg(all(feature = "axum", feature = "tungstenite"))]
#![allow(clippy::unwrap_used, reason = "a test that fails may panic")]

mod client;
mod crowds;
mod floods;
mod host;
mod messages;
mod requests;
mod scene;
mod upgrades;
mod vanishing;
