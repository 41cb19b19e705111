//! One connection's way through a log: what it takes, and what it hands out.
//!
//! Invariants:
//! - A batch is everything above `position`, taken in one critical section and handed out before the next is taken. So no
//!   key starves another, the end of a batch is a consistent point, and a connection pins one batch at most.
//! - The first batch begins with CONNECTED and ends with SYNCED.
//! - `carried` is the cursor that the device has if it has processed every frame handed out so far. It never moves back;
//!   a frame carries a cursor exactly when it moves it. Of a group only the last frame sent moves it, to the group's last
//!   seq; a new device has none before its first Log frame or SYNCED, because a cut in the snapshot starts it again.
//! - Nothing stands between two frames of a group, and CLOSING never ends one half way.
//! - A connection that drains takes everything there is once more, and CLOSING is behind it.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::log::Log;
use super::record::{Class, Record};
use crate::vocabulary::cursor::{Cursor, Epoch, Seq};
use crate::vocabulary::frame::{Control, GapReason, Protocol, ResetReason, StateSourceState};
use crate::{CloseCode, CloseReason, ConnectionId, Frame, UserId};

/// For how many frames a batch asks for room at once.
const AT_ONCE: Seq = 16;

/// Where a connection begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Begin {
    /// With every State that is not final and the last so many Log records.
    New { log_records: usize },
    /// As a new device that was registered when the log had come to this position: what happened since is its own, even if
    /// it takes it later.
    Since(Seq),
    /// After a cursor, if it is one of this mailbox.
    After(Cursor),
    /// With everything retained, because what the device had is not known.
    Unknown,
}

/// What becomes of a connection from which the log has evicted what it had not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum SlowPolicy {
    /// A GAP says so, and it goes on.
    #[default]
    Continue,
    /// It is closed. A device that comes back with a cursor below the floor starts at the present, with one GAP up to
    /// it: a replay of the log would only overflow again.
    Close,
}

/// How a connection ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Closing {
    pub(crate) reason: CloseReason,
    /// Whether it gets first what is in the log.
    pub(crate) drains: bool,
}

impl Closing {
    pub(crate) const fn at_once(reason: CloseReason) -> Self {
        Self { reason, drains: false }
    }
}

/// What a connection is made with.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SessionOptions {
    pub(crate) begin: Begin,
    pub(crate) heartbeat: Option<Duration>,
    pub(crate) on_slow: SlowPolicy,
    pub(crate) valid_until: Option<Instant>,
}

#[derive(Debug)]
enum Item {
    Record { record: Arc<Record>, cursor: Option<Seq> },
    Connected { after: Option<Seq>, recovered: bool, last_log: Seq },
    Gap { from: Option<Seq>, to: Option<Seq>, reason: GapReason, last_log: Seq },
    Reset,
    Synced { seq: Seq, last_log: Seq },
    Heartbeat { seq: Seq, last_log: Seq },
}

#[derive(Debug)]
pub(crate) struct Session {
    id: ConnectionId,
    user: UserId,
    epoch: Epoch,
    /// `None` once the first batch was taken.
    begin: Option<Begin>,
    position: Seq,
    carried: Option<Seq>,
    batch: VecDeque<Item>,
    /// The group of the last frame handed out, while more of it is to come.
    open_group: Option<Seq>,
    heartbeat: Option<Duration>,
    next_heartbeat: Option<Instant>,
    heartbeat_due: bool,
    on_slow: SlowPolicy,
    valid_until: Option<Instant>,
    state_source: StateSourceState,
    closing: Option<Box<Closing>>,
    /// Whether what it drains has been taken.
    has_drained: bool,
    is_over: bool,
}

impl Session {
    pub(crate) fn new(id: ConnectionId, user: UserId, epoch: Epoch, options: SessionOptions, now: Instant) -> Self {
        let SessionOptions { begin, heartbeat, on_slow, valid_until } = options;
        Self {
            id,
            user,
            epoch,
            begin: Some(begin),
            position: 0,
            carried: None,
            batch: VecDeque::new(),
            open_group: None,
            heartbeat,
            next_heartbeat: heartbeat.and_then(|interval| now.checked_add(interval)),
            heartbeat_due: false,
            on_slow,
            valid_until,
            state_source: StateSourceState::None,
            closing: None,
            has_drained: false,
            is_over: false,
        }
    }

