//! What all clones of a hub and its connections share, and the few steps that every path through it takes.

use std::hash::BuildHasher;
use std::iter::Peekable;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::task::Waker;
use std::time::Instant;

use crate::core::Moment;
use crate::core::log::{Log, LogLimits};
use crate::core::mailbox::Mailbox;
use crate::hub::absence::Absence;
use crate::hub::catalog::Catalog;
use crate::hub::config::Config;
use crate::hub::ending::EndedSessions;
use crate::hub::maintenance::Maintenance;
use crate::hub::observe::Observer;
use crate::hub::presence::PresenceBook;
use crate::hub::registry::{Registry, Slot};
use crate::hub::sync::{AtomicBool, AtomicU64, AtomicUsize, Ordering, RwLock};
use crate::hub::waiting::Waiting;
use crate::vocabulary::cursor::Epoch;
use crate::{ConnectionId, UserIdError};

pub(crate) struct Shared {
    pub(crate) config: Config,
    pub(crate) limits: LogLimits,
    pub(crate) registry: Registry,
    /// What was broadcast to everybody: each mailbox is a reader of it, and all of them come at once.
    pub(crate) public: RwLock<Log>,
    /// The head of `public`, so that a mailbox that has everything need not lock to know.
    pub(crate) public_head: AtomicU64,
    pub(crate) absence: Absence,
    pub(crate) presence: PresenceBook,
    pub(crate) ended_sessions: EndedSessions,
    pub(crate) maintenance: Maintenance,
    pub(crate) catalog: Catalog,
    pub(crate) observer: Observer,
    pub(crate) is_closed: AtomicBool,
    pub(crate) last_connection: AtomicU64,
    pub(crate) connections: AtomicUsize,
    pub(crate) users: AtomicUsize,
    /// Woken when the last connection is gone.
    pub(crate) emptied: Waiting,
    /// What all logs weigh together.
    bytes: AtomicUsize,
    /// Epochs are this keyed hash of a counter: as hard to guess as the key, and no call of the operating system each.
    random: std::hash::RandomState,
    last_random: AtomicU64,
}

impl Shared {
    pub(crate) fn new(config: Config) -> Self {
        let now = config.clock.now();
        Self {
            limits: config.log_limits(),
            registry: Registry::new(),
            public: RwLock::new(Log::hub_wide()),
            public_head: AtomicU64::new(0),
            absence: Absence::new(config.retention, config.absent_users, now),
            presence: PresenceBook::new(config.presence_grace, now),
            ended_sessions: EndedSessions::new(config.retention, config.ended_sessions),
            maintenance: Maintenance::default(),
            catalog: Catalog::new(config.event_types),
            observer: Observer::new(config.event_types),
            is_closed: AtomicBool::new(false),
            last_connection: AtomicU64::new(0),
            connections: AtomicUsize::new(0),
            users: AtomicUsize::new(0),
            emptied: Waiting::default(),
            bytes: AtomicUsize::new(0),
            random: std::hash::RandomState::new(),
            last_random: AtomicU64::new(0),
            config,
        }
    }

    pub(crate) fn moment(&self) -> Moment {
        Moment { now: self.config.clock.now(), wall: self.config.clock.wall() }
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.is_closed.load(Ordering::SeqCst)
    }

    pub(crate) fn check_user(&self, user: &str) -> Result<(), UserIdError> {
        let (length, limit) = (user.len(), self.config.user_id_bytes);
        match length {
            0 => Err(UserIdError::Empty),
            _ if length > limit => Err(UserIdError::TooLong { length, limit }),
            _ => Ok(()),
        }
    }

    pub(crate) fn new_mailbox(&self, moment: Moment) -> Mailbox<Waker> {
        Mailbox::new(self.new_epoch(), moment.now)
    }

    pub(crate) fn new_epoch(&self) -> Epoch {
        Epoch(self.random())
    }

    pub(crate) fn random(&self) -> u64 {
        self.random.hash_one(self.last_random.fetch_add(1, Ordering::Relaxed))
    }

    /// Brings a mailbox to the head of the hub-wide log; done before anything else happens in it.
    pub(crate) fn catch_up(&self, mailbox: &mut Mailbox<Waker>, moment: Moment) {
        // Acquire pairs with the release in `submit_to_everybody`: who was told of that call finds its records.
        if mailbox.is_behind(self.public_head.load(Ordering::Acquire)) {
            let public = self.public.read();
            mailbox.take_over(&public, moment, &self.limits);
        }
    }

