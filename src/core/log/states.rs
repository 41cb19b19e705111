//! The lane of the current values, in the order of their last change.
//!
//! Invariants:
//! - A name has at most one record; `index` leads to it.
//! - A replaced value leaves a vacant slot behind, so that nothing moves; when more than half of the slots are vacant they
//!   are swept out, which costs a constant a record.
//! - `floor` is the highest seq of a final or removed State that was forgotten.
//! - Live State is never forgotten here; finals and removals are, the oldest first.
//! - Nothing is allocated before the first State: most users may have none.

use std::collections::VecDeque;
use std::hash::BuildHasher;
use std::time::Instant;

use hashbrown::HashTable;

use super::LogLimits;
use crate::core::record::{Class, Record, StateName};
use crate::vocabulary::cursor::Seq;

/// Live or ended State, counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Weight {
    pub(super) keys: usize,
    pub(super) bytes: usize,
}

impl Weight {
    fn add(&mut self, record: &Record) {
        self.keys += 1;
        self.bytes += record.body.bytes;
    }

    fn subtract(&mut self, record: &Record) {
        self.keys -= 1;
        self.bytes -= record.body.bytes;
    }
}

#[derive(Debug)]
struct Slot {
    seq: Seq,
    record: Option<Record>,
}

/// The lane, or that there is none yet.
#[derive(Debug)]
pub(super) struct States {
    /// Public State counts here, and in no user's log.
    hub_wide: bool,
    lane: Option<Box<Lane>>,
}

#[derive(Debug, Default)]
struct Lane {
    slots: VecDeque<Slot>,
    vacant: usize,
    index: HashTable<Seq>,
    hasher: foldhash::quality::RandomState,
    /// Seqs of finals and removals, oldest first; one that was replaced since is passed over.
    ended: VecDeque<Seq>,
    /// Live State that counts here.
    live: Weight,
    /// Finals and removals, public ones too.
    gone: Weight,
    floor: Seq,
    /// No later than the first expiry; too early after that State was replaced, which costs one look.
    next_expiry: Option<Instant>,
}

impl States {
    /// Of one user.
    pub(super) const fn empty() -> Self {
        Self { hub_wide: false, lane: None }
    }

    pub(super) fn hub_wide() -> Self {
        Self { hub_wide: true, lane: None }
    }

    pub(super) const fn is_hub_wide(&self) -> bool {
        self.hub_wide
    }

    /// Whether such State counts towards the limits.
    pub(super) const fn counts(&self, is_public: bool) -> bool {
        self.hub_wide || !is_public
    }

    pub(super) fn floor(&self) -> Seq {
        self.lane.as_ref().map_or(0, |lane| lane.floor)
    }

    /// What live State that counts here weighs.
    pub(super) fn live_weight(&self) -> Weight {
        self.lane.as_ref().map_or(Weight::default(), |lane| lane.live)
    }

    /// What all that counts here weighs.
    pub(super) fn bytes(&self) -> usize {
        self.lane.as_ref().map_or(0, |lane| lane.live.bytes + lane.gone.bytes)
    }

    pub(super) fn next_expiry(&self) -> Option<Instant> {
        self.lane.as_ref().and_then(|lane| lane.next_expiry)
    }

    /// For how many records there is room, in the lane and beside it.
    #[cfg(test)]
    pub(super) fn room(&self) -> usize {
        let room = |lane: &Lane| lane.slots.capacity() + lane.ended.capacity() + lane.index.capacity();
        self.lane.as_deref().map_or(0, room)
    }

    pub(super) fn find(&self, state: &StateName) -> Option<&Record> {
        let lane = self.lane.as_ref()?;
        let hash = lane.hasher.hash_one(state);
        let seq = lane.index.find(hash, |&seq| lane.at(seq).is_some_and(|record| record.body.state == *state))?;
        lane.at(*seq)
    }

    /// Everything above `seq`, in order.
    pub(super) fn after(&self, seq: Seq) -> impl Iterator<Item = &Record> {
        self.lane.iter().flat_map(move |lane| {
            let first = lane.slots.partition_point(|slot| slot.seq <= seq);
            lane.slots.range(first..).filter_map(|slot| slot.record.as_ref())
        })
    }

    /// Nothing that is here has a higher seq; 0 where nothing is.
    pub(super) fn last(&self) -> Seq {
        self.lane.as_ref().and_then(|lane| lane.slots.back()).map_or(0, |slot| slot.seq)
    }

    /// What was set or taken away last, unless that was forgotten.
    pub(super) fn newest(&self) -> Option<&Record> {
        self.lane.as_ref()?.slots.back()?.record.as_ref()
    }

    /// Every State that is neither final nor removed, in order.
    pub(super) fn live(&self) -> impl Iterator<Item = &Record> {
        self.after(0).filter(|record| record.body.class == Class::Live)
    }

