//! The host's StateSource: where a user's State comes from when the hub does not know it yet.
//!
//! Invariants:
//! - One load runs for a user at a time, however many devices wait; each of them polls it, so it goes on whichever leaves.
//! - It is foreign code: polled, dropped and encoded without a lock; what panics in it is a failed load.
//! - A device waits for it, or for its deadline, before its first batch; SYNCED says which it was.
//! - After a failure the next device that connects tries again, but not before a wait that doubles.

use std::fmt;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Instant;

use futures::FutureExt;
use futures::future::{BoxFuture, Shared as SharedFuture};

use crate::core::Moment;
use crate::core::log::load::Merged;
use crate::core::mailbox::{Load, Mailbox};
use crate::core::record::Draft;
use crate::hub::due::after;
use crate::hub::observe::LoadResult;
use crate::hub::registry::Slot;
use crate::hub::shared::{Shared, wake};
use crate::hub::sync::Mutex;
use crate::{ErasedEvent, UserId};

/// The State of one user, as a StateSource brings it.
///
/// ```
/// use user_hub::{LoadedState, trading::PnlUpdate};
///
/// let state = LoadedState::new().event(PnlUpdate::default());
/// assert_eq!(state.len(), 1);
/// ```
#[derive(Default)]
#[must_use = "loaded State is returned from the StateSource"]
pub struct LoadedState {
    events: Vec<Box<dyn ErasedEvent + Send>>,
}

impl LoadedState {
    /// No State: right for a user of whom the host knows nothing.
    ///
    /// ```
    /// assert!(user_hub::LoadedState::new().is_empty());
    /// ```
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds the current value of one State; a Log event is left out.
    ///
    /// ```
    /// use user_hub::{LoadedState, trading::PnlUpdate};
    ///
    /// assert!(!LoadedState::new().event(PnlUpdate::default()).is_empty());
    /// ```
    pub fn event(mut self, event: impl ErasedEvent + Send + 'static) -> Self {
        self.events.push(Box::new(event));
        self
    }

    /// How many values there are.
    ///
    /// ```
    /// assert_eq!(user_hub::LoadedState::new().len(), 0);
    /// ```
    #[must_use]
    pub fn len(&self) -> usize {
        self.events.len()
    }

    /// Whether there are none.
    ///
    /// ```
    /// assert!(user_hub::LoadedState::new().is_empty());
    /// ```
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.events.is_empty()
    }
}

impl<E: ErasedEvent + Send + 'static> FromIterator<E> for LoadedState {
    fn from_iter<I: IntoIterator<Item = E>>(events: I) -> Self {
        events.into_iter().fold(Self::new(), Self::event)
    }
}

impl<E: ErasedEvent + Send + 'static> Extend<E> for LoadedState {
    fn extend<I: IntoIterator<Item = E>>(&mut self, events: I) {
        self.events.extend(events.into_iter().map(|event| Box::new(event) as Box<dyn ErasedEvent + Send>));
    }
}

impl fmt::Debug for LoadedState {
    /// Shows no payload.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("LoadedState").field("len", &self.len()).finish_non_exhaustive()
    }
}

/// What the host gave: `None` from it is a failure that the host has told of in its own way.
pub(crate) type StateSource = Arc<dyn Fn(UserId) -> BoxFuture<'static, Option<LoadedState>> + Send + Sync>;

/// What a load came to; whoever settles it takes it out.
type Outcome = Arc<Mutex<Option<Option<LoadedState>>>>;

/// A load that runs, as each of the devices that wait for it holds it.
#[derive(Clone)]
pub(crate) struct Loading {
    serial: u64,
    load: SharedFuture<BoxFuture<'static, Outcome>>,
    /// Once it has come to its end; it is not polled again then.
    outcome: Option<Outcome>,
    pub(crate) deadline: Option<Instant>,
}

impl Loading {
    /// Drives it; true when it has come to its end.
    pub(crate) fn poll(&mut self, context: &mut Context<'_>) -> bool {
        if self.outcome.is_none() {
            if let Poll::Ready(outcome) = self.load.poll_unpin(context) {
                self.outcome = Some(outcome);
            }
        }
        self.has_ended()
    }

    /// Whether whoever holds it has seen its end.
    pub(crate) const fn has_ended(&self) -> bool {
        self.outcome.is_some()
    }

    /// What it came to, for the first who asks.
    fn take(&self) -> Option<Option<LoadedState>> {
        self.outcome.as_ref().and_then(|outcome| outcome.lock().take())
    }

    pub(crate) const fn is(&self, other: &Self) -> bool {
        self.serial == other.serial
    }
}

impl fmt::Debug for Loading {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Loading").field("serial", &self.serial).finish_non_exhaustive()
    }
}

