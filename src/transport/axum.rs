//! WebSocket and server-sent events for axum: a handler of three lines each.
//!
//! Invariant: whatever can be refused is refused before the upgrade, as an HTTP status that a browser's developer sees.
//!
//! ```no_run
//! use axum::{Router, extract::State, http::HeaderMap, response::Response, routing::get};
//! use user_hub::UserHub;
//! use user_hub::transport::{OriginPolicy, axum::{SseRequest, WebSocketRequest}};
//!
//! async fn websocket(State(hub): State<UserHub>, headers: HeaderMap, device: WebSocketRequest) -> Response {
//!     let user = signed_in(&headers);
//!     device.serve(&hub, &user, &OriginPolicy::same_host())
//! }
//!
//! async fn events(State(hub): State<UserHub>, headers: HeaderMap, device: SseRequest) -> Response {
//!     let user = signed_in(&headers);
//!     device.serve(&hub, &user, &OriginPolicy::same_host())
//! }
//!
//! /// The host's own authentication.
//! fn signed_in(headers: &HeaderMap) -> String {
//! #   let _ = headers;
//!     // …
//! #   String::from("alice")
//! }
//!
//! let app: Router = Router::new()
//!     .route("/ws", get(websocket))
//!     .route("/events", get(events))
//!     .with_state(UserHub::new());
//! ```
//!
//! | refusal | status |
//! |---|---|
//! | not a WebSocket request | 400, 405 or 426, axum's own |
//! | the Origin is missing or not allowed | 403 |
//! | the user's identity is empty (authentication was skipped) | 401 |
//! | the user's identity is too long | 403 |
//! | the session has expired | 401 |
//! | the session was told to stay away | 403, for SSE 204, after which a browser does not come back |
//! | the hub has shut down | 503 with `retry-after` |
//!
//! An empty identity is 401 on purpose: `unwrap_or_default()` on a missing session must not become a shared user.

use std::borrow::Cow;
use std::convert::Infallible;
use std::fmt;

use axum::body::Body;
use axum::extract::FromRequestParts;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade};
use axum::http::request::Parts;
use axum::http::uri::Authority;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use futures::{FutureExt, StreamExt};

use super::origin::OriginPolicy;
use super::request::DeviceRequest;
use super::sse::{SSE_HEADERS, SseStream};
use super::websocket::{FromDevice, ToDevice, WebSocketDevice};
use crate::{ConnectError, ConnectOptions, Start, UserHub};

/// Seconds after which a device that met a hub in shutdown should try again.
const RETRY_AFTER: HeaderValue = HeaderValue::from_static("2");

/// A request for a WebSocket: the extractor of a handler.
///
/// The socket keeps to the hub's [`transport_limits`](UserHub::transport_limits): by default messages of at most 4 KiB, a
/// read buffer of 512 bytes, and 16 KiB gathered before a write; axum's own defaults would cost 128 KiB a connection. A WebSocket over HTTP/2 comes as a `CONNECT` request: route it with
/// `axum::routing::any`.
///
/// ```
/// use axum::{extract::State, response::Response};
/// use user_hub::{UserHub, transport::{OriginPolicy, axum::WebSocketRequest}};
///
/// async fn handler(State(hub): State<UserHub>, device: WebSocketRequest) -> Response {
///     device.serve(&hub, "alice", &OriginPolicy::same_host())
/// }
/// ```
#[must_use = "the device waits for an answer: call serve"]
pub struct WebSocketRequest {
    upgrade: WebSocketUpgrade,
    request: DeviceRequest,
}

impl WebSocketRequest {
    /// Takes the first of these subprotocols that the device offers, as axum's `WebSocketUpgrade::protocols` does.
    ///
    /// A browser that sends a token as a subprotocol wants one of its offers back, or it closes.
    ///
    /// ```
    /// use axum::{extract::State, response::Response};
    /// use user_hub::{UserHub, transport::{OriginPolicy, axum::WebSocketRequest}};
    ///
    /// async fn handler(State(hub): State<UserHub>, device: WebSocketRequest) -> Response {
    ///     device.protocols(["user-hub"]).serve(&hub, "alice", &OriginPolicy::same_host())
    /// }
    /// ```
    pub fn protocols<P>(mut self, protocols: P) -> Self
    where
        P: IntoIterator,
        P::Item: Into<Cow<'static, str>>,
    {
        self.upgrade = self.upgrade.protocols(protocols);
        self
    }

