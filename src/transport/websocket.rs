//! The driver of a WebSocket device, for any WebSocket library.
//!
//! Invariants: one future and no task of its own; what the device sends is read even while it reads nothing, except
//! that it cannot make the server hold more than a few answers to its pings; a device that answers no ping is closed
//! with 3012, whatever its socket still holds.

use std::fmt;
use std::future::poll_fn;
use std::iter;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use futures::task::waker_ref;
use futures::{FutureExt, Sink, SinkExt, Stream, StreamExt};

use super::bell::Bell;
use super::forward::Pump;
use super::frame_sink::FrameSink;
use super::pings::Pings;
use super::span::DeviceSpan;
use crate::{CloseCode, CloseReason, ConnectError, ConnectOptions, Connection, Frame, FrameKind, UserHub};

/// How long a device may take to read its last frames and answer the close.
pub(super) const FAREWELL: Duration = Duration::from_secs(5);
/// Messages read in one turn before frames are sent again: a device that floods cannot keep its own frames waiting.
const MAX_READ: u32 = 32;
/// Pings of the device that may be unanswered before no more are read: each is up to 127 bytes of pong held here.
pub(super) const MAX_PINGS_HELD: u32 = 64;

/// What the driver sends; a host's WebSocket library has a message for each.
///
/// ```
/// use user_hub::{CloseCode, CloseReason, transport::ToDevice};
///
/// let message = match ToDevice::Close(CloseReason::new(CloseCode::SIGNED_OUT)) {
///     ToDevice::Text(frame) => frame.text().to_owned(),
///     ToDevice::Ping => String::from("ping"),
///     ToDevice::Close(reason) => format!("close {}", reason.code()),
/// };
/// assert_eq!(message, "close 3503");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ToDevice {
    /// A text message: the frame's text.
    Text(Frame),
    /// A ping, empty.
    Ping,
    /// A close with this code and text.
    Close(CloseReason),
}

/// What the driver wants to know of a message from the device.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FromDevice {
    /// A ping, which the library answers by itself.
    Ping,
    /// The answer to a ping.
    Pong,
    /// The device closes, or answers a close.
    Close,
    /// Text or binary: ignored.
    Data,
}

/// A device that has connected and is not on its WebSocket yet.
///
/// Connect first, so that a refusal is still an HTTP response, then upgrade, then [`serve`](Self::serve). Hosts with
/// axum or tokio-tungstenite find this done in `transport::axum` and `transport::tungstenite`.
///
/// ```
/// use user_hub::{ConnectOptions, UserHub, transport::WebSocketDevice};
///
/// let hub = UserHub::new();
/// let device = WebSocketDevice::connect(&hub, "alice", ConnectOptions::new())?;
/// assert!(hub.is_connected("alice"));
/// drop(device);
/// assert!(!hub.is_connected("alice"));
/// # Ok::<(), user_hub::ConnectError>(())
/// ```
pub struct WebSocketDevice {
    connection: Connection,
    rhythm: Option<(Duration, Duration)>,
}

impl fmt::Debug for WebSocketDevice {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("WebSocketDevice").field("connection", &self.connection.id()).finish_non_exhaustive()
    }
}

impl WebSocketDevice {
    /// Connects the device with the hub's heartbeat, which its CONNECTED announces and [`serve`](Self::serve) sends.
    ///
    /// The options' heartbeat and transport are replaced.
    ///
    /// # Errors
    /// [`ConnectError`]: the user's identity is not one, or the hub has shut down.
    ///
    /// ```
    /// use user_hub::{ConnectOptions, UserHub, transport::WebSocketDevice};
    ///
    /// let hub = UserHub::new();
    /// assert!(WebSocketDevice::connect(&hub, "", ConnectOptions::new()).is_err());
    /// ```
    pub fn connect(hub: &UserHub, user: &str, options: ConnectOptions) -> Result<Self, ConnectError> {
        let interval = hub.heartbeat_interval();
        let connection = hub.connect_with(user, options.heartbeat(interval).transport("websocket"))?;
        Ok(Self { connection, rhythm: interval.map(|interval| (interval, hub.pong_timeout())) })
    }

