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

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::batch::{Batch, ControlItem, Item, Rest};
use super::log::Log;
use super::record::{Class, Group, Record};
use crate::vocabulary::cursor::{Cursor, Epoch, Seq};
use crate::vocabulary::frame::{Control, ControlFrame, GapReason, Protocol, ResetReason, StateSourceState};
use crate::{CloseCode, CloseReason, ConnectionId, Frame, UserId};

/// For how many frames behind its first a batch asks for room at once.
const AT_ONCE: Seq = 32;

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

/// The same for a session, which has the number in its position, and for whose mailbox a cursor of another is unknown.
#[derive(Debug, Clone, Copy)]
enum First {
    New,
    Since,
    After,
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

/// What a connection waits for by itself.
#[derive(Debug)]
struct Deadlines {
    heartbeat: Option<Duration>,
    next_heartbeat: Option<Instant>,
    valid_until: Option<Instant>,
}

#[derive(Debug)]
pub(crate) struct Session {
    id: ConnectionId,
    epoch: Epoch,
    /// Until the first batch was taken; `position` is then what it speaks of.
    first: Option<First>,
    position: Seq,
    carried: Option<Seq>,
    /// What is left of the batch.
    batch: Rest,
    /// The group of the last frame handed out, while more of it is to come.
    open_group: Option<Group>,
    /// `None` where neither a heartbeat nor an end is asked for.
    deadlines: Option<Box<Deadlines>>,
    heartbeat_due: bool,
    on_slow: SlowPolicy,
    state_source: StateSourceState,
    closing: Option<Box<Closing>>,
    /// Whether what it drains has been taken.
    has_drained: bool,
    is_over: bool,
}

impl Session {
    pub(crate) fn new(id: ConnectionId, epoch: Epoch, options: SessionOptions, now: Instant) -> Self {
        let SessionOptions { begin, heartbeat, on_slow, valid_until } = options;
        let (first, position) = match begin {
            Begin::New { log_records } => (First::New, log_records as Seq),
            Begin::Since(start) => (First::Since, start),
            Begin::After(cursor) if cursor.epoch == epoch => (First::After, cursor.seq),
            Begin::After(_) | Begin::Unknown => (First::Unknown, 0),
        };
        let next_heartbeat = heartbeat.and_then(|interval| now.checked_add(interval));
        let has_deadlines = heartbeat.is_some() || valid_until.is_some();
        Self {
            id,
            epoch,
            first: Some(first),
            position,
            carried: None,
            batch: None,
            open_group: None,
            deadlines: has_deadlines.then(|| Box::new(Deadlines { heartbeat, next_heartbeat, valid_until })),
            heartbeat_due: false,
            on_slow,
            state_source: StateSourceState::None,
            closing: None,
            has_drained: false,
            is_over: false,
        }
    }

    pub(crate) const fn id(&self) -> ConnectionId {
        self.id
    }

    /// Whether CLOSING was handed out: nothing follows.
    pub(crate) const fn is_over(&self) -> bool {
        self.is_over
    }

    /// Ends it without a word: whoever waits for its frames has to begin again.
    pub(crate) fn end(&mut self) {
        self.is_over = true;
        self.batch = None;
    }

    /// It is registered now: from here on no Log passes it by. Returns the position that it begins at.
    pub(crate) fn register(&mut self, log: &Log) -> Seq {
        (self.first, self.position) = match self.first {
            Some(First::New) => (Some(First::Since), log.before_last(self.position as usize)),
            Some(First::After) if self.position <= log.head() => (self.first, self.position),
            // Also if the log comes as far as the cursor before the first batch is taken.
            _ => (Some(First::Unknown), 0),
        };
        self.position
    }

    /// Whether it was told to close.
    pub(crate) const fn is_closing(&self) -> bool {
        self.closing.is_some()
    }

    /// Whether the first batch has not been taken.
    pub(crate) const fn is_new(&self) -> bool {
        self.first.is_some()
    }

    /// Where it begins; `None` once the first batch has been taken.
    pub(crate) fn begin(&self) -> Option<Begin> {
        self.first.map(|first| match first {
            First::New => Begin::New { log_records: self.position as usize },
            First::Since => Begin::Since(self.position),
            First::After => Begin::After(Cursor::new(self.epoch, self.position)),
            First::Unknown => Begin::Unknown,
        })
    }

