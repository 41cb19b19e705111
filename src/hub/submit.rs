//! From a broadcast to the log of its user, and from there to the connections that wait.
//!
//! Invariants: an event is encoded before any lock, and not at all when nothing would keep or receive it; a refused State
//! is taken off the screens; the wakers come out of the lock and are woken by the caller.

use std::sync::Arc;
use std::task::Waker;

use smallvec::SmallVec;

use crate::core::Moment;
use crate::core::log::{Appended, Refused};
use crate::core::record::{Draft, Drafts, StateName};
use crate::hub::prepare::{Unprepared, prepare, state_of};
use crate::hub::registry::Slot;
use crate::hub::shared::{Shared, wake};
use crate::hub::sync::Ordering;
use crate::{Audience, ErasedEvent, EventSink, Kind, Outcome, Rejection, UserHub, UserId};

impl EventSink for UserHub {
    fn submit(&self, to: Audience<'_>, events: &[&dyn ErasedEvent]) -> Outcome {
        let mut due = DueWakes::default();
        let submitted = self.shared.submit(to, events, &mut due);
        self.shared.wake_due(due);
        self.shared.observed(events, submitted)
    }
}

/// The wakers of one user's devices: as many as most users have without asking for memory.
pub(crate) type Parked = SmallVec<[Waker; 4]>;

/// Who is to be woken, once no lock is held.
#[derive(Debug, Default)]
pub(crate) struct DueWakes {
    pub(crate) parked: Parked,
    /// Whether something went to everybody.
    pub(crate) everybody: bool,
}

impl DueWakes {
    pub(crate) fn is_empty(&self) -> bool {
        self.parked.is_empty() && !self.everybody
    }

    pub(crate) fn add(&mut self, mut more: Self) {
        self.parked.append(&mut more.parked);
        self.everybody |= more.everybody;
    }
}

/// A refusal, and the name of the event that caused it.
pub(crate) type Refusal = (Option<String>, Rejection);

impl Shared {
    /// Appends the events; `due` is then who has something to take.
    pub(crate) fn submit(
        &self,
        to: Audience<'_>,
        events: &[&dyn ErasedEvent],
        due: &mut DueWakes,
    ) -> Result<Outcome, Refusal> {
        if self.is_closed() {
            return Ok(Outcome::Closed);
        }
        match to {
            Audience::User(user) => self.submit_to_user(user, events, &mut due.parked),
            Audience::Everybody => self.submit_to_everybody(events, &mut due.everybody),
        }
    }

    /// What became of the events, after the observer has heard of it. That is foreign code, which may panic: who is due is
    /// seen to before.
    pub(crate) fn observed(&self, events: &[&dyn ErasedEvent], submitted: Result<Outcome, Refusal>) -> Outcome {
        let outcome = submitted.unwrap_or_else(|(event, rejection)| {
            self.observer.rejected(event.as_deref(), &rejection);
            Outcome::Rejected(rejection)
        });
        self.observer.broadcast(events, &outcome);
        outcome
    }

    fn submit_to_user(&self, user: &str, events: &[&dyn ErasedEvent], parked: &mut Parked) -> Result<Outcome, Refusal> {
        self.check_user(user).map_err(|error| (None, error.into()))?;
        if events.is_empty() {
            return Err((None, Rejection::EmptyGroup));
        }
        // Most broadcasts are to users who are not there: where nobody is leaving they end without a look at a clock.
        let now = self.has_leaving().then(|| self.config.clock.now());
        if let Some(now) = now {
            self.sweep(now);
        }
        let slot = self.registry.find(user);
        if !self.has_audience(slot.as_deref(), events) {
            return Ok(Outcome::NoAudience);
        }
        let now = now.unwrap_or_else(|| self.config.clock.now());
        let moment = Moment { now, wall: self.config.clock.wall() };
        match self.prepare_all(events, moment, false) {
            Ok(drafts) => {
                self.append(user, slot, drafts, moment, parked).map_err(|refused| self.refusal(refused, events))
            }
            Err((states, refusal)) => {
                self.reject_states(user, states, moment, parked);
                Err(refusal)
            }
        }
    }

    /// Whether anything of the events would be kept or received; if not, they are never encoded.
    fn has_audience(&self, slot: Option<&Slot>, events: &[&dyn ErasedEvent]) -> bool {
        let sets_state = || events.iter().any(|event| event.kind() == Kind::State && !event.is_removal());
        match slot {
            Some(slot) => {
                slot.keeps_log.load(Ordering::Acquire) || events.iter().any(|event| event.kind() == Kind::State)
            }
            None => self.absence.keeps_state() && sets_state(),
        }
    }

    /// Encodes a group; if one event cannot be, the names of all State in it come back: each counts as refused.
    pub(crate) fn prepare_all(
        &self,
        events: &[&dyn ErasedEvent],
        moment: Moment,
        is_for_everybody: bool,
    ) -> Result<Drafts, (Vec<StateName>, Refusal)> {
        let rules = self.config.event_rules();
        let mut drafts = Drafts::with_capacity(events.len());
        for (at, event) in events.iter().enumerate() {
            match prepare(*event, is_for_everybody, rules, &self.catalog, moment) {
                Ok(draft) => drafts.push(draft),
                Err(Unprepared { rejection, state }) => {
                    let drafts = drafts.iter().filter(|draft: &&Draft| draft.is_state());
                    let before = drafts.map(|draft| draft.state.clone());
                    let after = events[at + 1..].iter().filter_map(|event| state_of(*event, rules));
                    let states = before.chain(state).chain(after).collect();
                    return Err((states, (Some(event.name().to_string()), rejection)));
                }
            }
        }
        Ok(drafts)
    }

