//! Who has a mailbox: a sharded map from user to mailbox.
//!
//! Invariants: a user has at most one mailbox here; every mailbox that is not here any more is marked closed. A user's
//! identity may be chosen by an attacker, so the hasher is seeded in each process.

use std::hash::BuildHasher;
use std::sync::Arc;
use std::task::Waker;

use hashbrown::HashTable;
use hashbrown::hash_table::Entry;

use crate::UserId;
use crate::core::mailbox::Mailbox;
use crate::hub::state_source::Loading;
use crate::hub::sync::{AtomicBool, AtomicU32, Mutex, RandomState, RwLock, shards};

/// One user's place in the registry. The waker of a connection is a task's.
#[derive(Debug)]
pub(crate) struct Slot {
    pub(crate) user: UserId,
    pub(crate) mailbox: Mutex<Mailbox<Waker>>,
    /// The load of the host's State while it runs; locked under the mailbox's lock, and never dropped under one.
    pub(crate) loading: Mutex<Option<Box<Loading>>>,
    /// What the mailbox says of it, so that a broadcast need not lock it twice: set under its lock, and before whoever
    /// connects is told that it has.
    pub(crate) keeps_log: AtomicBool,
    /// How often connections were told to close, so that each sees it before its next frame without a lock.
    pub(crate) closings: AtomicU32,
}

impl Slot {
    pub(crate) fn new(user: UserId, mailbox: Mailbox<Waker>) -> Self {
        Self {
            user,
            keeps_log: AtomicBool::new(mailbox.keeps_log),
            mailbox: Mutex::new(mailbox),
            loading: Mutex::default(),
            closings: AtomicU32::new(0),
        }
    }
}

#[derive(Debug)]
pub(crate) struct Registry {
    shards: Box<[Shard]>,
    hasher: RandomState,
}

/// Two cache lines of its own, which a processor may fetch as one: who uses this shard does not slow down who uses the
/// next.
#[derive(Debug, Default)]
#[repr(align(128))]
struct Shard(RwLock<HashTable<Arc<Slot>>>);

impl Registry {
    pub(crate) fn new() -> Self {
        Self { shards: (0..shards()).map(|_| Shard::default()).collect(), hasher: RandomState::default() }
    }

    pub(crate) fn find(&self, user: &str) -> Option<Arc<Slot>> {
        let hash = self.hasher.hash_one(user);
        self.shard(hash).read().find(hash, |slot| slot.user.as_str() == user).cloned()
    }

    /// The user's mailbox, made if there is none.
    pub(crate) fn find_or_insert(&self, user: &str, make: impl FnOnce() -> Slot) -> Arc<Slot> {
        if let Some(slot) = self.find(user) {
            return slot;
        }
        let hash = self.hasher.hash_one(user);
        let mut shard = self.shard(hash).write();
        let hash_of = |slot: &Arc<Slot>| self.hasher.hash_one(slot.user.as_str());
        match shard.entry(hash, |slot| slot.user.as_str() == user, hash_of) {
            Entry::Occupied(found) => Arc::clone(found.get()),
            Entry::Vacant(place) => {
                let slot = Arc::new(make());
                place.insert(Arc::clone(&slot));
                slot
            }
        }
    }

    /// Removes a mailbox and marks it closed, if `may_go` agrees under both locks.
    pub(crate) fn remove_if(&self, slot: &Slot, may_go: impl FnOnce(&mut Mailbox<Waker>) -> bool) -> bool {
        let hash = self.hasher.hash_one(slot.user.as_str());
        let removed = {
            let mut shard = self.shard(hash).write();
            let mut mailbox = slot.mailbox.lock();
            if mailbox.is_closed || !may_go(&mut mailbox) {
                return false;
            }
            mailbox.is_closed = true;
            match shard.find_entry(hash, |other| std::ptr::eq(&raw const **other, slot)) {
                Ok(found) => Some(found.remove().0),
                Err(_absent) => None,
            }
        };
        // The log may be large: it is dropped here, without a lock.
        removed.is_some()
    }

    /// Visits every mailbox, a shard at a time; no lock is held while `visit` runs.
    pub(crate) fn for_each(&self, mut visit: impl FnMut(&Arc<Slot>)) {
        for Shard(shard) in &self.shards {
            let slots: Vec<Arc<Slot>> = shard.read().iter().cloned().collect();
            slots.iter().for_each(&mut visit);
        }
    }

    /// Takes the wakers of all parked connections of one shard: in its lock, for who clones a thousand references first
    /// touches every mailbox twice.
    pub(crate) fn unpark(&self, shard: usize) -> Vec<Waker> {
        let mut parked = Vec::new();
        self.shards[shard].0.read().iter().for_each(|slot| slot.mailbox.lock().unpark(&mut parked));
        parked
    }

    pub(crate) const fn shards(&self) -> usize {
        self.shards.len()
    }

    pub(crate) fn len(&self) -> usize {
        self.shards.iter().map(|Shard(shard)| shard.read().len()).sum()
    }

    fn shard(&self, hash: u64) -> &RwLock<HashTable<Arc<Slot>>> {
        // The table uses the low bits for the bucket and the top seven for its tags; these are neither.
        let at = (hash >> 40) as usize & (self.shards.len() - 1);
        &self.shards[at].0
    }
}