    /// Up to where it has everything; `None` for a new device, to which nothing is owed yet.
    pub(crate) const fn has_up_to(&self) -> Option<Seq> {
        match self.first {
            None | Some(First::After) => Some(self.position),
            Some(First::New | First::Since | First::Unknown) => None,
        }
    }

    /// How many State records the batch that was just taken, with this first item, passed over since `position`, because
    /// newer ones had replaced them; 0 where a GAP or a RESET was needed, which say more.
    pub(crate) fn conflated_since(&self, position: Seq, first: &Item) -> u64 {
        let mut passed = self.position.saturating_sub(position);
        for item in std::iter::once(first).chain(self.batch.iter().flat_map(|rest| rest.iter())) {
            match item {
                Item::Record { .. } => passed = passed.saturating_sub(1),
                Item::Control(ControlItem::Gap { .. } | ControlItem::Reset) => return 0,
                Item::Control(_) => {}
            }
        }
        passed
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
        if let Some(batch) = &mut self.batch {
            let rest = if group.is_some() { batch.iter().take_while(|item| belongs(item)).count() } else { 0 };
            batch.truncate(rest);
        }
        self.closing = Some(Box::new(closing));
    }

    pub(crate) fn next_deadline(&self) -> Option<Instant> {
        let deadlines = self.deadlines.as_ref()?;
        [deadlines.next_heartbeat, deadlines.valid_until].into_iter().flatten().min()
    }

    /// After this, the next batch ends with a HEARTBEAT if one was due; a session that is no longer valid is closed.
    pub(crate) fn handle_deadline(&mut self, now: Instant) {
        let Some(deadlines) = &mut self.deadlines else { return };
        if deadlines.next_heartbeat.is_some_and(|due| due <= now) {
            self.heartbeat_due = true;
            deadlines.next_heartbeat = deadlines.heartbeat.and_then(|interval| now.checked_add(interval));
        }
        if deadlines.valid_until.take_if(|until| *until <= now).is_some() {
            self.close(Closing::at_once(CloseReason::new(CloseCode::SESSION_EXPIRED)));
        }
    }

    /// Whether [`take`](Self::take) would find nothing in the log.
    pub(crate) fn has_everything(&self, log: &Log) -> bool {
        self.first.is_none()
            && self.position == log.head()
            && !self.heartbeat_due
            && !self.is_closing()
            && !self.is_over
    }

    /// Takes the only record that the log has for this connection, if there is nothing else to see to; most devices keep up,
    /// and need no more than this. `None` says nothing: then [`take`](Self::take) does.
    #[inline]
    pub(crate) fn take_one(&mut self, log: &Log) -> Option<Item> {
        debug_assert!(self.next_item().is_none(), "a batch is handed out before the next is taken");
        if self.first.is_some() || self.heartbeat_due || self.is_closing() || self.is_over {
            return None;
        }
        let record = log.only_one_after(self.position)?.clone();
        self.position = record.seq;
        let moves = self.moves_to(record.seq);
        Some(Item::Record { record, moves })
    }

    /// Takes everything that the log has for this connection. Returns the first of it, which is handed out before anything
    /// else; `None` if there is nothing.
    ///
    /// Only called when the batch before was handed out.
    pub(crate) fn take(&mut self, log: &Log) -> Option<Item> {
        debug_assert!(self.next_item().is_none(), "a batch is handed out before the next is taken");
        if self.is_over {
            return None;
        }
        if let Some(last) = self.last() {
            return Some(last);
        }
        let mut batch;
        match self.first.take() {
            Some(first) => {
                // SYNCED is behind all that there is, and most logs are empty.
                batch = Batch::with_room_for((log.head() + 1).min(AT_ONCE) as usize);
                self.take_first(first, log, &mut batch);
            }
            None if self.position < log.log_floor() && self.on_slow == SlowPolicy::Close => {
                self.close(Closing::at_once(CloseReason::new(CloseCode::TOO_SLOW)));
                return Some(ControlItem::Closing.into());
            }
            None => {
                // Room for what there is at most, so that nothing moves; a long absence may have left little of it.
                let passed = log.head().saturating_sub(self.position).saturating_sub(1).min(AT_ONCE);
                batch = Batch::with_room_for(passed as usize);
                let is_reset = self.take_after_position(log, log.log_floor(), &mut batch);
                self.end_batch(is_reset, log, &mut batch);
            }
        }
        self.position = log.head();
        // What it drains to is now: nothing that comes later belongs to it.
        self.has_drained = self.is_closing();
        // Of a long absence there may be nothing left behind the first.
        self.batch = batch.rest.filter(|rest| !rest.is_empty());
        batch.first.or_else(|| self.has_drained.then(|| ControlItem::Closing.into()))
    }