    pub(crate) const fn id(&self) -> ConnectionId {
        self.id
    }

    pub(crate) const fn user(&self) -> &UserId {
        &self.user
    }

    /// Whether CLOSING was handed out: nothing follows.
    pub(crate) const fn is_over(&self) -> bool {
        self.is_over
    }

    /// It is registered now: from here on no Log passes it by. Returns the position that it begins at.
    pub(crate) fn register(&mut self, log: &Log) -> Seq {
        match self.begin {
            Some(Begin::New { log_records }) => {
                let start = log.before_last(log_records);
                self.begin = Some(Begin::Since(start));
                start
            }
            Some(Begin::After(cursor)) if self.knows(cursor, log) => cursor.seq,
            _ => {
                // Also if the log comes as far as the cursor before the first batch is taken.
                self.begin = Some(Begin::Unknown);
                0
            }
        }
    }

    fn knows(&self, cursor: Cursor, log: &Log) -> bool {
        cursor.epoch == self.epoch && cursor.seq <= log.head()
    }

    /// Whether it was told to close.
    pub(crate) const fn is_closing(&self) -> bool {
        self.closing.is_some()
    }

    /// Whether the first batch has not been taken.
    pub(crate) const fn is_new(&self) -> bool {
        self.begin.is_some()
    }

    /// Where it begins; `None` once the first batch has been taken.
    pub(crate) const fn begin(&self) -> Option<Begin> {
        self.begin
    }

    /// Up to where it has everything; `None` for a new device, to which nothing is owed yet.
    pub(crate) const fn has_up_to(&self) -> Option<Seq> {
        match self.begin {
            None => Some(self.position),
            Some(Begin::After(cursor)) => Some(cursor.seq),
            Some(Begin::New { .. } | Begin::Since(_) | Begin::Unknown) => None,
        }
    }

    /// How many State records the batch that was just taken passed over since `position`, because newer ones had replaced
    /// them; 0 where a GAP or a RESET was needed, which say more.
    pub(crate) fn conflated_since(&self, position: Seq) -> u64 {
        let mut passed = self.position.saturating_sub(position);
        for item in &self.batch {
            match item {
                Item::Record { .. } => passed = passed.saturating_sub(1),
                Item::Gap { .. } | Item::Reset => return 0,
                Item::Connected { .. } | Item::Synced { .. } | Item::Heartbeat { .. } => {}
            }
        }
        passed
    }

    /// When the next frame came into the log; `None` for a control frame.
    pub(crate) fn next_appended(&self) -> Option<Instant> {
        match self.batch.front() {
            Some(Item::Record { record, .. }) => Some(record.appended),
            _ => None,
        }
    }

    /// Whether the host's StateSource filled the mailbox, which SYNCED says from now on.
    pub(crate) const fn set_state_source(&mut self, state: StateSourceState) {
        self.state_source = state;
    }

    /// Ends the connection: CLOSING follows what is in the log, if it drains, or only what is needed to end an open
    /// group. The first reason stands, but what was to drain can still be ended at once.
    pub(crate) fn close(&mut self, closing: Closing) {
        let is_harder = |before: &Closing| before.drains && !closing.drains;
        if self.is_over || !self.closing.as_deref().is_none_or(is_harder) {
            return;
        }
        if closing.drains {
            self.closing = Some(Box::new(closing));
            return;
        }
        let group = self.open_group;
        let belongs = |item: &Item| matches!(item, Item::Record { record, .. } if record.group == group);
        let rest = if group.is_some() { self.batch.iter().take_while(|item| belongs(item)).count() } else { 0 };
        self.batch.truncate(rest);
        self.closing = Some(Box::new(closing));
    }

    pub(crate) fn next_deadline(&self) -> Option<Instant> {
        [self.next_heartbeat, self.valid_until].into_iter().flatten().min()
    }