    /// Answers the request: the upgrade of a device of `user`, or a refusal as the [module](self) lists them.
    ///
    /// The device starts at its `resume` parameter, or else with a snapshot.
    ///
    /// # Panics
    /// Outside a tokio runtime, which axum is never.
    ///
    /// ```
    /// # use axum::{extract::State, response::Response};
    /// # use user_hub::{UserHub, transport::{OriginPolicy, axum::WebSocketRequest}};
    /// async fn handler(State(hub): State<UserHub>, device: WebSocketRequest) -> Response {
    ///     device.serve(&hub, "alice", &OriginPolicy::same_host())
    /// }
    /// ```
    pub fn serve(self, hub: &UserHub, user: &str, origin: &OriginPolicy) -> Response {
        self.serve_with(hub, user, origin, ConnectOptions::new())
    }

    /// The same with options; a cursor in the request goes before their start, and their heartbeat is the hub's.
    ///
    /// # Panics
    /// Outside a tokio runtime, which axum is never.
    ///
    /// ```
    /// # use axum::{extract::State, response::Response};
    /// # use user_hub::{UserHub, transport::{OriginPolicy, axum::WebSocketRequest}};
    /// use user_hub::{ConnectOptions, Start};
    ///
    /// async fn handler(State(hub): State<UserHub>, device: WebSocketRequest) -> Response {
    ///     let options = ConnectOptions::new().start(Start::SnapshotAndLog(20));
    ///     device.serve_with(&hub, "alice", &OriginPolicy::same_host(), options)
    /// }
    /// ```
    pub fn serve_with(self, hub: &UserHub, user: &str, origin: &OriginPolicy, options: ConnectOptions) -> Response {
        if let Err(refused) = origin.check(&self.request) {
            return (StatusCode::FORBIDDEN, refused.to_string()).into_response();
        }
        let device = match WebSocketDevice::connect(hub, user, resumed(options, &self.request)) {
            Ok(device) => device,
            Err(error) => return refusal(error.websocket_status(), &error),
        };
        let limits = hub.transport_limits();
        let upgrade =
            self.upgrade.read_buffer_size(limits.read_buffer_bytes).write_buffer_size(limits.write_buffer_bytes);
        let upgrade = upgrade.max_message_size(limits.inbound_bytes).max_frame_size(limits.inbound_bytes);
        upgrade.on_upgrade(|socket: WebSocket| device.serve(socket, encode, decode).map(drop))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for WebSocketRequest {
    type Rejection = WebSocketUpgradeRejection;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Self::Rejection> {
        let upgrade = WebSocketUpgrade::from_request_parts(parts, state).await?;
        Ok(Self { upgrade, request: read(parts) })
    }
}

impl fmt::Debug for WebSocketRequest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("WebSocketRequest").field("request", &self.request).finish_non_exhaustive()
    }
}

/// A request for server-sent events: the extractor of a handler.
///
/// ```
/// use axum::{extract::State, response::Response};
/// use user_hub::{UserHub, transport::{OriginPolicy, axum::SseRequest}};
///
/// async fn handler(State(hub): State<UserHub>, device: SseRequest) -> Response {
///     device.serve(&hub, "alice", &OriginPolicy::same_host())
/// }
/// ```
#[must_use = "the device waits for an answer: call serve"]
#[derive(Debug)]
pub struct SseRequest {
    request: DeviceRequest,
}

