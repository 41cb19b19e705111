//! One bounded, compacted log: the only place where records live.
//!
//! Two lanes, each ascending by seq, read as one by merging:
//! - `logs`, what happened, oldest first: a queue that is evicted from the front by count, bytes and age;
//! - `states`, the current values, in the order of their last change. A replaced value leaves a vacant slot behind, so
//!   that nothing moves; when more than half of the slots are vacant they are swept out, which costs a constant a record.
//!
//! Invariants:
//! - A State name has at most one record; `index` leads to it.
//! - `log_floor` is the highest evicted Log seq, `state_floor` the highest seq of a final or removed State that was
//!   forgotten: a reader at or above a floor has missed nothing below it.
//! - Live State is never evicted. It fits its limits by refusal; finals and removals make room before that.
//! - The Log records of a group go together.
//! - While a load of the host's State runs (`load`), every removal is kept, of a name that was never there too.
//! - Nothing is allocated before the first record.

pub(crate) mod load;

use std::collections::VecDeque;
use std::hash::BuildHasher;
use std::sync::Arc;
use std::time::{Duration, Instant};

use hashbrown::HashTable;
use load::LoadMark;

use super::Moment;
use super::record::{Class, Draft, Place, Record, RemovalReason, StateName};
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

/// Live or ended State, counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Weight {
    keys: usize,
    bytes: usize,
}

impl Weight {
    fn add(&mut self, record: &Record) {
        self.keys += 1;
        self.bytes += record.bytes;
    }

    fn subtract(&mut self, record: &Record) {
        self.keys -= 1;
        self.bytes -= record.bytes;
    }
}

#[derive(Debug)]
struct Slot {
    seq: Seq,
    record: Option<Arc<Record>>,
}

#[derive(Debug, Default)]
pub(crate) struct Log {
    /// Public State counts here, and in no user's log.
    hub_wide: bool,
    head: Seq,
    last_log: Seq,
    log_floor: Seq,
    state_floor: Seq,
    logs: VecDeque<Arc<Record>>,
    log_bytes: usize,
    states: VecDeque<Slot>,
    vacant: usize,
    index: HashTable<Seq>,
    hasher: foldhash::quality::RandomState,
    /// Seqs of finals and removals, oldest first; one that was replaced since is passed over.
    ended: VecDeque<Seq>,
    /// Live State that counts here.
    live: Weight,
    /// Finals and removals, public ones too.
    gone: Weight,
    /// While a load runs.
    loading: Option<LoadMark>,
    /// No later than the first expiry; too early after that State was replaced, which costs one look.
    next_expiry: Option<Instant>,
}

