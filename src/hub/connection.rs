//! One connection: a cursor in its user's log, as a stream of frames.
//!
//! Invariant: between two batches, either this connection is runnable or its waker is in the mailbox.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use futures::Stream;
use futures::stream::FusedStream;

use crate::core::session::{Begin, Session};
use crate::hub::hub::{Shared, wake};
use crate::hub::registry::Slot;
use crate::{CloseReason, ConnectionId, Cursor, Frame, UserId, UserIdError};

/// Why a device was not connected.
///
/// ```
/// use user_hub::{ConnectError, UserHub, UserIdError};
///
/// let error = UserHub::new().connect("").unwrap_err();
/// assert_eq!(error, ConnectError::User(UserIdError::Empty));
/// ```
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ConnectError {
    /// The user's identity is empty or too long; authentication should have refused it before.
    #[error(transparent)]
    User(#[from] UserIdError),
    /// The hub was shut down; the device should come back to another server, or later.
    #[error("the hub was shut down")]
    Closed,
}

/// Where a connection starts.
///
/// ```
/// use user_hub::Start;
///
/// assert_eq!(Start::resume(""), Start::Snapshot);
/// assert_eq!(Start::resume("garbage"), Start::Unknown);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Start {
    /// With the current State.
    #[default]
    Snapshot,
    /// With the current State and so many of the last Log records, more if that would cut a group.
    SnapshotAndLog(usize),
    /// After the last cursor that the device has processed. If it is unknown here, as [`Unknown`](Self::Unknown).
    After(Cursor),
    /// With a GAP and everything retained, because nobody knows what the device had.
    Unknown,
}

impl Start {
    /// What the text of a `resume` parameter or of `Last-Event-ID` asks for: empty means a snapshot, garbage unknown.
    ///
    /// ```
    /// use user_hub::Start;
    ///
    /// let cursor = "00c0ffee00c0ffee-42";
    /// assert_eq!(Start::resume(cursor), Start::After(cursor.parse()?));
    /// # Ok::<(), user_hub::CursorError>(())
    /// ```
    #[must_use]
    pub fn resume(text: &str) -> Self {
        if text.is_empty() { Self::Snapshot } else { text.parse().map_or(Self::Unknown, Self::After) }
    }

    fn begin(self) -> Begin {
        match self {
            Self::Snapshot => Begin::New { log_records: 0 },
            Self::SnapshotAndLog(log_records) => Begin::New { log_records },
            Self::After(cursor) => Begin::After(cursor),
            Self::Unknown => Begin::Unknown,
        }
    }
}

/// How a device is connected.
///
/// ```
/// use std::time::Duration;
/// use user_hub::{ConnectOptions, Start};
///
/// let options = ConnectOptions::new().start(Start::SnapshotAndLog(20)).heartbeat(Some(Duration::from_secs(25)));
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[must_use = "options do nothing until they are given to `connect_with`"]
pub struct ConnectOptions {
    pub(crate) start: Start,
    pub(crate) heartbeat: Option<Duration>,
}

impl ConnectOptions {
    /// A snapshot, and no heartbeats.
    ///
    /// ```
    /// assert_eq!(user_hub::ConnectOptions::new(), user_hub::ConnectOptions::default());
    /// ```
    pub fn new() -> Self {
        Self::default()
    }

    /// Where it starts. Default [`Start::Snapshot`].
    ///
    /// ```
    /// use user_hub::{ConnectOptions, Start};
    ///
    /// let options = ConnectOptions::new().start(Start::resume("00c0ffee00c0ffee-42"));
    /// ```
    pub fn start(mut self, start: Start) -> Self {
        self.start = start;
        self
    }

    /// How often it gets a HEARTBEAT, which `CONNECTED` announces. Default never.
    ///
    /// Only for a driver that calls [`Connection::handle_deadline`] in time: a device takes a missing heartbeat for a
    /// dead connection.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// let options = user_hub::ConnectOptions::new().heartbeat(Some(Duration::from_secs(25)));
    /// ```
    pub fn heartbeat(mut self, interval: Option<Duration>) -> Self {
        self.heartbeat = interval;
        self
    }

    pub(crate) fn begin(&self) -> Begin {
        self.start.begin()
    }
}

/// One device of one user: a stream of frames, in order; dropping it disconnects.
///
/// The first frame is `CONNECTED`; `CLOSING` is the last, and then the stream ends. A slow device makes nobody wait: what
/// it has not taken stays in the log, where newer State replaces older, and Log that is evicted before it was taken is
/// declared by a `GAP`, which is a frame like any other.
///
/// # Cancel safety
/// A frame is handed out or it is still here; a `next` that is dropped loses nothing.
///
/// ```
/// use futures::{StreamExt, executor::block_on};
/// use user_hub::{FrameKind, UserHub, trading::PnlUpdate};
///
/// let hub = UserHub::new();
/// let mut device = hub.connect("alice")?;
/// assert_eq!(block_on(device.next()).unwrap().kind(), FrameKind::Connected);
/// assert_eq!(block_on(device.next()).unwrap().kind(), FrameKind::Synced);
/// hub.broadcast_pnl("alice", &PnlUpdate::default());
/// assert_eq!(block_on(device.next()).unwrap().name(), "PNL_UPDATE");
/// # Ok::<(), user_hub::ConnectError>(())
/// ```
#[must_use = "dropping a connection disconnects the device"]
pub struct Connection {
    hub: Arc<Shared>,
    slot: Arc<Slot>,
    session: Session,
    /// When the log last said that something in it ends by itself.
    log_deadline: Option<Instant>,
}

