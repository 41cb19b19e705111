//! One connection: a cursor in its user's log, as a stream of frames.
//!
//! Invariant: between two batches, either this connection is runnable or its waker is in the mailbox.

use std::fmt;
use std::mem;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use futures::Stream;
use futures::stream::FusedStream;

use crate::core::Moment;
use crate::core::batch::Item;
use crate::core::mailbox::{Mailbox, ReaderHint};
use crate::core::session::{Begin, Closing, Session, SessionOptions, SlowPolicy};
use crate::hub::observe::ConnectionObserver;
use crate::hub::registry::Slot;
use crate::hub::shared::{Shared, wake};
use crate::hub::state_source::Loading;
use crate::hub::sync::Ordering;
use crate::vocabulary::cursor::Seq;
use crate::{CloseReason, ConnectionId, Cursor, Frame, SessionId, Timestamp, UserId, UserIdError};

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
    /// The session was told to stay away, a short while ago; the user signs in again. For SSE the answer is 204.
    #[error("the session has ended")]
    SessionEnded,
    /// The session is no longer valid; the user signs in again.
    #[error("the session has expired")]
    SessionExpired,
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

/// What becomes of a device from whose log records were evicted before it took them.
///
/// ```
/// use user_hub::{ConnectOptions, OnSlow};
///
/// let options = ConnectOptions::new().on_slow(OnSlow::Close);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum OnSlow {
    /// It gets a GAP where the records are missing, and goes on.
    #[default]
    Continue,
    /// It is closed with code 3008. When it comes back with a cursor from before the missing records, it starts at the
    /// present: the State, and one GAP up to now. A replay of what just overflowed would only overflow again.
    Close,
}