    /// After this, the next batch ends with a HEARTBEAT if one was due; a session that is no longer valid is closed.
    pub(crate) fn handle_deadline(&mut self, now: Instant) {
        if self.valid_until.is_some_and(|until| until <= now) {
            self.valid_until = None;
            self.close(Closing::at_once(CloseReason::new(CloseCode::SESSION_EXPIRED)));
        }
        if self.next_heartbeat.is_some_and(|due| due <= now) {
            self.heartbeat_due = true;
            self.next_heartbeat = self.heartbeat.and_then(|interval| now.checked_add(interval));
        }
    }

    /// Takes everything that the log has for this connection; false if there is nothing.
    ///
    /// Only called when the batch before was handed out.
    pub(crate) fn take(&mut self, log: &Log) -> bool {
        debug_assert!(self.batch.is_empty(), "a batch is handed out before the next is taken");
        if self.is_over || (self.is_closing() && !self.is_draining()) {
            return true;
        }
        match self.begin.take() {
            Some(begin) => self.take_first(begin, log),
            None if self.position < log.log_floor() && self.on_slow == SlowPolicy::Close => {
                self.close(Closing::at_once(CloseReason::new(CloseCode::TOO_SLOW)));
                return true;
            }
            None => {
                // Room for what there is at most, so that nothing moves; a long absence may have left little of it.
                let passed = log.head().saturating_sub(self.position).min(AT_ONCE);
                self.batch.reserve_exact(passed as usize);
                let is_reset = self.take_after_position(log, log.log_floor());
                self.end_batch(is_reset, log);
            }
        }
        self.position = log.head();
        // What it drains to is now: nothing that comes later belongs to it.
        self.has_drained = self.is_closing();
        self.has_drained || !self.batch.is_empty()
    }

    /// Whether what is in the log is still to be taken before CLOSING.
    fn is_draining(&self) -> bool {
        self.closing.as_ref().is_some_and(|closing| closing.drains) && !self.has_drained
    }

    fn take_first(&mut self, begin: Begin, log: &Log) {
        match begin {
            Begin::New { log_records } => self.take_snapshot(log.before_last(log_records), log),
            Begin::Since(start) => self.take_snapshot(start, log),
            Begin::After(cursor) if self.knows(cursor, log) => {
                self.position = cursor.seq;
                self.carried = Some(cursor.seq);
                let last_log = if cursor.seq < log.log_floor() { 0 } else { log.last_log_at(cursor.seq) };
                self.batch.push_back(Item::Connected { after: Some(cursor.seq), recovered: true, last_log });
                let is_overrun = cursor.seq < log.log_floor() && self.on_slow == SlowPolicy::Close;
                self.take_after_position(log, if is_overrun { log.last_log() } else { log.log_floor() });
            }
            Begin::After(_) | Begin::Unknown => {
                let to = (log.log_floor() > 0).then_some(log.log_floor());
                self.batch.push_back(Item::Connected { after: None, recovered: false, last_log: 0 });
                self.batch.push_back(Item::Gap {
                    from: None,
                    to,
                    reason: GapReason::Unknown,
                    last_log: log.log_floor(),
                });
                self.push_records(log.after(0), Carry::Always);
            }
        }
        self.end_batch(true, log);
    }

    /// Takes what a new device gets: State, and the Log above `start`.
    fn take_snapshot(&mut self, start: Seq, log: &Log) {
        let is_overrun = start < log.log_floor();
        let last_log = if is_overrun { 0 } else { log.last_log_at(start) };
        self.batch.push_back(Item::Connected { after: None, recovered: false, last_log });
        if is_overrun {
            self.push_gap(start, log.log_floor());
        }
        self.push_records(log.live_and_log_after(start), Carry::AfterFirstLog);
    }

    /// Declares what was evicted above `position`, up to `to`.
    fn push_gap(&mut self, position: Seq, to: Seq) {
        let from = Some(position + 1);
        self.batch.push_back(Item::Gap { from, to: Some(to), reason: GapReason::Evicted, last_log: to });
    }

