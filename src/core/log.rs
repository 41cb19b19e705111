//! One bounded, compacted log: the only place where records live.
//!
//! Two lanes, each ascending by seq, read as one by merging:
//! - `logs`, what happened, oldest first: a queue that is evicted from the front by count, bytes and age;
//! - `states`, the current values, in the order of their last change.
//!
//! Invariants:
//! - `log_floor` is the highest evicted Log seq, `state_floor` the highest seq of a final or removed State that was
//!   forgotten: a reader at or above a floor has missed nothing below it.
//! - Live State is never evicted. It fits its limits by refusal; finals and removals make room before that.
//! - The Log records of a group go together.
//! - While a load of the host's State runs (`load`), every removal is kept, of a name that was never there too.
//! - Nothing is allocated before the first record.

pub(crate) mod load;
mod states;

use std::collections::VecDeque;
use std::ops::{Deref, DerefMut};
use std::time::{Duration, Instant};

use load::LoadMark;
use states::States;

use super::Moment;
use super::record::{Class, Draft, Drafts, Group, Place, Record, RemovalReason, StateName};
use crate::vocabulary::cursor::Seq;

/// How many records a reader looks back at one by one.
const NEAR: usize = 16;

/// What a log may hold.
#[derive(Debug, Clone, Copy)]
pub(crate) struct LogLimits {
    pub(crate) log_records: usize,
    pub(crate) log_bytes: usize,
    pub(crate) log_age: Duration,
    pub(crate) state_keys: usize,
    pub(crate) state_bytes: usize,
}

/// Why a whole group was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refused {
    TooManyKeys,
    StateFull,
    GroupTooLarge,
}

/// What became of the drafts of one group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Appended {
    pub(crate) records: usize,
    pub(crate) stale: usize,
}

#[derive(Debug)]
pub(crate) struct Log {
    head: Seq,
    last_log: Seq,
    log_floor: Seq,
    logs: VecDeque<Record>,
    /// None of `logs` is older, but for the time between a look at the clock and the lock. It may be too early, which costs
    /// a look at the oldest: most likely nobody has it in a cache.
    logs_since: Option<Instant>,
    log_bytes: usize,
    states: States,
    /// While a load runs.
    loading: Option<Box<LoadMark>>,
}

/// The log of one user, which is not there before something is appended or loaded: most users of a hub may be idle.
#[derive(Debug, Default)]
pub(crate) struct LazyLog(Option<Box<Log>>);

impl LazyLog {
    /// The log, if it is there.
    pub(crate) fn get_mut(&mut self) -> Option<&mut Log> {
        self.0.as_deref_mut()
    }
}

impl Deref for LazyLog {
    type Target = Log;

    fn deref(&self) -> &Log {
        static EMPTY: Log = Log::empty();
        self.0.as_deref().unwrap_or(&EMPTY)
    }
}

impl DerefMut for LazyLog {
    fn deref_mut(&mut self) -> &mut Log {
        self.0.get_or_insert_default()
    }
}

impl Default for Log {
    fn default() -> Self {
        Self::empty()
    }
}

impl Log {
    /// Of one user.
    const fn empty() -> Self {
        Self {
            head: 0,
            last_log: 0,
            log_floor: 0,
            logs: VecDeque::new(),
            logs_since: None,
            log_bytes: 0,
            states: States::empty(),
            loading: None,
        }
    }

    /// The log of what goes to everybody; each mailbox is a reader of it.
    pub(crate) fn hub_wide() -> Self {
        Self { states: States::hub_wide(), ..Self::empty() }
    }

    /// The seq of the newest record; 0 before the first.
    pub(crate) const fn head(&self) -> Seq {
        self.head
    }

    /// The seq of the newest Log record, evicted or not; 0 before the first.
    pub(crate) const fn last_log(&self) -> Seq {
        self.last_log
    }

    pub(crate) const fn log_floor(&self) -> Seq {
        self.log_floor
    }

    pub(crate) fn state_floor(&self) -> Seq {
        self.states.floor()
    }

    /// What the records weigh.
    pub(crate) fn bytes(&self) -> usize {
        self.log_bytes + self.states.bytes()
    }

    /// Whether any value would be lost if the log were forgotten.
    pub(crate) fn has_state(&self) -> bool {
        self.states.live_weight().keys > 0
    }

    /// The last Log seq at or below `seq`, which is not below `log_floor`.
    pub(crate) fn last_log_at(&self, seq: Seq) -> Seq {
        self.logs.get(self.first_log_after(seq)).map_or(self.last_log, |next| next.prev_log)
    }

