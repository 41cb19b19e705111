//! The event types that a hub has seen.
//!
//! Invariants:
//! - One name is one kind within a hub; otherwise a device could not know whether a frame replaces or appends.
//! - A name that was noted stays. So what is read here is true for ever, and every broadcast can look without writing
//!   anything that threads share: a lock, even for readers, would be where all of them meet.

use std::collections::HashMap;

use crate::hub::sync::{ArcSwap, Mutex};
use crate::{EventName, Kind, Rejection};

type Kinds = HashMap<EventName, Kind, foldhash::quality::RandomState>;

#[derive(Debug)]
pub(crate) struct Catalog {
    kinds: ArcSwap<Kinds>,
    /// One at a time adds a name.
    adding: Mutex<()>,
    limit: usize,
}

impl Catalog {
    pub(crate) fn new(limit: usize) -> Self {
        Self { kinds: ArcSwap::default(), adding: Mutex::new(()), limit }
    }

    /// Notes a name at its first use; later it must have the same kind.
    pub(crate) fn note(&self, name: &EventName, kind: Kind) -> Result<(), Rejection> {
        let known = self.kinds.load().get(name).copied();
        let known = known.map_or_else(|| self.add(name, kind), Ok)?;
        if known == kind { Ok(()) } else { Err(Rejection::KindConflict { name: name.clone(), known }) }
    }

    fn add(&self, name: &EventName, kind: Kind) -> Result<Kind, Rejection> {
        let _adding = self.adding.lock();
        let mut kinds = Kinds::clone(&self.kinds.load());
        if kinds.len() >= self.limit && !kinds.contains_key(name) {
            return Err(Rejection::TooManyEventTypes { limit: self.limit });
        }
        let known = *kinds.entry(name.clone()).or_insert(kind);
        self.kinds.store(kinds.into());
        Ok(known)
    }
}
