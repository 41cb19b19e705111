//! One user: a log, and the wakers of the connections that have read it to its end.
//!
//! Invariants:
//! - A reader is parked (has a waker here) only if it has not been told to close, and has taken everything or waits for
//!   the load.
//! - Whatever gives a reader something to take returns the wakers of all parked readers, once; the caller wakes them when
//!   the lock is gone. A reader that is runnable already has no waker here, so it is not woken again.
//! - No waker is cloned, woken or dropped here: that is foreign code, and a lock is held.
//! - `load` says whether the host's StateSource has filled the log; the load itself is foreign code and not here.
//! - What was broadcast to everybody is taken over before anything else happens, so that it stands in the right place.
//! - A mailbox that is closed is no longer in the registry; whoever finds it closed looks up again.

use std::time::{Duration, Instant};

use smallvec::{SmallVec, smallvec};

use super::Moment;
use super::log::{Appended, LazyLog, Log, LogLimits, Refused};
use super::record::{Class, Drafts, Record};
use super::session::Closing;
use crate::vocabulary::cursor::{Epoch, Seq};
use crate::vocabulary::frame::StateSourceState;
use crate::{ConnectionId, SessionId, Timestamp};

/// `W` is the waker; the core only keeps it.
#[derive(Debug)]
pub(crate) struct Mailbox<W> {
    pub(crate) epoch: Epoch,
    pub(crate) log: LazyLog,
    attendance: Attendance<W>,
    /// How far the hub-wide log has been taken over; `None` before the first time.
    public_seen: Option<Seq>,
    /// Whether Log is kept: from the first connection until it is retired.
    pub(crate) keeps_log: bool,
    pub(crate) load: Load,
    /// What the hub's memory account has of it.
    pub(crate) accounted: usize,
    pub(crate) is_closed: bool,
}

/// A user is here with some connections, or away: then the mailbox stands in the books of those who are.
#[derive(Debug)]
enum Attendance<W> {
    /// One at least; most users have one device, which has its place here.
    Here(SmallVec<[Reader<W>; 1]>),
    Away(Away),
}

/// What the books need to know of a user without a connection.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Away {
    /// When the last connection left, or State came.
    pub(crate) last_used: Instant,
    /// Where the books have it.
    pub(crate) entry: Option<BookEntry>,
}

/// A place in the books of users without a connection, in the order of leaving.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct BookEntry {
    pub(crate) since: Instant,
    /// Tells entries of one moment apart.
    pub(crate) serial: u64,
}

/// Whether the host's StateSource has filled the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Load {
    /// Nobody has asked.
    Never,
    /// It runs, after so many failures in a row.
    Running { failures: u32 },
    /// It has; what found no room makes it incomplete.
    Done { complete: bool },
    /// It failed so many times in a row; not again before then.
    Failed { failures: u32, retry: Instant },
}

impl Load {
    /// Whether a connection that comes now should begin a load.
    pub(crate) fn is_wanted(self, now: Instant) -> bool {
        match self {
            Self::Never => true,
            Self::Running { .. } | Self::Done { .. } => false,
            Self::Failed { retry, .. } => retry <= now,
        }
    }

    pub(crate) const fn is_running(self) -> bool {
        matches!(self, Self::Running { .. })
    }

    const fn failures(self) -> u32 {
        match self {
            Self::Running { failures } | Self::Failed { failures, .. } => failures,
            Self::Never | Self::Done { .. } => 0,
        }
    }

    pub(crate) const fn started(self) -> Self {
        Self::Running { failures: self.failures() }
    }

    /// Each failure in a row doubles the wait before the next load, from one second to half a minute.
    pub(crate) fn failed(self, now: Instant) -> Self {
        let before = self.failures();
        let wait = Duration::from_secs(1 << before.min(5)).min(Duration::from_secs(30));
        Self::Failed { failures: before.saturating_add(1), retry: now.checked_add(wait).unwrap_or(now) }
    }