    /// Everything above `seq`, in order.
    pub(crate) fn after(&self, seq: Seq) -> impl Iterator<Item = &Record> {
        self.state_and_log_after(seq, seq)
    }

    /// The State above `seq` and the Log above `log_seq`, in order.
    pub(crate) fn state_and_log_after(&self, seq: Seq, log_seq: Seq) -> impl Iterator<Item = &Record> {
        merge(self.states.after(seq), self.log_after(log_seq))
    }

    /// The Log above `seq`, in order.
    pub(crate) fn log_after(&self, seq: Seq) -> impl Iterator<Item = &Record> + Clone {
        self.logs.range(self.first_log_after(seq)..)
    }

    /// Whether there may be State above `seq`.
    pub(crate) fn has_state_after(&self, seq: Seq) -> bool {
        self.states.last() > seq
    }

    /// What a reader at `seq` lacks, if that is one record and in no group. Then it is at or above both floors: a forgotten
    /// record is not here.
    pub(crate) fn only_one_after(&self, seq: Seq) -> Option<&Record> {
        if self.head != seq + 1 {
            return None;
        }
        let newest = if self.last_log == self.head { self.logs.back() } else { self.states.newest() };
        newest.filter(|record| record.seq == self.head && record.group.is_none())
    }

    /// Every State that is not final, and the Log above `seq`, in order.
    pub(crate) fn live_and_log_after(&self, seq: Seq) -> impl Iterator<Item = &Record> {
        merge(self.states.live(), self.log_after(seq))
    }

    /// The seq before the last `count` Log records, moved down so that it is not inside a group.
    pub(crate) fn before_last(&self, count: usize) -> Seq {
        let mut first = self.logs.len().saturating_sub(count);
        while 0 < first && first < self.logs.len() && same_group(&self.logs[first - 1], &self.logs[first]) {
            first -= 1;
        }
        self.logs.get(first).map_or(self.head, |record| record.seq - 1)
    }

    /// For how many records there is room, in the lanes and beside them.
    #[cfg(test)]
    pub(crate) fn slots(&self) -> usize {
        self.logs.capacity() + self.states.room()
    }

    /// Whether a removal says something: of what is there, and while a load runs of anything.
    fn is_removable(&self, record: Option<&Record>) -> bool {
        self.loading.is_some() || record.is_some_and(|record| record.body.class == Class::Live)
    }

    fn first_log_after(&self, seq: Seq) -> usize {
        // Where all that a reader lacks is Log, it lacks as many records as seqs.
        let behind = usize::try_from(self.head.saturating_sub(seq)).unwrap_or(usize::MAX);
        if let Some(at) = self.logs.len().checked_sub(behind) {
            if behind > 0 && self.logs[at].seq == seq + 1 {
                return at;
            }
        }
        // Most readers are near the end. Each record names the one before it, which most likely nobody has in a cache.
        for near in 0..self.logs.len().min(NEAR) {
            let at = self.logs.len() - near;
            if self.logs[at - 1].seq <= seq {
                return at;
            }
            if self.logs[at - 1].prev_log <= seq {
                return at - 1;
            }
        }
        self.logs.partition_point(|record| record.seq <= seq)
    }

    /// Appends the drafts as one group, or refuses them whole; then each State in it counts as refused, and what it would
    /// have replaced is taken away.
    ///
    /// A State that is older than the one in the log is left out; so is a removal of what is not there, and everybody's
    /// removal of what is a user's own.
    pub(crate) fn append(&mut self, drafts: Drafts, moment: Moment, limits: &LogLimits) -> Result<Appended, Refused> {
        self.forget_aged(moment.now, limits);
        let (drafts, stale) = self.without_stale(drafts);
        if let Err(refused) = self.admit(&drafts, limits) {
            let states = drafts.iter().filter(|draft| draft.is_state()).map(|draft| draft.state.clone());
            self.reject(states, moment, limits);
            return Err(refused);
        }
        let records = drafts.len();
        let group = if records > 1 { Group::new(self.head + records as Seq) } else { None };
        for draft in drafts {
            self.place(draft, group, moment.now, limits);
        }
        self.trim(limits);
        Ok(Appended { records, stale })
    }

    /// Takes away what refused events would have replaced, so that no screen shows an old number as current; true if
    /// there was any.
    pub(crate) fn reject(
        &mut self,
        states: impl IntoIterator<Item = StateName>,
        moment: Moment,
        limits: &LogLimits,
    ) -> bool {
        let mut removed = false;
        for state in states {
            removed |= self.remove(&state, RemovalReason::Rejected, moment, limits);
        }
        removed
    }

