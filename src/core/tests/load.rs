//! What a StateSource brings into a log in which things happen meanwhile.

use std::collections::{BTreeMap, VecDeque};

use proptest::prelude::*;

use super::*;
use crate::core::log::load::Merged;

/// The value of each State, by name and key.
fn values(log: &Log) -> BTreeMap<String, u64> {
    let value = |record: &Record| {
        let frame: serde_json::Value = serde_json::from_str(&text_of(record)).unwrap();
        let name = format!("{}:{}", frame["type"].as_str().unwrap(), frame["key"].as_str().unwrap_or_default());
        (name, frame["data"]["n"].as_u64().unwrap())
    };
    log.live_and_log_after(log.head()).map(value).collect()
}

fn value_of(log: &Log) -> Option<u64> {
    values(log).into_values().next()
}

/// A log that holds `before`, gets `meanwhile` while a load runs, and then what was loaded.
fn merged(before: Vec<Draft>, meanwhile: Vec<Draft>, loaded: Vec<Draft>) -> Log {
    let mut log = log_of(before);
    log.begin_load();
    for draft in meanwhile {
        push(&mut log, [draft]).unwrap();
    }
    assert_eq!(log.merge(loaded, at(0), &ROOMY), Merged::Done { refused: 0 });
    log
}

#[test]
fn what_was_loaded_is_there() {
    let log = merged(vec![], vec![], vec![state("A", "1", 1), state("A", "2", 1), last("B", "", 1), happened("L", 1)]);
    assert_eq!(texts(&log), ["1 A:1", "2 A:2"], "what has ended, nobody need hear of; Log is not State");
}

#[test]
fn what_has_expired_is_not_loaded() {
    let mut log = Log::default();
    log.begin_load();
    log.merge(vec![expiring(5, state("A", "", 1)), expiring(6, state("B", "", 1))], at(5), &ROOMY);
    assert_eq!(texts(&log), ["1 B"]);
}

#[test]
fn what_was_there_before_gives_way() {
    assert_eq!(value_of(&merged(vec![state("A", "", 1)], vec![], vec![state("A", "", 2)])), Some(2));
    assert_eq!(value_of(&merged(vec![state("A", "", 1)], vec![], vec![versioned(1, state("A", "", 2))])), Some(2));
    assert_eq!(value_of(&merged(vec![versioned(1, state("A", "", 1))], vec![], vec![state("A", "", 2)])), Some(2));
    assert_eq!(value_of(&merged(vec![state("A", "", 1)], vec![], vec![last("A", "", 2)])), None);
    let ended = vec![state("A", "", 1), removal("A", "")];
    assert_eq!(value_of(&merged(ended, vec![], vec![state("A", "", 2)])), Some(2));
}

#[test]
fn what_came_meanwhile_wins() {
    let meanwhile = |draft| value_of(&merged(vec![], vec![state("A", "", 1)], vec![draft]));
    assert_eq!(meanwhile(state("A", "", 2)), Some(1));
    assert_eq!(meanwhile(versioned(9, state("A", "", 2))), Some(1));
    assert_eq!(meanwhile(last("A", "", 2)), Some(1));
}

#[test]
fn a_version_decides_where_there_is_one() {
    let before = |version| {
        value_of(&merged(vec![versioned(5, state("A", "", 1))], vec![], vec![versioned(version, state("A", "", 2))]))
    };
    assert_eq!([before(4), before(5), before(6)], [Some(1), Some(1), Some(2)]);
    let meanwhile = |version| {
        value_of(&merged(vec![], vec![versioned(5, state("A", "", 1))], vec![versioned(version, state("A", "", 2))]))
    };
    assert_eq!([meanwhile(4), meanwhile(5), meanwhile(6)], [Some(1), Some(1), Some(2)]);
    let ended = |version| {
        value_of(&merged(vec![versioned(5, last("A", "", 1))], vec![], vec![versioned(version, state("A", "", 2))]))
    };
    assert_eq!([ended(4), ended(5)], [None, Some(2)]);
}