    /// Takes a record in, in the place of the one of the same name.
    pub(super) fn insert(&mut self, record: Record) {
        let replaced = self.find(&record.body.state).map(|replaced| replaced.seq);
        let counts = self.counts(record.body.is_public);
        if let Some(seq) = replaced {
            self.vacate(seq);
        }
        let lane = self.lane.get_or_insert_default();
        if record.body.class.is_ended() {
            lane.gone.add(&record);
            lane.ended.push_back(record.seq);
        } else if counts {
            lane.live.add(&record);
        }
        if let Some(expires) = record.body.expires.filter(|_| record.body.class == Class::Live) {
            lane.next_expiry = Some(lane.next_expiry.map_or(expires, |next| next.min(expires)));
        }
        lane.push(record);
    }

    /// Takes the State at `seq` out of the index and leaves its slot vacant.
    fn vacate(&mut self, seq: Seq) {
        let hub_wide = self.hub_wide;
        let Some(lane) = &mut self.lane else { return };
        let Some(record) = lane.take(seq) else { return };
        if record.body.class.is_ended() {
            lane.gone.subtract(&record);
        } else if hub_wide || !record.body.is_public {
            lane.live.subtract(&record);
        }
    }

    /// Forgets the oldest finals and removals until the rest fits.
    pub(super) fn trim(&mut self, limits: &LogLimits) {
        while let Some(lane) = &mut self.lane {
            let (keys, bytes) = (lane.live.keys + lane.gone.keys, lane.live.bytes + lane.gone.bytes);
            if keys <= limits.state_keys && bytes <= limits.state_bytes {
                return lane.sweep_ended();
            }
            let Some(seq) = lane.ended.pop_front() else { return };
            self.forget_ended(seq);
        }
    }

    /// Forgets all finals and removals.
    pub(super) fn retire(&mut self) {
        let ended = self.lane.as_mut().map(|lane| std::mem::take(&mut lane.ended));
        for seq in ended.into_iter().flatten() {
            self.forget_ended(seq);
        }
    }

    fn forget_ended(&mut self, seq: Seq) {
        if self.lane.as_ref().is_some_and(|lane| lane.at(seq).is_some()) {
            self.vacate(seq);
            if let Some(lane) = &mut self.lane {
                lane.floor = lane.floor.max(seq);
            }
        }
    }

    /// Looks anew when the next expires.
    pub(super) fn renew_expiry(&mut self) {
        let next = self.live().filter_map(|record| record.body.expires).min();
        if let Some(lane) = &mut self.lane {
            lane.next_expiry = next;
        }
    }

    /// The names of what has expired.
    pub(super) fn due(&self, now: Instant) -> Vec<StateName> {
        let is_due = |record: &&Record| record.body.expires.is_some_and(|expires| expires <= now);
        self.live().filter(is_due).map(|record| record.body.state.clone()).collect()
    }
}

impl Lane {
    fn at(&self, seq: Seq) -> Option<&Record> {
        self.slots.get(self.slot_of(seq)?)?.record.as_ref()
    }

    fn slot_of(&self, seq: Seq) -> Option<usize> {
        self.slots.binary_search_by_key(&seq, |slot| slot.seq).ok()
    }

    fn push(&mut self, record: Record) {
        let seq = record.seq;
        let Self { index, slots, hasher, .. } = self;
        slots.push_back(Slot { seq, record: Some(record) });
        let hash_of = |seq: &Seq| {
            let slot = slots.binary_search_by_key(seq, |slot| slot.seq).ok().and_then(|at| slots[at].record.as_ref());
            hasher.hash_one(&slot.expect("the index leads to occupied slots only").body.state)
        };
        index.insert_unique(hash_of(&seq), seq, hash_of);
    }

    /// The record at `seq`, out of the index and out of its slot.
    fn take(&mut self, seq: Seq) -> Option<Record> {
        let at = self.slot_of(seq)?;
        let record = self.slots[at].record.take()?;
        let hash = self.hasher.hash_one(&record.body.state);
        if let Ok(entry) = self.index.find_entry(hash, |&other| other == seq) {
            entry.remove();
        }
        self.vacant += 1;
        if self.vacant > 8 && self.vacant * 2 > self.slots.len() {
            self.slots.retain(|slot| slot.record.is_some());
            self.vacant = 0;
        }
        Some(record)
    }

    /// Replaced ones would pile up among the ended for as long as there is room.
    fn sweep_ended(&mut self) {
        if self.ended.len() > 16 && self.ended.len() > self.gone.keys * 2 {
            let Self { ended, slots, .. } = self;
            ended.retain(|seq| {
                let slot = slots.binary_search_by_key(seq, |slot| slot.seq);
                slot.is_ok_and(|at| slots[at].record.is_some())
            });
        }
    }
}
