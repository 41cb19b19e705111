//! WebSockets of tokio-tungstenite, for hosts without a web framework.
//!
//! The user and the origin are decided in the handshake, where a refusal is still an HTTP response:
//!
//! ```no_run
//! use tokio::net::TcpStream;
//! use tokio_tungstenite::accept_hdr_async_with_config;
//! use tokio_tungstenite::tungstenite::handshake::server::{ErrorResponse, Request, Response};
//! use tokio_tungstenite::tungstenite::http::{HeaderValue, StatusCode};
//! use user_hub::transport::{DeviceRequest, OriginPolicy, WebSocketDevice, tungstenite};
//! use user_hub::{ConnectError, ConnectOptions, UserHub};
//!
//! async fn device(hub: UserHub, stream: TcpStream) -> Result<(), Box<dyn std::error::Error>> {
//!     let mut accepted = None;
//!     let handshake = |request: &Request, response: Response| {
//!         let refused = |status: StatusCode| {
//!             let mut response = ErrorResponse::new(None);
//!             *response.status_mut() = status;
//!             response
//!         };
//!         let header = |name: &str| request.headers().get(name).map(HeaderValue::as_bytes);
//!         let device = DeviceRequest::read(request.uri().query(), header);
//!         OriginPolicy::same_host().check(&device).map_err(|_| refused(StatusCode::FORBIDDEN))?;
//!
//!         let user = signed_in(request).ok_or_else(|| refused(StatusCode::UNAUTHORIZED))?;
//!         let options = ConnectOptions::new().start(device.start());
//!         let device = WebSocketDevice::connect(&hub, &user, options);
//!         let status = |error: ConnectError| StatusCode::from_u16(error.websocket_status());
//!         accepted = Some(device.map_err(|error| refused(status(error).unwrap_or(StatusCode::FORBIDDEN)))?);
//!         Ok(response)
//!     };
//!     let socket = accept_hdr_async_with_config(stream, handshake, Some(tungstenite::config(&hub))).await?;
//!     if let Some(device) = accepted {
//!         tungstenite::serve(device, socket).await;
//!     }
//!     Ok(())
//! }
//!
//! /// The host's own authentication.
//! fn signed_in(request: &Request) -> Option<String> {
//! #   let _ = request;
//!     // …
//! #   None
//! }
//! ```

use tokio::io::{AsyncRead, AsyncWrite};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Bytes, Message};

use super::websocket::{FromDevice, ToDevice, WebSocketDevice};
use crate::{CloseReason, UserHub};

/// The buffers and limits of a hub's [`transport_limits`](UserHub::transport_limits): by default 512 bytes to read, messages of
/// at most 4 KiB, 16 KiB gathered before a write.
///
/// The library's own defaults take 128 KiB a connection and messages of 64 MiB.
///
/// ```
/// let hub = user_hub::UserHub::new();
/// assert_eq!(user_hub::transport::tungstenite::config(&hub).max_message_size, Some(4096));
/// ```
#[must_use]
pub fn config(hub: &UserHub) -> WebSocketConfig {
    let limits = hub.transport_limits();
    WebSocketConfig::default()
        .read_buffer_size(limits.read_buffer_bytes)
        .write_buffer_size(limits.write_buffer_bytes)
        .max_message_size(Some(limits.inbound_bytes))
        .max_frame_size(Some(limits.inbound_bytes))
}

/// Drives a device on its socket until it is gone, as [`WebSocketDevice::serve`] does; see the [module](self).
///
/// # Panics
/// Outside a tokio runtime with time enabled.
///
/// # Cancel safety
/// Dropping the future disconnects the device without a close.
///
/// ```no_run
/// use tokio::net::TcpStream;
/// use tokio_tungstenite::WebSocketStream;
/// use user_hub::{ConnectOptions, UserHub, transport::{WebSocketDevice, tungstenite}};
///
/// async fn alice(hub: &UserHub, socket: WebSocketStream<TcpStream>) -> Result<(), user_hub::ConnectError> {
///     let device = WebSocketDevice::connect(hub, "alice", ConnectOptions::new())?;
///     if let Some(reason) = tungstenite::serve(device, socket).await {
///         println!("closed: {}", reason.text());
///     }
///     Ok(())
/// }
/// ```
pub fn serve<S>(device: WebSocketDevice, socket: WebSocketStream<S>) -> impl Future<Output = Option<CloseReason>>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    device.serve(socket, encode, decode)
}

fn encode(message: ToDevice) -> Message {
    match message {
        // A copy, until the library has put it into its buffer: for shared bytes it would look through the text once more,
        // whether it is UTF-8, and that takes longer.
        ToDevice::Text(frame) => Message::Text(frame.text().into()),
        ToDevice::Ping => Message::Ping(Bytes::new()),
        ToDevice::Close(reason) => {
            Message::Close(Some(CloseFrame { code: reason.code().as_u16().into(), reason: reason.text().into() }))
        }
    }
}

fn decode(message: &Message) -> FromDevice {
    match message {
        Message::Ping(_) => FromDevice::Ping,
        Message::Pong(_) => FromDevice::Pong,
        Message::Close(_) => FromDevice::Close,
        Message::Text(_) | Message::Binary(_) | Message::Frame(_) => FromDevice::Data,
    }
}