impl Shared {
    /// The load that a new connection waits for, begun if it is wanted; the caller holds the mailbox's lock and drops
    /// what it replaces without it.
    pub(crate) fn join_load(
        &self,
        slot: &Slot,
        mailbox: &mut Mailbox<std::task::Waker>,
        now: Instant,
    ) -> (Option<Loading>, Option<Box<Loading>>) {
        let Some(source) = &self.config.state_source else { return (None, None) };
        let mut loading = slot.loading.lock();
        // One that nobody waited for any more has stood still; past its deadline it is begun anew.
        let is_over = loading.as_ref().is_some_and(|loading| loading.deadline.is_some_and(|deadline| deadline <= now));
        if !mailbox.load.is_wanted(now) && !is_over {
            return (loading.as_deref().cloned(), None);
        }
        let started = self.start_load(source, &slot.user, after(now, self.config.load_deadline));
        mailbox.load = mailbox.load.started();
        mailbox.log.begin_load();
        let replaced = loading.replace(Box::new(started.clone()));
        (Some(started), replaced)
    }

    /// Makes the future of a load. The host's code is first called when it is polled, so this may be done under a lock.
    fn start_load(&self, source: &StateSource, user: &UserId, deadline: Option<Instant>) -> Loading {
        let (source, user) = (Arc::clone(source), user.clone());
        let load = async move {
            let loaded = AssertUnwindSafe(async { source(user).await }).catch_unwind().await;
            Arc::new(Mutex::new(Some(loaded.unwrap_or_default())))
        };
        Loading { serial: self.random(), load: load.boxed().shared(), outcome: None, deadline }
    }

    /// A load that a connection waits for has come to its end; returns the one that it waits for now, if any: the same
    /// while another connection settles it, which wakes this one when it has.
    pub(crate) fn settle_load(&self, slot: &Slot, finished: &Loading) -> Option<Loading> {
        let moment = self.moment();
        let Some(loaded) = finished.take() else { return slot.loading.lock().as_deref().cloned() };
        let prepared = loaded.map(|loaded| self.prepare_loaded(loaded, moment));
        let mut parked = Vec::new();
        let (waits_for, _dropped, result) = {
            let mut mailbox = slot.mailbox.lock();
            let mut loading = slot.loading.lock();
            if !loading.as_deref().is_some_and(|loading| loading.is(finished)) {
                // It was given up meanwhile.
                (loading.as_deref().cloned(), None, None)
            } else {
                self.catch_up(&mut mailbox, moment);
                let again = self.merge(&mut mailbox, prepared, moment);
                let again = again.then_some(self.config.state_source.as_ref()).flatten();
                let next = again
                    .filter(|_| finished.deadline.is_none_or(|deadline| moment.now < deadline))
                    .map(|source| self.start_load(source, &slot.user, finished.deadline));
                match &next {
                    Some(_) => mailbox.log.begin_load(),
                    None if again.is_some() => mailbox.load = mailbox.load.failed(moment.now),
                    None => {}
                }
                self.account(&mut mailbox);
                mailbox.unpark(&mut parked);
                let replaced = std::mem::replace(&mut *loading, next.clone().map(Box::new));
                let result = match mailbox.load {
                    Load::Done { complete: true } => LoadResult::Loaded,
                    Load::Done { complete: false } => LoadResult::Incomplete,
                    _ if next.is_some() => LoadResult::Again,
                    _ => LoadResult::Failed,
                };
                (next, replaced, Some(result))
            }
        };
        wake(parked);
        if let Some(result) = result {
            self.observer.load_ended(&slot.user, result);
        }
        waits_for
    }

    /// Encodes what was loaded, each value alone; true if one could not be.
    fn prepare_loaded(&self, loaded: LoadedState, moment: Moment) -> (Vec<Draft>, bool) {
        let mut is_incomplete = false;
        let mut drafts = Vec::with_capacity(loaded.len());
        for event in &loaded.events {
            match self.prepare_all(&[&**event], moment, false) {
                Ok(prepared) => drafts.extend(prepared),
                Err((_, (name, rejection))) => {
                    self.observer.rejected(name.as_deref(), &rejection);
                    is_incomplete = true;
                }
            }
        }
        (drafts, is_incomplete)
    }

    /// Takes over what was loaded; true if it has to be loaded again.
    fn merge(
        &self,
        mailbox: &mut Mailbox<std::task::Waker>,
        prepared: Option<(Vec<Draft>, bool)>,
        moment: Moment,
    ) -> bool {
        let Some((drafts, is_incomplete)) = prepared else {
            mailbox.log.end_load();
            mailbox.load = mailbox.load.failed(moment.now);
            return false;
        };
        match mailbox.log.merge(drafts, moment, &self.limits) {
            Merged::Done { refused } => {
                mailbox.load = Load::Done { complete: refused == 0 && !is_incomplete };
                false
            }
            Merged::Again => true,
        }
    }

    /// The deadline of a load has passed: the devices that wait go on without it.
    pub(crate) fn give_up_load(&self, slot: &Slot, now: Instant) {
        let mut parked = Vec::new();
        let _dropped = {
            let mut mailbox = slot.mailbox.lock();
            let mut loading = slot.loading.lock();
            let is_over = |loading: &Loading| loading.deadline.is_some_and(|deadline| deadline <= now);
            if !loading.as_deref().is_some_and(is_over) {
                return;
            }
            mailbox.log.end_load();
            mailbox.load = mailbox.load.failed(now);
            mailbox.unpark(&mut parked);
            loading.take()
        };
        wake(parked);
        self.observer.load_ended(&slot.user, LoadResult::Late);
    }
}