    fn remove(&mut self, state: &StateName, reason: RemovalReason, moment: Moment, limits: &LogLimits) -> bool {
        let record = self.find(state);
        if !self.is_removable(record) {
            return false;
        }
        let version = record.and_then(|record| record.body.version);
        let is_public = record.is_some_and(|record| record.body.is_public);
        let removal = Draft::removal(state.clone(), reason, version, moment.wall);
        let removal = if is_public || self.states.is_hub_wide() { removal.shared() } else { removal };
        self.place(removal, None, moment.now, limits);
        self.forget_aged(moment.now, limits);
        self.trim(limits);
        true
    }

    /// Counts one Log record that came and went before this log could take it: readers below get a GAP.
    ///
    /// A floor has nothing above it missing and nothing below it left, so the Log below goes too.
    pub(crate) fn lose(&mut self) {
        self.head += 1;
        self.last_log = self.head;
        self.log_floor = self.head;
        self.logs.clear();
        self.log_bytes = 0;
    }

    /// Forgets what is too old and ends what has expired; true if a reader has something new to take.
    pub(crate) fn handle_deadline(&mut self, moment: Moment, limits: &LogLimits) -> bool {
        self.forget_aged(moment.now, limits);
        self.expire(moment, limits)
    }

    /// When [`handle_deadline`](Self::handle_deadline) has something for a reader. Age alone has not: what is too old
    /// waits for whoever comes next.
    pub(crate) fn next_deadline(&self) -> Option<Instant> {
        self.states.next_expiry()
    }

    /// Takes away every public State whose name is not among `current`.
    pub(crate) fn retain_public(&mut self, current: &Log, moment: Moment, limits: &LogLimits) {
        let is_live = |state| current.find(state).is_some_and(|record| record.body.class == Class::Live);
        let gone: Vec<StateName> = self
            .states
            .live()
            .filter(|record| record.body.is_public && !is_live(&record.body.state))
            .map(|record| record.body.state.clone())
            .collect();
        for state in gone {
            self.remove(&state, RemovalReason::Cleared, moment, limits);
        }
    }

    /// Drops the Log, finals and removals; live State stays. The caller gives the mailbox a new epoch.
    pub(crate) fn retire(&mut self) {
        self.logs = VecDeque::new();
        self.log_bytes = 0;
        self.log_floor = self.last_log;
        self.states.retire();
    }

    fn find(&self, state: &StateName) -> Option<&Record> {
        self.states.find(state)
    }

    /// Leaves out what is stale, and removals of what is not there; counts the stale.
    fn without_stale(&self, drafts: Drafts) -> (Drafts, usize) {
        if !drafts.iter().any(|draft| draft.is_state()) {
            return (drafts, 0);
        }
        let mut kept = Drafts::with_capacity(drafts.len());
        let mut stale = 0;
        for draft in drafts {
            if draft.class == Class::Log {
                kept.push(draft);
                continue;
            }
            let earlier = kept.iter().rev().find(|earlier| earlier.class != Class::Log && earlier.state == draft.state);
            let before = match earlier {
                Some(earlier) => Some((earlier.class, earlier.version, earlier.is_public)),
                None => self
                    .find(&draft.state)
                    .map(|record| (record.body.class, record.body.version, record.body.is_public)),
            };
            match (draft.class, before) {
                // What is a user's own is not everybody's to take away.
                (Class::Removal, Some((Class::Live, _, false))) if draft.is_public => {}
                (Class::Removal, Some((Class::Live, version, _))) => {
                    let mut removal = draft;
                    if removal.version != version {
                        removal.version = version;
                    }
                    kept.push(removal);
                }
                (Class::Removal, _) if self.loading.is_some() => kept.push(draft),
                (Class::Removal, _) => {}
                // Of two that are public, the hub-wide log has said which is newer; here some between them may be unseen.
                (_, Some((_, _, true))) if draft.is_public && !self.states.is_hub_wide() => kept.push(draft),
                (_, Some((_, Some(current), _))) if draft.version.is_some_and(|version| version < current) => {
                    stale += 1
                }
                _ => kept.push(draft),
            }
        }
        (kept, stale)
    }