impl From<OnSlow> for SlowPolicy {
    fn from(policy: OnSlow) -> Self {
        match policy {
            OnSlow::Continue => Self::Continue,
            OnSlow::Close => Self::Close,
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
    pub(crate) on_slow: Option<OnSlow>,
    pub(crate) session: Option<SessionId>,
    pub(crate) valid_until: Option<Timestamp>,
    pub(crate) transport: &'static str,
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

    /// What becomes of it when it is too slow for its log. Default what the hub was
    /// [built with](crate::UserHubBuilder::on_slow).
    ///
    /// ```
    /// use user_hub::{ConnectOptions, OnSlow};
    ///
    /// let options = ConnectOptions::new().on_slow(OnSlow::Continue);
    /// ```
    pub fn on_slow(mut self, policy: OnSlow) -> Self {
        self.on_slow = Some(policy);
        self
    }

    /// The sign-in that it belongs to, so that [`close_session`](crate::UserHub::close_session) finds it. Default none.
    ///
    /// ```
    /// let options = user_hub::ConnectOptions::new().session("s-1");
    /// ```
    pub fn session(mut self, session: impl Into<SessionId>) -> Self {
        self.session = Some(session.into());
        self
    }

    /// When its session ends: it is closed then with code 3005. Default never.
    ///
    /// A connection outlives the request that made it, and so the check of its cookie. The driver sees to the moment; all
    /// of [`transport`](crate::transport) do.
    ///
    /// ```
    /// use user_hub::{ConnectError, ConnectOptions, Timestamp, UserHub};
    ///
    /// let options = ConnectOptions::new().valid_until(Timestamp::from_milliseconds(0));
    /// let error = UserHub::new().connect_with("alice", options).unwrap_err();
    /// assert_eq!(error, ConnectError::SessionExpired);
    /// ```
    pub fn valid_until(mut self, moment: Timestamp) -> Self {
        self.valid_until = Some(moment);
        self
    }

    /// What it comes over, for [`UserHub::connections`](crate::UserHub::connections). Default empty; the drivers say
    /// `websocket` and `sse`.
    ///
    /// ```
    /// let options = user_hub::ConnectOptions::new().transport("terminal");
    /// ```
    pub fn transport(mut self, transport: &'static str) -> Self {
        self.transport = transport;
        self
    }

    pub(crate) fn session_options(&self, shared: &Shared, moment: Moment) -> SessionOptions {
        // The wall clock says when; the monotonic clock is what it is measured by from now on.
        let valid_for = |until: Timestamp| {
            let milliseconds = until.as_milliseconds().saturating_sub(moment.wall.as_milliseconds());
            moment.now.checked_add(Duration::from_millis(u64::try_from(milliseconds).unwrap_or(0)))
        };
        SessionOptions {
            begin: self.start.begin(),
            heartbeat: self.heartbeat,
            on_slow: self.on_slow.unwrap_or(shared.config.on_slow).into(),
            valid_until: self.valid_until.and_then(valid_for),
        }
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
/// # Panics
/// Not by itself; but a waker of another device, a clock or a recorder of metrics may, while this one is polled. Then the
/// stream ends without `CLOSING`, as if the network had failed: the device comes back with its cursor, and misses nothing.
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
    /// The load of the host's State that the first batch waits for.
    loading: Option<Box<Loading>>,
    /// The slot's count of closings when it was last looked at.
    closings: u32,
    /// Where the mailbox has it.
    hint: ReaderHint,
    /// Whether it waits to be woken; as good as that at the beginning, when there is CONNECTED to take.
    is_parked: bool,
    observed: ConnectionObserver,
}

impl Connection {
    pub(crate) fn new(
        hub: Arc<Shared>,
        slot: Arc<Slot>,
        session: Session,
        loading: Option<Loading>,
        now: Instant,
    ) -> Self {
        let observed = ConnectionObserver::new(session.id(), now);
        // A count that has moved before costs one look more.
        let loading = loading.map(Box::new);
        Self {
            hub,
            slot,
            session,
            log_deadline: None,
            loading,
            closings: 0,
            hint: ReaderHint::default(),
            is_parked: true,
            observed,
        }
    }

    pub(crate) const fn session(&self) -> &Session {
        &self.session
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
    pub fn user(&self) -> &UserId {
        &self.slot.user
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

    /// When the driver should call [`handle_deadline`](Self::handle_deadline) next: a heartbeat is due, something in the
    /// log expires, the session ends, or the host's StateSource takes too long. Ask again whenever the stream was polled.
    ///
    /// ```
    /// let device = user_hub::UserHub::new().connect("alice")?;
    /// assert_eq!(device.next_deadline(), None);
    /// # Ok::<(), user_hub::ConnectError>(())
    /// ```
    #[must_use]
    pub fn next_deadline(&self) -> Option<Instant> {
        let load_deadline = self.loading.as_ref().and_then(|loading| loading.deadline);
        [self.session.next_deadline(), self.log_deadline, load_deadline].into_iter().flatten().min()
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
        if self.loading.as_ref().is_some_and(|loading| loading.deadline.is_some_and(|deadline| deadline <= now)) {
            self.hub.give_up_load(&self.slot, now);
            self.loading = None;
        }
        if self.log_deadline.is_some_and(|deadline| deadline <= now) {
            let moment = Moment { now, wall: self.hub.config.clock.wall() };
            let mut parked = Vec::new();
            {
                let mut mailbox = self.slot.mailbox.lock();
                if mailbox.handle_deadline(moment, &self.hub.limits) {
                    mailbox.unpark(&mut parked);
                }
                self.hub.account(&mut mailbox);
                self.log_deadline = mailbox.log.next_deadline();
            }
            wake(parked);
        }
    }

    /// The transport has sent a ping and waits for the pong.
    ///
    /// Where a user has too many connections, the one that has waited for longest is closed first. The drivers of
    /// [`transport`](crate::transport) say so by themselves.
    ///
    /// ```
    /// let device = user_hub::UserHub::new().connect("alice")?;
    /// device.ping_sent();
    /// device.pong_received();
    /// # Ok::<(), user_hub::ConnectError>(())
    /// ```
    pub fn ping_sent(&self) {
        let now = self.now();
        self.slot.mailbox.lock().set_pinged(self.session.id(), Some(now));
    }

    /// The device has answered; also right for any other sign of life.
    ///
    /// ```
    /// let device = user_hub::UserHub::new().connect("alice")?;
    /// device.pong_received();
    /// # Ok::<(), user_hub::ConnectError>(())
    /// ```
    pub fn pong_received(&self) {
        self.slot.mailbox.lock().set_pinged(self.session.id(), None);
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
        self.session.close(Closing::at_once(reason));
    }

    /// Hands out what is left of a batch: most frames of a burst need no more than this.
    #[inline]
    fn poll_frame(&mut self, context: &mut Context<'_>) -> Poll<Option<Frame>> {
        // Without a lock, if nobody of this user was told to close.
        if self.slot.closings.load(Ordering::Acquire) != self.closings {
            self.note_closing();
        }
        match self.session.next() {
            Some(item) => Poll::Ready(Some(self.hand_out(item))),
            None => self.poll_batch(context),
        }
    }

    /// Sees whether it was told to close.
    #[cold]
    fn note_closing(&mut self) {
        let mailbox = self.slot.mailbox.lock();
        Self::close_as_told(&mut self.session, &mut self.closings, &self.slot, &mailbox);
    }

    fn close_as_told(session: &mut Session, closings: &mut u32, slot: &Slot, mailbox: &Mailbox<Waker>) {
        let told = slot.closings.load(Ordering::Acquire);
        if mem::replace(closings, told) == told {
            return;
        }
        if let Some(closing) = mailbox.closing_of(session.id()) {
            session.close(closing.clone());
        }
    }

    /// The first frame of the next batch.
    #[inline(never)]
    fn poll_batch(&mut self, context: &mut Context<'_>) -> Poll<Option<Frame>> {
        if self.session.is_over() {
            return Poll::Ready(None);
        }
        if let Some(last) = self.session.last() {
            return Poll::Ready(Some(self.hand_out(last)));
        }
        loop {
            self.poll_load(context);
            if let Some(frame) = self.take_or_park(context) {
                return Poll::Ready(Some(frame));
            }
            if !self.joins_next_load() {
                return Poll::Pending;
            }
        }
    }

    /// Drives the load of the host's State that the first batch waits for.
    fn poll_load(&mut self, context: &mut Context<'_>) {
        while let Some(loading) = &mut self.loading {
            if !loading.poll(context) {
                return;
            }
            let next = self.hub.settle_load(&self.slot, loading);
            if next.as_ref().is_some_and(|next| next.is(loading)) {
                return;
            }
            self.loading = next.map(Box::new);
        }
    }

    /// Whether it waits for a load that another connection has begun again, since the one that it held had come to its
    /// end: both drive that one too, as either may leave.
    fn joins_next_load(&mut self) -> bool {
        let Some(held) = self.loading.as_ref().filter(|held| self.is_parked && held.has_ended()) else { return false };
        // It is parked first: who begins another one from here on wakes it.
        let next = self.slot.loading.lock().as_deref().filter(|next| !next.is(held)).cloned();
        let joins = next.is_some();
        if joins {
            self.loading = next.map(Box::new);
        }
        joins
    }

    /// Takes the next batch and hands out its first frame, or parks.
    fn take_or_park(&mut self, context: &Context<'_>) -> Option<Frame> {
        // Who was parked has been woken for something. Who was not has handed out its batch: there is seldom more.
        if !self.is_parked && self.park(context) {
            return None;
        }
        loop {
            let frame = self.take();
            if frame.is_some() {
                self.is_parked = false;
                return frame;
            }
            if self.park(context) {
                return None;
            }
        }
    }

    /// Parks, unless there is something: one critical section, so that nothing can come between looking and parking. What
    /// ends by itself is not looked for, so no clock is asked: the driver is, of `next_deadline`.
    fn park(&mut self, context: &Context<'_>) -> bool {
        // Cloning a waker is foreign code, so it is done before the lock; what is not kept is dropped after it.
        let waker = context.waker().clone();
        let _unused_waker = {
            let mut mailbox = self.slot.mailbox.lock();
            let was_told = self.slot.closings.load(Ordering::Acquire) != self.closings;
            let is_behind = mailbox.is_behind(self.hub.public_head.load(Ordering::Acquire));
            let has_everything = !was_told && !is_behind && self.session.has_everything(&mailbox.log);
            self.is_parked = has_everything || (!was_told && self.waits_for_load(&mailbox));
            if self.is_parked { mailbox.park(self.session.id(), &mut self.hint, waker) } else { Some(waker) }
        };
        self.is_parked
    }

    /// Most batches do without a look at a clock, which is dear beside the rest. Who waited, and has taken its first batch,
    /// takes what has come since: that is not too old, unless its task was not polled for as long as Log is kept.
    fn needs_a_clock(&self, mailbox: &Mailbox<Waker>) -> bool {
        let is_late = !self.is_parked || self.session.is_new();
        is_late
            || mailbox.log.next_deadline().is_some()
            || mailbox.is_behind(self.hub.public_head.load(Ordering::Acquire))
    }

    /// Past its deadline it has no load any more, although another connection may have begun one anew.
    fn waits_for_load(&self, mailbox: &Mailbox<Waker>) -> bool {
        let may_wait = self.loading.is_some() && self.session.is_new() && !self.session.is_closing();
        may_wait && mailbox.load.is_running()
    }

    /// Takes the next batch and hands out its first frame; `None` if there is nothing.
    fn take(&mut self) -> Option<Frame> {
        let before = self.session.has_up_to();
        let mut mailbox = self.slot.mailbox.lock();
        if self.needs_a_clock(&mailbox) {
            // A clock is foreign code.
            drop(mailbox);
            return self.take_at(self.hub.moment());
        }
        self.log_deadline = None;
        Self::close_as_told(&mut self.session, &mut self.closings, &self.slot, &mailbox);
        // Most devices keep up, and lack one record.
        if let Some(one) = self.session.take_one(&mailbox.log) {
            mailbox.took(self.session.id(), &mut self.hint);
            drop(mailbox);
            return Some(self.hand_out_first(before, one));
        }
        self.session.set_state_source(mailbox.load.state());
        let first = self.session.take(&mailbox.log);
        mailbox.took(self.session.id(), &mut self.hint);
        drop(mailbox);
        self.hand_out_taken(before, first)
    }

    /// The same, after what that moment has brought.
    fn take_at(&mut self, moment: Moment) -> Option<Frame> {
        let before = self.session.has_up_to();
        let mut parked = Vec::new();
        let first = {
            let mut mailbox = self.slot.mailbox.lock();
            Self::close_as_told(&mut self.session, &mut self.closings, &self.slot, &mailbox);
            if self.waits_for_load(&mailbox) {
                return None;
            }
            let Self { hub, session, hint, .. } = self;
            hub.catch_up(&mut mailbox, moment);
            // What expires is news for the others too.
            if mailbox.handle_deadline(moment, &hub.limits) {
                mailbox.unpark(&mut parked);
            }
            hub.account(&mut mailbox);
            session.set_state_source(mailbox.load.state());
            let first = session.take_one(&mailbox.log).or_else(|| session.take(&mailbox.log));
            mailbox.took(session.id(), hint);
            self.log_deadline = mailbox.log.next_deadline();
            first
        };
        wake(parked);
        self.hand_out_taken(before, first)
    }

    /// What came of a look into the log, of which it had everything up to `before`.
    fn hand_out_taken(&mut self, before: Option<Seq>, first: Option<Item>) -> Option<Frame> {
        if first.is_none() {
            self.observed.took(|| 0, &self.hub.observer);
        }
        first.map(|first| self.hand_out_first(before, first))
    }

    #[inline]
    fn hand_out_first(&mut self, before: Option<Seq>, first: Item) -> Frame {
        let Self { hub, session, observed, .. } = self;
        observed.took(|| before.map_or(0, |before| session.conflated_since(before, &first)), &hub.observer);
        self.hand_out(first)
    }

    /// A frame, seen by the observer as it goes.
    #[inline(always)]
    fn hand_out(&mut self, item: Item) -> Frame {
        let Self { hub, slot, session, observed, .. } = self;
        let appended = if observed.is_timing() { item.appended() } else { None };
        let frame = session.frame(item, &slot.user);
        observed.handed_over(&frame, appended, (session.id(), &slot.user), &hub.observer, || hub.config.clock.now());
        frame
    }
}

impl Stream for Connection {
    type Item = Frame;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Frame>> {
        let polled = EndsIfItPanics(self.get_mut());
        let frame = polled.0.poll_frame(context);
        mem::forget(polled);
        frame
    }
}

/// Foreign code runs while a connection is polled: the wakers of others, a recorder of metrics, a clock. If it panics, a
/// frame that was taken may be lost, and whoever polls on would not hear of it: so the stream ends, and the device comes
/// back with its cursor.
struct EndsIfItPanics<'c>(&'c mut Connection);

impl Drop for EndsIfItPanics<'_> {
    fn drop(&mut self) {
        self.0.session.end();
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
        self.observed.ended((self.session.id(), &self.slot.user), &self.hub.observer);
    }
}

impl fmt::Debug for Connection {
    /// Shows no payload: connections end up in logs.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Connection").field("id", &self.id()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use futures::{FutureExt, StreamExt};

    use crate::core::record::Body;
    use crate::{DynamicEvent, Frame, FrameKind, UserHub};

    #[test]
    fn a_device_that_stalls_keeps_what_is_left_of_its_batch_and_nothing_that_came_after_it() {
        let hub = UserHub::builder().log_records(4).build().expect("four are enough");
        let mut device = hub.connect("alice").expect("it is the first");
        let mut next = || device.next().now_or_never().flatten();
        while next().is_some() {}
        let mut appended: Vec<Arc<Body>> = Vec::new();
        let mut send = |count: usize| {
            for _ in 0..count {
                let fill = DynamicEvent::log("FILL", serde_json::json!(appended.len())).expect("a good name");
                drop(hub.broadcast_dynamic("alice", &fill));
                let slot = hub.shared.registry.find("alice").expect("she is here");
                let mailbox = slot.mailbox.lock();
                appended.extend(mailbox.log.after(mailbox.log.head() - 1).map(|record| Arc::clone(&record.body)));
            }
            let alive = appended.iter().enumerate().filter(|(_, body)| Arc::strong_count(body) > 1);
            alive.map(|(number, _)| number).collect::<Vec<_>>()
        };
        assert_eq!(send(3), [0, 1, 2]);
        // It takes these three, hands out the first, and stops.
        assert_eq!(next().map(|frame| frame.kind()), Some(FrameKind::Log));
        assert_eq!(send(97), [1, 2, 96, 97, 98, 99]);
        let rest: Vec<Frame> = std::iter::from_fn(&mut next).collect();
        let kinds: Vec<FrameKind> = rest.iter().map(Frame::kind).collect();
        assert_eq!(kinds, [[FrameKind::Log; 2].as_slice(), &[FrameKind::Gap], &[FrameKind::Log; 4]].concat());
        assert_eq!(send(0), [1, 2, 96, 97, 98, 99], "the frames are still here");
        drop(rest);
        assert_eq!(send(0), [96, 97, 98, 99], "what was handed out is kept no longer");
    }
}