    /// Takes what is above the position, of Log only what is above `floor`; true if a RESET was needed, after which the
    /// device waits for SYNCED.
    fn take_after_position(&mut self, log: &Log, floor: Seq) -> bool {
        if self.position < log.log_floor() {
            self.push_gap(self.position, floor);
        }
        let is_reset = self.position < log.state_floor();
        let is_wanted = |record: &&Arc<Record>| record.class != Class::Log || record.seq > floor;
        if is_reset {
            self.batch.push_back(Item::Reset);
            self.push_records(log.live_and_log_after(self.position).filter(is_wanted), Carry::Always);
        } else {
            self.push_records(log.after(self.position).filter(is_wanted), Carry::Always);
        }
        is_reset
    }

    fn push_records<'l>(&mut self, records: impl Iterator<Item = &'l Arc<Record>>, carry: Carry) {
        let mut may_carry = carry == Carry::Always;
        let mut records = records.peekable();
        while let Some(record) = records.next() {
            may_carry |= record.class == Class::Log;
            let is_last_of_group =
                record.group.is_none() || records.peek().is_none_or(|next| next.group != record.group);
            let to = record.group.unwrap_or(record.seq);
            let moves = may_carry && is_last_of_group && self.carried.is_none_or(|carried| carried < to);
            if moves {
                self.carried = Some(to);
            }
            self.batch.push_back(Item::Record { record: Arc::clone(record), cursor: moves.then_some(to) });
        }
    }

    fn end_batch(&mut self, synced: bool, log: &Log) {
        let (seq, last_log) = (log.head(), log.last_log());
        let ends_in_group = matches!(self.batch.back(), Some(Item::Record { record, .. })
            if record.group.is_some_and(|group| group != record.seq));
        if synced {
            self.carried = Some(seq);
            self.batch.push_back(Item::Synced { seq, last_log });
        }
        // A heartbeat that is due ends the batch; one that is not ends a group whose last member was replaced or evicted.
        if self.heartbeat_due || (ends_in_group && !synced) {
            self.heartbeat_due = false;
            self.carried = Some(seq);
            self.batch.push_back(Item::Heartbeat { seq, last_log });
        }
    }

    /// For how many frames of a batch there is room.
    #[cfg(test)]
    pub(crate) fn room(&self) -> usize {
        self.batch.capacity()
    }

    /// The next frame of the batch; `None` when it was handed out.
    pub(crate) fn next_frame(&mut self) -> Option<Frame> {
        let item = self.batch.pop_front();
        if self.batch.is_empty() {
            // Most connections are idle most of the time: they keep no room for what may come.
            self.batch = VecDeque::new();
        }
        match item {
            Some(item) => Some(self.frame(item)),
            None if self.is_over => None,
            None => {
                if self.is_draining() {
                    return None;
                }
                let closing = self.closing.take()?;
                self.is_over = true;
                Some(Frame::closing(&closing.reason))
            }
        }
    }

    fn frame(&mut self, item: Item) -> Frame {
        let cursor_at = |seq| Cursor::new(self.epoch, seq);
        let control = match item {
            Item::Record { record, cursor } => {
                let next = self.batch.front();
                let is_open = matches!(next, Some(Item::Record { record: next, .. }) if next.group == record.group);
                self.open_group = record.group.filter(|_| is_open);
                let cursor = cursor.map(cursor_at);
                return Frame::record(record, cursor);
            }
            Item::Connected { after, recovered, last_log } => Control::Connected {
                protocol: Protocol,
                user_id: &self.user,
                connection_id: self.id,
                epoch: self.epoch.to_string(),
                after: after.map(cursor_at),
                recovered,
                last_log,
                heartbeat: self.heartbeat,
            },
            Item::Gap { from, to, reason, last_log } => Control::Gap { from, to, reason, last_log },
            Item::Reset => Control::Reset { reason: ResetReason::Forgotten },
            Item::Synced { seq, last_log } => {
                Control::Synced { cursor: cursor_at(seq), last_log, state_source: self.state_source }
            }
            Item::Heartbeat { seq, last_log } => Control::Heartbeat { cursor: cursor_at(seq), last_log },
        };
        Frame::control(&control)
    }
}

/// From which frame on a batch may move the cursor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Carry {
    Always,
    AfterFirstLog,
}