#[test]
fn what_had_ended_does_not_end_again() {
    let log = merged(vec![versioned(5, last("A", "", 1))], vec![], vec![versioned(6, last("A", "", 2))]);
    assert_eq!(texts(&log), ["1 A"]);
}

#[test]
fn what_had_ended_stays_so_if_what_is_loaded_before_it_takes_the_room_of_its_end() {
    let end = draft(Class::Final, "A", "", &format!(r#""{}""#, "so".repeat(500)));
    let other = state("B", "", 1);
    let limits = LogLimits { state_bytes: end.bytes + other.bytes - 1, ..ROOMY };
    let mut log = log_of([versioned(5, end)]);
    log.begin_load();
    assert_eq!(log.merge(vec![other, versioned(4, state("A", "", 2))], at(0), &limits), Merged::Done { refused: 0 });
    assert_eq!(texts(&log), ["2 B"]);
}

#[test]
fn a_removal_made_during_the_load_wins_whatever_its_version() {
    let newest = versioned(99, state("A", "", 2));
    assert_eq!(
        value_of(&merged(vec![], vec![removal("A", "")], vec![newest.clone()])),
        None,
        "of what was not there too"
    );
    let before = vec![versioned(1, state("A", "", 1))];
    assert_eq!(value_of(&merged(before, vec![removal("A", "")], vec![newest.clone()])), None);
    assert_eq!(value_of(&merged(vec![], vec![last("A", "", 1)], vec![newest])), None);
}

#[test]
fn a_state_that_is_refused_while_a_load_runs_leaves_a_removal() {
    let mut log = Log::default();
    log.begin_load();
    assert!(log.reject([name_of("A", "")], at(0), &ROOMY));
    log.merge(vec![state("A", "", 1)], at(0), &ROOMY);
    assert_eq!(texts(&log), ["1 A rejected"], "no screen shows an old number as current");
    assert!(!log.reject([name_of("B", "")], at(0), &ROOMY), "the load is over");
}

#[test]
fn without_a_load_a_removal_of_what_was_never_there_says_nothing() {
    let mut log = Log::default();
    log.begin_load();
    log.end_load();
    assert_eq!(push(&mut log, [removal("A", "")]).unwrap(), Appended::default());
    assert_eq!(log.merge(vec![state("A", "", 1)], at(0), &ROOMY), Merged::Done { refused: 0 });
    assert_eq!(log.head(), 0, "what comes too late is not taken");
}

#[test]
fn a_load_during_which_a_removal_was_forgotten_is_done_again() {
    let one_key = LogLimits { state_keys: 1, ..ROOMY };
    let mut log = log_of([state("A", "", 1)]);
    log.begin_load();
    log.append(smallvec![removal("B", "")], at(0), &one_key).unwrap();
    assert_eq!(log.state_floor(), 2, "it found no room");
    assert_eq!(log.merge(vec![state("B", "", 1)], at(0), &one_key), Merged::Again);
    assert_eq!(texts(&log), ["1 A"], "nothing was taken over");
    log.begin_load();
    assert_eq!(log.merge(vec![state("A", "", 2)], at(0), &one_key), Merged::Done { refused: 0 });
}

#[test]
fn what_finds_no_room_is_counted() {
    let one_key = LogLimits { state_keys: 1, ..ROOMY };
    let mut log = Log::default();
    log.begin_load();
    let loaded = vec![state("A", "", 1), state("B", "", 1), state("C", "", 1)];
    assert_eq!(log.merge(loaded, at(0), &one_key), Merged::Done { refused: 2 });
    assert_eq!(texts(&log), ["1 A"]);
}

/// What a host and a load do, in any order: each change is committed first and broadcast later.
#[derive(Debug, Clone, Copy)]
enum Step {
    Commit {
        thing: usize,
        change: Change,
    },
    Broadcast,
    Begin,
    /// The database is read once, at some moment of the load.
    Read,
    Merge,
}

#[derive(Debug, Clone, Copy)]
enum Change {
    Set,
    End,
    Remove,
}

/// The first two have versions.
const THINGS: [&str; 4] = ["1", "2", "3", "4"];
/// Never more live State than fits, but the ended ones are forgotten all the time.
const THREE_KEYS: LogLimits = LogLimits { state_keys: 3, ..ROOMY };

#[derive(Default)]
struct Host {
    database: BTreeMap<usize, (u64, Draft)>,
    to_broadcast: VecDeque<Draft>,
    log: Log,
    read: Option<Vec<Draft>>,
    is_loading: bool,
    is_done: bool,
    was_refused: bool,
    changes: u64,
}

impl Host {
    fn step(&mut self, step: Step) {
        match step {
            Step::Commit { thing, change } => self.commit(thing, change),
            Step::Broadcast => {
                if let Some(draft) = self.to_broadcast.pop_front() {
                    self.was_refused |= self.log.append(smallvec![draft], at(0), &THREE_KEYS).is_err();
                }
            }
            Step::Begin => self.begin(),
            Step::Read => {
                if self.is_loading && self.read.is_none() {
                    self.read = Some(self.database.values().map(|(_, draft)| draft.clone()).collect());
                }
            }
            Step::Merge => self.merge(),
        }
    }

    fn begin(&mut self) {
        if !self.is_loading && !self.is_done {
            self.is_loading = true;
            self.log.begin_load();
        }
    }

    fn merge(&mut self) {
        let Some(loaded) = self.read.take() else { return };
        self.is_loading = false;
        match self.log.merge(loaded, at(0), &THREE_KEYS) {
            Merged::Done { refused } => {
                self.is_done = true;
                self.was_refused |= refused > 0;
            }
            Merged::Again => self.begin(),
        }
    }

    fn commit(&mut self, thing: usize, change: Change) {
        let is_there = self.database.contains_key(&thing);
        let key = THINGS[thing];
        self.changes += 1;
        let version = i64::try_from(self.changes).unwrap();
        let dated = |draft| if thing < 2 { versioned(version, draft) } else { draft };
        let draft = match change {
            Change::Set if !is_there && self.database.len() == 3 => return,
            Change::Set => {
                let draft = dated(state("A", key, self.changes));
                self.database.insert(thing, (self.changes, draft.clone()));
                draft
            }
            Change::End | Change::Remove => {
                self.database.remove(&thing);
                if matches!(change, Change::End) { dated(last("A", key, self.changes)) } else { removal("A", key) }
            }
        };
        self.to_broadcast.push_back(draft);
    }

    fn expected(&self) -> BTreeMap<String, u64> {
        self.database.iter().map(|(thing, (value, _))| (format!("A:{}", THINGS[*thing]), *value)).collect()
    }
}

fn step() -> impl Strategy<Value = Step> {
    let change = prop_oneof![3 => Just(Change::Set), 1 => Just(Change::End), 1 => Just(Change::Remove)];
    prop_oneof![
        6 => (0..THINGS.len(), change).prop_map(|(thing, change)| Step::Commit { thing, change }),
        6 => Just(Step::Broadcast),
        1 => Just(Step::Begin),
        2 => Just(Step::Read),
        1 => Just(Step::Merge),
    ]
}

proptest! {
    #[test]
    fn who_commits_and_then_broadcasts_has_in_the_end_what_is_in_the_database(steps in prop::collection::vec(step(), 1..60)) {
        let mut host = Host::default();
        for step in steps {
            host.step(step);
        }
        while !host.is_done {
            for step in [Step::Begin, Step::Read, Step::Merge] {
                host.step(step);
            }
        }
        while !host.to_broadcast.is_empty() {
            host.step(Step::Broadcast);
        }
        // While the broadcasts lag behind, there may be more State than the host ever has.
        if !host.was_refused {
            prop_assert_eq!(values(&host.log), host.expected());
        }
    }
}
