//! The event types that a hub has seen.
//!
//! Invariants:
//! - One name is one kind within a hub; otherwise a device could not know whether a frame replaces or appends.
//! - A name that was noted stays where it is. So what is read here is true for ever, and every broadcast can look without
//!   writing anything that threads share: a lock, even for readers, would be where all of them meet.
//! - A name is in the first of its places that was vacant when it came, so where a vacant one comes first it is not there.

use std::hash::BuildHasher;

use crate::hub::sync::{Mutex, NAMES, OnceLock, RandomState};
use crate::{EventName, Kind, Rejection};

/// How many places a name has in each table.
const PLACES: usize = 4;

#[derive(Debug)]
pub(crate) struct Catalog {
    table: Table,
    hasher: RandomState,
    /// How many names were added, one at a time.
    added: Mutex<usize>,
    limit: usize,
}

#[derive(Debug)]
struct Table {
    /// A power of two of them.
    places: Box<[Place]>,
    /// Twice as large, for names whose places here are taken.
    next: OnceLock<Box<Table>>,
}

type Place = OnceLock<(EventName, Kind)>;

impl Table {
    fn new(size: usize) -> Self {
        Self { places: (0..size).map(|_| Place::default()).collect(), next: OnceLock::default() }
    }

    /// Where a name may be, in the order in which it is looked for.
    fn places(&self, hash: usize) -> impl Iterator<Item = &Place> {
        (0..PLACES).map(move |step| &self.places[hash.wrapping_add(step) & (self.places.len() - 1)])
    }
}

impl Catalog {
    pub(crate) fn new(limit: usize) -> Self {
        Self { table: Table::new(NAMES), hasher: RandomState::default(), added: Mutex::default(), limit }
    }

    /// Notes a name at its first use; later it must have the same kind.
    pub(crate) fn note(&self, name: &EventName, kind: Kind) -> Result<(), Rejection> {
        let hash = self.hasher.hash_one(name) as usize;
        let known = self.find(name, hash).map_or_else(|| self.add(name, hash, kind), Ok)?;
        if known == kind { Ok(()) } else { Err(Rejection::KindConflict { name: name.clone(), known }) }
    }

    fn find(&self, name: &EventName, hash: usize) -> Option<Kind> {
        let mut table = &self.table;
        loop {
            for place in table.places(hash) {
                let (known, kind) = place.get()?;
                if known == name {
                    return Some(*kind);
                }
            }
            table = table.next.get()?;
        }
    }

    #[cold]
    fn add(&self, name: &EventName, hash: usize, kind: Kind) -> Result<Kind, Rejection> {
        let mut added = self.added.lock();
        if let Some(known) = self.find(name, hash) {
            return Ok(known);
        }
        if *added >= self.limit {
            return Err(Rejection::TooManyEventTypes { limit: self.limit });
        }
        *added += 1;
        let mut table = &self.table;
        while table.places(hash).all(|place| place.set((name.clone(), kind)).is_err()) {
            table = table.next.get_or_init(|| Box::new(Table::new(table.places.len() * 2)));
        }
        Ok(kind)
    }
}

#[cfg(all(test, not(user_hub_shuttle)))]
mod tests {
    use super::*;

    fn name(number: usize) -> EventName {
        EventName::new(&format!("EVENT_{number}")).expect("it keeps the rules")
    }

    #[test]
    fn each_of_many_names_keeps_its_kind() {
        let catalog = Catalog::new(10_000);
        let kind = |number: usize| if number % 3 == 0 { Kind::State } else { Kind::Log };
        let other = |number: usize| if number % 3 == 0 { Kind::Log } else { Kind::State };
        for number in 0..10_000 {
            assert_eq!(catalog.note(&name(number), kind(number)), Ok(()));
        }
        for number in 0..10_000 {
            let conflict = Rejection::KindConflict { name: name(number), known: kind(number) };
            assert_eq!(catalog.note(&name(number), other(number)), Err(conflict));
            assert_eq!(catalog.note(&name(number), kind(number)), Ok(()));
        }
        let too_many = Rejection::TooManyEventTypes { limit: 10_000 };
        assert_eq!(catalog.note(&name(10_000), Kind::Log), Err(too_many));
    }
}
