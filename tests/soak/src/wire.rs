//! A device's socket: a WebSocket, or a response of server-sent events.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use axum::body::Body;
use axum::http::{Request, StatusCode};
use futures::StreamExt;
use hyper::body::Incoming;
use hyper_util::rt::TokioIo;
use serde::de::DeserializeOwned;
use sse_stream::SseStream;
use tokio::net::{TcpSocket, TcpStream};
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::{WebSocketStream, client_async_with_config};

use crate::Failure;

/// Addresses of this machine that devices come from: each has ports of its own.
const ADDRESSES: usize = 32;
/// Small, so that a device that stalls is soon behind in the hub and not in the kernel.
pub(crate) const BUFFER: u32 = 4 * 1024;
/// Longer than a hub that is just starting under the load of all devices takes.
const PATIENCE: Duration = Duration::from_secs(30);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Transport {
    WebSocket,
    Sse,
}

/// Where a device is, and what it asks for.
#[derive(Debug, Clone)]
pub(crate) struct Line {
    pub(crate) server: SocketAddr,
    pub(crate) device: usize,
    pub(crate) transport: Transport,
    pub(crate) user: String,
}

pub(crate) enum Wire {
    WebSocket(Box<WebSocketStream<TcpStream>>),
    Sse { events: Box<SseStream<Incoming>>, _connection: Task },
}

/// Drives an HTTP connection, and drops its socket with it.
#[derive(Debug)]
pub(crate) struct Task(JoinHandle<()>);

impl Drop for Task {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Line {
    /// Connects; `None` if there was no answer, or another than yes.
    pub(crate) async fn open(&self, cursor: Option<&str>, ends_with_reset: bool) -> Option<Wire> {
        timeout(PATIENCE, async {
            let stream = self.connect().await.ok()?;
            if ends_with_reset {
                stream.set_zero_linger().ok()?;
            }
            match self.transport {
                Transport::WebSocket => self.websocket(stream, cursor).await,
                Transport::Sse => self.sse(stream, cursor).await,
            }
        })
        .await
        .ok()?
    }

    async fn connect(&self) -> io::Result<TcpStream> {
        let socket = TcpSocket::new_v4()?;
        socket.set_recv_buffer_size(BUFFER)?;
        // The server has the first address to itself, so no device can have its port.
        let address = Ipv4Addr::new(127, 0, 0, (2 + self.device % ADDRESSES) as u8);
        socket.bind(SocketAddr::from((address, 0)))?;
        socket.connect(self.server).await
    }

    async fn websocket(&self, stream: TcpStream, cursor: Option<&str>) -> Option<Wire> {
        let address = format!("ws://{}/ws/{}?resume={}", self.server, self.user, cursor.unwrap_or_default());
        let config = WebSocketConfig::default().read_buffer_size(2 * 1024).write_buffer_size(0);
        let (socket, _) = client_async_with_config(address, stream, Some(config)).await.ok()?;
        Some(Wire::WebSocket(Box::new(socket)))
    }

    async fn sse(&self, stream: TcpStream, cursor: Option<&str>) -> Option<Wire> {
        let (mut requests, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.ok()?;
        let task = Task(tokio::spawn(async { drop(connection.await) }));
        let mut request = Request::get(format!("/events/{}", self.user)).header("host", self.server.to_string());
        if let Some(cursor) = cursor {
            request = request.header("last-event-id", cursor);
        }
        let response = requests.send_request(request.body(Body::empty()).ok()?).await.ok()?;
        let events = (response.status() == StatusCode::OK).then(|| SseStream::new(response.into_body()))?;
        Some(Wire::Sse { events: Box::new(events), _connection: task })
    }
}

impl Wire {
    /// The text of the next frame; `None` when the socket is at its end.
    ///
    /// # Cancel safety
    /// Dropping it loses nothing.
    pub(crate) async fn next(&mut self) -> Option<String> {
        match self {
            Self::WebSocket(socket) => loop {
                match socket.next().await {
                    Some(Ok(Message::Text(text))) => return Some(text.as_str().to_owned()),
                    Some(Ok(Message::Close(_)) | Err(_)) | None => return None,
                    Some(Ok(_)) => {}
                }
            },
            Self::Sse { events, .. } => loop {
                match events.next().await {
                    Some(Ok(event)) => {
                        if let Some(text) = event.data {
                            return Some(text);
                        }
                    }
                    Some(Err(_)) | None => return None,
                }
            },
        }
    }
}

/// Asks the server for what is no stream of events.
pub(crate) async fn ask<T: DeserializeOwned>(server: SocketAddr, method: &str, path: &str) -> Result<T, Failure> {
    let stream = TcpStream::connect(server).await?;
    let (mut requests, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
    let _task = Task(tokio::spawn(async { drop(connection.await) }));
    let request = Request::builder().method(method).uri(path).header("host", server.to_string());
    let response = requests.send_request(request.body(Body::empty())?).await?;
    Ok(serde_json::from_slice(&axum::body::to_bytes(Body::new(response.into_body()), usize::MAX).await?)?)
}