    /// Whether the log can hold what the drafts leave behind; finals and removals give way, so only live State counts.
    fn admit(&self, drafts: &[Draft], limits: &LogLimits) -> Result<(), Refused> {
        let logs = drafts.iter().filter(|draft| draft.class == Class::Log);
        let (records, bytes) = logs.fold((0, 0), |(records, bytes), draft| (records + 1, bytes + draft.bytes));
        if records > limits.log_records || bytes > limits.log_bytes {
            return Err(Refused::GroupTooLarge);
        }
        let live = self.states.live_weight();
        let (mut keys, mut bytes) = (live.keys, live.bytes);
        for (at, draft) in drafts.iter().enumerate() {
            let replaced_later =
                || drafts[at + 1..].iter().any(|later| later.class != Class::Log && later.state == draft.state);
            if draft.class == Class::Log || !self.states.counts(draft.is_public) || replaced_later() {
                continue;
            }
            let counted =
                |record: &&Record| record.body.class == Class::Live && self.states.counts(record.body.is_public);
            if let Some(record) = self.find(&draft.state).filter(counted) {
                keys -= 1;
                bytes -= record.body.bytes;
            }
            if draft.class == Class::Live {
                keys += 1;
                bytes += draft.bytes;
            }
        }
        // What does not grow is never refused: limits that were crossed by nothing new are no reason.
        if keys > limits.state_keys && keys > live.keys {
            Err(Refused::TooManyKeys)
        } else if bytes > limits.state_bytes && bytes > live.bytes {
            Err(Refused::StateFull)
        } else {
            Ok(())
        }
    }

    fn place(&mut self, draft: Draft, group: Option<Group>, now: Instant, limits: &LogLimits) {
        self.head += 1;
        let record = Record::new(draft, Place { seq: self.head, prev_log: self.last_log, group, now });
        if record.body.class != Class::Log {
            self.states.insert(record);
            return;
        }
        // Before it is in the queue, which so never has a place too many and writes where it has just read; and not before
        // its text is written, for which the memory that comes free is too cold.
        if self.logs.len() >= limits.log_records {
            self.evict_oldest();
        }
        self.last_log = record.seq;
        self.log_bytes += record.body.bytes;
        self.logs_since.get_or_insert(record.appended);
        self.logs.push_back(record);
    }

    /// Forgets what is too old.
    fn forget_aged(&mut self, now: Instant, limits: &LogLimits) {
        let Some(aged) = now.checked_sub(limits.log_age) else { return };
        // An eviction sets `logs_since` to the age of who went, so that the next one is looked at in the next turn.
        while self.logs_since.is_some_and(|since| since <= aged) {
            self.logs_since = self.logs.front().map(|oldest| oldest.appended);
            if self.logs_since.is_some_and(|since| since <= aged) {
                self.evict_oldest();
            }
        }
    }

    /// Forgets what is too much.
    fn trim(&mut self, limits: &LogLimits) {
        while self.logs.len() > limits.log_records || self.log_bytes > limits.log_bytes {
            self.evict_oldest();
        }
        self.states.trim(limits);
    }

    /// Evicts the oldest Log record and the rest of its group.
    fn evict_oldest(&mut self) {
        while let Some(record) = self.logs.pop_front() {
            self.log_bytes -= record.body.bytes;
            self.log_floor = record.seq;
            self.logs_since = Some(record.appended);
            // Who is alone, or the last of its group, is known without a look at the next.
            if record.end() == record.seq || !self.logs.front().is_some_and(|next| same_group(&record, next)) {
                break;
            }
        }
    }

    /// Ends what has expired; true if a reader has something new to take.
    pub(crate) fn expire(&mut self, moment: Moment, limits: &LogLimits) -> bool {
        if self.states.next_expiry().is_none_or(|next| next > moment.now) {
            return false;
        }
        let due = self.states.due(moment.now);
        for state in &due {
            self.remove(state, RemovalReason::Expired, moment, limits);
        }
        self.states.renew_expiry();
        !due.is_empty()
    }
}

fn same_group(one: &Record, other: &Record) -> bool {
    one.group.is_some() && one.group == other.group
}

/// Two lanes that ascend by seq, as one.
fn merge<'l>(
    states: impl Iterator<Item = &'l Record>,
    logs: impl Iterator<Item = &'l Record>,
) -> impl Iterator<Item = &'l Record> {
    let (mut states, mut logs) = (states.peekable(), logs.peekable());
    std::iter::from_fn(move || match (states.peek(), logs.peek()) {
        (Some(state), Some(log)) if state.seq > log.seq => logs.next(),
        (Some(_), _) => states.next(),
        (None, _) => logs.next(),
    })
}