    /// What SYNCED says of it.
    pub(crate) const fn state(self) -> StateSourceState {
        match self {
            Self::Never => StateSourceState::None,
            Self::Done { complete: true } => StateSourceState::Loaded,
            Self::Running { .. } | Self::Done { complete: false } | Self::Failed { .. } => StateSourceState::Failed,
        }
    }
}

/// What the host has said of a connection.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct About {
    pub(crate) session: Option<SessionId>,
    pub(crate) transport: &'static str,
}

/// Where a connection was among its user's last time; a guess, since others leave.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct ReaderHint(u16);

/// A connection, as its user's mailbox knows it.
#[derive(Debug)]
pub(crate) struct Reader<W> {
    pub(crate) id: ConnectionId,
    /// What the host has said of it; a box, since many hosts say nothing.
    about: Option<Box<About>>,
    pub(crate) since: Timestamp,
    /// Up to where it has taken the log.
    pub(crate) taken: Seq,
    /// Up to where it has handed out everything: where its batch began, or `taken` while it waits for more.
    handed_out: Seq,
    /// Since when its transport waits for a pong.
    pub(crate) pinged: Option<Instant>,
    waker: Option<W>,
    closing: Option<Box<Closing>>,
}

impl<W> Reader<W> {
    pub(crate) fn new(id: ConnectionId, about: About, since: Timestamp, start: Seq) -> Self {
        let says_something = about != About::default();
        Self {
            id,
            about: says_something.then(|| Box::new(about)),
            since,
            taken: start,
            handed_out: start,
            pinged: None,
            waker: None,
            closing: None,
        }
    }

    pub(crate) fn session(&self) -> Option<&SessionId> {
        self.about.as_ref().and_then(|about| about.session.as_ref())
    }

    pub(crate) fn transport(&self) -> &'static str {
        self.about.as_ref().map_or("", |about| about.transport)
    }

    pub(crate) const fn is_open(&self) -> bool {
        self.closing.is_none()
    }

    /// Tells it to close; what was to drain can still be ended at once.
    fn close(&mut self, closing: &Closing) -> bool {
        let is_news = self.closing.as_ref().is_none_or(|before| before.drains && !closing.drains);
        if is_news {
            self.closing = Some(Box::new(closing.clone()));
        }
        is_news
    }
}

impl<W> Mailbox<W> {
    pub(crate) fn new(epoch: Epoch, now: Instant) -> Self {
        Self {
            epoch,
            log: LazyLog::default(),
            attendance: Attendance::Away(Away { last_used: now, entry: None }),
            public_seen: None,
            keeps_log: false,
            load: Load::Never,
            accounted: 0,
            is_closed: false,
        }
    }

    /// The connections that were not told to close, in the order in which they came.
    pub(crate) fn open_readers(&self) -> impl Iterator<Item = &Reader<W>> {
        self.readers().iter().filter(|reader| reader.is_open())
    }

    fn readers(&self) -> &[Reader<W>] {
        match &self.attendance {
            Attendance::Here(readers) => readers,
            Attendance::Away(_) => &[],
        }
    }

    fn readers_mut(&mut self) -> &mut [Reader<W>] {
        match &mut self.attendance {
            Attendance::Here(readers) => readers,
            Attendance::Away(_) => &mut [],
        }
    }

    /// What the books need to know; `None` while there is a connection.
    pub(crate) const fn away(&mut self) -> Option<&mut Away> {
        match &mut self.attendance {
            Attendance::Here(_) => None,
            Attendance::Away(away) => Some(away),
        }
    }

    /// How many connections are there, those too that were told to close.
    pub(crate) fn open(&self) -> usize {
        self.readers().len()
    }

    /// How many connections will get what comes: those that were told to close will not.
    pub(crate) fn connections(&self) -> usize {
        self.open_readers().count()
    }

    pub(crate) fn has_readers(&self) -> bool {
        matches!(self.attendance, Attendance::Here(_))
    }

    /// For how many connections there is room.
    #[cfg(test)]
    pub(crate) fn room(&self) -> usize {
        match &self.attendance {
            Attendance::Here(readers) => readers.capacity(),
            Attendance::Away(_) => 0,
        }
    }