    /// Brings the hub's memory account up to what a mailbox weighs now; the caller holds its lock.
    pub(crate) fn account(&self, mailbox: &mut Mailbox<Waker>) {
        let weighs = mailbox.log.bytes();
        match weighs.cmp(&mailbox.accounted) {
            std::cmp::Ordering::Greater => self.bytes.fetch_add(weighs - mailbox.accounted, Ordering::Relaxed),
            std::cmp::Ordering::Less => self.bytes.fetch_sub(mailbox.accounted - weighs, Ordering::Relaxed),
            // All threads meet at this number: it is left alone where nothing has changed.
            std::cmp::Ordering::Equal => return,
        };
        mailbox.accounted = weighs;
    }

    /// What all logs weigh together, in bytes.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes.load(Ordering::Relaxed)
    }

    /// Whether the logs weigh more than they may.
    pub(crate) fn is_over_budget(&self) -> bool {
        self.bytes() > self.config.memory_bytes
    }

    /// Whether anything will ever be due for users without a connection, as things are.
    pub(crate) fn has_leaving(&self) -> bool {
        self.presence.has_departing() || self.absence.has_leaving() || self.is_over_budget()
    }

    /// Does a little of what is due for users without a connection; true if there may be more.
    pub(crate) fn sweep(&self, now: Instant) -> bool {
        wake(self.presence.sweep(now));
        self.absence.sweep(self, now)
    }

    /// Removes a mailbox that stands in no book and keeps no Log, unless somebody has used it meanwhile.
    pub(crate) fn remove_unused(&self, slot: &Slot) {
        if self
            .registry
            .remove_if(slot, |mailbox| !mailbox.keeps_log && mailbox.away().is_some_and(|away| away.entry.is_none()))
        {
            let weighed = std::mem::take(&mut slot.mailbox.lock().accounted);
            self.bytes.fetch_sub(weighed, Ordering::Relaxed);
        }
    }

    /// A connection was dropped.
    pub(crate) fn disconnect(&self, slot: &Arc<Slot>, id: ConnectionId) {
        let now = self.config.clock.now();
        let mut told = Vec::new();
        let (_waker, is_last) = {
            let mut mailbox = slot.mailbox.lock();
            let waker = mailbox.unregister(id, now);
            let is_last = !mailbox.has_readers();
            if is_last {
                self.users.fetch_sub(1, Ordering::Relaxed);
                self.absence.left(slot, &mut mailbox, now);
                told = self.presence.left(&slot.user, now);
            }
            (waker, is_last)
        };
        wake(told);
        if self.connections.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.emptied.wake();
        }
        self.observer.disconnected(is_last);
        self.sweep(now);
    }
}

/// Wakes connections; called when no lock is held. That one panics keeps no other asleep.
pub(crate) fn wake(parked: impl IntoIterator<Item = Waker>) {
    let parked = parked.into_iter();
    // Most often there is nobody, and whoever comes or leaves asks several times.
    if parked.size_hint() != (0, Some(0)) {
        Asleep::new(parked).0.by_ref().for_each(Waker::wake);
    }
}

/// Who is still to be woken: all of them when it is dropped, since a waker, which is foreign code, may have panicked.
pub(crate) struct Asleep<I: Iterator<Item = Waker>>(Peekable<I>);

impl<I: Iterator<Item = Waker>> Asleep<I> {
    pub(crate) fn new(parked: impl IntoIterator<IntoIter = I>) -> Self {
        Self(parked.into_iter().peekable())
    }

    /// Wakes so many; true if some are left.
    pub(crate) fn wake(&mut self, count: usize) -> bool {
        self.0.by_ref().take(count).for_each(Waker::wake);
        self.0.peek().is_some()
    }
}

impl<I: Iterator<Item = Waker>> Drop for Asleep<I> {
    fn drop(&mut self) {
        for waker in self.0.by_ref() {
            // The first panic is told; a second one would end the process.
            let _panicked = catch_unwind(AssertUnwindSafe(|| waker.wake()));
        }
    }
}