impl SseRequest {
    /// Answers the request: the events of `user`, or a refusal as the [module](self) lists them.
    ///
    /// The device starts at its `Last-Event-ID`, else at its `resume` parameter, or else with a snapshot.
    ///
    /// ```
    /// # use axum::{extract::State, response::Response};
    /// # use user_hub::{UserHub, transport::{OriginPolicy, axum::SseRequest}};
    /// async fn handler(State(hub): State<UserHub>, device: SseRequest) -> Response {
    ///     device.serve(&hub, "alice", &OriginPolicy::only(["https://app.example.com"]).unwrap())
    /// }
    /// ```
    pub fn serve(self, hub: &UserHub, user: &str, origin: &OriginPolicy) -> Response {
        self.serve_with(hub, user, origin, ConnectOptions::new())
    }

    /// The same with options; a cursor in the request goes before their start, and their heartbeat is the hub's.
    ///
    /// ```
    /// # use axum::{extract::State, response::Response};
    /// # use user_hub::{UserHub, transport::{OriginPolicy, axum::SseRequest}};
    /// use user_hub::{ConnectOptions, Start};
    ///
    /// async fn handler(State(hub): State<UserHub>, device: SseRequest) -> Response {
    ///     let options = ConnectOptions::new().start(Start::SnapshotAndLog(20));
    ///     device.serve_with(&hub, "alice", &OriginPolicy::same_host(), options)
    /// }
    /// ```
    pub fn serve_with(self, hub: &UserHub, user: &str, origin: &OriginPolicy, options: ConnectOptions) -> Response {
        if let Err(refused) = origin.check(&self.request) {
            return (StatusCode::FORBIDDEN, refused.to_string()).into_response();
        }
        match SseStream::connect(hub, user, resumed(options, &self.request)) {
            Ok(frames) => (SSE_HEADERS, Body::from_stream(frames.map(Ok::<_, Infallible>))).into_response(),
            // An EventSource gives up on it, and a client that asks can tell it from a server that is away.
            Err(ConnectError::SessionEnded) => StatusCode::NO_CONTENT.into_response(),
            Err(error) => refusal(error.sse_status(), &error),
        }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for SseRequest {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Infallible> {
        Ok(Self { request: read(parts) })
    }
}

fn read(parts: &Parts) -> DeviceRequest {
    DeviceRequest::read(parts.uri.query(), |name| only(parts.headers.get_all(name).iter()))
        .authority(parts.uri.authority().map(Authority::as_str))
}

/// The value of a header; one that comes twice, as no browser sends it, is nothing that could be meant.
fn only<'h>(mut values: impl Iterator<Item = &'h HeaderValue>) -> Option<&'h [u8]> {
    let first = values.next()?;
    Some(if values.next().is_some() { b"," } else { first.as_bytes() })
}

fn resumed(options: ConnectOptions, request: &DeviceRequest) -> ConnectOptions {
    match request.resume() {
        Some(cursor) => options.start(Start::resume(cursor)),
        None => options,
    }
}

fn refusal(status: u16, error: &ConnectError) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::SERVICE_UNAVAILABLE);
    match status {
        StatusCode::NO_CONTENT => status.into_response(),
        StatusCode::SERVICE_UNAVAILABLE => (status, [("retry-after", RETRY_AFTER)], error.to_string()).into_response(),
        _ => (status, error.to_string()).into_response(),
    }
}

fn encode(message: ToDevice) -> Message {
    match message {
        // A copy, until the library has put it into its buffer: for shared bytes it would look through the text once more,
        // whether it is UTF-8, and that takes longer.
        ToDevice::Text(frame) => Message::Text(frame.text().into()),
        ToDevice::Ping => Message::Ping(bytes::Bytes::new()),
        ToDevice::Close(reason) => {
            Message::Close(Some(CloseFrame { code: reason.code().as_u16(), reason: reason.text().into() }))
        }
    }
}

fn decode(message: &Message) -> FromDevice {
    match message {
        Message::Ping(_) => FromDevice::Ping,
        Message::Pong(_) => FromDevice::Pong,
        Message::Close(_) => FromDevice::Close,
        Message::Text(_) | Message::Binary(_) => FromDevice::Data,
    }
}