    /// Registers a connection. Beyond `limit` one is told to close: the one that has left a ping unanswered for longest,
    /// or else the oldest. Its waker comes back.
    pub(crate) fn register(&mut self, reader: Reader<W>, limit: usize, closing: &Closing) -> Option<W> {
        let displaced = if self.connections() >= limit { self.displace(closing) } else { None };
        match &mut self.attendance {
            Attendance::Here(readers) => readers.push(reader),
            Attendance::Away(_) => self.attendance = Attendance::Here(smallvec![reader]),
        }
        self.keeps_log = true;
        displaced
    }

    fn displace(&mut self, closing: &Closing) -> Option<W> {
        let open = self.readers_mut().iter_mut().filter(|reader| reader.is_open());
        // `None` would sort first, so who owes no pong sorts by `true`; among equals the first, the oldest, is the least.
        let least = open.min_by_key(|reader| (reader.pinged.is_none(), reader.pinged))?;
        least.close(closing);
        least.waker.take()
    }

    /// A reader, looked for first where it was last: each is in cache lines of its own, which other threads write to.
    fn reader(&mut self, id: ConnectionId, hint: &mut ReaderHint) -> Option<&mut Reader<W>> {
        let readers = self.readers_mut();
        let mut at = usize::from(hint.0);
        if readers.get(at).is_none_or(|reader| reader.id != id) {
            at = readers.iter().position(|reader| reader.id == id)?;
            *hint = ReaderHint(u16::try_from(at).unwrap_or(0));
        }
        readers.get_mut(at)
    }

    /// A connection has taken everything that is in the log now.
    pub(crate) fn took(&mut self, id: ConnectionId, hint: &mut ReaderHint) {
        let head = self.log.head();
        if let Some(reader) = self.reader(id, hint) {
            // It asks for more, so it has handed out what it had.
            reader.handed_out = reader.taken;
            reader.taken = head;
        }
    }

    /// A connection's transport waits for a pong since then, or does not.
    pub(crate) fn set_pinged(&mut self, id: ConnectionId, pinged: Option<Instant>) {
        if let Some(reader) = self.readers_mut().iter_mut().find(|reader| reader.id == id) {
            reader.pinged = pinged;
        }
    }

    /// Forgets a connection; forgetting it twice does nothing. Its waker comes back, to be dropped without the lock.
    pub(crate) fn unregister(&mut self, id: ConnectionId, now: Instant) -> Option<W> {
        let Attendance::Here(readers) = &mut self.attendance else { return None };
        let at = readers.iter().position(|reader| reader.id == id)?;
        let reader = readers.remove(at);
        if readers.is_empty() {
            self.attendance = Attendance::Away(Away { last_used: now, entry: None });
        }
        reader.waker
    }

    /// Keeps the waker of a connection that has taken everything; an older one comes back.
    pub(crate) fn park(&mut self, id: ConnectionId, hint: &mut ReaderHint, waker: W) -> Option<W> {
        match self.reader(id, hint) {
            Some(reader) => {
                reader.handed_out = reader.taken;
                reader.waker.replace(waker)
            }
            None => Some(waker),
        }
    }

    /// How a connection was told to close, if it was.
    pub(crate) fn closing_of(&self, id: ConnectionId) -> Option<&Closing> {
        self.readers().iter().find(|reader| reader.id == id)?.closing.as_deref()
    }

    /// Tells those connections to close that `which` picks, each in the way that `closing` gives for it; returns how many
    /// that was news for, and the wakers of those that were parked.
    pub(crate) fn close_where(
        &mut self,
        which: impl Fn(&Reader<W>) -> bool,
        closing: impl Fn(&Reader<W>) -> Closing,
    ) -> (usize, Vec<W>) {
        let mut told = 0;
        let mut parked = Vec::new();
        for reader in self.readers_mut().iter_mut().filter(|reader| which(reader)) {
            let closing = closing(reader);
            if reader.close(&closing) {
                told += 1;
                parked.extend(reader.waker.take());
            }
        }
        (told, parked)
    }