    /// Whether a frame may move the cursor there, which it then does.
    fn moves_to(&mut self, seq: Seq) -> bool {
        let moves = self.carried.is_none_or(|carried| carried < seq);
        if moves {
            self.carried = Some(seq);
        }
        moves
    }

    /// Whether what is in the log is still to be taken before CLOSING.
    fn is_draining(&self) -> bool {
        self.closing.as_ref().is_some_and(|closing| closing.drains) && !self.has_drained
    }

    fn take_first(&mut self, first: First, log: &Log, batch: &mut Batch) {
        let position = self.position;
        match first {
            First::New => self.take_snapshot(log.before_last(position as usize), log, batch),
            First::Since => self.take_snapshot(position, log, batch),
            First::After if position <= log.head() => {
                self.carried = Some(position);
                let is_overrun = position < log.log_floor();
                let last_log = if is_overrun { 0 } else { log.last_log_at(position) };
                batch.push(ControlItem::Connected { after: Some(position), recovered: true, last_log });
                let skips = is_overrun && self.on_slow == SlowPolicy::Close;
                self.take_after_position(log, if skips { log.last_log() } else { log.log_floor() }, batch);
            }
            First::After | First::Unknown => {
                let (reason, last_log) = (GapReason::Unknown, log.log_floor());
                let to = (last_log > 0).then_some(last_log);
                batch.push(ControlItem::Connected { after: None, recovered: false, last_log: 0 });
                batch.push(ControlItem::Gap { from: None, to, reason, last_log });
                self.push_records(log.after(0), Carry::Always, batch);
            }
        }
        self.end_batch(true, log, batch);
    }

    /// Takes what a new device gets: State, and the Log above `start`.
    fn take_snapshot(&mut self, start: Seq, log: &Log, batch: &mut Batch) {
        let is_overrun = start < log.log_floor();
        let last_log = if is_overrun { 0 } else { log.last_log_at(start) };
        batch.push(ControlItem::Connected { after: None, recovered: false, last_log });
        if is_overrun {
            batch.push(ControlItem::gap(start, log.log_floor()));
        }
        self.push_records(log.live_and_log_after(start), Carry::AfterFirstLog, batch);
    }

    /// Takes what is above the position, of Log only what is above `floor`; true if a RESET was needed, after which the
    /// device waits for SYNCED.
    fn take_after_position(&mut self, log: &Log, floor: Seq, batch: &mut Batch) -> bool {
        if self.position < log.log_floor() {
            batch.push(ControlItem::gap(self.position, floor));
        }
        let is_reset = self.position < log.state_floor();
        let log_after = floor.max(self.position);
        if is_reset {
            batch.push(ControlItem::Reset);
            self.push_records(log.live_and_log_after(log_after), Carry::Always, batch);
        } else if log.has_state_after(self.position) {
            self.push_records(log.state_and_log_after(self.position, log_after), Carry::Always, batch);
        } else {
            self.push_log(log.log_after(log_after), batch);
        }
        is_reset
    }

    /// The same for Log alone, in fewer steps where no record is in a group: then each moves the cursor, which was nowhere
    /// above the position.
    fn push_log<'l>(&mut self, records: impl Iterator<Item = &'l Record> + Clone, batch: &mut Batch) {
        if records.clone().any(|record| record.group.is_some()) {
            return self.push_records(records, Carry::Always, batch);
        }
        batch.extend(records.map(|record| Item::Record { record: record.clone(), moves: true }));
        if let Some(Item::Record { record, .. }) = batch.last() {
            self.carried = Some(record.seq);
        }
    }

