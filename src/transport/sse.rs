//! Server-sent events as text: a stream of chunks that any HTTP server can send as a body.
//!
//! Invariants: a frame is one `data:` event, and the event has an `id:` exactly when the frame moves the device's cursor,
//! so that what a browser sends back as `Last-Event-ID` is where it stands; a chunk holds whole events.

use std::fmt;
use std::io::Write;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use futures::Stream;
use memchr::memchr2_iter;

use super::span::DeviceSpan;
use super::timed::Timed;
use crate::{CloseReason, ConnectError, ConnectOptions, Connection, Frame, UserHub};

/// A chunk that has grown to this is sent although more is ready.
const CHUNK: usize = 16 * 1024;
/// What the lines of an event add to its text.
const LINES: usize = 64;

/// The headers of a server-sent events response, with status 200.
///
/// The second keeps caches and compressing proxies off the stream, the third keeps nginx from buffering it.
///
/// ```
/// assert_eq!(user_hub::transport::SSE_HEADERS[0], ("content-type", "text/event-stream"));
/// ```
pub const SSE_HEADERS: [(&str, &str); 3] =
    [("content-type", "text/event-stream"), ("cache-control", "no-cache, no-transform"), ("x-accel-buffering", "no")];

/// A device's frames as the body of a server-sent events response; it ends behind `CLOSING`.
///
/// An HTTP server polls it when it can send, and so a slow device is treated like any other: it holds one batch, and
/// what it does not see meanwhile is conflated. Everything that is ready is one chunk, up to about 16 KiB. Dropping
/// it disconnects the device. Hosts with axum find the rest done in `transport::axum`; with hyper, see
/// `examples/sse_hyper.rs`; with actix-web:
///
/// ```text
/// async fn events(request: HttpRequest, user: SignedIn, hub: web::Data<UserHub>) -> Result<HttpResponse> {
///     let device = DeviceRequest::read(request.uri().query(), |name| {
///         request.headers().get(name).map(|value| value.as_bytes())
///     });
///     OriginPolicy::same_host().check(&device).map_err(ErrorForbidden)?;
///     let options = ConnectOptions::new().start(device.start());
///     let frames = match SseStream::connect(&hub, &user.id, options) {
///         Ok(frames) => frames,
///         Err(error) => return Ok(HttpResponse::build(StatusCode::from_u16(error.sse_status())?).finish()),
///     };
///     let mut response = HttpResponse::Ok();
///     for header in SSE_HEADERS {
///         response.insert_header(header);
///     }
///     Ok(response.streaming(frames.map(Ok::<_, Infallible>)))
/// }
/// ```
///
/// There is no ping in HTTP. A device that vanished without a word is noticed when a heartbeat cannot be sent, after as
/// long as the operating system goes on trying; `TCP_USER_TIMEOUT` on the listener shortens that. A device that holds
/// its connection open and reads nothing keeps its place among the user's connections until a newer one needs it.
///
/// # Panics
/// Polling panics when the connection has a deadline, as it has with heartbeats, outside a tokio runtime with time
/// enabled.
///
/// ```
/// use futures::{StreamExt, executor::block_on};
/// use user_hub::UserHub;
///
/// let mut body = UserHub::new().connect("alice")?.into_sse();
/// let chunk = block_on(body.next()).unwrap();
/// assert!(chunk.starts_with(br#"data: {"type":"CONNECTED""#));
/// # Ok::<(), user_hub::ConnectError>(())
/// ```
pub struct SseStream {
    /// `None` once the device has been told that it is over: it leaves the hub then, not when its socket closes.
    frames: Option<Timed>,
    span: DeviceSpan,
}

impl SseStream {
    /// Connects a device with the hub's heartbeat, which also keeps proxies from closing a quiet response.
    ///
    /// The options' heartbeat and transport are replaced.
    ///
    /// # Errors
    /// [`ConnectError`]: the user's identity is not one, or the hub has shut down.
    ///
    /// ```
    /// use user_hub::{ConnectOptions, UserHub, transport::SseStream};
    ///
    /// let hub = UserHub::new();
    /// let body = SseStream::connect(&hub, "alice", ConnectOptions::new())?;
    /// assert!(hub.is_connected("alice"));
    /// # drop(body);
    /// # Ok::<(), user_hub::ConnectError>(())
    /// ```
    pub fn connect(hub: &UserHub, user: &str, options: ConnectOptions) -> Result<Self, ConnectError> {
        let options = options.heartbeat(hub.heartbeat_interval()).transport("sse");
        Ok(hub.connect_with(user, options)?.into_sse())
    }
}

impl Connection {
    /// Turns the connection into the body of a server-sent events response.
    ///
    /// Heartbeats are those of the connection's options, by default none: [`SseStream::connect`] sets the hub's.
    ///
    /// ```
    /// let body = user_hub::UserHub::new().connect("alice")?.into_sse();
    /// # drop(body);
    /// # Ok::<(), user_hub::ConnectError>(())
    /// ```
    #[must_use]
    pub fn into_sse(self) -> SseStream {
        let span = DeviceSpan::new(&self, "sse");
        SseStream { frames: Some(Timed::new(self)), span }
    }
}

impl fmt::Debug for SseStream {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("SseStream").field("ended", &self.frames.is_none()).finish_non_exhaustive()
    }
}

impl Stream for SseStream {
    type Item = Bytes;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Bytes>> {
        let Self { frames, span } = &mut *self;
        span.in_scope(|| poll_chunk(frames, context))
    }
}

/// Everything that is ready, up to a chunk.
fn poll_chunk(connected: &mut Option<Timed>, context: &mut Context<'_>) -> Poll<Option<Bytes>> {
    let Some(frames) = connected else { return Poll::Ready(None) };
    let mut frames = Pin::new(frames);
    let Some(first) = ready!(frames.as_mut().poll_next(context)) else {
        *connected = None;
        return Poll::Ready(None);
    };
    // Fits one event, which is the usual chunk: a quiet device holds no buffer in between.
    let mut chunk = Vec::with_capacity(first.text().len() + LINES);
    let mut ended = write_event(&mut chunk, &first);
    while !ended && chunk.len() < CHUNK {
        match frames.as_mut().poll_next(context) {
            Poll::Ready(Some(frame)) => ended = write_event(&mut chunk, &frame),
            Poll::Ready(None) => ended = true,
            Poll::Pending => break,
        }
    }
    if ended {
        *connected = None;
    }
    Poll::Ready(Some(chunk.into()))
}

/// Appends a frame as an event; true when it is the last one.
pub(super) fn write_event(chunk: &mut Vec<u8>, frame: &Frame) -> bool {
    let retry = frame.close_reason().and_then(CloseReason::retry_hint);
    if let Some(wait) = retry {
        put(chunk, format_args!("retry: {}\n", wait.as_millis()));
    }
    if let Some(cursor) = frame.cursor() {
        put(chunk, format_args!("id: {cursor}\n"));
    }
    // JSON has line breaks only where an application's raw JSON was pretty-printed; the device joins the lines again.
    let text = frame.text().as_bytes();
    let mut start = 0;
    for end in memchr2_iter(b'\n', b'\r', text).chain([text.len()]) {
        chunk.extend_from_slice(b"data: ");
        chunk.extend_from_slice(&text[start..end]);
        chunk.push(b'\n');
        start = end + 1;
    }
    chunk.push(b'\n');
    frame.close_reason().is_some()
}

fn put(chunk: &mut Vec<u8>, text: fmt::Arguments<'_>) {
    // Writing to a Vec cannot fail.
    let _ = chunk.write_fmt(text);
}