    /// Drives the device until it is gone; returns why the hub closed it, or `None` when the device left by itself.
    ///
    /// Everything that is ready goes out with one flush. Every heartbeat interval the device gets a HEARTBEAT frame
    /// and a ping; without a pong in time it is closed with [`CloseCode::NO_PONG`], also when it reads nothing, and
    /// leaves the hub at once. A device that the hub closes leaves it when `CLOSING` and the close are sent. Sending
    /// them and waiting for the answer takes at most five seconds. With heartbeats turned off, only the operating
    /// system notices that a device has vanished.
    ///
    /// `encode` turns what is sent into the library's message, `decode` says what a received message is. The library
    /// must answer pings and the close handshake itself, and should limit inbound messages to a few KiB.
    ///
    /// ```no_run
    /// # use user_hub::transport::WebSocketDevice;
    /// # #[derive(Debug)] enum Message { Text(String), Ping(Vec<u8>), Pong(Vec<u8>), Close(u16, String) }
    /// # async fn example<S>(device: WebSocketDevice, socket: S)
    /// # where S: futures::Stream<Item = Result<Message, ()>> + futures::Sink<Message, Error = ()> + Unpin {
    /// use user_hub::transport::{FromDevice, ToDevice};
    ///
    /// let encode = |message| match message {
    ///     ToDevice::Text(frame) => Message::Text(frame.text().to_owned()),
    ///     ToDevice::Ping => Message::Ping(Vec::new()),
    ///     ToDevice::Close(reason) => Message::Close(reason.code().as_u16(), reason.text().to_owned()),
    /// };
    /// let decode = |message: &Message| match message {
    ///     Message::Ping(_) => FromDevice::Ping,
    ///     Message::Pong(_) => FromDevice::Pong,
    ///     Message::Close(..) => FromDevice::Close,
    ///     Message::Text(_) => FromDevice::Data,
    /// };
    /// device.serve(socket, encode, decode).await;
    /// # }
    /// ```
    ///
    /// # Panics
    /// Outside a tokio runtime with time enabled.
    ///
    /// # Cancel safety
    /// Dropping the future disconnects the device without a close.
    pub fn serve<S, M, E>(
        self,
        socket: S,
        encode: impl Fn(ToDevice) -> M,
        decode: impl Fn(&M) -> FromDevice,
    ) -> impl Future<Output = Option<CloseReason>>
    where
        S: Stream<Item = Result<M, E>> + Sink<M, Error = E> + Unpin,
    {
        let span = DeviceSpan::new(&self.connection, "websocket");
        let pings = self.rhythm.map(|(interval, timeout)| Pings::new(interval, timeout));
        let bell = Bell::new();
        let mut line = Line { socket, encode, decode, pings, pings_held: 0, may_read: true };
        let mut pump = Some(Pump::new(self.connection));
        // A future has room for a value in each place that it is moved to: in here nothing large is moved.
        async move {
            let end = poll_fn(|context| span.in_scope(|| line.poll(context, &bell, pump.as_mut()))).await;
            let (unsent, reason) = match end {
                // It counts as connected until it has been told, so that a host in shutdown can wait for that.
                End::Closed(reason) => (Vec::new(), Some(reason)),
                End::NoPong => give_up(pump.take()),
                End::Left => {
                    pump = None;
                    (Vec::new(), None)
                }
            };
            let farewell = async {
                line.tell(unsent, reason.clone()).await?;
                pump = None;
                line.wait_for_the_end().await
            };
            let _ = tokio::time::timeout(FAREWELL, farewell).await;
            reason
        }
    }
}

/// Disconnects a device that does not answer; returns what it is told, should it read again, and why it was closed.
fn give_up(pump: Option<Pump>) -> (Vec<Frame>, Option<CloseReason>) {
    let reason = CloseReason::new(CloseCode::NO_PONG);
    let Some(pump) = pump else { return (Vec::new(), Some(reason)) };
    let mut connection = pump.into_connection();
    connection.close(reason.clone());
    // CLOSING, behind the rest of a group that has begun. Should the hub have closed it first, its reason stands.
    let unsent: Vec<Frame> = iter::from_fn(|| connection.next().now_or_never().flatten()).collect();
    let said = unsent.last().and_then(Frame::close_reason).cloned();
    (unsent, said.or(Some(reason)))
}

enum End {
    /// The hub has closed the connection; its CLOSING frame has been fed.
    Closed(CloseReason),
    NoPong,
    /// The device closed, or cannot be reached.
    Left,
}

/// A device's socket, with what the driver knows of it.
struct Line<S, T, F> {
    socket: S,
    encode: T,
    decode: F,
    pings: Option<Pings>,
    /// Pings read since the last flush.
    pings_held: u32,
    /// Whether there may be something to read: the socket has rung since it had nothing.
    may_read: bool,
}