    fn push_records<'l>(&mut self, records: impl Iterator<Item = &'l Record>, carry: Carry, batch: &mut Batch) {
        let mut may_carry = carry == Carry::Always;
        let mut records = records.peekable();
        while let Some(record) = records.next() {
            may_carry |= record.body.class == Class::Log;
            let is_last_of_group =
                record.group.is_none() || records.peek().is_none_or(|next| next.group != record.group);
            let moves = may_carry && is_last_of_group && self.moves_to(record.end());
            batch.push(Item::Record { record: record.clone(), moves });
        }
    }

    fn end_batch(&mut self, synced: bool, log: &Log, batch: &mut Batch) {
        let (seq, last_log) = (log.head(), log.last_log());
        let ends_in_group = matches!(batch.last(), Some(Item::Record { record, .. }) if record.end() != record.seq);
        if synced {
            self.carried = Some(seq);
            batch.push(ControlItem::Synced { seq, last_log });
        }
        // A heartbeat that is due ends the batch; one that is not ends a group whose last member was replaced or evicted.
        if self.heartbeat_due || (ends_in_group && !synced) {
            self.heartbeat_due = false;
            self.carried = Some(seq);
            batch.push(ControlItem::Heartbeat { seq, last_log });
        }
    }

    /// For how many frames of a batch there is room.
    #[cfg(test)]
    pub(crate) fn room(&self) -> usize {
        self.batch.as_ref().map_or(0, |batch| batch.capacity())
    }

    /// The next of the batch; `None` when it was handed out.
    #[inline]
    pub(crate) fn next(&mut self) -> Option<Item> {
        let batch = self.batch.as_mut()?;
        let next = batch.pop_front();
        if batch.is_empty() {
            self.batch = None;
        }
        next
    }

    /// CLOSING, if nothing else is to come.
    pub(crate) fn last(&self) -> Option<Item> {
        let is_last = self.next_item().is_none() && self.is_closing() && !self.is_draining();
        is_last.then(|| ControlItem::Closing.into())
    }

    /// What stands in front of the rest of the batch.
    fn next_item(&self) -> Option<&Item> {
        self.batch.as_ref().and_then(|batch| batch.front())
    }

    /// Hands out what was taken, to a device of the user.
    #[inline(always)]
    pub(crate) fn frame(&mut self, item: Item, user: &UserId) -> Frame {
        match item {
            Item::Record { record, moves } => {
                let goes_on = |group: &Group| match self.next_item() {
                    Some(Item::Record { record: next, .. }) => next.group == Some(*group),
                    _ => false,
                };
                self.open_group = record.group.filter(goes_on);
                let cursor = moves.then(|| Cursor::new(self.epoch, record.end()));
                Frame::record(record, cursor)
            }
            Item::Control(item) => Frame::control(self.control_frame(item, user)),
        }
    }

    #[cold]
    fn control_frame(&mut self, item: ControlItem, user: &UserId) -> Arc<ControlFrame> {
        let cursor_at = |seq| Cursor::new(self.epoch, seq);
        let control = match item {
            ControlItem::Connected { after, recovered, last_log } => Control::Connected {
                protocol: Protocol,
                user_id: user,
                connection_id: self.id,
                epoch: self.epoch.to_string(),
                after: after.map(cursor_at),
                recovered,
                last_log,
                heartbeat: self.deadlines.as_ref().and_then(|deadlines| deadlines.heartbeat),
            },
            ControlItem::Gap { from, to, reason, last_log } => Control::Gap { from, to, reason, last_log },
            ControlItem::Reset => Control::Reset { reason: ResetReason::Forgotten },
            ControlItem::Synced { seq, last_log } => {
                Control::Synced { cursor: cursor_at(seq), last_log, state_source: self.state_source }
            }
            ControlItem::Heartbeat { seq, last_log } => Control::Heartbeat { cursor: cursor_at(seq), last_log },
            ControlItem::Closing => {
                self.is_over = true;
                let closing = self.closing.take().expect("only a session that closes has such an item");
                return Arc::new(ControlFrame::closing(&closing.reason));
            }
        };
        Arc::new(ControlFrame::new(&control))
    }
}

/// From which frame on a batch may move the cursor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Carry {
    Always,
    AfterFirstLog,
}
