//! The fold: what records add up to.
//!
//! A State sets (type, key). A final State is shown and removed. A removal removes. A Log record is handed on, and leaves
//! nothing behind here.

use std::collections::{BTreeMap, BTreeSet};

use super::{Effect, Record};

/// What a State stands under: type and key. One without a key has none, which is another than the empty one.
pub(super) type Name = (String, Option<String>);

/// The State of one user, as far as one device knows it.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Fold {
    states: BTreeMap<Name, Record>,
    /// The keys whose value exists but was refused by the hub: it is not known, and the one before it is wrong.
    unknown: BTreeSet<Name>,
}

impl Fold {
    pub(super) fn apply(&mut self, record: Record) -> Effect {
        if record.is_log() {
            return Effect::Log(record);
        }
        let name = (record.name.clone(), record.key.clone());
        self.states.remove(&name);
        self.unknown.remove(&name);
        if let Some(reason) = &record.removed {
            // Cleared and expired values are gone. Any other removal says only that the value is not known.
            if !matches!(reason.as_str(), "cleared" | "expired") {
                self.unknown.insert(name);
            }
            return Effect::Removed(record);
        }
        if record.is_final {
            return Effect::Final(record);
        }
        self.states.insert(name, record.clone());
        Effect::State(record)
    }

    /// Every value, by type and key.
    pub(super) const fn states(&self) -> &BTreeMap<Name, Record> {
        &self.states
    }

    pub(super) const fn unknown(&self) -> &BTreeSet<Name> {
        &self.unknown
    }

    /// Forgets everything; returns what was there.
    pub(super) fn clear(&mut self) -> Vec<Record> {
        self.unknown.clear();
        std::mem::take(&mut self.states).into_values().collect()
    }

    /// Makes it wrong, for the tests of who finds that out.
    #[cfg(test)]
    pub(super) fn change(&mut self, change: impl FnMut(&mut Record)) {
        self.states.values_mut().for_each(change);
    }
}