impl<S, M, E, T, F> Line<S, T, F>
where
    S: Stream<Item = Result<M, E>> + Sink<M, Error = E> + Unpin,
    T: Fn(ToDevice) -> M,
    F: Fn(&M) -> FromDevice,
{
    /// Without a pump the device has left.
    fn poll(&mut self, context: &mut Context<'_>, bell: &Arc<Bell>, pump: Option<&mut Pump>) -> Poll<End> {
        let Some(pump) = pump else { return Poll::Ready(End::Left) };
        // Most wake-ups are the hub's: then the socket has nothing to read, and no ping is due.
        let has_rung = bell.answer(context);
        self.may_read |= has_rung;
        let waker = waker_ref(bell);
        let mut outside = Context::from_waker(&waker);
        // The pong first: it may have come while this task waited for its turn.
        if self.may_read {
            let read = self.poll_read(&mut outside);
            if read == Poll::Ready(Read::Left) {
                return Poll::Ready(End::Left);
            }
            self.may_read = read.is_ready();
        }
        if let Some(pings) = self.pings.as_mut().filter(|_| has_rung) {
            if pings.poll_missed(&mut outside).is_ready() {
                return Poll::Ready(End::NoPong);
            }
        }
        if self.pings_held > 0 || self.pings.as_ref().is_some_and(Pings::is_wanted) {
            pump.flush();
        }
        match pump.poll(context, &mut outside, self) {
            Poll::Ready(Ok(reason)) => return Poll::Ready(End::Closed(reason)),
            Poll::Ready(Err(_)) => return Poll::Ready(End::Left),
            Poll::Pending => {}
        }
        match self.pings.as_mut().and_then(Pings::news) {
            Some(true) => pump.connection().ping_sent(),
            Some(false) => pump.connection().pong_received(),
            None => {}
        }
        if self.may_read && self.pings_held < MAX_PINGS_HELD {
            context.waker().wake_by_ref();
        }
        Poll::Pending
    }

    /// Reads what has come; pending when that was all.
    fn poll_read(&mut self, context: &mut Context<'_>) -> Poll<Read> {
        for _ in 0..MAX_READ {
            if self.pings_held >= MAX_PINGS_HELD {
                break;
            }
            let Some(Ok(message)) = ready!(self.socket.poll_next_unpin(context)) else {
                return Poll::Ready(Read::Left);
            };
            match (self.decode)(&message) {
                FromDevice::Ping => self.pings_held += 1,
                FromDevice::Pong => {
                    if let Some(pings) = &mut self.pings {
                        pings.pong_received();
                    }
                }
                FromDevice::Close => return Poll::Ready(Read::Left),
                FromDevice::Data => {}
            }
        }
        Poll::Ready(Read::More)
    }

    fn poll_ping(&mut self, context: &mut Context<'_>) -> Poll<Result<(), E>> {
        if let Some(pings) = self.pings.as_mut().filter(|pings| pings.is_wanted()) {
            ready!(self.socket.poll_ready_unpin(context))?;
            pings.sent();
            self.socket.start_send_unpin((self.encode)(ToDevice::Ping))?;
        }
        Poll::Ready(Ok(()))
    }

    /// Sends the last frames and the close.
    async fn tell(&mut self, unsent: Vec<Frame>, reason: Option<CloseReason>) -> Result<(), E> {
        for frame in unsent {
            self.socket.feed((self.encode)(ToDevice::Text(frame))).await?;
        }
        match reason {
            Some(reason) => self.socket.send((self.encode)(ToDevice::Close(reason))).await,
            None => Ok(()),
        }
    }

    /// Waits for the device's close; the library answers one that the device began.
    async fn wait_for_the_end(&mut self) -> Result<(), E> {
        while self.socket.next().await.transpose()?.is_some() {}
        Ok(())
    }
}

#[derive(PartialEq)]
enum Read {
    /// There may be more.
    More,
    Left,
}

impl<S, M, E, T, F> FrameSink for Line<S, T, F>
where
    S: Stream<Item = Result<M, E>> + Sink<M, Error = E> + Unpin,
    T: Fn(ToDevice) -> M,
    F: Fn(&M) -> FromDevice,
{
    type Error = E;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), E>> {
        // A ping does not wait behind the batch: a long one would make a slow device look dead.
        ready!(self.poll_ping(context))?;
        self.socket.poll_ready_unpin(context)
    }

    fn start_send(&mut self, frame: Frame) -> Result<(), E> {
        if let Some(pings) = self.pings.as_mut().filter(|_| frame.kind() == FrameKind::Heartbeat) {
            pings.want();
        }
        self.socket.start_send_unpin((self.encode)(ToDevice::Text(frame)))
    }

    fn poll_flush(&mut self, context: &mut Context<'_>) -> Poll<Result<(), E>> {
        ready!(self.poll_ping(context))?;
        ready!(self.socket.poll_flush_unpin(context))?;
        self.pings_held = 0;
        Poll::Ready(Ok(()))
    }

    fn poll_close(&mut self, context: &mut Context<'_>, _reason: &CloseReason) -> Poll<Result<(), E>> {
        self.socket.poll_close_unpin(context)
    }
}
