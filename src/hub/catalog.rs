//! The event types that a hub has seen.
//!
//! Invariant: one name is one kind within a hub; otherwise a device could not know whether a frame replaces or appends.

use std::collections::HashMap;

use crate::hub::sync::RwLock;
use crate::{EventName, Kind, Rejection};

#[derive(Debug)]
pub(crate) struct Catalog {
    kinds: RwLock<HashMap<EventName, Kind, foldhash::quality::RandomState>>,
    limit: usize,
}

impl Catalog {
    pub(crate) fn new(limit: usize) -> Self {
        Self { kinds: RwLock::default(), limit }
    }

    /// Notes a name at its first use; later it must have the same kind.
    pub(crate) fn note(&self, name: &EventName, kind: Kind) -> Result<(), Rejection> {
        let known = self.kinds.read().get(name).copied();
        let known = match known {
            Some(known) => known,
            None => {
                let mut kinds = self.kinds.write();
                if kinds.len() >= self.limit && !kinds.contains_key(name) {
                    return Err(Rejection::TooManyEventTypes { limit: self.limit });
                }
                *kinds.entry(name.clone()).or_insert(kind)
            }
        };
        if known == kind { Ok(()) } else { Err(Rejection::KindConflict { name: name.clone(), known }) }
    }
}
