//! A device's connection over a real socket, which breaks where it is told to.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};

use axum::body::Body;
use axum::http::{Request, StatusCode};
use futures::StreamExt;
use hyper::body::Incoming;
use hyper_util::rt::TokioIo;
use sse_stream::SseStream;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{WebSocketStream, client_async};

use super::Random;
use crate::sockets::within;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Transport {
    WebSocket,
    Sse,
}

/// Where a connection breaks, counted in what the device reads.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cut {
    bytes: usize,
    frames: usize,
    /// The other side finds a reset instead of an end.
    is_reset: bool,
}

impl Cut {
    pub(crate) const NEVER: Self = Self { bytes: usize::MAX, frames: usize::MAX, is_reset: false };

    /// In the answer's head, in the first batch or far behind it; between two frames or in the middle of one.
    pub(crate) fn somewhere(random: &mut Random) -> Self {
        let reach = [300, 3_000, 30_000][random.below(3) as usize];
        let is_reset = random.below(2) == 0;
        match random.below(2) {
            0 => Self { bytes: random.below(reach) as usize, is_reset, ..Self::NEVER },
            _ => Self { frames: random.below(reach / 150 + 1) as usize, is_reset, ..Self::NEVER },
        }
    }
}

/// Why nothing more comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    /// As the test wanted it.
    Cut,
    /// The server said so.
    Closed,
    /// The server is gone.
    Lost,
}

/// A frame's text, and for server-sent events the `id:` that came with it.
#[derive(Debug)]
pub(crate) struct Received {
    pub(crate) text: String,
    pub(crate) id: Option<Option<String>>,
}

pub(crate) struct Wire {
    frames: Frames,
    frames_left: usize,
    bytes_left: Arc<AtomicUsize>,
}

enum Frames {
    WebSocket(Box<WebSocketStream<Line>>),
    Sse(Box<SseStream<Incoming>>, Task),
}

/// Drives an HTTP connection, and drops its socket with it.
struct Task(JoinHandle<()>);

impl Drop for Task {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Wire {
    pub(crate) async fn open(
        transport: Transport,
        address: SocketAddr,
        cursor: Option<&str>,
        cut: Cut,
    ) -> Result<Self, End> {
        let stream = TcpStream::connect(address).await.unwrap();
        if cut.is_reset {
            stream.set_zero_linger().unwrap();
        }
        let bytes_left = Arc::new(AtomicUsize::new(cut.bytes));
        let line = Line { stream, bytes_left: Arc::clone(&bytes_left) };
        let opened = within(async {
            match transport {
                Transport::WebSocket => websocket(line, address, cursor).await,
                Transport::Sse => sse(line, address, cursor).await,
            }
        });
        match opened.await {
            Some(frames) => Ok(Self { frames, frames_left: cut.frames, bytes_left }),
            None if bytes_left.load(Ordering::Relaxed) == 0 => Err(End::Cut),
            None => Err(End::Lost),
        }
    }

    /// The next frame, or why there is none.
    pub(crate) async fn next(&mut self) -> Result<Received, End> {
        if self.frames_left == 0 {
            return Err(End::Cut);
        }
        self.frames_left -= 1;
        let received = within(async {
            match &mut self.frames {
                Frames::WebSocket(socket) => text_message(socket).await,
                Frames::Sse(events, _) => event(events).await,
            }
        });
        received.await.map_err(|end| if self.bytes_left.load(Ordering::Relaxed) == 0 { End::Cut } else { end })
    }
}

async fn websocket(line: Line, address: SocketAddr, cursor: Option<&str>) -> Option<Frames> {
    let address = format!("ws://{address}/ws?user=alice&resume={}", cursor.unwrap_or_default());
    match client_async(address, line).await {
        Ok((socket, _)) => Some(Frames::WebSocket(Box::new(socket))),
        Err(Error::Http(refusal)) => panic!("{refusal:?}"),
        Err(_) => None,
    }
}

async fn text_message(socket: &mut WebSocketStream<Line>) -> Result<Received, End> {
    loop {
        match socket.next().await {
            Some(Ok(Message::Text(text))) => return Ok(Received { text: text.as_str().to_owned(), id: None }),
            Some(Ok(Message::Close(_))) => return Err(End::Closed),
            Some(Ok(_)) => {}
            Some(Err(_)) | None => return Err(End::Lost),
        }
    }
}

async fn sse(line: Line, address: SocketAddr, cursor: Option<&str>) -> Option<Frames> {
    let (mut requests, connection) = hyper::client::conn::http1::handshake(TokioIo::new(line)).await.ok()?;
    let task = Task(tokio::spawn(async { drop(connection.await) }));
    let mut request = Request::get("/events?user=alice").header("host", address.to_string());
    if let Some(cursor) = cursor {
        request = request.header("last-event-id", cursor);
    }
    let response = requests.send_request(request.body(Body::empty()).unwrap()).await.ok()?;
    assert_eq!(response.status(), StatusCode::OK);
    Some(Frames::Sse(Box::new(SseStream::new(response.into_body())), task))
}

async fn event(events: &mut SseStream<Incoming>) -> Result<Received, End> {
    match events.next().await {
        Some(Ok(event)) => Ok(Received { text: event.data.expect("every event has data"), id: Some(event.id) }),
        Some(Err(_)) => Err(End::Lost),
        None => Err(End::Closed),
    }
}

/// The body of a response that is no stream of events.
pub(crate) async fn get(address: SocketAddr, path: &str) -> Vec<u8> {
    let stream = TcpStream::connect(address).await.unwrap();
    let (mut requests, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.unwrap();
    let _task = Task(tokio::spawn(async { drop(connection.await) }));
    let request = Request::get(path).header("host", address.to_string()).body(Body::empty()).unwrap();
    let response = within(requests.send_request(request)).await.unwrap();
    within(axum::body::to_bytes(Body::new(response.into_body()), usize::MAX)).await.unwrap().to_vec()
}

/// A socket that gives so many bytes, and then none.
struct Line {
    stream: TcpStream,
    bytes_left: Arc<AtomicUsize>,
}

impl AsyncRead for Line {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, out: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let left = self.bytes_left.load(Ordering::Relaxed);
        if left == 0 {
            return Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()));
        }
        let mut bytes = [0; 4096];
        let room = left.min(out.remaining()).min(bytes.len());
        let mut part = ReadBuf::new(&mut bytes[..room]);
        let read = Pin::new(&mut self.stream).poll_read(context, &mut part);
        out.put_slice(part.filled());
        self.bytes_left.fetch_sub(part.filled().len(), Ordering::Relaxed);
        read
    }
}

impl AsyncWrite for Line {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
