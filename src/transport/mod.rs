//! From the hub to the devices: WebSocket, server-sent events, or a connection layer of the host's own.
//!
//! A transport knows the public API only. Each drives one [`Connection`](crate::Connection) in the task of its caller,
//! feeds whatever is ready and flushes once, and reads nothing more from the user's log while the device is not ready:
//! a slow device holds one batch and sees the latest State when it is back.
//!
//! | the host has | it uses |
//! |---|---|
//! | axum | `axum::WebSocketRequest` and `axum::SseRequest` (feature `axum`) |
//! | tokio-tungstenite | `tungstenite::serve` (feature `tungstenite`) |
//! | another WebSocket library | [`WebSocketDevice`], with a function each way between messages |
//! | hyper, actix-web, any HTTP server | [`SseStream`], a stream of `Bytes`, and [`SSE_HEADERS`] |
//! | a `futures::Sink` of its own | [`Connection::forward`](crate::Connection::forward) and [`frame_sink`] |
//! | anything else that takes frames | [`FrameSink`] |
//!
//! What a handler needs of the HTTP request is a [`DeviceRequest`]; which web pages may connect is an [`OriginPolicy`].
//!
//! # Shutting down
//! [`UserHub::drain`](crate::UserHub::drain) lets every device take what is in its log, then gives it a `CLOSING` frame with
//! code 1001. A device counts as connected until that has been sent, at the latest five seconds after on a WebSocket, so
//! `drain` has returned only when all have been told, or at its deadline. axum's graceful shutdown does not know of
//! upgraded connections, and waits for SSE answers that nobody ends: so drain first.
//!
//! # How it is built
//! ```text
//!             Connection (a Stream of Frame, pulled deadlines)
//!                  │ timed: drives the deadlines
//!        ┌─────────┴──────────┐
//!        ▼                    ▼
//!   forward: feed, flush    sse: frames as text chunks
//!        ├─► FrameSink        └─► hyper, actix, axum
//!        └─► websocket: + inbound, pings ─► axum, tungstenite
//! ```

mod bell;
mod forward;
mod frame_sink;
mod origin;
mod pings;
mod refusal;
mod request;
mod span;
mod sse;
#[cfg(test)]
mod tests;
mod timed;
mod websocket;

#[cfg(feature = "axum")]
pub mod axum;
#[cfg(feature = "tungstenite")]
pub mod tungstenite;

pub use frame_sink::{FrameSink, SinkOf, frame_sink};
pub use origin::{MalformedOrigin, OriginError, OriginPolicy};
pub use request::DeviceRequest;
pub use sse::{SSE_HEADERS, SseStream};
pub use websocket::{FromDevice, ToDevice, WebSocketDevice};