    /// How many records the connections that are still here may not have handed out: a batch counts until all of it was.
    pub(crate) fn undelivered(&self) -> usize {
        self.readers().iter().map(|reader| self.log.after(reader.handed_out).count()).sum()
    }

    /// Adds the wakers of all parked connections to `parked`.
    pub(crate) fn unpark(&mut self, parked: &mut impl Extend<W>) {
        parked.extend(self.readers_mut().iter_mut().filter_map(|reader| reader.waker.take()));
    }

    /// Appends the drafts as one group, or refuses them whole.
    ///
    /// What nobody would ever get, Log for an absent user, is left out.
    pub(crate) fn append(
        &mut self,
        mut drafts: Drafts,
        moment: Moment,
        limits: &LogLimits,
    ) -> Result<Appended, Refused> {
        if let Some(log) = self.log.get_mut() {
            log.expire(moment, limits);
        }
        self.leave_out_log(&mut drafts);
        if drafts.is_empty() && self.log.get_mut().is_none() {
            return Ok(Appended::default());
        }
        self.log.append(drafts, moment, limits)
    }

    /// Forgets what is too old and ends what has expired; true if a reader has something new to take.
    pub(crate) fn handle_deadline(&mut self, moment: Moment, limits: &LogLimits) -> bool {
        self.log.get_mut().is_some_and(|log| log.handle_deadline(moment, limits))
    }

    fn leave_out_log(&self, drafts: &mut Drafts) {
        if !self.keeps_log {
            drafts.retain(|draft| draft.is_state());
        }
    }

    /// Whether the hub-wide log, whose newest record is `head`, has something that is not here yet.
    pub(crate) fn is_behind(&self, head: Seq) -> bool {
        self.public_seen != Some(head)
    }

    /// Takes over what was broadcast to everybody since the last time.
    ///
    /// A new mailbox is seeded with the public State; what happened before it was made is not its history.
    pub(crate) fn take_over(&mut self, public: &Log, moment: Moment, limits: &LogLimits) {
        let seen = self.public_seen.replace(public.head());
        let Some(seen) = seen else {
            let drafts = public.live_and_log_after(public.head()).filter_map(Record::shared_draft);
            drafts.for_each(|draft| self.append_public(smallvec![draft], moment, limits));
            return;
        };
        // Most often it is one record, and all mailboxes come for it at once.
        if let Some(record) = public.only_one_after(seen) {
            self.append_public(record.shared_draft().into_iter().collect(), moment, limits);
            return;
        }
        if self.keeps_log && seen < public.log_floor() {
            self.log.lose();
        }
        if seen < public.state_floor() {
            self.log.retain_public(public, moment, limits);
        }
        let (mut drafts, mut end) = (Drafts::new(), None);
        for record in public.after(seen) {
            if end.is_some_and(|end| end != record.end()) {
                self.append_public(std::mem::take(&mut drafts), moment, limits);
            }
            end = Some(record.end());
            drafts.extend(record.shared_draft());
        }
        self.append_public(drafts, moment, limits);
    }

    /// Appends a group of what was broadcast to everybody.
    fn append_public(&mut self, mut drafts: Drafts, moment: Moment, limits: &LogLimits) {
        self.leave_out_log(&mut drafts);
        if drafts.is_empty() {
            return;
        }
        let has_log = drafts.iter().any(|draft| draft.class == Class::Log);
        // Public State counts in no user's log, so only Log can be too much for this one; then it is declared.
        if self.log.append(drafts, moment, limits).is_err() && has_log {
            self.log.lose();
        }
    }

    /// Drops everything but live State, under a new epoch: every cursor that is out there becomes unknown.
    pub(crate) fn retire(&mut self, epoch: Epoch) {
        debug_assert!(!self.has_readers(), "only a mailbox without connections retires");
        if let Some(log) = self.log.get_mut() {
            log.retire();
        }
        self.epoch = epoch;
        self.keeps_log = false;
    }
}
