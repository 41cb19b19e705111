//! One user: a log, and the wakers of the connections that have read it to its end.
//!
//! Invariants:
//! - A reader is parked (has a waker here) only if it has taken everything and has not been told to close.
//! - Whatever gives a reader something to take returns the wakers of all parked readers, once; the caller wakes them when
//!   the lock is gone. A reader that is runnable already has no waker here, so it is not woken again.
//! - No waker is cloned, woken or dropped here: that is foreign code, and a lock is held.
//! - What was broadcast to everybody is taken over before anything else happens, so that it stands in the right place.
//! - A mailbox that is closed is no longer in the registry; whoever finds it closed looks up again.

use std::sync::Arc;
use std::time::Instant;

use super::Moment;
use super::log::{Appended, Log, LogLimits, Refused};
use super::record::{Class, Draft, Record};
use crate::vocabulary::cursor::{Epoch, Seq};
use crate::{CloseReason, ConnectionId};

/// `W` is the waker; the core only keeps it.
#[derive(Debug)]
pub(crate) struct Mailbox<W> {
    pub(crate) epoch: Epoch,
    pub(crate) log: Log,
    readers: Vec<Reader<W>>,
    /// How far the hub-wide log has been taken over; `None` before the first time.
    public_seen: Option<Seq>,
    /// When the last connection left, or State came for a user without one.
    pub(crate) last_used: Instant,
    /// Where the books of users without a connection have it; `None` while there is one.
    pub(crate) entry: Option<BookEntry>,
    /// Whether Log is kept: from the first connection until it is retired.
    pub(crate) keeps_log: bool,
    pub(crate) is_closed: bool,
}

/// A place in the books of users without a connection, in the order of leaving.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct BookEntry {
    pub(crate) since: Instant,
    /// Tells entries of one moment apart.
    pub(crate) serial: u64,
}

#[derive(Debug)]
struct Reader<W> {
    id: ConnectionId,
    waker: Option<W>,
    close: Option<CloseReason>,
}

impl<W> Mailbox<W> {
    pub(crate) fn new(epoch: Epoch, now: Instant) -> Self {
        Self {
            epoch,
            log: Log::default(),
            readers: Vec::new(),
            public_seen: None,
            last_used: now,
            entry: None,
            keeps_log: false,
            is_closed: false,
        }
    }

    /// How many connections are there, those too that were told to close.
    pub(crate) fn open(&self) -> usize {
        self.readers.len()
    }

    /// How many connections will get what comes: those that were told to close will not.
    pub(crate) fn connections(&self) -> usize {
        self.readers.iter().filter(|reader| reader.close.is_none()).count()
    }

    pub(crate) fn has_readers(&self) -> bool {
        !self.readers.is_empty()
    }

    /// Registers a connection. Beyond `limit` the oldest is told to close, and its waker comes back.
    pub(crate) fn register(&mut self, id: ConnectionId, limit: usize, reason: &CloseReason) -> Option<W> {
        let displaced = if self.connections() >= limit { self.close_oldest(reason) } else { None };
        self.readers.push(Reader { id, waker: None, close: None });
        self.keeps_log = true;
        displaced
    }

    fn close_oldest(&mut self, reason: &CloseReason) -> Option<W> {
        let oldest = self.readers.iter_mut().find(|reader| reader.close.is_none())?;
        oldest.close = Some(reason.clone());
        oldest.waker.take()
    }

    /// Forgets a connection; forgetting it twice does nothing. Its waker comes back, to be dropped without the lock.
    pub(crate) fn unregister(&mut self, id: ConnectionId, now: Instant) -> Option<W> {
        let at = self.readers.iter().position(|reader| reader.id == id)?;
        let reader = self.readers.remove(at);
        if self.readers.is_empty() {
            self.last_used = now;
            self.readers = Vec::new();
        }
        reader.waker
    }

    /// Keeps the waker of a connection that has taken everything; an older one comes back.
    pub(crate) fn park(&mut self, id: ConnectionId, waker: W) -> Option<W> {
        match self.readers.iter_mut().find(|reader| reader.id == id) {
            Some(reader) => reader.waker.replace(waker),
            None => Some(waker),
        }
    }

    /// Why a connection was told to close, if it was.
    pub(crate) fn close_of(&self, id: ConnectionId) -> Option<&CloseReason> {
        self.readers.iter().find(|reader| reader.id == id)?.close.as_ref()
    }

    /// Tells every connection to close.
    pub(crate) fn close_all(&mut self, reason: &CloseReason) -> Vec<W> {
        for reader in self.readers.iter_mut().filter(|reader| reader.close.is_none()) {
            reader.close = Some(reason.clone());
        }
        self.unpark()
    }

    /// The wakers of all parked connections.
    #[must_use]
    pub(crate) fn unpark(&mut self) -> Vec<W> {
        self.readers.iter_mut().filter_map(|reader| reader.waker.take()).collect()
    }

    /// Appends the drafts as one group, or refuses them whole.
    ///
    /// What nobody would ever get, Log for an absent user, is left out.
    pub(crate) fn append(
        &mut self,
        mut drafts: Vec<Draft>,
        moment: Moment,
        limits: &LogLimits,
    ) -> Result<Appended, Refused> {
        self.log.handle_deadline(moment, limits);
        self.leave_out_log(&mut drafts);
        self.log.append(drafts, moment, limits)
    }

    fn leave_out_log(&self, drafts: &mut Vec<Draft>) {
        if !self.keeps_log {
            drafts.retain(Draft::is_state);
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
            let drafts = public.live_and_log_after(public.head()).filter_map(|record| record.shared_draft());
            for draft in drafts {
                self.append_public(vec![draft], moment, limits);
            }
            return;
        };
        if self.keeps_log && seen < public.log_floor() {
            self.log.lose();
        }
        if seen < public.state_floor() {
            self.log.retain_public(public, moment, limits);
        }
        let mut group: Vec<Arc<Record>> = Vec::new();
        for record in public.after(seen) {
            if group.last().is_some_and(|last| last.group.is_none() || last.group != record.group) {
                self.append_group(&mut group, moment, limits);
            }
            group.push(Arc::clone(record));
        }
        self.append_group(&mut group, moment, limits);
    }

    fn append_group(&mut self, group: &mut Vec<Arc<Record>>, moment: Moment, limits: &LogLimits) {
        let drafts: Vec<Draft> = group.drain(..).filter_map(|record| record.shared_draft()).collect();
        self.append_public(drafts, moment, limits);
    }

    fn append_public(&mut self, mut drafts: Vec<Draft>, moment: Moment, limits: &LogLimits) {
        self.leave_out_log(&mut drafts);
        let has_log = drafts.iter().any(|draft| draft.class == Class::Log);
        // Public State counts in no user's log, so only Log can be too much for this one; then it is declared.
        if self.log.append(drafts, moment, limits).is_err() && has_log {
            self.log.lose();
        }
    }

    /// Drops everything but live State, under a new epoch: every cursor that is out there becomes unknown.
    pub(crate) fn retire(&mut self, epoch: Epoch) {
        debug_assert!(!self.has_readers(), "only a mailbox without connections retires");
        self.log.retire();
        self.epoch = epoch;
        self.keeps_log = false;
    }
}