impl Connection {
    pub(crate) const fn new(hub: Arc<Shared>, slot: Arc<Slot>, session: Session) -> Self {
        Self { hub, slot, session, log_deadline: None }
    }

    /// The connection's identity, which `CONNECTED` shows.
    ///
    /// ```
    /// let device = user_hub::UserHub::new().connect("alice")?;
    /// assert_eq!(device.id().to_string(), "1");
    /// # Ok::<(), user_hub::ConnectError>(())
    /// ```
    #[must_use]
    pub const fn id(&self) -> ConnectionId {
        self.session.id()
    }

    /// Whose device it is.
    ///
    /// ```
    /// let device = user_hub::UserHub::new().connect("alice")?;
    /// assert_eq!(device.user().as_str(), "alice");
    /// # Ok::<(), user_hub::ConnectError>(())
    /// ```
    #[must_use]
    pub const fn user(&self) -> &UserId {
        self.session.user()
    }

    /// What the hub's clock shows: deadlines are on it.
    ///
    /// ```
    /// let device = user_hub::UserHub::new().connect("alice")?;
    /// assert!(device.now() <= std::time::Instant::now());
    /// # Ok::<(), user_hub::ConnectError>(())
    /// ```
    #[must_use]
    pub fn now(&self) -> Instant {
        self.hub.config.clock.now()
    }

    /// When the driver should call [`handle_deadline`](Self::handle_deadline) next: a heartbeat is due, or something in
    /// the log ends. Ask again whenever the stream was polled.
    ///
    /// ```
    /// let device = user_hub::UserHub::new().connect("alice")?;
    /// assert_eq!(device.next_deadline(), None);
    /// # Ok::<(), user_hub::ConnectError>(())
    /// ```
    #[must_use]
    pub fn next_deadline(&self) -> Option<Instant> {
        [self.session.next_deadline(), self.log_deadline].into_iter().flatten().min()
    }

    /// Does what is due at `now`; then poll the stream again. Too early, it does nothing.
    ///
    /// ```
    /// use std::time::Duration;
    /// use futures::{FutureExt, StreamExt};
    /// use user_hub::{ConnectOptions, FrameKind, UserHub};
    ///
    /// let options = ConnectOptions::new().heartbeat(Some(Duration::from_secs(25)));
    /// let mut device = UserHub::new().connect_with("alice", options)?;
    /// while device.next().now_or_never().is_some() {}
    /// device.handle_deadline(device.now() + Duration::from_secs(25));
    /// let frame = device.next().now_or_never().flatten();
    /// assert_eq!(frame.map(|frame| frame.kind()), Some(FrameKind::Heartbeat));
    /// # Ok::<(), user_hub::ConnectError>(())
    /// ```
    pub fn handle_deadline(&mut self, now: Instant) {
        self.session.handle_deadline(now);
        if self.log_deadline.is_some_and(|deadline| deadline <= now) {
            let moment = self.hub.moment();
            let parked = {
                let mut mailbox = self.slot.mailbox.lock();
                let is_new = mailbox.log.handle_deadline(moment, &self.hub.limits);
                self.log_deadline = mailbox.log.next_deadline(&self.hub.limits);
                if is_new { mailbox.unpark() } else { Vec::new() }
            };
            wake(parked);
        }
    }

    /// Ends the connection: the next frame is `CLOSING`, after the rest of a group that has begun. The first reason stands.
    ///
    /// ```
    /// use futures::{StreamExt, executor::block_on};
    /// use user_hub::{CloseCode, CloseReason, FrameKind, UserHub};
    ///
    /// let mut device = UserHub::new().connect("alice")?;
    /// device.close(CloseReason::new(CloseCode::NO_PONG));
    /// assert_eq!(block_on(device.next()).unwrap().kind(), FrameKind::Closing);
    /// assert!(block_on(device.next()).is_none());
    /// # Ok::<(), user_hub::ConnectError>(())
    /// ```
    pub fn close(&mut self, reason: CloseReason) {
        self.session.close(reason);
    }

    /// Takes the next batch, or parks: one critical section, so that nothing can come between looking and parking.
    fn take_or_park(&mut self, context: &mut Context<'_>) -> bool {
        let moment = self.hub.moment();
        // Cloning a waker is foreign code, so it is done before the lock.
        let waker = context.waker().clone();
        let (taken, _unused_waker) = {
            let mut mailbox = self.slot.mailbox.lock();
            self.hub.catch_up(&mut mailbox, moment);
            mailbox.log.handle_deadline(moment, &self.hub.limits);
            if let Some(reason) = mailbox.close_of(self.session.id()) {
                self.session.close(reason.clone());
            }
            let taken = self.session.take(&mailbox.log);
            self.log_deadline = mailbox.log.next_deadline(&self.hub.limits);
            if taken { (true, Some(waker)) } else { (false, mailbox.park(self.session.id(), waker)) }
        };
        taken
    }
}

impl Stream for Connection {
    type Item = Frame;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Frame>> {
        loop {
            if let Some(frame) = self.session.next_frame() {
                return Poll::Ready(Some(frame));
            }
            if self.session.is_over() {
                return Poll::Ready(None);
            }
            if !self.take_or_park(context) {
                return Poll::Pending;
            }
        }
    }
}

impl FusedStream for Connection {
    fn is_terminated(&self) -> bool {
        self.session.is_over()
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.hub.disconnect(&self.slot, self.session.id());
    }
}

impl fmt::Debug for Connection {
    /// Shows no payload: connections end up in logs.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Connection").field("id", &self.id()).finish_non_exhaustive()
    }
}