impl Log {
    /// The log of what goes to everybody; each mailbox is a reader of it.
    pub(crate) fn hub_wide() -> Self {
        Self { hub_wide: true, ..Self::default() }
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

    pub(crate) const fn state_floor(&self) -> Seq {
        self.state_floor
    }

    /// What the records weigh.
    pub(crate) const fn bytes(&self) -> usize {
        self.log_bytes + self.live.bytes + self.gone.bytes
    }

    /// Whether any value would be lost if the log were forgotten.
    pub(crate) fn has_state(&self) -> bool {
        self.live.keys > 0
    }

    /// The last Log seq at or below `seq`, which is not below `log_floor`.
    pub(crate) fn last_log_at(&self, seq: Seq) -> Seq {
        self.logs.get(self.first_log_after(seq)).map_or(self.last_log, |next| next.prev_log)
    }

    /// Everything above `seq`, in order.
    pub(crate) fn after(&self, seq: Seq) -> impl Iterator<Item = &Arc<Record>> {
        let first_state = self.states.partition_point(|slot| slot.seq <= seq);
        let states = self.states.range(first_state..).filter_map(|slot| slot.record.as_ref());
        merge(states, self.logs.range(self.first_log_after(seq)..))
    }

    /// Every State that is not final, and the Log above `seq`, in order.
    pub(crate) fn live_and_log_after(&self, seq: Seq) -> impl Iterator<Item = &Arc<Record>> {
        merge(self.live_state(), self.logs.range(self.first_log_after(seq)..))
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
        self.logs.capacity() + self.states.capacity() + self.ended.capacity() + self.index.capacity()
    }

    /// Whether a removal says something: of what is there, and while a load runs of anything.
    fn is_removable(&self, record: Option<&Arc<Record>>) -> bool {
        self.loading.is_some() || record.is_some_and(|record| record.class == Class::Live)
    }

    const fn counts(&self, is_public: bool) -> bool {
        self.hub_wide || !is_public
    }

    fn live_state(&self) -> impl Iterator<Item = &Arc<Record>> {
        self.states.iter().filter_map(|slot| slot.record.as_ref()).filter(|record| record.class == Class::Live)
    }

    fn first_log_after(&self, seq: Seq) -> usize {
        // Most readers are near the end, where the records are in the cache of whoever looks.
        let near = self.logs.iter().rev().take(NEAR + 1).take_while(|record| record.seq > seq).count();
        if near <= NEAR { self.logs.len() - near } else { self.logs.partition_point(|record| record.seq <= seq) }
    }

    /// Appends the drafts as one group, or refuses them whole; then each State in it counts as refused, and what it would
    /// have replaced is taken away.
    ///
    /// A State that is older than the one in the log is left out; so is a removal of what is not there, and everybody's
    /// removal of what is a user's own.
    pub(crate) fn append(
        &mut self,
        drafts: Vec<Draft>,
        moment: Moment,
        limits: &LogLimits,
    ) -> Result<Appended, Refused> {
        let (drafts, stale) = self.without_stale(drafts);
        if let Err(refused) = self.admit(&drafts, limits) {
            self.reject(drafts.into_iter().filter(Draft::is_state).map(|draft| draft.state), moment, limits);
            return Err(refused);
        }
        let records = drafts.len();
        let group = (records > 1).then_some(self.head + records as Seq);
        for draft in drafts {
            self.place(draft, group, moment.now);
        }
        self.trim(moment.now, limits);
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
        let version = record.and_then(|record| record.version);
        let is_public = record.is_some_and(|record| record.is_public());
        let removal = Draft::removal(state.clone(), reason, version, moment.wall);
        let removal = if is_public || self.hub_wide { removal.shared() } else { removal };
        self.place(removal, None, moment.now);
        self.trim(moment.now, limits);
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
        self.trim(moment.now, limits);
        self.expire(moment, limits)
    }

    /// When [`handle_deadline`](Self::handle_deadline) has something for a reader. Age alone has not: what is too old
    /// waits for whoever comes next.
    pub(crate) const fn next_deadline(&self) -> Option<Instant> {
        self.next_expiry
    }

    /// Takes away every public State whose name is not among `current`.
    pub(crate) fn retain_public(&mut self, current: &Log, moment: Moment, limits: &LogLimits) {
        let is_live = |state| current.find(state).is_some_and(|record| record.class == Class::Live);
        let gone: Vec<StateName> = self
            .live_state()
            .filter(|record| record.is_public() && !is_live(&record.state))
            .map(|record| record.state.clone())
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
        for seq in std::mem::take(&mut self.ended) {
            self.forget_ended(seq);
        }
    }

    fn find(&self, state: &StateName) -> Option<&Arc<Record>> {
        let hash = self.hasher.hash_one(state);
        let seq = self.index.find(hash, |&seq| self.state_at(seq).is_some_and(|record| record.state == *state))?;
        self.state_at(*seq)
    }

    fn state_at(&self, seq: Seq) -> Option<&Arc<Record>> {
        self.states.get(self.slot_of(seq)?)?.record.as_ref()
    }

    fn slot_of(&self, seq: Seq) -> Option<usize> {
        self.states.binary_search_by_key(&seq, |slot| slot.seq).ok()
    }

    /// Leaves out what is stale, and removals of what is not there; counts the stale.
    fn without_stale(&self, drafts: Vec<Draft>) -> (Vec<Draft>, usize) {
        if !drafts.iter().any(Draft::is_state) {
            return (drafts, 0);
        }
        let mut kept: Vec<Draft> = Vec::with_capacity(drafts.len());
        let mut stale = 0;
        for draft in drafts {
            if draft.class == Class::Log {
                kept.push(draft);
                continue;
            }
            let earlier = kept.iter().rev().find(|earlier| earlier.class != Class::Log && earlier.state == draft.state);
            let before = match earlier {
                Some(earlier) => Some((earlier.class, earlier.version, earlier.is_public())),
                None => self.find(&draft.state).map(|record| (record.class, record.version, record.is_public())),
            };
            match (draft.class, before) {
                // What is a user's own is not everybody's to take away.
                (Class::Removal, Some((Class::Live, _, false))) if draft.is_public() => {}
                (Class::Removal, Some((Class::Live, version, _))) => kept.push(Draft { version, ..draft }),
                (Class::Removal, _) if self.loading.is_some() => kept.push(draft),
                (Class::Removal, _) => {}
                // Of two that are public, the hub-wide log has said which is newer; here some between them may be unseen.
                (_, Some((_, _, true))) if draft.is_public() && !self.hub_wide => kept.push(draft),
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
        let (records, bytes) = logs.fold((0, 0), |(records, bytes), draft| (records + 1, bytes + draft.bytes()));
        if records > limits.log_records || bytes > limits.log_bytes {
            return Err(Refused::GroupTooLarge);
        }
        let (mut keys, mut bytes) = (self.live.keys, self.live.bytes);
        for (at, draft) in drafts.iter().enumerate() {
            let replaced_later =
                || drafts[at + 1..].iter().any(|later| later.class != Class::Log && later.state == draft.state);
            if draft.class == Class::Log || !self.counts(draft.is_public()) || replaced_later() {
                continue;
            }
            let counted = |record: &&Arc<Record>| record.class == Class::Live && self.counts(record.is_public());
            if let Some(record) = self.find(&draft.state).filter(counted) {
                keys -= 1;
                bytes -= record.bytes;
            }
            if draft.class == Class::Live {
                keys += 1;
                bytes += draft.bytes();
            }
        }
        // What does not grow is never refused: limits that were crossed by nothing new are no reason.
        if keys > limits.state_keys && keys > self.live.keys {
            Err(Refused::TooManyKeys)
        } else if bytes > limits.state_bytes && bytes > self.live.bytes {
            Err(Refused::StateFull)
        } else {
            Ok(())
        }
    }

    fn place(&mut self, draft: Draft, group: Option<Seq>, now: Instant) {
        self.head += 1;
        let record = Record::new(draft, Place { seq: self.head, prev_log: self.last_log, group, now });
        self.insert(Arc::new(record));
    }

    fn insert(&mut self, record: Arc<Record>) {
        if record.class == Class::Log {
            self.last_log = record.seq;
            self.log_bytes += record.bytes;
            self.logs.push_back(record);
            return;
        }
        if let Some(seq) = self.find(&record.state).map(|replaced| replaced.seq) {
            self.vacate(seq);
        }
        if record.class.is_ended() {
            self.gone.add(&record);
            self.ended.push_back(record.seq);
        } else if self.counts(record.is_public()) {
            self.live.add(&record);
        }
        if let Some(expires) = record.expires.filter(|_| record.class == Class::Live) {
            self.next_expiry = Some(self.next_expiry.map_or(expires, |next| next.min(expires)));
        }
        let seq = record.seq;
        let Self { index, states, hasher, .. } = self;
        states.push_back(Slot { seq, record: Some(record) });
        let hash_of = |seq: &Seq| {
            let slot = states.binary_search_by_key(seq, |slot| slot.seq).ok().and_then(|at| states[at].record.as_ref());
            hasher.hash_one(&slot.expect("the index leads to occupied slots only").state)
        };
        index.insert_unique(hash_of(&seq), seq, hash_of);
    }

    /// Takes the State at `seq` out of the index and leaves its slot vacant.
    fn vacate(&mut self, seq: Seq) {
        let Some(at) = self.slot_of(seq) else { return };
        let Some(record) = self.states[at].record.take() else { return };
        if record.class.is_ended() {
            self.gone.subtract(&record);
        } else if self.counts(record.is_public()) {
            self.live.subtract(&record);
        }
        let hash = self.hasher.hash_one(&record.state);
        if let Ok(entry) = self.index.find_entry(hash, |&other| other == seq) {
            entry.remove();
        }
        self.vacant += 1;
        if self.vacant > 8 && self.vacant * 2 > self.states.len() {
            self.states.retain(|slot| slot.record.is_some());
            self.vacant = 0;
        }
    }

    fn trim(&mut self, now: Instant, limits: &LogLimits) {
        while let Some(oldest) = self.logs.front() {
            let aged = now.saturating_duration_since(oldest.appended) >= limits.log_age;
            if !aged && self.logs.len() <= limits.log_records && self.log_bytes <= limits.log_bytes {
                break;
            }
            self.evict_oldest();
        }
        while self.live.keys + self.gone.keys > limits.state_keys
            || self.live.bytes + self.gone.bytes > limits.state_bytes
        {
            let Some(seq) = self.ended.pop_front() else { break };
            self.forget_ended(seq);
        }
        // Replaced ones would pile up here for as long as there is room.
        if self.ended.len() > 16 && self.ended.len() > self.gone.keys * 2 {
            let Self { ended, states, .. } = self;
            ended.retain(|seq| {
                let slot = states.binary_search_by_key(seq, |slot| slot.seq);
                slot.is_ok_and(|at| states[at].record.is_some())
            });
        }
    }

    /// Evicts the oldest Log record and the rest of its group.
    fn evict_oldest(&mut self) {
        while let Some(record) = self.logs.pop_front() {
            self.log_bytes -= record.bytes;
            self.log_floor = record.seq;
            if !self.logs.front().is_some_and(|next| same_group(&record, next)) {
                break;
            }
        }
    }

    fn forget_ended(&mut self, seq: Seq) {
        if self.state_at(seq).is_some() {
            self.vacate(seq);
            self.state_floor = self.state_floor.max(seq);
        }
    }

    fn expire(&mut self, moment: Moment, limits: &LogLimits) -> bool {
        if self.next_expiry.is_none_or(|next| next > moment.now) {
            return false;
        }
        let is_due = |record: &&Arc<Record>| record.expires.is_some_and(|expires| expires <= moment.now);
        let due: Vec<StateName> = self.live_state().filter(is_due).map(|record| record.state.clone()).collect();
        for state in &due {
            self.remove(state, RemovalReason::Expired, moment, limits);
        }
        self.next_expiry = self.live_state().filter_map(|record| record.expires).min();
        !due.is_empty()
    }
}

fn same_group(one: &Record, other: &Record) -> bool {
    one.group.is_some() && one.group == other.group
}

/// Two lanes that ascend by seq, as one.
fn merge<'l>(
    states: impl Iterator<Item = &'l Arc<Record>>,
    logs: impl Iterator<Item = &'l Arc<Record>>,
) -> impl Iterator<Item = &'l Arc<Record>> {
    let (mut states, mut logs) = (states.peekable(), logs.peekable());
    std::iter::from_fn(move || match (states.peek(), logs.peek()) {
        (Some(state), Some(log)) if state.seq > log.seq => logs.next(),
        (Some(_), _) => states.next(),
        (None, _) => logs.next(),
    })
}