    fn append(
        &self,
        user: &str,
        mut found: Option<Arc<Slot>>,
        drafts: Drafts,
        moment: Moment,
        parked: &mut Parked,
    ) -> Result<Outcome, Refused> {
        loop {
            // Encoding takes a while: what was found before it may be closed by now.
            let slot = found.take().unwrap_or_else(|| {
                self.registry.find_or_insert(user, || Slot::new(UserId::of(user), self.new_mailbox(moment)))
            });
            let mut mailbox = slot.mailbox.lock();
            if mailbox.is_closed {
                continue;
            }
            let head = mailbox.log.head();
            self.catch_up(&mut mailbox, moment);
            let appended = mailbox.append(drafts, moment, &self.limits);
            if let Some(away) = mailbox.away() {
                away.last_used = moment.now;
                // It was just made, or is about to be removed: then it stays after all.
                if away.entry.is_none() {
                    self.absence.is_absent(&slot, &mut mailbox);
                }
            }
            self.account(&mut mailbox);
            // A refused State may leave a removal, and a stale one nothing: what counts is whether there is something new.
            if mailbox.log.head() > head {
                mailbox.unpark(parked);
            }
            let connections = mailbox.connections();
            return appended.map(|appended| outcome(appended, connections));
        }
    }

    fn reject_states(&self, user: &str, states: Vec<StateName>, moment: Moment, parked: &mut Parked) {
        if states.is_empty() {
            return;
        }
        while let Some(slot) = self.registry.find(user) {
            let mut mailbox = slot.mailbox.lock();
            if mailbox.is_closed {
                continue;
            }
            self.catch_up(&mut mailbox, moment);
            if mailbox.log.reject(states, moment, &self.limits) {
                mailbox.unpark(parked);
            }
            self.account(&mut mailbox);
            return;
        }
    }

    fn submit_to_everybody(
        &self,
        events: &[&dyn ErasedEvent],
        is_everybody_due: &mut bool,
    ) -> Result<Outcome, Refusal> {
        if events.is_empty() {
            return Err((None, Rejection::EmptyGroup));
        }
        if let Some(private) = events.iter().find(|event| !event.is_public()) {
            let name = private.name();
            return Err((Some(name.to_string()), Rejection::NotPublic { name }));
        }
        let moment = self.moment();
        self.sweep(moment.now);
        let prepared = self.prepare_all(events, moment, true);
        let appended = {
            let mut public = self.public.write();
            public.handle_deadline(moment, &self.limits);
            let appended = match prepared {
                Ok(drafts) => {
                    public.append(drafts, moment, &self.limits).map_err(|refused| self.refusal(refused, events))
                }
                Err((states, refusal)) => {
                    public.reject(states, moment, &self.limits);
                    Err(refusal)
                }
            };
            // Release: whoever is told of this call, in whatever way, finds the records when it asks.
            self.public_head.store(public.head(), Ordering::Release);
            appended
        };
        // A connection that parks from here on saw the new head under its mailbox's lock.
        *is_everybody_due = true;
        appended.map(|appended| outcome(appended, self.connections.load(Ordering::Relaxed)))
    }

    /// Wakes connections that have something to take. Several are left to the maintenance future, if there is one: it is one
    /// task to wake from here, and it wakes them from within their runtime.
    pub(crate) fn wake_due(&self, due: DueWakes) {
        match due.parked.len() {
            // Most broadcasts are to users who are not there.
            0 if !due.everybody => {}
            1 if !due.everybody => wake(due.parked),
            _ => self.wake(self.maintenance.leave(due)),
        }
    }

    pub(crate) fn wake(&self, due: DueWakes) {
        wake(self.asleep(due));
    }

    /// Who is to be woken, one by one; of everybody a shard is visited when it comes to it.
    pub(crate) fn asleep(&self, due: DueWakes) -> impl Iterator<Item = Waker> {
        let shards = if due.everybody { 0..self.registry.shards() } else { 0..0 };
        due.parked.into_iter().chain(shards.flat_map(|shard| self.registry.unpark(shard)))
    }

    fn refusal(&self, refused: Refused, events: &[&dyn ErasedEvent]) -> Refusal {
        let limits = &self.limits;
        let rejection = match refused {
            Refused::TooManyKeys => Rejection::TooManyKeys { limit: limits.state_keys },
            Refused::StateFull => Rejection::StateFull { limit: limits.state_bytes },
            Refused::GroupTooLarge => Rejection::GroupTooLarge { records: limits.log_records, bytes: limits.log_bytes },
        };
        (events.first().map(|event| event.name().to_string()), rejection)
    }
}

const fn outcome(appended: Appended, connections: usize) -> Outcome {
    match appended {
        Appended { records: 0, stale: 0 } => Outcome::NoAudience,
        Appended { records: 0, .. } => Outcome::Stale,
        _ if connections > 0 => Outcome::Queued { connections },
        _ => Outcome::Kept,
    }
}
